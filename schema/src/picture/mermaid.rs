//! An entity relationship diagram of Mermaid, which Markdown on many sites shows as a picture.

use std::fmt::Write as _;

use super::Column;
use super::Picture;
use super::Table;

/// The text of an `erDiagram`.
#[must_use]
pub fn mermaid(picture: &Picture) -> String {
    let mut text = String::from("erDiagram\n");
    for (_, table) in picture.drawn() {
        let _ = writeln!(text, "    {} {{", entity(picture, &table.schema, &table.name));
        for column in &table.columns {
            let keys = keys(picture, table, column);
            let keys = if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) };
            let _ = writeln!(text, "        {} {}{keys}", word(&column.data_type), word(&column.name));
        }
        text.push_str("    }\n");
    }
    for reference in &picture.references {
        // A row has no or one row of the other table, or always one; that one has any number of rows here, or at most one.
        let from = if reference.unique { "|o" } else { "}o" };
        let to = if reference.optional { "o|" } else { "||" };
        let _ = writeln!(
            text,
            "    {} {from}--{to} {} : \"{}\"",
            entity(picture, &reference.from.0, &reference.from.1),
            entity(picture, &reference.to.0, &reference.to.1),
            quoted(&reference.columns.join(", "))
        );
    }
    text
}

fn keys(picture: &Picture, table: &Table, column: &Column) -> Vec<&'static str> {
    let refers = picture.references_from(table).any(|reference| reference.columns.contains(&column.name));
    let keys = [(column.primary, "PK"), (refers, "FK"), (column.unique, "UK")];
    keys.into_iter().filter(|(is, _)| *is).map(|(_, key)| key).collect()
}

/// The name of a table, with its schema where the picture has several.
fn entity(picture: &Picture, schema: &str, name: &str) -> String {
    format!("\"{}\"", quoted(&picture.label(schema, name)))
}

/// Mermaid has no escape for quotes in its names: they become apostrophes.
fn quoted(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '"' => "'".to_owned(),
            letter if letter.is_control() => " ".to_owned(),
            letter => letter.to_string(),
        })
        .collect()
}

/// Types and columns are words of letters, digits, `-`, `_`, brackets and parentheses, a letter first.
fn word(text: &str) -> String {
    let fits = |letter: char| letter.is_alphanumeric() || "-_[]()".contains(letter);
    let mut word: String = text.chars().map(|letter| if fits(letter) { letter } else { '_' }).collect();
    if !word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') {
        word.insert(0, '_');
    }
    word
}
