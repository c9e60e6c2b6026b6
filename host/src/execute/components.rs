//! The components of a plan. All of them are checked, validated and compiled before anything is locked; when its turn comes,
//! each is read again and made ready while the step before it works in the database.

use std::collections::HashMap;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

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

/// For about how long components are checked before signals are heard again.
const CHECKED_AT_ONCE: Duration = Duration::from_millis(10);

/// The fewest components for which a thread is worth its beginning.
const SHARE_MIN: usize = 8;

/// The most components that are checked at once, however small they are.
const SHARES_MAX: usize = 512;

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
    ahead: Option<Ahead>,
}

/// The component of the next step.
struct Ahead {
    revision: RevisionId,
    component: Arc<StepComponent>,
    /// None for that of a language runtime, which is made ready once for all of its migrations.
    work: Option<Compiling<Loaded>>,
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
        let kept_bytes = AtomicUsize::new(0);
        let mut components = Vec::with_capacity(steps.len());
        let mut problems = Vec::new();
        let (mut steps_left, mut at_once) = (steps, SHARE_MIN);
        while !steps_left.is_empty() {
            let (some, later) = steps_left.split_at(at_once.min(steps_left.len()));
            let started = Instant::now();
            let checked = check_side_by_side(some, |step| -> Result<Checked, Vec<RunError>> {
                let component = read(project, runtime.languages(), step, time_limits)?;
                Ok(Checked::new(step, component, time_limits, &kept_bytes))
            });
            for checked in checked {
                match checked {
                    Ok(checked) => components.push(checked),
                    Err(found) => problems.extend(found),
                }
            }
            // Components may have any size.
            at_once = if started.elapsed() < CHECKED_AT_ONCE { at_once * 2 } else { at_once / 2 }.clamp(1, SHARES_MAX);
            steps_left = later;
            // So that signals are heard between the components of a long plan.
            tokio::task::yield_now().await;
        }
        problems.extend(compile::all(project, &runtime, &components).await);
        let (scripts, more) = compile::all_scripts(project, &runtime, &components).await;
        problems.extend(more);
        RunError::of_problems(problems).map_or(Ok(Self { runtime, components, scripts }), Err)
    }

    /// The component of the first step.
    pub(super) fn first(&self) -> Option<&Checked> {
        self.components.first()
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
    /// Keeps the component in memory as long as there is room for it.
    fn new(step: &Step, component: StepComponent, time_limits: TimeLimits, kept_bytes: &AtomicUsize) -> Self {
        let bytes = component.component.bytes.len();
        let kept = kept_bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= KEPT_BYTES_MAX;
        Self {
            step: step.clone(),
            migration: component.migration.clone(),
            digest: component.component.digest,
            code_digest: component.component.code_digest,
            language: component.language.clone(),
            time_limits,
            kept: kept.then(|| Arc::new(component)),
        }
    }

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

/// Does something for each step, on as many threads as there are processors. Answers in the order of the steps.
fn check_side_by_side<T: Send>(steps: &[Step], check: impl Fn(&Step) -> T + Sync) -> Vec<T> {
    let check_all = |steps: &[Step]| steps.iter().map(&check).collect::<Vec<_>>();
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = steps.len().div_ceil(processors).max(SHARE_MIN);
    std::thread::scope(|scope| {
        let mut shares = steps.chunks(share);
        let first = shares.next().unwrap_or_default();
        let others: Vec<_> =
            shares.map(|share| (share, std::thread::Builder::new().spawn_scoped(scope, || check_all(share)))).collect();
        let mut answers = check_all(first);
        for (share, thread) in others {
            answers.extend(match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // The system has no thread to give.
                Err(_) => check_all(share),
            });
        }
        answers
    })
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
    let grant =
        Grant::new(migration.asks(environment.grants), environment.grants).map_err(|error| RunError::NotGranted {
            revision: step.revision.clone(),
            file: migration.file.clone(),
            can_ask: migration.can_ask(),
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
            let packages = component.packages().unwrap_or_default();
            let source = Source { file: migration.file.clone(), text: [packages, &text[range.clone()]].concat() };
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
            Some(ahead) if ahead.revision == checked.step.revision => Ok(Arc::clone(&ahead.component)),
            _ => checked.read(self.project, self.runtime()),
        }
    }

    /// Reads the component of the next step, and begins to make it ready, on another thread. None where it cannot be read: that is
    /// told when its step comes.
    pub(super) fn begin(&mut self, next: &Checked) -> Option<Arc<StepComponent>> {
        let component = next.read(self.project, self.runtime()).ok()?;
        self.ahead = Some(Ahead {
            revision: next.step.revision.clone(),
            component: Arc::clone(&component),
            work: next.language.is_none().then(|| compile::load(self.runtime(), &component, self.limits)),
        });
        Some(component)
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
            Some(Ahead { revision: ahead, work: Some(work), .. }) if ahead == *revision => work.finished().await,
            _ => compile::load(self.runtime(), component, self.limits).finished().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::HeadChange;

    #[test]
    fn side_by_side_answers_come_in_the_order_of_the_steps() {
        let steps: Vec<Step> = (0..100)
            .map(|number| Step {
                revision: RevisionId::new(format!("{number}")).expect("an id"),
                direction: Direction::Upgrade,
                from: Vec::new(),
                to: Vec::new(),
                change: HeadChange::default(),
            })
            .collect();
        for length in [0, 1, 7, 8, 9, 16, 17, 100] {
            let answers = check_side_by_side(&steps[..length], |step| step.revision.to_string());
            assert_eq!(answers, (0..length).map(|number| number.to_string()).collect::<Vec<_>>());
        }
    }
}
