//! Says where in a TOML text an error is: line and key, which the toml crate's own message does not say in one line.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

/// How many levels of tables are searched for the key.
const DEPTH_MAX: usize = 16;

/// An error in a TOML text. Displays as `LINE: 'KEY': MESSAGE`, to be put after `FILE:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TomlProblem {
    /// The line, from 1.
    pub line: usize,
    /// The key with the tables around it, joined by dots, where the text could be parsed so far.
    pub key: Option<String>,
    /// What is wrong. Of a key that is not known, also the keys that are.
    pub message: String,
}

impl TomlProblem {
    /// Locates an error of the toml crate in the text that it came from.
    pub fn new(text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().trim().replace('\n', ", ");
        // What is missing has no place; the span is that of the table around it.
        let missing = message.starts_with("missing field");
        let key =
            DeTable::parse(text).ok().filter(|_| !missing).and_then(|table| key_at(table.get_ref(), &span, DEPTH_MAX));
        Self { line: line_at(text, span.start), key, message }
    }

    /// The same without the text that serde quotes when there is a string where none can be.
    pub(super) fn without_text(mut self) -> Self {
        const QUOTING: &str = "invalid type: string";
        if let Some((_, expected)) =
            self.message.rsplit_once("\", expected ").filter(|(text, _)| text.starts_with(QUOTING))
        {
            self.message = format!("{QUOTING}, expected {expected}");
        }
        self
    }
}

impl fmt::Display for TomlProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.line)?;
        if let Some(key) = &self.key {
            write!(formatter, "'{key}': ")?;
        }
        formatter.write_str(&self.message)
    }
}

/// The line of a byte offset, from 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

/// The innermost key whose name or value has the span.
fn key_at(table: &DeTable<'_>, span: &Range<usize>, depth: usize) -> Option<String> {
    let within = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let depth = depth.checked_sub(1)?;
    for (key, value) in table {
        let name = key.get_ref();
        if within(key.span()) {
            return Some(name.to_string());
        }
        let inner = inner_key(value, span, depth);
        if let Some(inner) = inner {
            return Some(format!("{name}.{inner}"));
        }
        if within(value.span()) {
            return Some(name.to_string());
        }
    }
    None
}

/// A table's span is only that of its header, so its entries are searched in any case.
fn inner_key(value: &Spanned<DeValue<'_>>, span: &Range<usize>, depth: usize) -> Option<String> {
    match value.get_ref() {
        DeValue::Table(table) => key_at(table, span, depth),
        _ => None,
    }
}
