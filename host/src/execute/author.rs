//! A language runtime writes a migration: it looks at the database and at what the project describes, and nothing that it does stays.

use tokio::sync::mpsc;

use super::cancellation::Cancellation;
use super::compile;
use super::error::RunError;
use super::event::Event;
use super::event::Observer;
use super::failure::Cause;
use super::judge::judged;
use super::limits;
use super::runner::Runner;
use super::runner::out;
use super::step::application;
use super::step::seed;
use crate::bindings::env::RunInfo;
use crate::db::GuestSession;
use crate::db::Session;
use crate::grant::Class;
use crate::grant::Grant;
use crate::grant::TimeLimits;
use crate::host_functions::Events;
use crate::host_functions::GuestState;
use crate::plan::Direction;
use crate::revision::RevisionId;
use crate::runtime::wasi;

/// What is asked of a language runtime.
#[derive(Debug, Clone, Copy)]
pub struct AuthorRequest<'a> {
    /// The name of the runtime; the preferred one of that name is taken.
    pub runtime: &'a str,
    /// The revision that is going to be written.
    pub revision: &'a RevisionId,
    /// The file that says what the project describes, for messages.
    pub file: &'a str,
    /// The request, as the runtime reads it.
    pub text: &'a str,
}

impl Runner<'_> {
    /// Whether every migration of the project is applied, as [`Runner::generate`] needs it: revisions that are not, in the order of an upgrade.
    ///
    /// # Errors
    /// [`RunError::Plan`] when the database has revisions that the project has not, and those of reading.
    pub async fn missing(&mut self) -> Result<Vec<RevisionId>, RunError> {
        let applied = self.applied().await?;
        if self.project.graph().is_empty() && applied.heads.is_empty() {
            return Ok(Vec::new());
        }
        let plan = self.plan_for(&applied, Direction::Upgrade, "heads")?;
        Ok(plan.steps.into_iter().map(|step| step.revision).collect())
    }

    /// Lets a language runtime write a migration. It runs in the sandbox, with what the environment grants, in a transaction that is rolled back.
    /// Gives its answer as it is.
    ///
    /// # Errors
    /// [`RunError::NotWritten`], and those of loading the runtime and beginning the transaction.
    pub async fn generate(
        &mut self,
        request: AuthorRequest<'_>,
        observer: &mut dyn Observer,
    ) -> Result<String, RunError> {
        let environment = self.project.environment();
        let limits = &environment.limits;
        let not_written = |cause| RunError::NotWritten { file: request.file.to_owned(), cause: Box::new(cause) };
        let runtime = limits::shared_runtime(&self.options, limits)?;
        let language = runtime.languages().find(request.runtime, None).map_err(RunError::Runtime)?;
        let loaded = compile::load_script(&runtime, language, limits).finished().await.map_err(RunError::Runtime)?;
        let timeouts = self.options.timeouts(limits);
        let may = environment.grants.with(Class::Query);
        let grant = Grant::new(may, may).unwrap_or_default().within(TimeLimits::from(timeouts));
        let canceller = self.database()?.preflight().await?;
        let mut database = self.database.take().ok_or_else(out)?;
        let begun = database.begin_passing(&application(request.revision), timeouts, environment.role.as_deref()).await;
        let begun = match begun {
            Ok(begun) => begun,
            Err(error) => {
                self.database = Some(database);
                return Err(error.into());
            }
        };
        let session = GuestSession::Database(Box::new(Session::new(database, limits::results(limits))));
        let guest_limits = limits::guest(limits);
        let (sender, mut events) = Events::new(&guest_limits);
        let seed = seed(request.revision.as_str());
        let run = RunInfo {
            revision: request.revision.to_string(),
            server_version: session.server_version(),
            search_path: begun.search_path,
            dry_run: false,
            now_micros: begun.now_micros,
            seed,
            args: self.options.args.clone(),
        };
        let mut cancellation = Cancellation::new(&self.interrupt, &canceller, guest_limits.migration_time);
        let wasi = wasi::context(begun.now_micros, seed, &sender);
        let state = GuestState::new(session, run, guest_limits, self.interrupt.clone(), wasi, sender).granting(grant);
        let mut call = std::pin::pin!(runtime.generate(&loaded, request.text, state));
        let mut report = |event| observer.observe(Event::Guest { revision: request.revision.clone(), event });
        let (answer, (session, trace)) = loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => report(event),
                ended = &mut call => break ended,
                () = cancellation.cancel_in_time() => {}
            }
        };
        cancellation.end().await;
        drain(&mut events, report);
        let mut database = session.into_database().ok_or_else(out)?;
        let rolled_back = database.rollback().await;
        self.database = Some(database);
        let answer = match answer {
            // What was ignored is no failure: nothing was to stay anyway.
            Ok(answer) => answer,
            Err(ending) => {
                let cause = judged(ending, trace, limits, |_| None).err();
                return Err(not_written(cause.unwrap_or_else(|| Cause::Message("it gave no answer".to_owned()))));
            }
        };
        rolled_back?;
        Ok(answer)
    }
}

fn drain<T>(events: &mut mpsc::UnboundedReceiver<T>, mut report: impl FnMut(T)) {
    while let Ok(event) = events.try_recv() {
        report(event);
    }
}
