//! Texts of migrations that are kept in part: whoever wrote the migration chooses them, and others read them in messages.

use serde::Deserialize;
use serde::Deserializer;

/// What stands for the rest.
const MARK: &str = " […]";

/// The longest message of a migration, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 << 10;

/// The longest name that a component says of itself (a file, a version), in bytes.
const NAME_BYTES_MAX: usize = 1024;

/// The longest sentence about something wrong, in bytes.
const PROBLEM_BYTES_MAX: usize = 1024;

/// The beginning of a text that is longer than this many bytes, with a mark that there was more. A text that was cut is not
/// cut again.
pub(crate) fn shortened(mut text: String, bytes_max: usize) -> String {
    let was_cut = text.ends_with(MARK) && text.len() <= bytes_max + MARK.len();
    if text.len() > bytes_max && !was_cut {
        text.truncate(text.floor_char_boundary(bytes_max));
        text.push_str(MARK);
    }
    text
}

/// A sentence about something wrong that quotes what was written.
pub(super) fn problem(text: String) -> String {
    shortened(text, PROBLEM_BYTES_MAX)
}

/// Reads a message.
pub(super) fn message<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(shortened(String::deserialize(deserializer)?, MESSAGE_BYTES_MAX))
}

/// Reads a name.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(shortened(String::deserialize(deserializer)?, NAME_BYTES_MAX))
}

/// Reads a name that may be missing.
pub(super) fn optional_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|text| shortened(text, NAME_BYTES_MAX)))
}

/// Reads names.
pub(super) fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<String>::deserialize(deserializer)?.into_iter().map(|text| shortened(text, NAME_BYTES_MAX)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_once_and_between_characters() {
        for (text, expected) in [("", ""), ("abcd", "abcd"), ("abcde", "abcd […]"), ("abcä", "abc […]")] {
            let short = shortened(text.to_owned(), 4);
            assert_eq!(short, expected);
            assert_eq!(shortened(short, 4), expected);
        }
    }
}
