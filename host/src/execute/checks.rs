//! Everything that would refuse a run before its first statement, found at once.
//!
//! A run makes these checks in the order in which they cost least, and stops at the first one that fails: then all of them are
//! made here, so that the operator hears everything. A dry run and `host validate` make them without a run. Each check is one
//! function, whoever asks; what differs is only how many migrations it is asked about.

use super::components::CheckedComponents;
use super::error::RunError;
use super::goal::Goal;
use super::limits;
use super::options::Options;
use super::runner::Runner;
use super::unfinished::UnfinishedError;
use crate::db::Unfinished;
use crate::plan::Direction;
use crate::plan::HeadChange;
use crate::plan::Plan;
use crate::plan::PlanProblem;
use crate::plan::PreparedPlan;
use crate::plan::Step;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::store::Migration;

/// The interface that a component imports which rewrites tables.
const TRANSFORMS: &[u8] = b"host:migration/transforms@";

/// What an upgrade or a downgrade would do, and what would refuse it.
#[derive(Debug)]
pub struct DryRun {
    /// The plan, with the problems in a form for a document.
    pub plan: PreparedPlan,
    /// What would refuse it, in the order of the checks; empty where it would begin.
    pub problems: Vec<RunError>,
    /// Migrations without a transaction that were begun and are not finished.
    pub unfinished: Vec<Unfinished>,
    /// Steps that may rewrite a table by a transform: [`Runner::preview`] tries them.
    pub rewriting: Vec<RevisionId>,
}

/// Checks all of these migrations, in both directions, without any database: that each is built and fresh, that this host has
/// what it needs, that all it asks for is granted, and that what of it can be looked at may run.
///
/// # Errors
/// [`RunError::Runtime`] when the sandbox cannot be made, in which components are compiled.
pub async fn check_migrations(
    project: &Project,
    migrations: &[Migration],
    options: &Options,
) -> Result<Vec<RunError>, RunError> {
    let runtime = limits::shared_runtime(options, &project.environment().limits)?;
    let steps: Vec<Step> = migrations.iter().flat_map(steps).collect();
    let problems = CheckedComponents::new(project, runtime, &steps, options)
        .await
        .err()
        .map_or_else(Vec::new, RunError::into_problems);
    // To have no way back is no problem until somebody wants to go it.
    Ok(problems.into_iter().filter(|problem| !matches!(problem, RunError::Irreversible { .. })).collect())
}

/// The ways in which a migration can run.
fn steps(migration: &Migration) -> impl Iterator<Item = Step> + '_ {
    let directions =
        [Some(Direction::Upgrade), Some(Direction::Downgrade).filter(|_| !migration.metadata.irreversible)];
    directions.into_iter().flatten().map(move |direction| Step {
        revision: migration.metadata.revision.clone(),
        direction,
        from: Vec::new(),
        to: Vec::new(),
        change: HeadChange::default(),
    })
}

impl Runner<'_> {
    /// Plans an upgrade or a downgrade, and makes all checks that it would make before its first statement. Takes no lock and
    /// never writes to the database.
    ///
    /// # Errors
    /// [`RunError::Plan`] when the target is refused, or [`RunError::Several`] with what else would refuse it.
    pub async fn dry_run(&mut self, direction: Direction, target: &str) -> Result<DryRun, RunError> {
        let goal = Goal::Target { direction, target };
        match self.try_dry_run(direction, target).await {
            Err(error) if error.is_refusal() => Err(self.with_other_problems(error, goal).await),
            result => result,
        }
    }

    async fn try_dry_run(&mut self, direction: Direction, target: &str) -> Result<DryRun, RunError> {
        let applied = self.applied().await?;
        let mut problems = Vec::new();
        let plan = self.judged_plan(&applied, Goal::Target { direction, target }, &mut problems)?;
        if !plan.steps.is_empty() {
            problems.extend(self.component_problems(&plan).await?);
            let added: Vec<_> = plan.steps.iter().flat_map(|step| step.change.add.clone()).collect();
            problems.extend(self.database_problems(&added).await?);
        }
        let problems = RunError::of_problems(problems).map_or_else(Vec::new, RunError::into_problems);
        let may_rewrite = |step: &&Step| self.project.migration(&step.revision).is_some_and(|it| self.may_rewrite(it));
        let rewriting = plan.steps.iter().filter(may_rewrite).map(|step| step.revision.clone()).collect();
        let mut plan = self.prepared_of_files(target, &applied, &plan);
        plan.problems = problems.iter().map(document).collect();
        Ok(DryRun { plan, problems, unfinished: applied.unfinished, rewriting })
    }

    /// Whether a migration names what rewrites tables: a component imports it by its name, a source calls it by one of these.
    fn may_rewrite(&self, migration: &Migration) -> bool {
        let Ok(component) = self.project.source().component(migration) else { return false };
        match component.source() {
            Some(source) => ["run_transform", "runTransform"].iter().any(|name| source.contains(name)),
            None => component.code().windows(TRANSFORMS.len()).any(|part| part == TRANSFORMS),
        }
    }

    /// Looks for everything in the database that would refuse to upgrade it as far as the migrations go: rows that are not among
    /// them, applied ones that were changed, unfinished steps, tables that are not fit, ids that do not fit into them, a user
    /// who may not write. Takes no lock and never writes to the database.
    ///
    /// # Errors
    /// [`RunError::Database`] when it cannot be asked.
    pub async fn check_database(&mut self) -> Result<Vec<RunError>, RunError> {
        let applied = match self.applied().await {
            Ok(applied) => applied,
            // Then nothing can be known of the rows.
            Err(error) if error.is_refusal() => {
                let mut problems = vec![error];
                problems.extend(self.database_problems(&[]).await?);
                return Ok(RunError::of_problems(problems).map_or_else(Vec::new, RunError::into_problems));
            }
            Err(error) => return Err(error),
        };
        let goal = Goal::Target { direction: Direction::Upgrade, target: "heads" };
        let mut problems = Vec::new();
        let planned = self.judged_plan(&applied, goal, &mut problems);
        problems.extend(planned.err());
        // An upgrade that begins with it would finish it; but until then the database is at no revision.
        problems.extend(
            applied.unfinished.iter().map(|unfinished| {
                RunError::from(UnfinishedError::InTheWay { unfinished: Box::new(unfinished.clone()) })
            }),
        );
        let ids: Vec<_> =
            self.project.migrations().iter().map(|migration| migration.metadata.revision.clone()).collect();
        problems.extend(self.database_problems(&ids).await?);
        Ok(RunError::of_problems(problems).map_or_else(Vec::new, RunError::into_problems))
    }

    /// The error of a run that was refused before its first statement, together with everything else that would refuse it.
    pub(super) async fn with_other_problems(&mut self, error: RunError, goal: Goal<'_>) -> RunError {
        // What cannot be found out now is no reason not to tell what is known.
        let others = self.all_problems(goal).await.unwrap_or_default();
        error.with(others)
    }

    async fn all_problems(&mut self, goal: Goal<'_>) -> Result<Vec<RunError>, RunError> {
        let applied = match self.applied().await {
            Ok(applied) => applied,
            Err(error) if error.is_refusal() => return self.database_problems(&[]).await,
            Err(error) => return Err(error),
        };
        let mut problems = Vec::new();
        let mut added = Vec::new();
        match self.judged_plan(&applied, goal, &mut problems) {
            Ok(plan) if plan.steps.is_empty() => return Ok(problems),
            Ok(plan) => {
                problems.extend(self.component_problems(&plan).await?);
                added.extend(plan.steps.iter().flat_map(|step| step.change.add.clone()));
            }
            Err(error) => problems.push(error),
        }
        problems.extend(self.database_problems(&added).await?);
        Ok(problems)
    }

    /// What of the components of a plan would refuse it.
    async fn component_problems(&self, plan: &Plan) -> Result<Option<RunError>, RunError> {
        match self.prepare(plan).await {
            Ok(_) => Ok(None),
            Err(error @ (RunError::Interrupted { .. } | RunError::Runtime(_))) => Err(error),
            Err(problem) => Ok(Some(problem)),
        }
    }

    /// What of the database, its user and the host's tables would refuse a run that adds these rows.
    async fn database_problems(&mut self, added: &[RevisionId]) -> Result<Vec<RunError>, RunError> {
        let problems = self.database()?.problems(added).await?;
        Ok(problems.into_iter().map(RunError::from).collect())
    }
}

fn document(problem: &RunError) -> PlanProblem {
    PlanProblem { kind: problem.kind().to_owned(), message: problem.to_string(), hint: problem.hint() }
}
