//! The append-only record of what happened to this database.

use sqlx::Row as _;

use super::connect::Database;
use super::error::DatabaseError;
use super::error::TableKind;
use super::error::classify;

/// One row of the history table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// Counts up; gaps come from rolled back transactions.
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
    /// How long the step took until now, in microseconds.
    pub microseconds: i64,
    /// The number of statements that the migration ran.
    pub statements: i64,
    /// The number of rows that they touched.
    pub rows: i64,
    /// Why it failed; none when it is done.
    pub error: Option<String>,
}

impl Database {
    /// Reads the history, newest first. No table, no rows.
    ///
    /// # Errors
    /// [`DatabaseError`] when the table cannot be read.
    pub async fn read_history(&mut self, limit: Option<u32>) -> Result<Vec<HistoryRow>, DatabaseError> {
        let doing = "read the history table";
        let limit = limit.map_or_else(|| "ALL".to_owned(), |limit| limit.to_string());
        let sql = format!(
            "SELECT id, revision, direction, outcome, source_digest, component_digest, {}, {}, \
             (extract(epoch FROM finished_at - started_at) * 1000)::bigint, statements, rows, database_user, host_version, error \
             FROM {} ORDER BY id DESC LIMIT {limit}",
            rfc3339("started_at"),
            rfc3339("finished_at"),
            self.tables.history.quoted(),
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false);
        let answer = async { query.fetch_all(&mut self.connection).await.map_err(|error| classify(doing, error)) };
        let rows = match self.watch.over(doing, answer).await {
            Ok(rows) => rows,
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == "42P01" => return Ok(Vec::new()),
            Err(error) => return Err(self.foreign(TableKind::History, error)),
        };
        rows.iter()
            .map(|row| {
                Ok(HistoryRow {
                    id: row.try_get(0)?,
                    revision: row.try_get(1)?,
                    direction: row.try_get(2)?,
                    outcome: row.try_get(3)?,
                    source_digest: row.try_get(4)?,
                    component_digest: row.try_get(5)?,
                    started_at: row.try_get(6)?,
                    finished_at: row.try_get(7)?,
                    milliseconds: row.try_get(8)?,
                    statements: row.try_get(9)?,
                    rows: row.try_get(10)?,
                    database_user: row.try_get(11)?,
                    host_version: row.try_get(12)?,
                    error: row.try_get(13)?,
                })
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|error| self.foreign_table(TableKind::History, error.to_string()))
    }

    /// Records a step that failed, in a transaction of its own: the step's own one is gone.
    ///
    /// # Errors
    /// [`DatabaseError`] when the row cannot be written.
    pub async fn record_failure(&mut self, record: &Record) -> Result<(), DatabaseError> {
        let sql = format!("INSERT INTO {}", self.insert_history("failed", 1));
        let doing = "record the failure in the history table";
        let query = sqlx::query(sqlx::AssertSqlSafe(sql))
            .persistent(false)
            .bind(&record.revision)
            .bind(record.direction)
            .bind(&record.source_digest)
            .bind(&record.component_digest)
            .bind(record.microseconds)
            .bind(record.statements)
            .bind(record.rows)
            .bind(&record.error);
        let answer = async { query.execute(&mut self.connection).await.map_err(|error| classify(doing, error)) };
        self.watch.over(doing, answer).await?;
        Ok(())
    }

    /// What follows INSERT INTO; `first` is the number of the first of its eight parameters, in the order of [`Record`].
    ///
    /// Every name is qualified, because a migration may have changed the search path.
    pub(super) fn insert_history(&self, outcome: &str, first: usize) -> String {
        let p = |offset: usize| format!("${}", first + offset);
        format!(
            "{} (revision, direction, outcome, source_digest, component_digest, started_at, finished_at, \
             statements, rows, database_user, host_version, error) \
             VALUES ({}, {}, '{outcome}', {}, {}, \
             pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => {}::pg_catalog.int8::pg_catalog.float8 OPERATOR(pg_catalog./) 1000000.0::pg_catalog.float8), \
             pg_catalog.clock_timestamp(), {}, {}, current_user, '{}', {})",
            self.tables.history.quoted(),
            p(0),
            p(1),
            p(2),
            p(3),
            p(4),
            p(5),
            p(6),
            env!("CARGO_PKG_VERSION"),
            p(7),
        )
    }
}

fn rfc3339(column: &str) -> String {
    format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
}
