//! What the server is doing for a connection, seen from a second one.

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::cancel::Canceller;
use super::connect::NAMES_OF_THE_SYSTEM;
use super::driver;
use super::driver::text_field;
use super::error::DatabaseError;
use super::error::classify;

/// How much of a statement is shown, in characters.
const STATEMENT_CHARACTERS_MAX: u32 = 120;

/// A statement that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementProgress {
    /// For how long it runs, in seconds.
    pub seconds: u64,
    /// The beginning of the statement.
    pub statement: String,
    /// Who holds the lock that it waits for, if it waits for one.
    pub waits_for: Option<String>,
    /// Whether it waits for a lock, whoever has it.
    pub waits_for_lock: bool,
    /// When the statement began, as the server writes it.
    pub began: String,
    /// The phase, for commands that report one (PostgreSQL manual, "Progress Reporting").
    pub phase: Option<String>,
    /// How much is done, in the server's unit for the phase.
    pub done: Option<u64>,
    /// How much there is in all.
    pub total: Option<u64>,
}

/// Looks at one connection through another one.
pub struct Watcher {
    connection: PgConnection,
    process: String,
}

impl Canceller {
    /// Opens the second connection.
    ///
    /// # Errors
    /// [`DatabaseError`] when there is none to be had.
    pub async fn watcher(&self) -> Result<Watcher, DatabaseError> {
        Ok(Watcher { connection: self.connector().open().await?, process: self.process().to_owned() })
    }
}

impl Watcher {
    /// The statement that runs now; none while the connection waits for its client.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses or does not answer.
    pub async fn look(&mut self) -> Result<Option<StatementProgress>, DatabaseError> {
        let sql = format!(
            "{NAMES_OF_THE_SYSTEM} SELECT floor(extract(epoch FROM clock_timestamp() - a.query_start))::bigint, left(a.query, {STATEMENT_CHARACTERS_MAX}), \
             (SELECT string_agg(concat_ws(', ', coalesce(nullif(b.application_name, ''), 'unknown application'), 'process ' || b.pid, \
             b.state || ' for ' || floor(extract(epoch FROM clock_timestamp() - b.state_change)) || ' s'), '; ') \
             FROM pg_stat_activity b WHERE a.wait_event_type = 'Lock' AND b.pid = ANY (pg_blocking_pids(a.pid))), \
             p.phase, p.done, p.total, a.wait_event_type = 'Lock', a.query_start \
             FROM pg_stat_activity a LEFT JOIN LATERAL ({PROGRESS}) p ON true \
             WHERE a.pid = {} AND a.state = 'active' LIMIT 1",
            self.process
        );
        let rows =
            driver::rows(&mut self.connection, sql).await.map_err(|error| classify("read the progress", error))?;
        Ok(rows.first().map(|row| {
            let number = |index| text_field(row, index).and_then(|text| text.parse().ok());
            StatementProgress {
                seconds: number(0).unwrap_or_default(),
                statement: text_field(row, 1).unwrap_or_default(),
                waits_for: text_field(row, 2),
                waits_for_lock: text_field(row, 6).as_deref() == Some("t"),
                began: text_field(row, 7).unwrap_or_default(),
                phase: text_field(row, 3),
                done: number(4),
                total: number(5),
            }
        }))
    }

    /// Closes the second connection.
    pub async fn close(self) {
        // Nothing depends on how this session ends.
        let _ = driver::guarded(self.connection.close()).await;
    }
}

/// The progress of the commands that a migration may run; each view has its own columns.
const PROGRESS: &str = "\
    SELECT phase, CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END AS done, \
    CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END AS total \
    FROM pg_stat_progress_create_index WHERE pid = a.pid \
    UNION ALL SELECT phase, heap_blks_scanned, heap_blks_total FROM pg_stat_progress_cluster WHERE pid = a.pid \
    UNION ALL SELECT phase, heap_blks_scanned, heap_blks_total FROM pg_stat_progress_vacuum WHERE pid = a.pid \
    UNION ALL SELECT phase, sample_blks_scanned, sample_blks_total FROM pg_stat_progress_analyze WHERE pid = a.pid";
