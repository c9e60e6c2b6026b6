//! How a session reads a text, and what makes it read one as this module does.

/// Lets a session read texts as the scanner does, whatever a migration has set: backslashes in strings are themselves
/// (PostgreSQL manual, "String Constants"), and bytes are those of UTF-8. The statements themselves are read the same by every
/// session. They are sent by themselves: a text of several statements is cut before the first one of them runs.
pub const READ_AS_THE_SCANNER: &str = "SET standard_conforming_strings = on; SET client_encoding = UTF8;";

/// Whether every session reads a text the same. A backslash may take the meaning from the quote behind it, and in some client
/// encodings (SJIS, for example) so may a byte that is not ASCII. Where a text goes alone through the extended protocol, it is one
/// statement or none, however it is read; where it stands among others, a string that ends elsewhere could hide a statement.
pub fn reads_alike(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_the_session_is_told() {
        for (text, alike) in [
            ("", true),
            ("INSERT INTO t VALUES ($1, 'it''s', $a$;$a$, \"x\")", true),
            ("SELECT '\\', ';'", false),
            ("SELECT E'\\n'", false),
            ("SELECT 'größer'", false),
            (READ_AS_THE_SCANNER, true),
        ] {
            assert_eq!(reads_alike(text), alike, "{text}");
        }
    }
}
