use std::any::type_name;
use std::ops::Deref;
use std::rc::Rc;

use crate::bindings::host::migration::sql::ResultSet;
use crate::types::Scalar;
use crate::{Column, Error, FromValue, Value};

/// All rows of a result, in the server's order. It is a slice of [`Row`] that also knows its columns when it is empty.
///
/// ```no_run
/// # fn main() -> Result<(), host_guest::Error> {
/// let rows = host_guest::query("SELECT * FROM dishes", &[])?;
/// host_guest::info!("{} rows of {} columns", rows.len(), rows.columns().len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    columns: Rc<[Column]>,
    rows: Vec<Row>,
}

/// One row of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Rc<[Column]>,
    values: Vec<Value>,
}

/// What names a column: its name, or its place from 0.
pub trait ColumnIndex {
    /// The place of the column that is meant.
    fn find(&self, columns: &[Column]) -> Option<usize>;

    /// How to call the column in an error.
    fn label(&self) -> String;
}

impl Rows {
    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn one(self) -> Result<Row, Error> {
        let found = self.rows.len();
        self.exactly_one().ok_or_else(|| Error::Conversion(format!("one row was wanted, the statement gave {found}")))
    }

    pub(crate) fn optional(self) -> Result<Option<Row>, Error> {
        match self.rows.len() {
            0 => Ok(None),
            1 => Ok(self.exactly_one()),
            found => Err(Error::Conversion(format!("at most one row was wanted, the statement gave {found}"))),
        }
    }

    fn exactly_one(mut self) -> Option<Row> {
        if self.rows.len() == 1 { self.rows.pop() } else { None }
    }
}

impl Row {
    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The values as the contract has them, one for each column.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The value in a column, by name or by place from 0. `Option` stands for what may be NULL. Numbers may be wider than
    /// the column, never narrower.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_guest::Error> {
    /// let row = host_guest::query_one("SELECT 7 AS seats, NULL::text AS note", &[])?;
    /// let seats = row.get::<i64>("seats")?;
    /// let note: Option<&str> = row.get(1)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conversion`] with the column, what was wanted and what is there.
    pub fn get<'a, T: FromValue<'a>>(&'a self, column: impl ColumnIndex) -> Result<T, Error> {
        let cell =
            column.find(&self.columns).and_then(|place| Some((self.columns.get(place)?, self.values.get(place)?)));
        let Some((found, value)) = cell else {
            return Err(no_such_column(&column.label(), &self.columns));
        };
        T::from_value(value).ok_or_else(|| mismatch(found, value, type_name::<T>()))
    }
}

impl ColumnIndex for usize {
    fn find(&self, columns: &[Column]) -> Option<usize> {
        (*self < columns.len()).then_some(*self)
    }

    fn label(&self) -> String {
        self.to_string()
    }
}

impl ColumnIndex for &str {
    fn find(&self, columns: &[Column]) -> Option<usize> {
        columns.iter().position(|column| column.name == **self)
    }

    fn label(&self) -> String {
        format!("{self:?}")
    }
}

impl Deref for Rows {
    type Target = [Row];

    fn deref(&self) -> &[Row] {
        &self.rows
    }
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = &'a Row;
    type IntoIter = std::slice::Iter<'a, Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

impl From<ResultSet> for Rows {
    fn from(result: ResultSet) -> Self {
        let columns: Rc<[Column]> = result.columns.into();
        let rows = result.rows.into_iter().map(|values| Row { columns: Rc::clone(&columns), values }).collect();
        Self { columns, rows }
    }
}

fn no_such_column(wanted: &str, columns: &[Column]) -> Error {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    Error::Conversion(format!("there is no column {wanted}, the result has: {}", names.join(", ")))
}

fn mismatch(column: &Column, value: &Value, wanted: &str) -> Error {
    let name = &column.name;
    let wanted = short_type_name(wanted);
    let found = match value {
        Value::Scalar(Scalar::Null) => {
            return Error::Conversion(format!(
                "column {name:?} is NULL, {wanted} was wanted; Option<{wanted}> allows NULL"
            ));
        }
        Value::Array(array) if array.dims.len() > 1 => format!(" of {} dimensions", array.dims.len()),
        Value::Array(array) if array.items.contains(&Scalar::Null) => " with NULL in it".to_owned(),
        _ => String::new(),
    };
    Error::Conversion(format!("column {name:?} is {}{found}, {wanted} was wanted", column.type_name))
}

/// `alloc::vec::Vec<core::option::Option<i32>>` becomes `Vec<Option<i32>>`.
fn short_type_name(full: &str) -> String {
    let mut short = String::new();
    for part in full.split_inclusive(['<', '>', ',', ' ', '&', '[', ']', '(', ')']) {
        short.push_str(part.rsplit(':').next().unwrap_or(part));
    }
    short
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::types::{Array, ArrayDim};

    fn column(name: &str, type_name: &str) -> Column {
        Column { name: name.into(), type_oid: 0, type_name: type_name.into(), table_oid: 0, attnum: 0 }
    }

    fn rows(count: usize) -> Rows {
        let array =
            |len: u32, items| Value::Array(Array { element: 23, dims: vec![ArrayDim { len, lower: 1 }], items });
        let columns = vec![column("id", "int4"), column("note", "text"), column("sizes", "int4[]")];
        let row = vec![
            Value::Scalar(Scalar::Int4(7)),
            Value::Scalar(Scalar::Null),
            array(2, vec![Scalar::Int4(1), Scalar::Null]),
        ];
        Rows::from(ResultSet { columns, rows: vec![row; count] })
    }

    fn text<T>(outcome: Result<T, Error>) -> String {
        outcome.map(drop).unwrap_err().to_string()
    }

    #[test]
    fn reads_by_name_and_place() {
        let row = rows(1).one().unwrap();
        assert_eq!(row.get::<i64>("id"), Ok(7));
        assert_eq!(row.get::<Option<&str>>(1), Ok(None));
        assert_eq!(row.get::<Vec<Option<i32>>>("sizes"), Ok(vec![Some(1), None]));
    }

    #[test]
    fn says_what_does_not_fit() {
        let row = rows(1).one().unwrap();
        assert_eq!(text(row.get::<i64>("Id")), "there is no column \"Id\", the result has: id, note, sizes");
        assert_eq!(text(row.get::<i64>(3)), "there is no column 3, the result has: id, note, sizes");
        assert_eq!(text(row.get::<String>("id")), "column \"id\" is int4, String was wanted");
        assert_eq!(text(row.get::<&str>(1)), "column \"note\" is NULL, &str was wanted; Option<&str> allows NULL");
        assert_eq!(text(row.get::<Vec<i32>>(2)), "column \"sizes\" is int4[] with NULL in it, Vec<i32> was wanted");
    }

    #[test]
    fn counts_rows() {
        assert_eq!(text(rows(0).one()), "one row was wanted, the statement gave 0");
        assert_eq!(text(rows(2).optional()), "at most one row was wanted, the statement gave 2");
        assert_eq!(rows(0).optional(), Ok(None));
        assert!(rows(1).optional().unwrap().is_some());
        assert_eq!(rows(0).columns().len(), 3);
        assert_eq!(rows(2).len(), 2);
    }

    #[test]
    fn type_names_are_short() {
        let short = |full| short_type_name(full);
        assert_eq!(short("alloc::vec::Vec<core::option::Option<alloc::string::String>>"), "Vec<Option<String>>");
        assert_eq!(short("host_guest::value::range::Range<i32>"), "Range<i32>");
        assert_eq!(short("&[u8]"), "&[u8]");
    }
}
