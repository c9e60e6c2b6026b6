//! What has to be the same before and after one statement, as it has to be around a whole migration with a transaction.

use super::super::frame::Breach;
use super::super::frame::Marks;
use super::super::frame::TableNumbers;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::connect::Results;
use crate::db::connect::text_field;
use crate::value::quote_text;

/// The number of statements that look at the frame.
const CHECKS: usize = 4;

/// How a transaction of one statement began.
#[derive(Debug, Clone)]
pub(super) struct StatementFrame {
    marks: Marks,
    tables: TableNumbers,
}

impl Database {
    /// Begins the transaction of one statement, which holds the lock of runners for itself. One round trip.
    ///
    /// # Errors
    /// [`DatabaseError::LockLost`] when another runner is at work, or what the server said.
    pub(super) async fn begin_statement(&mut self) -> Result<StatementFrame, DatabaseError> {
        let tables = self.known_table_numbers().await?;
        let doing = "begin the transaction of a statement";
        let sql = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_catalog.pg_try_advisory_xact_lock({}); {}",
            self.lock_key(),
            Marks::select(),
        );
        let Results { mut statements, error } = self.results(doing, sql).await;
        if let Some(error) = error {
            return Err(error);
        }
        let marks = statements.pop().unwrap_or_default();
        let lock = statements.pop().unwrap_or_default();
        if lock.first().and_then(|row| text_field(row, 0)).as_deref() != Some("t") {
            let holder = self.lock_holder().await?.unwrap_or_else(|| "which has just ended".to_owned());
            return Err(DatabaseError::LockLost { holder });
        }
        let marks = Marks::read(&marks).ok_or_else(|| DatabaseError::Lost {
            doing: doing.to_owned(),
            reason: "a result is missing in the server's answer".to_owned(),
        })?;
        Ok(StatementFrame { marks, tables })
    }

    /// Looks whether the statement kept to its frame. From then on the user who logged in acts in this transaction. One
    /// round trip.
    ///
    /// # Errors
    /// [`DatabaseError::FrameBroken`], [`DatabaseError::DeferredConstraint`], or what the server said.
    pub(super) async fn check_statement(
        &mut self,
        frame: &StatementFrame,
        may_configure_session: bool,
    ) -> Result<(), DatabaseError> {
        let doing = "look at the transaction of a statement";
        // As for a whole migration; the journal is one of the host's tables, too.
        let sql = format!(
            "SET CONSTRAINTS ALL IMMEDIATE; {}; {}; \
             SELECT mode FROM pg_catalog.pg_lock_status() WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() \
             AND relation OPERATOR(pg_catalog.=) pg_catalog.to_regclass({})::pg_catalog.oid \
             AND mode OPERATOR(pg_catalog.<>) ALL ('{{AccessShareLock,RowShareLock,ShareUpdateExclusiveLock}}'::pg_catalog.text[]); \
             SET LOCAL ROLE NONE",
            Marks::select(),
            frame.tables.select_locks(),
            quote_text(&self.tables.journal.quoted()),
        );
        let Results { statements, error } = self.results(doing, sql).await;
        if statements.len() < CHECKS {
            return Err(match (error, statements.is_empty()) {
                (Some(DatabaseError::Statement { error, .. }), true) => DatabaseError::DeferredConstraint { error },
                (Some(error), _) => error,
                (None, _) => DatabaseError::Lost {
                    doing: doing.to_owned(),
                    reason: "a result is missing in the server's answer".to_owned(),
                },
            });
        }
        let rows = |index: usize| statements.get(index).map(Vec::as_slice).unwrap_or_default();
        let mut breaches = match Marks::read(rows(1)) {
            Some(now) => frame.marks.breaches(&now, may_configure_session),
            None => vec![Breach::TransactionEnded],
        };
        let (version, history) = (self.tables.version.to_string(), self.tables.history.to_string());
        breaches.extend(frame.tables.breaches(rows(2), &version, &history));
        let journal = rows(3).first().and_then(|row| text_field(row, 0));
        breaches.extend(journal.map(|mode| Breach::Touched { table: self.tables.journal.to_string(), mode }));
        if !breaches.is_empty() {
            return Err(DatabaseError::FrameBroken { breaches });
        }
        error.map_or(Ok(()), Err)
    }
}
