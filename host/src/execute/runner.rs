//! From a target to an upgraded or downgraded database.

use super::error::RunError;
use super::event::Observer;
use super::goal::Goal;
use super::options::Options;
use crate::db::AppliedState;
use crate::db::Connector;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::LogRow;
use crate::host_functions::Interrupt;
use crate::plan::Direction;
use crate::plan::Plan;
use crate::plan::PreparedPlan;
use crate::project::Project;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The plan; empty when there was nothing to do.
    pub plan: Plan,
}

/// Runs plans of one project on one database.
pub struct Runner<'project> {
    pub(super) project: &'project Project,
    /// Out only while a guest has it.
    pub(super) database: Option<Database>,
    pub(super) options: Options,
    pub(super) interrupt: Interrupt,
    /// What is applied, read through this very connection before the project was.
    pub(super) read_early: Option<Result<AppliedState, DatabaseError>>,
}

impl<'project> Runner<'project> {
    /// Puts a project and a database together.
    pub fn new(project: &'project Project, mut database: Database, options: Options) -> Self {
        database.set_timeouts(options.timeouts(&project.environment().limits));
        Self { project, database: Some(database), options, interrupt: Interrupt::default(), read_early: None }
    }

    /// The same where the connection has just been asked what is applied, for as many migrations as there are at most: the first
    /// run begins with the answer.
    #[cfg(feature = "cli")]
    pub(crate) fn with_applied(self, applied: Option<Result<AppliedState, DatabaseError>>) -> Self {
        Self { read_early: applied, ..self }
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

    /// The same for the beginning of a run.
    pub(super) async fn applied_at_first(&mut self) -> Result<AppliedState, RunError> {
        let project = self.project;
        match self.read_early.take() {
            Some(applied) => Ok(project.complete(self.database()?, applied?).await?),
            None => self.applied().await,
        }
    }

    /// What ran on this database, newest first. Never writes.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn log(&mut self, limit: Option<u32>) -> Result<Vec<LogRow>, RunError> {
        Ok(self.database()?.read_log(limit).await?)
    }

    /// What an upgrade or a downgrade would do, with all that decides it. Takes no lock, never writes, and needs no component;
    /// but [`Runner::apply`] needs them.
    ///
    /// # Errors
    /// [`RunError::Plan`] when the target is refused.
    pub async fn plan(&mut self, direction: Direction, target: &str) -> Result<PreparedPlan, RunError> {
        let applied = self.applied().await?;
        let plan = self.plan_for(&applied, direction, target)?;
        Ok(self.prepared_of_files(target, &applied, &plan))
    }

    /// The same, refused where [`Runner::run`] would refuse it before it looks at components: what it would do is shown to
    /// somebody who has to agree, and then given to [`Runner::apply`].
    ///
    /// # Errors
    /// As [`Runner::plan`], and for what the options do not allow.
    pub async fn admitted(&mut self, direction: Direction, target: &str) -> Result<PreparedPlan, RunError> {
        let applied = self.applied().await?;
        let plan = self.admitted_plan(&applied, Goal::Target { direction, target })?;
        Ok(self.prepared_of_files(target, &applied, &plan))
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
        self.run_to(Goal::Target { direction, target }, observer).await
    }

    /// Runs a plan that was made before, and nothing else: what would run now is compared with it before the lock and again
    /// under it, and any difference refuses it. That its steps are named in the plan stands for [`Options::all_branches`].
    ///
    /// # Errors
    /// [`RunError::PlanDiffers`], and as [`Runner::run`].
    pub async fn apply(&mut self, plan: &PreparedPlan, observer: &mut dyn Observer) -> Result<Report, RunError> {
        self.run_to(Goal::Plan(plan), observer).await
    }

    pub(super) fn database(&mut self) -> Result<&mut Database, DatabaseError> {
        self.database.as_mut().ok_or_else(out)
    }
}

/// A run that was dropped in the middle of a step took the connection with it; the server has rolled back.
pub(super) fn out() -> DatabaseError {
    DatabaseError::Lost {
        doing: "go on after a run that was dropped".to_owned(),
        reason: "the connection went with it".to_owned(),
    }
}
