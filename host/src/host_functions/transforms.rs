//! The interface `transforms`: the host's own loop over a big table.
//!
//! Within the transaction of the migration all of it goes over one connection, which reads the next batch while the transform works
//! on the one before on another thread, and writes that one while it works on the next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use super::Applier;
use super::Batch;
use super::GuestEvent;
use super::GuestState;
use super::apply::InWork;
pub(super) use super::made::STATEMENT;
pub(super) use super::made::label;
pub(super) use super::made::made_of;
pub(super) use super::made::misuse;
use super::sift::Sift;
use super::sift::SiftError;
use crate::bindings::CallError;
use crate::bindings::transforms::Host;
use crate::bindings::transforms::TransformPlan;
use crate::bindings::types::Error;
use crate::bindings::types::Tuples;
use crate::db::GuestSession;
use crate::db::Isolation;
use crate::db::Part;
use crate::db::Transform;
use crate::grant::Grant;

/// The most batches that are worked on at a time, each by an instance with the memory of one.
const PARALLELISM_MAX: u32 = 64;

/// The most bytes of all batches that are worked on at a time: they lie in the memory of the host.
const BATCH_BYTES_MAX: u32 = 256 << 20;

/// The fewest milliseconds between two reports of progress.
pub(super) const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

impl Host for GuestState {
    async fn run_transform(&mut self, pipeline: String, plan: TransformPlan) -> Result<u64, CallError> {
        self.admit(&plan.source)?;
        crate::sql::check_copy(&self.grant).map_err(|refusal| self.deny(refusal))?;
        check_numbers(&plan)?;
        if let (Some(rows_max), Some(applier)) = (self.sampling, self.applier.clone()) {
            let time = self.budget.compute_time().clone();
            return time.without(self.preview(pipeline.into(), &plan, &applier, rows_max)).await;
        }
        if !plan.commit_per_batch || matches!(self.session, GuestSession::Offline(_)) {
            self.session.transactional()?;
        }
        let Some(applier) = self.applier.clone() else { return Err(misuse("this run has no transforms")) };
        if plan.commit_per_batch {
            let time = self.budget.compute_time().clone();
            return time.without(self.rewrite_online(pipeline.into(), &plan, applier)).await;
        }
        let (savepoint, number) = (self.trace.next_savepoint(), self.trace.next_number());
        let time = self.budget.compute_time().clone();
        let begun = time.without(self.session.savepoint(&savepoint)).await;
        self.note(&format!("SAVEPOINT {savepoint}"), None, begun)?;
        self.trace.opened(&savepoint);
        let written = time.without(self.rewrite(pipeline.into(), &plan, number, &applier)).await;
        match written {
            Ok(written) => {
                let released = time.without(self.session.release(&savepoint)).await;
                self.note(&format!("RELEASE SAVEPOINT {savepoint}"), None, released)?;
                self.trace.released(&savepoint);
                Ok(written)
            }
            // After an error of the server the failure has to be told, whatever the migration makes of it.
            Err(CallError::Guest(error)) if !matches!(error.as_ref(), Error::Sql(_)) => {
                self.undo(&savepoint).await.map_err(CallError::Stop)?;
                Err(CallError::Guest(error))
            }
            Err(error) => Err(error),
        }
    }
}

/// A batch between reading and writing.
struct Pending {
    part: Part,
    rows: Arc<Tuples>,
    in_work: InWork,
}

impl GuestState {
    /// Rewrites all rows within the transaction of the migration.
    async fn rewrite(
        &mut self,
        pipeline: Arc<str>,
        plan: &TransformPlan,
        number: u64,
        applier: &Applier,
    ) -> Result<u64, CallError> {
        let begun = self.session.transactional()?.begin_transform(plan, number, Isolation::OneTransaction).await;
        let transform = self.note(&plan.source, None, begun)?;
        let last = self.session.transactional()?.last_key(&transform).await;
        let until = self.note(&plan.source, None, last)?;
        let statement = u32::try_from(self.trace.statements.saturating_add(1)).unwrap_or(u32::MAX);
        let (mut written, mut after, mut all) = (0, None, until.is_none());
        let mut pending: VecDeque<Pending> = VecDeque::new();
        let mut told = Instant::now();
        let at_once = usize::try_from(plan.parallelism).unwrap_or(usize::MAX);
        while let (Some(until), true) = (&until, !all || !pending.is_empty()) {
            if !all {
                self.begin(1)?;
                let (rows_max, bytes_max) = (plan.batch_rows, usize::try_from(plan.batch_bytes).unwrap_or(usize::MAX));
                let session = self.session.transactional()?;
                let read = session.read_part(&transform, after.as_ref(), until, rows_max, bytes_max).await;
                let mut part = self.settle(&plan.source, None, read, |_| 0)?;
                (after, all) = (Some(part.until.clone()), part.all);
                if part.rows.rows > 0 {
                    let rows = Arc::new(std::mem::replace(&mut part.rows, Tuples { rows: 0, data: Vec::new() }));
                    let batch = Batch { pipeline: Arc::clone(&pipeline), rows: Arc::clone(&rows) };
                    pending.push_back(Pending { part, rows, in_work: applier.begin(batch) });
                }
            }
            if (all || pending.len() > at_once)
                && let Some(next) = pending.pop_front()
            {
                written += self.write_batch(&transform, (&pipeline, plan, statement), applier, next).await?;
                if told.elapsed() >= PROGRESS_INTERVAL {
                    told = Instant::now();
                    let label = label(&pipeline).to_owned();
                    self.emit(GuestEvent::Progress { label, done: written, total: None }).map_err(CallError::Stop)?;
                }
            }
        }
        let ended = self.session.transactional()?.end_transform(&transform).await;
        self.note(STATEMENT, None, ended)?;
        Ok(written)
    }

    /// Waits for a batch and writes what became of it.
    async fn write_batch(
        &mut self,
        transform: &Transform,
        (pipeline, plan, statement): (&Arc<str>, &TransformPlan, u32),
        applier: &Applier,
        batch: Pending,
    ) -> Result<u64, CallError> {
        let Pending { part, rows, in_work } = batch;
        let range = (part.after.as_ref(), &part.until);
        if let Some(rows_max) = applier.rejected_max() {
            let applied = in_work.finished().await;
            self.begin(1)?;
            let of_statement = self.trace.rejected().filter(|row| row.statement == statement);
            let before = of_statement.fold((0, 0), |(rows, bytes), row| (rows + 1, bytes + row.row.len()));
            let interrupt = self.interrupt.clone();
            let sift = Sift { transform, pipeline, applier, plan, statement, interrupt: &interrupt, rows_max, before };
            let mut rejected = Vec::new();
            let session = self.session.transactional()?;
            let written = match sift.write(session, range, &rows, applied, &mut rejected).await {
                Ok(written) => Ok(written),
                Err(SiftError::Call(error)) => return Err(error),
                Err(SiftError::Session(error)) => Err(error),
            };
            self.trace.passed_over(rejected);
            return self.settle(STATEMENT, None, written, |rows| *rows);
        }
        let made = made_of(transform, pipeline, applier, &rows, in_work.finished().await).await?;
        self.begin(1)?;
        let written = self.session.transactional()?.write_part(transform, range, &made).await;
        self.settle(STATEMENT, None, written, |rows| *rows)
    }
}

/// Checks a plan that was written down, as that of a migration is checked: whoever else may write to that table has no more rights.
///
/// # Errors
/// Says what the migration may not do, or what no plan has.
pub fn check_stored(plan: &TransformPlan, grant: &Grant) -> Result<(), String> {
    let admitted = crate::sql::check(&plan.source, grant).and_then(|()| crate::sql::check_copy(grant));
    admitted.map_err(|refusal| format!("its plan is not one that the migration may have: {}", refusal.message()))?;
    check_numbers(plan).map_err(|_| "its plan has numbers that no plan may have".to_owned())
}

/// Checks the numbers of a plan.
fn check_numbers(plan: &TransformPlan) -> Result<(), CallError> {
    let ranges = [
        ("batch-rows", plan.batch_rows, u32::MAX - 1),
        ("batch-bytes", plan.batch_bytes, BATCH_BYTES_MAX),
        ("parallelism", plan.parallelism, PARALLELISM_MAX),
    ];
    match ranges.into_iter().find(|(_, value, max)| *value == 0 || value > max) {
        Some((name, value, max)) => Err(misuse(&format!("{name} is {value}: it has to be from 1 to {max}"))),
        None if u64::from(plan.batch_bytes) * u64::from(plan.parallelism) > u64::from(BATCH_BYTES_MAX) => Err(misuse(
            &format!("batch-bytes times parallelism is more than {BATCH_BYTES_MAX} bytes: take smaller batches"),
        )),
        None => Ok(()),
    }
}
