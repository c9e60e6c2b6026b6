//! Places in a migration's file, and the lines that show them.

use std::fmt::Write as _;

/// The longest part of a line that is shown, in characters.
const WIDTH_MAX: usize = 120;

/// A line and a column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The line of the source with a caret below the place, each line indented and ended. Nothing where there is no such line.
pub(crate) fn excerpt(source: &str, place: Place, indent: &str) -> String {
    let mut text = String::new();
    let Some(line) = source.lines().nth(place.line.wrapping_sub(1)) else { return text };
    let characters: Vec<char> = line.chars().collect();
    let at = place.column.saturating_sub(1).min(characters.len());
    // A long line is shown around the place.
    let from = if characters.len() > WIDTH_MAX { at.saturating_sub(WIDTH_MAX / 2) } else { 0 };
    let shown: String = characters.iter().skip(from).take(WIDTH_MAX).map(flat).collect();
    let number = place.line.to_string();
    // Writing into a String does not fail.
    let _ = writeln!(text, "{indent}{number} | {}", shown.trim_end());
    let _ = writeln!(text, "{indent}{} | {}^", " ".repeat(number.len()), " ".repeat(at - from));
    text
}

/// Tabs would move the caret.
fn flat(character: &char) -> char {
    if character.is_control() { ' ' } else { *character }
}

/// The place that QuickJS means, which counts columns in bytes.
pub(crate) fn of_bytes(source: &str, line: usize, column: usize) -> Place {
    let text = source.lines().nth(line.wrapping_sub(1)).unwrap_or_default();
    let before = text.as_bytes().get(..column.saturating_sub(1)).unwrap_or(text.as_bytes());
    Place { line, column: String::from_utf8_lossy(before).chars().count() + 1 }
}

/// Where a word stands for the first time in a line that imports something.
pub(crate) fn of_import(source: &str, specifier: &str) -> Option<Place> {
    let quoted = ['"', '\''].map(|quote| format!("{quote}{specifier}{quote}"));
    source.lines().enumerate().find_map(|(index, line)| {
        let at = quoted.iter().find_map(|quoted| line.find(quoted))?;
        let before = line.get(..at)?.trim_end();
        let imports = ["import", "from", "("].iter().any(|word| before.ends_with(word));
        imports.then(|| place(line, index, at))
    })
}

/// Where a name stands for the first time.
pub(crate) fn of_name(source: &str, name: &str) -> Option<Place> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
    source.lines().enumerate().find_map(|(index, line)| {
        let (at, _) = line.match_indices(name).find(|(at, _)| {
            let before = line.get(..*at).and_then(|before| before.chars().next_back());
            let after = line.get(at + name.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })?;
        Some(place(line, index, at))
    })
}

fn place(line: &str, index: usize, at: usize) -> Place {
    Place { line: index + 1, column: line.get(..at).unwrap_or_default().chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_below_the_place() {
        let source = "one\n\tcount(größe)\n";
        assert_eq!(excerpt(source, Place { line: 2, column: 8 }, "  "), "  2 |  count(größe)\n    |        ^\n");
        assert_eq!(excerpt(source, Place { line: 7, column: 1 }, ""), "");
        let long = "x".repeat(1000);
        let shown = excerpt(&long, Place { line: 1, column: 500 }, "");
        assert!(shown.lines().all(|line| line.len() < 130), "{shown}");
        assert!(shown.ends_with(&format!("{}^\n", " ".repeat(60))), "{shown}");
    }

    #[test]
    fn a_column_counts_characters() {
        assert_eq!(of_bytes("\n\u{1F389}ä(x)", 2, 7), Place { line: 2, column: 3 });
        assert_eq!(of_bytes("short", 1, 99), Place { line: 1, column: 6 });
    }

    #[test]
    fn imports_and_names_are_found_where_they_stand() {
        let source = "const fs = \"fs\";\nimport { x } from 'fs';\nlet y = import(\"pg\");\n";
        assert_eq!(of_import(source, "fs"), Some(Place { line: 2, column: 19 }));
        assert_eq!(of_import(source, "pg"), Some(Place { line: 3, column: 16 }));
        assert_eq!(of_import(source, "net"), None);
        assert_eq!(of_name("executes\n  execute()", "execute"), Some(Place { line: 2, column: 3 }));
    }
}
