//! Texts that a guest chooses and the host keeps: their beginning is enough.

/// The longest statement that is kept, in bytes.
pub(super) const STATEMENT_BYTES_MAX: usize = 64 << 10;

/// The longest message that is kept, in bytes.
pub(super) const MESSAGE_BYTES_MAX: usize = 8 << 10;

/// The longest name that is kept, in bytes. Those of PostgreSQL have 63, unless somebody compiled it otherwise.
pub(super) const NAME_BYTES_MAX: usize = 256;

/// The beginning of a text that is longer than this many bytes, with a mark that there was more.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
        text.push_str(" […]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        for (text, expected) in [("", ""), ("abcd", "abcd"), ("abcde", "abcd […]"), ("abcä", "abc […]")] {
            assert_eq!(cut(text.to_owned(), 4), expected);
        }
    }
}
