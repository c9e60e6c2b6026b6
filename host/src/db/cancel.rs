//! Stopping a statement that runs, from outside.

use sqlx::Connection as _;

use super::connect::Database;
use super::connector::Connector;
use super::driver;
use super::driver::text_field;
use super::error::DatabaseError;
use super::error::classify;

/// Can cancel what the connection of a [`Database`] is doing, through a second connection.
#[derive(Clone)]
pub struct Canceller {
    connector: Connector,
    process: String,
}

impl Database {
    /// A canceller for this connection. One round trip.
    ///
    /// # Errors
    /// What the server said.
    pub async fn canceller(&mut self) -> Result<Canceller, DatabaseError> {
        let doing = "inspect the server";
        let rows = self.simple(doing, "SELECT pg_catalog.pg_backend_pid()".to_owned()).await?;
        let process = rows.first().and_then(|row| text_field(row, 0));
        let reason = || "it does not say which process it is".to_owned();
        let lost = || DatabaseError::Lost { doing: doing.to_owned(), reason: reason() };
        process.map(|process| self.canceller_of(process)).ok_or_else(lost)
    }

    /// A canceller for this connection, whose process on the server has this number.
    pub(super) fn canceller_of(&self, process: String) -> Canceller {
        Canceller { connector: self.connector.clone(), process }
    }
}

impl Database {
    /// Has the server stop a result that nobody reads any more, and takes what is on its way. The transaction fails with it.
    pub(super) async fn stop_result(&mut self) {
        if let Some(session) = self.liveness.session() {
            // Without a second connection the result is read to its end.
            let _ = self.canceller_of(session.process.clone()).cancel().await;
        }
        // The first error is that of the cancelled statement.
        for _ in 0..2 {
            if driver::guarded(self.connection.ping()).await.is_ok() {
                break;
            }
        }
    }
}

impl Canceller {
    pub(super) fn connector(&self) -> &Connector {
        &self.connector
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
        let mut connection = self.connector.open().await?;
        let sql = format!("SELECT pg_catalog.pg_cancel_backend({})", self.process);
        driver::rows(&mut connection, sql).await.map_err(|error| classify("cancel the statement", error))?;
        // The statement is cancelled already; how this session ends does not matter.
        let _ = driver::guarded(connection.close()).await;
        Ok(())
    }
}
