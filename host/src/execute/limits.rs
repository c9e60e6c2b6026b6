//! The limits of host.toml in the units of those who watch over them.

use std::time::Duration;

use crate::capability::Exceeded;
use crate::capability::GuestLimits;
use crate::capability::Limit;
use crate::config::Limits;
use crate::contract::types::Limit as ToldLimit;
use crate::db::session::ResultLimits;

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

/// The stack of guests, in bytes.
pub(super) fn stack_bytes(limits: &Limits) -> usize {
    bytes(limits.stack_kibibytes, 10)
}

fn bytes(number: u32, shift: u32) -> usize {
    usize::try_from(u64::from(number) << shift).unwrap_or(usize::MAX)
}
