//! The time limits of a step, which a migration may make stricter.

use std::fmt;

/// A limit of the server on one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLimit {
    /// How long it may wait for a lock.
    Lock,
    /// How long it may run.
    Statement,
}

/// The limits that are in force in a step, in milliseconds. 0 is none, which is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeLimits {
    /// `lock_timeout`.
    pub lock_milliseconds: u64,
    /// `statement_timeout`.
    pub statement_milliseconds: u64,
}

impl TimeLimit {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Lock, Self::Statement];

    /// The server's setting (PostgreSQL manual, "Client Connection Defaults").
    pub fn setting(self) -> &'static str {
        match self {
            Self::Lock => "lock_timeout",
            Self::Statement => "statement_timeout",
        }
    }

    /// Whether a value in milliseconds is a limit, and no longer than the one in force.
    pub fn is_kept(value: u64, in_force: u64) -> bool {
        value > 0 && (in_force == 0 || value <= in_force)
    }
}

impl TimeLimits {
    /// One of them, in milliseconds; 0 is none.
    pub fn of(self, limit: TimeLimit) -> u64 {
        match limit {
            TimeLimit::Lock => self.lock_milliseconds,
            TimeLimit::Statement => self.statement_milliseconds,
        }
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.setting())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_the_longest() {
        for (value, in_force, expected) in
            [(1, 10, true), (10, 10, true), (11, 10, false), (0, 10, false), (0, 0, false), (u64::MAX, 0, true)]
        {
            assert_eq!(TimeLimit::is_kept(value, in_force), expected, "{value} {in_force}");
        }
    }
}
