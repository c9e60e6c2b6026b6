//! The journal of migrations that run without a transaction: which statement was begun, and which is done.
//!
//! A row is written in the same transaction as its statement wherever PostgreSQL lets the statement run in one; then there
//! is never a doubt. For the few that stand alone the row says `started` before the statement is sent. The rows of a step
//! go away in the transaction that writes the version table, so whatever is left belongs to a step that is unfinished.

mod row;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

pub use self::row::JournalRow;
pub use self::row::RUN_TRANSFORM;
pub use self::row::StatementState;
pub use self::row::StepKey;
pub use self::row::Unfinished;
pub use self::row::beginning;
pub use self::row::digest;
pub use self::row::in_short;
pub use self::row::statements;
use super::connect::Database;
use super::driver;
use super::error::DatabaseError;
use super::error::classify;
use super::names::TableKind;
use super::names::Tables;
use super::sqlstate::UNDEFINED_TABLE;
use crate::revision::RevisionId;

impl Database {
    /// Reads what is unfinished, in the order of revisions. No table, nothing unfinished.
    ///
    /// # Errors
    /// [`DatabaseError`] when the table cannot be read, or is not a journal.
    pub async fn read_unfinished(&mut self) -> Result<Vec<Unfinished>, DatabaseError> {
        Ok(Unfinished::all(self.read_journal(None).await?))
    }

    /// The rows of one step or of all, by step and position.
    pub(super) async fn read_journal(&mut self, step: Option<&StepKey>) -> Result<Vec<JournalRow>, DatabaseError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM ONLY {} WHERE ($1::pg_catalog.text IS NULL \
             OR (revision OPERATOR(pg_catalog.=) $1::pg_catalog.text AND direction OPERATOR(pg_catalog.=) $2::pg_catalog.text)) \
             AND position OPERATOR(pg_catalog.<) {RANGES_FROM} ORDER BY revision, direction, position LIMIT {}",
            self.tables.journal.quoted(),
            JOURNAL_ROWS_MAX + 1,
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(step.map(|step| step.revision.to_string()))
            .bind(step.map(|step| step.direction.clone()));
        let doing = "read the journal";
        let connection = &mut self.connection;
        let answer = async { driver::query(connection, query).await.map_err(|error| classify(doing, error)) };
        let rows = match self.liveness.over(doing, answer).await {
            Ok(rows) => rows,
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == UNDEFINED_TABLE => return Ok(Vec::new()),
            Err(error) => return Err(self.foreign(TableKind::Journal, error)),
        };
        if rows.len() > JOURNAL_ROWS_MAX {
            return Err(self.too_many_rows(TableKind::Journal, JOURNAL_ROWS_MAX));
        }
        rows.iter()
            .map(journal_row)
            .collect::<Result<_, _>>()
            .map_err(|error| self.foreign_table(TableKind::Journal, error.to_string()))
    }

    /// Writes a row, over one of the same statement that is not done. False when that one is done: another runner was here.
    ///
    /// Every name is qualified, because a migration may have changed the search path.
    pub(super) async fn write_journal(&mut self, row: &JournalRow) -> Result<bool, DatabaseError> {
        let sql = format!(
            "INSERT INTO {} AS journal (revision, direction, position, digest, statement, command, alone, state, found, rows, \
             error, clock_micros, started_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
             pg_catalog.transaction_timestamp(), \
             CASE WHEN $8::pg_catalog.text OPERATOR(pg_catalog.<>) 'started' THEN pg_catalog.clock_timestamp() END) \
             ON CONFLICT (revision, direction, position) DO UPDATE SET (digest, statement, command, alone, state, found, rows, error, finished_at) \
             = (excluded.digest, excluded.statement, excluded.command, excluded.alone, excluded.state, excluded.found, excluded.rows, \
             excluded.error, excluded.finished_at) \
             WHERE journal.state OPERATOR(pg_catalog.=) 'started' OR journal.state OPERATOR(pg_catalog.=) 'failed' \
             OR excluded.state OPERATOR(pg_catalog.=) 'marked'",
            self.tables.journal.quoted(),
        );
        let connection = &mut self.connection;
        let written = self
            .liveness
            .over("write the journal", async {
                let query = sqlx::query(sqlx::AssertSqlSafe(sql))
                    .persistent(false)
                    .bind(row.step.revision.to_string())
                    .bind(&row.step.direction)
                    .bind(i32::try_from(row.position).unwrap_or(i32::MAX))
                    .bind(&row.digest)
                    .bind(&row.statement)
                    .bind(&row.command)
                    .bind(row.alone)
                    .bind(row.state.word())
                    .bind(row.found)
                    .bind(row.rows)
                    .bind(&row.error)
                    .bind(row.clock_micros);
                driver::guarded(query.execute(connection)).await.map_err(|error| classify("write the journal", error))
            })
            .await?;
        Ok(written.rows_affected() == 1)
    }

    /// Takes the rows of a step away, from a statement on.
    pub(super) async fn clear_journal(&mut self, step: &StepKey, from: u32) -> Result<(), DatabaseError> {
        let sql = format!(
            "DELETE FROM ONLY {} WHERE revision OPERATOR(pg_catalog.=) $1::pg_catalog.text \
             AND direction OPERATOR(pg_catalog.=) $2::pg_catalog.text AND position OPERATOR(pg_catalog.>=) $3::pg_catalog.int4",
            self.tables.journal.quoted()
        );
        let connection = &mut self.connection;
        self.liveness
            .over("clear the journal", async {
                let query = sqlx::query(sqlx::AssertSqlSafe(sql))
                    .persistent(false)
                    .bind(step.revision.to_string())
                    .bind(&step.direction)
                    .bind(i32::try_from(from).unwrap_or(i32::MAX));
                driver::guarded(query.execute(connection)).await.map_err(|error| classify("clear the journal", error))
            })
            .await?;
        Ok(())
    }

    /// Takes all rows of a step away: in the transaction that writes the version table, or because the operator says so.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses.
    pub async fn forget_step(&mut self, step: &StepKey) -> Result<(), DatabaseError> {
        self.clear_journal(step, 0).await
    }

    /// Takes all rows away, also those that cannot be read.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses.
    pub async fn forget_all_steps(&mut self) -> Result<(), DatabaseError> {
        self.simple("clear the journal", format!("DELETE FROM ONLY {}", self.tables.journal.quoted())).await?;
        Ok(())
    }

    /// Writes down the operator's word that statements of an unfinished step are done, or that it is to go on further up.
    ///
    /// A statement that is marked counts as done whatever its text is. Of those from `resume_from` on nothing counts; what
    /// is known of the one in flight stays, so that what it left behind is found.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses. The caller has checked that the numbers make sense.
    pub async fn correct_journal(
        &mut self,
        unfinished: &Unfinished,
        resume_from: Option<u32>,
        mark_done: &[u32],
    ) -> Result<(), DatabaseError> {
        self.simple("begin the transaction", "BEGIN".to_owned()).await?;
        let corrected = self.corrections(unfinished, resume_from, mark_done).await;
        let end = if corrected.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.simple("correct the journal", end.to_owned()).await;
        corrected?;
        ended?;
        Ok(())
    }

    async fn corrections(
        &mut self,
        unfinished: &Unfinished,
        resume_from: Option<u32>,
        mark_done: &[u32],
    ) -> Result<(), DatabaseError> {
        if let Some(from) = resume_from {
            self.clear_journal(&unfinished.step, from).await?;
            if let Some(row) = &unfinished.current {
                let error = row.error.clone().or_else(|| Some("begun, but its result is unknown".to_owned()));
                self.write_journal(&JournalRow { state: StatementState::Failed, error, ..row.clone() }).await?;
            }
        }
        for position in mark_done {
            let known = unfinished.current.as_ref().filter(|row| row.position == *position);
            let row = JournalRow {
                step: unfinished.step.clone(),
                position: *position,
                digest: String::new(),
                statement: known.map(|row| row.statement.clone()).unwrap_or_default(),
                command: known.map(|row| row.command.clone()).unwrap_or_default(),
                alone: false,
                state: StatementState::Marked,
                found: None,
                rows: 0,
                error: None,
                clock_micros: unfinished.clock_micros,
            };
            self.write_journal(&row).await?;
        }
        Ok(())
    }
}

fn journal_row(row: &PgRow) -> Result<JournalRow, sqlx::Error> {
    let other = |error: String| sqlx::Error::Decode(error.into());
    let (revision, state): (String, String) = (row.try_get(0)?, row.try_get(7)?);
    let position: i32 = row.try_get(2)?;
    Ok(JournalRow {
        step: StepKey {
            revision: RevisionId::new(&revision).map_err(|error| other(error.to_string()))?,
            direction: row.try_get(1)?,
        },
        position: u32::try_from(position).map_err(|error| other(error.to_string()))?,
        digest: row.try_get(3)?,
        statement: row.try_get(4)?,
        command: row.try_get(5)?,
        alone: row.try_get(6)?,
        state: StatementState::read(&state).ok_or_else(|| other(format!("'{state}' is not a state of a statement")))?,
        found: row.try_get(8)?,
        rows: row.try_get(9)?,
        error: row.try_get(10)?,
        clock_micros: row.try_get(11)?,
    })
}

/// What is read of each row, in this order.
pub(super) const COLUMNS: &str =
    "revision, direction, position, digest, statement, command, alone, state, found, rows, error, clock_micros";

/// Where the rows of ranges begin among the positions: a transform that commits batch by batch has them, see `backfill`.
pub(super) const RANGES_FROM: u32 = 1_000_000_000;

/// The most rows that are read: as many statements has no migration.
const JOURNAL_ROWS_MAX: usize = 200_000;

/// The statement that makes the journal where it is missing.
pub(super) fn create_journal_sql(tables: &Tables) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\n    \
         revision text NOT NULL,\n    \
         direction text NOT NULL CHECK (direction IN ('upgrade', 'downgrade')),\n    \
         position integer NOT NULL CHECK (position > 0),\n    \
         digest text NOT NULL,\n    \
         statement text NOT NULL,\n    \
         command text NOT NULL,\n    \
         alone boolean NOT NULL,\n    \
         state text NOT NULL CHECK (state IN ('started', 'finished', 'failed', 'marked')),\n    \
         found bigint,\n    \
         rows bigint NOT NULL,\n    \
         error text,\n    \
         clock_micros bigint NOT NULL,\n    \
         started_at timestamp with time zone NOT NULL,\n    \
         finished_at timestamp with time zone,\n    \
         PRIMARY KEY (revision, direction, position)\n)",
        tables.journal.quoted(),
    )
}
