//! Stopping a statement that runs, from outside.

use sqlx::Connection as _;
use sqlx::postgres::PgConnectOptions;

use super::connect::Database;
use super::connect::open;
use super::connect::text_field;
use super::error::DatabaseError;
use super::error::classify;
use super::transaction::NOTICE_A_DEAD_CLIENT;
use super::watch::SessionIdentity;

/// Can cancel what the connection of a [`Database`] is doing, through a second connection.
#[derive(Clone)]
pub struct Canceller {
    options: PgConnectOptions,
    process: String,
}

impl Database {
    /// Makes a canceller for this connection, and learns which session of the server it is. One round trip.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server does not answer.
    pub async fn canceller(&mut self) -> Result<Canceller, DatabaseError> {
        let sql = format!(
            "SELECT pid, backend_start, {NOTICE_A_DEAD_CLIENT} FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        );
        let rows = self.simple("ask for the process id", sql).await?;
        let field = |index| rows.first().and_then(|row| text_field(row, index)).unwrap_or_default();
        let session = SessionIdentity { process: field(0), started: field(1) };
        let process = session.process.clone();
        self.watch.know(session);
        Ok(Canceller { options: self.options.clone(), process })
    }
}

impl Canceller {
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// The number of the process that serves the connection.
    pub(super) fn process(&self) -> &str {
        &self.process
    }

    /// Cancels the statement that runs now, if any (PostgreSQL manual, `pg_cancel_backend`).
    ///
    /// # Errors
    /// [`DatabaseError`] when no second connection can be had.
    pub async fn cancel(&self) -> Result<(), DatabaseError> {
        let mut connection = open(&self.options).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("SELECT pg_cancel_backend({})", self.process)))
            .execute(&mut connection)
            .await
            .map_err(|error| classify("cancel the statement", error))?;
        // The statement is cancelled already; how this session ends does not matter.
        let _ = connection.close().await;
        Ok(())
    }
}
