use crate::bindings::host::migration::bulk;
use crate::bulk::{Batch, RowWriter};
use crate::{Error, ToRow};

/// Writes rows into a table by COPY. Dropped before [`finish`](Self::finish), it leaves nothing of them.
///
/// The host gathers rows and sends some megabytes at a time, so an error of the server may come with a later call.
#[derive(Debug)]
pub struct CopyIn {
    inner: bulk::CopyInWriter,
}

impl CopyIn {
    /// Begins to write into a table that the search path finds, into these columns.
    ///
    /// # Errors
    /// When the migration may not change data; [`Error::Misuse`] without a transaction, [`Error::Offline`] in a script.
    pub fn into_table(table: &str, columns: &[&str]) -> Result<Self, Error> {
        Self::begin(None, table, columns)
    }

    /// The same for a table of a schema.
    ///
    /// # Errors
    /// As for [`CopyIn::into_table`].
    pub fn into_table_of(schema: &str, table: &str, columns: &[&str]) -> Result<Self, Error> {
        Self::begin(Some(schema), table, columns)
    }

    fn begin(schema: Option<&str>, table: &str, columns: &[&str]) -> Result<Self, Error> {
        let inner = bulk::copy_in(&bulk::Target {
            schema: schema.map(str::to_owned),
            table: table.to_owned(),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        })?;
        Ok(Self { inner })
    }

    /// Writes the rows that a writer has, and empties it.
    ///
    /// # Errors
    /// [`Error::BadParams`] when they have another number of fields than there are columns, [`Error::Sql`] when the server
    /// refuses one.
    pub fn write(&mut self, rows: &mut RowWriter) -> Result<(), Error> {
        let written = self.inner.write_tuples(rows.tuples()).map_err(Error::from);
        rows.clear();
        written
    }

    /// Writes rows of values of any type, which the host turns into what the columns need, as it does for
    /// [`Statement::execute_many`](crate::Statement::execute_many). All of them lie in memory at once: give some thousand at a time. This is
    /// several times slower than [`CopyIn::write`].
    ///
    /// # Errors
    /// As for [`CopyIn::write`], and [`Error::BadParams`] for a value that does not fit.
    pub fn write_rows<R: ToRow>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        let rows: Vec<_> = rows.into_iter().map(|row| row.to_row()).collect();
        self.inner.write_rows(&rows).map_err(Error::from)
    }

    /// Writes the rows of a batch as they are.
    ///
    /// # Errors
    /// As for [`CopyIn::write`].
    pub fn write_batch(&mut self, batch: &Batch) -> Result<(), Error> {
        self.inner.write_tuples(&batch.tuples).map_err(Error::from)
    }

    /// Writes what is left, and gives the number of rows written in all.
    ///
    /// # Errors
    /// [`Error::Sql`] when the server refuses a row.
    pub fn finish(self) -> Result<u64, Error> {
        self.inner.finish().map_err(Error::from)
    }
}
