//! The limits of host.toml in the units of those who keep them.

use std::num::NonZero;
use std::time::Duration;

use super::error::RunError;
use crate::bindings::types::Limit as ToldLimit;
use crate::config::Limits;
use crate::db::session::ResultLimits;
use crate::host_functions::Exceeded;
use crate::host_functions::GuestLimits;
use crate::host_functions::Limit;
use crate::runtime::CompileLimits;
use crate::runtime::Compiler;
use crate::runtime::Runtime;
use crate::worker;

/// The limits of a guest.
pub(super) fn guest(limits: &Limits) -> GuestLimits {
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    GuestLimits {
        guest_time: seconds(limits.guest_seconds),
        migration_time: (limits.migration_seconds > 0).then(|| seconds(limits.migration_seconds)),
        memory_bytes: bytes(limits.memory_mebibytes, 20),
        open_handles: bytes(limits.open_handles, 0),
        call_bytes: bytes(limits.call_mebibytes, 20),
        statements: u64::from(limits.statements),
        log_lines: u64::from(limits.log_lines),
        log_bytes: u64::from(limits.log_kibibytes) << 10,
    }
}

/// The limits of the results that a guest gets.
pub(super) fn results(limits: &Limits) -> ResultLimits {
    ResultLimits { rows_max: u64::from(limits.result_rows), bytes_max: u64::from(limits.result_mebibytes) << 20 }
}

/// The limit of host.toml behind one that a guest was told about.
pub(super) fn of_result(told: ToldLimit, limits: &Limits) -> Option<Exceeded> {
    let (limit, allowed) = match told {
        ToldLimit::Rows => (Limit::ResultRows, limits.result_rows),
        ToldLimit::Bytes => (Limit::ResultSize, limits.result_mebibytes),
        ToldLimit::StatementTime | ToldLimit::TotalTime | ToldLimit::OpenHandles => return None,
    };
    Some(Exceeded::new(limit, u64::from(allowed)))
}

/// What may be used to compile one component, while no other one is being compiled.
pub(crate) fn compile_limits(limits: &Limits) -> CompileLimits {
    let process = worker::Limits { seconds: limits.compile_seconds, mebibytes: limits.compile_mebibytes };
    CompileLimits { process, threads: std::thread::available_parallelism().map_or(1, NonZero::get) }
}

/// The runtime of guests with these limits.
///
/// # Errors
/// [`RunError::Runtime`].
pub(crate) fn runtime(compiler: &Compiler, limits: &Limits) -> Result<Runtime, RunError> {
    Runtime::new(compiler, bytes(limits.stack_kibibytes, 10)).map_err(RunError::Runtime)
}

fn bytes(number: u32, shift: u32) -> usize {
    usize::try_from(u64::from(number) << shift).unwrap_or(usize::MAX)
}
