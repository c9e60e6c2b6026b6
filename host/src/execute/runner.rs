//! From a target to an upgraded or downgraded database.

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
use super::options::Options;
use super::retry;
use super::step::StepResult;
use super::step::StepRun;
use super::unfinished;
use crate::db::AppliedState;
use crate::db::Canceller;
use crate::db::Connector;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::LogRow;
use crate::host_functions::Interrupt;
use crate::plan;
use crate::plan::Direction;
use crate::plan::Plan;
use crate::plan::Step;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::runtime::Loaded;
use crate::runtime::Runtime;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The plan; empty when there was nothing to do.
    pub plan: Plan,
}

/// What became of a plan that was made before the lock.
enum Locked {
    /// It ran, or there was nothing left to do.
    Done(Report),
    /// Another runner has worked until the lock was free, and now the plan has other steps, which nothing is known of yet.
    Other(Plan),
}

/// Runs plans of one project on one database.
pub struct Runner<'project> {
    pub(super) project: &'project Project,
    /// Out only while a guest has it.
    pub(super) database: Option<Database>,
    pub(super) options: Options,
    pub(super) interrupt: Interrupt,
}

impl<'project> Runner<'project> {
    /// Puts a project and a database together.
    pub fn new(project: &'project Project, mut database: Database, options: Options) -> Self {
        database.set_timeouts(options.timeouts(&project.environment().limits));
        Self { project, database: Some(database), options, interrupt: Interrupt::default() }
    }

    /// A handle that stops a run: the running statement is cancelled, its step is rolled back. The next run is not meant by it.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Opens further connections beside that of the runner, with the role, the time limits and the checks of its migrations.
    ///
    /// # Errors
    /// [`RunError::Database`] when the connection is lost.
    pub fn connector(&mut self) -> Result<Connector, RunError> {
        Ok(self.database()?.connector().clone())
    }

    /// Ends the session in an orderly way.
    pub async fn close(mut self) {
        if let Some(database) = self.database.take() {
            database.close().await;
        }
    }

    /// What the database says is applied. Never writes.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn applied(&mut self) -> Result<AppliedState, RunError> {
        let project = self.project;
        Ok(project.read_applied(self.database()?).await?)
    }

    /// What ran on this database, newest first. Never writes.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn log(&mut self, limit: Option<u32>) -> Result<Vec<LogRow>, RunError> {
        Ok(self.database()?.read_log(limit).await?)
    }

    /// What an upgrade or a downgrade would do. Takes no lock, needs no component, never writes.
    ///
    /// # Errors
    /// [`RunError::Plan`] when the target is refused.
    pub async fn plan(&mut self, direction: Direction, target: &str) -> Result<Plan, RunError> {
        let applied = self.applied().await?;
        self.plan_for(&applied, direction, target)
    }

    /// Makes the version table and the log table where they are missing.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn ensure_version(&mut self) -> Result<(), RunError> {
        Ok(self.database()?.ensure_tables().await?)
    }

    /// Upgrades or downgrades to a target.
    ///
    /// When there is nothing to do, it neither locks nor writes. Otherwise every component of the plan is checked and
    /// compiled before anything is locked. Each step is one transaction: when one fails, those before it stay.
    ///
    /// # Errors
    /// [`RunError`]; a step that failed is [`RunError::Step`].
    pub async fn run(
        &mut self,
        direction: Direction,
        target: &str,
        observer: &mut dyn Observer,
    ) -> Result<Report, RunError> {
        let result = self.run_to(direction, target, observer).await;
        // An application may go on with this runner.
        self.interrupt.reset();
        result
    }

    async fn run_to(
        &mut self,
        direction: Direction,
        target: &str,
        observer: &mut dyn Observer,
    ) -> Result<Report, RunError> {
        let applied = self.applied().await?;
        let mut plan = self.admitted_plan(&applied, direction, target)?;
        unfinished::check_corrections(&applied.unfinished, &self.options)?;
        loop {
            if plan.steps.is_empty() {
                return Ok(Report { plan });
            }
            let prepared = self.prepare(&plan).await?;
            self.lock(observer).await?;
            let result = self.run_locked(direction, target, &prepared, &applied, observer).await;
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
    async fn prepare(&self, plan: &Plan) -> Result<CheckedComponents, RunError> {
        tokio::select! {
            biased;
            () = self.interrupt.ending() => Err(RunError::Interrupted {
                direction: plan.direction,
                heads: plan.heads_before.iter().cloned().collect(),
                steps_done: 0,
            }),
            prepared = CheckedComponents::new(self.project, &self.options.compiler, plan) => prepared,
        }
    }

    async fn run_locked(
        &mut self,
        direction: Direction,
        target: &str,
        prepared: &CheckedComponents,
        before: &AppliedState,
        observer: &mut dyn Observer,
    ) -> Result<Locked, RunError> {
        // Another runner may have worked until the lock was free.
        let project = self.project;
        let applied = project.read_applied_again(self.database()?, before).await?;
        let plan = self.admitted_plan(&applied, direction, target)?;
        if plan.steps.is_empty() {
            return Ok(Locked::Done(Report { plan }));
        }
        let Some(components) = prepared.of(&plan) else { return Ok(Locked::Other(plan)) };
        self.database()?.check_ids_fit(plan.steps.iter().flat_map(|step| &step.change.add)).await?;
        if !applied.tables_exist {
            self.database()?.ensure_tables().await?;
        }
        self.correct_unfinished(&applied.unfinished).await?;
        let mut canceller = self.database()?.preflight().await?;
        let mut loader = Loader::new(project, Arc::clone(&prepared.runtime));
        let mut heads = plan.heads_before.clone();
        observer.observe(Event::Planned { direction, steps: plan.steps.len() });
        for (index, (step, &checked)) in plan.steps.iter().zip(&components).enumerate() {
            let Checked { migration, .. } = checked;
            let message = migration.metadata.message.clone();
            let failure = |cause, recorded, non_transactional, heads: &BTreeSet<_>| {
                RunError::Step(Box::new(StepFailure {
                    revision: step.revision.clone(),
                    message: migration.metadata.message.clone(),
                    file: migration.file.clone(),
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
            if let Some(next) = components.get(index + 1) {
                loader.begin(next);
            }
            observer.observe(Event::StepStarted {
                direction,
                revision: step.revision.clone(),
                from: step.from.clone(),
                to: step.to.clone(),
                message,
                number: index + 1,
                of: plan.steps.len(),
            });
            let Some(result) =
                self.repeat((step, &heads), &component, &loaded, loader.runtime(), &canceller, observer).await?
            else {
                return Err(RunError::Interrupted { direction, heads: heads.into_iter().collect(), steps_done: index });
            };
            if let Err(cause) = result.outcome {
                return Err(failure(cause, result.recorded, result.non_transactional, &heads));
            }
            for row in &step.change.remove {
                heads.remove(row);
            }
            heads.extend(step.change.add.iter().cloned());
            observer.observe(Event::StepDone {
                direction,
                revision: step.revision.clone(),
                milliseconds: result.milliseconds,
                statements: result.statements,
                rows: result.rows,
            });
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
        (step, heads): (&Step, &BTreeSet<RevisionId>),
        component: &StepComponent,
        loaded: &Loaded,
        runtime: &Arc<Runtime>,
        canceller: &Canceller,
        observer: &mut dyn Observer,
    ) -> Result<Option<StepResult>, RunError> {
        let limits = &self.project.environment().limits;
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
                options: &self.options,
                interrupt: &self.interrupt,
                canceller,
                may_repeat: repetition < limits.lock_retries,
            };
            let (database, result) = run.run(database, observer).await;
            self.database = Some(database);
            let Err(cause) = &result.outcome else { return Ok(Some(result)) };
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

    /// Plans, and refuses what a plan may not do without being asked to.
    fn admitted_plan(&self, applied: &AppliedState, direction: Direction, target: &str) -> Result<Plan, RunError> {
        if direction == Direction::Upgrade && !self.options.allow_changed {
            let changed = self.project.changed(applied);
            if !changed.is_empty() {
                return Err(RunError::Changed { changed });
            }
        }
        let plan = self.plan_for(applied, direction, target)?;
        let takes_along = plan.notes.iter().find(|note| matches!(note, plan::Note::TakesAlong { .. }));
        if let (Some(note), false) = (takes_along, self.options.all_branches) {
            return Err(RunError::TakesAlong { note: note.to_string() });
        }
        unfinished::admit(self.project, &applied.unfinished, direction, &plan.steps)?;
        Ok(plan)
    }

    fn plan_for(&self, applied: &AppliedState, direction: Direction, target: &str) -> Result<Plan, RunError> {
        if !applied.unreadable.is_empty() {
            let table = self.project.tables().version.to_string();
            return Err(DatabaseError::UnreadableRows { table, rows: applied.unreadable.clone() }.into());
        }
        let graph = self.project.graph();
        Ok(match direction {
            Direction::Upgrade => plan::upgrade(graph, &applied.heads, target)?,
            Direction::Downgrade => plan::downgrade(graph, &applied.heads, target)?,
        })
    }

    pub(super) fn database(&mut self) -> Result<&mut Database, DatabaseError> {
        self.database.as_mut().ok_or_else(out)
    }
}

/// A run that was dropped in the middle of a step took the connection with it; the server has rolled back.
fn out() -> DatabaseError {
    DatabaseError::Lost {
        doing: "go on after a run that was dropped".to_owned(),
        reason: "the connection went with it".to_owned(),
    }
}
