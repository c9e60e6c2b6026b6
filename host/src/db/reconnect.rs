//! After a lost connection: a new one, and what the server knows of the old one.

use std::time::Duration;
use std::time::Instant;

use super::connect::Database;
use super::driver::text_field;
use super::error::DatabaseError;
use super::liveness::WAITS_FOR_HOST;
use super::log::Record;
use super::sqlstate::INVALID_PARAMETER_VALUE;

/// How long to wait after a connection that was refused; twice as long each time, up to the second value.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// How often a session that has to end is looked at.
const END_POLL: Duration = Duration::from_millis(50);

/// What became of a transaction, as far as the server says (PostgreSQL manual, `pg_xact_status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Not decided yet.
    InProgress,
    /// The server says committed. After a crash the number may be another transaction's.
    Committed,
    /// It did not happen, or the server knows no such transaction.
    Aborted,
}

impl DatabaseError {
    /// Whether the connection is gone, or there is none to be had now: a new one may come to the end.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Lost { .. } | Self::CommitUnknown { .. } | Self::NoServer { .. } | Self::Unavailable { .. }
        )
    }
}

impl Database {
    /// Connects again, to a session of its own. A server that is not there, or does not take connections yet, is asked again
    /// until `patience` is over; zero asks once.
    ///
    /// # Errors
    /// [`DatabaseError`], the last one.
    pub async fn reconnect(&self, patience: Duration) -> Result<Self, DatabaseError> {
        let started = Instant::now();
        let mut pause = RETRY.0;
        loop {
            let error = match self.connector.connect(self.tables.clone()).await {
                Ok(database) => return Ok(database),
                Err(error) => error,
            };
            let may_pass = matches!(error, DatabaseError::NoServer { .. } | DatabaseError::Unavailable { .. });
            if !may_pass || started.elapsed() + pause >= patience {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY.1);
        }
    }

    /// Ends the session of a lost connection, which else lives until the server notices, and holds its locks. True once it
    /// is gone; false if it did not end within `patience`.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses.
    pub async fn end_session_of(&mut self, lost: &Self, patience: Duration) -> Result<bool, DatabaseError> {
        let doing = "end the session of the lost connection";
        let Some(session) = lost.liveness.session() else { return Ok(true) };
        let of_session = format!("FROM pg_catalog.pg_stat_activity WHERE {}", session.condition());
        self.simple_apart(doing, &format!("SELECT pg_terminate_backend(pid) {of_session}")).await?;
        let started = Instant::now();
        while !self.simple_apart(doing, &format!("SELECT 1 {of_session}")).await?.is_empty() {
            if started.elapsed() >= patience {
                return Ok(false);
            }
            tokio::time::sleep(END_POLL).await;
        }
        Ok(true)
    }

    /// Whether the session of a lost connection is still there and works on something.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses.
    pub async fn session_works(&mut self, lost: &Self) -> Result<bool, DatabaseError> {
        let Some(session) = lost.liveness.session() else { return Ok(false) };
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE {} AND ({WAITS_FOR_HOST}) IS NOT TRUE",
            session.condition()
        );
        Ok(!self.simple_apart("check the session of the lost connection", &sql).await?.is_empty())
    }

    /// What became of a transaction of the last hours.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server does not answer.
    pub async fn transaction_status(&mut self, transaction: &str) -> Result<TransactionStatus, DatabaseError> {
        let sql =
            format!("SELECT pg_catalog.pg_xact_status({}::pg_catalog.xid8)", crate::value::quote_text(transaction));
        match self.simple("ask for the status of the transaction", sql).await {
            Ok(rows) => Ok(match rows.first().and_then(|row| text_field(row, 0)).as_deref() {
                Some("in progress") => TransactionStatus::InProgress,
                Some("committed") => TransactionStatus::Committed,
                _ => TransactionStatus::Aborted,
            }),
            // A transaction id that is still to come: the server crashed and knows nothing of it.
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == INVALID_PARAMETER_VALUE => {
                Ok(TransactionStatus::Aborted)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the history says that a step was done since then: microseconds since 1970-01-01 UTC by the server's clock.
    ///
    /// # Errors
    /// [`DatabaseError`] when the table cannot be read.
    pub async fn is_recorded(&mut self, record: &Record, since_micros: i64) -> Result<bool, DatabaseError> {
        let text = crate::value::quote_text;
        // A millisecond for what a floating point number may lose.
        let sql = format!(
            "SELECT 1 FROM ONLY {} WHERE revision = {} AND direction = {} AND outcome = 'done' \
             AND finished_at >= to_timestamp(({since_micros} - 1000) / 1000000.0) LIMIT 1",
            self.tables.log.quoted(),
            text(&record.revision),
            text(record.direction),
        );
        Ok(!self.simple_apart("find the step in the log table", &sql).await?.is_empty())
    }
}
