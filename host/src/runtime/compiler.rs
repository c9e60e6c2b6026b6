//! From the bytes of a component to machine code, in a process of its own.
//!
//! All that looks into a component whose author may be hostile happens there: checking what it imports, validating it,
//! compiling it. The answer is machine code, which the parent runs. It trusts the child as it trusts itself: the child runs
//! the same program, and only a fault of the validator or the compiler could make it answer something else.

use serde::Deserialize;
use serde::Serialize;
use wasmtime::Engine;

use super::engine;
use super::error::LoadError;
use super::imports;
use super::script;
use super::size;
use super::strip::strip;
use crate::worker::Cancel;
use crate::worker::Limits;
use crate::worker::Task;
use crate::worker::Worker;
use crate::worker::WorkerError;

/// The name of this job between the processes.
pub const JOB: &str = "compile";

/// What the child has to know besides the component.
#[derive(Serialize, Deserialize)]
struct Settings {
    stack_bytes: usize,
    world: World,
}

/// What a component is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum World {
    /// A migration in a compiled language.
    Migration,
    /// The runtime of a language.
    Script,
}

/// What compiling may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Time and memory of one component.
    pub process: Limits,
    /// On how many threads one component is compiled, at least 1.
    pub threads: usize,
}

/// Compiles in a process of its own.
pub(super) fn compile_in(
    worker: &Worker,
    component: &[u8],
    (stack_bytes, world): (usize, World),
    limits: CompileLimits,
    cancel: &Cancel,
) -> Result<Vec<u8>, LoadError> {
    let settings = serde_json::to_string(&Settings { stack_bytes, world })
        .map_err(|error| LoadError::Refused { reason: error.to_string() })?;
    let CompileLimits { process, threads } = limits;
    let task = Task { job: JOB, settings: &settings, input: component, limits: process, threads };
    worker.run(&task, cancel).map_err(|error| match error {
        // What cannot be read was written by another version.
        WorkerError::Refused(reason) => match serde_json::from_str(&reason) {
            Ok(LoadError::CompileMemory { .. }) => LoadError::CompileMemory { limit: process.memory },
            Ok(error) => error,
            Err(_) => LoadError::Refused { reason },
        },
        WorkerError::Time { limit } => LoadError::CompileTime { limit },
        WorkerError::Memory { limit } => LoadError::CompileMemory { limit },
        other => LoadError::Process { reason: other.to_string() },
    })
}

/// The child's side of it, for [`crate::worker::serve()`].
///
/// # Errors
/// A [`LoadError`] as JSON.
pub fn work(settings: &str, component: &[u8], threads: usize) -> Result<Vec<u8>, String> {
    let compile_with = |stack_bytes, world, parallel| {
        let engine = engine::compiling(stack_bytes, parallel).map_err(|error| super::error::refused(&error))?;
        compile(&engine, component, world)
    };
    let compiled = serde_json::from_str(settings)
        .map_err(|error| LoadError::Refused { reason: error.to_string() })
        .and_then(|Settings { stack_bytes, world }| {
            // The pool of threads panics where the system has none to give. A fault of the compiler panics again.
            let parallel = (threads > 1).then(|| std::panic::catch_unwind(|| compile_with(stack_bytes, world, true)));
            parallel.and_then(Result::ok).unwrap_or_else(|| compile_with(stack_bytes, world, false))
        });
    compiled.map_err(|error| serde_json::to_string(&error).unwrap_or_else(|_| error.to_string()))
}

/// Checks and compiles a component. Takes as much time and memory as the component makes it take.
///
/// # Errors
/// [`LoadError`].
pub(super) fn compile(engine: &Engine, component: &[u8], world: World) -> Result<Vec<u8>, LoadError> {
    check_for(component, world)?;
    let code = strip(component).ok_or_else(|| LoadError::Refused { reason: "it is truncated".to_owned() })?;
    engine.precompile_component(&code).map_err(|error| super::error::refused(&error))
}

/// Checks all that can be known of a migration in a compiled language without compiling it: that it wants what this host has
/// and has what a migration has, that it is valid, and that no function of it is too large for the compiler. Takes as much
/// time and memory as the component makes it take.
///
/// # Errors
/// [`LoadError`].
pub fn check(component: &[u8]) -> Result<(), LoadError> {
    check_for(component, World::Migration)
}

/// The same for either world. Whether the functions of a language runtime have the right types, its linking finds out.
fn check_for(component: &[u8], world: World) -> Result<(), LoadError> {
    match world {
        World::Migration => imports::check(component, "migration", "migration-guest")?,
        World::Script => imports::check(component, script::EXPORT, script::WORLD)?,
    }
    let mut validator = wasmparser::Validator::new_with_features(engine::FEATURES);
    let types = validator.validate_all(component).map_err(|error| invalid(&error))?;
    size::check_functions(component)?;
    Ok(imports::check_directions(types.as_ref(), component)?)
}

fn invalid(error: &wasmparser::BinaryReaderError) -> LoadError {
    let reason = format!("it is not valid WebAssembly: {} at byte {}", error.message(), error.offset());
    LoadError::Refused { reason }
}
