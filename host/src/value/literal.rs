//! Values and names as SQL.

use super::error::EncodeError;
use super::oid;
use super::scalar::natural_type;
use super::text::text;
use crate::bindings::types::Oid;
use crate::bindings::types::Value;

/// A value as an SQL constant: `'5'::pg_catalog.int4`, `'{1,2}'::pg_catalog.int4[]`, `NULL`.
///
/// It has no type where the value has none (text), or where the type is not built in and so has no name here; then the
/// statement decides, as it does for a parameter.
///
/// # Errors
/// [`EncodeError`] when the value is not one that its type can hold, or is raw binary.
pub fn literal(value: &Value) -> Result<String, EncodeError> {
    let Some(text) = text(value)? else {
        return Ok("NULL".to_owned());
    };
    let type_name = match value {
        Value::Scalar(scalar) => type_name(natural_type(scalar)),
        Value::Array(array) => type_name(array.element).map(|element| element + "[]"),
        Value::Range(range) => oid::range_of(range.element).and_then(type_name),
    };
    let quoted = quote_text(&text);
    Ok(match type_name {
        Some(type_name) => format!("{quoted}::{type_name}"),
        None => quoted,
    })
}

/// A name in double quotes, which takes it as it is: case, blanks and key words. The text must not have a NUL.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string constant that means the same whatever `standard_conforming_strings` says. The text must not have a NUL.
pub fn quote_text(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// The name in SQL of a type that is built in, else none.
pub(super) fn type_name(type_oid: Oid) -> Option<String> {
    if type_oid == oid::UNKNOWN {
        return None;
    }
    // Unquoted and alone, char would be character(1).
    if let Some(element) = oid::element_of(type_oid) {
        return type_name(element).map(|element| element + "[]");
    }
    let name = oid::name(type_oid)?;
    Some(match type_oid {
        oid::CHAR => "pg_catalog.\"char\"".to_owned(),
        _ => format!("pg_catalog.{name}"),
    })
}
