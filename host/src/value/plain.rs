//! Values and names in characters that every session reads the same, whatever its quoting and encoding are: for texts of
//! several statements, in which nothing that a migration wrote may end a quote.

use std::fmt::Write as _;

use super::error::EncodeError;
use super::literal::type_name;
use super::text::text;
use crate::bindings::types::Oid;
use crate::bindings::types::Value;

/// Appends a value as an SQL string without a type, or NULL, of ASCII alone. A text of plain ASCII stands in quotes. In any
/// other one each backslash and each character beyond ASCII is a Unicode escape, in a string that a session either reads so or
/// refuses: with `standard_conforming_strings` off such a string is an error (PostgreSQL manual, "String Constants with Unicode
/// Escapes").
///
/// # Errors
/// [`EncodeError`] when the value is not one that its type can hold, or is raw binary.
pub fn write_plainly(sql: &mut String, value: &Value) -> Result<(), EncodeError> {
    let Some(text) = text(value)? else {
        sql.push_str("NULL");
        return Ok(());
    };
    if text.bytes().all(|byte| byte.is_ascii() && byte != b'\\') {
        sql.push('\'');
        push_quoted(sql, &text);
        sql.push('\'');
        return Ok(());
    }
    sql.push_str("U&'");
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|character: char| !character.is_ascii() || character == '\\') {
        push_quoted(sql, &rest[..at]);
        let character = rest[at..].chars().next().unwrap_or_default();
        push_escape(sql, character);
        rest = &rest[at + character.len_utf8()..];
    }
    push_quoted(sql, rest);
    sql.push('\'');
    Ok(())
}

fn push_quoted(sql: &mut String, text: &str) {
    let mut pieces = text.split('\'');
    sql.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        sql.push_str("''");
        sql.push_str(piece);
    }
}

fn push_escape(sql: &mut String, character: char) {
    let number = u32::from(character);
    let _ = if number <= 0xFFFF { write!(sql, "\\{number:04X}") } else { write!(sql, "\\+{number:06X}") };
}

/// The name in SQL of a type that is built in, else none.
pub fn builtin_type_name(type_oid: Oid) -> Option<String> {
    type_name(type_oid)
}

/// A name in double quotes, of ASCII whatever is in it: all but letters, digits and underscores are Unicode escapes, which
/// mean the same under every setting and in every encoding (PostgreSQL manual, "Identifiers and Key Words").
pub fn escaped_identifier(name: &str) -> String {
    let mut quoted = String::from("U&\"");
    for character in name.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            quoted.push(character);
        } else {
            push_escape(&mut quoted, character);
        }
    }
    quoted.push('"');
    quoted
}

/// A text as an SQL string of ASCII, which every session reads the same. A NUL, which no text of the server can have, is left out.
pub fn plain_text(text: &str) -> String {
    let mut literal = String::new();
    let value = Value::Scalar(crate::bindings::types::Scalar::Text(text.replace('\0', "")));
    // A text always has a form.
    let _ = write_plainly(&mut literal, &value);
    literal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bindings::types::Scalar;

    fn plainly(value: &Value) -> String {
        let mut sql = String::new();
        write_plainly(&mut sql, value).expect("a value");
        sql
    }

    fn of_text(text: &str) -> String {
        plainly(&Value::Scalar(Scalar::Text(text.to_owned())))
    }

    #[test]
    fn what_is_beyond_plain_characters_is_escaped() {
        for (text, expected) in [
            ("plain words, it's 2026", "'plain words, it''s 2026'"),
            ("", "''"),
            ("a\\b'c", "U&'a\\005Cb''c'"),
            ("größe \u{1f600}", "U&'gr\\00F6\\00DFe \\+01F600'"),
        ] {
            assert_eq!(of_text(text), expected);
        }
        assert_eq!(plainly(&Value::Scalar(Scalar::Int8(-7))), "'-7'");
        assert_eq!(plainly(&Value::Scalar(Scalar::Null)), "NULL");
        assert_eq!(plainly(&Value::Scalar(Scalar::Bytea(vec![0, 255]))), "U&'\\005Cx00ff'");
        assert_eq!(escaped_identifier("Größe\"x"), "U&\"Gr\\00F6\\00DFe\\0022x\"");
    }

    /// Reads a string as the server would, to its end, which must be that of the text.
    fn read(sql: &str) -> Option<String> {
        let (escaped, body) = match sql.strip_prefix("U&'") {
            Some(body) => (true, body),
            None => (false, sql.strip_prefix('\'')?),
        };
        let body = body.strip_suffix('\'')?;
        let mut text = String::new();
        let mut characters = body.chars();
        while let Some(character) = characters.next() {
            match character {
                '\'' => text.push(characters.next().filter(|next| *next == '\'')?),
                '\\' if escaped => {
                    let digits: String = match characters.clone().next()? {
                        '+' => characters.by_ref().skip(1).take(6).collect(),
                        _ => characters.by_ref().take(4).collect(),
                    };
                    text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                '\\' => return None,
                character => text.push(character),
            }
        }
        Some(text)
    }

    proptest! {
        #[test]
        fn a_text_is_read_back_and_ends_no_quote(text in "\\PC{0,40}|[\\\\'\u{3041}\u{e0}\n$]{0,8}") {
            let sql = of_text(&text);
            prop_assert!(sql.is_ascii(), "{}", sql);
            prop_assert_eq!(read(&sql), Some(text));
        }
    }
}
