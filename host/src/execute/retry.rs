//! Which failures are worth another try, and when.
//!
//! A migration that lost to a lock is run again as a whole, on a fresh instance and in a new transaction. That is safe: nothing
//! of the first try is left, and a guest is deterministic.

use std::time::Duration;

use super::failure::Cause;
use crate::bindings::types::SqlError;
use crate::db::DatabaseError;
use crate::db::sqlstate::is_conflict;
use crate::host_functions::Limit;
use crate::host_functions::Stop;

/// The wait before the first repetition; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(500);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);

/// The server's refusal, if another try may get past it.
pub(super) fn conflict(cause: &Cause) -> Option<&SqlError> {
    let error = match cause {
        Cause::Statement { failure, .. } => &failure.error,
        Cause::Commit(error) => error,
        Cause::Database(error) | Cause::NotBegun(error) => match error {
            DatabaseError::Statement { error, .. } | DatabaseError::TablesLocked { error, .. } => error,
            _ => return None,
        },
        _ => return None,
    };
    is_conflict(&error.sqlstate).then_some(error)
}

/// Whether the instance had too little memory. One that ran other steps before has less left than a new one.
pub(super) fn is_out_of_memory(cause: &Cause) -> bool {
    matches!(cause, Cause::Stopped(Stop::Limit(exceeded)) if matches!(exceeded.limit, Limit::Memory | Limit::TableEntries))
}

/// How long to wait before the repetition of the given number, from 1: doubled each time, and somewhere between half and all
/// of that, so that runners that collided do not collide again.
pub(super) fn backoff(repetition: u32, random: u32) -> Duration {
    let whole = FIRST.saturating_mul(1 << repetition.saturating_sub(1).min(16)).min(LONGEST);
    whole.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_are_spread() {
        let longest: Vec<u128> = (1..=8).map(|repetition| backoff(repetition, u32::MAX).as_millis()).collect();
        assert_eq!(longest, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(backoff(1, 0).as_millis(), 250);
        assert_eq!(backoff(u32::MAX, 0).as_millis(), 15_000);
    }
}
