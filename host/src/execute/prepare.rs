//! From what is applied to a plan, and what stands in its way before anything is locked.

use std::time::Duration;

use super::components::Checked;
use super::error::RunError;
use super::goal::Goal;
use super::goal::refuse_another;
use super::runner::Runner;
use super::unfinished;
use crate::db::AppliedState;
use crate::db::DatabaseError;
use crate::db::Unfinished;
use crate::digest::Digest;
use crate::grant::Class;
use crate::plan;
use crate::plan::Direction;
use crate::plan::PLAN_FORMAT;
use crate::plan::Plan;
use crate::plan::PlanOptions;
use crate::plan::PlanSettings;
use crate::plan::PreparedPlan;
use crate::plan::PreparedRuntime;
use crate::plan::PreparedStep;
use crate::plan::UnfinishedStep;
use crate::store::Migration;
use crate::store::Transaction;

/// What would run in a step.
#[derive(Default)]
struct Program {
    component: Option<Digest>,
    runtime: Option<PreparedRuntime>,
}

impl Runner<'_> {
    /// Plans, and refuses what a plan may not do without being asked to.
    ///
    /// # Errors
    /// [`RunError::Several`] where there are several reasons.
    pub(super) fn admitted_plan(&self, applied: &AppliedState, goal: Goal<'_>) -> Result<Plan, RunError> {
        let mut problems = Vec::new();
        let plan = self.judged_plan(applied, goal, &mut problems)?;
        RunError::of_problems(problems).map_or(Ok(plan), Err)
    }

    /// The plan, with all that refuses it.
    ///
    /// # Errors
    /// Those without which there is no plan, and with them what else would refuse it.
    pub(super) fn judged_plan(
        &self,
        applied: &AppliedState,
        goal: Goal<'_>,
        problems: &mut Vec<RunError>,
    ) -> Result<Plan, RunError> {
        let (direction, target) = goal.direction_and_target();
        if direction == Direction::Upgrade && !self.options.allow_changed {
            let changed = self.project.changed(applied);
            if !changed.is_empty() {
                problems.push(RunError::Changed { changed });
            }
        }
        if let Goal::Plan(given) = goal {
            // Elsewhere the target may not even be one.
            let now = PreparedPlan { heads_before: applied.heads.iter().cloned().collect(), ..given.clone() };
            if let Err(error) = refuse_another(given, &now) {
                return Err(error.with(problems.drain(..)));
            }
        }
        let plan = match self.plan_for(applied, direction, target) {
            Ok(plan) => plan,
            Err(error) if error.is_usage() => return Err(error),
            Err(error) => return Err(error.with(problems.drain(..))),
        };
        // A plan that is given names every step.
        let may_take_along = self.options.all_branches || matches!(goal, Goal::Plan(_));
        let takes_along = plan.notes.iter().find(|note| matches!(note, plan::Note::TakesAlong { .. }));
        if let (Some(note), false) = (takes_along, may_take_along) {
            problems.push(RunError::TakesAlong { note: note.to_string() });
        }
        let unfinished = unfinished::admit(self.project, &applied.unfinished, direction, &plan.steps)
            .and_then(|()| unfinished::check_corrections(&applied.unfinished, &self.options));
        problems.extend(unfinished.err().map(RunError::from));
        Ok(plan)
    }

    pub(super) fn plan_for(
        &self,
        applied: &AppliedState,
        direction: Direction,
        target: &str,
    ) -> Result<Plan, RunError> {
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

    /// The plan with all that decides what it does. Of a component that is not there, or could not run, it says nothing.
    pub(super) fn prepared_of_files(&self, target: &str, applied: &AppliedState, plan: &Plan) -> PreparedPlan {
        let languages = match &self.options.runtime {
            Some(runtime) => runtime.languages(),
            None => &self.options.compiler.languages,
        };
        self.prepared(target, applied, plan, |_, migration| {
            let Ok(component) = self.project.source().component(migration) else { return Program::default() };
            let runtime = component.manifest.runtime.map(|name| PreparedRuntime {
                digest: languages.find(&name, component.manifest.runtime_digest.as_ref()).ok().map(|it| it.digest()),
                name,
            });
            Program { component: Some(component.digest), runtime }
        })
    }

    /// The same of components that are checked, in the order of the steps. These are what will run.
    pub(super) fn prepared_of_checked(
        &self,
        target: &str,
        applied: &AppliedState,
        plan: &Plan,
        components: &[&Checked],
    ) -> PreparedPlan {
        self.prepared(target, applied, plan, |index, _| {
            let Some(checked) = components.get(index) else { return Program::default() };
            let runtime = checked
                .language
                .as_ref()
                .map(|language| PreparedRuntime { name: language.name().to_owned(), digest: Some(language.digest()) });
            Program { component: Some(checked.digest), runtime }
        })
    }

    fn prepared(
        &self,
        target: &str,
        applied: &AppliedState,
        plan: &Plan,
        program: impl Fn(usize, &Migration) -> Program,
    ) -> PreparedPlan {
        let mut heads = plan.heads_before.clone();
        let mut steps = Vec::with_capacity(plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            // Every revision of a plan comes from the graph, which was made of these migrations.
            let Some(migration) = self.project.migration(&step.revision) else { continue };
            let heads_before = heads.clone();
            step.change.apply_to(&mut heads);
            let Program { component, runtime } = program(index, migration);
            let granted = self.project.environment().grants.with(Class::Query);
            steps.push(PreparedStep {
                revision: step.revision.clone(),
                direction: step.direction,
                message: migration.metadata.message.clone(),
                from: step.from.clone(),
                to: step.to.clone(),
                heads_before,
                heads_after: heads.clone(),
                source_digest: migration.source_digest,
                component_digest: component,
                runtime,
                transactional: migration.metadata.transaction != Transaction::None,
                permissions: migration.asks(granted).with(Class::Query).intersection(granted),
            });
        }
        PreparedPlan {
            format: PLAN_FORMAT,
            host_version: env!("CARGO_PKG_VERSION").to_owned(),
            direction: plan.direction,
            target: target.to_owned(),
            heads_before: plan.heads_before.clone(),
            heads_after: plan.heads_after.clone(),
            steps,
            notes: plan.notes.iter().map(ToString::to_string).collect(),
            problems: Vec::new(),
            unfinished: applied.unfinished.iter().map(unfinished_step).collect(),
            options: PlanOptions {
                args: self.options.args.clone(),
                lock_timeout_milliseconds: self.options.lock_timeout.map(milliseconds),
                statement_timeout_milliseconds: self.options.statement_timeout.map(milliseconds),
            },
            settings: self.plan_settings(),
        }
    }

    fn plan_settings(&self) -> PlanSettings {
        let environment = self.project.environment();
        let timeouts = self.options.timeouts(&environment.limits);
        let tables = self.project.tables();
        PlanSettings {
            environment: environment.name.clone(),
            role: environment.role.clone(),
            version_table: tables.version.to_string(),
            log_table: tables.log.to_string(),
            journal_table: tables.journal.to_string(),
            lock_timeout_milliseconds: timeouts.lock_milliseconds,
            statement_timeout_milliseconds: timeouts.statement_milliseconds,
            limits: environment.limits.by_key(),
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn unfinished_step(unfinished: &Unfinished) -> UnfinishedStep {
    let current = unfinished.current.as_ref();
    UnfinishedStep {
        revision: unfinished.step.revision.to_string(),
        direction: unfinished.step.direction.clone(),
        statements_done: unfinished.done,
        next_statement: unfinished.next(),
        command: current.map(|row| row.command.clone()),
        statement: current.map(|row| row.statement.clone()),
        state: current.map(|row| row.state.word().to_owned()),
        error: current.and_then(|row| row.error.clone()),
    }
}
