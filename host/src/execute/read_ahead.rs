//! While the server commits a step, the instance that ran it reads the next migration: neither needs the other, and both take about as
//! long as each other in a run of many small migrations.
//!
//! Nothing of the next migration runs. What is read is thrown away with the instance when the step fails after all.

use std::time::Duration;
use std::time::Instant;

use super::failure::Cause;
use super::limits;
use super::step::StepRun;
use super::step::seed;
use super::step_result::NextStep;
use crate::bindings::env::RunInfo;
use crate::db::Database;
use crate::db::GuestSession;
use crate::db::OfflineSession;
use crate::db::RejectedRow;
use crate::db::log::Record;
use crate::db::transaction::Begun;
use crate::host_functions::Events;
use crate::host_functions::GuestState;
use crate::runtime::Instance;
use crate::runtime::wasi;

impl StepRun<'_> {
    /// Finishes the step while `kept` reads what comes next. Also answers for how long that went on after the step was over.
    pub(super) async fn finish_and_read_ahead(
        &self,
        database: &mut Database,
        begun: &Begun,
        (record, rejected): (&Record, &[RejectedRow]),
        started: Instant,
        kept: &mut Option<Instance>,
    ) -> (Result<(), Cause>, Duration) {
        let server_version = database.server_version();
        let finish = async {
            let outcome = self.finish(database, begun, (record, rejected), started).await;
            (outcome, Instant::now())
        };
        // The server gets its text first, so that it is at work when the instance begins to compute.
        let ((outcome, over), ()) = tokio::join!(biased; finish, self.read_ahead(kept, begun, server_version));
        (outcome, over.elapsed())
    }

    async fn read_ahead(&self, kept: &mut Option<Instance>, begun: &Begun, server_version: u32) {
        let Some(NextStep { revision, component: Some(component), .. }) = self.next else { return };
        let (Some(language), Some(source)) = (&component.language, component.source()) else { return };
        // What follows is not made for a runtime that reads nothing, such as that of SQL.
        if !kept.as_ref().is_some_and(|instance| instance.reads_ahead(language.digest())) {
            return;
        }
        // Nobody listens.
        let guest_limits = limits::guest(self.limits);
        let (sender, _) = Events::new(&guest_limits);
        let seed = seed(revision.as_str());
        let run = RunInfo {
            revision: revision.to_string(),
            server_version,
            search_path: begun.search_path.clone(),
            dry_run: false,
            now_micros: begun.now_micros,
            seed,
            args: self.options.args.clone(),
        };
        let wasi = wasi::context(begun.now_micros, seed, &sender);
        let session = GuestSession::Offline(OfflineSession::default());
        let state = GuestState::new(session, run, guest_limits, self.interrupt.clone(), wasi, sender);
        self.runtime.read_ahead(kept, language.digest(), source, state).await;
    }
}
