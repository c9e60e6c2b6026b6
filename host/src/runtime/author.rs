//! A language runtime that writes migrations: the optional export `author`.

use wasmtime::Store;
use wasmtime::component::TypedFunc;

use super::call::Ending;
use super::instance::optional;
use super::load::Loaded;
use super::load::Runtime;
use crate::bindings::ScriptRuntimePre;
use crate::bindings::types::Failure;
use crate::host_functions::GuestState;
use crate::host_functions::Remains;

/// The export and its function.
const AUTHOR: (&str, &str) = ("author", "generate");

/// Takes a request and gives an answer, both as JSON.
type Generate = TypedFunc<(String,), (Result<String, Failure>,)>;

impl Runtime {
    /// Lets a language runtime write a migration, on a fresh instance: its answer to a request, or how it ended instead. Gives back the session
    /// and what was written down.
    pub async fn generate(
        &self,
        loaded: &Loaded,
        request: &str,
        state: GuestState,
    ) -> (Result<String, Ending>, Remains) {
        let mut store = self.store(state);
        let compute_time = store.data().budget.compute_time().clone();
        let answer = match compute_time.counting(ask(loaded, request, &mut store)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failure)) => Err(Ending::Failed(failure)),
            Err(error) => Err(self.ended(error, store.data())),
        };
        (answer, store.into_data().into_parts())
    }
}

async fn ask(
    loaded: &Loaded,
    request: &str,
    store: &mut Store<GuestState>,
) -> wasmtime::Result<Result<String, Failure>> {
    let found = match loaded {
        Loaded::Script(component) => function(component, store).await?,
        Loaded::Migration(_) | Loaded::Transform(_) => None,
    };
    match found {
        Some(generate) => Ok(generate.call_async(store, (request.to_owned(),)).await?.0),
        None => Ok(Err(Failure::Message("its language runtime writes no migrations".to_owned()))),
    }
}

async fn function(
    component: &ScriptRuntimePre<GuestState>,
    store: &mut Store<GuestState>,
) -> wasmtime::Result<Option<Generate>> {
    let instance = component.instance_pre().instantiate_async(&mut *store).await?;
    optional(store, &instance, AUTHOR)
}
