//! One step: begin, run the guest, write the bookkeeping, commit; or roll back and say why.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use sha2::Digest as _;
use tokio::sync::mpsc;

use super::applier::applier;
use super::cancellation::Cancellation;
use super::components::StepComponent;
use super::event::Event;
use super::event::Observer;
use super::failure::Cause;
use super::in_doubt_commit;
use super::in_doubt_commit::CommitStatus;
use super::limits;
use super::options::Options;
use super::progress::LockLimit;
use super::progress::ProgressReports;
use super::step_result::NextStep;
use super::step_result::StepResult;
use crate::bindings::env::RunInfo;
use crate::config::BackfillSettings;
use crate::config::Limits;
use crate::db::Canceller;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::GuestSession;
use crate::db::RejectedRow;
use crate::db::Session;
use crate::db::log::Record;
use crate::db::opening::Opening;
use crate::db::sqlstate::QUERY_CANCELED;
use crate::db::transaction::Begun;
use crate::db::transaction::Bookkeeping;
use crate::db::transaction::Forget;
use crate::db::violation::MayChange;
use crate::grant::Class;
use crate::host_functions::Events;
use crate::host_functions::ExecutionTrace;
use crate::host_functions::GuestEvent;
use crate::host_functions::GuestState;
use crate::host_functions::Interrupt;
use crate::host_functions::Limit;
use crate::host_functions::Stop;
use crate::host_functions::cut;
use crate::plan::Step;
use crate::revision::RevisionId;
use crate::runtime::Ending;
use crate::runtime::Instance;
use crate::runtime::LanguageRuntime;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::wasi;
use crate::store::Transaction;

/// The longest message of a failure that the log table keeps, in bytes.
const SUMMARY_BYTES_MAX: usize = 8 << 10;

/// What a step needs besides the database.
pub(super) struct StepRun<'a> {
    pub(super) step: &'a Step,
    /// The heads before the step.
    pub(super) heads: &'a BTreeSet<RevisionId>,
    /// The role under which the guest's statements run.
    pub(super) role: Option<&'a str>,
    pub(super) component: &'a StepComponent,
    pub(super) loaded: Loaded,
    pub(super) runtime: &'a Arc<Runtime>,
    pub(super) limits: &'a Limits,
    pub(super) backfill: &'a BackfillSettings,
    pub(super) options: &'a Options,
    pub(super) interrupt: &'a Interrupt,
    pub(super) canceller: &'a Canceller,
    /// The step after it, if that can begin as soon as this one is committed.
    pub(super) next: Option<&'a NextStep>,
    /// Whether the step is run again when it loses to a lock; only the last failure is recorded.
    pub(super) may_repeat: bool,
    /// Whether it runs in the instance of the step before. If that has too little memory left, the step is run again in a new one.
    pub(super) is_reusing: bool,
}

impl StepRun<'_> {
    /// Runs the step, and gives the database back outside of any transaction.
    /// `kept` is the instance that the step before left, and then the one that this step leaves.
    pub(super) async fn run(
        &self,
        mut database: Database,
        kept: &mut Option<Instance>,
        observer: &mut dyn Observer,
    ) -> (Database, StepResult) {
        if self.component.migration.metadata.transaction == Transaction::None {
            // What is resumed one day begins in a new one, and has to send the same statements then.
            *kept = None;
            return self.run_non_transactional(database, observer).await;
        }
        let started = Instant::now();
        let application = self.application();
        let begun = match database.begin(&self.opening(&application, self.role)).await {
            Ok(begun) => begun,
            Err(error) => return (database, StepResult::not_begun(error)),
        };
        let session = GuestSession::Database(Box::new(Session::new(database, limits::results(self.limits))));
        // Only a session without a transaction has something to say.
        let (_, mut notes) = mpsc::unbounded_channel();
        let (session, ending, trace) =
            self.call_guest((session, kept), begun.now_micros, begun.search_path.clone(), &mut notes, observer).await;
        let mut database = session.into_database().expect("BUG: the session of a step is one with a database");
        let mut record = self.record(started, &trace);
        let (statements, rows) = (trace.statements, trace.rows);
        let rejected: Vec<RejectedRow> = trace.rejected().cloned().collect();
        let skipped = u64::try_from(rejected.len()).unwrap_or(u64::MAX);
        record.detail.skipped = (skipped > 0).then_some(skipped);
        let mut reading = Duration::ZERO;
        let outcome = match self.judge(ending, trace) {
            Ok(()) => {
                let written = (&record, rejected.as_slice());
                let (outcome, longer) = self.finish_and_read_ahead(&mut database, &begun, written, started, kept).await;
                reading = longer;
                outcome
            }
            Err(cause) => Err(cause),
        };
        let (outcome, reconnected) = self.settle(&mut database, &begun, &record, outcome).await;
        let recorded = self.record_outcome(&mut database, &outcome, &mut record).await;
        let milliseconds = u64::try_from(started.elapsed().saturating_sub(reading).as_millis()).unwrap_or(u64::MAX);
        (
            database,
            StepResult {
                statements,
                rows,
                skipped,
                milliseconds,
                outcome,
                recorded,
                reconnected,
                non_transactional: None,
            },
        )
    }

    /// What the server shows as the name of this session.
    pub(super) fn application(&self) -> String {
        application(&self.step.revision)
    }

    /// How a transaction of this step begins.
    pub(super) fn opening<'b>(&'b self, application: &'b str, role: Option<&'b str>) -> Opening<'b> {
        Opening {
            application,
            timeouts: self.options.timeouts(self.limits),
            heads: self.heads,
            any_heads: false,
            steps_after: 0,
            role,
        }
    }

    /// What is written when the step is done.
    pub(super) fn bookkeeping<'b>(&'b self, record: &'b Record) -> Bookkeeping<'b> {
        Bookkeeping {
            remove_all: false,
            remove: &self.step.change.remove,
            add: &self.step.change.add,
            records: std::slice::from_ref(record),
            may_change: self.may_change(),
            forget: Forget::Nothing,
            rejected: &[],
        }
    }

    pub(super) fn may_change(&self) -> MayChange {
        may_change(self.component)
    }

    /// What the log table says about the step so far.
    pub(super) fn record(&self, started: Instant, trace: &ExecutionTrace) -> Record {
        Record {
            revision: self.step.revision.to_string(),
            direction: self.step.direction.name(),
            source_digest: Some(self.component.migration.source_digest.to_string()),
            component_digest: Some(self.component.component.digest.to_string()),
            runtime_digest: self.component.language.as_ref().map(|language| language.digest().to_string()),
            microseconds: i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX),
            statements: i64::try_from(trace.statements).unwrap_or(i64::MAX),
            rows: i64::try_from(trace.rows).unwrap_or(i64::MAX),
            ..Record::default()
        }
    }

    /// Finds out what became of a COMMIT that was not answered. The second part is the reason, when it went through.
    pub(super) async fn settle(
        &self,
        database: &mut Database,
        begun: &Begun,
        record: &Record,
        outcome: Result<(), Cause>,
    ) -> (Result<(), Cause>, Option<String>) {
        let reason = match outcome {
            Err(Cause::Database(DatabaseError::CommitUnknown { reason, .. })) => reason,
            outcome => return (outcome, None),
        };
        match in_doubt_commit::settle(database, begun, record, self.interrupt).await {
            CommitStatus::Committed => (Ok(()), Some(reason)),
            CommitStatus::RolledBack => (Err(Cause::Database(DatabaseError::NotCommitted { reason })), None),
            CommitStatus::Unknown { why } => {
                (Err(Cause::Database(DatabaseError::CommitUnknown { reason, why: Some(why) })), None)
            }
        }
    }

    /// Rolls a failure back and records it, unless the step runs again. Whether it is in the log table.
    pub(super) async fn record_outcome(
        &self,
        database: &mut Database,
        outcome: &Result<(), Cause>,
        record: &mut Record,
    ) -> bool {
        let Err(cause) = outcome else { return false };
        if matches!(cause, Cause::Database(DatabaseError::CommitUnknown { .. })) {
            return false;
        }
        let repeated = self.may_repeat && super::retry::conflict(cause).is_some()
            || self.is_reusing && super::retry::is_out_of_memory(cause);
        // After a failed COMMIT there is no transaction any more; ROLLBACK is then only a warning.
        if !(database.rollback().await.is_ok() || in_doubt_commit::replace(database).await) || repeated {
            return false;
        }
        record.error = Some(cut(cause.summary(), SUMMARY_BYTES_MAX));
        database.record_failure(record).await.is_ok()
    }

    pub(super) async fn call_guest(
        &self,
        (session, kept): (GuestSession, &mut Option<Instance>),
        now_micros: i64,
        search_path: Vec<String>,
        notes: &mut mpsc::UnboundedReceiver<String>,
        observer: &mut dyn Observer,
    ) -> (GuestSession, Ending, ExecutionTrace) {
        let guest_limits = limits::guest(self.limits);
        let (sender, mut events) = Events::new(&guest_limits);
        let seed = seed(self.step.revision.as_str());
        let run = RunInfo {
            revision: self.step.revision.to_string(),
            server_version: session.server_version(),
            search_path,
            dry_run: false,
            now_micros,
            seed,
            args: self.options.args.clone(),
        };
        let mut cancellation = Cancellation::new(self.interrupt, self.canceller, guest_limits.migration_time);
        let wasi = wasi::context(now_micros, seed, &sender);
        let applier = applier(
            (self.runtime, &self.loaded, self.component.source()),
            (run.clone(), guest_limits.clone()),
            self.interrupt,
            sender.clone(),
        )
        .passing_over(self.options.rejected_max(self.backfill));
        let state = GuestState::new(session, run, guest_limits, self.interrupt.clone(), wasi, sender)
            .granting(self.component.grant)
            .applying(applier)
            .with_backfills(self.component.backfill_terms(self.backfill, &self.options.args))
            .sampling(self.options.sampling);
        let lock_limit = self.lock_limit(&state);
        let source = self.component.source();
        let program = (&self.loaded, self.component.language.as_ref().map(LanguageRuntime::digest));
        let mut call = std::pin::pin!(self.runtime.run_kept(kept, program, self.step.direction, source, state));
        let mut long_statements = ProgressReports::begin(self.canceller, lock_limit);
        let (ending, (session, trace)) = loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => self.report(observer, event),
                Some(text) = notes.recv() => observer.observe(Event::Note { text }),
                progress = long_statements.next() => {
                    observer.observe(Event::StatementProgress { revision: self.step.revision.clone(), progress });
                }
                ended = &mut call => break ended,
                () = cancellation.cancel_in_time() => {}
            }
        };
        cancellation.end().await;
        while let Ok(event) = events.try_recv() {
            self.report(observer, event);
        }
        while let Ok(text) = notes.try_recv() {
            observer.observe(Event::Note { text });
        }
        (session, ending, trace)
    }

    /// How long a statement may wait for a lock, unless it is one that waits by design, or the migration may set that itself.
    fn lock_limit(&self, state: &GuestState) -> Option<LockLimit> {
        let milliseconds = self.options.timeouts(self.limits).lock_milliseconds;
        let is_fixed = self.component.migration.metadata.transaction != Transaction::None && !self.may_change().session;
        (is_fixed && milliseconds > 0)
            .then(|| LockLimit { limit: Duration::from_millis(milliseconds), lock_wait: state.lock_wait() })
    }

    fn report(&self, observer: &mut dyn Observer, event: GuestEvent) {
        observer.observe(Event::Guest { revision: self.step.revision.clone(), event });
    }

    /// Looks at what the step did for the last time, writes the bookkeeping, commits, and begins the next step.
    pub(super) async fn finish(
        &self,
        database: &mut Database,
        begun: &Begun,
        (record, rejected): (&Record, &[RejectedRow]),
        started: Instant,
    ) -> Result<(), Cause> {
        if self.interrupt.is_requested() {
            return Err(Cause::Stopped(Stop::Interrupted));
        }
        let bookkeeping = Bookkeeping { rejected, ..self.bookkeeping(record) };
        let next = self.next.map(|next| (application(&next.revision), next));
        let next = next.as_ref().map(|(application, next)| Opening {
            heads: &next.heads,
            steps_after: next.steps_after,
            ..self.opening(application, self.role)
        });
        let written = database.finish(begun, &bookkeeping, next.as_ref());
        // What is deferred is checked only now, which may take as long as any statement.
        let limit = limits::guest(self.limits).migration_time;
        let left = limit.map(|limit| limit.saturating_sub(started.elapsed()));
        match Cancellation::new(self.interrupt, self.canceller, left).until(written).await {
            Ok(()) => Ok(()),
            Err(DatabaseError::DeferredConstraint { error } | DatabaseError::Statement { error, .. })
                if error.sqlstate == QUERY_CANCELED =>
            {
                Err(match limit {
                    _ if self.interrupt.is_requested() => Cause::Stopped(Stop::Interrupted),
                    Some(limit) if started.elapsed() > limit => Cause::Stopped(Stop::time(Limit::MigrationTime, limit)),
                    _ => Cause::Commit(error),
                })
            }
            // What was deferred, and what was left changed, is the migration's matter.
            Err(DatabaseError::DeferredConstraint { error }) => Err(Cause::Commit(error)),
            Err(DatabaseError::IntegrityViolated { violations }) => Err(Cause::IntegrityViolated(violations)),
            Err(error) => Err(Cause::Database(error)),
        }
    }
}

/// What the statements of a migration may leave changed.
pub(super) fn may_change(component: &StepComponent) -> MayChange {
    let allowed = component.grant.allowed();
    MayChange { session: allowed.contains(Class::Session), defaults: allowed.contains(Class::Role) }
}

pub(super) fn application(revision: &RevisionId) -> String {
    format!("host {} {revision}", env!("CARGO_PKG_VERSION"))
}

/// The same migration gets the same seed everywhere.
pub(super) fn seed(revision: &str) -> u64 {
    let digest = sha2::Sha256::digest(format!("host seed: {revision}"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}
