//! A transform that commits batch by batch, as one of the statements of a migration without a transaction.

use super::JournalError;
use super::NonTransactionalSession;
use super::fatal;
use super::statement;
use crate::db::SessionError;
use crate::db::connect::Database;
use crate::db::session::ResultLimits;
use crate::db::statement_journal::JournalRow;
use crate::db::statement_journal::RUN_TRANSFORM;
use crate::db::statement_journal::StatementState;
use crate::db::statement_journal::beginning;
use crate::db::statement_journal::digest;
use crate::db::violation::MayChange;
use crate::sql::ExecutionMode;

/// How far a transform is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progression {
    /// An earlier run has come to its end, with so many rows.
    Done(u64),
    /// It is to be begun, or to go on. This is its row.
    Unfinished(Box<JournalRow>),
}

impl NonTransactionalSession {
    /// Begins a transform. `what` is what makes it the same one in a rerun, `label` what people see.
    ///
    /// # Errors
    /// [`SessionError`]: the journal has another statement in its place.
    pub async fn begin_transform(&mut self, label: &str, what: &str) -> Result<Progression, SessionError> {
        self.refuse_after_failure()?;
        let position = self.position.saturating_add(1);
        let digest = digest(what, std::iter::empty()).map_err(|reason| super::misuse(&reason))?;
        let row = JournalRow {
            command: RUN_TRANSFORM.to_owned(),
            ..self.row(position, label, digest, &ExecutionMode::Atomic)
        };
        if let Some(past) = self.past.remove(&position) {
            if past.state != StatementState::Marked && past.digest != row.digest {
                let (done, now) = (beginning(&past.statement), beginning(&row.statement));
                return Err(fatal(JournalError::Differs { position, done, now }));
            }
            if past.state.is_done() {
                self.done(position);
                return Ok(Progression::Done(u64::try_from(past.rows).unwrap_or_default()));
            }
        }
        self.write_apart(&row).await?;
        self.progress.is_transforming = true;
        Ok(Progression::Unfinished(Box::new(row)))
    }

    /// Ends a transform: all of its rows are written, or it failed for this reason.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn end_transform(&mut self, row: &JournalRow, outcome: Result<u64, String>) -> Result<(), SessionError> {
        match outcome {
            Ok(rows) => {
                let rows = i64::try_from(rows).unwrap_or(i64::MAX);
                self.write_apart(&JournalRow { state: StatementState::Finished, rows, ..row.clone() }).await?;
                self.done(row.position);
                self.progress.is_transforming = false;
            }
            Err(why) => {
                self.position = row.position;
                self.progress.broken = Some(row.position);
                self.has_failed = true;
                self.unwritten = Some(statement::failed_because(row.clone(), why));
            }
        }
        Ok(())
    }

    /// What further connections for the work of this migration need: how they are opened, how much a result may hold, and what a
    /// statement may leave changed.
    pub fn for_batches(&mut self) -> (&Database, ResultLimits, MayChange) {
        let (limits, may_change) = (self.session.limits(), self.rules.may_change);
        (self.session.database_mut(), limits, may_change)
    }
}
