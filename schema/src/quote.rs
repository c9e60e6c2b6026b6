//! Quoting, for the statements that this crate writes. Pure.

/// A name as an identifier that means it and nothing else, whatever is in it.
pub(crate) fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a literal that every session reads the same: with a backslash in it, as one with escapes.
pub(crate) fn quote_text(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_what_is_quoted() {
        assert_eq!(quote_identifier("a\"; DROP"), "\"a\"\"; DROP\"");
        assert_eq!(quote_text("it's"), "'it''s'");
        assert_eq!(quote_text("\\'"), "E'\\\\'''");
    }
}
