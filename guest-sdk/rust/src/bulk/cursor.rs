use crate::bindings::host::migration::bulk;
use crate::bindings::host::migration::sql::ResultSet;
use crate::bulk::Batch;
use crate::row::Text;
use crate::sql::to_values;
use crate::{Column, Error, Rows, ToValue};

/// How many bytes come at a time, at most: what a guest can hold without thinking about it.
const BYTES_MAX: u32 = 8 << 20;

/// A query whose rows stay on the server and come some at a time. Other statements may run in between, and other cursors.
///
/// It shows the rows as they were when it was opened. It is closed when it goes out of scope.
#[derive(Debug)]
pub struct Cursor {
    inner: bulk::Cursor,
    text: Text,
}

impl Cursor {
    /// Opens a cursor for one query.
    ///
    /// ```no_run
    /// use host_guest::bulk::Cursor;
    ///
    /// # fn main() -> Result<(), host_guest::Error> {
    /// let cursor = Cursor::open("SELECT id, name FROM dishes WHERE price > $1", &[&9.5f64])?;
    /// while let Some(batch) = cursor.batch(10_000)? {
    ///     for row in batch.read::<(i64, &str)>() {
    ///         let (id, name) = row?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the server or the host refuses the query; [`Error::Misuse`] without a transaction, [`Error::Offline`] in a script.
    pub fn open(sql: &str, params: &[&dyn ToValue]) -> Result<Self, Error> {
        let inner = bulk::open_cursor(sql, &to_values(params))?;
        Ok(Self { inner, text: Text::new(sql) })
    }

    /// The columns of its rows.
    pub fn columns(&self) -> Vec<Column> {
        self.inner.columns()
    }

    /// The next rows, at most so many and some megabytes; none at the end.
    ///
    /// # Errors
    /// When the server cannot go on; [`Error::Exceeded`] for a row of more than 8 MiB.
    pub fn batch(&self, max_rows: u32) -> Result<Option<Batch>, Error> {
        let tuples = self.inner.fetch_tuples(max_rows, BYTES_MAX)?;
        Ok((tuples.rows > 0).then_some(Batch { tuples }))
    }

    /// The next rows with values of any type, as [`query`](crate::query()) gives them, at most so many; none at the end. This is
    /// several times slower than [`Cursor::batch`].
    ///
    /// # Errors
    /// When the server cannot go on.
    pub fn rows(&self, max_rows: u32) -> Result<Rows, Error> {
        let rows = self.inner.fetch_rows(max_rows)?;
        Ok(Rows::new(ResultSet { columns: self.columns(), rows }, &self.text))
    }
}
