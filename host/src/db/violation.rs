//! What a migration may leave changed, and what it changed all the same.

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
