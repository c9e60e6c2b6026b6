//! One step without a transaction around it: statement by statement, with the statement journal.

use std::time::Instant;

use tokio::sync::mpsc;

use super::event::Event;
use super::event::Observer;
use super::failure::Cause;
use super::limits;
use super::partial_progress::PartialProgress;
use super::partial_progress::Rewritten;
use super::step::StepRun;
use super::step_result::StepResult;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::GuestSession;
use crate::db::NonTransactionalSession;
use crate::db::Session;
use crate::db::Unfinished;
use crate::db::log::Record;
use crate::db::non_transactional::Rules;
use crate::db::statement_journal::StepKey;
use crate::db::statement_journal::statements;
use crate::db::transaction::Bookkeeping;
use crate::db::transaction::Forget;
use crate::host_functions::Stop;
use crate::runtime::Ending;

impl StepRun<'_> {
    /// Runs the step, and gives the database back outside of any transaction.
    pub(super) async fn run_non_transactional(
        &self,
        mut database: Database,
        observer: &mut dyn Observer,
    ) -> (Database, StepResult) {
        let started = Instant::now();
        let step = StepKey { revision: self.step.revision.clone(), direction: self.step.direction.to_string() };
        let application = self.application();
        let (facts, past) = match database.begin_non_transactional(&step, &self.opening(&application, self.role)).await
        {
            Ok(begun) => begun,
            Err(error) => return (database, StepResult::not_begun(error)),
        };
        if let Some(unfinished) = Unfinished::all(past.clone()).first().filter(|unfinished| unfinished.done > 0) {
            let done = statements(1, unfinished.done);
            let text = format!("{done} already done; resuming at statement {}", unfinished.next());
            observer.observe(Event::Note { text });
        }
        let (notes_sender, mut notes) = mpsc::unbounded_channel();
        let rules = Rules {
            timeouts: self.options.timeouts(self.limits),
            has_role: self.role.is_some(),
            may_change: self.may_change(),
        };
        let session = Session::new(database, limits::results(self.limits));
        let session = NonTransactionalSession::new(session, step.clone(), facts.now_micros, past, rules, notes_sender);
        let session = GuestSession::NonTransactional(Box::new(session));
        let (session, ending, trace) =
            self.call_guest((session, &mut None), facts.now_micros, facts.search_path, &mut notes, observer).await;
        let GuestSession::NonTransactional(session) = session else {
            unreachable!("BUG: the session of a step changed its kind")
        };
        let is_done = matches!(ending, Ending::Done) && trace.failure.is_none();
        let (mut database, progress, ended) = session.end(is_done).await;
        let mut record = self.record(started, &trace);
        if is_done && database.knows_rejected() {
            let skipped = database.count_rejected(&step, None).await.unwrap_or_default();
            record.detail.skipped = Some(skipped).filter(|number| *number > 0);
        }
        let skipped = record.detail.skipped.unwrap_or(0);
        let (statements, rows) = (trace.statements, trace.rows);
        let (outcome, reconnected) = match self.judge(ending, trace).and(ended.map_err(Cause::Database)) {
            Ok(()) => self.finish_non_transactional(&mut database, &step, &record).await,
            // What one statement did to the host's own things is as much the migration's matter as what all of them do.
            Err(Cause::Stopped(Stop::Database(DatabaseError::IntegrityViolated { violations }))) => {
                (Err(Cause::IntegrityViolated(violations)), None)
            }
            Err(cause) => (Err(cause), None),
        };
        let recorded = self.record_outcome(&mut database, &outcome, &mut record).await;
        let rewritten = match outcome.is_err() && progress.is_transforming {
            false => Rewritten::Nothing,
            true => database.rows_rewritten(&step).await.map_or(Rewritten::Unknown, Rewritten::Rows),
        };
        let non_transactional = PartialProgress {
            done: progress.done,
            broken: progress.broken,
            broken_alone: progress.broken_alone,
            rewritten,
            of: self.statements_of_script(),
        };
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
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
                non_transactional: Some(non_transactional),
            },
        )
    }

    /// The version rows, the log row and the end of the journal's rows are one transaction.
    async fn finish_non_transactional(
        &self,
        database: &mut Database,
        step: &StepKey,
        record: &Record,
    ) -> (Result<(), Cause>, Option<String>) {
        let application = self.application();
        let begun = match database.begin(&self.opening(&application, None)).await {
            Ok(begun) => begun,
            Err(error) => return (Err(Cause::Database(error)), None),
        };
        let bookkeeping = Bookkeeping { forget: Forget::Step(step), ..self.bookkeeping(record) };
        let outcome = match database.finish(&begun, &bookkeeping, None).await {
            Err(DatabaseError::Statement { error, .. } | DatabaseError::DeferredConstraint { error }) => {
                Err(Cause::Commit(error))
            }
            result => result.map_err(Cause::Database),
        };
        self.settle(database, &begun, record, outcome).await
    }

    /// How many statements a SQL file has in this direction.
    fn statements_of_script(&self) -> Option<u32> {
        let (source, _) = self.component.script.as_ref()?;
        crate::sql::statements(&source.text)
            .try_fold(0_u32, |count, statement| statement.ok().and(count.checked_add(1)))
    }
}
