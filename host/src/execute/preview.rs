//! Migrations on a sample: everything of them runs in one transaction that is rolled back, and their transforms work on some ranges.

use tokio::sync::mpsc;

use super::components::Loader;
use super::error::RunError;
use super::event::Observer;
use super::goal::Goal;
use super::limits;
use super::options::Options;
use super::runner::Runner;
use super::runner::out;
use super::step::StepRun;
use super::step::application;
use crate::db::Database;
use crate::db::GuestSession;
use crate::db::Session;
use crate::host_functions::TransformSample;
use crate::plan::Direction;
use crate::plan::Plan;
use crate::revision::RevisionId;

/// What an upgrade would do to the rows.
#[derive(Debug, Default)]
pub struct Preview {
    /// The steps that were tried, in their order.
    pub steps: Vec<PreviewedStep>,
    /// Those behind one that could not go on.
    pub not_reached: Vec<RevisionId>,
}

/// What a step did on a sample.
#[derive(Debug)]
pub struct PreviewedStep {
    /// The revision.
    pub revision: RevisionId,
    /// Its message.
    pub message: String,
    /// Its transforms.
    pub samples: Vec<TransformSample>,
    /// Statements that cannot run in a transaction, and were left out.
    pub left_out: Vec<String>,
    /// Why it could not go on, if it could not: behind a transform it finds the rows as they were.
    pub ended: Option<String>,
}

impl Runner<'_> {
    /// Tries an upgrade in one transaction that is rolled back, with transforms on ranges of at most so many rows. Takes no lock of
    /// host's; the statements of migrations take theirs until it ends.
    ///
    /// # Errors
    /// As [`Runner::run`] before its first step, and what the connection says.
    pub async fn preview(&mut self, target: &str, rows: u32, observer: &mut dyn Observer) -> Result<Preview, RunError> {
        let applied = self.applied().await?;
        let plan = self.admitted_plan(&applied, Goal::Target { direction: Direction::Upgrade, target })?;
        if plan.steps.is_empty() {
            return Ok(Preview::default());
        }
        let prepared = self.prepare(&plan).await?;
        let loader = Loader::new(self.project, &prepared);
        let components = prepared.of(&plan).unwrap_or_default();
        let environment = self.project.environment();
        self.database()?.look_around().await?;
        let canceller = self.database()?.canceller().await?;
        let options = Options { sampling: Some(rows), ..self.options.clone() };
        let mut database = self.database.take().ok_or_else(out)?;
        let role = environment.role.as_deref();
        let name = application(&plan.steps[0].revision);
        let begun = database.begin_passing(&name, options.timeouts(&environment.limits), role).await;
        let begun = match begun {
            Ok(begun) => begun,
            Err(error) => {
                self.database = Some(database);
                return Err(error.into());
            }
        };
        let mut preview = Preview::default();
        let mut loader = loader;
        let mut database = Some(database);
        for (step, checked) in plan.steps.iter().zip(components) {
            // What of it is done would be done once more.
            if applied.unfinished.iter().any(|unfinished| unfinished.step.revision == step.revision) {
                let ended = Some("it is unfinished, and what of it is done would be done again".to_owned());
                let (samples, left_out, message) = (Vec::new(), Vec::new(), String::new());
                preview.steps.push(PreviewedStep {
                    revision: step.revision.clone(),
                    message,
                    samples,
                    left_out,
                    ended,
                });
                preview.not_reached = behind(&plan, preview.steps.len());
                break;
            }
            let Some(held) = database.take() else { break };
            let component = match loader.component(checked) {
                Ok(component) => component,
                Err(error) => return self.ended(Some(held), Err(error)).await,
            };
            let loaded = match loader.load(&component).await {
                Ok(loaded) => loaded,
                Err(error) => {
                    let refused = super::components::refused(self.project, &component.migration, error);
                    return self.ended(Some(held), Err(refused)).await;
                }
            };
            let run = StepRun {
                step,
                heads: &plan.heads_before,
                role,
                component: &component,
                loaded,
                runtime: loader.runtime(),
                limits: &environment.limits,
                backfill: &environment.backfill,
                options: &options,
                interrupt: &self.interrupt,
                canceller: &canceller,
                next: None,
                may_repeat: false,
                is_reusing: false,
            };
            let session = GuestSession::Database(Box::new(Session::new(held, limits::results(&environment.limits))));
            let (_, mut notes) = mpsc::unbounded_channel();
            let (session, ending, mut trace) = run
                .call_guest((session, &mut None), begun.now_micros, begun.search_path.clone(), &mut notes, observer)
                .await;
            database = session.into_database();
            let (samples, left_out) = (std::mem::take(&mut trace.samples), std::mem::take(&mut trace.left_out));
            let ended = run.judge(ending, trace).err().map(|cause| cause.summary());
            let has_ended = ended.is_some();
            preview.steps.push(PreviewedStep {
                revision: step.revision.clone(),
                message: component.migration.metadata.message.clone(),
                samples,
                left_out,
                ended,
            });
            if has_ended {
                preview.not_reached = behind(&plan, preview.steps.len());
                break;
            }
        }
        self.ended(database, Ok(preview)).await
    }

    /// Rolls back, whatever became of it.
    async fn ended<T>(&mut self, database: Option<Database>, result: Result<T, RunError>) -> Result<T, RunError> {
        // An application may go on with this runner.
        self.interrupt.reset();
        let mut database = database.ok_or_else(out)?;
        let rolled_back = database.rollback().await;
        self.database = Some(database);
        let value = result?;
        rolled_back?;
        Ok(value)
    }
}

fn behind(plan: &Plan, steps: usize) -> Vec<RevisionId> {
    plan.steps.iter().skip(steps).map(|step| step.revision.clone()).collect()
}
