//! What a migration may leave changed, and what it changed all the same.

use crate::grant::TimeLimit;
use crate::sql::time_limit_milliseconds;

/// What a migration may leave changed that else is the host's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MayChange {
    /// Limits and checks of the session, such as `lock_timeout`.
    pub session: bool,
    /// What new sessions of the user begin with: `ALTER ROLE … SET`, `ALTER DATABASE … SET`.
    pub defaults: bool,
}

/// One thing of the host's that a migration changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// It is another transaction than the one that the host began.
    TransactionEnded,
    /// Another user acts.
    User {
        /// Who acted at the beginning.
        before: String,
        /// Who acts now.
        after: String,
    },
    /// A setting has another value.
    Setting {
        /// Its name.
        name: &'static str,
        /// The value at the beginning.
        before: String,
        /// The value now.
        after: String,
    },
    /// One of the host's tables was written to, altered or locked.
    Touched {
        /// The table.
        table: String,
        /// The strongest lock that the transaction holds on it, as in `pg_locks.mode`.
        mode: String,
    },
    /// Something is attached to one of the host's tables that could change what a statement on it does.
    Attached {
        /// The table.
        table: String,
        /// What it is, with its name: `the child table app.kid`.
        what: String,
    },
    /// Rows of the host's tables were changed by a statement that ran outside of a transaction, and are changed now.
    Rewritten {
        /// The table.
        table: String,
    },
    /// What sessions of this user begin with is something else now, or who may connect to the database.
    Defaults,
    /// Something waited for the COMMIT, to write then.
    Deferred {
        /// What the server said.
        message: String,
    },
    /// One of the host's tables is no longer there, or rows go somewhere else.
    Moved {
        /// The table.
        table: String,
    },
}

impl Violation {
    /// Whether a limit on time is only stricter than before, which every migration may leave behind in its transaction: nothing that
    /// is the host's depends on a longer one. The values are those of `current_setting`.
    pub fn is_stricter_limit(&self) -> bool {
        let Self::Setting { name, before, after } = self else { return false };
        let is_limit = TimeLimit::ALL.iter().any(|limit| limit.setting() == *name);
        let milliseconds = |value: &str| time_limit_milliseconds(value).filter(|_| is_limit);
        matches!((milliseconds(before), milliseconds(after)), (Some(before), Some(after)) if TimeLimit::is_kept(after, before))
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TransactionEnded => formatter.write_str("the transaction that host began has ended"),
            Self::User { before, after } => write!(formatter, "the current user was {before} and is {after}"),
            Self::Setting { name, before, after } => write!(formatter, "{name} was {before} and is {after}"),
            Self::Touched { table, mode } => write!(formatter, "table {table} {}", action(mode)),
            Self::Attached { table, what } => write!(formatter, "table {table} has {what}"),
            Self::Rewritten { table } => write!(formatter, "rows of table {table} were changed"),
            Self::Defaults => formatter.write_str(
                "the defaults of new sessions were changed (ALTER ROLE … SET or ALTER DATABASE), for which a migration has to ask for role",
            ),
            Self::Deferred { message } => write!(formatter, "something was deferred into the COMMIT: {message}"),
            Self::Moved { table } => write!(formatter, "table {table} was replaced by another one"),
        }
    }
}

/// What a statement did that needs a lock (PostgreSQL manual, "Table-Level Locks").
fn action(mode: &str) -> &'static str {
    match mode {
        "RowExclusiveLock" => "was written to",
        "ShareLock" => "was locked, or got an index",
        "ShareRowExclusiveLock" => "got a trigger or a foreign key, or was locked",
        "ExclusiveLock" => "was locked",
        _ => "was altered, emptied, dropped or locked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stricter_limit_is_one_of_time_and_no_longer() {
        let setting = |name, before: &str, after: &str| Violation::Setting {
            name,
            before: before.to_owned(),
            after: after.to_owned(),
        };
        for (name, before, after, expected) in [
            ("lock_timeout", "10s", "2s", true),
            ("lock_timeout", "10s", "9999ms", true),
            ("lock_timeout", "10s", "10001ms", false),
            ("lock_timeout", "10s", "1min", false),
            ("lock_timeout", "10s", "0", false),
            ("lock_timeout", "10s", "unset", false),
            ("statement_timeout", "0", "1d", true),
            ("statement_timeout", "0", "1ms", true),
            ("statement_timeout", "1min", "0", false),
            ("transaction_timeout", "0", "1s", false),
            ("idle_in_transaction_session_timeout", "10s", "1s", false),
            ("row_security", "on", "off", false),
        ] {
            assert_eq!(setting(name, before, after).is_stricter_limit(), expected, "{name} {before} {after}");
        }
        assert!(!Violation::TransactionEnded.is_stricter_limit() && !Violation::Defaults.is_stricter_limit());
    }
}
