//! `COPY … FROM STDIN` with its data below it, as pg_dump writes it and psql reads it (psql's `handleCopyIn`).

use std::ops::Range;

use super::token::TokenKind;
use super::token::Tokens;

/// The line that ends the data.
const END: &str = "\\.";

/// Why the data of a COPY cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CopyError {
    /// Something else stands on the line of the semicolon. psql would run it after the COPY.
    AfterCopy,
    /// They have no end.
    Endless,
}

/// The data of one COPY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CopyBlock {
    /// The lines of the data.
    pub(super) data: Range<usize>,
    /// Where the script goes on.
    pub(super) end: usize,
}

/// Whether a statement is a COPY and the word after its first FROM or TO outside of parentheses is one of the protocol. FROM and TO
/// are reserved, so that no table or column can be called so without quotes.
pub(super) fn is_copy_in(statement: &str) -> bool {
    let mut depth = 0_usize;
    let mut words = Tokens::new(statement).map_while(Result::ok).filter_map(|token| {
        match token.kind {
            TokenKind::OpenParenthesis => depth += 1,
            TokenKind::CloseParenthesis => depth = depth.saturating_sub(1),
            TokenKind::Word | TokenKind::String | TokenKind::QuotedIdentifier if depth == 0 => {
                return Some(&statement[token.bytes]);
            }
            _ => {}
        }
        None
    });
    let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
    words.next().is_some_and(|word| is(word, "COPY"))
        && words.find(|word| is(word, "FROM") || is(word, "TO")).is_some_and(|word| is(word, "FROM"))
        && words.next().is_some_and(|word| is(word, "STDIN") || is(word, "STDOUT"))
}

/// The data of a COPY, in the rest of the script behind its semicolon. They begin on the next line, and end at the first line that
/// is `\.`, whatever the format is.
///
/// # Errors
/// [`CopyError`].
pub(super) fn copy_block(script: &str, rest: Range<usize>) -> Result<CopyBlock, CopyError> {
    let mut lines = script[rest.clone()].split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    // To psql, as to the server, a comment ends at a carriage return.
    let behind = first.trim();
    if !(behind.is_empty() || behind.starts_with("--")) || behind.contains('\r') {
        return Err(CopyError::AfterCopy);
    }
    let start = rest.start + first.len();
    let mut at = start;
    for line in lines {
        let end = at + line.len();
        let text = line.strip_suffix('\n').unwrap_or(line);
        if text.strip_suffix('\r').unwrap_or(text) == END {
            return Ok(CopyBlock { data: start..at, end });
        }
        at = end;
    }
    Err(CopyError::Endless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_statements_have_data() {
        for (statement, has) in [
            ("COPY t FROM STDIN", true),
            ("copy only_words (a, b) from stdin with (format csv)", true),
            ("COPY /* a */ s.\"FROM\" (\"to\") FROM STDOUT", true),
            ("COPY BINARY t FROM STDIN", true),
            ("COPY t FROM 'stdin'", false),
            ("COPY t FROM PROGRAM 'a'", false),
            ("COPY t TO STDOUT", false),
            ("COPY (SELECT 1 FROM stdin) TO STDOUT", false),
            ("COPY t FROM \"stdin\"", false),
            ("CREATE TABLE copy_from (stdin int)", false),
            ("SELECT 'COPY' FROM stdin", false),
        ] {
            assert_eq!(is_copy_in(statement), has, "{statement}");
        }
    }

    #[test]
    fn data_end_at_the_first_line_that_says_so() {
        let data = |rest: &str| {
            copy_block(rest, 0..rest.len()).map(|block| (rest[block.data].to_owned(), rest[block.end..].to_owned()))
        };
        let read = |data: &str, rest: &str| Ok((data.to_owned(), rest.to_owned()));
        for (rest, expected) in [
            ("\n1\tO'Hara\n2\t\\N\n\\.\nSELECT 1;", read("1\tO'Hara\n2\t\\N\n", "SELECT 1;")),
            (" -- rows\n\\.\n", read("", "")),
            ("\r\n1\r\n\\.\r\n;", read("1\r\n", ";")),
            ("\n\\.", read("", "")),
            ("\n \\.\n\\. \n\\.\\.\n-- downgrade\n\"\n\\.\n", read(" \\.\n\\. \n\\.\\.\n-- downgrade\n\"\n", "")),
            ("", Err(CopyError::Endless)),
            ("\n1\n", Err(CopyError::Endless)),
            (" SELECT 1;\n1\n\\.\n", Err(CopyError::AfterCopy)),
            (" /* a */\n1\n\\.\n", Err(CopyError::AfterCopy)),
            (" -- a\rSELECT 1;\n1\n\\.\n", Err(CopyError::AfterCopy)),
        ] {
            assert_eq!(data(rest), expected, "{rest:?}");
        }
    }
}
