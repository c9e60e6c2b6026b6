//! A transform that commits batch by batch, on several connections at a time.
//!
//! Each worker has a session of its own: it takes a range of keys, reads it, gives the rows to the transform, writes what comes back and
//! commits that together with the row of the journal that says that the range is done. So a run that was killed goes on where it was.

mod gate;
mod work;
mod work_error;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::try_join_all;

pub use self::gate::Gate;
pub use self::work::Work;
pub use self::work_error::WorkError;
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
use crate::db::Progression;
use crate::db::SessionError;
use crate::db::backfill::BackfillStatus;
use crate::db::backfill::StoredPlan;

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
        let Some(terms) = self.backfill_terms.clone() else { return Err(misuse("this run commits no batches")) };
        // What makes it the same transform when it goes on; how large its batches are does not.
        let what = format!("{STATEMENT} {pipeline:?} {:?} {:?} {:?} {:?}", plan.source, plan.key, plan.into, plan.mode);
        let shown = format!("{STATEMENT} '{}' into {}", label(&pipeline), plan.into.table);
        let row = match session.begin_transform(&shown, &what).await? {
            Progression::Done(rows) => return Ok(rows),
            Progression::Unfinished(row) => row,
        };
        let backfill = Backfill::new(row.step.clone(), row.position, row.clock_micros).map_err(|why| misuse(&why))?;
        let (database, limits, may_change) = session.for_batches();
        let work = Work {
            pipeline,
            plan: plan.clone(),
            backfill,
            terms,
            applier,
            interrupt: self.interrupt.clone(),
            connector: database.connector().clone(),
            tables: database.tables().clone(),
            limits,
            may_change,
            gate: Gate::default(),
            is_helping: false,
        };
        let ended = self.begin_and_work(&work).await;
        let GuestSession::NonTransactional(session) = &mut self.session else {
            return Err(misuse("the session is gone"));
        };
        match ended {
            Ok(rows) => {
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

    /// Writes down the plan, and works on it until all ranges are done. Gives the number of rows written.
    async fn begin_and_work(&mut self, work: &Work) -> Result<u64, WorkError> {
        let (mut session, transform) = work.open().await?;
        let stored = StoredPlan {
            pipeline: work.pipeline.to_string(),
            plan: work.plan.clone(),
            search_path: self.run.search_path.clone(),
            program: work.terms.program.clone(),
        };
        session.begin_backfill(&work.backfill, &transform, &stored).await?;
        let mut told = Instant::now();
        let mut working = std::pin::pin!(work.run(work.plan.parallelism, Some((session, transform))));
        let all = loop {
            tokio::select! {
                ended = &mut working => break ended?,
                () = self.interrupt.requested() => return Err(CallError::stop(Stop::Interrupted).into()),
                () = tokio::time::sleep(PAUSE) => self.check().map_err(CallError::stop)?,
            }
            if told.elapsed() >= PROGRESS_INTERVAL
                && let Some(standing) = work.gate.standing()
            {
                told = Instant::now();
                self.tell(GuestEvent::Backfill(Box::new(standing)));
            }
        };
        let rows = work.gate.standing().map_or(0, |standing| standing.rows);
        if all { Ok(rows) } else { Err(CallError::stop(Stop::Interrupted).into()) }
    }
}

impl Work {
    /// Works by so many connections until all ranges are done; false when the run is to end before.
    ///
    /// # Errors
    /// [`WorkError`], that of the first worker that failed. The others are ended, and what they did not commit is rolled back.
    pub async fn run(&self, connections: u32, first: Option<work::Ready>) -> Result<bool, WorkError> {
        let mut first = first;
        let workers = (0..connections).map(|_| self.until_done(first.take()));
        Ok(try_join_all(workers).await?.into_iter().all(|all| all))
    }

    /// How far the transform is, as far as a worker has looked.
    pub fn standing(&self) -> Option<BackfillStatus> {
        self.gate.standing()
    }
}
