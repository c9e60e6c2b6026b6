//! Rows column by column: from tuples, and back.

use super::oid;
use super::shape::TypeShape;
use super::tuples::Fields;
use super::tuples::TupleError;
use super::tuples::push_field;
use super::tuples::push_row;
use crate::bindings::bulk::Col;
use crate::bindings::bulk::ColData;
use crate::bindings::bulk::Columns;
use crate::bindings::bulk::VarCol;

/// Turns checked tuples into columns. A type without numbers of its own comes as its bytes.
///
/// # Errors
/// The number of a column, from 1, of which a field has not the length of its type.
pub fn columns_of_tuples(data: &[u8], rows: usize, shapes: &[TypeShape]) -> Result<Columns, usize> {
    let mut columns: Vec<Column> = shapes.iter().map(|shape| Column::new(shape, rows)).collect();
    let mut fields = Fields::of(data);
    for row in 0..rows {
        let _ = fields.next_row();
        for (index, column) in columns.iter_mut().enumerate() {
            column.push(row, fields.next_field().unwrap_or_default()).ok_or(index + 1)?;
        }
    }
    let cols = columns.into_iter().map(Column::finished).collect();
    Ok(Columns { rows: u32::try_from(rows).unwrap_or(u32::MAX), cols })
}

/// Turns columns into tuples.
///
/// # Errors
/// [`TupleError`] when a column has not as many values as there are rows.
pub fn tuples_of_columns(columns: &Columns) -> Result<Vec<u8>, TupleError> {
    let rows = usize::try_from(columns.rows).unwrap_or(usize::MAX);
    for (index, col) in columns.cols.iter().enumerate() {
        check(col, index + 1, rows)?;
    }
    let mut data = Vec::new();
    for row in 0..rows {
        push_row(&mut data, columns.cols.len());
        for col in &columns.cols {
            if is_valid(&col.validity, row) {
                push_value(&mut data, &col.data, row);
            } else {
                push_field(&mut data, None);
            }
        }
    }
    Ok(data)
}

fn check(col: &Col, column: usize, rows: usize) -> Result<(), TupleError> {
    let bits = col.validity.len();
    if bits != 0 && bits != rows.div_ceil(8) {
        return Err(TupleError::Validity { column, got: bits, rows });
    }
    let got = match &col.data {
        ColData::I16s(values) => values.len(),
        ColData::I32s(values) => values.len(),
        ColData::I64s(values) => values.len(),
        ColData::F32s(values) => values.len(),
        ColData::F64s(values) => values.len(),
        ColData::Bytes(VarCol { offsets, data }) => {
            let ends = offsets.last().map_or(0, |last| usize::try_from(*last).unwrap_or(usize::MAX));
            let begins = offsets.first().copied().unwrap_or(0);
            if begins != 0 || ends != data.len() || !offsets.is_sorted() {
                return Err(TupleError::Offsets { column });
            }
            // An empty column may leave out its one offset.
            offsets.len().saturating_sub(1)
        }
    };
    if got == rows { Ok(()) } else { Err(TupleError::Values { column, got, rows }) }
}

fn is_valid(validity: &[u8], row: usize) -> bool {
    validity.is_empty() || validity.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

fn push_value(data: &mut Vec<u8>, values: &ColData, row: usize) {
    match values {
        ColData::I16s(values) => {
            push_field(data, values.get(row).map(|value| value.to_be_bytes()).as_ref().map(<[u8; 2]>::as_slice))
        }
        ColData::I32s(values) => {
            push_field(data, values.get(row).map(|value| value.to_be_bytes()).as_ref().map(<[u8; 4]>::as_slice))
        }
        ColData::I64s(values) => {
            push_field(data, values.get(row).map(|value| value.to_be_bytes()).as_ref().map(<[u8; 8]>::as_slice))
        }
        ColData::F32s(values) => {
            push_field(data, values.get(row).map(|value| value.to_be_bytes()).as_ref().map(<[u8; 4]>::as_slice))
        }
        ColData::F64s(values) => {
            push_field(data, values.get(row).map(|value| value.to_be_bytes()).as_ref().map(<[u8; 8]>::as_slice))
        }
        ColData::Bytes(VarCol { offsets, data: bytes }) => {
            let at = |index: usize| offsets.get(index).and_then(|offset| usize::try_from(*offset).ok());
            let range = at(row).zip(at(row + 1)).map(|(start, end)| start..end);
            push_field(data, range.and_then(|range| bytes.get(range)));
        }
    }
}

/// A column that is being put together.
struct Column {
    validity: Vec<u8>,
    has_nulls: bool,
    data: ColData,
}

impl Column {
    fn new(shape: &TypeShape, rows: usize) -> Self {
        let data = match shape.base() {
            TypeShape::Simple(oid::INT2) => ColData::I16s(Vec::with_capacity(rows)),
            TypeShape::Simple(oid::INT4 | oid::DATE) => ColData::I32s(Vec::with_capacity(rows)),
            TypeShape::Simple(oid::INT8 | oid::TIME | oid::TIMESTAMP | oid::TIMESTAMPTZ) => {
                ColData::I64s(Vec::with_capacity(rows))
            }
            TypeShape::Simple(oid::FLOAT4) => ColData::F32s(Vec::with_capacity(rows)),
            TypeShape::Simple(oid::FLOAT8) => ColData::F64s(Vec::with_capacity(rows)),
            _ => ColData::Bytes(VarCol { offsets: vec![0], data: Vec::new() }),
        };
        Self { validity: vec![0; rows.div_ceil(8)], has_nulls: false, data }
    }

    fn push(&mut self, row: usize, field: Option<&[u8]>) -> Option<()> {
        match field {
            Some(_) => self.validity[row / 8] |= 1 << (row % 8),
            None => self.has_nulls = true,
        }
        match &mut self.data {
            ColData::I16s(values) => {
                values.push(field.map_or(Some(0), |field| field.try_into().ok().map(i16::from_be_bytes))?)
            }
            ColData::I32s(values) => {
                values.push(field.map_or(Some(0), |field| field.try_into().ok().map(i32::from_be_bytes))?)
            }
            ColData::I64s(values) => {
                values.push(field.map_or(Some(0), |field| field.try_into().ok().map(i64::from_be_bytes))?)
            }
            ColData::F32s(values) => {
                values.push(field.map_or(Some(0.0), |field| field.try_into().ok().map(f32::from_be_bytes))?)
            }
            ColData::F64s(values) => {
                values.push(field.map_or(Some(0.0), |field| field.try_into().ok().map(f64::from_be_bytes))?)
            }
            ColData::Bytes(VarCol { offsets, data }) => {
                data.extend_from_slice(field.unwrap_or_default());
                offsets.push(u32::try_from(data.len()).ok()?);
            }
        }
        Some(())
    }

    fn finished(self) -> Col {
        Col { validity: if self.has_nulls { self.validity } else { Vec::new() }, data: self.data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> Vec<TypeShape> {
        let types = [oid::INT2, oid::DATE, oid::TIMESTAMPTZ, oid::FLOAT4, oid::FLOAT8, oid::TEXT];
        types.map(TypeShape::Simple).to_vec()
    }

    fn row(data: &mut Vec<u8>, number: u8, null: bool) {
        push_row(data, 6);
        let number_of = i16::from(number);
        push_field(data, (!null).then_some(number_of.to_be_bytes().as_slice()));
        push_field(data, Some(&i32::from(number).to_be_bytes()));
        push_field(data, Some(&i64::from(number).to_be_bytes()));
        push_field(data, Some(&f32::from(number).to_be_bytes()));
        push_field(data, Some(&f64::from(number).to_be_bytes()));
        push_field(data, (!null).then_some(vec![b'x'; usize::from(number)].as_slice()));
    }

    #[test]
    fn there_and_back_nothing_changes() {
        for nulls in [false, true] {
            let mut data = Vec::new();
            (0..20).for_each(|number| row(&mut data, number, nulls && number % 3 == 1));
            let columns = columns_of_tuples(&data, 20, &shapes()).expect("columns");
            assert_eq!(columns.cols[0].validity.is_empty(), !nulls);
            assert_eq!(tuples_of_columns(&columns), Ok(data));
        }
        let empty = columns_of_tuples(&[], 0, &shapes()).expect("columns");
        assert_eq!(tuples_of_columns(&empty), Ok(Vec::new()));
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let columns = |rows, col: Col| Columns { rows, cols: vec![col] };
        let numbers = |validity: Vec<u8>| Col { validity, data: ColData::I32s(vec![1, 2]) };
        assert_eq!(
            tuples_of_columns(&columns(3, numbers(Vec::new()))),
            Err(TupleError::Values { column: 1, got: 2, rows: 3 })
        );
        assert_eq!(
            tuples_of_columns(&columns(2, numbers(vec![3, 0]))),
            Err(TupleError::Validity { column: 1, got: 2, rows: 2 })
        );
        for offsets in [vec![0, 2, 1], vec![1, 2, 2], vec![0, 1, 3], vec![0, 5, 2]] {
            let text = Col { validity: Vec::new(), data: ColData::Bytes(VarCol { offsets, data: b"ab".to_vec() }) };
            assert_eq!(tuples_of_columns(&columns(2, text)), Err(TupleError::Offsets { column: 1 }));
        }
    }

    #[test]
    fn a_field_of_another_length_names_its_column() {
        let mut data = Vec::new();
        push_row(&mut data, 1);
        push_field(&mut data, Some(b"abc"));
        assert_eq!(columns_of_tuples(&data, 1, &[TypeShape::Simple(oid::INT4)]), Err(1));
    }
}
