//! Places in a text, as people and as PostgreSQL count them.

use std::fmt;

/// How much of a long line an excerpt shows, in characters.
const EXCERPT_CHARACTERS_MAX: usize = 100;
/// How much of it stands before the column.
const EXCERPT_CHARACTERS_BEFORE: usize = 60;

/// A line and a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// The place of a character, counted from 1 over the whole text as in PostgreSQL's errors (manual, "Error and Notice
/// Message Fields"). The place after the last character exists, too: the server names it when a statement ends too
/// early. None beyond it, and for 0.
pub fn place(text: &str, character_position: u32) -> Option<Place> {
    byte_of_character(text, character_position).map(|byte| place_of_byte(text, byte))
}

/// The byte at which a character begins, counted as in [`place`].
pub fn byte_of_character(text: &str, character_position: u32) -> Option<usize> {
    let index = usize::try_from(character_position.checked_sub(1)?).ok()?;
    text.char_indices().map(|(byte, _)| byte).chain([text.len()]).nth(index)
}

/// The place of the character that a byte belongs to; of the text's end for a byte beyond it.
pub fn place_of_byte(text: &str, byte: usize) -> Place {
    let before = &text[..text.floor_char_boundary(byte)];
    let line_start = before.rfind('\n').map_or(0, |line_end| line_end + 1);
    Place { line: count(before.matches('\n').count()), column: count(before[line_start..].chars().count()) }
}

/// The line of a place, and below it a caret under the column. What a terminal would act upon (tabs, control
/// characters, changes of direction) is replaced by one visible character each; a long line is shortened around the
/// column. Empty for a line that does not exist.
pub fn excerpt(text: &str, place: Place) -> String {
    let index = |number: u32| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(line) = text.split('\n').nth(index(place.line)) else {
        return String::new();
    };
    let line = line.strip_suffix('\r').unwrap_or(line);
    let length = line.chars().count();
    let column = index(place.column).min(length);
    let (start, end) = if length <= EXCERPT_CHARACTERS_MAX {
        (0, length)
    } else {
        let latest = length - EXCERPT_CHARACTERS_MAX;
        let start = column.saturating_sub(EXCERPT_CHARACTERS_BEFORE).min(latest);
        (start, start + EXCERPT_CHARACTERS_MAX)
    };
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    shown.extend(line.chars().skip(start).take(end - start).map(visible));
    if end < length {
        shown.push('…');
    }
    let indent = " ".repeat(column - start + usize::from(start > 0));
    format!("{shown}\n{indent}^")
}

/// A character that a terminal shows in one place and does not act upon.
fn visible(character: char) -> char {
    match character {
        '\t' => ' ',
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{FFFD}'),
        '\x7F' => '\u{2421}',
        '\u{80}'..='\u{9F}'
        | '\u{AD}'
        | '\u{61C}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' => '\u{FFFD}',
        _ => character,
    }
}

/// The number of the element after so many others.
fn count(before: usize) -> u32 {
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_not_bytes() {
        let text = "a\nhäß𝄞x\n";
        let cases = [
            (0, None),
            (1, Some((0, 1, 1))),
            (2, Some((1, 1, 2))),
            (3, Some((2, 2, 1))),
            (5, Some((5, 2, 3))),
            (7, Some((11, 2, 5))),
            (8, Some((12, 2, 6))),
            (9, Some((13, 3, 1))),
            (10, None),
            (u32::MAX, None),
        ];
        for (position, expected) in cases {
            let byte = byte_of_character(text, position);
            let place = place(text, position);
            let found = byte.map(|byte| (byte, place.unwrap().line, place.unwrap().column));
            assert_eq!(found, expected, "{position}");
        }
        assert_eq!(place_of_byte(text, 6), place_of_byte(text, 5));
        assert_eq!(place_of_byte(text, 99).line, 3);
        assert_eq!(place("", 1), Some(Place { line: 1, column: 1 }));
    }

    #[test]
    fn excerpts() {
        let cases = [
            ("SELECT x", 1, 8, "SELECT x\n       ^"),
            ("a\r\n\tb\u{1b}[0m\r\nc", 2, 3, " b␛[0m\n  ^"),
            ("é\u{202e}z", 1, 3, "é\u{fffd}z\n  ^"),
            ("ab", 1, 3, "ab\n  ^"),
            ("ab", 1, 99, "ab\n  ^"),
            ("ab", 1, 0, "ab\n^"),
            ("ab\n", 2, 1, "\n^"),
            ("ab", 2, 1, ""),
        ];
        for (text, line, column, expected) in cases {
            assert_eq!(excerpt(text, Place { line, column }), expected, "{text:?}");
        }
    }

    #[test]
    fn long_lines_are_shortened_around_the_column() {
        let text = format!("{}X{}", "ä".repeat(500), "b".repeat(500));
        let shown = excerpt(&text, Place { line: 1, column: 501 });
        let (line, caret) = shown.split_once('\n').unwrap();
        assert_eq!(line.chars().count(), EXCERPT_CHARACTERS_MAX + 2);
        let column = caret.chars().count() - 1;
        assert_eq!(line.chars().nth(column), Some('X'));
        let at_start = excerpt(&text, Place { line: 1, column: 1 });
        assert!(at_start.starts_with('ä') && at_start.ends_with("…\n^"));
        let at_end = excerpt(&text, Place { line: 1, column: 1002 });
        assert!(at_end.starts_with('…') && !at_end.contains("…\n"));
    }

    proptest! {
        #[test]
        fn the_caret_is_under_the_character(text in "(\\PC|\n|\t){0,300}", position in 1..400_u32) {
            let place = place(&text, position);
            let byte = byte_of_character(&text, position);
            prop_assert_eq!(place.is_some(), byte.is_some());
            if let (Some(place), Some(byte)) = (place, byte) {
                let shown = excerpt(&text, place);
                let (line, caret) = shown.split_once('\n').unwrap();
                let under = line.chars().nth(caret.chars().count() - 1);
                let expected = text[byte..].chars().next().filter(|c| *c != '\n').map(visible);
                prop_assert_eq!(under, expected);
            }
        }
    }
}
