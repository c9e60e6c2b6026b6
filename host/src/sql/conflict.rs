//! What git leaves in a file that it could not merge (git-merge, "How conflicts are presented").

use super::position::place_of_byte;
use super::split::Piece;
use super::split::Pieces;
use super::token::TokenKind;

/// How many signs a marker has.
const SIGNS: usize = 7;

/// The line of the first conflict marker of git, from 1: where a whole conflict begins, wherever it stands, or where a single
/// marker stands outside of quotes and comments.
pub fn conflict(text: &str) -> Option<u32> {
    let whole = whole_conflict(text);
    let single = || {
        let pieces = Pieces::within(text, 0..text.len()).map_while(Result::ok);
        let mut starts = pieces.filter_map(|piece| match piece {
            Piece::Token(token) if token.kind == TokenKind::Other => Some(token.bytes.start),
            _ => None,
        });
        starts.find(|start| is_line_start(text, *start) && marker(line_at(text, *start)).is_some())
    };
    whole.or_else(single).map(|byte| place_of_byte(text, byte).line)
}

/// The line of a conflict marker with both sides of the conflict, in a text that is not SQL.
pub fn conflict_of_text(text: &str) -> Option<u32> {
    whole_conflict(text).map(|byte| place_of_byte(text, byte).line)
}

/// Whether a line is one of those by which git divides the two sides.
pub fn is_conflict_marker(line: &str) -> bool {
    marker(line).is_some()
}

/// Where a conflict begins that has its middle and its end as well.
fn whole_conflict(text: &str) -> Option<usize> {
    if !text.contains("<<<<<<<") {
        return None;
    }
    let (mut start, mut divided, mut offset) = (None, false, 0);
    for line in text.split_inclusive('\n') {
        match marker(line) {
            Some('<') if start.is_none() => start = Some(offset),
            Some('=') if start.is_some() => divided = true,
            Some('>') if divided => return start,
            _ => {}
        }
        offset += line.len();
    }
    None
}

/// The sign of a conflict marker: `<<<<<<< ours`, `||||||| base`, `=======`, `>>>>>>> theirs`.
fn marker(line: &str) -> Option<char> {
    let line = line.trim_end_matches(['\n', '\r']);
    let sign = line.chars().next().filter(|sign| ['<', '|', '=', '>'].contains(sign))?;
    let rest = line.trim_start_matches(sign);
    let has_label = rest.starts_with(' ') && sign != '=';
    (line.len() - rest.len() == SIGNS && (rest.is_empty() || has_label)).then_some(sign)
}

fn is_line_start(text: &str, byte: usize) -> bool {
    byte == 0 || text.as_bytes().get(byte - 1) == Some(&b'\n')
}

fn line_at(text: &str, start: usize) -> &str {
    text[start..].split('\n').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn conflicts() {
        for (text, line) in [
            ("-- upgrade\n<<<<<<< HEAD\nA;\n=======\nB;\n>>>>>>> other\n", Some(2)),
            ("-- upgrade\n<<<<<<< HEAD\r\nA;\r\n||||||| base\r\nC;\r\n=======\r\nB;\r\n>>>>>>> other\r\n", Some(2)),
            ("DO $$\n<<<<<<< HEAD\nA;\n=======\nB;\n>>>>>>> other\n$$;", Some(2)),
            ("<<<<<<<\n=======\n>>>>>>>", Some(1)),
            ("A;\n=======\nB;\n", Some(2)),
            ("A;\n>>>>>>> other\n", Some(2)),
            ("A;\n||||||| base\n", Some(2)),
            ("A;\n<<<<<<< HEAD\nB;", Some(2)),
            ("-- =======\n/*\n=======\n*/ SELECT '\n>>>>>>> a\n';\n", None),
            ("SELECT 1 <<<<<<< 2;\nSELECT 1\n <<<<<<< 2;\n", None),
            ("A;\n========\n>>>>>>\n<<<<<<<x\n======= x\n", None),
            ("", None),
        ] {
            assert_eq!(conflict(text), line, "{text}");
        }
        assert_eq!(conflict_of_text("a = 1\n<<<<<<< a\n=======\n>>>>>>> b\n"), Some(2));
        assert_eq!(conflict_of_text("a = 1\n=======\n"), None);
        assert!(is_conflict_marker("=======\r\n") && !is_conflict_marker("-- ======="));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(<<<<<<<|=======|>>>>>>>|\n|\r|'|é| |--){0,16}") {
            let _ = (conflict(&text), conflict_of_text(&text));
        }
    }
}
