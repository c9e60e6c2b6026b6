//! The append-only record of what happened to this database.

use sqlx::postgres::PgRow;

use super::connect::Database;
use super::driver::text_field;
use super::error::DatabaseError;
use super::log_detail::LogDetail;
use super::names::TableKind;
use super::sqlstate::INSUFFICIENT_PRIVILEGE;
use super::sqlstate::UNDEFINED_COLUMN;
use super::sqlstate::UNDEFINED_TABLE;
use super::sqlstate::UNIQUE_VIOLATION;
use super::version_rows::LogNumber;
use super::version_rows::LogValues;
use super::version_rows::insert_log;
use crate::config::TableName;
use crate::value::quote_text;

/// The most rows that are read.
const LOG_ROWS_MAX: u32 = 100_000;

/// The columns that log tables of earlier versions do not have, all of them texts that may be NULL.
pub const LATER_COLUMNS: [&str; 2] = ["runtime_digest", "detail"];

/// The most characters of one of them that are read.
const LATER_CHARACTERS_MAX: usize = 16_384;

/// How often a row is written anew when its number is taken.
const TRIES: u32 = 5;

/// One row of the log table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Counts up.
    pub id: i64,
    /// The revision.
    pub revision: String,
    /// `upgrade`, `downgrade` or `stamp`.
    pub direction: String,
    /// `done` or `failed`.
    pub outcome: String,
    /// The digest of the source that ran.
    pub source_digest: Option<String>,
    /// The digest of the component that ran.
    pub component_digest: Option<String>,
    /// The digest of the language runtime that ran it, unless it had code of its own.
    pub runtime_digest: Option<String>,
    /// When the step began, as RFC 3339 in UTC.
    pub started_at: String,
    /// When it ended, as RFC 3339 in UTC.
    pub finished_at: String,
    /// How long it took, in milliseconds.
    pub milliseconds: i64,
    /// The number of statements that the migration ran.
    pub statements: i64,
    /// The number of rows that they touched.
    pub rows: i64,
    /// The database user.
    pub database_user: String,
    /// The version of the host.
    pub host_version: String,
    /// Why it failed.
    pub error: Option<String>,
    /// What more there is to say of it.
    pub detail: LogDetail,
}

/// What the host writes about one step; the server adds user and time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The revision.
    pub revision: String,
    /// `upgrade`, `downgrade` or `stamp`.
    pub direction: &'static str,
    /// The digest of the source.
    pub source_digest: Option<String>,
    /// The digest of the component.
    pub component_digest: Option<String>,
    /// The digest of the language runtime, unless it had code of its own.
    pub runtime_digest: Option<String>,
    /// How long the step took until now, in microseconds.
    pub microseconds: i64,
    /// The number of statements that the migration ran.
    pub statements: i64,
    /// The number of rows that they touched.
    pub rows: i64,
    /// Why it failed; none when it is done.
    pub error: Option<String>,
    /// What more there is to say of it.
    pub detail: LogDetail,
}

impl Record {
    /// As it stands in SQL.
    pub(super) fn values(&self, outcome: &'static str) -> LogValues {
        let [revision, source_digest, component_digest, runtime_digest, elapsed, statements, rows] = self.arguments();
        LogValues {
            error: self.error.as_deref().map(text),
            detail: self.detail.written().as_deref().map(text),
            ..self.with(
                outcome,
                [
                    &revision,
                    &source_digest,
                    &component_digest,
                    &runtime_digest,
                    &format!("{elapsed}::pg_catalog.interval"),
                    &statements,
                    &rows,
                ],
            )
        }
    }

    /// Whether [`Self::arguments`] say all of it.
    pub(super) fn is_plain(&self) -> bool {
        self.error.is_none() && self.detail.written().is_none()
    }

    /// The same for a prepared statement, which gets [`Self::arguments`] for these parameters.
    pub(super) fn parameters(&self, parameters: [&str; 7]) -> LogValues {
        self.with("done", parameters)
    }

    /// What differs from step to step, as literals.
    pub(super) fn arguments(&self) -> [String; 7] {
        let or_null = |value: &Option<String>| value.as_deref().map_or_else(|| "NULL".to_owned(), text);
        [
            text(&self.revision),
            or_null(&self.source_digest),
            or_null(&self.component_digest),
            or_null(&self.runtime_digest),
            format!("'{} microseconds'", self.microseconds),
            self.statements.to_string(),
            self.rows.to_string(),
        ]
    }

    fn with(
        &self,
        outcome: &'static str,
        [revision, source_digest, component_digest, runtime_digest, elapsed, statements, rows]: [&str; 7],
    ) -> LogValues {
        LogValues {
            revision: revision.to_owned(),
            direction: self.direction,
            outcome,
            source_digest: source_digest.to_owned(),
            component_digest: component_digest.to_owned(),
            runtime_digest: runtime_digest.to_owned(),
            started_at: format!("pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) {elapsed}"),
            statements: statements.to_owned(),
            rows: rows.to_owned(),
            error: None,
            detail: None,
        }
    }
}

/// A text as a literal. The server has none with a NUL.
fn text(text: &str) -> String {
    quote_text(&text.replace('\0', "\u{fffd}"))
}

impl Database {
    /// Reads the log, newest first. No table, no rows.
    ///
    /// # Errors
    /// [`DatabaseError`] when the table cannot be read.
    pub async fn read_log(&mut self, limit: Option<u32>) -> Result<Vec<LogRow>, DatabaseError> {
        let doing = "read the log table";
        if !self.are_tables_found() && !self.find_tables().await?.log {
            self.refuse_earlier_log().await?;
        }
        let limit = limit.unwrap_or(LOG_ROWS_MAX).min(LOG_ROWS_MAX);
        let table = self.tables.log.quoted();
        // A table of an earlier version has fewer columns, as long as nothing was written since.
        let mut later = LATER_COLUMNS.map(|column| format!("left({column}, {LATER_CHARACTERS_MAX})"));
        let mut missing = later.len();
        let rows = loop {
            let sql = format!(
                "SELECT id, left(revision, 1000), left(direction, 100), left(outcome, 100), left(source_digest, 200), \
                 left(component_digest, 200), {}, {}, (extract(epoch FROM finished_at - started_at) * 1000)::bigint, \
                 statements, rows, left(database_user, 200), left(host_version, 100), left(error, 16384), {} \
                 FROM ONLY {table} ORDER BY id DESC LIMIT {limit}",
                rfc3339("started_at"),
                rfc3339("finished_at"),
                later.join(", "),
            );
            match (self.simple_on_tables(doing, &sql).await, missing.checked_sub(1)) {
                (Err(DatabaseError::Statement { error, .. }), Some(last)) if error.sqlstate == UNDEFINED_COLUMN => {
                    "NULL".clone_into(&mut later[last]);
                    missing = last;
                }
                (rows, _) => break rows,
            }
        };
        let rows = match rows {
            Ok(rows) => rows,
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == UNDEFINED_TABLE => return Ok(Vec::new()),
            Err(error) => return Err(self.foreign(TableKind::Log, error)),
        };
        rows.iter()
            .map(|row| log_row(row).ok_or("a value of it cannot be read"))
            .collect::<Result<_, _>>()
            .map_err(|reason| self.foreign_table(TableKind::Log, reason.to_owned()))
    }

    /// Adds the columns that a log table of an earlier version does not have. One round trip, and another one where some are
    /// missing.
    ///
    /// # Errors
    /// [`DatabaseError::LogColumns`] for a user who does not own the table, or what the server said.
    pub(super) async fn complete_log(&mut self) -> Result<(), DatabaseError> {
        let doing = "look at the log table";
        let sql = format!("SELECT {}", lacks_log_columns(&quote_text(&self.tables.log.quoted())));
        let rows = self.simple_on_tables(doing, &sql).await?;
        if rows.last().and_then(|row| text_field(row, 0)).as_deref() != Some("t") {
            return Ok(());
        }
        self.add_log_columns().await
    }

    /// Adds those columns. They have no value in the rows that are there, so nothing is written to them.
    pub(super) async fn add_log_columns(&mut self) -> Result<(), DatabaseError> {
        let statement = add_log_columns_sql(&self.tables.log);
        match self.simple_on_tables("add columns to the log table", &statement).await {
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == INSUFFICIENT_PRIVILEGE => {
                Err(self.log_lacks_columns())
            }
            result => result.map(drop),
        }
    }

    pub(super) fn log_lacks_columns(&self) -> DatabaseError {
        DatabaseError::LogColumns {
            table: self.tables.log.to_string(),
            user: self.connector.user().to_owned(),
            statement: add_log_columns_sql(&self.tables.log),
        }
    }

    /// Records a step that failed, in a transaction of its own: the step's own one is gone.
    ///
    /// # Errors
    /// [`DatabaseError`] when the row cannot be written.
    pub async fn record_failure(&mut self, record: &Record) -> Result<(), DatabaseError> {
        self.known.last_log_id = None;
        let sql = insert_log(&self.tables.log, LogNumber::Next, &record.values("failed"));
        let mut tries = 0;
        loop {
            tries += 1;
            // Somebody else may have taken the number.
            match self.simple_on_tables("record the failure in the log table", &sql).await {
                Err(DatabaseError::Statement { error, .. }) if error.sqlstate == UNIQUE_VIOLATION && tries < TRIES => {}
                result => return result.map(drop),
            }
        }
    }
}

/// The statement that adds the columns that a log table of an earlier version does not have.
pub fn add_log_columns_sql(log: &TableName) -> String {
    let add = LATER_COLUMNS.map(|column| format!("ADD COLUMN IF NOT EXISTS {column} pg_catalog.text"));
    format!("ALTER TABLE ONLY {} {}", log.quoted(), add.join(", "))
}

/// An expression that is true when a log table lacks one of these columns. `table` is a literal with its name. Names without a
/// schema are those of the system.
pub(super) fn lacks_log_columns(table: &str) -> String {
    let columns = LATER_COLUMNS.map(quote_text).join(", ");
    format!(
        "(SELECT count(*) < {} FROM pg_attribute WHERE attrelid = {table}::regclass AND attname = ANY (ARRAY[{columns}]::name[]) \
         AND NOT attisdropped)",
        LATER_COLUMNS.len()
    )
}

/// Reads a row in the order of the columns; none if a column has no value that it must have.
fn log_row(row: &PgRow) -> Option<LogRow> {
    let text = |index| text_field(row, index);
    let number = |index| text(index)?.parse().ok();
    Some(LogRow {
        id: number(0)?,
        revision: text(1)?,
        direction: text(2)?,
        outcome: text(3)?,
        source_digest: text(4),
        component_digest: text(5),
        started_at: text(6)?,
        finished_at: text(7)?,
        milliseconds: number(8)?,
        statements: number(9)?,
        rows: number(10)?,
        database_user: text(11)?,
        host_version: text(12)?,
        error: text(13),
        runtime_digest: text(14),
        detail: text(15).as_deref().map(LogDetail::read).unwrap_or_default(),
    })
}

fn rfc3339(column: &str) -> String {
    format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
}
