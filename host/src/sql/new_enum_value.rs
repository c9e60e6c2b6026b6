//! A new value of an enum, used in the transaction that adds it (PostgreSQL manual, "ALTER TYPE": it "cannot be used until after
//! the transaction has been committed").

use std::ops::Range;

use super::position::Place;
use super::position::place_of_byte;
use super::split::SplitError;
use super::split::Statements;
use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;
use super::words::Words;
use super::words::plain;

/// A use of a value that the same transaction adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyUse {
    /// The value.
    pub value: String,
    /// Where it is added.
    pub added: Place,
    /// Where it is used.
    pub used: Place,
}

/// Types into which a string is cast when it is meant as text.
const TEXT_TYPES: [&str; 6] = ["text", "varchar", "character", "char", "bpchar", "name"];

/// Statements in which a string is no value of a column.
const WITHOUT_VALUES: [&str; 4] = ["COMMENT", "SET", "RESET", "SECURITY"];

/// The first use of a new value in a part of a file: a string that says the same, in a later statement, without a cast to text.
/// Values of a type that the part itself makes are left to the server, which lets them be used from PostgreSQL 17 on. What is inside
/// of a string, such as a function's body, is not looked at.
///
/// # Errors
/// Those of cutting the text.
pub(super) fn early_use(file: &str, part: Range<usize>) -> Result<Option<EarlyUse>, SplitError> {
    let (mut made, mut added): (Vec<String>, Vec<(&str, usize)>) = (Vec::new(), Vec::new());
    for statement in Statements::within(file, part) {
        let statement = statement?;
        let words = Words::new(statement.text);
        let is_type = words.is(1, "TYPE");
        if is_type && words.is(0, "CREATE") {
            made.extend(last_part(&words, 2));
        } else if is_type && words.is(0, "ALTER") {
            if let Some(value) =
                added_value(&words).filter(|_| last_part(&words, 2).is_none_or(|name| !made.contains(&name)))
            {
                added.push((value, statement.bytes.start));
            }
        } else if !added.is_empty() && !words.is_any(0, &WITHOUT_VALUES) {
            for (value, at) in strings(statement.text) {
                if let Some((value, start)) = added.iter().find(|(added, _)| *added == value) {
                    return Ok(Some(EarlyUse {
                        value: (*value).to_owned(),
                        added: place_of_byte(file, *start),
                        used: place_of_byte(file, statement.bytes.start + at),
                    }));
                }
            }
        }
    }
    Ok(None)
}

/// `ALTER TYPE name ADD VALUE [IF NOT EXISTS] 'value' …`
fn added_value<'a>(words: &Words<'a>) -> Option<&'a str> {
    let at = words.after_name(2).filter(|at| words.begin_with(*at, "ADD VALUE"))? + 2;
    let at = if words.begin_with(at, "IF NOT EXISTS") { at + 3 } else { at };
    plain(words.raw(at)?)
}

/// The name of a type without its schema, as the catalogue has it.
fn last_part(words: &Words<'_>, place: usize) -> Option<String> {
    let end = words.after_name(place)?;
    let written = words.raw(end - 1)?;
    Some(if written.starts_with('"') { plain(written)?.to_owned() } else { written.to_ascii_lowercase() })
}

/// What the strings of a statement say that are not cast to text, and where they stand.
fn strings(statement: &str) -> impl Iterator<Item = (&str, usize)> {
    let significant = Tokens::new(statement).map_while(Result::ok).filter(|token| token.kind.is_significant());
    let tokens: Vec<Token> = significant.collect();
    let text = move |token: &Token| &statement[token.bytes.clone()];
    (0..tokens.len()).filter_map(move |index| {
        let token = tokens.get(index).filter(|token| token.kind == TokenKind::String)?;
        let after: Vec<&str> = tokens[index + 1..].iter().take(3).map(text).collect();
        let is_text = matches!(after.as_slice(), [":", ":", name] if TEXT_TYPES.iter().any(|text| name.eq_ignore_ascii_case(text)));
        let value = plain(text(token)).filter(|_| !is_text)?;
        Some((value, token.bytes.start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(file: &str) -> Option<(String, u32, u32)> {
        let found = early_use(file, 0..file.len()).expect("statements");
        found.map(|early| (early.value, early.added.line, early.used.line))
    }

    #[test]
    fn a_new_value_is_used_too_early() {
        for (file, line) in [
            ("ALTER TYPE mood ADD VALUE 'calm';\nUPDATE people SET mood = 'calm';", 2),
            ("alter type s.\"Mood\" add value if not exists 'calm' before 'sad';\n\nSELECT 'calm'::mood;", 3),
            ("ALTER TYPE mood ADD VALUE 'calm';\nALTER TABLE people\nALTER mood SET DEFAULT 'calm';", 3),
            ("CREATE TYPE other AS ENUM ('calm');\nALTER TYPE mood ADD VALUE 'calm';\nSELECT 'calm';", 3),
        ] {
            let found = used(file);
            assert_eq!(found.map(|(value, _, line)| (value, line)), Some(("calm".to_owned(), line)), "{file}");
        }
    }

    #[test]
    fn a_new_value_is_not_used() {
        for file in [
            "ALTER TYPE mood ADD VALUE 'calm';\nALTER TYPE mood ADD VALUE 'warm' AFTER 'calm';",
            "ALTER TYPE mood ADD VALUE 'calm';\nUPDATE notes SET text = 'calm'::text;",
            "ALTER TYPE mood ADD VALUE 'calm';\nCOMMENT ON TYPE mood IS 'calm';",
            "ALTER TYPE mood ADD VALUE 'calm';\nSELECT 'Calm', \"calm\", $$not calm$$;",
            "UPDATE people SET mood = 'calm';\nALTER TYPE mood ADD VALUE 'calm';",
            "CREATE TYPE mood AS ENUM ();\nALTER TYPE mood ADD VALUE 'calm';\nSELECT 'calm'::mood;",
            "CREATE TYPE s.Mood AS ENUM ();\nALTER TYPE \"mood\" ADD VALUE 'calm';\nSELECT 'calm'::mood;",
            "ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet';\nSELECT 'quiet'::mood;",
            "",
        ] {
            assert_eq!(used(file), None, "{file}");
        }
    }
}
