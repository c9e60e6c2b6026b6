use crate::bindings::host::migration::sql;
use crate::row::Text;
use crate::sql::to_values;
use crate::types::Oid;
use crate::{Column, Error, Row, Rows, ToRow, ToValue};

/// A statement that is prepared once and runs many times. The server decides the types of its parameters.
///
/// ```no_run
/// use host_guest::{Statement, query};
///
/// # fn main() -> Result<(), host_guest::Error> {
/// let insert = Statement::prepare("INSERT INTO dishes (id, name) VALUES ($1, $2)")?;
/// insert.execute(&[&1i32, &"soup"])?;
/// let more = vec![(2, "bread"), (3, "wine")];
/// insert.execute_many(&more)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Statement {
    inner: sql::Statement,
    text: Text,
}

impl Statement {
    /// Prepares a statement. It is closed when the value goes out of scope.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_guest::Error> {
    /// let find = host_guest::Statement::prepare("SELECT id FROM dishes WHERE name = $1")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the server or the host refuses the statement.
    pub fn prepare(sql: &str) -> Result<Self, Error> {
        let inner = sql::prepare(sql)?;
        Ok(Self { inner, text: Text::new(sql) })
    }

    /// The types of its parameters.
    pub fn params(&self) -> Vec<Oid> {
        self.inner.params()
    }

    /// The columns of its result; none for a statement without one.
    pub fn columns(&self) -> Vec<Column> {
        self.inner.columns()
    }

    /// Runs it and gives the number of rows that it touched. An example is at the [top](Self).
    ///
    /// # Errors
    /// As for [`execute`](crate::execute).
    pub fn execute(&self, params: &[&dyn ToValue]) -> Result<u64, Error> {
        self.inner.execute(&to_values(params)).map_err(Error::from)
    }

    /// Runs it once for each row of parameters, in one round trip for all of them, and gives the rows touched in all.
    /// A row is a tuple, an array or a slice of what [`ToValue`] allows. All rows lie in memory at once: give some
    /// thousand at a time.
    ///
    /// ```no_run
    /// # struct Guest { id: i32, phone: Option<String> }
    /// # fn save(guests: &[Guest]) -> Result<(), host_guest::Error> {
    /// let update = host_guest::Statement::prepare("UPDATE guests SET phone = $1 WHERE id = $2")?;
    /// update.execute_many(guests.iter().map(|guest| (&guest.phone, guest.id)))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`execute`](crate::execute).
    pub fn execute_many<R: ToRow>(&self, rows: impl IntoIterator<Item = R>) -> Result<u64, Error> {
        let rows: Vec<_> = rows.into_iter().map(|row| row.to_row()).collect();
        self.inner.execute_many(&rows).map_err(Error::from)
    }

    /// Runs it and gives all its rows.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_guest::Error> {
    /// let find = host_guest::Statement::prepare("SELECT id FROM dishes WHERE name = $1")?;
    /// let ids = find.query(&[&"soup"])?.iter().map(|row| row.get(0)).collect::<Result<Vec<i32>, _>>()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`query`](crate::query()).
    pub fn query(&self, params: &[&dyn ToValue]) -> Result<Rows, Error> {
        self.inner.query(&to_values(params)).map(|result| Rows::new(result, &self.text)).map_err(Error::from)
    }

    /// Runs it; it must give exactly one row.
    ///
    /// # Errors
    /// As for [`query_one`](crate::query_one).
    #[track_caller]
    pub fn query_one(&self, params: &[&dyn ToValue]) -> Result<Row, Error> {
        self.query(params)?.one()
    }

    /// Runs it; it must give one row or none.
    ///
    /// # Errors
    /// As for [`query_optional`](crate::query_optional).
    #[track_caller]
    pub fn query_optional(&self, params: &[&dyn ToValue]) -> Result<Option<Row>, Error> {
        self.query(params)?.optional()
    }
}
