//! Working on tables that a run on another machine rewrites batch by batch, or one that is not there any more.
//!
//! It needs no lock and changes nothing but the rows of the tables: that the step is done says whoever runs the migration.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use super::applier::applier;
use super::components::StepComponent;
use super::error::RunError;
use super::event::Event;
use super::event::Observer;
use super::limits;
use super::runner::Runner;
use super::step::may_change;
use super::step::seed;
use super::step_component::ReadyComponent;
use super::work_error::WorkFailure;
use crate::bindings::CallError;
use crate::bindings::env::RunInfo;
use crate::db::Database;
use crate::db::SessionError;
use crate::db::backfill::BackfillState;
use crate::db::backfill::BackfillStatus;
use crate::db::backfill::StoredPlan;
use crate::host_functions::Events;
use crate::host_functions::Gate;
use crate::host_functions::GuestEvent;
use crate::host_functions::Stop;
use crate::host_functions::Work;
use crate::host_functions::WorkError;
use crate::host_functions::check_stored;
use crate::revision::RevisionId;
use crate::runtime::Loaded;
use crate::runtime::Runtime;

/// How often is looked whether a backfill begins, and whether to end.
const LOOK: Duration = Duration::from_millis(500);

/// How often an observer is told how far a backfill is.
const TELL: Duration = Duration::from_secs(1);

/// How long a server may be away between two backfills.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a worker did, together with all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkReport {
    /// The backfills of which all ranges are done by now.
    pub done: Vec<BackfillStatus>,
    /// Whether one was left alone because the operator cancelled it.
    pub is_cancelled: bool,
}

impl Runner<'_> {
    /// Works on all tables that are being rewritten batch by batch until no range is left. Without any, waits so long for one to begin.
    /// `connections` stands above the number that the migration says.
    ///
    /// # Errors
    /// [`RunError::Work`], and those of finding and loading the component.
    pub async fn work(
        &mut self,
        connections: Option<u32>,
        wait: Duration,
        observer: &mut dyn Observer,
    ) -> Result<WorkReport, RunError> {
        let began = Instant::now();
        let mut report = WorkReport::default();
        loop {
            if self.interrupt.is_ending() {
                return Err(WorkFailure::Interrupted.into());
            }
            let mut all = self.backfills_again().await?;
            report.is_cancelled = all.iter().any(|status| status.state == BackfillState::Cancelled);
            let has_begun = !all.is_empty();
            all.retain(|status| !matches!(status.state, BackfillState::Done | BackfillState::Cancelled));
            match all.into_iter().next() {
                Some(status) => report.done.extend(self.work_on(status, connections, observer).await?),
                None if !has_begun && report.done.is_empty() && began.elapsed() < wait => {
                    tokio::select! {
                        () = tokio::time::sleep(LOOK) => {}
                        () = self.interrupt.ending() => {}
                    }
                }
                None => return Ok(report),
            }
        }
    }

    /// How far the transforms are, also by a new connection.
    async fn backfills_again(&mut self) -> Result<Vec<BackfillStatus>, RunError> {
        let database = self.database()?;
        match database.backfills().await {
            Err(error) if error.may_pass() => {
                let mut new = database.reconnect(PATIENCE).await?;
                let all = new.backfills().await;
                self.database = Some(new);
                Ok(all?)
            }
            all => Ok(all?),
        }
    }

    /// Works on one until all of its ranges are done.
    async fn work_on(
        &mut self,
        status: BackfillStatus,
        connections: Option<u32>,
        observer: &mut dyn Observer,
    ) -> Result<Option<BackfillStatus>, RunError> {
        let revision = status.backfill.step.revision.clone();
        let Some(stored) = self.database()?.stored_plan(&status.backfill).await? else {
            return Err(WorkFailure::NoPlan { revision }.into());
        };
        let interrupt = self.interrupt.clone();
        let ready = tokio::select! {
            () = interrupt.ending() => return Err(WorkFailure::Interrupted.into()),
            ready = self.component_of(&status.backfill.step) => ready?,
        };
        let ReadyComponent { runtime, component, loaded } = ready;
        self.compare(&stored, &component)?;
        check_stored(&stored.plan, &component.grant)
            .map_err(|reason| WorkFailure::Stopped { revision: revision.clone(), reason })?;
        self.work_with((status, stored), (&runtime, &component, &loaded), connections, observer).await
    }

    /// Refuses a component or arguments that give other rows than those of the machine that began.
    fn compare(&self, stored: &StoredPlan, component: &StepComponent) -> Result<(), RunError> {
        let (there, here) = (&stored.program, component.program(&self.options.args));
        let (revision, file) = (component.migration.metadata.revision.clone(), component.migration.file.clone());
        if (&there.component, &there.runtime) != (&here.component, &here.runtime) {
            return Err(WorkFailure::AnotherComponent { revision, file }.into());
        }
        if there.arguments != here.arguments {
            return Err(WorkFailure::OtherArguments { revision }.into());
        }
        Ok(())
    }

    async fn work_with(
        &mut self,
        (status, stored): (BackfillStatus, StoredPlan),
        (runtime, component, loaded): (&Arc<Runtime>, &StepComponent, &Loaded),
        connections: Option<u32>,
        observer: &mut dyn Observer,
    ) -> Result<Option<BackfillStatus>, RunError> {
        let environment = self.project.environment();
        let guest_limits = limits::guest(&environment.limits);
        let (sender, mut events) = Events::new(&guest_limits);
        let (revision, clock_micros) = (status.backfill.step.revision.clone(), status.backfill.clock_micros);
        let interrupt = self.interrupt.clone();
        let args = self.options.args.clone();
        let terms = component.backfill_terms(&environment.backfill, &self.options.args);
        let rejected_max = self.options.rejected_max(&environment.backfill);
        let database: &mut Database = self.database()?;
        if rejected_max.is_some() {
            database.ensure_rejected().await?;
        }
        let run = RunInfo {
            revision: revision.to_string(),
            server_version: database.server_version(),
            search_path: stored.search_path,
            dry_run: false,
            now_micros: clock_micros,
            seed: seed(revision.as_str()),
            args,
        };
        let connections = connections.unwrap_or(stored.plan.parallelism);
        let work = Work {
            pipeline: stored.pipeline.into(),
            plan: stored.plan,
            backfill: status.backfill,
            terms,
            applier: applier((runtime, loaded, component.source()), (run, guest_limits), &interrupt, sender)
                .passing_over(rejected_max),
            interrupt: interrupt.clone(),
            connector: database.connector().clone(),
            tables: database.tables().clone(),
            limits: limits::results(&environment.limits),
            may_change: may_change(component),
            gate: Gate::default(),
            is_helping: true,
        };
        observer.observe(Event::Working { revision: revision.clone(), label: status.label, connections });
        let mut told = Instant::now();
        let mut working = std::pin::pin!(work.run(connections, None));
        let ended = loop {
            tokio::select! {
                ended = &mut working => break ended,
                () = interrupt.requested() => return Err(WorkFailure::Interrupted.into()),
                Some(event) = events.recv() => observer.observe(Event::Guest { revision: revision.clone(), event }),
                () = tokio::time::sleep(LOOK) => {}
            }
            if told.elapsed() >= TELL
                && let Some(standing) = work.standing()
            {
                told = Instant::now();
                let event = GuestEvent::Backfill(Box::new(standing));
                observer.observe(Event::Guest { revision: revision.clone(), event });
            }
        };
        match ended {
            Ok(true) => Ok(work.standing()),
            Ok(false) => Err(WorkFailure::Interrupted.into()),
            Err(error) => Err(failure(revision, error)),
        }
    }
}

/// What the end of a worker means.
fn failure(revision: RevisionId, error: WorkError) -> RunError {
    let reason = match error.why() {
        Some(why) => why,
        None => match error {
            WorkError::Session(SessionError::Fatal(error)) => return error.into(),
            WorkError::Call(CallError::Stop(stop)) => match stop.downcast::<Stop>() {
                Ok(Stop::Database(error)) => return error.into(),
                Ok(Stop::Interrupted) => return WorkFailure::Interrupted.into(),
                Ok(stop) => stop.to_string(),
                Err(error) => error.to_string(),
            },
            WorkError::Session(_) | WorkError::Call(_) => "a result is too large".to_owned(),
        },
    };
    WorkFailure::Stopped { revision, reason }.into()
}
