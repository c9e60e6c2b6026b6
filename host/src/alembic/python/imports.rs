//! What a statement imports.

use ruff_python_ast::Expr;
use ruff_python_ast::Stmt;

/// Adds the modules that a statement itself may import.
pub(super) fn of_statement(statement: &Stmt, into: &mut Vec<String>) {
    match statement {
        Stmt::Import(import) => into.extend(import.names.iter().map(|alias| alias.name.as_str().to_owned())),
        Stmt::ImportFrom(import) => {
            let dots = ".".repeat(usize::try_from(import.level).unwrap_or_default());
            let module = import.module.as_ref().map_or("", |module| module.as_str());
            let from = format!("{dots}{module}");
            let separator = if module.is_empty() { "" } else { "." };
            let names = import.names.iter().map(|alias| alias.name.as_str()).filter(|name| *name != "*");
            into.extend(names.map(|name| format!("{from}{separator}{name}")));
            into.push(from);
        }
        _ => {}
    }
}

/// Whether what a condition guards is for type checkers only.
pub(super) fn is_for_types(condition: &Expr) -> bool {
    match condition {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

/// Whether a text is the name of a module.
pub(super) fn is_module(text: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.chars().all(|one| one.is_alphanumeric() || one == '_');
    text.split('.').all(is_word)
}

/// The revision that a text may name with an object in it: `ae1027a6acf8.view`.
pub(super) fn mentioned(text: &str) -> Option<&str> {
    let (revision, name) = text.split_once('.')?;
    let is_word = |part: &str| !part.is_empty() && part.chars().all(|one| one.is_alphanumeric() || one == '_');
    (is_word(revision) && is_word(name)).then_some(revision)
}
