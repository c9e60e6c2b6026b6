//! Trying again what transforms passed over or could not do, with the migration as it is now.
//!
//! The plan of a transform stands with each row, so nothing of the migration runs but its transform. A step that is unfinished goes on
//! with the component that is built now, as in an upgrade. One that is finished is only tried again with another source than ran when
//! the operator names it: its file may have changed for another reason, and the rows would be made by something that nobody meant for
//! them. That the file is another one stays to be accepted by `host repair`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::applier::applier;
use super::error::RunError;
use super::event::Event;
use super::event::Observer;
use super::limits;
use super::runner::Runner;
use super::step::may_change;
use super::step::seed;
use super::step_component::ReadyComponent;
use crate::bindings::env::RunInfo;
use crate::db::AppliedState;
use crate::db::DatabaseError;
use crate::db::Isolation;
use crate::db::RecordedRow;
use crate::db::Session;
use crate::db::SessionError;
use crate::db::statement_journal::StepKey;
use crate::db::violation::MayChange;
use crate::grant::Grant;
use crate::host_functions::Applier;
use crate::host_functions::Events;
use crate::host_functions::Interrupt;
use crate::host_functions::Retried;
use crate::host_functions::RetryStop;
use crate::host_functions::Stop;
use crate::host_functions::check_stored;
use crate::host_functions::retry_row;
use crate::host_functions::words_of_error;
use crate::plan::Direction;
use crate::revision::RevisionId;

/// How long the transaction of a row waits for a host that is not heard of.
const LEASE: Duration = Duration::from_secs(60);

/// What became of what failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryReport {
    /// Rows that are written now.
    pub written: u64,
    /// Rows that their source does not have any more.
    pub gone: Vec<RecordedRow>,
    /// Rows that are rejected again, with the reason of now.
    pub rejected: Vec<RecordedRow>,
    /// Failed ranges of unfinished steps that can be taken again.
    pub ranges: u64,
}

/// Why nothing, or nothing more, could be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// The run itself.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The step of the rows is neither applied nor unfinished.
    #[error("{revision} has rejected rows of its {direction}, and is not {}", if direction == "upgrade" { "applied" } else { "undone" })]
    NotApplied {
        /// The revision.
        revision: RevisionId,
        /// The direction.
        direction: String,
    },
    /// The source of a finished step is not the one that ran.
    #[error("{revision} is done, and its source has changed since it ran")]
    Changed {
        /// The revision.
        revision: RevisionId,
    },
    /// The rows cannot be read or written any more as they were.
    #[error("the rejected rows of {revision} cannot be tried again: {reason}")]
    Transform {
        /// The revision.
        revision: RevisionId,
        /// Why not.
        reason: String,
    },
}

impl RetryError {
    /// A word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run(error) => error.kind(),
            Self::NotApplied { .. } => "not-applied",
            Self::Changed { .. } => "changed",
            Self::Transform { .. } => "rejected-rows",
        }
    }

    /// What to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::NotApplied { .. } => Some("see `host status`; `host backfill rejected` shows the rows".to_owned()),
            Self::Changed { revision } => Some(format!(
                "if it was corrected for these rows, name it: `host backfill retry-failed --revision {revision}`"
            )),
            Self::Transform { .. } => {
                Some("look at what has changed since; the rows stay in the table of rejected rows".to_owned())
            }
        }
    }
}

impl From<DatabaseError> for RetryError {
    fn from(error: DatabaseError) -> Self {
        Self::Run(error.into())
    }
}

impl Runner<'_> {
    /// Tries the rejected rows again, each in a transaction of its own, and frees failed ranges; of one revision or of all. What
    /// was done stays when it ends early.
    ///
    /// # Errors
    /// [`RetryError`].
    pub async fn retry_failed(
        &mut self,
        only: Option<&RevisionId>,
        observer: &mut dyn Observer,
    ) -> Result<RetryReport, RetryError> {
        self.lock(observer).await?;
        let result = self.retry_locked(only, observer).await;
        let unlocked = self.unlock(None).await;
        // An application may go on with this runner.
        self.interrupt.reset();
        let report = result?;
        unlocked?;
        Ok(report)
    }

    async fn retry_locked(
        &mut self,
        only: Option<&RevisionId>,
        observer: &mut dyn Observer,
    ) -> Result<RetryReport, RetryError> {
        let mut report = RetryReport::default();
        let applied = self.applied().await?;
        for status in self.database()?.backfills().await? {
            if status.failed > 0 && only.is_none_or(|only| *only == status.backfill.step.revision) {
                report.ranges += self.database()?.free_failed_ranges(&status.backfill).await?;
            }
        }
        let rows = self.database()?.read_rejected(only).await?;
        let steps: BTreeSet<(RevisionId, String)> =
            rows.iter().map(|row| (row.step.revision.clone(), row.step.direction.clone())).collect();
        // All of them, before the first row.
        for (revision, direction) in &steps {
            self.may_retry(&applied, revision, direction, only.is_some())?;
        }
        for (revision, direction) in steps {
            let step = StepKey { revision, direction };
            let of_step: Vec<RecordedRow> = rows.iter().filter(|row| row.step == step).cloned().collect();
            self.retry_step(&step, of_step, &mut report, observer).await?;
        }
        Ok(report)
    }

    /// Refuses rows of a step that is not there, or with a source that nobody meant for them.
    fn may_retry(
        &self,
        applied: &AppliedState,
        revision: &RevisionId,
        direction: &str,
        is_named: bool,
    ) -> Result<(), RetryError> {
        let is_unfinished = applied
            .unfinished
            .iter()
            .any(|unfinished| unfinished.step.revision == *revision && unfinished.step.direction == direction);
        if is_unfinished {
            return Ok(());
        }
        let is_applied = self.project.graph().implied(&applied.heads).contains(revision);
        if is_applied != (direction == Direction::Upgrade.name()) {
            return Err(RetryError::NotApplied { revision: revision.clone(), direction: direction.to_owned() });
        }
        let has_changed = self.project.changed(applied).iter().any(|changed| changed.revision == *revision);
        if has_changed && !is_named {
            return Err(RetryError::Changed { revision: revision.clone() });
        }
        Ok(())
    }

    async fn retry_step(
        &mut self,
        key: &StepKey,
        rows: Vec<RecordedRow>,
        report: &mut RetryReport,
        observer: &mut dyn Observer,
    ) -> Result<(), RetryError> {
        let ReadyComponent { runtime, component, loaded } = self.component_of(key).await?;
        let interrupt = self.interrupt.clone();
        let environment = self.project.environment();
        let guest_limits = limits::guest(&environment.limits);
        let (sender, mut events) = Events::new(&guest_limits);
        let database = self.database()?;
        let (now_micros, search_path) = database.facts().await?;
        let (connector, tables) = (database.connector().clone(), database.tables().clone());
        let run = RunInfo {
            revision: key.revision.to_string(),
            server_version: database.server_version(),
            search_path,
            dry_run: false,
            now_micros,
            seed: seed(key.revision.as_str()),
            args: self.options.args.clone(),
        };
        let applier = applier((&runtime, &loaded, component.source()), (run, guest_limits), &interrupt, sender);
        let may_change = may_change(&component);
        let mut report_event = |event| observer.observe(Event::Guest { revision: key.revision.clone(), event });
        let mut session = Session::new(connector.session(tables).await?, limits::results(&environment.limits));
        let ended = {
            let of = (&applier, &component.grant);
            let mut work = std::pin::pin!(retry_rows(&mut session, of, rows, may_change, &interrupt, report));
            loop {
                tokio::select! {
                    biased;
                    Some(event) = events.recv() => report_event(event),
                    ended = &mut work => break ended,
                }
            }
        };
        while let Ok(event) = events.try_recv() {
            report_event(event);
        }
        ended.map_err(|error| error.of(&key.revision))?;
        session.into_database().close().await;
        Ok(())
    }
}

/// Why the rows of a step could not be tried.
enum RowsError {
    Begin(SessionError),
    Row(RetryStop),
    Interrupted,
    NoPlan,
    /// The plan is not one that the migration may have.
    Refused(String),
}

impl RowsError {
    fn of(self, revision: &RevisionId) -> RetryError {
        let transform = |reason: String| RetryError::Transform { revision: revision.clone(), reason };
        match self {
            Self::Begin(SessionError::Fatal(error)) | Self::Row(RetryStop::Database(error)) => error.into(),
            Self::Begin(SessionError::Guest(error)) => transform(words_of_error(*error)),
            Self::Begin(SessionError::TooLarge(..)) => transform("a result is too large".to_owned()),
            Self::Row(RetryStop::Stopped(Stop::Interrupted)) | Self::Interrupted => {
                transform("it was interrupted".to_owned())
            }
            Self::Row(RetryStop::Stopped(stop)) => transform(stop.to_string()),
            Self::Row(RetryStop::Missing) => transform("the migration has no transform any more".to_owned()),
            Self::Refused(reason) => transform(reason),
            Self::NoPlan => transform("a later version of host has written them".to_owned()),
        }
    }
}

async fn retry_rows(
    session: &mut Session,
    (applier, grant): (&Applier, &Grant),
    rows: Vec<RecordedRow>,
    may_change: MayChange,
    interrupt: &Interrupt,
    report: &mut RetryReport,
) -> Result<(), RowsError> {
    session.prepare_for_batches(LEASE).await.map_err(RowsError::Begin)?;
    let mut plans = Vec::new();
    for row in &rows {
        if !plans.contains(&row.row.plan) {
            plans.push(row.row.plan.clone());
        }
    }
    for (number, plan) in (0..).zip(plans) {
        let whole = plan.plan().ok_or(RowsError::NoPlan)?;
        check_stored(&whole, grant).map_err(RowsError::Refused)?;
        let transform =
            session.begin_transform(&whole, number, Isolation::EachBatch).await.map_err(RowsError::Begin)?;
        for row in rows.iter().filter(|row| row.row.plan == plan) {
            if interrupt.is_ending() {
                return Err(RowsError::Interrupted);
            }
            let retried = retry_row(session, &transform, applier, row, may_change).await.map_err(RowsError::Row)?;
            match retried {
                Retried::Written => report.written += 1,
                Retried::Gone => report.gone.push(row.clone()),
                Retried::Rejected(why) => {
                    let mut row = row.clone();
                    row.row.message = why;
                    report.rejected.push(row);
                }
            }
        }
    }
    Ok(())
}
