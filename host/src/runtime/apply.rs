//! Giving one batch of rows to the transform of a migration.

use super::call::Ending;
use super::call::Source;
use super::load::Loaded;
use super::load::Runtime;
use crate::bindings::types::Failure;
use crate::bindings::types::Tuples;
use crate::host_functions::Applied;
use crate::host_functions::GuestState;

impl Runtime {
    /// Gives one batch of rows to the transform of a migration, on a fresh instance. `source` is as for [`Runtime::run`].
    pub async fn apply(
        &self,
        loaded: &Loaded,
        source: Option<&Source>,
        pipeline: &str,
        input: &Tuples,
        state: GuestState,
    ) -> Applied {
        let mut store = self.store(state);
        let compute_time = store.data().budget.compute_time().clone();
        let called = compute_time.counting(async {
            match loaded {
                Loaded::Transform(component) => {
                    let guest = component.instantiate_async(&mut store).await?;
                    guest.host_migration_transform().call_apply(&mut store, pipeline, input).await.map(Some)
                }
                Loaded::Script(component) => {
                    let guest = component.instantiate_async(&mut store).await?;
                    let (file, text) = source.map_or(("", ""), |source| (source.file.as_str(), source.text.as_str()));
                    guest.host_migration_script().call_apply(&mut store, file, text, pipeline, input).await.map(Some)
                }
                Loaded::Migration(_) => Ok(None),
            }
        });
        match called.await {
            Ok(Some(Ok(rows))) => Applied::Rows(rows),
            Ok(Some(Err(failure))) => Applied::Rejected(failure),
            Ok(None) => Applied::Missing,
            Err(error) => match self.ended(error, store.data()) {
                Ending::Stopped(stop) => Applied::Stopped(stop),
                Ending::Trapped(trapped) => {
                    let panic = store.into_data().into_parts().1.panic;
                    Applied::Rejected(Failure::Message(panic.map_or(trapped.reason, |panic| panic.message)))
                }
                Ending::Failed(failure) => Applied::Rejected(failure),
                Ending::Done => Applied::Missing,
            },
        }
    }
}
