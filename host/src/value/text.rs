//! Values as text that the type's input function reads back to the same value, whatever DateStyle, IntervalStyle,
//! extra_float_digits and TimeZone say.

use std::fmt;

use super::calendar;
use super::check;
use super::error::EncodeError;
use super::numeric;
use super::oid;
use crate::bindings::types::Array;
use crate::bindings::types::ArrayDim;
use crate::bindings::types::Bound;
use crate::bindings::types::Format;
use crate::bindings::types::Interval;
use crate::bindings::types::Oid;
use crate::bindings::types::Range;
use crate::bindings::types::Scalar;
use crate::bindings::types::Value;

/// The text of a value, or none for NULL.
///
/// # Errors
/// [`EncodeError`] when the value is not one that its type can hold, or is raw binary.
pub fn text(value: &Value) -> Result<Option<String>, EncodeError> {
    match value {
        Value::Scalar(scalar) => scalar_text(scalar),
        Value::Array(array) => array_text(array, array.element).map(Some),
        Value::Range(range) => range_text(range).map(Some),
    }
}

/// An array whose elements are of the type `element`. Only `box` separates elements by something else than a comma.
pub(super) fn array_text(array: &Array, element: Oid) -> Result<String, EncodeError> {
    check::check_array(array)?;
    if array.items.is_empty() {
        return Ok("{}".to_owned());
    }
    let mut text = String::new();
    if array.dims.iter().any(|dim| dim.lower != 1) {
        for dim in &array.dims {
            let upper = i64::from(dim.lower) + i64::from(dim.len) - 1;
            text.push_str(&format!("[{}:{upper}]", dim.lower));
        }
        text.push('=');
    }
    let separator = if element == oid::BOX { ';' } else { ',' };
    let mut items = array.items.iter();
    push_dimension(&mut text, &array.dims, &mut items, separator)?;
    Ok(text)
}

/// A range.
pub(super) fn range_text(range: &Range) -> Result<String, EncodeError> {
    check::check_range(range)?;
    if range.empty {
        return Ok("empty".to_owned());
    }
    let inclusive = |bound: &Option<Bound>| bound.as_ref().is_some_and(|bound| bound.inclusive);
    let mut text = String::new();
    text.push(if inclusive(&range.lower) { '[' } else { '(' });
    push_bound(&mut text, range.lower.as_ref())?;
    text.push(',');
    push_bound(&mut text, range.upper.as_ref())?;
    text.push(if inclusive(&range.upper) { ']' } else { ')' });
    Ok(text)
}

fn scalar_text(scalar: &Scalar) -> Result<Option<String>, EncodeError> {
    Ok(Some(match scalar {
        Scalar::Null => return Ok(None),
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Int2(value) => value.to_string(),
        Scalar::Int4(value) => value.to_string(),
        Scalar::Int8(value) => value.to_string(),
        Scalar::Float4(value) => float_text(*value),
        Scalar::Float8(value) => float_text(*value),
        Scalar::Numeric(text) => numeric::canonical(text)?.to_owned(),
        Scalar::Text(text) | Scalar::Json(text) | Scalar::Jsonb(text) => check::check_text(text)?.to_owned(),
        Scalar::Bytea(bytes) => hex_text(bytes),
        Scalar::Date(days) => calendar::date_text(*days)?,
        Scalar::Time(micros) => calendar::time_text(*micros)?,
        Scalar::Timetz(time) => {
            let clock = calendar::time_text(time.micros)?;
            clock + &calendar::offset_text(time.offset_secs)?
        }
        Scalar::Timestamp(micros) => calendar::timestamp_text(*micros, "")?,
        Scalar::Timestamptz(micros) => calendar::timestamp_text(*micros, "+00")?,
        Scalar::Interval(interval) => interval_text(*interval),
        Scalar::Uuid(uuid) => {
            let (hi, lo) = (uuid.hi, uuid.lo);
            format!(
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                hi >> 32,
                hi >> 16 & 0xFFFF,
                hi & 0xFFFF,
                lo >> 48,
                lo & 0xFFFF_FFFF_FFFF
            )
        }
        Scalar::Other(raw) => match raw.format {
            Format::Text => check::raw_text(raw)?.to_owned(),
            Format::Binary => {
                return Err(EncodeError::NoText { type_oid: raw.type_oid });
            }
        },
    }))
}

/// The shortest digits that are read back to the same number, with an exponent only where it is far from zero.
fn float_text(value: impl Copy + Into<f64> + fmt::Display + fmt::LowerExp) -> String {
    let number: f64 = value.into();
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if number == 0.0 || (1e-5..1e15).contains(&number.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

fn hex_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        for half in [byte >> 4, byte & 0xF] {
            text.push(char::from_digit(half.into(), 16).unwrap_or('0'));
        }
    }
    text
}

/// Every part with a sign of its own: in IntervalStyle `sql_standard` a single leading minus would count for all parts.
fn interval_text(interval: Interval) -> String {
    let Interval { months, days, micros } = interval;
    // Since version 17 these two are infinities; no arithmetic leads to them before.
    if (months, days, micros) == (i32::MAX, i32::MAX, i64::MAX) {
        return "infinity".to_owned();
    }
    if (months, days, micros) == (i32::MIN, i32::MIN, i64::MIN) {
        return "-infinity".to_owned();
    }
    // The input function makes a clock time positive before it turns the sign, which the smallest number does not survive.
    if micros == i64::MIN {
        return format!("{months:+} mons {days:+} days {micros:+} us");
    }
    let sign = if micros < 0 { '-' } else { '+' };
    let clock = calendar::clock_text(micros.unsigned_abs());
    format!("{months:+} mons {days:+} days {sign}{clock}")
}

fn push_dimension<'a>(
    text: &mut String,
    dims: &[ArrayDim],
    items: &mut impl Iterator<Item = &'a Scalar>,
    separator: char,
) -> Result<(), EncodeError> {
    let Some((dim, inner)) = dims.split_first() else {
        return push_item(text, items.next().unwrap_or(&Scalar::Null));
    };
    text.push('{');
    for index in 0..dim.len {
        if index > 0 {
            text.push(separator);
        }
        push_dimension(text, inner, items, separator)?;
    }
    text.push('}');
    Ok(())
}

fn push_item(text: &mut String, item: &Scalar) -> Result<(), EncodeError> {
    match scalar_text(item)? {
        None => text.push_str("NULL"),
        // Without quotes it would be read as NULL.
        Some(item) if item.eq_ignore_ascii_case("null") => text.push_str(&format!("\"{item}\"")),
        Some(item) => push_quoted(text, &item),
    }
    Ok(())
}

fn push_bound(text: &mut String, bound: Option<&Bound>) -> Result<(), EncodeError> {
    if let Some(bound) = bound {
        let value = scalar_text(&bound.value)?.ok_or(EncodeError::NullBound)?;
        push_quoted(text, &value);
    }
    Ok(())
}

/// Quotes what is not plainly a word or a number. Arrays and ranges read quotes and backslashes the same way.
fn push_quoted(text: &mut String, part: &str) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.:_".contains(&byte);
    if !part.is_empty() && part.bytes().all(is_plain) {
        text.push_str(part);
        return;
    }
    text.push('"');
    for character in part.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
}
