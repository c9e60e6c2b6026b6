//! What gives batches of rows to the transform of a migration.

use std::sync::Arc;

use super::components::StepComponent;
use super::options::Options;
use crate::bindings::env::RunInfo;
use crate::config::BackfillSettings;
use crate::db::GuestSession;
use crate::db::OfflineSession;
use crate::db::backfill::BackfillTerms;
use crate::db::backfill::Program;
use crate::digest::Digest;
use crate::host_functions::Applier;
use crate::host_functions::Batch;
use crate::host_functions::Events;
use crate::host_functions::GuestLimits;
use crate::host_functions::GuestState;
use crate::host_functions::Interrupt;
use crate::runtime::LanguageRuntime;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::wasi;

/// Gives each batch to an instance and a store of its own, which have no database.
pub(super) fn applier(
    (runtime, loaded, component): (&Arc<Runtime>, &Loaded, &StepComponent),
    (run, limits): (RunInfo, GuestLimits),
    interrupt: &Interrupt,
    events: Events,
) -> Applier {
    let (runtime, loaded, interrupt) = (Arc::clone(runtime), loaded.clone(), interrupt.clone());
    let source = component.script.as_ref().map(|(source, _)| source.clone());
    Applier::new(move |batch: Batch| {
        let (runtime, loaded, source) = (Arc::clone(&runtime), loaded.clone(), source.clone());
        let wasi = wasi::context(run.now_micros, run.seed, &events);
        let session = GuestSession::Offline(OfflineSession::default());
        let state = GuestState::new(session, run.clone(), limits.clone(), interrupt.clone(), wasi, events.clone());
        async move { runtime.apply(&loaded, source.as_ref(), &batch.pipeline, &batch.rows, state.of_apply()).await }
    })
}

impl Options {
    /// What this run says about tables that a migration rewrites batch by batch.
    pub(super) fn backfill_terms(&self, component: &StepComponent, settings: &BackfillSettings) -> BackfillTerms {
        BackfillTerms { settings: settings.clone(), program: self.program(component) }
    }

    /// What makes a transform give the same rows: its code, and what it can see of the run.
    pub(super) fn program(&self, component: &StepComponent) -> Program {
        // In quotes, so that nothing is the same that is not.
        let arguments = format!("{:?}", self.args);
        Program {
            component: component.component.digest.to_string(),
            runtime: component.language.as_ref().map(|language: &LanguageRuntime| language.digest().to_string()),
            arguments: Digest::of(arguments.as_bytes()).to_string(),
        }
    }
}
