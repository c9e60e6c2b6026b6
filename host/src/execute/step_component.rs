//! The component of one step that was begun or done before, for what it left to do.

use std::sync::Arc;

use super::components::CheckedComponents;
use super::components::Loader;
use super::components::StepComponent;
use super::components::refused;
use super::error::RunError;
use super::limits;
use super::runner::Runner;
use crate::db::statement_journal::StepKey;
use crate::plan::Direction;
use crate::plan::HeadChange;
use crate::plan::Step;
use crate::runtime::Loaded;
use crate::runtime::Runtime;

/// A component that is ready to run, and what runs it.
pub(super) struct ReadyComponent {
    pub(super) runtime: Arc<Runtime>,
    pub(super) component: Arc<StepComponent>,
    pub(super) loaded: Loaded,
}

impl Runner<'_> {
    /// The component of a step as the tables of host name it, checked as for a run.
    pub(super) async fn component_of(&self, key: &StepKey) -> Result<ReadyComponent, RunError> {
        let is_upgrade = key.direction == Direction::Upgrade.name();
        let step = Step {
            revision: key.revision.clone(),
            direction: if is_upgrade { Direction::Upgrade } else { Direction::Downgrade },
            from: Vec::new(),
            to: Vec::new(),
            change: HeadChange::default(),
        };
        let runtime = limits::shared_runtime(&self.options, &self.project.environment().limits)?;
        let steps = std::slice::from_ref(&step);
        let prepared = CheckedComponents::new(self.project, runtime, steps, &self.options).await?;
        let mut loader = Loader::new(self.project, &prepared);
        let unknown = || RunError::UnknownRevision(key.revision.clone());
        let component = loader.component(prepared.first().ok_or_else(unknown)?)?;
        let loaded = loader.load(&component).await;
        let loaded = loaded.map_err(|error| refused(self.project, &component.migration, error))?;
        Ok(ReadyComponent { runtime: Arc::clone(loader.runtime()), component, loaded })
    }
}
