//! From the contract onto the wire: the parameters of a statement.

use super::check;
use super::decode::RANGE_EMPTY;
use super::decode::RANGE_LOWER_INCLUSIVE;
use super::decode::RANGE_LOWER_INFINITE;
use super::decode::RANGE_UPPER_INCLUSIVE;
use super::decode::RANGE_UPPER_INFINITE;
use super::encoded::Encoded;
use super::error::EncodeError;
use super::oid;
use super::scalar::encode_scalar;
use super::scalar::mismatch;
use super::scalar::natural_type;
use super::shape::TypeShape;
use super::text::array_text;
use super::text::range_text;
use crate::bindings::types::Array;
use crate::bindings::types::Oid;
use crate::bindings::types::Range;
use crate::bindings::types::Value;

/// The type to declare for a parameter when the statement is prepared; 0 lets the server infer it.
///
/// Text and NULL have no type of their own, like a quoted literal. Arrays and ranges are declared where their element
/// type is built in.
pub fn declared_type(value: &Value) -> Oid {
    match value {
        Value::Scalar(scalar) => natural_type(scalar),
        Value::Array(array) => oid::array_of(array.element).unwrap_or(0),
        Value::Range(range) => oid::range_of(range.element).unwrap_or(0),
    }
}

/// A value as the type `into`, which the server reports for the statement's parameter.
///
/// Beyond the exact type it converts what PostgreSQL's assignment would: integers among each other, to numeric and to
/// floats, floats among each other, json and jsonb, text to everything; domains like their base type. Arrays and ranges
/// go element by element.
///
/// # Errors
/// [`EncodeError`] when the value is not one that the type can hold.
pub fn encode(value: &Value, into: &TypeShape) -> Result<Encoded, EncodeError> {
    match value {
        Value::Scalar(scalar) => encode_scalar(scalar, into),
        Value::Array(array) => encode_array(array, into),
        Value::Range(range) => encode_range(range, into),
    }
}

fn encode_array(array: &Array, into: &TypeShape) -> Result<Encoded, EncodeError> {
    check::check_array(array)?;
    let TypeShape::Array { element, .. } = into.base() else {
        let got = match array.element {
            0 => "an array".to_owned(),
            element => format!("an array of {}", oid::describe(element)),
        };
        return Err(mismatch(into, got));
    };
    let dims: &[_] = if array.items.is_empty() { &[] } else { &array.dims };
    let mut body = Vec::new();
    let mut has_null = false;
    for item in &array.items {
        match encode_scalar(item, element)? {
            Encoded::Null => {
                has_null = true;
                body.extend((-1_i32).to_be_bytes());
            }
            Encoded::Binary(bytes) => push_with_length(&mut body, &bytes)?,
            // One element that the server must read makes the whole array text.
            Encoded::Text(_) => {
                // The others are still checked, so that the answer does not depend on the order.
                for item in &array.items {
                    encode_scalar(item, element)?;
                }
                return array_text(array, element.base().oid()).map(Encoded::Text);
            }
        }
    }
    let mut bytes = Vec::with_capacity(12 + dims.len() * 8 + body.len());
    bytes.extend(length(dims.len())?);
    bytes.extend(i32::from(has_null).to_be_bytes());
    bytes.extend(element.oid().to_be_bytes());
    for dim in dims {
        bytes.extend(dim.len.to_be_bytes());
        bytes.extend(dim.lower.to_be_bytes());
    }
    bytes.extend(body);
    Ok(Encoded::Binary(bytes))
}

fn encode_range(range: &Range, into: &TypeShape) -> Result<Encoded, EncodeError> {
    check::check_range(range)?;
    let TypeShape::Range { element, .. } = into.base() else {
        let got = match range.element {
            0 => "a range".to_owned(),
            element => format!("a range of {}", oid::describe(element)),
        };
        return Err(mismatch(into, got));
    };
    if range.empty {
        return Ok(Encoded::Binary(vec![RANGE_EMPTY]));
    }
    let ends = [
        (&range.lower, RANGE_LOWER_INFINITE, RANGE_LOWER_INCLUSIVE),
        (&range.upper, RANGE_UPPER_INFINITE, RANGE_UPPER_INCLUSIVE),
    ];
    let mut flags = 0;
    let mut body = Vec::new();
    let mut is_text = false;
    for (bound, infinite, inclusive) in ends {
        let Some(bound) = bound else {
            flags |= infinite;
            continue;
        };
        if bound.inclusive {
            flags |= inclusive;
        }
        match encode_scalar(&bound.value, element)? {
            Encoded::Binary(bytes) => push_with_length(&mut body, &bytes)?,
            Encoded::Text(_) => is_text = true,
            Encoded::Null => return Err(EncodeError::NullBound),
        }
    }
    if is_text {
        return range_text(range).map(Encoded::Text);
    }
    let mut bytes = vec![flags];
    bytes.extend(body);
    Ok(Encoded::Binary(bytes))
}

fn push_with_length(body: &mut Vec<u8>, bytes: &[u8]) -> Result<(), EncodeError> {
    body.extend(length(bytes.len())?);
    body.extend(bytes);
    Ok(())
}

fn length(length: usize) -> Result<[u8; 4], EncodeError> {
    i32::try_from(length).map(i32::to_be_bytes).map_err(|_| EncodeError::TooLong)
}
