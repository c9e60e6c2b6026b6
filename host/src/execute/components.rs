//! The components of a plan: all of them are checked before the first step runs, and each is compiled while the step
//! before it works in the database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::config::Limits;
use crate::error::Error;
use crate::grant::Grant;
use crate::plan::Direction;
use crate::plan::Step;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::runtime::BuiltIn;
use crate::runtime::LoadError;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::Source;
use crate::runtime::imports;
use crate::runtime::size;
use crate::store::Component;
use crate::store::Migration;
use crate::store::Transaction;

/// The component of one step, checked.
pub(super) struct StepComponent {
    pub(super) migration: Migration,
    pub(super) component: Arc<Component>,
    /// For a language runtime: what it runs, and where that begins in the file, in bytes.
    pub(super) script: Option<(Source, usize)>,
    /// What it may do here.
    pub(super) grant: Grant,
}

/// Compiles components, at most one ahead of the step that runs.
pub(super) struct Loader {
    runtime: Arc<Runtime>,
    /// How long to wait for the compiler.
    patience: Duration,
    scripts: HashMap<BuiltIn, Loaded>,
    ahead: Option<(RevisionId, JoinHandle<Result<Loaded, LoadError>>)>,
}

/// Finds the component of each step and checks all that can be checked without compiling: that it is built and fresh, that
/// this host has what it imports, that all it asks for is granted, and that the plan does not hold a step that cannot run.
pub(super) fn check(project: &Project, steps: &[Step]) -> Result<Vec<StepComponent>, Error> {
    steps.iter().map(|step| check_step(project, step)).collect()
}

/// Looks into the components of compiled languages: all of them are valid before the first step runs.
pub(super) fn validate(project: &Project, runtime: &Runtime, components: &[StepComponent]) -> Result<(), Error> {
    for StepComponent { migration, component, .. } in components.iter().filter(|step| step.script.is_none()) {
        runtime.validate(&component.bytes, &component.digest.to_string()).map_err(|error| Error::ComponentRefused {
            revision: migration.metadata.revision.clone(),
            file: project.store().component_path(migration),
            error,
        })?;
    }
    Ok(())
}

fn check_step(project: &Project, step: &Step) -> Result<StepComponent, Error> {
    let migration = project.migration(&step.revision).ok_or_else(|| Error::UnknownRevision(step.revision.clone()))?;
    let irreversible = || Error::Irreversible { revision: step.revision.clone(), file: migration.file.clone() };
    if step.direction == Direction::Downgrade && migration.metadata.irreversible {
        return Err(irreversible());
    }
    let environment = project.environment();
    let grant = Grant::new(migration.metadata.asks, environment.grants).map_err(|error| Error::NotGranted {
        revision: step.revision.clone(),
        file: migration.file.clone(),
        environment: environment.name.clone(),
        error,
    })?;
    let component = project.store().component(migration)?;
    let refused = |error: LoadError| Error::ComponentRefused {
        revision: step.revision.clone(),
        file: project.store().component_path(migration),
        error,
    };
    size::check_component(&component.bytes, project.environment().limits.component_mebibytes)
        .map_err(|error| refused(error.into()))?;
    let script = match &component.embedded.runtime {
        Some(name) => {
            BuiltIn::named(name).ok_or_else(|| refused(LoadError::UnknownRuntime { name: name.clone() }))?;
            let text = component.source().unwrap_or_default();
            let range = match (step.direction, &component.embedded.sections) {
                (Direction::Upgrade, Some(sections)) => sections.upgrade(),
                (Direction::Downgrade, Some(sections)) => sections.downgrade().ok_or_else(irreversible)?,
                (_, None) => 0..text.len(),
            };
            let refused =
                |error| Error::ScriptRefused { revision: step.revision.clone(), file: migration.file.clone(), error };
            crate::sql::check_script(text, range.clone(), &grant).map_err(refused)?;
            if migration.metadata.transaction == Transaction::None {
                let own = project.tables().relations();
                let own: Vec<&str> = own.iter().map(String::as_str).collect();
                crate::sql::check_unframed_script(text, range.clone(), &own).map_err(refused)?;
            }
            let source = Source { file: migration.file.clone(), text: text[range.clone()].to_owned() };
            Some((source, range.start))
        }
        None => {
            imports::check(&component.bytes, "migration", "migration-guest")
                .map_err(|error| refused(LoadError::Import(error)))?;
            None
        }
    };
    Ok(StepComponent { migration: migration.clone(), component: Arc::new(component), script, grant })
}

impl Loader {
    pub(super) fn new(runtime: Arc<Runtime>, limits: &Limits) -> Self {
        let patience = Duration::from_secs(u64::from(limits.compile_seconds));
        Self { runtime, patience, scripts: HashMap::new(), ahead: None }
    }

    pub(super) fn runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }

    /// Begins to compile what the next step needs, on another thread.
    pub(super) fn begin(&mut self, next: &StepComponent) {
        // A language runtime is compiled once, for all of its migrations.
        if next.script.is_some() {
            return;
        }
        let (runtime, component) = (Arc::clone(&self.runtime), Arc::clone(&next.component));
        let work = tokio::task::spawn_blocking(move || {
            runtime.load_migration(&component.bytes, &component.digest.to_string())
        });
        self.ahead = Some((next.migration.metadata.revision.clone(), work));
    }

    /// What a step needs, compiled; waits for it if need be.
    pub(super) async fn load(&mut self, step: &StepComponent) -> Result<Loaded, LoadError> {
        if let Some(built_in) = step.component.embedded.runtime.as_deref().and_then(BuiltIn::named) {
            return match self.scripts.get(&built_in) {
                Some(loaded) => Ok(loaded.clone()),
                None => {
                    let runtime = Arc::clone(&self.runtime);
                    let loaded =
                        self.finished(tokio::task::spawn_blocking(move || runtime.load_script(built_in))).await?;
                    self.scripts.insert(built_in, loaded.clone());
                    Ok(loaded)
                }
            };
        }
        if self.ahead.as_ref().is_none_or(|(revision, _)| *revision != step.migration.metadata.revision) {
            self.begin(step);
        }
        match self.ahead.take() {
            Some((_, work)) => self.finished(work).await,
            None => Err(LoadError::Refused { reason: "nothing was compiled".to_owned() }),
        }
    }

    /// Waits for the compiler. One that takes too long is left to itself: a thread cannot be stopped, but the process can end,
    /// and an application that embeds the host goes on without it.
    async fn finished(&self, work: JoinHandle<Result<Loaded, LoadError>>) -> Result<Loaded, LoadError> {
        match tokio::time::timeout(self.patience, work).await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(error)) => Err(LoadError::Refused { reason: format!("the compiler failed: {error}") }),
            Err(_) => Err(LoadError::CompileTime { seconds: self.patience.as_secs() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_compiler_that_does_not_come_to_an_end_is_left_to_itself() {
        let runtime = Arc::new(Runtime::new(None, 1 << 20).expect("a runtime"));
        let loader = Loader { runtime, patience: Duration::from_millis(1), scripts: HashMap::new(), ahead: None };
        let error = loader.finished(tokio::spawn(std::future::pending())).await.err().expect("it gives up");
        assert!(matches!(error, LoadError::CompileTime { .. }), "{error}");
    }
}
