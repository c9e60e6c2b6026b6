//! From the bytes of a component to something that can be instantiated.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::Linker;

use super::cache::CompileCache;
use super::engine;
use super::imports;
use super::imports::ImportError;
use super::linker;
use super::script::BuiltIn;
use super::size;
use super::size::SizeError;
use super::strip::strip;
use crate::capability::GuestState;
use crate::contract::MigrationGuestPre;
use crate::contract::ScriptRuntimePre;

/// The engine, with what every guest is linked against.
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) stack_bytes: usize,
    linker: Linker<GuestState>,
    cache: Option<CompileCache>,
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
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It wants something else than this host gives.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// It is too large for the compiler.
    #[error(transparent)]
    Size(#[from] SizeError),
    /// The compiler did not come to an end.
    #[error("it was not compiled within {seconds} s")]
    CompileTime {
        /// The limit.
        seconds: u64,
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

impl LoadError {
    /// What the operator should do.
    pub fn hint(&self) -> String {
        match self {
            Self::Import(error) => error.hint(),
            Self::Size(error) => error.hint(),
            Self::CompileTime { .. } => {
                "raise compile-seconds in [*.limits] of host.toml on a slow machine; otherwise split the migration"
                    .to_owned()
            }
            Self::UnknownRuntime { .. } => "use the host that built it, or a newer one".to_owned(),
            Self::Refused { .. } => {
                "build it again; for what `host build` makes, run it with --force and this version of host".to_owned()
            }
        }
    }
}

impl Runtime {
    /// Makes a runtime whose guests have a stack of this size, in bytes. Without a cache every component is compiled anew.
    ///
    /// # Errors
    /// [`LoadError::Refused`] when this machine has no compiler backend.
    pub fn new(cache: Option<CompileCache>, stack_bytes: usize) -> Result<Self, LoadError> {
        let engine = engine::engine(stack_bytes).map_err(refused)?;
        let linker = linker::linker(&engine).map_err(refused)?;
        Ok(Self { engine, stack_bytes, linker, cache })
    }

    /// Checks that a migration in a compiled language is valid WebAssembly, which compiling would find out much later. One
    /// that was compiled before is valid.
    ///
    /// # Errors
    /// [`LoadError::Refused`], [`LoadError::Size`], and [`LoadError::Import`] when it has no function for one of the directions.
    pub fn validate(&self, bytes: &[u8], digest: &str) -> Result<(), LoadError> {
        if self.cache.as_ref().is_some_and(|cache| cache.has(&self.engine, digest)) {
            return Ok(());
        }
        let mut validator = wasmparser::Validator::new_with_features(engine::FEATURES);
        let types = validator.validate_all(bytes).map_err(|error| LoadError::Refused {
            reason: format!("it is not valid WebAssembly: {} at byte {}", error.message(), error.offset()),
        })?;
        size::check_functions(bytes)?;
        Ok(imports::check_directions(types.as_ref(), bytes)?)
    }

    /// Compiles and links a migration in a compiled language. Blocks while it compiles.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load_migration(&self, bytes: &[u8], digest: &str) -> Result<Loaded, LoadError> {
        imports::check(bytes, "migration", "migration-guest")?;
        let instance = self.linker.instantiate_pre(&self.compile(bytes, digest)?).map_err(refused)?;
        Ok(Loaded::Migration(MigrationGuestPre::new(instance).map_err(refused)?))
    }

    /// Compiles and links a runtime that the host carries. Blocks while it compiles.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load_script(&self, runtime: BuiltIn) -> Result<Loaded, LoadError> {
        let bytes = runtime.component().map_err(refused)?;
        let digest = crate::store::Digest::of(&bytes).to_string();
        let instance = self.linker.instantiate_pre(&self.compile(&bytes, &digest)?).map_err(refused)?;
        Ok(Loaded::Script(ScriptRuntimePre::new(instance).map_err(refused)?))
    }

    fn compile(&self, bytes: &[u8], digest: &str) -> Result<Component, LoadError> {
        if let Some(component) = self.cache.as_ref().and_then(|cache| cache.get(&self.engine, digest)) {
            return Ok(component);
        }
        let code = strip(bytes).ok_or_else(|| LoadError::Refused { reason: "it breaks off".to_owned() })?;
        let component = Component::new(&self.engine, &code).map_err(refused)?;
        if let Some(cache) = &self.cache {
            cache.put(&self.engine, digest, &component);
        }
        Ok(component)
    }
}

fn refused(error: wasmtime::Error) -> LoadError {
    LoadError::Refused { reason: format!("{error:#}") }
}
