//! The limits of host.toml in the form in which they are enforced.

use std::num::NonZero;
use std::sync::Arc;

use super::error::RunError;
use super::options::Options;
use crate::bindings::types::Limit as ToldLimit;
use crate::config::Limits;
use crate::db::session::ResultLimits;
use crate::host_functions::Exceeded;
use crate::host_functions::GuestLimits;
use crate::host_functions::Limit;
use crate::runtime::CompileLimits;
use crate::runtime::Compiler;
use crate::runtime::LoadError;
use crate::runtime::Runtime;
use crate::worker;

/// The limits of a guest.
pub(super) fn guest(limits: &Limits) -> GuestLimits {
    GuestLimits {
        guest_time: limits.guest_time,
        migration_time: (!limits.migration_time.is_zero()).then_some(limits.migration_time),
        memory_bytes: in_memory(limits.memory),
        open_handles: in_memory(u64::from(limits.open_handles)),
        call_bytes: in_memory(limits.call_size),
        statements: u64::from(limits.statements),
        log_lines: u64::from(limits.log_lines),
        log_bytes: limits.log_size,
    }
}

/// The limits of the results that a guest gets.
pub(super) fn results(limits: &Limits) -> ResultLimits {
    ResultLimits { rows_max: u64::from(limits.result_rows), bytes_max: limits.result_size }
}

/// The limit of host.toml behind one that a guest was told about.
pub(super) fn of_result(told: ToldLimit, limits: &Limits) -> Option<Exceeded> {
    let (limit, allowed) = match told {
        ToldLimit::Rows => (Limit::ResultRows, u64::from(limits.result_rows)),
        ToldLimit::Bytes => (Limit::ResultSize, limits.result_size),
        ToldLimit::StatementTime | ToldLimit::TotalTime | ToldLimit::OpenHandles => return None,
    };
    Some(Exceeded::new(limit, allowed))
}

/// What may be used to compile one component, while no other one is being compiled.
pub(crate) fn compile_limits(limits: &Limits) -> CompileLimits {
    let process = worker::Limits { time: limits.compile_time, memory: limits.compile_memory };
    CompileLimits { process, threads: std::thread::available_parallelism().map_or(1, NonZero::get) }
}

/// A sandbox for guests with these limits of an environment. Several runs may share it, see [`super::Options::runtime`].
///
/// # Errors
/// [`RunError::Runtime`].
pub fn runtime(compiler: &Compiler, limits: &Limits) -> Result<Runtime, RunError> {
    Runtime::new(compiler, in_memory(limits.stack)).map_err(RunError::Runtime)
}

/// The sandbox of a run: the one that it shares with others, or one of its own.
///
/// # Errors
/// [`RunError::Runtime`]; also when a shared one gives guests another stack than the limits say.
pub(super) fn shared_runtime(options: &Options, limits: &Limits) -> Result<Arc<Runtime>, RunError> {
    let Some(shared) = &options.runtime else { return Ok(Arc::new(runtime(&options.compiler, limits)?)) };
    let (given, wanted) = (shared.stack_bytes(), in_memory(limits.stack));
    if given == wanted {
        return Ok(Arc::clone(shared));
    }
    let reason = format!("the shared one gives guests a stack of {given} bytes, host.toml one of {wanted} bytes");
    Err(RunError::Runtime(LoadError::Refused { reason }))
}

fn in_memory(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
