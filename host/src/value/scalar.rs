//! One scalar as a parameter: which types it can become, and its bytes there.

use super::calendar;
use super::check;
use super::decode::JSONB_VERSION;
use super::encoded::Encoded;
use super::error::EncodeError;
use super::numeric;
use super::oid;
use super::shape::TypeShape;
use crate::bindings::types::Format;
use crate::bindings::types::Oid;
use crate::bindings::types::Raw;
use crate::bindings::types::Scalar;

/// A longer name is cut off by `name`'s input function, but refused by its receive function (`NAMEDATALEN`).
const NAME_BYTES_MAX: usize = 63;

/// The scalar as a value of the type that the statement takes.
pub(super) fn encode_scalar(scalar: &Scalar, into: &TypeShape) -> Result<Encoded, EncodeError> {
    let base = into.base();
    match scalar {
        Scalar::Null => Ok(Encoded::Null),
        Scalar::Text(text) => encode_text(check::check_text(text)?, base),
        Scalar::Other(raw) => match raw.format {
            Format::Text => encode_text(check::raw_text(raw)?, base),
            Format::Binary if takes_bytes_of(into, raw.type_oid) => Ok(Encoded::Binary(raw.data.clone())),
            Format::Binary => Err(mismatch(into, scalar_name(scalar))),
        },
        _ => {
            let bytes = match base {
                TypeShape::Simple(type_oid) | TypeShape::Other(type_oid) => encode_typed(scalar, *type_oid)?,
                _ => None,
            };
            bytes.map(Encoded::Binary).ok_or_else(|| mismatch(into, scalar_name(scalar)))
        }
    }
}

/// The type that a scalar has by nature: 0 where the statement decides.
pub(super) fn natural_type(scalar: &Scalar) -> Oid {
    match scalar {
        Scalar::Null | Scalar::Text(_) => 0,
        Scalar::Boolean(_) => oid::BOOL,
        Scalar::Int2(_) => oid::INT2,
        Scalar::Int4(_) => oid::INT4,
        Scalar::Int8(_) => oid::INT8,
        Scalar::Float4(_) => oid::FLOAT4,
        Scalar::Float8(_) => oid::FLOAT8,
        Scalar::Numeric(_) => oid::NUMERIC,
        Scalar::Bytea(_) => oid::BYTEA,
        Scalar::Date(_) => oid::DATE,
        Scalar::Time(_) => oid::TIME,
        Scalar::Timetz(_) => oid::TIMETZ,
        Scalar::Timestamp(_) => oid::TIMESTAMP,
        Scalar::Timestamptz(_) => oid::TIMESTAMPTZ,
        Scalar::Interval(_) => oid::INTERVAL,
        Scalar::Uuid(_) => oid::UUID,
        Scalar::Json(_) => oid::JSON,
        Scalar::Jsonb(_) => oid::JSONB,
        Scalar::Other(Raw { type_oid, .. }) => *type_oid,
    }
}

pub(super) fn mismatch(into: &TypeShape, got: String) -> EncodeError {
    EncodeError::Mismatch { expected: oid::describe(into.base().oid()), got }
}

/// What a message calls a scalar.
fn scalar_name(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Null => "NULL".to_owned(),
        Scalar::Boolean(_) => "boolean".to_owned(),
        Scalar::Text(_) => "text".to_owned(),
        Scalar::Other(Raw { type_oid: 0, .. }) => "a raw value".to_owned(),
        Scalar::Other(raw) => format!("a raw value of {}", oid::describe(raw.type_oid)),
        typed => oid::describe(natural_type(typed)),
    }
}

/// Whether raw bytes of a type can stand where `into` is needed: the same type, or a domain over it.
fn takes_bytes_of(into: &TypeShape, type_oid: Oid) -> bool {
    if type_oid == 0 || into.oid() == type_oid {
        return true;
    }
    match into {
        TypeShape::Domain { base, .. } => takes_bytes_of(base, type_oid),
        _ => false,
    }
}

/// Text becomes what the type's input function makes of it. Where the binary form is that text, it goes as it is;
/// elsewhere the server has to read it.
fn encode_text(text: &str, base: &TypeShape) -> Result<Encoded, EncodeError> {
    let is_binary_form = match base {
        TypeShape::Enum(_) | TypeShape::TextLike(_) => true,
        TypeShape::Simple(type_oid) | TypeShape::Other(type_oid) => match *type_oid {
            oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::UNKNOWN | oid::JSON => true,
            oid::NAME => text.len() <= NAME_BYTES_MAX,
            // From bytes, XML is read in the encoding that it declares; from text, in the client's.
            oid::XML => !text.contains("<?xml"),
            oid::CHAR => match text.as_bytes() {
                [] => return Ok(Encoded::Binary(vec![0])),
                [byte] => byte.is_ascii(),
                _ => false,
            },
            oid::JSONB => return Ok(Encoded::Binary(jsonb(text))),
            _ => false,
        },
        _ => false,
    };
    Ok(if is_binary_form { Encoded::Binary(text.as_bytes().to_vec()) } else { Encoded::Text(text.to_owned()) })
}

/// The bytes of a typed scalar as a built-in type, or none where it cannot become one.
fn encode_typed(scalar: &Scalar, into: Oid) -> Result<Option<Vec<u8>>, EncodeError> {
    let bytes = match (scalar, into) {
        (Scalar::Boolean(value), oid::BOOL) => vec![u8::from(*value)],
        (Scalar::Int2(value), _) => return encode_integer(i64::from(*value), into),
        (Scalar::Int4(value), _) => return encode_integer(i64::from(*value), into),
        (Scalar::Int8(value), _) => return encode_integer(*value, into),
        (Scalar::Float4(value), oid::FLOAT4) => value.to_be_bytes().to_vec(),
        (Scalar::Float4(value), oid::FLOAT8) => f64::from(*value).to_be_bytes().to_vec(),
        (Scalar::Float8(value), oid::FLOAT4) => narrow_float(*value)?.to_be_bytes().to_vec(),
        (Scalar::Float8(value), oid::FLOAT8) => value.to_be_bytes().to_vec(),
        (Scalar::Numeric(text), oid::NUMERIC) => numeric::encode(text)?,
        (Scalar::Bytea(bytes), oid::BYTEA) => bytes.clone(),
        (Scalar::Date(days), oid::DATE) => {
            calendar::check_date(*days)?;
            days.to_be_bytes().to_vec()
        }
        (Scalar::Time(micros), oid::TIME) => {
            calendar::check_time(*micros)?;
            micros.to_be_bytes().to_vec()
        }
        (Scalar::Timetz(time), oid::TIMETZ) => {
            calendar::check_time(time.micros)?;
            calendar::check_offset(time.offset_secs)?;
            let mut bytes = time.micros.to_be_bytes().to_vec();
            // The wire counts seconds west of Greenwich, the contract east.
            bytes.extend((-time.offset_secs).to_be_bytes());
            bytes
        }
        (Scalar::Timestamp(micros), oid::TIMESTAMP) | (Scalar::Timestamptz(micros), oid::TIMESTAMPTZ) => {
            calendar::check_timestamp(*micros)?;
            micros.to_be_bytes().to_vec()
        }
        (Scalar::Interval(interval), oid::INTERVAL) => {
            let mut bytes = interval.micros.to_be_bytes().to_vec();
            bytes.extend(interval.days.to_be_bytes());
            bytes.extend(interval.months.to_be_bytes());
            bytes
        }
        (Scalar::Uuid(uuid), oid::UUID) => {
            let mut bytes = uuid.hi.to_be_bytes().to_vec();
            bytes.extend(uuid.lo.to_be_bytes());
            bytes
        }
        (Scalar::Json(text) | Scalar::Jsonb(text), oid::JSON) => check::check_text(text)?.as_bytes().to_vec(),
        (Scalar::Json(text) | Scalar::Jsonb(text), oid::JSONB) => jsonb(check::check_text(text)?),
        _ => return Ok(None),
    };
    Ok(Some(bytes))
}

/// An integer as any type of number, or as the number of an object.
#[expect(clippy::cast_precision_loss, reason = "PostgreSQL rounds an integer that becomes a float, too")]
fn encode_integer(value: i64, into: Oid) -> Result<Option<Vec<u8>>, EncodeError> {
    let out_of_range = |_| EncodeError::OutOfRange { type_name: oid::describe(into), value: value.to_string() };
    let bytes = match into {
        oid::INT2 => i16::try_from(value).map_err(out_of_range)?.to_be_bytes().to_vec(),
        oid::INT4 => i32::try_from(value).map_err(out_of_range)?.to_be_bytes().to_vec(),
        oid::INT8 => value.to_be_bytes().to_vec(),
        oid::NUMERIC => numeric::encode(&value.to_string())?,
        oid::FLOAT4 => (value as f32).to_be_bytes().to_vec(),
        oid::FLOAT8 => (value as f64).to_be_bytes().to_vec(),
        _ if oid::is_object_identifier(into) => u32::try_from(value).map_err(out_of_range)?.to_be_bytes().to_vec(),
        _ => return Ok(None),
    };
    Ok(Some(bytes))
}

/// Rounds as PostgreSQL's cast does, which refuses to make infinity or zero of another number.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what the cast is for")]
fn narrow_float(value: f64) -> Result<f32, EncodeError> {
    let narrow = value as f32;
    let overflows = narrow.is_infinite() && value.is_finite();
    let underflows = narrow == 0.0 && value != 0.0;
    if overflows || underflows {
        return Err(EncodeError::OutOfRange { type_name: oid::describe(oid::FLOAT4), value: format!("{value:e}") });
    }
    Ok(narrow)
}

fn jsonb(text: &str) -> Vec<u8> {
    let mut bytes = vec![JSONB_VERSION];
    bytes.extend(text.as_bytes());
    bytes
}
