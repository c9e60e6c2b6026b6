//! From the bytes of a component to something that can be instantiated.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::Linker;

use super::cache::CompileCache;
use super::code::CodeStore;
use super::compiler;
use super::compiler::CompileLimits;
use super::compiler::World;
use super::engine;
use super::error::LoadError;
use super::error::refused;
use super::linker;
use super::registry::LanguageRuntime;
use super::registry::RuntimeRegistry;
use crate::bindings::MigrationGuestPre;
use crate::bindings::ScriptRuntimePre;
use crate::bindings::TransformGuestPre;
use crate::digest::Digest;
use crate::host_functions::GuestState;
use crate::worker::Cancel;
use crate::worker::Worker;

/// The largest component of the host's own that is compiled without a worker, in bytes: that of SQL takes a millisecond.
const COMPILED_HERE_BYTES_MAX: usize = 64 << 10;

/// How components become code, and where it is kept between runs.
#[derive(Debug, Clone, Default)]
pub struct Compiler {
    /// The program that compiles in processes of its own, with limits, which can be ended. None compiles on a thread of this
    /// process: it cannot be stopped, and a hostile component can use up the memory or end the process. That is for
    /// applications whose migrations are their own.
    pub worker: Option<Worker>,
    /// Where code is kept between runs. None compiles in each run.
    pub cache: Option<Arc<CompileCache>>,
    /// The language runtimes that migrations can name.
    pub languages: RuntimeRegistry,
}

/// The engine, with what every guest is linked against, the language runtimes, and the code that was compiled.
///
/// Several runs may share one, also at the same time: each component is compiled once.
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) stack_bytes: usize,
    linker: Linker<GuestState>,
    worker: Option<Worker>,
    code: CodeStore,
    languages: RuntimeRegistry,
    /// One lock for each component that is being compiled, by its digest.
    compiling: Mutex<HashMap<String, Arc<Mutex<()>>>>,
    compiled: AtomicU64,
}

/// A component, compiled and linked. Making an instance of it takes microseconds.
#[derive(Clone)]
pub enum Loaded {
    /// A migration in a compiled language.
    Migration(MigrationGuestPre<GuestState>),
    /// One that exports a transform as well.
    Transform(TransformGuestPre<GuestState>),
    /// The runtime of a language.
    Script(ScriptRuntimePre<GuestState>),
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
        Ok(Self {
            engine,
            stack_bytes,
            linker,
            worker: compiler.worker.clone(),
            code,
            languages: compiler.languages.clone(),
            compiling: Mutex::default(),
            compiled: AtomicU64::new(0),
        })
    }

    /// The stack of its guests, in bytes.
    pub fn stack_bytes(&self) -> usize {
        self.stack_bytes
    }

    /// The language runtimes that it has.
    pub fn languages(&self) -> &RuntimeRegistry {
        &self.languages
    }

    /// How many components it has compiled so far. What was in the cache or in memory does not count.
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    /// Whether a component with this digest was found fit and compiled before, and its code is still there.
    pub fn has_code(&self, digest: &Digest) -> bool {
        self.code.has(&digest.to_string())
    }

    /// Whether what compiles can be stopped.
    pub fn compiles_in_a_process(&self) -> bool {
        self.worker.is_some()
    }

    /// Checks and compiles a migration in a compiled language, and keeps its code. Blocks while it compiles; with a worker
    /// no longer than the limits say, and until it is cancelled.
    ///
    /// What is found by a digest was compiled from exactly these bytes: give the component without what changes nothing
    /// about its code, so that equal ones are compiled once.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn compile(
        &self,
        component: &[u8],
        digest: &Digest,
        limits: CompileLimits,
        cancel: &Cancel,
    ) -> Result<(), LoadError> {
        self.code_of(component, digest, World::Migration, limits, cancel).map(drop)
    }

    /// Makes a migration in a compiled language ready to run: reads its code back, or compiles it as
    /// [`Runtime::compile`] does.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load_migration(
        &self,
        component: &[u8],
        digest: &Digest,
        limits: CompileLimits,
        cancel: &Cancel,
    ) -> Result<Loaded, LoadError> {
        let code = self.code_of(component, digest, World::Migration, limits, cancel)?;
        let instance = self.linker.instantiate_pre(&code).map_err(|error| refused(&error))?;
        // What has the functions of one, but of other types, was refused before it was compiled.
        if let Ok(transform) = TransformGuestPre::new(instance.clone()) {
            return Ok(Loaded::Transform(transform));
        }
        Ok(Loaded::Migration(MigrationGuestPre::new(instance).map_err(|error| refused(&error))?))
    }

    /// Makes a language runtime ready to run. Blocks while it is read and compiled, as [`Runtime::compile`] does; a
    /// small one of the host's own is compiled in this process.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load_script(
        &self,
        language: &LanguageRuntime,
        limits: CompileLimits,
        cancel: &Cancel,
    ) -> Result<Loaded, LoadError> {
        let digest = language.digest();
        let code = match self.code.get(&self.engine, &digest.to_string()) {
            Some(code) => code,
            None => {
                let component = language.component()?;
                if language.is_built_in() && component.len() <= COMPILED_HERE_BYTES_MAX {
                    self.once(&digest, || {
                        self.engine.precompile_component(&component).map_err(|error| refused(&error))
                    })?
                } else {
                    self.code_of(&component, &digest, World::Script, limits, cancel)?
                }
            }
        };
        let instance = self.linker.instantiate_pre(&code).map_err(|error| refused(&error))?;
        Ok(Loaded::Script(ScriptRuntimePre::new(instance).map_err(|error| refused(&error))?))
    }

    /// The code of a component, which is compiled unless it is there.
    fn code_of(
        &self,
        component: &[u8],
        digest: &Digest,
        world: World,
        limits: CompileLimits,
        cancel: &Cancel,
    ) -> Result<Component, LoadError> {
        self.once(digest, || {
            // Whoever finds the code by this digest runs it: it must be no other component's.
            if Digest::of(component) != *digest {
                return Err(LoadError::Refused { reason: format!("its digest is not {digest}") });
            }
            match &self.worker {
                Some(worker) => compiler::compile_in(worker, component, (self.stack_bytes, world), limits, cancel),
                None => compiler::compile(&self.engine, component, world),
            }
        })
    }

    /// The code of a component, compiled by one thread while others that need it wait.
    fn once(
        &self,
        digest: &Digest,
        compile: impl FnOnce() -> Result<Vec<u8>, LoadError>,
    ) -> Result<Component, LoadError> {
        let digest = &digest.to_string();
        if let Some(code) = self.code.get(&self.engine, digest) {
            return Ok(code);
        }
        let lock = Arc::clone(self.compiling().entry(digest.to_owned()).or_default());
        let code = {
            let _alone = lock.lock().unwrap_or_else(PoisonError::into_inner);
            match self.code.get(&self.engine, digest) {
                Some(code) => Ok(code),
                None => compile().and_then(|code| {
                    self.compiled.fetch_add(1, Ordering::Relaxed);
                    self.kept(digest, code)
                }),
            }
        };
        let mut compiling = self.compiling();
        // Whoever still waits holds the lock too, and removes it.
        if Arc::strong_count(&lock) <= 2 {
            compiling.remove(digest);
        }
        code
    }

    fn compiling(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Mutex<()>>>> {
        self.compiling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, digest: &str, code: Vec<u8>) -> Result<Component, LoadError> {
        self.code
            .put(&self.engine, digest, code)
            .ok_or_else(|| LoadError::Refused { reason: "its code was compiled for another engine".to_owned() })
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Runtime");
        shown.field("stack_bytes", &self.stack_bytes).field("languages", &self.languages).finish_non_exhaustive()
    }
}
