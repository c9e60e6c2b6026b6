//! Turns sources into components: one file for each language. The only module besides the local cluster that starts
//! processes.
//!
//! ```text
//! sql, python, javascript
//!       source ----------------------------> component without code: metadata, source, name of its runtime
//! typescript
//!       source -> types removed -------------> the same
//!       (javascript and typescript: packages that they import -> npm -> esbuild -> modules beside the source)
//! rust  folder -> cargo -> core module -> wrap -> component
//! go, c, other
//!       folder -> stage -> compiler or command -> core module or component -> wrap -> component
//! wasm  core module or component ------> wrap -> component
//! ```

mod alembic;
mod asks;
mod c;
mod cargo;
mod embed;
mod environment;
mod error;
mod go;
mod javascript;
mod javascript_packages;
mod other;
mod program;
mod progress;
mod python;
mod python_runtime;
mod rust;
mod script;
mod sdk;
mod sql;
mod stage;
mod target;
mod typescript;
mod wasm;
mod work_folder;
mod wrap;

pub use asks::FixedAsks;
pub use asks::fix_asks;
pub use environment::ProcessEnvironment;
pub use error::BuildError;
pub use error::BuildFailure;
pub use error::BuildWarning;
pub use error::ToolchainError;
pub use javascript_packages::Bundle;
pub use javascript_packages::Dependency;
pub use javascript_packages::IMPORTS_JOB;
pub use javascript_packages::JavaScriptPackages;
pub use javascript_packages::JavaScriptPackagesError;
pub use javascript_packages::PackageBundler;
pub use javascript_packages::PackageImport;
pub use javascript_packages::PackageStep;
pub use javascript_packages::find_npm;
pub use javascript_packages::imports;
pub use progress::CompileProgress;
pub use python_runtime::BaseRuntime;
pub use python_runtime::PythonPackages;
pub use python_runtime::PythonRuntimeError;
pub use script::CheckSource;
pub use script::ScriptSource;
pub use target::TargetFolder;
pub use typescript::STRIP_JOB;
pub use typescript::strip;
pub use work_folder::WorkFolder;
pub use wrap::ENCODE_JOB;
pub use wrap::encode;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use crate::digest::Digest;
use crate::grant::TimeLimits;
use crate::language::Language;
use crate::source_problem::SourceProblem;
use crate::store::Manifest;
use crate::store::Migration;
use crate::store::Store;
use crate::store::StoreError;
use crate::worker::Limits;
use crate::worker::Worker;
use crate::worker::WorkerError;

use c::Clang;
use cargo::Cargo;
use embed::embed;
use embed::embed_with_packages;
use embed::manifest;
use embed::runtime;
use go::Go;
use target::LockedTarget;

/// How to build.
#[derive(Debug, Clone, Copy)]
pub struct BuildOptions<'a> {
    /// The project's folder for the processes that are started: absolute and without symbolic links.
    pub project: &'a Path,
    /// Where compilers work: a folder into which nothing but host writes. Without one it is a folder of the project, which is
    /// emptied first, so that nothing is believed that came with the project.
    pub target: Option<&'a TargetFolder>,
    /// The environment variables of the host's own process.
    pub environment: &'a ProcessEnvironment,
    /// Whether to build what is up to date, too.
    pub force: bool,
    /// The program that makes components of core modules, in processes of its own. None does it in this process, where a
    /// hostile module can use up time and memory.
    pub worker: Option<&'a Worker>,
    /// What such a process may use.
    pub limits: Limits,
    /// The time limits that will be in force when the migrations run, which they may make stricter without asking.
    pub time_limits: TimeLimits,
    /// The language runtimes that components are built for, by name; of each name the preferred one first.
    pub runtimes: &'a BTreeMap<String, Vec<Digest>>,
    /// The name of the runtime of Python that has the packages of this project, where it has any.
    pub python: Option<&'a str>,
    /// The packages that migrations in JavaScript and TypeScript import, where the project lists any.
    pub javascript: Option<PackageBundler<'a>>,
    /// Looks for mistakes in a source that a language runtime will run. None builds it as it is.
    pub check_source: Option<CheckSource<'a>>,
}

/// What happens during a build.
#[derive(Debug, Clone, Copy)]
pub enum BuildEvent<'a> {
    /// The migration was up to date.
    Fresh {
        /// The migration.
        migration: &'a Migration,
    },
    /// The migration is being built.
    Started {
        /// The migration.
        migration: &'a Migration,
    },
    /// A compiler works on the migration, and has come so far.
    Compiling {
        /// The migration.
        migration: &'a Migration,
        /// How far it is.
        progress: CompileProgress,
    },
    /// The migration was built.
    Built {
        /// The migration.
        migration: &'a Migration,
        /// The size of its component.
        bytes: usize,
    },
    /// The migration was built, and something about it may not be meant.
    Warning {
        /// The migration.
        migration: &'a Migration,
        /// What.
        warning: BuildWarning,
    },
    /// The migration cannot be built. The others are built all the same.
    Failed {
        /// The migration.
        migration: &'a Migration,
        /// Why not.
        error: &'a ToolchainError,
    },
}

/// What a build did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many migrations were built.
    pub built: usize,
    /// How many were up to date.
    pub fresh: usize,
}

/// Who is told what happens.
type OnEvent<'a> = &'a mut dyn FnMut(BuildEvent<'_>);

/// Writes the SDK of a language.
type WriteSdk = fn(&Store) -> Result<(), StoreError>;

/// Finds the compiler of a language, tries it out, and says what it is: name and version.
type LookForTool = fn(&Store, BuildOptions<'_>) -> Result<String, ToolchainError>;

/// How migrations in one language are built.
struct Support {
    /// Makes a component of one.
    build: fn(&mut Builder<'_>, &Migration, OnEvent<'_>) -> Result<Vec<u8>, ToolchainError>,
    /// Writes the SDK into the project, so that an editor finds it before the first build.
    write_sdk: Option<WriteSdk>,
    /// Tries out the compiler, where there is one.
    tool: Option<LookForTool>,
}

/// A new language is asked for here by the compiler.
fn support(language: Language) -> Support {
    match language {
        Language::Sql => sql::SUPPORT,
        Language::Python => python::SUPPORT,
        Language::JavaScript => javascript::SUPPORT,
        Language::TypeScript => typescript::SUPPORT,
        Language::Rust => rust::SUPPORT,
        Language::Go => go::SUPPORT,
        Language::C => c::SUPPORT,
        Language::Alembic => alembic::SUPPORT,
        Language::Other => other::SUPPORT,
        Language::Wasm => wasm::SUPPORT,
    }
}

/// Writes those files of a language's SDK that are missing or different in the project, if it has one.
///
/// # Errors
/// Those of writing.
pub fn write_sdk(language: Language, store: &Store) -> Result<(), StoreError> {
    support(language).write_sdk.map_or(Ok(()), |write| write(store))
}

/// The same for every language.
///
/// # Errors
/// Those of writing.
pub fn write_all_sdks(store: &Store) -> Result<(), StoreError> {
    Language::ALL.into_iter().try_for_each(|language| write_sdk(language, store))
}

/// Writes what an editor wants to find beside the first migration in a language, if it is not there.
///
/// # Errors
/// Those of writing.
pub fn write_editor_settings(language: Language, store: &Store) -> Result<(), StoreError> {
    match language {
        Language::JavaScript | Language::TypeScript => javascript::write_settings(store),
        _ => Ok(()),
    }
}

/// The compiler of a language with its version, after it was tried out; none for a language that needs none of this machine.
///
/// # Errors
/// Why there is none that works, with a hint about what to install.
pub fn tool(language: Language, store: &Store, options: BuildOptions<'_>) -> Option<Result<String, ToolchainError>> {
    Some(support(language).tool?(store, options))
}

/// What is told where a worker could not look at a source.
fn unchecked(error: &WorkerError) -> SourceProblem {
    SourceProblem::Unchecked {
        reason: error.to_string(),
        hint: "look for what is unusual in the source: very deep nesting, or very much of it".to_owned(),
    }
}

/// What is told where the runtime of a language is missing.
pub fn no_runtime(language: Language) -> ToolchainError {
    ToolchainError::NoRuntime { language, runtime: language.runtime().unwrap_or_default().to_owned() }
}

/// What is found out once in a build.
struct Builder<'a> {
    store: &'a Store,
    options: BuildOptions<'a>,
    target: Option<Rc<LockedTarget>>,
    cargo: Option<Cargo>,
    go: Option<Rc<Go>>,
    clang: Option<Rc<Clang>>,
    /// What is to be said about the migration that is being built.
    warnings: Vec<BuildWarning>,
}

/// Builds those migrations that are not up to date. All of them, also when one cannot be built.
///
/// # Errors
/// [`BuildError`] with every failure.
pub fn build(
    store: &Store,
    migrations: &[Migration],
    options: BuildOptions<'_>,
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<Summary, BuildError> {
    let mut builder =
        Builder { store, options, target: None, cargo: None, go: None, clang: None, warnings: Vec::new() };
    let mut summary = Summary::default();
    let mut failures = Vec::new();
    for migration in migrations {
        let result = builder.build_if_needed(migration, on_event);
        match result {
            Ok(None) => {
                summary.fresh += 1;
                on_event(BuildEvent::Fresh { migration });
            }
            Ok(Some(bytes)) => {
                summary.built += 1;
                on_event(BuildEvent::Built { migration, bytes });
            }
            Err(error) => {
                on_event(BuildEvent::Failed { migration, error: &error });
                failures.push(BuildFailure {
                    revision: migration.metadata.revision.clone(),
                    file: migration.file.clone(),
                    error,
                });
            }
        }
    }
    if failures.is_empty() { Ok(summary) } else { Err(BuildError { summary, failures }) }
}

/// Those migrations that a build would build in a project that lists these packages. (Whether their runtimes are there is not looked
/// at.)
///
/// # Errors
/// Those of reading components.
pub fn outdated<'a>(
    store: &Store,
    migrations: &'a [Migration],
    packages: Option<&JavaScriptPackages>,
) -> Result<Vec<&'a Migration>, StoreError> {
    let mut outdated = Vec::new();
    for migration in migrations {
        let built = store.built_manifest(migration)?;
        if !built.is_some_and(|manifest| has_packages(migration, &manifest, packages)) {
            outdated.push(migration);
        }
    }
    Ok(outdated)
}

/// Whether a component was built with packages as they are listed: others are another component. A prebuilt one has what it has.
fn has_packages(migration: &Migration, manifest: &Manifest, listed: Option<&JavaScriptPackages>) -> bool {
    migration.language == Language::Wasm
        || manifest.packages.is_empty()
        || listed.is_some_and(|listed| listed.have(&manifest.packages))
}

impl Builder<'_> {
    /// The folder in which compilers work, which no other build uses meanwhile.
    fn target(&mut self) -> Result<Rc<LockedTarget>, ToolchainError> {
        if let Some(target) = &self.target {
            return Ok(Rc::clone(target));
        }
        let target = LockedTarget::open(self.store, self.options.project, self.options.target)?;
        Ok(Rc::clone(self.target.insert(Rc::new(target))))
    }

    /// Whether there is a component that is up to date, and the runtime that it names.
    fn is_built(&self, migration: &Migration) -> Result<bool, ToolchainError> {
        let Some(manifest) = self.store.built_manifest(migration)? else { return Ok(false) };
        if !has_packages(migration, &manifest, self.options.javascript.map(|javascript| javascript.packages)) {
            return Ok(false);
        }
        let (Some(name), Some(digest)) = (&manifest.runtime, &manifest.runtime_digest) else { return Ok(true) };
        // Other packages, another runtime.
        if migration.language != Language::Wasm && runtime(migration.language, &self.options) != Some(name) {
            return Ok(false);
        }
        // Of one that is gone somebody else may have the only copy: a prebuilt component cannot be built anew.
        Ok(migration.language == Language::Wasm
            || self.options.runtimes.get(name).is_some_and(|there| there.contains(digest)))
    }

    /// The size of the component that was built, or none if there was nothing to do.
    fn build_if_needed(
        &mut self,
        migration: &Migration,
        on_event: &mut dyn FnMut(BuildEvent<'_>),
    ) -> Result<Option<usize>, ToolchainError> {
        let used_as_it_is = self.store.component_path(migration) == migration.file;
        if (used_as_it_is || !self.options.force) && self.is_built(migration)? {
            return Ok(None);
        }
        on_event(BuildEvent::Started { migration });
        self.warnings.clear();
        let component = (support(migration.language).build)(self, migration, on_event)?;
        self.store.write_component(&migration.metadata.revision, &component)?;
        for warning in self.warnings.drain(..) {
            on_event(BuildEvent::Warning { migration, warning });
        }
        Ok(Some(component.len()))
    }
}

#[cfg(test)]
mod tests;
