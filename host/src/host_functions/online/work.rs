//! What a worker of a transform does: range after range, each in a transaction, by a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use super::PAUSE;
use super::gate::Gate;
use super::work_error::WorkError;
use crate::bindings::CallError;
use crate::bindings::transforms::TransformPlan;
use crate::bindings::types::Error;
use crate::bindings::types::Tuples;
use crate::db::Backfill;
use crate::db::Claim;
use crate::db::Connector;
use crate::db::Isolation;
use crate::db::Session;
use crate::db::SessionError;
use crate::db::Tables;
use crate::db::Transform;
use crate::db::backfill::BackfillTerms;
use crate::db::backfill::Done;
use crate::db::backfill::Ended;
use crate::db::backfill::Range;
use crate::db::backfill::Request;
use crate::db::session::ResultLimits;
use crate::db::violation::MayChange;
use crate::host_functions::Applied;
use crate::host_functions::Applier;
use crate::host_functions::Batch;
use crate::host_functions::Interrupt;
use crate::host_functions::sift::Sift;
use crate::host_functions::sift::beyond_cap;
use crate::host_functions::transforms::label;
use crate::host_functions::transforms::made_of;
use crate::host_functions::transforms::misuse;

/// How often a batch is tried again that lost to somebody else's transaction.
const TRIES_MAX: u32 = 20;

/// How long to wait for the first new connection after a lost one; twice as long each time, up to the second value.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How many new connections are tried one after the other, without a batch in between: for about a minute.
const RECONNECTS_MAX: u32 = 16;

/// A transform that is worked on batch by batch: what all workers of a process share.
#[derive(Debug)]
pub struct Work {
    /// Which of its transforms the migration is to run.
    pub pipeline: Arc<str>,
    /// The plan.
    pub plan: TransformPlan,
    /// Its place in the journal.
    pub backfill: Backfill,
    /// The limits, and what gives the rows.
    pub terms: BackfillTerms,
    /// Runs the transform.
    pub applier: Applier,
    /// The operator's wish to end.
    pub interrupt: Interrupt,
    /// Opens the connections.
    pub connector: Connector,
    /// The tables of host.
    pub tables: Tables,
    /// How much a result may hold.
    pub limits: ResultLimits,
    /// What a batch may leave changed.
    pub may_change: MayChange,
    /// What holds the workers back, and how far they are.
    pub gate: Gate,
    /// Whether the run of the migration is elsewhere.
    pub is_helping: bool,
}

/// A connection that is ready to work.
pub(super) type Ready = (Session, Transform);

impl Work {
    /// Opens a connection and makes it ready.
    pub(super) async fn open(&self) -> Result<Ready, WorkError> {
        let database = self.connector.session(self.tables.clone()).await.map_err(SessionError::from)?;
        let mut session = Session::new(database, self.limits);
        session.prepare_for_batches(self.terms.settings.lease).await?;
        let transform = session.begin_transform(&self.plan, 0, Isolation::EachBatch).await?;
        Ok((session, transform))
    }

    /// Works until all ranges are done, also by new connections after a lost one; false when the run is to end before.
    pub(super) async fn until_done(&self, first: Option<Ready>) -> Result<bool, WorkError> {
        let (mut ready, mut lost, mut pause) = (first, 0, RECONNECT.0);
        loop {
            let opened = match ready.take() {
                Some(ready) => Ok(ready),
                None => self.open().await,
            };
            let ended = match opened {
                Ok((mut session, transform)) => {
                    let (ended, has_worked) = self.work_by(&mut session, &transform).await;
                    if has_worked {
                        (lost, pause) = (0, RECONNECT.0);
                    }
                    if ended.is_ok() {
                        session.into_database().close().await;
                    }
                    ended
                }
                Err(error) => Err(error),
            };
            match ended {
                Err(error) if error.may_pass() && lost < RECONNECTS_MAX && !self.interrupt.is_ending() => {
                    lost += 1;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RECONNECT.1);
                }
                ended => return ended,
            }
        }
    }

    /// Works on range after range by one connection. The second part says whether it came to the end of one.
    async fn work_by(&self, session: &mut Session, transform: &Transform) -> (Result<bool, WorkError>, bool) {
        let mut has_worked = false;
        loop {
            // What is begun is finished, and the next run goes on.
            if self.interrupt.is_ending() {
                return (Ok(false), has_worked);
            }
            match self.next(session, transform).await {
                Ok(Some(true)) => return (Ok(true), has_worked),
                Ok(Some(false)) => has_worked = true,
                Ok(None) => {}
                Err(error) => return (Err(error), has_worked),
            }
        }
    }

    /// Works on a range, or waits a moment for one. Says whether all are done; nothing when it waited.
    async fn next(&self, session: &mut Session, transform: &Transform) -> Result<Option<bool>, WorkError> {
        let label = label(&self.pipeline);
        self.gate.look(session, &self.backfill, label, false).await?;
        if self.gate.is_shut(session, &self.backfill, &self.terms.settings).await? {
            tokio::time::sleep(PAUSE).await;
            return Ok(None);
        }
        let request = Request {
            program: &self.terms.program.digest(),
            rows_max: self.plan.batch_rows,
            rows_per_second: self.terms.settings.rows_per_second,
            lease: self.terms.settings.lease,
        };
        match session.claim(&self.backfill, transform, request).await? {
            Claim::Range(range) => self.range(session, transform, &range).await.map(|()| Some(false)),
            Claim::Wait | Claim::Paused => {
                tokio::time::sleep(PAUSE).await;
                Ok(None)
            }
            Claim::NotBefore(wait) => {
                tokio::time::sleep(wait.min(PAUSE)).await;
                Ok(None)
            }
            Claim::Done => {
                self.gate.look(session, &self.backfill, label, true).await?;
                Ok(Some(true))
            }
            // Somebody else did the last range, and the upgrade has ended meanwhile.
            Claim::Gone if self.is_helping => Ok(Some(true)),
            Claim::Gone => Err(misuse("the journal knows nothing of it any more").into()),
            Claim::Cancelled => Err(misuse("it was cancelled: `host backfill resume` lets it go on").into()),
            Claim::AnotherProgram => {
                Err(misuse("another build of the migration works on it by now, or a run with other arguments (-x)")
                    .into())
            }
            Claim::Failed(why) => Err(CallError::guest(Error::Misuse(why)).into()),
        }
    }

    /// Works on one range, again as long as it loses to others.
    async fn range(&self, session: &mut Session, transform: &Transform, range: &Range) -> Result<(), WorkError> {
        let mut tries = 0;
        loop {
            let error = match self.batch(session, transform, range).await {
                Ok(Ended::Committed | Ended::Overtaken | Ended::BeyondCap) => return Ok(()),
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

    fn sift<'a>(&'a self, transform: &'a Transform, rows_max: u64) -> Sift<'a> {
        Sift {
            transform,
            pipeline: &self.pipeline,
            applier: &self.applier,
            plan: &self.plan,
            statement: self.backfill.position,
            interrupt: &self.interrupt,
            rows_max,
            before: (0, 0),
        }
    }

    /// One transaction: all rows of a range, in as many pieces as their bytes ask for.
    async fn batch(&self, session: &mut Session, transform: &Transform, range: &Range) -> Result<Ended, WorkError> {
        let (rows_max, bytes_max) =
            (self.plan.batch_rows, usize::try_from(self.plan.batch_bytes).unwrap_or(usize::MAX));
        let batch = session.begin_batch().await?;
        let (mut after, mut written, mut rejected) = (range.after.clone(), 0, Vec::new());
        loop {
            let mut part = session.read_part(transform, after.as_ref(), &range.until, rows_max, bytes_max).await?;
            if part.rows.rows > 0 {
                let rows = Arc::new(std::mem::replace(&mut part.rows, Tuples { rows: 0, data: Vec::new() }));
                let given = Batch { pipeline: Arc::clone(&self.pipeline), rows: Arc::clone(&rows) };
                let applied: Applied = self.applier.begin(given).finished().await;
                let range = (after.as_ref(), &part.until);
                written += match self.applier.rejected_max() {
                    Some(rows_max) => {
                        self.sift(transform, rows_max).write(session, range, &rows, applied, &mut rejected).await?
                    }
                    None => {
                        let made = made_of(transform, &self.pipeline, &self.applier, &rows, applied).await?;
                        session.write_part(transform, range, &made).await?
                    }
                };
            }
            if part.all {
                break;
            }
            after = Some(part.until);
        }
        let done = Done { rows: written, rejected: &rejected, rejected_max: self.applier.rejected_max().unwrap_or(0) };
        let ended = session.commit_batch(&self.backfill, (batch, range), done, self.may_change).await?;
        if let (Ended::BeyondCap, Some(row), Some(rows_max)) = (ended, rejected.last(), self.applier.rejected_max()) {
            return Err(misuse(&beyond_cap(label(&self.pipeline), rows_max, row)).into());
        }
        Ok(ended)
    }
}
