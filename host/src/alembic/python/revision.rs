//! What a file says as a revision of Alembic, without running it.

use ruff_python_ast::Expr;
use ruff_python_ast::Stmt;

use super::calls::Sql;
use super::problem::Lines;
use super::values::Value;
use super::values::Values;
use super::values::assigned;
use crate::alembic::PythonProblem;
use crate::alembic::RevisionFacts;
use crate::grant::Classes;

/// The names by which a revision says what it is.
const NAMES: [&str; 4] = ["revision", "down_revision", "branch_labels", "depends_on"];

/// What stands before the time of a new file in its docstring.
const CREATE_DATE: &str = "Create Date:";

/// Reads a module.
pub(super) fn read(body: &[Stmt], lines: &Lines, sql: &Sql) -> Result<RevisionFacts, PythonProblem> {
    only_at_the_top(body, lines)?;
    let values = Values::of(body);
    let line_of = |name: &str| {
        let places = body.iter().flat_map(assigned).filter(|(known, ..)| *known == name);
        places.last().map_or(1, |(_, place, _)| lines.of(place))
    };
    let unreadable = |name: &str, what: &str| PythonProblem {
        line: line_of(name),
        message: format!("'{name}' is {what}, and what it is has to be known without running the file"),
        hint: match name {
            "revision" => "write the text itself: `revision = \"ae1027a6acf8\"`".to_owned(),
            name => format!("write the text itself, a list of texts, or None: `{name} = \"ae1027a6acf8\"`"),
        },
    };
    let list = |name: &str| match values.by_name.get(name) {
        None | Some(Value::None) => Ok(Vec::new()),
        Some(Value::Text(text)) if text.is_empty() => Ok(Vec::new()),
        Some(Value::Text(text)) => Ok(vec![text.clone()]),
        Some(Value::Texts(texts)) => Ok(texts.clone()),
        Some(Value::Other(what)) => Err(unreadable(name, what)),
    };
    let revision = match values.by_name.get("revision") {
        None => None,
        Some(Value::Text(text)) => Some(text.clone()),
        Some(Value::None) => return Err(unreadable("revision", "None")),
        Some(Value::Texts(_)) => return Err(unreadable("revision", "a list")),
        Some(Value::Other(what)) => return Err(unreadable("revision", what)),
    };
    let down_revision = list("down_revision")?;
    if revision.is_some() && !values.by_name.contains_key("down_revision") {
        return Err(PythonProblem {
            line: line_of("revision"),
            message: "there is no 'down_revision', which Alembic asks of every revision".to_owned(),
            hint: "write `down_revision = None` if it is the first one, or the revision that it comes after".to_owned(),
        });
    }
    let (message, created) = described(body);
    Ok(RevisionFacts {
        revision,
        line: line_of("revision"),
        down_revision,
        branch_labels: list("branch_labels")?,
        depends_on: list("depends_on")?,
        message,
        created,
        autocommits: sql.autocommits,
        irreversible: is_irreversible(body),
        needs: needs(sql),
    })
}

/// Refuses values of these names that depend on what happens when the file runs.
fn only_at_the_top(body: &[Stmt], lines: &Lines) -> Result<(), PythonProblem> {
    fn inner(statement: &Stmt) -> (&'static str, Vec<&[Stmt]>) {
        match statement {
            Stmt::If(branch) => {
                let others = branch.elif_else_clauses.iter().map(|clause| &clause.body[..]);
                ("an `if`", std::iter::once(&branch.body[..]).chain(others).collect())
            }
            Stmt::Try(attempt) => {
                let handlers = attempt.handlers.iter().map(|handler| match handler {
                    ruff_python_ast::ExceptHandler::ExceptHandler(handler) => &handler.body[..],
                });
                let first = [&attempt.body[..], &attempt.orelse[..], &attempt.finalbody[..]];
                ("a `try`", first.into_iter().chain(handlers).collect())
            }
            Stmt::For(repeated) => ("a `for`", vec![&repeated.body[..], &repeated.orelse[..]]),
            Stmt::While(repeated) => ("a `while`", vec![&repeated.body[..], &repeated.orelse[..]]),
            Stmt::With(block) => ("a `with`", vec![&block.body[..]]),
            Stmt::Match(choice) => ("a `match`", choice.cases.iter().map(|case| &case.body[..]).collect()),
            _ => ("", Vec::new()),
        }
    }
    // Without calling itself, however deep it is.
    let mut blocks: Vec<(&str, &[Stmt])> = vec![("", body)];
    while let Some((place, block)) = blocks.pop() {
        for statement in block {
            let refuse = |name: &str, at, how: &str| {
                Err(PythonProblem {
                    line: lines.of(at),
                    message: format!("'{name}' {how}, and what it is has to be known without running the file"),
                    hint: "give it its value once, at the top of the file".to_owned(),
                })
            };
            let names = assigned(statement);
            if let Some((name, at, _)) = names.iter().find(|(name, ..)| !place.is_empty() && NAMES.contains(name)) {
                return refuse(name, *at, &format!("gets its value in {place}"));
            }
            if let Stmt::AugAssign(change) = statement
                && let Expr::Name(name) = change.target.as_ref()
                && NAMES.contains(&name.id.as_str())
            {
                return refuse(name.id.as_str(), name.range.start(), "is changed after it got its value");
            }
            if let Stmt::ImportFrom(import) = statement
                && let Some(alias) = import.names.iter().find(|alias| {
                    NAMES.contains(&alias.asname.as_ref().map_or(alias.name.as_str(), |name| name.as_str()))
                })
            {
                return refuse(alias.name.as_str(), alias.range.start(), "comes from another file");
            }
            let (place, within) = inner(statement);
            blocks.extend(within.into_iter().map(|block| (place, block)));
        }
    }
    Ok(())
}

/// The message and the time in the docstring.
fn described(body: &[Stmt]) -> (String, Option<String>) {
    let Some(docstring) = docstring(body) else { return Default::default() };
    let text = docstring.trim();
    let first = text.split("\n\n").next().unwrap_or_default();
    let words = first.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let message = if words.starts_with("Revision ID:") { String::new() } else { words };
    let created =
        text.lines().find_map(|line| line.trim().strip_prefix(CREATE_DATE)).map(|time| time.trim().to_owned());
    (message, created)
}

fn docstring(body: &[Stmt]) -> Option<&str> {
    let Some(Stmt::Expr(first)) = body.first() else { return None };
    match first.value.as_ref() {
        Expr::StringLiteral(text) => Some(text.value.to_str()),
        _ => None,
    }
}

/// Whether there is no function `downgrade` in a file that has functions of its own, or one that begins with `raise`.
fn is_irreversible(body: &[Stmt]) -> bool {
    let function = |name: &str| {
        body.iter().rev().find_map(|statement| match statement {
            Stmt::FunctionDef(function) if function.name.as_str() == name => Some(function),
            _ => None,
        })
    };
    match function("downgrade") {
        Some(downgrade) => {
            let skipped = usize::from(docstring(&downgrade.body).is_some());
            matches!(downgrade.body.get(skipped), Some(Stmt::Raise(_)))
        }
        // It may come from elsewhere where not even `upgrade` is defined here.
        None => function("upgrade").is_some() && !defines(body, "downgrade"),
    }
}

/// Whether a name gets a value at the top, by an assignment or an import.
fn defines(body: &[Stmt], name: &str) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::ImportFrom(import) => import.names.iter().any(|alias| {
            let known = alias.asname.as_ref().map_or(alias.name.as_str(), |name| name.as_str());
            known == name || known == "*"
        }),
        Stmt::Assign(_) | Stmt::AnnAssign(_) => assigned(statement).iter().any(|(known, ..)| *known == name),
        Stmt::If(_) | Stmt::Try(_) | Stmt::With(_) => true,
        _ => false,
    })
}

/// What the statements need that can be seen. What cannot be read as SQL says nothing: the guard sees it when it is sent.
fn needs(sql: &Sql) -> Classes {
    let statements = sql.texts.iter().flat_map(|text| crate::sql::statements(text).map_while(Result::ok));
    let classes =
        statements.filter_map(|statement| crate::sql::classify(statement.text).ok().map(|needs| needs.classes));
    classes.fold(Classes::NONE, Classes::union)
}
