//! From the bytes of a component to something that can be instantiated.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::Linker;

use super::cache::CompileCache;
use super::code::CodeStore;
use super::compiler;
use super::compiler::CompileLimits;
use super::engine;
use super::imports::ImportError;
use super::linker;
use super::script::BuiltIn;
use super::size::SizeError;
use crate::bindings::MigrationGuestPre;
use crate::bindings::ScriptRuntimePre;
use crate::host_functions::GuestState;
use crate::units;
use crate::worker::Cancel;
use crate::worker::Worker;

/// How components become code, and where it is kept between runs.
#[derive(Debug, Clone, Default)]
pub struct Compiler {
    /// The program that compiles in processes of its own, with limits, which can be ended. None compiles on a thread of this
    /// process: it cannot be stopped, and a hostile component can use up the memory or end the process. That is for
    /// applications whose migrations are their own.
    pub worker: Option<Worker>,
    /// Where code is kept between runs. None compiles in each run.
    pub cache: Option<Arc<CompileCache>>,
}

/// The engine, with what every guest is linked against.
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) stack_bytes: usize,
    linker: Linker<GuestState>,
    worker: Option<Worker>,
    code: CodeStore,
}

/// A component, compiled and linked. Making an instance of it takes microseconds.
#[derive(Clone)]
pub enum Loaded {
    /// A migration in a compiled language.
    Migration(MigrationGuestPre<GuestState>),
    /// The runtime of a language.
    Script(ScriptRuntimePre<GuestState>),
}

/// Why a component cannot be loaded.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub enum LoadError {
    /// It wants something else than this host gives.
    #[error(transparent)]
    Import(ImportError),
    /// It is too large for the compiler.
    #[error(transparent)]
    Size(SizeError),
    /// The compiler did not come to an end.
    #[error("compiling it took more than {}", units::time(*limit))]
    CompileTime {
        /// The limit.
        limit: Duration,
    },
    /// The compiler needed too much memory.
    #[error("compiling it needed more than {} of memory", units::size(*limit))]
    CompileMemory {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The process that compiles did not answer.
    #[error("it was not compiled: {reason}")]
    Process {
        /// Why, with all causes.
        reason: String,
    },
    /// It names a runtime that this host does not have.
    #[error("it needs the language runtime '{name}', which this host does not have")]
    UnknownRuntime {
        /// The runtime.
        name: String,
    },
    /// It cannot be compiled or linked.
    #[error("{reason}")]
    Refused {
        /// Why, with all causes.
        reason: String,
    },
}

impl From<ImportError> for LoadError {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

impl From<SizeError> for LoadError {
    fn from(error: SizeError) -> Self {
        Self::Size(error)
    }
}

impl LoadError {
    /// What the operator should do.
    pub fn hint(&self) -> String {
        match self {
            Self::Import(error) => error.hint(),
            Self::Size(error) => error.hint(),
            Self::CompileTime { .. } => {
                "raise compile-time in [*.limits] of host.toml on a slow machine; otherwise split the migration"
                    .to_owned()
            }
            Self::CompileMemory { .. } => {
                "raise compile-memory in [*.limits] of host.toml if you trust the migration; otherwise split it"
                    .to_owned()
            }
            Self::Process { .. } => {
                "host starts itself to compile: check the system's limits on processes and memory".to_owned()
            }
            Self::UnknownRuntime { .. } => "use the host that built it, or a newer one".to_owned(),
            Self::Refused { .. } => {
                "build it again; for what `host build` makes, run it with --force and this version of host".to_owned()
            }
        }
    }
}

impl Runtime {
    /// Makes a runtime whose guests have a stack of this size, in bytes.
    ///
    /// # Errors
    /// [`LoadError::Refused`] when this machine has no compiler backend.
    pub fn new(compiler: &Compiler, stack_bytes: usize) -> Result<Self, LoadError> {
        let engine = engine::engine(stack_bytes).map_err(|error| refused(&error))?;
        let linker = linker::linker(&engine).map_err(|error| refused(&error))?;
        let code = CodeStore::new(compiler.cache.clone(), &engine);
        Ok(Self { engine, stack_bytes, linker, worker: compiler.worker.clone(), code })
    }

    /// Whether a component with this digest was found fit and compiled before, and its code is still there.
    pub fn has_code(&self, digest: &str) -> bool {
        self.code.has(digest)
    }

    /// Whether what compiles can be stopped.
    pub fn compiles_in_a_process(&self) -> bool {
        self.worker.is_some()
    }

    /// Checks and compiles a migration in a compiled language, and keeps its code. Blocks while it compiles; with a worker
    /// no longer than the limits say, and until it is cancelled.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn compile(
        &self,
        component: &[u8],
        digest: &str,
        limits: CompileLimits,
        cancel: &Cancel,
    ) -> Result<(), LoadError> {
        self.compiled(component, digest, limits, cancel).map(drop)
    }

    /// Makes a migration in a compiled language ready to run: reads its code back, or compiles it as
    /// [`Runtime::compile`] does.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load_migration(
        &self,
        component: &[u8],
        digest: &str,
        limits: CompileLimits,
        cancel: &Cancel,
    ) -> Result<Loaded, LoadError> {
        let code = match self.code.get(&self.engine, digest) {
            Some(code) => code,
            None => self.compiled(component, digest, limits, cancel)?,
        };
        let instance = self.linker.instantiate_pre(&code).map_err(|error| refused(&error))?;
        Ok(Loaded::Migration(MigrationGuestPre::new(instance).map_err(|error| refused(&error))?))
    }

    /// Makes a runtime that the host carries ready to run. It is the host's own, so it is compiled in this process. Blocks
    /// while it compiles.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load_script(&self, runtime: BuiltIn) -> Result<Loaded, LoadError> {
        let bytes = runtime.component();
        let digest = crate::digest::Digest::of(bytes).to_string();
        let code = match self.code.get(&self.engine, &digest) {
            Some(code) => code,
            None => {
                let code = self.engine.precompile_component(bytes).map_err(|error| refused(&error))?;
                self.kept(&digest, code)?
            }
        };
        let instance = self.linker.instantiate_pre(&code).map_err(|error| refused(&error))?;
        Ok(Loaded::Script(ScriptRuntimePre::new(instance).map_err(|error| refused(&error))?))
    }

    fn compiled(
        &self,
        component: &[u8],
        digest: &str,
        limits: CompileLimits,
        cancel: &Cancel,
    ) -> Result<Component, LoadError> {
        let code = match &self.worker {
            Some(worker) => compiler::compile_in(worker, component, self.stack_bytes, limits, cancel)?,
            None => compiler::compile(&self.engine, component)?,
        };
        self.kept(digest, code)
    }

    fn kept(&self, digest: &str, code: Vec<u8>) -> Result<Component, LoadError> {
        self.code
            .put(&self.engine, digest, code)
            .ok_or_else(|| LoadError::Refused { reason: "its code was compiled for another engine".to_owned() })
    }
}

pub(super) fn refused(error: &wasmtime::Error) -> LoadError {
    if error.is::<wasmtime::error::OutOfMemory>() {
        // The process that waits knows the limit.
        return LoadError::CompileMemory { limit: 0 };
    }
    LoadError::Refused { reason: format!("{error:#}") }
}
