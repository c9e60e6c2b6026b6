//! Rows in the layout of binary COPY, which is that of DataRow messages, too: for each row the number of its fields in two bytes, and
//! before each field its length in four, -1 for NULL; all numbers big-endian (PostgreSQL manual, "COPY", "Binary Format").

use super::decode::decode;
use super::error::ConversionError;
use super::shape::TypeShape;
use crate::bindings::types::Value;

/// What a COPY in binary begins with: its signature, no flags, no extension.
pub const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What it ends with: a row with -1 fields.
pub const COPY_TRAILER: &[u8] = &[0xff, 0xff];

/// The length of a NULL.
const NULL_LENGTH: i32 = -1;

/// Bytes that are not the rows that they are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TupleError {
    /// A row has another number of fields than the target.
    #[error("row {row} has {got} field(s), the target {expected} column(s)")]
    Fields {
        /// The row, from 1.
        row: usize,
        /// Its fields.
        got: i16,
        /// The columns.
        expected: usize,
    },
    /// The bytes end inside of a row.
    #[error("the bytes end inside of row {row}")]
    Truncated {
        /// The row, from 1.
        row: usize,
    },
    /// The length of a field is below -1.
    #[error("field {field} of row {row} has the length {length}")]
    Length {
        /// The field, from 1.
        field: usize,
        /// The row, from 1.
        row: usize,
        /// The length.
        length: i32,
    },
    /// There are more bytes than rows.
    #[error("{bytes} byte(s) are left behind the {rows} row(s)")]
    Trailing {
        /// The bytes.
        bytes: usize,
        /// The rows.
        rows: usize,
    },
    /// A column has another number of values than there are rows.
    #[error("column {column} has {got} value(s) for {rows} row(s)")]
    Values {
        /// The column, from 1.
        column: usize,
        /// Its values.
        got: usize,
        /// The rows.
        rows: usize,
    },
    /// The offsets of a column do not go through its bytes.
    #[error("the offsets of column {column} do not fit its data")]
    Offsets {
        /// The column, from 1.
        column: usize,
    },
    /// A column has a bit for fewer rows than there are.
    #[error("the validity of column {column} has {got} byte(s) for {rows} row(s)")]
    Validity {
        /// The column, from 1.
        column: usize,
        /// Its bytes.
        got: usize,
        /// The rows.
        rows: usize,
    },
}

/// Begins a row of so many fields. PostgreSQL's tables have at most 1,600 columns.
pub fn push_row(data: &mut Vec<u8>, fields: usize) {
    data.extend(i16::try_from(fields).unwrap_or(i16::MAX).to_be_bytes());
}

/// Appends a field to the row that was begun; `None` is NULL.
pub fn push_field(data: &mut Vec<u8>, field: Option<&[u8]>) {
    // The protocol has no longer fields, and the server refuses a length that does not fit.
    let length = |bytes: &[u8]| i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    data.extend(field.map_or(NULL_LENGTH, length).to_be_bytes());
    data.extend_from_slice(field.unwrap_or_default());
}

/// Checks that bytes are so many rows of so many fields, and nothing else.
///
/// # Errors
/// [`TupleError`].
pub fn check_tuples(data: &[u8], rows: usize, fields: usize) -> Result<(), TupleError> {
    let mut reader = Fields { rest: data };
    for row in 1..=rows {
        let truncated = || TupleError::Truncated { row };
        let got = i16::from_be_bytes(reader.take().ok_or_else(truncated)?);
        if usize::try_from(got) != Ok(fields) {
            return Err(TupleError::Fields { row, got, expected: fields });
        }
        for field in 1..=fields {
            let length = i32::from_be_bytes(reader.take().ok_or_else(truncated)?);
            if length < NULL_LENGTH {
                return Err(TupleError::Length { field, row, length });
            }
            reader.skip(usize::try_from(length).unwrap_or(0)).ok_or_else(truncated)?;
        }
    }
    if reader.rest.is_empty() { Ok(()) } else { Err(TupleError::Trailing { bytes: reader.rest.len(), rows }) }
}

/// The fields of the rows of a checked text of bytes, row after row; `None` is NULL.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of these rows.
    pub(super) fn of(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    /// Passes over the number of fields of the next row.
    pub(super) fn next_row(&mut self) -> Option<usize> {
        self.take().and_then(|count| usize::try_from(i16::from_be_bytes(count)).ok())
    }

    /// The next field.
    pub(super) fn next_field(&mut self) -> Option<Option<&'a [u8]>> {
        let length = i32::from_be_bytes(self.take()?);
        match usize::try_from(length) {
            Ok(length) => self.skip(length).map(Some),
            Err(_) => Some(None),
        }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    fn skip(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

/// Where each row of checked bytes ends.
pub fn row_ends(data: &[u8]) -> Vec<usize> {
    let mut fields = Fields::of(data);
    let mut ends = Vec::new();
    while let Some(count) = fields.next_row() {
        if (0..count).any(|_| fields.next_field().is_none()) {
            break;
        }
        ends.push(data.len() - fields.rest.len());
    }
    ends
}

/// Fields of the first row of checked bytes, by their numbers, from 0; none for one that is NULL or not there.
pub fn fields_of_row<'a>(data: &'a [u8], numbers: &[usize]) -> Vec<Option<&'a [u8]>> {
    let mut fields = Fields::of(data);
    let count = fields.next_row().unwrap_or(0);
    let row: Vec<_> = (0..count).map_while(|_| fields.next_field()).collect();
    numbers.iter().map(|number| row.get(*number).copied().flatten()).collect()
}

/// The values of rows.
///
/// # Errors
/// [`ConversionError`] when a field is not a value of its type, with the row and the column, from 1.
pub fn values_of_tuples(data: &[u8], shapes: &[TypeShape]) -> Result<Vec<Vec<Value>>, (usize, usize, ConversionError)> {
    let mut fields = Fields::of(data);
    let mut rows = Vec::new();
    while let Some(count) = fields.next_row() {
        let mut row = Vec::with_capacity(count);
        for (column, shape) in (1..=count).zip(shapes) {
            let field = fields.next_field().unwrap_or_default();
            row.push(decode(shape, field).map_err(|error| (rows.len() + 1, column, error))?);
        }
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::Scalar;

    fn rows(rows: &[&[Option<&[u8]>]]) -> Vec<u8> {
        let mut data = Vec::new();
        for row in rows {
            push_row(&mut data, row.len());
            row.iter().for_each(|field| push_field(&mut data, *field));
        }
        data
    }

    #[test]
    fn rows_are_what_they_are_said_to_be() {
        let data = rows(&[&[Some(b"ab"), None], &[Some(b""), Some(b"c")]]);
        assert_eq!(check_tuples(&data, 2, 2), Ok(()));
        assert_eq!(check_tuples(&[], 0, 2), Ok(()));
        assert_eq!(check_tuples(&data, 2, 3), Err(TupleError::Fields { row: 1, got: 2, expected: 3 }));
        assert_eq!(check_tuples(&data, 1, 2), Err(TupleError::Trailing { bytes: 11, rows: 1 }));
        assert_eq!(check_tuples(&data, 3, 2), Err(TupleError::Truncated { row: 3 }));
        for length in 0..data.len() {
            assert!(check_tuples(&data[..length], 2, 2).is_err(), "{length}");
        }
        let mut trailer = data.clone();
        trailer.extend(COPY_TRAILER);
        assert_eq!(check_tuples(&trailer, 3, 2), Err(TupleError::Fields { row: 3, got: -1, expected: 2 }));
        assert_eq!(
            check_tuples(&[0, 1, 0xff, 0xff, 0xff, 0xfe], 1, 1),
            Err(TupleError::Length { field: 1, row: 1, length: -2 })
        );
        assert_eq!(check_tuples(&[0, 1, 0x7f, 0xff, 0xff, 0xff], 1, 1), Err(TupleError::Truncated { row: 1 }));
    }

    #[test]
    fn rows_are_told_apart() {
        let data = rows(&[&[Some(b"ab"), None], &[Some(b""), Some(b"c")]]);
        assert_eq!(row_ends(&data), [12, 23]);
        assert_eq!(row_ends(&[]), [0_usize; 0]);
        assert_eq!(fields_of_row(&data, &[1, 0, 7]), [None, Some(b"ab".as_slice()), None]);
        assert_eq!(fields_of_row(&data[12..], &[1]), [Some(b"c".as_slice())]);
    }

    #[test]
    fn values_come_out_of_rows() {
        let shapes = [TypeShape::Simple(crate::value::oid::INT4), TypeShape::Simple(crate::value::oid::TEXT)];
        let data = rows(&[&[Some(&7_i32.to_be_bytes()), None], &[None, Some("ü".as_bytes())]]);
        let scalar = |scalar| Value::Scalar(scalar);
        let expected = vec![
            vec![scalar(Scalar::Int4(7)), scalar(Scalar::Null)],
            vec![scalar(Scalar::Null), scalar(Scalar::Text("ü".to_owned()))],
        ];
        assert_eq!(values_of_tuples(&data, &shapes), Ok(expected));
        let broken = rows(&[&[Some(b"abc"), None]]);
        assert!(matches!(values_of_tuples(&broken, &shapes), Err((1, 1, ConversionError::Length { .. }))));
    }
}
