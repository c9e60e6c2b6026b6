//! Data for a COPY (PostgreSQL manual, "COPY Operations" of the protocol's message flow).

use super::Session;
use super::SessionError;
use super::failed;
use crate::bindings::types::Error;
use crate::bindings::types::Value;
use crate::db::driver;
use crate::db::driver::text_field;
use crate::value;
use crate::value::Encoded;
use crate::value::TypeShape;

/// How much is sent in one message, in bytes.
const CHUNK_BYTES: usize = 256 << 10;

/// A text that not every session reads alike.
pub(super) const BEYOND_ASCII: &str = "\u{fc}";

/// Reads which messages the server sends, and lets it send none: the driver reads nothing while it sends. A trigger that says something
/// about each row would fill the way back, and both sides would wait for the other.
const BE_QUIET: &str =
    "SELECT pg_catalog.current_setting('client_min_messages'); SET LOCAL client_min_messages = error";

/// Where rows in bulk go: a COPY that the host wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyTarget {
    sql: String,
    /// A query of the same columns, which tells their types.
    query: String,
    columns: usize,
}

impl CopyTarget {
    /// Writes the COPY. Names are written in ASCII that every session reads the same. None without a column: rows of no fields say
    /// nothing.
    pub fn new(schema: Option<&str>, table: &str, columns: &[String]) -> Option<Self> {
        let names: Vec<String> = columns.iter().map(|name| value::escaped_identifier(name)).collect();
        let table: Vec<String> = schema.into_iter().chain([table]).map(value::escaped_identifier).collect();
        let (table, names) = (table.join("."), names.join(", "));
        let sql = format!("COPY {table} ({names}) FROM STDIN (FORMAT binary)");
        let query = format!("SELECT {names} FROM {table}");
        (!columns.is_empty()).then_some(Self { sql, query, columns: columns.len() })
    }

    /// The statement.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// How many fields each row has.
    pub fn columns(&self) -> usize {
        self.columns
    }
}

impl Session {
    /// Sends data to a `COPY … FROM STDIN` and gives the number of rows. The guard has made sure that the text is one statement in
    /// every session.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn copy_in(&mut self, sql: &str, data: &str) -> Result<u64, SessionError> {
        self.copy(sql, Some(data), &[data.as_bytes()]).await
    }

    /// How the types of a target's columns are built.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn shapes_of(&mut self, target: &CopyTarget) -> Result<Vec<TypeShape>, SessionError> {
        let described = self.describe(&target.query, &[]).await.map(|prepared| prepared.shapes());
        self.forget_after(described).await
    }

    /// Turns rows of values into tuples of these types.
    ///
    /// # Errors
    /// [`SessionError`]: `bad-params` with the row and the column of a value that does not fit.
    pub async fn tuples_of(&mut self, rows: &[Vec<Value>], shapes: &[TypeShape]) -> Result<Vec<u8>, SessionError> {
        let mut tuples = Vec::new();
        for (number, row) in (1..).zip(rows) {
            if row.len() != shapes.len() {
                return Err(bad_row(
                    number,
                    &format!("it has {} value(s), the target {} column(s)", row.len(), shapes.len()),
                ));
            }
            value::push_row(&mut tuples, row.len());
            for (column, (value, shape)) in (1..).zip(row.iter().zip(shapes)) {
                let encoded = value::encode(value, shape)
                    .map_err(|error| bad_row(number, &format!("column {column}: {error}")))?;
                match encoded {
                    Encoded::Null => value::push_field(&mut tuples, None),
                    Encoded::Binary(bytes) => value::push_field(&mut tuples, Some(&bytes)),
                    Encoded::Text(text) => {
                        let bytes = self.text_to_binary(&text, shape.oid()).await?;
                        value::push_field(&mut tuples, Some(&bytes));
                    }
                }
            }
        }
        Ok(tuples)
    }

    /// Writes checked tuples with one COPY, and gives the number of rows.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn copy_tuples(&mut self, target: &CopyTarget, tuples: &[u8]) -> Result<u64, SessionError> {
        self.copy(target.sql(), None, &[value::COPY_HEADER, tuples, value::COPY_TRAILER]).await
    }

    async fn copy(&mut self, sql: &str, text: Option<&str>, parts: &[&[u8]]) -> Result<u64, SessionError> {
        let found = driver::rows(self.connection(), BE_QUIET.to_owned()).await.map_err(failed)?;
        let level = found.first().and_then(|row| text_field(row, 0)).unwrap_or_default();
        // The data are read in the encoding of the client, texts in binary rows as well.
        self.read_as_the_guard(text.unwrap_or(BEYOND_ASCII)).await?;
        self.reads_as_the_guard = false;
        let connection = self.connection();
        let copied = driver::guarded(async {
            let mut copy = connection.copy_in_raw(sql).await?;
            // When the server has refused a row, it reads the rest and says so at the end.
            for chunk in parts.iter().flat_map(|part| part.chunks(CHUNK_BYTES)) {
                copy.send(chunk).await?;
            }
            copy.finish().await
        });
        // After a failure the transaction, or the part since the savepoint, takes the setting back with all the rest.
        let rows = copied.await.map_err(failed)?;
        if level.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !level.is_empty() {
            self.simple(format!("SET LOCAL client_min_messages = {level}")).await?;
        }
        Ok(rows)
    }
}

fn bad_row(number: usize, reason: &str) -> SessionError {
    SessionError::guest(Error::BadParams(format!("row {number}: {reason}")))
}
