//! Cursors on the server: the rows of a query, some at a time, while other statements run in between (PostgreSQL manual, "DECLARE" and
//! "FETCH").

use sqlx::Statement as _;

use super::Prepared;
use super::Session;
use super::SessionError;
use super::failed;
use super::parameter_types;
use super::results::field;
use crate::bindings::types::Column;
use crate::bindings::types::Error;
use crate::bindings::types::Limit;
use crate::bindings::types::Tuples;
use crate::bindings::types::Value;
use crate::db::driver;
use crate::value;
use crate::value::TypeShape;

/// How many rows are asked for while nothing is known of their size.
const FIRST_ROWS: u32 = 64;

/// A cursor, and what came of it and was not taken yet.
#[derive(Debug)]
pub struct Cursor {
    name: String,
    fetch: Prepared,
    shapes: Vec<TypeShape>,
    /// How many rows `fetch` asks for.
    fetch_rows: u32,
    buffer: Buffer,
    /// All rows that came so far, and their bytes.
    seen: (u64, u64),
    at_end: bool,
}

/// Rows that were read and not taken.
#[derive(Debug, Default)]
struct Buffer {
    data: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
    /// How many of them were taken.
    taken: usize,
}

impl Cursor {
    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns of its rows.
    pub fn columns(&self) -> Vec<Column> {
        self.fetch.columns()
    }

    /// How the types of its columns are built.
    pub fn shapes(&self) -> &[TypeShape] {
        &self.shapes
    }

    /// How many rows to ask for, so that about so many bytes come: what came so far tells their size.
    fn rows_for(&self, rows_max: u32, bytes_max: u64) -> u32 {
        let (rows, bytes) = self.seen;
        let fitting = match bytes.checked_div(rows) {
            Some(size) => u32::try_from(bytes_max / size.max(1)).unwrap_or(u32::MAX),
            None => FIRST_ROWS,
        };
        // Few different numbers, because each is a statement that has to be prepared.
        let fitting = fitting.max(1);
        if fitting >= rows_max { rows_max } else { 1 << fitting.ilog2() }
    }
}

impl Buffer {
    fn start(&self) -> usize {
        self.taken.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0)
    }

    fn rows_left(&self) -> usize {
        self.ends.len() - self.taken
    }

    /// Takes as many rows as fit.
    fn take(&mut self, rows_max: u32, bytes_max: u64) -> Result<Tuples, SessionError> {
        let start = self.start();
        let fits = |end: usize| u64::try_from(end - start).is_ok_and(|bytes| bytes <= bytes_max);
        let rows_max = usize::try_from(rows_max).unwrap_or(usize::MAX);
        let count = self.ends[self.taken..].iter().take(rows_max).take_while(|end| fits(**end)).count();
        if count == 0 && self.rows_left() > 0 {
            return Err(SessionError::guest(Error::Exceeded(Limit::Bytes)));
        }
        let rows = u32::try_from(count).unwrap_or(u32::MAX);
        if self.taken == 0 && count == self.ends.len() {
            self.ends.clear();
            return Ok(Tuples { rows, data: std::mem::take(&mut self.data) });
        }
        self.taken += count;
        let data = self.data[start..self.start()].to_vec();
        if self.rows_left() == 0 {
            *self = Self::default();
        }
        Ok(Tuples { rows, data })
    }
}

impl Session {
    /// Opens a cursor. The query stands alone behind `DECLARE … FOR`, where the grammar has room for nothing but a query.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn open_cursor(&mut self, name: &str, sql: &str, params: &[Value]) -> Result<Cursor, SessionError> {
        let declare = format!("DECLARE {name} NO SCROLL CURSOR WITHOUT HOLD FOR ");
        let behind = u32::try_from(declare.len()).unwrap_or(0);
        let text = declare + sql;
        let opened = async {
            let prepared = self.describe(&text, &parameter_types(params)).await?;
            self.execute_prepared(&prepared, params).await
        };
        let opened = opened.await.map_err(|error| moved(error, behind));
        self.forget_after(opened).await?;
        let fetch = self.describe(&fetch_text(name, FIRST_ROWS), &[]).await?;
        let shapes = fetch.shapes();
        Ok(Cursor {
            name: name.to_owned(),
            fetch,
            shapes,
            fetch_rows: FIRST_ROWS,
            buffer: Buffer::default(),
            seen: (0, 0),
            at_end: false,
        })
    }

    /// The next rows, as tuples; none at the end. They have at most that share of what one result may hold.
    ///
    /// # Errors
    /// [`SessionError`]; `exceeded` when not even one row fits: it is still there for a call that takes more.
    pub async fn fetch(
        &mut self,
        cursor: &mut Cursor,
        rows_max: u32,
        bytes_max: u64,
        share: u64,
    ) -> Result<Tuples, SessionError> {
        if rows_max == 0 {
            return Err(SessionError::guest(Error::BadParams("max-rows is 0".to_owned())));
        }
        let rows_max = rows_max.min(u32::try_from(self.limits.rows_max).unwrap_or(u32::MAX));
        let bytes_max = bytes_max.min(self.limits.bytes_max / share.max(1));
        if cursor.buffer.rows_left() == 0 && !cursor.at_end {
            self.refill(cursor, cursor.rows_for(rows_max, bytes_max)).await?;
        }
        cursor.buffer.take(rows_max, bytes_max)
    }

    async fn refill(&mut self, cursor: &mut Cursor, rows: u32) -> Result<(), SessionError> {
        if cursor.fetch_rows != rows {
            cursor.fetch = self.describe(&fetch_text(&cursor.name, rows), &[]).await?;
            cursor.fetch_rows = rows;
        }
        // The query may call functions.
        self.reads_as_the_guard = false;
        let limit = self.limits.bytes_max;
        let mut stream = cursor.fetch.statement.query().fetch(self.connection());
        let buffer = &mut cursor.buffer;
        let mut failure = None;
        // The rows of one FETCH are read to their end whatever happens: their number is known, and what is too much is dropped.
        while let Some(row) = driver::next(&mut stream).await.map_err(failed)? {
            if failure.is_none() {
                failure = buffer.push(&row, limit).err();
            }
        }
        drop(stream);
        let came = u32::try_from(buffer.ends.len()).unwrap_or(u32::MAX);
        cursor.at_end = came < rows;
        cursor.seen.0 += u64::from(came);
        cursor.seen.1 += u64::try_from(buffer.data.len()).unwrap_or(u64::MAX);
        failure.map_or(Ok(()), Err)
    }

    /// Closes a cursor that is still there.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn close_cursor(&mut self, name: &str) -> Result<(), SessionError> {
        self.simple(format!("CLOSE {name}")).await
    }
}

impl Buffer {
    fn push(&mut self, row: &sqlx::postgres::PgRow, limit: u64) -> Result<(), SessionError> {
        let came = driver::bytes(row).saturating_add(u64::try_from(self.data.len()).unwrap_or(u64::MAX));
        if came > limit {
            return Err(SessionError::guest(Error::Exceeded(Limit::Bytes)));
        }
        value::push_row(&mut self.data, sqlx::Row::len(row));
        for index in 0..sqlx::Row::len(row) {
            value::push_field(&mut self.data, field(row, index)?);
        }
        self.ends.push(self.data.len());
        Ok(())
    }
}

fn fetch_text(name: &str, rows: u32) -> String {
    format!("FETCH FORWARD {rows} FROM {name}")
}

/// The same error with its place in the guest's own text.
pub(super) fn moved(error: SessionError, behind: u32) -> SessionError {
    match error {
        SessionError::Guest(mut error) => {
            if let Error::Sql(error) = error.as_mut() {
                error.position = error.position.and_then(|position| position.checked_sub(behind)).filter(|at| *at > 0);
            }
            SessionError::Guest(error)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(sizes: &[usize]) -> Buffer {
        let mut buffer = Buffer::default();
        for size in sizes {
            buffer.data.extend(std::iter::repeat_n(b'x', *size));
            buffer.ends.push(buffer.data.len());
        }
        buffer
    }

    #[test]
    fn as_many_rows_are_taken_as_fit() {
        let mut rows = buffer(&[3, 3, 5, 1]);
        let mut sizes = Vec::new();
        for (rows_max, bytes_max) in [(1, 100), (9, 5), (9, 6), (9, 100)] {
            let taken = rows.take(rows_max, bytes_max).expect("rows");
            sizes.push((taken.rows, taken.data.len()));
        }
        assert_eq!(sizes, [(1, 3), (1, 3), (2, 6), (0, 0)]);
    }

    #[test]
    fn a_row_that_does_not_fit_stays() {
        let mut rows = buffer(&[9, 1]);
        assert!(matches!(rows.take(5, 8), Err(SessionError::Guest(error)) if *error == Error::Exceeded(Limit::Bytes)));
        assert_eq!(rows.take(5, 10).expect("rows").rows, 2);
    }
}
