//! Says where in a TOML text an error is: line and key, which the toml crate's own message does not say in one line.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use super::distance::distance;
use super::renamed;

/// How many wrong characters a name may have to be taken for another one.
const TYPING_ERRORS_MAX: usize = 2;

/// The longest message that is kept as a whole, in bytes.
const ENDS_BYTES_MAX: usize = 1200;

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
    /// What to do, where the message does not say enough for [`TomlProblem::hint`].
    pub(super) instead: Option<String>,
}

impl TomlProblem {
    /// Locates an error of the toml crate in the text that it came from.
    pub fn new(text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        let message = without_middle(error.message().trim().replace('\n', ", "));
        // What is missing has no place; the span is that of the table around it.
        let missing = message.starts_with("missing field");
        let key =
            DeTable::parse(text).ok().filter(|_| !missing).and_then(|table| key_at(table.get_ref(), &span, DEPTH_MAX));
        Self { line: line_at(text, span.start), key: key.map(without_middle), message, instead: None }
    }

    /// The same without the text that serde quotes when there is a string where none, or another one, can be.
    pub(super) fn without_text(mut self) -> Self {
        let quoting = ["invalid type: string", "invalid value: string"].into_iter();
        if let Some(quoting) = quoting.clone().find(|quoting| self.message.starts_with(quoting))
            && let Some((_, expected)) = self.message.rsplit_once("\", expected ")
        {
            self.message = format!("{quoting}, expected {expected}");
        }
        self
    }

    /// The same, where the key is one of an earlier version, with what is written today.
    pub(super) fn with_renamed_key(mut self, text: &str) -> Self {
        let replacement = self.key.as_deref().and_then(|key| renamed::replacement(text, key));
        if let Some(replacement) = replacement.filter(|_| self.message.starts_with("unknown field")) {
            self.message = "the key was renamed".to_owned();
            self.instead = Some(format!("write {replacement}"));
        }
        self
    }
}

impl TomlProblem {
    /// What the user should do. Of keys that are not known, the closest one that is.
    pub fn hint(&self) -> String {
        if let Some(instead) = &self.instead {
            return instead.clone();
        }
        if self.message.starts_with("missing field") {
            return "add it".to_owned();
        }
        let (what, expected) = self.message.split_once(", expected").unwrap_or((&self.message, ""));
        if let Some(hint) = unit_hint(what, expected) {
            return hint;
        }
        let Some(written) = quoted(what).next().filter(|_| what.starts_with("unknown ")) else {
            return "correct this line".to_owned();
        };
        let distances = quoted(expected).map(|known| (distance(written, known), known));
        match distances.min().filter(|(distance, _)| *distance <= TYPING_ERRORS_MAX) {
            Some((_, known)) => format!("did you mean `{known}`? Otherwise remove it"),
            None => "remove it, or correct its name".to_owned(),
        }
    }
}

/// What to write where a unit is missing.
fn unit_hint(what: &str, expected: &str) -> Option<String> {
    let units = [(" a time from", ["s", "ms"]), (" a size from", ["MiB", "KiB"])];
    let (_, [large, small]) = units.into_iter().find(|(kind, _)| expected.starts_with(kind))?;
    if what.ends_with("without a unit") {
        let number = quoted(what).next()?;
        return Some(format!("write \"{number}{large}\" or \"{number}{small}\""));
    }
    what.contains("string").then(|| format!("write a number with a unit, such as \"10{large}\" or \"10{small}\""))
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

/// The two ends of a text that nobody would read to its end: it quotes what was written, and then says what may be.
fn without_middle(text: String) -> String {
    if text.len() <= ENDS_BYTES_MAX {
        return text;
    }
    let (first, last) =
        (text.floor_char_boundary(ENDS_BYTES_MAX / 4), text.ceil_char_boundary(text.len() - ENDS_BYTES_MAX / 2));
    format!("{} […] {}", &text[..first], &text[last..])
}

/// The words between backticks, in which serde puts names.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_key_is_proposed() {
        let problem = |message: &str| TomlProblem { line: 1, key: None, message: message.to_owned(), instead: None };
        for (message, hint) in [
            (
                "unknown field `migration`, expected one of `url`, `migrations`",
                "did you mean `migrations`? Otherwise remove it",
            ),
            ("unknown field `mesage`, expected `message` or `revision`", "did you mean `message`? Otherwise remove it"),
            ("unknown field `übung`, expected one of `url`, `migrations`", "remove it, or correct its name"),
            ("unknown field `a`, there are no fields", "remove it, or correct its name"),
            ("missing field `revision`", "add it"),
            ("invalid value: 0 bytes, expected a size from 1 MiB to 4 GiB", "correct this line"),
            ("invalid type: integer `7`, expected a string", "correct this line"),
            ("invalid value: `7` without a unit, expected a time from 1 ms to 1 h", "write \"7s\" or \"7ms\""),
            (
                "invalid value: string, expected a size from 1 MiB to 4 GiB",
                "write a number with a unit, such as \"10MiB\" or \"10KiB\"",
            ),
        ] {
            assert_eq!(problem(message).hint(), hint, "{message}");
        }
    }
}
