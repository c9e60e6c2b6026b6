//! How a session reads a text, and what makes it read one as this module does.

/// Lets a session read texts as the scanner does, whatever a migration has set: backslashes in strings are themselves
/// (PostgreSQL manual, "String Constants"), and bytes are those of UTF-8. The statements themselves are read the same by every
/// session. They are sent by themselves: a text of several statements is cut before the first one of them runs.
pub const READ_AS_THE_SCANNER: &str = "SET standard_conforming_strings = on; SET client_encoding = UTF8;";

/// Whether every session reads a text the same. It promises that the text has the same tokens, and its strings the same
/// content, whatever a migration has set before. Nothing else in PostgreSQL's scanner (`scan.l`) depends on a setting than:
///
/// - `standard_conforming_strings`: a backslash in `'…'` is itself or takes the meaning from what follows. `U&'…'` is refused
///   with the setting off, so it counts, too, although it is never read as something else. `U&"…"` depends on nothing.
/// - `backslash_quote`: whether `\'` is allowed in `E'…'`. It needs a backslash.
/// - `escape_string_warning`: a warning about backslashes, and nothing else.
/// - `client_encoding`: what bytes beyond ASCII are. In some encodings (SJIS, BIG5, GBK, GB18030) such a byte may take the quote
///   or the backslash behind it with it. Bytes of ASCII alone are the same in every one that a client can have.
///
/// What tokens mean is another matter: `search_path`, `DateStyle` or `transform_null_equals` never move the end of a statement.
pub fn reads_alike(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii() && byte != b'\\') && !text.contains("&'")
}

/// Whether a text is one statement at most, in every session. PostgreSQL's grammar has nothing but a semicolon between two
/// statements (`gram.y`, `stmtmulti`), so it is where there is no semicolon at all, not even in a string, and no session reads
/// the text otherwise. No NUL either, where the server would stop reading.
pub fn is_one_statement(text: &str) -> bool {
    !text.contains([';', '\0']) && reads_alike(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_statement_is_one_whatever_a_session_makes_of_it(text in "[a-z0-9 ;'\"$\\\\/*\\-()&Eeé\0\n]{0,24}") {
            if is_one_statement(&text) {
                prop_assert!(!text.contains(';') && text.is_ascii() && !text.contains(['\\', '\0']), "{:?}", text);
                prop_assert!(crate::sql::statements(&text).count() <= 1, "{:?}", text);
            }
        }
    }

    #[test]
    fn one_statement_has_no_semicolon_anywhere() {
        for (text, one) in [
            ("CREATE TABLE t (id int)", true),
            ("SELECT 'it''s' -- done", true),
            ("SELECT 1;", false),
            ("SELECT ';'", false),
            ("DO $$ BEGIN NULL; END $$", false),
            ("SELECT 'größer'", false),
            ("SELECT '\\'", false),
            ("SELECT 1\0", false),
        ] {
            assert_eq!(is_one_statement(text), one, "{text:?}");
        }
    }

    #[test]
    fn what_depends_on_the_session_is_told() {
        for (text, alike) in [
            ("", true),
            ("INSERT INTO t VALUES ($1, 'it''s', $a$;$a$, \"x\")", true),
            ("SELECT U&\"a!0062\" UESCAPE '!', 1 & 2", true),
            ("SELECT '\\', ';'", false),
            ("SELECT E'\\n'", false),
            ("SELECT U&'a!0062' UESCAPE '!'", false),
            ("SELECT U&\"\\0061\"", false),
            ("SELECT 'größer'", false),
            (READ_AS_THE_SCANNER, true),
        ] {
            assert_eq!(reads_alike(text), alike, "{text}");
        }
    }
}
