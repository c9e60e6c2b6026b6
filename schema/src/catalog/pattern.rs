//! Patterns of names.

use std::str::FromStr;

use crate::error::SyntaxError;

/// `schema.name`, in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    schema: String,
    name: String,
}

impl FromStr for Pattern {
    type Err = SyntaxError;

    /// `schema.name`; a schema alone means all that is in it.
    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let wrong = || SyntaxError { text: text.to_owned(), expected: "a pattern (schema.name, * for any characters)" };
        match crate::fact::split_name(text) {
            Some((mut parts, "")) if parts.len() <= 2 => {
                let name = if parts.len() == 2 { parts.pop() } else { None };
                let schema = parts.pop().ok_or_else(wrong)?;
                Ok(Self { schema, name: name.unwrap_or_else(|| "*".to_owned()) })
            }
            _ => Err(wrong()),
        }
    }
}

impl Pattern {
    /// Whether an object of this name is meant.
    #[must_use]
    pub fn matches(&self, schema: &str, name: &str) -> bool {
        matches(&self.schema, schema) && matches(&self.name, name)
    }

    /// Whether a whole schema is meant.
    pub(super) fn matches_schema(&self, schema: &str) -> bool {
        self.name == "*" && matches(&self.schema, schema)
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, more)) => text.strip_prefix(start).is_some_and(|rest| {
            (0..=rest.len()).filter(|&at| rest.is_char_boundary(at)).any(|at| matches(more, &rest[at..]))
        }),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let pattern: Pattern = "audit.*_log".parse().unwrap();
        assert!(pattern.matches("audit", "user_log"));
        assert!(!pattern.matches("audit", "user_logs"));
        let pattern: Pattern = "audit".parse().unwrap();
        assert!(pattern.matches("audit", "anything") && pattern.matches_schema("audit"));
        assert!("a.b.c".parse::<Pattern>().is_err());
    }
}
