//! What a file calls and imports, wherever in it.

use ruff_python_ast::Expr;
use ruff_python_ast::ExprCall;
use ruff_python_ast::Stmt;
use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::visitor::walk_expr;
use ruff_python_ast::visitor::walk_stmt;

use super::imports;
use super::problem::Lines;
use super::values::Value;
use super::values::Values;
use super::values::assigned;

/// Functions whose first argument is SQL, if it is a text.
const TAKE_SQL: [&str; 5] = ["execute", "text", "DDL", "exec_driver_sql", "scalar"];

/// What was found in a file.
#[derive(Default)]
pub(super) struct Seen<'a> {
    /// What it imports.
    pub(super) imports: Vec<String>,
    /// What it sends as SQL, as far as that is text.
    pub(super) sql: Sql,
    /// Calls of something named `configure`.
    pub(super) configures: Vec<&'a ExprCall>,
}

/// SQL in a file.
#[derive(Default)]
pub(super) struct Sql {
    /// The texts.
    pub(super) texts: Vec<String>,
    /// Whether there is a call of `autocommit_block`.
    pub(super) autocommits: bool,
}

struct Walk<'a> {
    seen: Seen<'a>,
    /// The values of names, of whatever function; the last one counts.
    values: Values<'a>,
}

/// Goes through all of a module.
pub(super) fn look<'a>(body: &'a [Stmt], _: &Lines) -> Seen<'a> {
    let mut walk = Walk { seen: Seen::default(), values: Values::of(body) };
    walk.visit_body(body);
    walk.seen.imports.sort_unstable();
    walk.seen.imports.dedup();
    walk.seen
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        imports::of_statement(statement, &mut self.seen.imports);
        for (name, _, value) in assigned(statement) {
            let value = self.text(value).map_or(Value::Other("not a text"), Value::Text);
            self.values.by_name.insert(name, value);
        }
        if let Stmt::If(branch) = statement
            && imports::is_for_types(&branch.test)
        {
            // Nothing of it runs.
            return branch.elif_else_clauses.iter().for_each(|clause| self.visit_body(&clause.body));
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::StringLiteral(text) = expression {
            self.seen.imports.extend(imports::mentioned(text.value.to_str()).map(|revision| format!("@{revision}")));
        }
        if let Expr::Call(call) = expression {
            let name = match call.func.as_ref() {
                Expr::Attribute(attribute) => attribute.attr.as_str(),
                Expr::Name(name) => name.id.as_str(),
                _ => "",
            };
            match name {
                "autocommit_block" => self.seen.sql.autocommits = true,
                "configure" => self.seen.configures.push(call),
                "import_module" | "__import__" => {
                    let module = call.arguments.args.first().and_then(|argument| self.text(argument));
                    self.seen.imports.extend(module.filter(|module| imports::is_module(module)));
                }
                name if TAKE_SQL.contains(&name) => {
                    let text = call.arguments.args.first().and_then(|argument| self.text(argument));
                    self.seen.sql.texts.extend(text);
                }
                _ => {}
            }
        }
        walk_expr(self, expression);
    }
}

impl Walk<'_> {
    /// An expression as a text, with `x` in the place of what is put into it.
    fn text(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
            Expr::FString(parts) => {
                let mut text = String::new();
                for part in parts.value.iter() {
                    match part {
                        ruff_python_ast::FStringPart::Literal(literal) => text.push_str(literal),
                        ruff_python_ast::FStringPart::FString(inner) => {
                            for element in &inner.elements {
                                match element.as_literal() {
                                    Some(literal) => text.push_str(&literal.value),
                                    None => text.push('x'),
                                }
                            }
                        }
                    }
                }
                Some(text)
            }
            Expr::Name(name) => match self.values.by_name.get(name.id.as_str()) {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            },
            // `"…" % x`, `"…" + x`
            Expr::BinOp(operation) => self.text(&operation.left),
            // `"…".format(…)`, `textwrap.dedent("…")`
            Expr::Call(call) => match call.func.as_ref() {
                Expr::Attribute(attribute) if attribute.attr.as_str() == "format" => self.text(&attribute.value),
                _ => call.arguments.args.first().and_then(|argument| match argument {
                    Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
                    _ => None,
                }),
            },
            _ => None,
        }
    }
}
