//! Values that can be told without running anything: texts, lists of them, None, and names of such values.

use std::collections::HashMap;

use ruff_python_ast::Expr;
use ruff_python_ast::Operator;
use ruff_python_ast::Stmt;

/// How long the sum of two texts may be, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Text(String),
    Texts(Vec<String>),
    /// What it is instead, with its article.
    Other(&'static str),
}

/// The values of the names of a module, as they are when all of it has run.
#[derive(Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) by_name: HashMap<&'a str, Value>,
}

impl<'a> Values<'a> {
    /// Goes through the statements of a module, or of a block of it, in their order.
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut values = Self::default();
        for statement in body {
            for (name, _, value) in assigned(statement) {
                let value = values.value(value);
                values.by_name.insert(name, value);
            }
        }
        values
    }

    /// The value of an expression.
    pub(super) fn value(&self, expression: &Expr) -> Value {
        match expression {
            Expr::NoneLiteral(_) => Value::None,
            Expr::StringLiteral(text) => Value::Text(text.value.to_str().to_owned()),
            Expr::Name(name) => self
                .by_name
                .get(name.id.as_str())
                .cloned()
                .unwrap_or(Value::Other("a name whose value is not in this file")),
            Expr::Tuple(tuple) => self.texts(&tuple.elts),
            Expr::List(list) => self.texts(&list.elts),
            Expr::Set(set) => self.texts(&set.elts),
            Expr::BinOp(sum) if sum.op == Operator::Add => match (self.value(&sum.left), self.value(&sum.right)) {
                // Sums of sums could become as large as they like.
                (Value::Text(left), Value::Text(right)) if left.len() + right.len() <= TEXT_BYTES_MAX => {
                    Value::Text(left + &right)
                }
                _ => Value::Other("a calculation"),
            },
            Expr::FString(_) => Value::Other("an f-string"),
            Expr::TString(_) => Value::Other("a template string"),
            Expr::Call(_) => Value::Other("the result of a call"),
            Expr::NumberLiteral(_) => Value::Other("a number"),
            Expr::BytesLiteral(_) => Value::Other("bytes"),
            Expr::BooleanLiteral(_) => Value::Other("a truth value"),
            Expr::Attribute(_) | Expr::Subscript(_) => Value::Other("a part of something else"),
            Expr::If(_) => Value::Other("a choice"),
            _ => Value::Other("a calculation"),
        }
    }

    fn texts(&self, items: &[Expr]) -> Value {
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match self.value(item) {
                Value::Text(text) => texts.push(text),
                Value::Other(what) => return Value::Other(what),
                Value::None | Value::Texts(_) => return Value::Other("a list with something else than texts in it"),
            }
        }
        Value::Texts(texts)
    }
}

/// The names that a statement gives values, with where that is.
pub(super) fn assigned(statement: &Stmt) -> Vec<(&str, ruff_text_size::TextSize, &Expr)> {
    fn pairs<'a>(target: &'a Expr, value: &'a Expr, into: &mut Vec<(&'a str, ruff_text_size::TextSize, &'a Expr)>) {
        match (target, value) {
            (Expr::Name(name), value) => into.push((name.id.as_str(), name.range.start(), value)),
            (Expr::Tuple(targets), Expr::Tuple(values)) if targets.elts.len() == values.elts.len() => {
                targets.elts.iter().zip(&values.elts).for_each(|(target, value)| pairs(target, value, into));
            }
            // What is unpacked there cannot be told apart; the whole is no text.
            (Expr::Tuple(targets), value) => targets.elts.iter().for_each(|target| pairs(target, value, into)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    match statement {
        Stmt::Assign(assign) => assign.targets.iter().for_each(|target| pairs(target, &assign.value, &mut all)),
        Stmt::AnnAssign(assign) => {
            if let Some(value) = &assign.value {
                pairs(&assign.target, value, &mut all);
            }
        }
        _ => {}
    }
    all
}
