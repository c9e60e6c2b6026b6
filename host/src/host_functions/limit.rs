//! The limits of a guest, and why the host ends one.

use std::fmt;
use std::time::Duration;

use crate::db::DatabaseError;
use crate::units;

/// How much one run of one guest may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestLimits {
    /// Computing time, by the processor's clock; that of the work with the database does not count.
    pub guest_time: Duration,
    /// Time in all, that in the database included.
    pub migration_time: Option<Duration>,
    /// Bytes of all memories together.
    pub memory_bytes: usize,
    /// Statements and savepoints that are open at the same time.
    pub open_handles: usize,
    /// Bytes that one call hands to the host, as the host holds them.
    pub call_bytes: usize,
    /// Statements, each row of a batch counted as one.
    pub statements: u64,
    /// Lines of the log, with reports of progress.
    pub log_lines: u64,
    /// Bytes of these.
    pub log_bytes: u64,
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Computing time, in milliseconds.
    GuestTime,
    /// Time in all, in milliseconds.
    MigrationTime,
    /// Time that one statement waited for a lock, in milliseconds.
    LockWait,
    /// Memory, in bytes.
    Memory,
    /// The stack of calls, in bytes.
    Stack,
    /// Open statements, savepoints and other resources.
    OpenHandles,
    /// What one call hands to the host, in bytes.
    Call,
    /// Rows of one result. A guest may handle this one and the next; they end it when it gives up because of them.
    ResultRows,
    /// Size of one result, in bytes.
    ResultSize,
    /// Statements.
    Statements,
    /// Lines of the log.
    LogLines,
    /// Size of the log, in bytes.
    LogSize,
    /// Entries of all tables of functions.
    TableEntries,
    /// Instances of core modules.
    Instances,
    /// Memories.
    Memories,
    /// Tables of functions.
    Tables,
    /// Size of a script that is written instead of a database changed, in bytes.
    Script,
}

impl Limit {
    /// The key of host.toml with which it is raised; some limits are the host's own.
    pub fn key(self) -> Option<&'static str> {
        Some(match self {
            Self::GuestTime => "guest-time",
            Self::MigrationTime => "migration-time",
            Self::LockWait => "lock-timeout",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::OpenHandles => "open-handles",
            Self::Call => "call-size",
            Self::ResultRows => "result-rows",
            Self::ResultSize => "result-size",
            Self::Statements => "statements",
            Self::LogLines => "log-lines",
            Self::LogSize => "log-size",
            Self::TableEntries | Self::Instances | Self::Memories | Self::Tables | Self::Script => return None,
        })
    }
}

/// A limit that a guest ran into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// Which one.
    pub limit: Limit,
    /// How much there may be, in the unit of the limit.
    pub allowed: u64,
    /// The function of the guest that was at work, where it is known and of use.
    pub function: Option<String>,
}

impl Exceeded {
    /// A limit without a place.
    pub fn new(limit: Limit, allowed: u64) -> Self {
        Self { limit, allowed, function: None }
    }

    /// The limit as it is written in host.toml: `60s`, `128KiB`, or a number.
    pub fn written(&self) -> String {
        let with_unit = match self.limit {
            Limit::GuestTime | Limit::MigrationTime | Limit::LockWait => {
                units::time(Duration::from_millis(self.allowed))
            }
            Limit::Memory | Limit::Stack | Limit::Call | Limit::ResultSize | Limit::LogSize | Limit::Script => {
                units::size(self.allowed)
            }
            Limit::OpenHandles
            | Limit::ResultRows
            | Limit::Statements
            | Limit::LogLines
            | Limit::TableEntries
            | Limit::Instances
            | Limit::Memories
            | Limit::Tables => self.allowed.to_string(),
        };
        with_unit.replace(' ', "")
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = self.allowed;
        let time = || units::time(Duration::from_millis(allowed));
        let size = || units::size(allowed);
        match self.limit {
            Limit::GuestTime => {
                write!(formatter, "it computed for more than {} (time in the database does not count)", time())
            }
            Limit::MigrationTime => {
                write!(formatter, "it took more than {}, the time in the database included", time())
            }
            Limit::LockWait => {
                write!(formatter, "it waited for a lock for more than {}, after it had changed lock_timeout", time())
            }
            Limit::Memory => write!(formatter, "it asked for more than {} of memory", size()),
            Limit::Stack => {
                write!(formatter, "its calls are nested too deeply: they need more than {} of stack", size())
            }
            Limit::OpenHandles => write!(
                formatter,
                "it keeps more than {allowed} handles open at the same time (statements, savepoints, streams)"
            ),
            Limit::Call => write!(formatter, "it handed more than {} to the host in one call", size()),
            Limit::ResultRows => write!(formatter, "it asked for a result of more than {allowed} rows"),
            Limit::ResultSize => write!(formatter, "it asked for a result of more than {}", size()),
            Limit::Statements => write!(formatter, "it ran more than {allowed} statements"),
            Limit::LogLines => write!(formatter, "it wrote more than {allowed} lines into the log"),
            Limit::LogSize => write!(formatter, "it wrote more than {} into the log", size()),
            Limit::TableEntries => write!(formatter, "it asked for tables of more than {allowed} functions"),
            Limit::Instances => write!(formatter, "it consists of more than {allowed} instances of modules"),
            Limit::Memories => write!(formatter, "it has more than {allowed} memories"),
            Limit::Tables => write!(formatter, "it has more than {allowed} tables of functions"),
            Limit::Script => write!(formatter, "its script is larger than {}", size()),
        }?;
        match &self.function {
            Some(function) => write!(formatter, " (in {function})"),
            None => Ok(()),
        }
    }
}

/// Why the host ends a guest. Never shown to the guest, so that no handler in it can swallow it.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The guest used more than it may.
    #[error("{0}")]
    Limit(Exceeded),
    /// The operator interrupted the run.
    #[error("interrupted")]
    Interrupted,
    /// The connection is gone, or bookkeeping is impossible.
    #[error(transparent)]
    Database(DatabaseError),
}

impl Stop {
    /// A limit was exceeded.
    pub fn limit(limit: Limit, allowed: u64) -> Self {
        Self::Limit(Exceeded::new(limit, allowed))
    }

    /// A limit of time was exceeded.
    pub fn time(limit: Limit, allowed: Duration) -> Self {
        Self::limit(limit, u64::try_from(allowed.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_as_in_the_settings() {
        let written = |limit, allowed| Exceeded::new(limit, allowed).written();
        assert_eq!(written(Limit::GuestTime, 1_000), "1s");
        assert_eq!(written(Limit::Stack, 128 << 10), "128KiB");
        assert_eq!(written(Limit::Statements, 100), "100");
    }
}
