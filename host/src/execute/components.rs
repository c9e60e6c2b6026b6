//! The components of a plan. All of them are checked, validated and compiled before anything is locked; when its turn comes,
//! each is read again and made ready while the step before it works in the database.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::compile;
use super::error::RunError;
use super::options::Options;
use crate::config::Limits;
use crate::digest::Digest;
use crate::grant::Grant;
use crate::grant::TimeLimits;
use crate::plan::Direction;
use crate::plan::Plan;
use crate::plan::Step;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::runtime::LanguageRuntime;
use crate::runtime::LoadError;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::RuntimeRegistry;
use crate::runtime::Source;
use crate::runtime::size;
use crate::store::Component;
use crate::store::Migration;
use crate::store::StoreError;
use crate::store::Transaction;
use compile::Compiling;

/// The language of which the host knows the text, too, so that its statements are checked before anything is locked.
const SQL: &str = "sql";

/// How much of the components of a plan is held in memory from the checks to the steps, in bytes. What is beyond is read
/// again.
const KEPT_BYTES_MAX: usize = 32 << 20;

/// The component of one step, checked and in memory.
pub(super) struct StepComponent {
    pub(super) migration: Migration,
    pub(super) component: Component,
    /// For a language runtime: what it runs, and where that begins in the file, in bytes.
    pub(super) script: Option<(Source, usize)>,
    /// What runs it, unless it has code of its own.
    pub(super) language: Option<LanguageRuntime>,
    /// What it may do here.
    pub(super) grant: Grant,
}

/// The component of one step, checked, whether it is in memory or not.
pub(super) struct Checked {
    pub(super) step: Step,
    pub(super) migration: Migration,
    /// The digest of the component that was checked.
    pub(super) digest: Digest,
    /// The digest of what of it is compiled.
    pub(super) code_digest: Digest,
    /// What runs it, unless it has code of its own.
    pub(super) language: Option<LanguageRuntime>,
    time_limits: TimeLimits,
    kept: Option<Arc<StepComponent>>,
}

/// A plan whose components are known to be fit.
pub(super) struct CheckedComponents {
    runtime: Arc<Runtime>,
    components: Vec<Checked>,
    /// The language runtimes of the plan, by the digests of their components.
    scripts: HashMap<Digest, Loaded>,
}

/// Makes components ready to run, at most one ahead of the step that runs.
pub(super) struct Loader<'a> {
    project: &'a Project,
    prepared: &'a CheckedComponents,
    limits: &'a Limits,
    ahead: Option<(RevisionId, Arc<StepComponent>, Compiling<Loaded>)>,
}

impl CheckedComponents {
    /// Finds the component of each step and checks all that can be checked: that it is built and fresh, that all it asks for
    /// is granted, that the plan does not hold a step that cannot run; and, of those in compiled languages, that this host
    /// has what they import, that they are valid and can be compiled. Their code is kept.
    ///
    /// # Errors
    /// [`RunError::Several`] where several of them cannot run, for whatever reasons.
    pub(super) async fn new(
        project: &Project,
        runtime: Arc<Runtime>,
        steps: &[Step],
        options: &Options,
    ) -> Result<Self, RunError> {
        let time_limits = TimeLimits::from(options.timeouts(&project.environment().limits));
        let mut kept_bytes = 0;
        let mut components = Vec::with_capacity(steps.len());
        let mut problems = Vec::new();
        for step in steps {
            let read = read(project, runtime.languages(), step, time_limits);
            // So that signals are heard between the components of a long plan.
            tokio::task::yield_now().await;
            let component = match read {
                Ok(component) => component,
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            };
            kept_bytes += component.component.bytes.len();
            components.push(Checked {
                step: step.clone(),
                migration: component.migration.clone(),
                digest: component.component.digest,
                code_digest: component.component.code_digest,
                language: component.language.clone(),
                time_limits,
                kept: (kept_bytes <= KEPT_BYTES_MAX).then(|| Arc::new(component)),
            });
        }
        problems.extend(compile::all(project, &runtime, &components).await);
        let (scripts, more) = compile::all_scripts(project, &runtime, &components).await;
        problems.extend(more);
        RunError::of_problems(problems).map_or(Ok(Self { runtime, components, scripts }), Err)
    }

    /// The components of a plan, if all of them are here.
    pub(super) fn of(&self, plan: &Plan) -> Option<Vec<&Checked>> {
        let by_revision: HashMap<&RevisionId, &Checked> =
            self.components.iter().map(|checked| (&checked.step.revision, checked)).collect();
        let here = |step: &Step| {
            let checked = by_revision.get(&step.revision).copied();
            checked.filter(|checked| checked.step.direction == step.direction)
        };
        plan.steps.iter().map(here).collect()
    }
}

impl Checked {
    /// The component that was checked, from memory or from its file.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is another one by now, and those of reading and checking it.
    pub(super) fn read(&self, project: &Project, runtime: &Runtime) -> Result<Arc<StepComponent>, RunError> {
        if let Some(kept) = &self.kept {
            return Ok(Arc::clone(kept));
        }
        let component = read(project, runtime.languages(), &self.step, self.time_limits)
            .map_err(|problems| RunError::of_problems(problems).unwrap_or_else(|| self.changed(project)))?;
        if component.component.digest != self.digest {
            return Err(self.changed(project));
        }
        Ok(Arc::new(component))
    }

    fn changed(&self, project: &Project) -> RunError {
        StoreError::Changed { file: project.source().component_path(&self.migration) }.into()
    }
}

/// Reads the component of a step, or says all that can be known to be wrong with it without compiling it.
fn read(
    project: &Project,
    languages: &RuntimeRegistry,
    step: &Step,
    time_limits: TimeLimits,
) -> Result<StepComponent, Vec<RunError>> {
    let Some(migration) = project.migration(&step.revision) else {
        return Err(vec![RunError::UnknownRevision(step.revision.clone())]);
    };
    let mut problems = Vec::new();
    let irreversible = || RunError::Irreversible { revision: step.revision.clone(), file: migration.file.clone() };
    if step.direction == Direction::Downgrade && migration.metadata.irreversible {
        problems.push(irreversible());
    }
    let environment = project.environment();
    let grant = Grant::new(migration.metadata.asks, environment.grants).map_err(|error| RunError::NotGranted {
        revision: step.revision.clone(),
        file: migration.file.clone(),
        environment: environment.name.clone(),
        error,
    });
    let grant = grant.map(|grant| grant.within(time_limits));
    let program = project.source().component(migration).map_err(RunError::from).and_then(|component| {
        let refused = |error: LoadError| refused(project, migration, error);
        size::check_component(&component.bytes, environment.limits.component_size)
            .map_err(|error| refused(error.into()))?;
        let language = match &component.manifest.runtime {
            Some(name) => Some(languages.find(name, component.manifest.runtime_digest.as_ref()).map_err(refused)?),
            None => None,
        };
        Ok((component, language))
    });
    let (grant, component, language) = match (grant, program) {
        (Ok(grant), Ok((component, language))) => (grant, component, language),
        (grant, program) => {
            problems.extend([grant.err(), program.err()].into_iter().flatten());
            return Err(problems);
        }
    };
    let script = match &language {
        Some(language) => {
            let text = component.source().unwrap_or_default();
            let range = match (step.direction, &component.manifest.sections) {
                (Direction::Upgrade, Some(sections)) => Some(sections.upgrade()),
                (Direction::Downgrade, Some(sections)) => sections.downgrade(),
                (_, None) => Some(0..text.len()),
            };
            let Some(range) = range else {
                problems.push(irreversible());
                return Err(problems);
            };
            if language.name() == SQL {
                problems.extend(check_sql(project, migration, text, range.clone(), &grant));
            }
            let source = Source { file: migration.file.clone(), text: text[range.clone()].to_owned() };
            Some((source, range.start))
        }
        None => None,
    };
    if problems.is_empty() {
        Ok(StepComponent { migration: migration.clone(), component, script, language, grant })
    } else {
        Err(problems)
    }
}

/// What of a migration in SQL would be refused while it runs.
fn check_sql(
    project: &Project,
    migration: &Migration,
    text: &str,
    range: Range<usize>,
    grant: &Grant,
) -> Vec<RunError> {
    let mut checked = vec![crate::sql::check_sql_file(text, std::slice::from_ref(&range), grant)];
    checked.push(match migration.metadata.transaction {
        Transaction::PerMigration => crate::sql::check_transactional_sql_file(text, range),
        Transaction::None => {
            let own = project.tables().relations();
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            crate::sql::check_non_transactional_sql_file(text, range, &own)
        }
    });
    let refused = |error| RunError::ScriptRefused {
        revision: migration.metadata.revision.clone(),
        file: migration.file.clone(),
        error,
    };
    checked.into_iter().filter_map(Result::err).map(refused).collect()
}

pub(super) fn refused(project: &Project, migration: &Migration, error: LoadError) -> RunError {
    RunError::ComponentRefused {
        revision: migration.metadata.revision.clone(),
        file: project.source().component_path(migration),
        error: Box::new(error),
    }
}

impl<'a> Loader<'a> {
    pub(super) fn new(project: &'a Project, prepared: &'a CheckedComponents) -> Self {
        Self { project, prepared, limits: &project.environment().limits, ahead: None }
    }

    pub(super) fn runtime(&self) -> &'a Arc<Runtime> {
        &self.prepared.runtime
    }

    /// The component of a step.
    ///
    /// # Errors
    /// As [`Checked::read`].
    pub(super) fn component(&self, checked: &Checked) -> Result<Arc<StepComponent>, RunError> {
        match &self.ahead {
            Some((revision, component, _)) if *revision == checked.step.revision => Ok(Arc::clone(component)),
            _ => checked.read(self.project, self.runtime()),
        }
    }

    /// Begins to make ready what the next step needs, on another thread.
    pub(super) fn begin(&mut self, next: &Checked) {
        // A language runtime is made ready once, for all of its migrations.
        if next.language.is_some() {
            return;
        }
        // What cannot be read now is told when its step comes.
        if let Ok(component) = next.read(self.project, self.runtime()) {
            let work = compile::load(self.runtime(), &component, self.limits);
            self.ahead = Some((next.step.revision.clone(), component, work));
        }
    }

    /// What a step needs, ready to run; waits for it if need be.
    pub(super) async fn load(&mut self, component: &Arc<StepComponent>) -> Result<Loaded, LoadError> {
        if let Some(language) = &component.language {
            return match self.prepared.scripts.get(&language.digest()) {
                Some(loaded) => Ok(loaded.clone()),
                None => compile::load_script(self.runtime(), language.clone(), self.limits).finished().await,
            };
        }
        let revision = &component.migration.metadata.revision;
        match self.ahead.take() {
            Some((ahead, _, work)) if ahead == *revision => work.finished().await,
            _ => compile::load(self.runtime(), component, self.limits).finished().await,
        }
    }
}
