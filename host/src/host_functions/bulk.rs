//! The interface `bulk`: cursors on the server, and rows written by COPY.
//!
//! A connection can do one thing at a time, and one that is in the middle of a COPY nothing else. So what is written is gathered,
//! and sent as one COPY after the other, between which cursors are read and statements run. A savepoint around all of them takes
//! back what was sent when the writer is dropped before its end.

use wasmtime::component::Resource;

use super::GuestState;
use crate::bindings::CallError;
use crate::bindings::bulk::Columns;
use crate::bindings::bulk::CopyInWriter;
use crate::bindings::bulk::Cursor;
use crate::bindings::bulk::Host;
use crate::bindings::bulk::HostCopyInWriter;
use crate::bindings::bulk::HostCursor;
use crate::bindings::bulk::Target;
use crate::bindings::types::Column;
use crate::bindings::types::Error;
use crate::bindings::types::Limit;
use crate::bindings::types::Tuples;
use crate::bindings::types::Value;
use crate::db::CopyTarget;
use crate::db::SessionError;
use crate::value;
use crate::value::TypeShape;

/// How much all writers of a guest gather before one of them sends, in bytes: large enough that what surrounds a COPY costs nothing beside it.
const SENT_AT_ONCE: usize = 4 << 20;

/// How much larger rows of values are than their tuples, at most, but for rows of few fields.
const GROWTH_OF_VALUES: u64 = 16;

/// What stands behind the handle of a cursor.
struct OpenCursor {
    /// None while it is read.
    cursor: Option<crate::db::Cursor>,
    sql: String,
}

/// What stands behind the handle of a writer.
struct OpenWriter {
    target: CopyTarget,
    /// The types of its columns, once they are needed.
    shapes: Option<Vec<TypeShape>>,
    buffer: Vec<u8>,
    written: u64,
    /// Around all that it sends.
    savepoint: String,
}

impl Host for GuestState {
    async fn open_cursor(&mut self, sql: String, params: Vec<Value>) -> Result<Resource<Cursor>, CallError> {
        self.admit(&sql)?;
        self.may_open()?;
        let name = self.trace.next_cursor();
        let result = self.budget.compute_time().without(self.session.open_cursor(&name, &sql, &params)).await;
        let cursor = self.settle(&sql, None, result, |_| 0)?;
        self.trace.opened_cursor(&name);
        self.open(OpenCursor { cursor: Some(cursor), sql })
    }

    async fn copy_in(&mut self, into: Target) -> Result<Resource<CopyInWriter>, CallError> {
        self.begin(1)?;
        crate::sql::check_copy(&self.grant).map_err(|refusal| self.deny(refusal))?;
        self.session.check_bulk()?;
        self.may_open()?;
        let target = CopyTarget::new(into.schema.as_deref(), &into.table, &into.columns)
            .ok_or_else(|| bad_params("the target names no columns".to_owned()))?;
        let savepoint = self.trace.next_savepoint();
        let result = self.budget.compute_time().without(self.session.savepoint(&savepoint)).await;
        self.note(&format!("SAVEPOINT {savepoint}"), None, result)?;
        self.trace.opened(&savepoint);
        self.open(OpenWriter { target, shapes: None, buffer: Vec::new(), written: 0, savepoint })
    }
}

impl HostCursor for GuestState {
    async fn columns(&mut self, cursor: Resource<Cursor>) -> wasmtime::Result<Vec<Column>> {
        let held = self.held::<OpenCursor, _>(&cursor)?;
        Ok(held.cursor.as_ref().map(crate::db::Cursor::columns).unwrap_or_default())
    }

    async fn fetch_rows(&mut self, cursor: Resource<Cursor>, max_rows: u32) -> Result<Vec<Vec<Value>>, CallError> {
        // A value takes more room than its bytes, so fewer rows are held at a time; but one row is no more than a result may be.
        let tuples = match self.fetch(&cursor, max_rows, u64::MAX, GROWTH_OF_VALUES).await {
            Err(CallError::Guest(error)) if *error == Error::Exceeded(Limit::Bytes) => {
                self.fetch(&cursor, max_rows.min(1), u64::MAX, 1).await?
            }
            tuples => tuples?,
        };
        let held = self.held::<OpenCursor, _>(&cursor)?;
        let shapes = held.cursor.as_ref().map(crate::db::Cursor::shapes).unwrap_or_default();
        value::values_of_tuples(&tuples.data, shapes).map_err(|(row, column, error)| {
            CallError::guest(Error::Conversion(format!("column {column} of row {row}: {error}")))
        })
    }

    async fn fetch_tuples(
        &mut self,
        cursor: Resource<Cursor>,
        max_rows: u32,
        max_bytes: u32,
    ) -> Result<Tuples, CallError> {
        self.fetch(&cursor, max_rows, u64::from(max_bytes), 1).await
    }

    async fn fetch_columns(
        &mut self,
        cursor: Resource<Cursor>,
        max_rows: u32,
        max_bytes: u32,
    ) -> Result<Columns, CallError> {
        let tuples = self.fetch(&cursor, max_rows, u64::from(max_bytes), 1).await?;
        let held = self.held::<OpenCursor, _>(&cursor)?;
        let shapes = held.cursor.as_ref().map(crate::db::Cursor::shapes).unwrap_or_default();
        let rows = usize::try_from(tuples.rows).unwrap_or(usize::MAX);
        value::columns_of_tuples(&tuples.data, rows, shapes).map_err(|column| {
            CallError::guest(Error::Conversion(format!("column {column}: a value has not the length of its type")))
        })
    }

    async fn drop(&mut self, cursor: Resource<Cursor>) -> wasmtime::Result<()> {
        let Some(cursor) = self.close::<OpenCursor, _>(&cursor)?.cursor else { return Ok(()) };
        // The end of the transaction, or of the part of it in which it was opened, closes it, too.
        if !self.trace.closed_cursor(cursor.name()) || self.trace.failure.is_some() {
            return Ok(());
        }
        let closed = self.budget.compute_time().without(self.session.close_cursor(cursor.name())).await;
        match closed.map_err(CallError::from) {
            Ok(()) => Ok(()),
            Err(CallError::Stop(error)) => Err(error),
            Err(CallError::Guest(error)) => {
                Err(wasmtime::Error::msg(format!("a cursor could not be closed: {error:?}")))
            }
        }
    }
}

impl HostCopyInWriter for GuestState {
    async fn write_rows(&mut self, writer: Resource<CopyInWriter>, rows: Vec<Vec<Value>>) -> Result<(), CallError> {
        let open = self.writable(&writer)?;
        let (target, known) = (open.target.clone(), open.shapes.clone());
        let shapes = match known {
            Some(shapes) => shapes,
            None => {
                let result = self.budget.compute_time().without(self.session.shapes_of(&target)).await;
                let shapes = self.note(target.sql(), None, result)?;
                self.held_mut::<OpenWriter, _>(&writer)?.shapes.insert(shapes).clone()
            }
        };
        let result = self.budget.compute_time().without(self.session.tuples_of(&rows, &shapes)).await;
        let tuples = self.note(target.sql(), None, result)?;
        self.write(&writer, tuples).await
    }

    async fn write_tuples(&mut self, writer: Resource<CopyInWriter>, data: Tuples) -> Result<(), CallError> {
        let rows = usize::try_from(data.rows).unwrap_or(usize::MAX);
        let columns = self.writable(&writer)?.target.columns();
        value::check_tuples(&data.data, rows, columns).map_err(|error| bad_params(error.to_string()))?;
        self.write(&writer, data.data).await
    }

    async fn write_columns(&mut self, writer: Resource<CopyInWriter>, data: Columns) -> Result<(), CallError> {
        let columns = self.writable(&writer)?.target.columns();
        if data.cols.len() != columns {
            let got = data.cols.len();
            return Err(bad_params(format!("the rows have {got} column(s), the target {columns}")));
        }
        let tuples = value::tuples_of_columns(&data).map_err(|error| bad_params(error.to_string()))?;
        self.write(&writer, tuples).await
    }

    async fn finish(&mut self, writer: Resource<CopyInWriter>) -> Result<u64, CallError> {
        self.writable(&writer)?;
        self.send(&writer).await?;
        let OpenWriter { savepoint, written, .. } = self.held::<OpenWriter, _>(&writer)?;
        let (savepoint, written) = (savepoint.clone(), *written);
        let result = self.budget.compute_time().without(self.session.release(&savepoint)).await;
        self.note(&format!("RELEASE SAVEPOINT {savepoint}"), None, result)?;
        self.trace.released(&savepoint);
        Ok(written)
    }

    async fn drop(&mut self, writer: Resource<CopyInWriter>) -> wasmtime::Result<()> {
        let OpenWriter { savepoint, buffer, .. } = self.close::<OpenWriter, _>(&writer)?;
        self.gathered = self.gathered.saturating_sub(buffer.len());
        self.undo(&savepoint).await
    }
}

impl GuestState {
    /// The next rows of a cursor, of so many bytes and at most that share of the largest result.
    async fn fetch(
        &mut self,
        handle: &Resource<Cursor>,
        max_rows: u32,
        max_bytes: u64,
        share: u64,
    ) -> Result<Tuples, CallError> {
        self.begin(1)?;
        if max_bytes == 0 {
            return Err(bad_params("max-bytes is 0".to_owned()));
        }
        let held = self.held_mut::<OpenCursor, _>(handle)?;
        let sql = held.sql.clone();
        let Some(mut cursor) = held.cursor.take() else {
            return Err(CallError::guest(Error::Misuse("the cursor is being read".to_owned())));
        };
        let fetched = self.session.fetch(&mut cursor, max_rows, max_bytes, share);
        let result = self.budget.compute_time().without(fetched).await;
        self.held_mut::<OpenCursor, _>(handle)?.cursor = Some(cursor);
        self.settle(&sql, None, result, |tuples| u64::from(tuples.rows))
    }

    /// A writer that can go on: what it sends must be undone with its own savepoint, and by none that is inside of it.
    fn writable(&mut self, writer: &Resource<CopyInWriter>) -> Result<&OpenWriter, CallError> {
        self.check().map_err(CallError::stop)?;
        let savepoint = &self.held::<OpenWriter, _>(writer)?.savepoint;
        let misuse = match (self.trace.is_open(savepoint), self.trace.is_innermost(savepoint)) {
            (true, true) => return Ok(self.held::<OpenWriter, _>(writer)?),
            (true, false) => {
                "a savepoint or a copy-in that began after this copy-in is still open: finish that one first"
            }
            (false, _) => {
                "this copy-in has ended: it was finished, or a savepoint outside it was released or rolled back"
            }
        };
        Err(CallError::guest(Error::Misuse(misuse.to_owned())))
    }

    async fn write(&mut self, writer: &Resource<CopyInWriter>, tuples: Vec<u8>) -> Result<(), CallError> {
        self.gathered += tuples.len();
        let buffer = &mut self.held_mut::<OpenWriter, _>(writer)?.buffer;
        if buffer.is_empty() {
            *buffer = tuples;
        } else {
            buffer.extend(tuples);
        }
        if self.gathered >= SENT_AT_ONCE { self.send(writer).await } else { Ok(()) }
    }

    /// Sends what was gathered.
    async fn send(&mut self, writer: &Resource<CopyInWriter>) -> Result<(), CallError> {
        let held = self.held_mut::<OpenWriter, _>(writer)?;
        let tuples = std::mem::take(&mut held.buffer);
        if tuples.is_empty() {
            return Ok(());
        }
        let target = held.target.clone();
        self.gathered = self.gathered.saturating_sub(tuples.len());
        self.begin(1)?;
        let result = self.budget.compute_time().without(self.session.copy_tuples(&target, &tuples)).await;
        let rows = self.settle(target.sql(), None, result, |rows| *rows)?;
        self.held_mut::<OpenWriter, _>(writer)?.written += rows;
        Ok(())
    }
}

fn bad_params(reason: String) -> CallError {
    SessionError::guest(Error::BadParams(reason)).into()
}
