//! A transform that commits batch by batch, on several connections at a time.
//!
//! Each worker has a session of its own: it takes a range of keys, reads it, gives the rows to the transform, writes what comes back and
//! commits that together with the row of the journal that says that the range is done. So a run that was killed goes on where it was.

mod work;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::try_join_all;

use self::work::Work;
use self::work::WorkError;
use super::Applier;
use super::GuestEvent;
use super::GuestState;
use super::Stop;
use super::transforms::PROGRESS_INTERVAL;
use super::transforms::STATEMENT;
use super::transforms::label;
use super::transforms::misuse;
use crate::bindings::CallError;
use crate::bindings::transforms::TransformPlan;
use crate::db::Backfill;
use crate::db::GuestSession;
use crate::db::Isolation;
use crate::db::Progression;
use crate::db::Session;
use crate::db::SessionError;

/// How long a range belongs to whoever took it. A worker whose connection ends loses it at once.
const LEASE: Duration = Duration::from_secs(60);

/// How long a worker waits before it asks again for a range, and how often the operator's wishes are looked at.
const PAUSE: Duration = Duration::from_millis(200);

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
