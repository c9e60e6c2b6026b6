//! A run: what a plan needs is checked and compiled, then the lock is taken, and one step comes after the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::components::Checked;
use super::components::CheckedComponents;
use super::components::Loader;
use super::components::StepComponent;
use super::error::RunError;
use super::event::Event;
use super::event::Observer;
use super::failure::StepFailure;
use super::goal::Goal;
use super::goal::refuse_another;
use super::limits;
use super::retry;
use super::runner::Report;
use super::runner::Runner;
use super::runner::out;
use super::step::StepRun;
use super::step_result::NextStep;
use super::step_result::StepResult;
use crate::db::AppliedState;
use crate::db::Canceller;
use crate::plan::Plan;
use crate::plan::Step;
use crate::revision::RevisionId;
use crate::runtime::Instance;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::store::Transaction;

/// What became of a plan that was made before the lock.
enum Locked {
    /// It ran, or there was nothing left to do.
    Done(Report),
    /// Another runner has worked until the lock was free, and now the plan has other steps, which nothing is known of yet.
    Other(Plan),
}

impl Runner<'_> {
    /// Runs what a goal asks for.
    pub(super) async fn run_to(&mut self, goal: Goal<'_>, observer: &mut dyn Observer) -> Result<Report, RunError> {
        let result = match self.plan_and_run(goal, observer).await {
            Err(error) if error.is_refusal() => Err(self.with_other_problems(error, goal).await),
            result => result,
        };
        // An application may go on with this runner.
        self.interrupt.reset();
        result
    }

    async fn plan_and_run(&mut self, goal: Goal<'_>, observer: &mut dyn Observer) -> Result<Report, RunError> {
        let applied = self.applied_at_first().await?;
        let mut plan = self.admitted_plan(&applied, goal)?;
        if let Goal::Plan(given) = goal {
            refuse_another(given, &self.prepared_of_files(&given.target, &applied, &plan))?;
        }
        loop {
            if plan.steps.is_empty() {
                return Ok(Report { plan });
            }
            let prepared = self.prepare(&plan).await?;
            self.lock(observer).await?;
            let result = self.run_locked(goal, &prepared, &applied, observer).await;
            let heads = match &result {
                Ok(Locked::Done(report)) => Some(&report.plan.heads_after),
                _ => None,
            };
            let unlocked = self.unlock(heads).await;
            let locked = result?;
            unlocked?;
            match locked {
                Locked::Done(report) => return Ok(report),
                Locked::Other(other) => plan = other,
            }
        }
    }

    /// Checks and compiles all that a plan needs, or ends when it is told to.
    pub(super) async fn prepare(&self, plan: &Plan) -> Result<CheckedComponents, RunError> {
        let runtime = limits::shared_runtime(&self.options, &self.project.environment().limits)?;
        tokio::select! {
            biased;
            () = self.interrupt.ending() => Err(RunError::Interrupted {
                direction: plan.direction,
                heads: plan.heads_before.iter().cloned().collect(),
                steps_done: 0,
            }),
            prepared = CheckedComponents::new(self.project, runtime, &plan.steps, &self.options) => prepared,
        }
    }

    async fn run_locked(
        &mut self,
        goal: Goal<'_>,
        prepared: &CheckedComponents,
        before: &AppliedState,
        observer: &mut dyn Observer,
    ) -> Result<Locked, RunError> {
        // Another runner may have worked until the lock was free.
        let project = self.project;
        let applied = project.read_applied_again(self.database()?, before).await?;
        let plan = self.admitted_plan(&applied, goal)?;
        let direction = plan.direction;
        let components = prepared.of(&plan);
        if let Goal::Plan(given) = goal {
            let now =
                self.prepared_of_checked(&given.target, &applied, &plan, components.as_deref().unwrap_or_default());
            refuse_another(given, &now)?;
        }
        if plan.steps.is_empty() {
            return Ok(Locked::Done(Report { plan }));
        }
        let Some(components) = components else { return Ok(Locked::Other(plan)) };
        self.database()?.check_ids_fit(plan.steps.iter().flat_map(|step| &step.change.add)).await?;
        if !applied.tables_exist {
            self.database()?.ensure_tables().await?;
        }
        if self.options.rejected_max(&project.environment().backfill).is_some() {
            self.database()?.ensure_rejected().await?;
        }
        self.correct_unfinished(&applied.unfinished).await?;
        let mut canceller = self.database()?.preflight().await?;
        let mut loader = Loader::new(project, prepared);
        let mut heads = plan.heads_before.clone();
        let mut kept = None;
        observer.observe(Event::Planned { direction, steps: plan.steps.len() });
        for (index, (step, &checked)) in plan.steps.iter().zip(&components).enumerate() {
            let Checked { migration, .. } = checked;
            let message = migration.metadata.message.clone();
            let failure = |cause, recorded, non_transactional, heads: &BTreeSet<_>| {
                RunError::Step(Box::new(StepFailure {
                    revision: step.revision.clone(),
                    message: migration.metadata.message.clone(),
                    file: migration.file.clone(),
                    can_ask: migration.can_ask(),
                    direction,
                    cause,
                    heads: heads.iter().cloned().collect(),
                    steps_done: index,
                    recorded,
                    non_transactional,
                }))
            };
            let component = loader.component(checked)?;
            let interrupt = self.interrupt.clone();
            let loaded = tokio::select! {
                biased;
                // Its code may have been removed from the cache, and then it is compiled once more.
                () = interrupt.ending() => {
                    return Err(RunError::Interrupted { direction, heads: heads.into_iter().collect(), steps_done: index });
                }
                loaded = loader.load(&component) => loaded,
            };
            let loaded = match loaded {
                Ok(loaded) => loaded,
                Err(error) => return Err(failure(super::failure::Cause::Load(error), false, None, &heads)),
            };
            let next_component = components.get(index + 1).and_then(|next| loader.begin(next));
            observer.observe(Event::StepStarted {
                direction,
                revision: step.revision.clone(),
                from: step.from.clone(),
                to: step.to.clone(),
                message,
                number: index + 1,
                of: plan.steps.len(),
            });
            let next = plan.steps.get(index + 1).zip(components.get(index + 1)).and_then(|(next, checked)| {
                let in_transaction = checked.migration.metadata.transaction != Transaction::None;
                in_transaction.then(|| {
                    let mut heads = heads.clone();
                    step.change.apply_to(&mut heads);
                    NextStep {
                        revision: next.revision.clone(),
                        component: next_component.clone(),
                        heads,
                        steps_after: plan.steps.len() - index - 2,
                    }
                })
            });
            let Some(result) = self
                .repeat(
                    (step, &heads, next.as_ref()),
                    &component,
                    &loaded,
                    (loader.runtime(), &mut kept),
                    &canceller,
                    observer,
                )
                .await?
            else {
                return Err(RunError::Interrupted { direction, heads: heads.into_iter().collect(), steps_done: index });
            };
            if let Err(cause) = result.outcome {
                return Err(failure(cause, result.recorded, result.non_transactional, &heads));
            }
            step.change.apply_to(&mut heads);
            observer.observe(Event::StepDone {
                direction,
                revision: step.revision.clone(),
                milliseconds: result.milliseconds,
                statements: result.statements,
                rows: result.rows,
                skipped: result.skipped,
            });
            if result.skipped > 0 {
                observer.observe(Event::Note { text: skipped(&step.revision, result.skipped) });
            }
            if let Some(reason) = result.reconnected {
                let text = format!(
                    "lost the connection to PostgreSQL during COMMIT ({reason}), but {} was committed, as the server confirms over a new one",
                    step.revision
                );
                observer.observe(Event::Note { text });
                if index + 1 == plan.steps.len() || self.take_up(&plan, &heads, observer).await? {
                    break;
                }
                canceller = self.database()?.preflight().await?;
            }
        }
        Ok(Locked::Done(Report { plan }))
    }

    /// Runs a step, and runs it again as long as it loses to locks and may be repeated. None when it was told to end while
    /// it waited for the next try.
    async fn repeat(
        &mut self,
        (step, heads, next): (&Step, &BTreeSet<RevisionId>, Option<&NextStep>),
        component: &StepComponent,
        loaded: &Loaded,
        (runtime, kept): (&Arc<Runtime>, &mut Option<Instance>),
        canceller: &Canceller,
        observer: &mut dyn Observer,
    ) -> Result<Option<StepResult>, RunError> {
        let (limits, backfill) = (&self.project.environment().limits, &self.project.environment().backfill);
        let mut repetition = 0;
        loop {
            let database = self.database.take().ok_or_else(out)?;
            let run = StepRun {
                step,
                heads,
                role: self.project.environment().role.as_deref(),
                component,
                loaded: loaded.clone(),
                runtime,
                limits,
                backfill,
                options: &self.options,
                interrupt: &self.interrupt,
                canceller,
                next,
                may_repeat: repetition < limits.lock_retries,
                is_reusing: kept.is_some(),
            };
            let is_reusing = run.is_reusing;
            let (database, result) = run.run(database, kept, observer).await;
            self.database = Some(database);
            let Err(cause) = &result.outcome else { return Ok(Some(result)) };
            if is_reusing && retry::is_out_of_memory(cause) {
                continue;
            }
            let Some(conflict) = retry::conflict(cause).filter(|_| repetition < limits.lock_retries) else {
                return Ok(Some(result));
            };
            repetition += 1;
            let wait = retry::backoff(repetition, getrandom::u32().unwrap_or_default());
            observer.observe(Event::Retrying {
                revision: step.revision.clone(),
                reason: format!("{} ({})", conflict.message, conflict.sqlstate),
                repetition,
                of: limits.lock_retries,
                milliseconds: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            });
            let interrupt = self.interrupt.clone();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = interrupt.ending() => return Ok(None),
            }
        }
    }
}

/// Says that a step has passed over rows, and what to do about it.
fn skipped(revision: &RevisionId, rows: u64) -> String {
    let (rows, them, were) = match rows {
        1 => ("1 row".to_owned(), "it", "was"),
        rows => (format!("{rows} rows"), "them", "were"),
    };
    format!(
        "{rows} of {revision} {were} rejected and skipped: `host backfill rejected` shows {them}, `host backfill retry-failed` tries \
         {them} again"
    )
}
