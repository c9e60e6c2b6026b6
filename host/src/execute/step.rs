//! One step: begin, run the guest, keep the books, commit; or roll back and say why.

use std::collections::BTreeSet;
use std::time::Instant;

use sha2::Digest as _;

use super::activity::ActivityReports;
use super::components::StepComponent;
use super::event::Event;
use super::event::Observer;
use super::failure::Cause;
use super::failure::SourcePlace;
use super::limits;
use super::options::Options;
use super::outcome;
use super::outcome::Outcome;
use super::watch::Watch;
use crate::capability::Events;
use crate::capability::GuestEvent;
use crate::capability::GuestState;
use crate::capability::Interrupt;
use crate::capability::Journal;
use crate::capability::Limit;
use crate::capability::StatementFailure;
use crate::capability::Stop;
use crate::capability::cut;
use crate::config::Limits;
use crate::contract::env::RunInfo;
use crate::contract::types::Error as GuestError;
use crate::contract::types::Failure;
use crate::db::Canceller;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::GuestSession;
use crate::db::Session;
use crate::db::history::Record;
use crate::db::transaction::Begun;
use crate::db::transaction::Bookkeeping;
use crate::db::transaction::Opening;
use crate::grant::Class;
use crate::plan::Step;
use crate::revision::RevisionId;
use crate::runtime::Ending;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::wasi;

/// SQLSTATE `query_canceled`.
const QUERY_CANCELED: &str = "57014";

/// The longest message of a failure that the history table keeps, in bytes.
const SUMMARY_BYTES_MAX: usize = 8 << 10;

/// The longest message of a migration that is kept, in bytes.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// What a step needs besides the database.
pub(super) struct StepRun<'a> {
    pub(super) step: &'a Step,
    /// The heads before the step.
    pub(super) heads: &'a BTreeSet<RevisionId>,
    /// The role under which the guest's statements run.
    pub(super) role: Option<&'a str>,
    pub(super) component: &'a StepComponent,
    pub(super) loaded: Loaded,
    pub(super) runtime: &'a Runtime,
    pub(super) limits: &'a Limits,
    pub(super) options: &'a Options,
    pub(super) interrupt: &'a Interrupt,
    pub(super) canceller: &'a Canceller,
    /// Whether the step is run again when it loses to a lock; only the last failure is recorded.
    pub(super) may_repeat: bool,
}

/// How a step went.
pub(super) struct StepResult {
    pub(super) statements: u64,
    pub(super) rows: u64,
    pub(super) milliseconds: u64,
    pub(super) outcome: Result<(), Cause>,
    /// Whether a failure is in the history table.
    pub(super) recorded: bool,
    /// The reason, when the connection was lost during COMMIT, which nevertheless went through. The database is another
    /// connection now, without the lock of runners.
    pub(super) reconnected: Option<String>,
}

impl StepRun<'_> {
    /// Runs the step, and gives the database back outside of any transaction.
    pub(super) async fn run(&self, mut database: Database, observer: &mut dyn Observer) -> (Database, StepResult) {
        let started = Instant::now();
        let revision = &self.step.revision;
        let application = format!("host {} {revision}", env!("CARGO_PKG_VERSION"));
        let opening = Opening {
            application: &application,
            timeouts: self.options.timeouts(self.limits),
            heads: self.heads,
            role: self.role,
        };
        let begun = match database.begin(&opening).await {
            Ok(begun) => begun,
            Err(error) => {
                let outcome = Err(Cause::NotBegun(error));
                let result =
                    StepResult { statements: 0, rows: 0, milliseconds: 0, outcome, recorded: false, reconnected: None };
                return (database, result);
            }
        };
        let (mut database, ending, journal) = self.call_guest(database, &begun, observer).await;
        let mut record = Record {
            revision: revision.to_string(),
            direction: match self.step.direction {
                crate::plan::Direction::Upgrade => "upgrade",
                crate::plan::Direction::Downgrade => "downgrade",
            },
            source_digest: Some(self.component.migration.source_digest.to_string()),
            component_digest: Some(self.component.component.digest.to_string()),
            microseconds: i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX),
            statements: i64::try_from(journal.statements).unwrap_or(i64::MAX),
            rows: i64::try_from(journal.rows).unwrap_or(i64::MAX),
            error: None,
        };
        let (statements, rows) = (journal.statements, journal.rows);
        let mut outcome = match self.judge(ending, journal) {
            Ok(()) => self.finish(&mut database, &begun, &record, started).await,
            Err(cause) => Err(cause),
        };
        let mut reconnected = None;
        if let Err(Cause::Database(DatabaseError::CommitUnknown { reason, .. })) = &outcome {
            let reason = reason.clone();
            outcome = match outcome::settle(&mut database, &begun, &record, self.interrupt).await {
                Outcome::Committed => {
                    reconnected = Some(reason);
                    Ok(())
                }
                Outcome::RolledBack => Err(Cause::Database(DatabaseError::NotCommitted { reason })),
                Outcome::Unknown { why } => {
                    Err(Cause::Database(DatabaseError::CommitUnknown { reason, why: Some(why) }))
                }
            };
        }
        let mut recorded = false;
        if let Err(cause) = &outcome
            && !matches!(cause, Cause::Database(DatabaseError::CommitUnknown { .. }))
        {
            let repeated = self.may_repeat && super::retry::conflict(cause).is_some();
            // After a failed COMMIT there is no transaction any more; ROLLBACK is then only a warning.
            if (database.rollback().await.is_ok() || outcome::replace(&mut database).await) && !repeated {
                record.error = Some(cut(cause.summary(), SUMMARY_BYTES_MAX));
                recorded = database.record_failure(&record).await.is_ok();
            }
        }
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        (database, StepResult { statements, rows, milliseconds, outcome, recorded, reconnected })
    }

    async fn call_guest(
        &self,
        database: Database,
        begun: &Begun,
        observer: &mut dyn Observer,
    ) -> (Database, Ending, Journal) {
        let guest_limits = limits::guest(self.limits);
        let (sender, mut events) = Events::new(&guest_limits);
        let seed = seed(self.step.revision.as_str());
        let session = GuestSession::Database(Box::new(Session::new(database, limits::results(self.limits))));
        let run = RunInfo {
            revision: self.step.revision.to_string(),
            server_version: session.server_version(),
            search_path: begun.search_path.clone(),
            dry_run: false,
            now_micros: begun.now_micros,
            seed,
            args: self.options.args.clone(),
        };
        let mut watch = Watch::new(self.interrupt, self.canceller, guest_limits.migration_time);
        let wasi = wasi::context(begun.now_micros, seed, &sender);
        let state = GuestState::new(session, run, guest_limits, self.interrupt.clone(), wasi, sender)
            .granting(self.component.grant);
        let source = self.component.script.as_ref().map(|(source, _)| source);
        let mut call = std::pin::pin!(self.runtime.run(&self.loaded, self.step.direction, source, state));
        let mut long_statements = ActivityReports::begin(self.canceller);
        let (ending, state) = loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => self.report(observer, event),
                activity = long_statements.next() => {
                    observer.observe(Event::Activity { revision: self.step.revision.clone(), activity });
                }
                ended = &mut call => break ended,
                () = watch.cancel_in_time() => {}
            }
        };
        watch.end().await;
        let (session, journal) = state.into_parts();
        while let Ok(event) = events.try_recv() {
            self.report(observer, event);
        }
        let database = session.into_database().expect("BUG: the session of a step is one with a database");
        (database, ending, journal)
    }

    fn report(&self, observer: &mut dyn Observer, event: GuestEvent) {
        observer.observe(Event::Guest { revision: self.step.revision.clone(), event });
    }

    /// What the guest's ending means, together with what the host itself saw.
    fn judge(&self, ending: Ending, mut journal: Journal) -> Result<(), Cause> {
        let failed = journal.failure.take();
        let statement = |failure: StatementFailure, said: Option<String>, swallowed: bool| {
            let source = self.source_place(&failure);
            Cause::Statement { failure: Box::new(failure), source, said, swallowed }
        };
        match (ending, failed) {
            (Ending::Stopped(stop), _) => Err(Cause::Stopped(stop)),
            (Ending::Done, None) => Ok(()),
            // The transaction is lost, whatever the guest thinks: COMMIT would quietly roll back.
            (Ending::Done, Some(failure)) => Err(statement(failure, None, true)),
            (Ending::Failed(Failure::Sql(GuestError::Sql(_))), Some(failure)) => Err(statement(failure, None, false)),
            (Ending::Failed(failure), Some(cause)) => Err(statement(cause, words(failure), false)),
            (Ending::Failed(Failure::Irreversible), None) => Err(Cause::Irreversible),
            (Ending::Failed(Failure::Message(message)), None) => Err(Cause::Message(cut(message, MESSAGE_BYTES_MAX))),
            (Ending::Failed(Failure::Sql(GuestError::Exceeded(limit))), None)
                if let Some(exceeded) = limits::of_result(limit, self.limits) =>
            {
                Err(Cause::Stopped(Stop::Limit(exceeded)))
            }
            (Ending::Failed(Failure::Sql(error)), None) => Err(match (error, journal.refused) {
                (GuestError::Denied(reason), Some(refusal)) if reason == refusal.message() => Cause::Denied(refusal),
                (error, _) => Cause::Refused(Box::new(error)),
            }),
            (Ending::Trapped(_), Some(failure)) => {
                Err(statement(failure, journal.panic.map(|panic| panic.message), false))
            }
            (Ending::Trapped(trapped), None) => Err(match journal.panic {
                Some(panic) => Cause::Panicked(panic),
                None => Cause::Trapped(trapped),
            }),
        }
    }

    /// A statement of a script lies in the migration's file.
    fn source_place(&self, failure: &StatementFailure) -> Option<SourcePlace> {
        let (_, script_offset) = self.component.script.as_ref()?;
        let range = failure.script_range.as_ref()?;
        let text = self.component.component.source()?.to_owned();
        Some(SourcePlace { text, offset: script_offset + range.start })
    }

    async fn finish(
        &self,
        database: &mut Database,
        begun: &Begun,
        record: &Record,
        started: Instant,
    ) -> Result<(), Cause> {
        if self.interrupt.is_requested() {
            return Err(Cause::Stopped(Stop::Interrupted));
        }
        let books = Bookkeeping {
            remove: &self.step.change.remove,
            add: &self.step.change.add,
            records: std::slice::from_ref(record),
            may_configure_session: self.component.grant.allowed().contains(Class::Session),
        };
        let written = async {
            database.keep_books(begun, &books).await?;
            match database.commit().await {
                Err(DatabaseError::Statement { error, .. }) => Err(DatabaseError::DeferredConstraint { error }),
                committed => committed,
            }
        };
        // What is deferred is checked only now, which may take as long as any statement.
        let limit = limits::guest(self.limits).migration_time;
        let left = limit.map(|limit| limit.saturating_sub(started.elapsed()));
        match Watch::new(self.interrupt, self.canceller, left).until(written).await {
            Ok(()) => Ok(()),
            Err(DatabaseError::DeferredConstraint { error } | DatabaseError::Statement { error, .. })
                if error.sqlstate == QUERY_CANCELED =>
            {
                Err(match limit {
                    _ if self.interrupt.is_requested() => Cause::Stopped(Stop::Interrupted),
                    Some(limit) if started.elapsed() > limit => {
                        Cause::Stopped(Stop::limit(Limit::MigrationTime, limit.as_secs()))
                    }
                    _ => Cause::Commit(error),
                })
            }
            // What was deferred, and what was left changed, is the migration's matter.
            Err(DatabaseError::DeferredConstraint { error }) => Err(Cause::Commit(error)),
            Err(DatabaseError::FrameBroken { breaches }) => Err(Cause::FrameBroken(breaches)),
            Err(error) => Err(Cause::Database(error)),
        }
    }
}

/// What a guest says about its failure, where it says anything.
fn words(failure: Failure) -> Option<String> {
    match failure {
        Failure::Message(message) => Some(cut(message, MESSAGE_BYTES_MAX)),
        Failure::Sql(error) => Some(super::failure::refusal(&error)),
        Failure::Irreversible => None,
    }
}

/// The same migration gets the same seed everywhere.
pub(super) fn seed(revision: &str) -> u64 {
    let digest = sha2::Sha256::digest(format!("host seed: {revision}"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}
