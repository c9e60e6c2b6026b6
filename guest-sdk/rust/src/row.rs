use std::any::type_name;
use std::fmt;
use std::ops::Deref;
use std::panic::Location;
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
    statement: Text,
    rows: Vec<Row>,
}

/// One row of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Rc<[Column]>,
    statement: Text,
    values: Vec<Value>,
}

/// The text of a statement, cut, for messages. Rows are equal whatever statement they come from.
#[derive(Debug, Clone)]
pub(crate) struct Text(Rc<str>);

/// How much of a statement stands in a message, in characters.
const STATEMENT_CHARACTERS_MAX: usize = 80;

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

    pub(crate) fn new(result: ResultSet, statement: &Text) -> Self {
        let columns: Rc<[Column]> = result.columns.into();
        let row = |values| Row { columns: Rc::clone(&columns), statement: statement.clone(), values };
        let rows = result.rows.into_iter().map(row).collect();
        Self { columns, statement: statement.clone(), rows }
    }

    #[track_caller]
    pub(crate) fn one(self) -> Result<Row, Error> {
        let (found, statement) = (self.rows.len(), self.statement.clone());
        let place = Location::caller();
        self.exactly_one().ok_or_else(|| wrong_count("one row", &statement, found, place))
    }

    #[track_caller]
    pub(crate) fn optional(self) -> Result<Option<Row>, Error> {
        match self.rows.len() {
            0 => Ok(None),
            1 => Ok(self.exactly_one()),
            found => Err(wrong_count("at most one row", &self.statement, found, Location::caller())),
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
    /// [`Error::Conversion`] with the column, its statement, what was wanted, what is there, and the line of this call.
    #[track_caller]
    pub fn get<'a, T: FromValue<'a>>(&'a self, column: impl ColumnIndex) -> Result<T, Error> {
        let cell =
            column.find(&self.columns).and_then(|place| Some((self.columns.get(place)?, self.values.get(place)?)));
        let Some((found, value)) = cell else {
            return Err(self.no_such_column(&column.label(), Location::caller()));
        };
        let place = Location::caller();
        T::from_value(value).ok_or_else(|| self.mismatch(found, value, type_name::<T>(), place))
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

impl Row {
    fn no_such_column(&self, wanted: &str, place: &Location<'_>) -> Error {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        Error::Conversion(format!(
            "there is no column {wanted} in {}, which has: {}, at {}",
            self.statement,
            names.join(", "),
            at(place)
        ))
    }

    fn mismatch(&self, column: &Column, value: &Value, wanted: &str, place: &Location<'_>) -> Error {
        let (name, wanted, place) =
            (format!("{:?} of {}", column.name, self.statement), short_type_name(wanted), at(place));
        let found = match value {
            Value::Scalar(Scalar::Null) => {
                return Error::Conversion(format!(
                    "column {name} is NULL, {wanted} was wanted, at {place}; Option<{wanted}> allows NULL"
                ));
            }
            Value::Array(array) if array.dims.len() > 1 => format!(" of {} dimensions", array.dims.len()),
            Value::Array(array) if array.items.contains(&Scalar::Null) => " with NULL in it".to_owned(),
            _ => String::new(),
        };
        let found = format!("{}{found}", sql_type_name(&column.type_name));
        Error::Conversion(format!("column {name} is {found}, {wanted} was wanted, at {place}"))
    }
}

fn wrong_count(wanted: &str, statement: &Text, found: usize, place: &Location<'_>) -> Error {
    Error::Conversion(format!("{wanted} was wanted, {statement} gave {found}, at {}", at(place)))
}

fn at(place: &Location<'_>) -> String {
    format!("{}:{}", place.file(), place.line())
}

impl Text {
    pub(crate) fn new(sql: &str) -> Self {
        // No more of a long statement is looked at than is kept.
        let mut text = String::new();
        for word in sql.split_whitespace() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
            if let Some((end, _)) = text.char_indices().nth(STATEMENT_CHARACTERS_MAX) {
                text.truncate(end);
                text.push('…');
                break;
            }
        }
        Self(text.into())
    }
}

impl PartialEq for Text {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// In quotes, as it is written, so that quotes in it stay readable.
impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\"", self.0)
    }
}

/// The name of a type as statements have it: `int8[]` becomes `bigint[]`.
fn sql_type_name(name: &str) -> String {
    let (element, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let element = match element {
        "bool" => "boolean",
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        other => other,
    };
    format!("{element}{rest}")
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
        Rows::new(ResultSet { columns, rows: vec![row; count] }, &Text::new("SELECT *\n  FROM \"dishes\""))
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

    /// A message with the line of a call in this file.
    fn with_place(message: &str, line: u32) -> String {
        format!("{message}, at {}:{line}", file!())
    }

    #[test]
    fn says_what_does_not_fit_and_where() {
        let row = rows(1).one().unwrap();
        let (error, line) = (row.get::<i64>("Id"), line!());
        let columns = "in \"SELECT * FROM \"dishes\"\", which has: id, note, sizes";
        assert_eq!(text(error), with_place(&format!("there is no column \"Id\" {columns}"), line));
        let (error, line) = (row.get::<i64>(3), line!());
        assert_eq!(text(error), with_place(&format!("there is no column 3 {columns}"), line));
        let (error, line) = (row.get::<String>("id"), line!());
        let message = "column \"id\" of \"SELECT * FROM \"dishes\"\" is integer, String was wanted";
        assert_eq!(text(error), with_place(message, line));
        let (error, line) = (row.get::<&str>(1), line!());
        let message = "column \"note\" of \"SELECT * FROM \"dishes\"\" is NULL, &str was wanted";
        assert_eq!(text(error), format!("{}; Option<&str> allows NULL", with_place(message, line)));
        let (error, line) = (row.get::<Vec<i32>>(2), line!());
        let message =
            "column \"sizes\" of \"SELECT * FROM \"dishes\"\" is integer[] with NULL in it, Vec<i32> was wanted";
        assert_eq!(text(error), with_place(message, line));
    }

    #[test]
    fn counts_rows() {
        let (error, line) = (rows(0).one(), line!());
        assert_eq!(text(error), with_place("one row was wanted, \"SELECT * FROM \"dishes\"\" gave 0", line));
        let (error, line) = (rows(2).optional(), line!());
        assert_eq!(text(error), with_place("at most one row was wanted, \"SELECT * FROM \"dishes\"\" gave 2", line));
        assert_eq!(rows(0).optional(), Ok(None));
        assert!(rows(1).optional().unwrap().is_some());
        assert_eq!(rows(0).columns().len(), 3);
        assert_eq!(rows(2).len(), 2);
    }

    #[test]
    fn a_long_statement_is_cut() {
        let text = Text::new(&"SELECT größe,\n ".repeat(1000)).to_string();
        assert!(text.starts_with("\"SELECT größe, SELECT") && text.ends_with("…\""), "{text}");
        assert_eq!(text.chars().count(), STATEMENT_CHARACTERS_MAX + 3);
        assert_eq!(Text::new(" SELECT 1\n").to_string(), "\"SELECT 1\"");
    }

    #[test]
    fn type_names_are_short() {
        let short = |full| short_type_name(full);
        assert_eq!(short("alloc::vec::Vec<core::option::Option<alloc::string::String>>"), "Vec<Option<String>>");
        assert_eq!(short("host_guest::value::range::Range<i32>"), "Range<i32>");
        assert_eq!(short("&[u8]"), "&[u8]");
    }
}
