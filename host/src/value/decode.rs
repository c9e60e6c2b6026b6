//! From the wire into the contract: the binary format of PostgreSQL's send functions.

use super::error::ConversionError;
use super::numeric;
use super::numeric::NUMERIC_TEXT_BYTES_MAX;
use super::oid;
use super::shape::TypeShape;
use crate::bindings::types::Array;
use crate::bindings::types::ArrayDim;
use crate::bindings::types::Bound;
use crate::bindings::types::Format;
use crate::bindings::types::Interval;
use crate::bindings::types::Oid;
use crate::bindings::types::Range;
use crate::bindings::types::Raw;
use crate::bindings::types::Scalar;
use crate::bindings::types::TimeTz;
use crate::bindings::types::Uuid;
use crate::bindings::types::Value;

/// The most dimensions of an array (`MAXDIM`).
pub(super) const ARRAY_DIMENSIONS_MAX: usize = 6;
/// The bits of a range's first byte (`rangetypes.h`).
pub(super) const RANGE_EMPTY: u8 = 0x01;
pub(super) const RANGE_LOWER_INCLUSIVE: u8 = 0x02;
pub(super) const RANGE_UPPER_INCLUSIVE: u8 = 0x04;
pub(super) const RANGE_LOWER_INFINITE: u8 = 0x08;
pub(super) const RANGE_UPPER_INFINITE: u8 = 0x10;
/// What the binary form of jsonb begins with.
pub(super) const JSONB_VERSION: u8 = 1;
/// How many bytes of decimal text one byte from the server may become, on average over a value. Ten bytes can hold
/// `1e131071`, so an array of such numbers would otherwise grow ten thousand times.
const NUMERIC_GROWTH_MAX: usize = 64;

/// Turns a value that the server sent in binary format into a value of the contract. `None` is NULL.
///
/// Types without a case of their own become `other`, raw. Memory is bounded by the number of bytes (a numeric may become
/// 64 times as long, and two of the longest are always allowed).
///
/// # Errors
/// [`ConversionError`] when the bytes are not a value of the type.
pub fn decode(shape: &TypeShape, bytes: Option<&[u8]>) -> Result<Value, ConversionError> {
    let Some(bytes) = bytes else {
        return Ok(Value::Scalar(Scalar::Null));
    };
    let mut decoder =
        Decoder { numeric_text_left: 2 * NUMERIC_TEXT_BYTES_MAX + bytes.len().saturating_mul(NUMERIC_GROWTH_MAX) };
    Ok(match shape.base() {
        TypeShape::Array { oid, element } => Value::Array(decoder.array(Reader::new(*oid, bytes), element)?),
        TypeShape::Range { oid, element } => Value::Range(decoder.range(Reader::new(*oid, bytes), element)?),
        base => Value::Scalar(decoder.scalar(base, bytes)?),
    })
}

struct Decoder {
    /// How many more bytes of decimal text this value may become.
    numeric_text_left: usize,
}

impl Decoder {
    fn scalar(&mut self, shape: &TypeShape, bytes: &[u8]) -> Result<Scalar, ConversionError> {
        match shape.base() {
            TypeShape::Simple(oid::NUMERIC) => {
                let text = numeric::decode(bytes)?;
                self.numeric_text_left = self
                    .numeric_text_left
                    .checked_sub(text.len())
                    .ok_or(ConversionError::TooLarge { type_oid: oid::NUMERIC })?;
                Ok(Scalar::Numeric(text))
            }
            TypeShape::Simple(type_oid) => simple(*type_oid, bytes),
            TypeShape::Enum(type_oid) | TypeShape::TextLike(type_oid) => Ok(Scalar::Text(utf8(*type_oid, bytes)?)),
            other => Ok(raw(other.oid(), bytes)),
        }
    }

    fn array(&mut self, mut reader: Reader<'_>, element: &TypeShape) -> Result<Array, ConversionError> {
        let dimensions = usize::try_from(reader.i32()?)
            .ok()
            .filter(|count| *count <= ARRAY_DIMENSIONS_MAX)
            .ok_or_else(|| reader.malformed("an impossible number of dimensions"))?;
        let _has_nulls = reader.i32()?;
        if reader.u32()? != element.oid() {
            return Err(reader.malformed("elements of another type"));
        }
        let mut dims = Vec::with_capacity(dimensions);
        let mut count = usize::from(dimensions > 0);
        for _ in 0..dimensions {
            let len = u32::try_from(reader.i32()?).map_err(|_| reader.malformed("a negative number of elements"))?;
            let lower = reader.i32()?;
            count = usize::try_from(len)
                .ok()
                .and_then(|len| count.checked_mul(len))
                .ok_or_else(|| reader.malformed("an impossible number of elements"))?;
            dims.push(ArrayDim { len, lower });
        }
        // Every element has at least four bytes, so this bounds the allocation by what has arrived.
        if count > reader.bytes.len() / 4 {
            return Err(reader.truncated());
        }
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(match reader.length()? {
                Some(length) => self.scalar(element, reader.take(length)?)?,
                None => Scalar::Null,
            });
        }
        reader.finish()?;
        if items.is_empty() {
            dims.clear();
        }
        Ok(Array { element: element.oid(), dims, items })
    }

    fn range(&mut self, mut reader: Reader<'_>, element: &TypeShape) -> Result<Range, ConversionError> {
        let flags = reader.u8()?;
        let has = |bit: u8| flags & bit != 0;
        let empty = has(RANGE_EMPTY);
        let mut bound = |infinite: u8, inclusive: u8| {
            if empty || has(infinite) {
                return Ok(None);
            }
            let length = reader.length()?.ok_or_else(|| reader.malformed("a bound that is NULL"))?;
            Ok(Some(Bound { value: self.scalar(element, reader.take(length)?)?, inclusive: has(inclusive) }))
        };
        let lower = bound(RANGE_LOWER_INFINITE, RANGE_LOWER_INCLUSIVE)?;
        let upper = bound(RANGE_UPPER_INFINITE, RANGE_UPPER_INCLUSIVE)?;
        reader.finish()?;
        Ok(Range { element: element.oid(), empty, lower, upper })
    }
}

/// A value of a built-in type, numeric excepted.
fn simple(type_oid: Oid, bytes: &[u8]) -> Result<Scalar, ConversionError> {
    let mut reader = Reader::new(type_oid, bytes);
    let scalar = match type_oid {
        oid::BOOL => Scalar::Boolean(reader.exact::<1>()? != [0]),
        oid::INT2 => Scalar::Int2(i16::from_be_bytes(reader.exact()?)),
        oid::INT4 => Scalar::Int4(i32::from_be_bytes(reader.exact()?)),
        oid::INT8 => Scalar::Int8(i64::from_be_bytes(reader.exact()?)),
        oid::FLOAT4 => Scalar::Float4(f32::from_be_bytes(reader.exact()?)),
        oid::FLOAT8 => Scalar::Float8(f64::from_be_bytes(reader.exact()?)),
        oid::DATE => Scalar::Date(i32::from_be_bytes(reader.exact()?)),
        oid::TIME => Scalar::Time(i64::from_be_bytes(reader.exact()?)),
        oid::TIMESTAMP => Scalar::Timestamp(i64::from_be_bytes(reader.exact()?)),
        oid::TIMESTAMPTZ => Scalar::Timestamptz(i64::from_be_bytes(reader.exact()?)),
        oid::TIMETZ => {
            reader.expect_length(12)?;
            let micros = reader.i64()?;
            // The wire counts seconds west of Greenwich, the contract east.
            let offset_secs = reader.i32()?.checked_neg().ok_or_else(|| reader.malformed("an impossible offset"))?;
            Scalar::Timetz(TimeTz { micros, offset_secs })
        }
        oid::INTERVAL => {
            reader.expect_length(16)?;
            let micros = reader.i64()?;
            let days = reader.i32()?;
            let months = reader.i32()?;
            Scalar::Interval(Interval { months, days, micros })
        }
        oid::UUID => {
            reader.expect_length(16)?;
            Scalar::Uuid(Uuid { hi: reader.i64()?.cast_unsigned(), lo: reader.i64()?.cast_unsigned() })
        }
        oid::BYTEA => Scalar::Bytea(bytes.to_vec()),
        oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::UNKNOWN => Scalar::Text(utf8(type_oid, bytes)?),
        oid::CHAR => Scalar::Text(internal_char(reader.exact()?)),
        oid::JSON => Scalar::Json(utf8(type_oid, bytes)?),
        oid::JSONB => {
            if reader.u8()? != JSONB_VERSION {
                return Err(reader.malformed("an unknown version"));
            }
            Scalar::Jsonb(utf8(type_oid, reader.bytes)?)
        }
        _ => raw(type_oid, bytes),
    };
    Ok(scalar)
}

/// The text of a `"char"` as PostgreSQL prints it since version 16: nothing for zero, `\ooo` for what is not ASCII.
fn internal_char([byte]: [u8; 1]) -> String {
    match byte {
        0 => String::new(),
        1..=0x7F => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    }
}

fn utf8(type_oid: Oid, bytes: &[u8]) -> Result<String, ConversionError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|source| ConversionError::NotUtf8 { type_oid, source })
}

fn raw(type_oid: Oid, bytes: &[u8]) -> Scalar {
    Scalar::Other(Raw { type_oid, format: Format::Binary, data: bytes.to_vec() })
}

/// The bytes of one value that have not been read yet.
struct Reader<'a> {
    type_oid: Oid,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(type_oid: Oid, bytes: &'a [u8]) -> Self {
        Self { type_oid, bytes }
    }

    /// All bytes, of which there must be `N`.
    fn exact<const N: usize>(&self) -> Result<[u8; N], ConversionError> {
        self.bytes.try_into().map_err(|_| self.length_error(N))
    }

    fn expect_length(&self, expected: usize) -> Result<(), ConversionError> {
        if self.bytes.len() == expected { Ok(()) } else { Err(self.length_error(expected)) }
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], ConversionError> {
        let (chunk, rest) = self.bytes.split_first_chunk::<N>().ok_or_else(|| self.truncated())?;
        self.bytes = rest;
        Ok(*chunk)
    }

    fn u8(&mut self) -> Result<u8, ConversionError> {
        self.chunk().map(u8::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, ConversionError> {
        self.chunk().map(u32::from_be_bytes)
    }

    fn i32(&mut self) -> Result<i32, ConversionError> {
        self.chunk().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64, ConversionError> {
        self.chunk().map(i64::from_be_bytes)
    }

    /// The length before a value inside another; -1 is NULL.
    fn length(&mut self) -> Result<Option<usize>, ConversionError> {
        match self.i32()? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| self.malformed("a negative length")),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ConversionError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or_else(|| self.truncated())?;
        self.bytes = rest;
        Ok(taken)
    }

    fn finish(&self) -> Result<(), ConversionError> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        Err(ConversionError::Trailing { type_oid: self.type_oid, bytes: self.bytes.len() })
    }

    fn length_error(&self, expected: usize) -> ConversionError {
        ConversionError::Length { type_oid: self.type_oid, expected, got: self.bytes.len() }
    }

    fn truncated(&self) -> ConversionError {
        ConversionError::Truncated { type_oid: self.type_oid }
    }

    fn malformed(&self, what: &'static str) -> ConversionError {
        ConversionError::Malformed { type_oid: self.type_oid, what }
    }
}
