//! How a step begins.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::SERVER_TIMEOUT_MILLISECONDS_MAX;
use crate::grant::TimeLimits;
use crate::revision::RevisionId;

/// Time limits that the server enforces inside a step, in milliseconds. 0 means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// How long a statement may wait for a lock (`lock_timeout`).
    pub lock_milliseconds: u64,
    /// How long a statement may run (`statement_timeout`).
    pub statement_milliseconds: u64,
}

impl Timeouts {
    /// The limits in the server's unit; zero means none.
    pub fn new(lock: Duration, statement: Duration) -> Self {
        Self { lock_milliseconds: milliseconds(lock), statement_milliseconds: milliseconds(statement) }
    }
}

impl From<Timeouts> for TimeLimits {
    fn from(timeouts: Timeouts) -> Self {
        let Timeouts { lock_milliseconds, statement_milliseconds } = timeouts;
        Self { lock_milliseconds, statement_milliseconds }
    }
}

/// Sets them for a whole session.
pub(super) fn set_timeouts(timeouts: Timeouts) -> String {
    format!(
        "SET lock_timeout = {}; SET statement_timeout = {}",
        timeouts.lock_milliseconds, timeouts.statement_milliseconds
    )
}

/// What a session over TCP begins with, so that the server notices a client whose machine is gone. The same is said by
/// `transaction::NOTICE_A_DEAD_CLIENT` where a session cannot begin with it.
pub(super) const DEAD_CLIENT_SETTINGS: [(&str, u32); 4] = [
    ("tcp_keepalives_idle", 15),
    ("tcp_keepalives_interval", 5),
    ("tcp_keepalives_count", 3),
    ("tcp_user_timeout", 30_000),
];

/// How a transaction begins.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// What the server shows in `pg_stat_activity`.
    pub application: &'a str,
    /// The limits.
    pub timeouts: Timeouts,
    /// What the version table has to hold, or the plan does not fit any more.
    pub heads: &'a BTreeSet<RevisionId>,
    /// Whether it may hold anything else, because all of it is going to be replaced.
    pub any_heads: bool,
    /// How many steps of the run come after it.
    pub steps_after: usize,
    /// The role under which the migration's statements run; without one it is the user who logged in.
    pub role: Option<&'a str>,
}

/// A timeout as the server takes it. Rounded up, because 0 would be no timeout.
fn milliseconds(timeout: Duration) -> u64 {
    let milliseconds = timeout.as_nanos().div_ceil(1_000_000);
    u64::try_from(milliseconds)
        .map_or(SERVER_TIMEOUT_MILLISECONDS_MAX, |known| known.min(SERVER_TIMEOUT_MILLISECONDS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_never_becomes_none() {
        let cases = [(0, 0), (1, 1), (1_000_000, 1), (1_000_001, 2), (u64::MAX, SERVER_TIMEOUT_MILLISECONDS_MAX)];
        for (nanoseconds, expected) in cases {
            assert_eq!(milliseconds(Duration::from_nanos(nanoseconds)), expected, "{nanoseconds}");
        }
    }
}
