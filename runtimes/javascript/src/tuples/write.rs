//! Values of the contract as fields of a column's type. What would lose something is refused.

use super::{Kind, numeric};
use crate::bindings::host::migration::types::{Format, Scalar};
use crate::types::Refused;

/// Appends a field: its length, and its bytes.
pub(crate) fn field(kind: Kind, value: Scalar, out: &mut Vec<u8>) -> Result<(), Refused> {
    if matches!(value, Scalar::Null) {
        out.extend((-1i32).to_be_bytes());
        return Ok(());
    }
    let start = out.len();
    out.extend([0; 4]);
    append(kind, value, out)?;
    let length = i32::try_from(out.len() - start - 4).map_err(|_| "it is too large for a field".to_owned())?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn append(kind: Kind, value: Scalar, out: &mut Vec<u8>) -> Result<(), Refused> {
    match (kind, value) {
        (Kind::Bool, Scalar::Boolean(value)) => out.push(u8::from(value)),
        (Kind::Bytea, Scalar::Bytea(bytes)) => out.extend(bytes),
        (Kind::Int2, value) => out.extend(narrow::<i16>(&value, "smallint")?.to_be_bytes()),
        (Kind::Int4, value) => out.extend(narrow::<i32>(&value, "integer")?.to_be_bytes()),
        (Kind::Int8, value) => out.extend(narrow::<i64>(&value, "bigint")?.to_be_bytes()),
        (Kind::Float4, value) => {
            let number = float(&value, "real")?;
            let rounded = number as f32;
            if rounded.is_infinite() && number.is_finite() {
                return Err(format!("{number} does not fit into a real"));
            }
            out.extend(rounded.to_be_bytes());
        }
        (Kind::Float8, value) => out.extend(float(&value, "double precision")?.to_be_bytes()),
        (Kind::Numeric, Scalar::Numeric(text)) => numeric::append(&text, out)?,
        (Kind::Numeric, Scalar::Int4(number)) => numeric::append(&number.to_string(), out)?,
        (Kind::Numeric, Scalar::Int8(number)) => numeric::append(&number.to_string(), out)?,
        (Kind::Numeric, Scalar::Float8(number)) => numeric::append(&number_text(number), out)?,
        (Kind::Text, Scalar::Text(text)) if text.contains('\0') => {
            return Err("a text has a zero character, which PostgreSQL cannot store".to_owned());
        }
        (Kind::Text, Scalar::Text(text)) => out.extend(text.into_bytes()),
        (Kind::Json, Scalar::Json(text) | Scalar::Jsonb(text) | Scalar::Text(text)) => out.extend(text.into_bytes()),
        (Kind::Jsonb, Scalar::Json(text) | Scalar::Jsonb(text) | Scalar::Text(text)) => {
            out.push(1);
            out.extend(text.into_bytes());
        }
        (Kind::Date, Scalar::Date(days)) => out.extend(days.to_be_bytes()),
        (Kind::Time, Scalar::Time(micros)) => out.extend(micros.to_be_bytes()),
        (Kind::TimeTz, Scalar::Timetz(time)) => {
            out.extend(time.micros.to_be_bytes());
            // The server counts seconds west of Greenwich.
            out.extend(time.offset_secs.saturating_neg().to_be_bytes());
        }
        (Kind::Timestamp, Scalar::Timestamp(micros)) | (Kind::Timestamptz, Scalar::Timestamptz(micros)) => {
            out.extend(micros.to_be_bytes());
        }
        (Kind::Interval, Scalar::Interval(interval)) => {
            out.extend(interval.micros.to_be_bytes());
            out.extend(interval.days.to_be_bytes());
            out.extend(interval.months.to_be_bytes());
        }
        (Kind::Uuid, Scalar::Uuid(uuid)) => {
            out.extend(uuid.hi.to_be_bytes());
            out.extend(uuid.lo.to_be_bytes());
        }
        (Kind::Uuid, Scalar::Text(text)) => {
            out.extend(uuid_bytes(&text).ok_or_else(|| format!("'{text}' is no uuid"))?)
        }
        (Kind::Other(_), Scalar::Other(raw)) if raw.format == Format::Binary => out.extend(raw.data),
        (Kind::Other(_), _) => {
            return Err("this type has no form here but that of a Raw that was read; write a column of another type, and let SQL \
                        convert it"
                .to_owned());
        }
        (kind, value) => return Err(format!("{} is no {}", described(&value), name(kind))),
    }
    Ok(())
}

fn narrow<T: TryFrom<i64>>(value: &Scalar, name: &str) -> Result<T, Refused> {
    let number = match value {
        Scalar::Int4(number) => i64::from(*number),
        Scalar::Int8(number) => *number,
        Scalar::Float8(number) => return Err(format!("{} is no {name}", number_text(*number))),
        other => return Err(format!("{} is no {name}", described(other))),
    };
    T::try_from(number).map_err(|_| format!("{number} does not fit into {name}"))
}

fn float(value: &Scalar, name: &str) -> Result<f64, Refused> {
    match value {
        Scalar::Float8(number) => Ok(*number),
        Scalar::Int4(number) => Ok((*number).into()),
        // Whole numbers beyond 2^53 that are no exact floats only come from a bigint.
        Scalar::Int8(number) if (*number as f64) as i64 == *number && *number != i64::MAX => Ok(*number as f64),
        Scalar::Int8(number) => Err(format!("{number} cannot be written exactly as {name}")),
        other => Err(format!("{} is no {name}", described(other))),
    }
}

/// As PostgreSQL's numeric reads it.
fn number_text(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".to_owned(),
        number if number.is_infinite() => if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        number => format!("{number}"),
    }
}

/// 32 hexadecimal digits, with hyphens after groups of four of them, and braces around them, as PostgreSQL reads them.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let inner = text.strip_prefix('{').map_or(Some(text), |rest| rest.strip_suffix('}'))?;
    let mut bytes = [0; 16];
    let mut count = 0;
    for (place, character) in inner.char_indices() {
        if character == '-' && count % 4 == 0 && count > 0 && count < 32 && !inner[..place].ends_with('-') {
            continue;
        }
        let digit = character.to_digit(16)?;
        *bytes.get_mut(count / 2)? |= (digit as u8) << if count % 2 == 0 { 4 } else { 0 };
        count += 1;
    }
    (count == 32).then_some(bytes)
}

fn described(value: &Scalar) -> &'static str {
    match value {
        Scalar::Null => "null",
        Scalar::Boolean(_) => "a boolean",
        Scalar::Int2(_) | Scalar::Int4(_) | Scalar::Float4(_) | Scalar::Float8(_) => "a number",
        Scalar::Int8(_) => "a bigint",
        Scalar::Numeric(_) => "a Numeric",
        Scalar::Text(_) => "a string",
        Scalar::Bytea(_) => "a Uint8Array",
        Scalar::Date(_) => "a PgDate",
        Scalar::Time(_) => "a Time",
        Scalar::Timetz(_) => "a TimeTz",
        Scalar::Timestamp(_) => "a Timestamp",
        Scalar::Timestamptz(_) => "a Timestamptz",
        Scalar::Interval(_) => "an Interval",
        Scalar::Uuid(_) => "a uuid",
        Scalar::Json(_) | Scalar::Jsonb(_) => "JSON",
        Scalar::Other(_) => "a Raw",
    }
}

/// The type, and what stands for it in JavaScript.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "boolean",
        Kind::Bytea => "bytea: make a Uint8Array",
        Kind::Int2 => "smallint",
        Kind::Int4 => "integer",
        Kind::Int8 => "bigint",
        Kind::Text => "text: make a string",
        Kind::Json => "json: make one by json(value)",
        Kind::Jsonb => "jsonb: make one by jsonb(value)",
        Kind::Float4 => "real",
        Kind::Float8 => "double precision",
        Kind::Date => "date: make a PgDate",
        Kind::Time => "time: make a Time",
        Kind::TimeTz => "timetz: make a TimeTz",
        Kind::Timestamp => "timestamp: make a Timestamp",
        Kind::Timestamptz => "timestamptz: make a Timestamptz or a Date",
        Kind::Interval => "interval: make an Interval",
        Kind::Numeric => "numeric: make a Numeric",
        Kind::Uuid => "uuid: make a string",
        Kind::Other(_) => "value of that type",
    }
}

#[cfg(test)]
mod tests {
    use super::super::scalar;
    use super::*;
    use crate::bindings::host::migration::types::{Interval, Raw, TimeTz, Uuid};

    fn written(kind: Kind, value: Scalar) -> Result<Vec<u8>, Refused> {
        let mut out = Vec::new();
        field(kind, value, &mut out).map(|()| out)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let raw = Raw { type_oid: 869, format: Format::Binary, data: vec![1, 2] };
        for (kind, value) in [
            (Kind::Bool, Scalar::Boolean(true)),
            (Kind::Bytea, Scalar::Bytea(vec![0, 255])),
            (Kind::Int4, Scalar::Int4(-7)),
            (Kind::Int8, Scalar::Int8(1 << 60)),
            (Kind::Float8, Scalar::Float8(0.1)),
            (Kind::Text, Scalar::Text("Grüße".to_owned())),
            (Kind::Json, Scalar::Json("{}".to_owned())),
            (Kind::Jsonb, Scalar::Jsonb("[1]".to_owned())),
            (Kind::Date, Scalar::Date(i32::MIN)),
            (Kind::Time, Scalar::Time(86_400_000_000)),
            (Kind::TimeTz, Scalar::Timetz(TimeTz { micros: 5, offset_secs: 7200 })),
            (Kind::Timestamp, Scalar::Timestamp(-1)),
            (Kind::Timestamptz, Scalar::Timestamptz(1)),
            (Kind::Interval, Scalar::Interval(Interval { months: 1, days: -2, micros: 3 })),
            (Kind::Numeric, Scalar::Numeric("-1.50".to_owned())),
            (Kind::Uuid, Scalar::Uuid(Uuid { hi: 1, lo: u64::MAX })),
            (Kind::Other(869), Scalar::Other(raw)),
        ] {
            let bytes = written(kind, value.clone()).expect("written");
            assert_eq!(bytes[..4], u32::try_from(bytes.len() - 4).expect("short").to_be_bytes());
            assert_eq!(scalar(kind, &bytes[4..]), Some(value));
        }
        assert_eq!(written(Kind::Int8, Scalar::Null), Ok(vec![0xff; 4]));
    }

    #[test]
    fn numbers_become_those_of_the_column_or_are_refused() {
        assert_eq!(written(Kind::Int8, Scalar::Int4(1)), Ok(vec![0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]));
        assert_eq!(written(Kind::Int2, Scalar::Int4(40_000)), Err("40000 does not fit into smallint".to_owned()));
        assert_eq!(written(Kind::Int4, Scalar::Float8(0.5)), Err("0.5 is no integer".to_owned()));
        assert_eq!(written(Kind::Text, Scalar::Int4(1)), Err("a number is no text: make a string".to_owned()));
        assert!(written(Kind::Float8, Scalar::Int8((1 << 53) + 1)).is_err());
        assert!(written(Kind::Float4, Scalar::Float8(1e300)).is_err());
        assert!(written(Kind::Text, Scalar::Text("a\0".to_owned())).is_err());
        assert!(written(Kind::Other(869), Scalar::Text("192.0.2.7".to_owned())).is_err());
    }

    #[test]
    fn a_uuid_is_read_as_the_server_does() {
        let bytes = uuid_bytes("0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11");
        assert_eq!(bytes.map(|bytes| (bytes[0], bytes[15])), Some((0x0c, 0x11)));
        assert_eq!(uuid_bytes("{0C2F9E0E3F0C4F2E8A540D4A1A3F9B11}"), bytes);
        assert_eq!(uuid_bytes("0c2f-9e0e-3f0c-4f2e-8a54-0d4a-1a3f-9b11"), bytes);
        for wrong in [
            "",
            "0c2f9e0e",
            "0c2f9e0e--3f0c-4f2e-8a54-0d4a1a3f9b11",
            "0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b1é",
            "{0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11",
        ] {
            assert_eq!(uuid_bytes(wrong), None, "{wrong}");
        }
    }
}
