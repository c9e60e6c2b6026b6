//! Values and names in characters that every session reads the same, whatever its quoting and encoding are: for texts of
//! several statements, in which nothing that a migration wrote may stand as it is.

use std::fmt::Write as _;

use super::error::EncodeError;
use super::literal::type_name;
use super::text::text;
use crate::contract::types::Oid;
use crate::contract::types::Scalar;
use crate::contract::types::Value;

/// Appends a value as an SQL expression that can be assigned to the type: a string without a type where it has nothing but
/// letters, digits and some signs; everything else as the hexadecimal digits of its bytes. `type_name` is the type's name in
/// SQL, of ASCII.
///
/// # Errors
/// [`EncodeError`] when the value is not one that its type can hold, or is raw binary.
pub fn write_plainly(sql: &mut String, value: &Value, type_name: &str) -> Result<(), EncodeError> {
    if let Value::Scalar(Scalar::Bytea(bytes)) = value {
        sql.push_str("pg_catalog.decode('");
        push_hex(sql, bytes);
        sql.push_str("','hex')");
        return Ok(());
    }
    match text(value)? {
        None => sql.push_str("NULL"),
        Some(text) if text.bytes().all(is_plain) => {
            sql.push('\'');
            sql.push_str(&text);
            sql.push('\'');
        }
        Some(text) => {
            sql.push_str("CAST(pg_catalog.convert_from(pg_catalog.decode('");
            push_hex(sql, text.as_bytes());
            sql.push_str("','hex'),'UTF8') AS ");
            sql.push_str(type_name);
            sql.push(')');
        }
    }
    Ok(())
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
            let _ = write!(quoted, "\\+{:06X}", u32::from(character));
        }
    }
    quoted.push('"');
    quoted
}

/// Bytes that are no quote and no escape anywhere, and no part of a longer character.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" .,:;+-_/@{}[]()".contains(&byte)
}

fn push_hex(sql: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    sql.reserve(bytes.len() * 2);
    for byte in bytes {
        sql.push(char::from(DIGITS[usize::from(byte >> 4)]));
        sql.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plainly(value: &Value, type_name: &str) -> String {
        let mut sql = String::new();
        write_plainly(&mut sql, value, type_name).expect("a value");
        sql
    }

    #[test]
    fn nothing_of_a_value_stands_in_the_text_but_plain_words() {
        let value = |text: &str| Value::Scalar(Scalar::Text(text.to_owned()));
        for (value, expected) in [
            (value("plain words, 2026-01-01 00:00:00+00"), "'plain words, 2026-01-01 00:00:00+00'"),
            (Value::Scalar(Scalar::Int8(-7)), "'-7'"),
            (Value::Scalar(Scalar::Null), "NULL"),
            (Value::Scalar(Scalar::Bytea(vec![0, 255])), "pg_catalog.decode('00ff','hex')"),
            (
                value("it's"),
                "CAST(pg_catalog.convert_from(pg_catalog.decode('69742773','hex'),'UTF8') AS pg_catalog.text)",
            ),
        ] {
            assert_eq!(plainly(&value, "pg_catalog.text"), expected);
        }
        assert_eq!(escaped_identifier("Größe\"x"), "U&\"Gr\\+0000F6\\+0000DFe\\+000022x\"");
    }

    proptest! {
        #[test]
        fn a_text_can_end_no_quote(text in "\\PC{0,40}|[\\\\'\u{3041}\u{e0}\n$]{0,8}") {
            let sql = plainly(&Value::Scalar(Scalar::Text(text.replace('\0', ""))), "pg_catalog.text");
            prop_assert!(sql.is_ascii() && !sql.contains('\\'), "{}", sql);
            prop_assert!(sql.matches('\'').count() == 2 || sql.starts_with("CAST("), "{}", sql);
        }
    }
}
