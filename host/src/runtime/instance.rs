//! An instance of a language runtime that stays from one migration to the next.
//!
//! Most runtimes get a new instance for each migration. One that exports `reuse` says itself, after each migration, whether the
//! same instance may run another one: that of SQL, which reads nothing of the migration before, and that of Alembic, whose projects
//! expect one process for all revisions of a run, in which env.py runs once. There the next migration finds what one leaves in memory.

use wasmtime::Store;
use wasmtime::component::Instance as ComponentInstance;
use wasmtime::component::TypedFunc;

use crate::bindings;
use crate::bindings::ScriptRuntime;
use crate::bindings::ScriptRuntimePre;
use crate::digest::Digest;
use crate::host_functions::GuestState;

/// The functions of the optional exports by which an instance runs several migrations: whether it may run another one, and reading that.
const IS_FIT: (&str, &str) = ("reuse", "is-fit");
const READ_AHEAD: (&str, &str) = ("read-ahead", "read");

/// The functions of the optional exports, as far as a runtime has them.
struct Reuse {
    is_fit: Option<TypedFunc<(), (bool,)>>,
    read_ahead: Option<TypedFunc<(String, String), ()>>,
}

/// An instance of a language runtime with its memory.
pub struct Instance {
    /// The runtime's component.
    language: Digest,
    pub(super) store: Store<GuestState>,
    pub(super) guest: ScriptRuntime,
    reuse: Reuse,
}

impl Instance {
    /// Makes a new one. The store comes back with the error: it has the session.
    pub(super) async fn new(
        language: Digest,
        component: &ScriptRuntimePre<GuestState>,
        mut store: Store<GuestState>,
    ) -> Result<Self, (wasmtime::Error, Store<GuestState>)> {
        match parts(component, &mut store).await {
            Ok((guest, reuse)) => Ok(Self { language, store, guest, reuse }),
            Err(error) => Err((error, store)),
        }
    }

    /// Whether it is one of this runtime.
    pub fn is_of(&self, language: Digest) -> bool {
        self.language == language
    }

    /// Whether it may run another migration, now that one has succeeded. What it still holds of the host's belongs to a run that
    /// is over, so it must not hold anything.
    pub(super) async fn is_fit(&mut self) -> wasmtime::Result<bool> {
        match self.reuse.is_fit.filter(|_| self.store.data().holds_nothing()) {
            Some(is_fit) => is_fit.call_async(&mut self.store, ()).await.map(|(fit,)| fit),
            None => Ok(false),
        }
    }

    /// Whether it can read a migration of this language before that runs.
    pub fn reads_ahead(&self, language: Digest) -> bool {
        self.is_of(language) && self.reuse.read_ahead.is_some()
    }

    /// Lets it read the next migration, a file and its text. Whether it may still run that.
    pub(super) async fn read_ahead(&mut self, file: &str, text: &str) -> wasmtime::Result<bool> {
        let Some(read_ahead) = self.reuse.read_ahead else { return Ok(true) };
        read_ahead.call_async(&mut self.store, (file.to_owned(), text.to_owned())).await?;
        Ok(self.store.data().holds_nothing())
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Instance").field("language", &self.language).finish_non_exhaustive()
    }
}

async fn parts(
    component: &ScriptRuntimePre<GuestState>,
    store: &mut Store<GuestState>,
) -> wasmtime::Result<(ScriptRuntime, Reuse)> {
    let instance = component.instance_pre().instantiate_async(&mut *store).await?;
    let guest = ScriptRuntime::new(&mut *store, &instance)?;
    let reuse =
        Reuse { is_fit: optional(store, &instance, IS_FIT)?, read_ahead: optional(store, &instance, READ_AHEAD)? };
    Ok((guest, reuse))
}

/// A function of an interface of the contract that a runtime need not export.
///
/// # Errors
/// When it has another type.
pub(super) fn optional<Params, Results>(
    store: &mut Store<GuestState>,
    instance: &ComponentInstance,
    (interface, function): (&str, &str),
) -> wasmtime::Result<Option<TypedFunc<Params, Results>>>
where
    Params: wasmtime::component::ComponentNamedList + wasmtime::component::Lower,
    Results: wasmtime::component::ComponentNamedList + wasmtime::component::Lift,
{
    let name = format!("{}/{interface}@{}", bindings::PACKAGE, bindings::VERSION);
    let Some(interface) = instance.get_export_index(&mut *store, None, &name) else { return Ok(None) };
    let Some(function) = instance.get_export_index(&mut *store, Some(&interface), function) else { return Ok(None) };
    instance.get_typed_func(&mut *store, function).map(Some)
}
