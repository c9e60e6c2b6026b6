//! One statement: in a transaction of its own, alone, or taken up from an earlier run.

use super::Call;
use super::JournalError;
use super::NonTransactionalSession;
use super::RUN;
use super::fatal;
use super::integrity::Before;
use super::integrity::StatementBaseline;
use super::misuse;
use crate::bindings::types::Error;
use crate::bindings::types::SqlError;
use crate::db::DatabaseError;
use crate::db::SessionError;
use crate::db::interrupted_statement::StatementStatus;
use crate::db::sqlstate::QUERY_CANCELED;
use crate::db::statement_journal::JournalRow;
use crate::db::statement_journal::StatementState;
use crate::db::statement_journal::beginning;
use crate::sql::AutocommitCommand;

impl NonTransactionalSession {
    /// What an earlier run left of a statement: its number of rows when it is done, nothing when it has to be sent.
    pub(super) async fn take_up(&mut self, past: &JournalRow, now: &JournalRow) -> Result<Option<u64>, SessionError> {
        let differs = || {
            fatal(JournalError::Differs {
                position: now.position,
                done: beginning(&past.statement),
                now: beginning(&now.statement),
            })
        };
        if past.state.is_done() {
            let is_same = past.state == StatementState::Marked || past.digest == now.digest;
            return if is_same { Ok(Some(u64::try_from(past.rows).unwrap_or_default())) } else { Err(differs()) };
        }
        // Tidying up is the matter of the only runner.
        self.session.database_mut().take_lock_again().await.map_err(unless_cancelled)?;
        let mut notes = Vec::new();
        let status = self.session.database_mut().find_status(past, &mut notes).await;
        for note in notes {
            // Without a receiver nobody wants to know.
            let _ = self.notes.send(note);
        }
        // Tidying up lifts the limits.
        self.restore_timeouts().await?;
        match status.map_err(SessionError::Fatal)? {
            StatementStatus::NotDone => {
                self.progress.broken_alone = false;
                Ok(None)
            }
            StatementStatus::Done if past.digest != now.digest => Err(differs()),
            StatementStatus::Done => {
                let row = JournalRow { state: StatementState::Finished, error: None, ..past.clone() };
                self.write_apart(&row).await?;
                self.progress.broken_alone = false;
                Ok(Some(0))
            }
            StatementStatus::Unknown(reason) => {
                self.progress.broken = Some(past.position);
                Err(fatal(JournalError::InDoubt {
                    position: past.position,
                    statement: beginning(&past.statement),
                    reason,
                }))
            }
        }
    }

    /// A statement and its row in one transaction.
    pub(super) async fn atomic(&mut self, call: Call<'_>, row: JournalRow) -> Result<u64, SessionError> {
        let baseline = match self.session.database_mut().begin_statement().await {
            Ok(baseline) => baseline,
            Err(error) => {
                // It may have begun before it failed; the first error is the one to tell.
                let _ = self.simple("roll back a statement", "ROLLBACK").await;
                return Err(unless_cancelled(error));
            }
        };
        let error = match self.send(call).await {
            Ok(rows) => {
                let done = JournalRow {
                    state: StatementState::Finished,
                    rows: i64::try_from(rows).unwrap_or(i64::MAX),
                    statement: beginning(&row.statement),
                    ..row.clone()
                };
                match self.write_and_commit(&baseline, &done).await {
                    Ok(()) => return Ok(rows),
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        if let SessionError::Fatal(DatabaseError::Lost { .. }) = error {
            return Err(error);
        }
        self.simple("roll back a statement", "ROLLBACK").await?;
        // Of a statement that is rolled back nothing is left, so the first one needs no row.
        if let Some(said) = refusal(&error).filter(|_| self.progress.done > 0) {
            let statement = beginning(&row.statement);
            self.unwritten = Some(failed(JournalRow { statement, ..row }, said));
        }
        Err(error)
    }

    async fn write_and_commit(&mut self, baseline: &StatementBaseline, row: &JournalRow) -> Result<(), SessionError> {
        match self.session.database_mut().check_statement(baseline, self.rules.may_change).await {
            // A deferred constraint is checked only now, and it is the migration's matter.
            Err(DatabaseError::DeferredConstraint { error }) => return Err(SessionError::guest(Error::Sql(*error))),
            checked => checked.map_err(unless_cancelled)?,
        }
        self.write(row).await?;
        match self.session.database_mut().commit().await {
            Ok(()) => Ok(()),
            Err(DatabaseError::DeferredConstraint { error }) => Err(SessionError::guest(Error::Sql(*error))),
            // The row of the journal tells the next run.
            Err(DatabaseError::CommitUnknown { reason, .. }) => {
                Err(SessionError::Fatal(DatabaseError::Lost { doing: "commit a statement".to_owned(), reason }))
            }
            Err(error) => Err(SessionError::Fatal(error)),
        }
    }

    /// A statement between two rows.
    pub(super) async fn alone(
        &mut self,
        call: Call<'_>,
        row: JournalRow,
        kind: &AutocommitCommand,
    ) -> Result<u64, SessionError> {
        let own = self.session.database_mut().tables().relations();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        if crate::sql::names_any(call.sql(), &own).is_some() {
            return Err(misuse(crate::sql::OWN_TABLES_ALONE));
        }
        let found = self.index_in_the_way(row.position, kind).await?;
        let row = JournalRow { state: StatementState::Started, found, ..row };
        let row_position = row.position;
        self.write_apart(&row).await?;
        let before = self.session.database_mut().before_alone().await.map_err(unless_cancelled)?;
        self.progress.broken_alone = true;
        let lifts_limits = kind.is_concurrent() && !(self.own_lock_timeout && self.own_statement_timeout);
        if lifts_limits {
            let lift = [("lock_timeout", self.own_lock_timeout), ("statement_timeout", self.own_statement_timeout)];
            let lift: Vec<_> = lift.iter().filter(|(_, own)| !own).map(|(name, _)| format!("SET {name} = 0")).collect();
            self.simple("clear the timeouts", &lift.join("; ")).await?;
        }
        let result = self.send(call).await;
        let checked = self.look_after(&before, lifts_limits, &result).await;
        match result {
            Ok(rows) => {
                let rows_written = i64::try_from(rows).unwrap_or(i64::MAX);
                let done = JournalRow { state: StatementState::Finished, rows: rows_written, ..row };
                // It is done, whoever cancels now: the row is written in the end.
                match self.write_apart(&done).await {
                    Err(SessionError::Guest(_)) => self.unwritten = Some(done),
                    written => written?,
                }
                self.progress.broken_alone = false;
                self.done(row_position);
                checked.map(|()| rows)
            }
            Err(error) => {
                checked?;
                if let Some(said) = refusal(&error) {
                    self.unwritten = Some(failed(row, said));
                }
                Err(error)
            }
        }
    }

    /// Looks at what such a statement may have done besides, also when it failed: it has committed in between.
    async fn look_after(
        &mut self,
        before: &Before,
        lifts_limits: bool,
        result: &Result<u64, SessionError>,
    ) -> Result<(), SessionError> {
        if let Err(SessionError::Fatal(_)) = result {
            return Ok(());
        }
        if lifts_limits {
            self.restore_timeouts().await?;
        }
        self.session.database_mut().after_alone(before, self.rules.may_change).await.map_err(unless_cancelled)
    }

    /// The index that has the name of a new one already. An invalid one that nobody here has begun is left to its owner.
    async fn index_in_the_way(&mut self, position: u32, kind: &AutocommitCommand) -> Result<Option<i64>, SessionError> {
        let AutocommitCommand::CreateIndex { name, table } = kind else { return Ok(None) };
        let found = self.session.database_mut().find_index(name, table).await.map_err(SessionError::Fatal)?;
        let Some(index) = found else { return Ok(None) };
        if index.is_valid {
            return Ok(Some(index.oid));
        }
        Err(fatal(JournalError::IndexInTheWay { position, index: index.name }))
    }

    pub(super) async fn send(&mut self, call: Call<'_>) -> Result<u64, SessionError> {
        let liveness = self.session.liveness();
        match call {
            Call::Text { sql, params } => liveness.over(RUN, self.session.execute(sql, params)).await,
            Call::Prepared { prepared, params } => {
                liveness.over(RUN, self.session.execute_prepared(prepared, params)).await
            }
            Call::Many { prepared, rows } => liveness.over(RUN, self.session.execute_many(prepared, rows)).await,
        }
    }

    /// Writes a row in a transaction of its own, as the user who logged in.
    pub(super) async fn write_apart(&mut self, row: &JournalRow) -> Result<(), SessionError> {
        if !self.rules.has_role {
            return self.write(row).await;
        }
        self.simple("begin to write the journal", "BEGIN; SET LOCAL ROLE NONE").await?;
        let written = self.write(row).await;
        let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.simple("write the journal", end).await?;
        written
    }

    async fn write(&mut self, row: &JournalRow) -> Result<(), SessionError> {
        match self.session.database_mut().write_journal(row).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(fatal(JournalError::Overtaken { position: row.position })),
            Err(error) => Err(unless_cancelled(error)),
        }
    }

    pub(super) async fn simple(&mut self, doing: &str, sql: &str) -> Result<(), SessionError> {
        self.session.database_mut().simple(doing, sql.to_owned()).await.map_err(unless_cancelled)?;
        Ok(())
    }

    async fn restore_timeouts(&mut self) -> Result<(), SessionError> {
        let mut set = Vec::new();
        if !self.own_lock_timeout {
            set.push(format!("SET lock_timeout = {}", self.rules.timeouts.lock_milliseconds));
        }
        if !self.own_statement_timeout {
            set.push(format!("SET statement_timeout = {}", self.rules.timeouts.statement_milliseconds));
        }
        if set.is_empty() { Ok(()) } else { self.simple("set the timeouts", &set.join("; ")).await }
    }
}

fn failed(row: JournalRow, said: &SqlError) -> JournalRow {
    failed_because(row, format!("{} ({})", said.message, said.sqlstate))
}

/// The row of a statement that failed for this reason.
pub(super) fn failed_because(row: JournalRow, why: String) -> JournalRow {
    JournalRow { state: StatementState::Failed, error: Some(why), ..row }
}

/// What the server said about a statement of the guest.
fn refusal(error: &SessionError) -> Option<&SqlError> {
    match error {
        SessionError::Guest(error) => match error.as_ref() {
            Error::Sql(error) => Some(error),
            _ => None,
        },
        SessionError::Fatal(_) | SessionError::TooLarge(..) => None,
    }
}

/// A statement of the host that is cancelled on request is not a fault of the database.
fn unless_cancelled(error: DatabaseError) -> SessionError {
    match error {
        DatabaseError::Statement { error, .. } if error.sqlstate == QUERY_CANCELED => {
            SessionError::guest(Error::Sql(*error))
        }
        error => SessionError::Fatal(error),
    }
}
