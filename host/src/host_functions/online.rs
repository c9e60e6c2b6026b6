//! A transform that commits batch by batch, on several connections at a time.
//!
//! Each worker has a session of its own: it takes a range of keys, reads it, gives the rows to the transform, writes what comes back and
//! commits that together with the row of the journal that says that the range is done. So a run that was killed goes on where it was.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::try_join_all;

use super::Applied;
use super::Applier;
use super::Batch;
use super::GuestEvent;
use super::GuestState;
use super::Interrupt;
use super::Stop;
use super::transforms::PROGRESS_INTERVAL;
use super::transforms::STATEMENT;
use super::transforms::label;
use super::transforms::made_of;
use super::transforms::misuse;
use crate::bindings::CallError;
use crate::bindings::transforms::TransformPlan;
use crate::bindings::types::Error;
use crate::bindings::types::Tuples;
use crate::db::Backfill;
use crate::db::Claim;
use crate::db::GuestSession;
use crate::db::Isolation;
use crate::db::Progression;
use crate::db::Session;
use crate::db::SessionError;
use crate::db::Transform;
use crate::db::backfill::Ended;
use crate::db::backfill::Range;
use crate::db::sqlstate;
use crate::db::violation::MayChange;

/// How long a range belongs to whoever took it. A worker whose connection ends loses it at once.
const LEASE: Duration = Duration::from_secs(60);

/// How often a batch is tried again that lost to somebody else's transaction.
const TRIES_MAX: u32 = 20;

/// How long a worker waits before it asks again for a range, and how often the operator's wishes are looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// What all workers of a transform share.
struct Work<'a> {
    pipeline: Arc<str>,
    plan: &'a TransformPlan,
    backfill: Backfill,
    applier: Applier,
    interrupt: Interrupt,
    may_change: MayChange,
    /// Rows written, those of earlier runs as well.
    written: AtomicU64,
}

/// Why a worker ended before all ranges were done.
enum WorkError {
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
    fn why(&self) -> Option<String> {
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

impl GuestState {
    /// Rewrites all rows batch by batch, or goes on with that.
    pub(super) async fn rewrite_online(
        &mut self,
        pipeline: Arc<str>,
        plan: &TransformPlan,
        applier: Applier,
    ) -> Result<u64, CallError> {
        let GuestSession::NonTransactional(session) = &mut self.session else {
            return Err(misuse(
                "commit-per-batch is for a migration without a transaction, whose own changes other connections can see: say \
                 transaction = \"none\" in its metadata, or leave commit-per-batch out of the plan",
            ));
        };
        // What makes it the same transform when it goes on; how large its batches are does not.
        let what = format!("{STATEMENT} {pipeline:?} {:?} {:?} {:?} {:?}", plan.source, plan.key, plan.into, plan.mode);
        let shown = format!("{STATEMENT} '{}' into {}", label(&pipeline), plan.into.table);
        let row = match session.begin_transform(&shown, &what).await? {
            Progression::Done(rows) => return Ok(rows),
            Progression::Unfinished(row) => row,
        };
        let backfill = Backfill::new(row.step.clone(), row.position, row.clock_micros).map_err(|why| misuse(&why))?;
        let (database, limits, may_change) = session.for_batches();
        let (connector, tables) = (database.connector().clone(), database.tables().clone());
        let work = Work {
            pipeline,
            plan,
            backfill,
            applier,
            interrupt: self.interrupt.clone(),
            may_change,
            written: AtomicU64::new(0),
        };
        let outcome = async {
            let mut sessions = Vec::new();
            for _ in 0..plan.parallelism {
                let database = connector.session(tables.clone()).await.map_err(SessionError::from)?;
                let mut session = Session::new(database, limits);
                session.prepare_for_batches(LEASE).await?;
                let transform = session.begin_transform(plan, 0, Isolation::EachBatch).await?;
                if sessions.is_empty() {
                    let before = session.begin_backfill(&work.backfill, &transform).await?;
                    work.written.store(before, Ordering::Relaxed);
                }
                sessions.push((session, transform));
            }
            let workers = sessions.into_iter().map(|(session, transform)| work.until_done(session, transform));
            let ended = self.watching(&work, try_join_all(workers)).await?;
            let all = ended.into_iter().all(|all| all);
            if all { Ok(()) } else { Err(WorkError::Call(CallError::stop(Stop::Interrupted))) }
        };
        let ended = outcome.await;
        let rows = work.written.load(Ordering::Relaxed);
        let GuestSession::NonTransactional(session) = &mut self.session else { return Ok(rows) };
        match ended {
            Ok(()) => {
                session.end_transform(&row, Ok(rows)).await?;
                self.settle(STATEMENT, None, Ok(rows), |rows| *rows)
            }
            Err(error) => {
                let why = error.why().unwrap_or_else(|| match &error {
                    WorkError::Session(SessionError::Fatal(error)) => error.to_string(),
                    _ => "it was ended".to_owned(),
                });
                session.end_transform(&row, Err(why)).await?;
                match error {
                    WorkError::Call(error) => Err(error),
                    WorkError::Session(error) => self.note(STATEMENT, None, Err(error)),
                }
            }
        }
    }

    /// Does work, tells how far it is, and ends it when the run has to end.
    async fn watching<T>(
        &mut self,
        work: &Work<'_>,
        working: impl Future<Output = Result<T, WorkError>>,
    ) -> Result<T, WorkError> {
        let mut working = std::pin::pin!(working);
        let mut told = Instant::now();
        loop {
            tokio::select! {
                ended = &mut working => return ended,
                () = self.interrupt.requested() => return Err(CallError::stop(Stop::Interrupted).into()),
                () = tokio::time::sleep(PAUSE) => self.check().map_err(CallError::stop)?,
            }
            if told.elapsed() >= PROGRESS_INTERVAL {
                told = Instant::now();
                let (label, done) = (label(&work.pipeline).to_owned(), work.written.load(Ordering::Relaxed));
                self.emit(GuestEvent::Progress { label, done, total: None }).map_err(CallError::Stop)?;
            }
        }
    }
}

impl Work<'_> {
    /// Works on range after range until all are done; false when the run is to end before.
    async fn until_done(&self, mut session: Session, transform: Transform) -> Result<bool, WorkError> {
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
