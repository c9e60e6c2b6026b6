//! What gives batches of rows to the transform of a migration.

use std::sync::Arc;

use crate::bindings::env::RunInfo;
use crate::db::GuestSession;
use crate::db::OfflineSession;
use crate::host_functions::Applier;
use crate::host_functions::Batch;
use crate::host_functions::Events;
use crate::host_functions::GuestLimits;
use crate::host_functions::GuestState;
use crate::host_functions::Interrupt;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::Source;
use crate::runtime::wasi;

/// Gives each batch to an instance and a store of its own, which have no database.
pub(super) fn applier(
    (runtime, loaded, source): (&Arc<Runtime>, &Loaded, Option<&Source>),
    (run, limits): (RunInfo, GuestLimits),
    interrupt: &Interrupt,
    events: Events,
) -> Applier {
    let (runtime, loaded, interrupt) = (Arc::clone(runtime), loaded.clone(), interrupt.clone());
    let source = source.cloned();
    Applier::new(move |batch: Batch| {
        let (runtime, loaded, source) = (Arc::clone(&runtime), loaded.clone(), source.clone());
        let wasi = wasi::context(run.now_micros, run.seed, &events);
        let session = GuestSession::Offline(OfflineSession::default());
        let state = GuestState::new(session, run.clone(), limits.clone(), interrupt.clone(), wasi, events.clone());
        async move { runtime.apply(&loaded, source.as_ref(), &batch.pipeline, &batch.rows, state.of_apply()).await }
    })
}
