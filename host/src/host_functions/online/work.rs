//! What a worker of a transform does: range after range, each in a transaction.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use super::LEASE;
use super::PAUSE;
use crate::bindings::CallError;
use crate::bindings::transforms::TransformPlan;
use crate::bindings::types::Error;
use crate::bindings::types::Tuples;
use crate::db::Backfill;
use crate::db::Claim;
use crate::db::Session;
use crate::db::SessionError;
use crate::db::Transform;
use crate::db::backfill::Ended;
use crate::db::backfill::Range;
use crate::db::sqlstate;
use crate::db::violation::MayChange;
use crate::host_functions::Applied;
use crate::host_functions::Applier;
use crate::host_functions::Batch;
use crate::host_functions::Interrupt;
use crate::host_functions::transforms::made_of;
use crate::host_functions::transforms::misuse;

/// How often a batch is tried again that lost to somebody else's transaction.
const TRIES_MAX: u32 = 20;

/// What all workers of a transform share.
pub(super) struct Work<'a> {
    pub(super) pipeline: Arc<str>,
    pub(super) plan: &'a TransformPlan,
    pub(super) backfill: Backfill,
    pub(super) applier: Applier,
    pub(super) interrupt: Interrupt,
    pub(super) may_change: MayChange,
    /// Rows written, those of earlier runs as well.
    pub(super) written: AtomicU64,
}

/// Why a worker ended before all ranges were done.
pub(super) enum WorkError {
    /// The guest or the server.
    Call(CallError),
    /// The same, as the server said it.
    Session(SessionError),
}

impl From<SessionError> for WorkError {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<CallError> for WorkError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl WorkError {
    /// Why, for the journal; none for what has nothing to do with the range.
    pub(super) fn why(&self) -> Option<String> {
        let error = match self {
            Self::Call(CallError::Guest(error)) | Self::Session(SessionError::Guest(error)) => error,
            Self::Call(CallError::Stop(_)) | Self::Session(_) => return None,
        };
        Some(match error.as_ref() {
            Error::Sql(error) => format!("{} ({})", error.message, error.sqlstate),
            Error::Misuse(text) | Error::BadParams(text) | Error::Conversion(text) => text.clone(),
            Error::Denied(text) | Error::Offline(text) => text.clone(),
            Error::Exceeded(_) => "a limit was exceeded".to_owned(),
        })
    }

    /// Whether the batch only lost to somebody else's transaction.
    fn is_conflict(&self) -> bool {
        let Self::Session(SessionError::Guest(error)) = self else { return false };
        matches!(error.as_ref(), Error::Sql(error) if [
            sqlstate::SERIALIZATION_FAILURE,
            sqlstate::DEADLOCK_DETECTED,
            sqlstate::LOCK_NOT_AVAILABLE,
        ].contains(&error.sqlstate.as_str()))
    }
}

impl Work<'_> {
    /// Works on range after range until all are done; false when the run is to end before.
    pub(super) async fn until_done(&self, mut session: Session, transform: Transform) -> Result<bool, WorkError> {
        loop {
            // What is begun is finished, and the next run goes on.
            if self.interrupt.is_ending() {
                return Ok(false);
            }
            match session.claim(&self.backfill, &transform, self.plan.batch_rows, LEASE).await? {
                Claim::Range(range) => self.range(&mut session, &transform, &range).await?,
                Claim::Wait | Claim::Paused => tokio::time::sleep(PAUSE).await,
                Claim::Done => {
                    session.into_database().close().await;
                    return Ok(true);
                }
                Claim::Cancelled => return Err(misuse("it was cancelled: `host backfill resume` lets it go on").into()),
                Claim::Failed(why) => return Err(CallError::guest(Error::Misuse(why)).into()),
            }
        }
    }

    /// Works on one range, again as long as it loses to others.
    async fn range(&self, session: &mut Session, transform: &Transform, range: &Range) -> Result<(), WorkError> {
        let mut tries = 0;
        loop {
            let error = match self.batch(session, transform, range).await {
                Ok((Ended::Committed, rows)) => {
                    self.written.fetch_add(rows, Ordering::Relaxed);
                    return Ok(());
                }
                Ok((Ended::Overtaken, _)) => return Ok(()),
                Err(error) => error,
            };
            if matches!(error, WorkError::Session(SessionError::Fatal(_))) {
                return Err(error);
            }
            session.rollback_batch().await?;
            tries += 1;
            if error.is_conflict() && tries < TRIES_MAX && !self.interrupt.is_ending() {
                tokio::time::sleep(PAUSE / 10 * tries).await;
                continue;
            }
            if let Some(why) = error.why() {
                session.fail_range(&self.backfill, range, &why).await?;
            }
            return Err(error);
        }
    }

    /// One transaction: all rows of a range, in as many pieces as their bytes ask for.
    async fn batch(
        &self,
        session: &mut Session,
        transform: &Transform,
        range: &Range,
    ) -> Result<(Ended, u64), WorkError> {
        let (rows_max, bytes_max) =
            (self.plan.batch_rows, usize::try_from(self.plan.batch_bytes).unwrap_or(usize::MAX));
        let batch = session.begin_batch().await?;
        let (mut after, mut written) = (range.after.clone(), 0);
        loop {
            let mut part = session.read_part(transform, after.as_ref(), &range.until, rows_max, bytes_max).await?;
            if part.rows.rows > 0 {
                let rows = Arc::new(std::mem::replace(&mut part.rows, Tuples { rows: 0, data: Vec::new() }));
                let given = Batch { pipeline: Arc::clone(&self.pipeline), rows: Arc::clone(&rows) };
                let applied: Applied = self.applier.begin(given).finished().await;
                let made = made_of(transform, &self.pipeline, &self.applier, &rows, applied).await?;
                written += session.write_part(transform, (after.as_ref(), &part.until), &made).await?;
            }
            if part.all {
                break;
            }
            after = Some(part.until);
        }
        let ended = session.commit_batch(&self.backfill, (batch, range), written, self.may_change).await?;
        Ok((ended, written))
    }
}
