//! Fields as values of the contract.

use super::{Kind, numeric};
use crate::bindings::host::migration::types::{Format, Interval, Raw, Scalar, TimeTz, Uuid};

/// The fields of rows, one after the other.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    /// Begins a row, and gives the number of its fields; nothing where the bytes end.
    pub(crate) fn row(&mut self) -> Option<usize> {
        self.take().map(|count| usize::from(u16::from_be_bytes(count)))
    }

    /// The next field of the row, nothing inside for NULL; nothing at all where the bytes end.
    pub(crate) fn next(&mut self) -> Option<Option<&'a [u8]>> {
        let length = i32::from_be_bytes(self.take()?);
        let Ok(length) = usize::try_from(length) else { return Some(None) };
        let (field, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Some(field))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }
}

/// A field of a type as a value; nothing where it does not have the form of that type.
pub(crate) fn scalar(kind: Kind, field: &[u8]) -> Option<Scalar> {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    Some(match kind {
        Kind::Bool => Scalar::Boolean(array::<1>(field)?[0] != 0),
        Kind::Bytea => Scalar::Bytea(field.to_vec()),
        Kind::Int2 => Scalar::Int2(i16::from_be_bytes(array(field)?)),
        Kind::Int4 => Scalar::Int4(i32::from_be_bytes(array(field)?)),
        Kind::Int8 => Scalar::Int8(i64::from_be_bytes(array(field)?)),
        Kind::Text => Scalar::Text(text(field)?),
        Kind::Json => Scalar::Json(text(field)?),
        // The first byte is the version of the form, which is 1.
        Kind::Jsonb => Scalar::Jsonb(text(field.strip_prefix(&[1])?)?),
        Kind::Float4 => Scalar::Float4(f32::from_be_bytes(array(field)?)),
        Kind::Float8 => Scalar::Float8(f64::from_be_bytes(array(field)?)),
        Kind::Date => Scalar::Date(i32::from_be_bytes(array(field)?)),
        Kind::Time => Scalar::Time(i64::from_be_bytes(array(field)?)),
        Kind::TimeTz => {
            let (micros, west) = field.split_first_chunk()?;
            // The server counts seconds west of Greenwich.
            let offset_secs = i32::from_be_bytes(array(west)?).checked_neg()?;
            Scalar::Timetz(TimeTz { micros: i64::from_be_bytes(*micros), offset_secs })
        }
        Kind::Timestamp => Scalar::Timestamp(i64::from_be_bytes(array(field)?)),
        Kind::Timestamptz => Scalar::Timestamptz(i64::from_be_bytes(array(field)?)),
        Kind::Interval => {
            let (micros, rest) = field.split_first_chunk()?;
            let (days, months) = rest.split_first_chunk()?;
            Scalar::Interval(Interval {
                months: i32::from_be_bytes(array(months)?),
                days: i32::from_be_bytes(*days),
                micros: i64::from_be_bytes(*micros),
            })
        }
        Kind::Numeric => Scalar::Numeric(numeric::text(field)?),
        Kind::Uuid => {
            let (hi, lo) = field.split_first_chunk()?;
            Scalar::Uuid(Uuid { hi: u64::from_be_bytes(*hi), lo: u64::from_be_bytes(array(lo)?) })
        }
        Kind::Other(type_oid) => Scalar::Other(Raw { type_oid, format: Format::Binary, data: field.to_vec() }),
    })
}

fn array<const N: usize>(field: &[u8]) -> Option<[u8; N]> {
    field.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_where_the_bytes_end() {
        let mut fields = Fields::new(&[0, 2, 0, 0, 0, 1, 7, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, 0, 9, 1]);
        assert_eq!(fields.row(), Some(2));
        assert_eq!(fields.next(), Some(Some(&[7][..])));
        assert_eq!(fields.next(), Some(None));
        assert_eq!(fields.row(), Some(1));
        assert_eq!(fields.next(), None);
    }

    #[test]
    fn a_field_of_another_form_is_none() {
        assert_eq!(scalar(Kind::Int4, &[1, 2, 3]), None);
        assert_eq!(scalar(Kind::Text, &[0xff]), None);
        assert_eq!(scalar(Kind::Jsonb, b"\x02{}"), None);
        assert_eq!(scalar(Kind::Int4, &[0xff; 4]), Some(Scalar::Int4(-1)));
    }
}
