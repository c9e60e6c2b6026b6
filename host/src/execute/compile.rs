//! Compiling for a run: on other threads, so that signals are heard meanwhile, and ended when nobody waits any more.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::components::Checked;
use super::components::StepComponent;
use super::components::refused;
use super::error::RunError;
use super::limits;
use crate::config::Limits;
use crate::digest::Digest;
use crate::project::Project;
use crate::runtime::CompileLimits;
use crate::runtime::LanguageRuntime;
use crate::runtime::LoadError;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::store::Migration;
use crate::worker::Cancel;
use crate::worker::CancelOnDrop;

/// Work that was begun. A process that it runs in ends when this is dropped.
pub(super) struct Compiling<T> {
    work: JoinHandle<Result<T, LoadError>>,
    /// How long to wait for a thread, which nobody can stop. A process has its own limit.
    patience: Option<Duration>,
    _cancel: CancelOnDrop,
}

/// Compiles those components that have no code yet, each once however many migrations it is of: as many at a time as there are
/// processors, in the order of the plan. Answers the migrations whose component cannot be compiled, with the reasons.
pub(super) async fn all(project: &Project, runtime: &Arc<Runtime>, components: &[Checked]) -> Vec<RunError> {
    let mut known = HashSet::new();
    let missing: Vec<&Checked> = components
        .iter()
        .filter(|checked| checked.language.is_none() && known.insert(checked.code_digest))
        .filter(|checked| !runtime.has_code(&checked.code_digest))
        .collect();
    let alone = limits::compile_limits(&project.environment().limits);
    let at_a_time = missing.len().clamp(1, alone.threads);
    let limits = CompileLimits { threads: alone.threads / at_a_time, ..alone };
    let (mut missing, mut begun) = (missing.into_iter(), VecDeque::new());
    let mut problems = Vec::new();
    loop {
        while begun.len() < at_a_time
            && let Some(checked) = missing.next()
        {
            let component = match checked.read(project, runtime) {
                Ok(component) => component,
                Err(error) => {
                    problems.push(error);
                    continue;
                }
            };
            let work = begin(runtime, &project.environment().limits, move |runtime, cancel| {
                let component = &component.component;
                runtime.compile(&component.code(), &component.code_digest, limits, cancel)
            });
            begun.push_back((checked, work));
        }
        let Some((checked, work)) = begun.pop_front() else { return problems };
        if let Err(error) = work.finished().await {
            let migrations = with_code_of(checked, components);
            problems.extend(migrations.map(|migration| refused(project, migration, error.clone())));
        }
    }
}

/// The migrations that are the component of one of them, each once.
fn with_code_of<'a>(one: &Checked, components: &'a [Checked]) -> impl Iterator<Item = &'a Migration> {
    let mut known = HashSet::new();
    let code = one.code_digest;
    let same = components.iter().filter(move |checked| checked.language.is_none() && checked.code_digest == code);
    same.map(|checked| &checked.migration).filter(move |migration| known.insert(&migration.metadata.revision))
}

/// Makes the language runtimes of a plan ready, each once. Answers those that cannot be, too, with the reasons.
pub(super) async fn all_scripts(
    project: &Project,
    runtime: &Arc<Runtime>,
    components: &[Checked],
) -> (HashMap<Digest, Loaded>, Vec<RunError>) {
    let (mut known, mut scripts, mut problems) = (HashSet::new(), HashMap::new(), Vec::new());
    for checked in components {
        let Some(language) = checked.language.as_ref().filter(|language| known.insert(language.digest())) else {
            continue;
        };
        match load_script(runtime, language.clone(), &project.environment().limits).finished().await {
            Ok(loaded) => drop(scripts.insert(language.digest(), loaded)),
            Err(error) => problems.push(refused(project, &checked.migration, error)),
        }
    }
    (scripts, problems)
}

/// Begins to make a migration in a compiled language ready.
pub(super) fn load(runtime: &Arc<Runtime>, component: &Arc<StepComponent>, limits: &Limits) -> Compiling<Loaded> {
    let component = Arc::clone(component);
    let compile_limits = limits::compile_limits(limits);
    begin(runtime, limits, move |runtime, cancel| {
        let component = &component.component;
        runtime.load_migration(&component.code(), &component.code_digest, compile_limits, cancel)
    })
}

/// Begins to make a language runtime ready.
pub(super) fn load_script(runtime: &Arc<Runtime>, language: LanguageRuntime, limits: &Limits) -> Compiling<Loaded> {
    let compile_limits = limits::compile_limits(limits);
    begin(runtime, limits, move |runtime, cancel| runtime.load_script(&language, compile_limits, cancel))
}

fn begin<T: Send + 'static>(
    runtime: &Arc<Runtime>,
    limits: &Limits,
    work: impl FnOnce(&Runtime, &Cancel) -> Result<T, LoadError> + Send + 'static,
) -> Compiling<T> {
    let cancel = Cancel::default();
    let on_drop = cancel.on_drop();
    let on_thread = (!runtime.compiles_in_a_process()).then_some(limits.compile_time);
    let runtime = Arc::clone(runtime);
    let work = tokio::task::spawn_blocking(move || work(&runtime, &cancel));
    Compiling { work, patience: on_thread, _cancel: on_drop }
}

impl<T> Compiling<T> {
    /// Waits for the end. A thread that takes too long is left to itself: the process can end, and an application that
    /// embeds the host goes on without it.
    pub(super) async fn finished(self) -> Result<T, LoadError> {
        let Self { work, patience, _cancel } = self;
        let joined = match patience {
            Some(patience) => {
                tokio::time::timeout(patience, work).await.map_err(|_| LoadError::CompileTime { limit: patience })?
            }
            None => work.await,
        };
        joined.unwrap_or_else(|error| Err(LoadError::Refused { reason: format!("the compiler failed: {error}") }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thread_that_does_not_come_to_an_end_is_left_to_itself() {
        let work = Compiling::<()> {
            work: tokio::spawn(std::future::pending()),
            patience: Some(Duration::from_millis(1)),
            _cancel: Cancel::default().on_drop(),
        };
        let error = work.finished().await.expect_err("it gives up");
        assert!(matches!(error, LoadError::CompileTime { .. }), "{error}");
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_cancelled() {
        let cancel = Cancel::default();
        let work =
            Compiling::<()> { work: tokio::spawn(std::future::pending()), patience: None, _cancel: cancel.on_drop() };
        drop(work);
        assert!(cancel.is_cancelled());
    }
}
