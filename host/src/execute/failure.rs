//! Why a step failed, and whose matter that is.

use super::partial_progress::PartialProgress;
use crate::bindings::types::Error as GuestError;
use crate::bindings::types::Limit;
use crate::bindings::types::SqlError;
use crate::db::DatabaseError;
use crate::db::JournalError;
use crate::db::sqlstate;
use crate::db::violation::Violation;
use crate::host_functions::Exceeded;
use crate::host_functions::Limit as GuestLimit;
use crate::host_functions::Panic;
use crate::host_functions::StatementFailure;
use crate::host_functions::Stop;
use crate::host_functions::cut;
use crate::plan::Direction;
use crate::revision::RevisionId;
use crate::runtime::LoadError;
use crate::runtime::Trapped;
use crate::sql::Refusal;
use crate::store::asks_line;

/// A step that failed. With a transaction around it, the database is as it was before the step.
#[derive(Debug)]
pub struct StepFailure {
    /// The revision that failed.
    pub revision: RevisionId,
    /// The migration's message.
    pub message: String,
    /// The migration's file or folder.
    pub file: String,
    /// Whether that has a place for what the migration asks for; otherwise it gets what is granted.
    pub can_ask: bool,
    /// Which way it went.
    pub direction: Direction,
    /// Why.
    pub cause: Cause,
    /// The heads of the database now.
    pub heads: Vec<RevisionId>,
    /// How many steps of the plan were committed before.
    pub steps_done: usize,
    /// Whether the failure is in the log table; a read-only or lost database has none.
    pub recorded: bool,
    /// How far it came, when it ran without a transaction.
    pub non_transactional: Option<PartialProgress>,
}

/// Why a step failed.
#[derive(Debug)]
pub enum Cause {
    /// The server refused a statement of the migration.
    Statement {
        /// Statement and refusal.
        failure: Box<StatementFailure>,
        /// The place of the statement's beginning in the migration's own file: its text and the offset in bytes.
        source: Option<SourcePlace>,
        /// What the migration itself said, where that is more than the refusal.
        said: Option<String>,
        /// Whether the migration ignored the error.
        swallowed: bool,
    },
    /// The server refused to commit: a deferred constraint or trigger.
    Commit(Box<SqlError>),
    /// A statement was refused by the guard before anything was sent.
    Denied {
        /// Why.
        refusal: Refusal,
        /// Where in the migration it was to be sent from, if its language says so.
        sent_from: Option<String>,
    },
    /// The migration changed what belongs to the host: the transaction itself, or the host's own tables.
    IntegrityViolated(Vec<Violation>),
    /// A call was refused by the host before anything was sent.
    Refused(Box<GuestError>),
    /// The migration gave up, in its own words.
    Message(String),
    /// The migration says that this direction cannot be done.
    Irreversible,
    /// The migration panicked, in the way of its language.
    Panicked(Panic),
    /// The migration trapped.
    Trapped(Trapped),
    /// The host ended the migration.
    Stopped(Stop),
    /// The host's own part of the step failed.
    Database(DatabaseError),
    /// The step's transaction could not begin, so nothing of the migration ran.
    NotBegun(DatabaseError),
    /// The component could not be loaded.
    Load(LoadError),
}

/// A place in a migration's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePlace {
    /// The whole text of the file.
    pub text: String,
    /// Where the statement begins, in bytes.
    pub offset: usize,
}

/// Whose matter a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The migration's author.
    Migration,
    /// Whoever runs the host: a limit, an interrupt.
    Operator,
    /// The database or the way to it.
    Database,
}

impl Cause {
    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Statement { .. } => "statement-failed",
            Self::Commit(_) => "commit-failed",
            Self::IntegrityViolated(_) => "integrity-violated",
            Self::Denied { .. } | Self::Refused(_) => "call-refused",
            Self::Message(_) => "migration-failed",
            Self::Irreversible => "irreversible",
            Self::Panicked(_) => "panicked",
            Self::Trapped(_) => "trapped",
            Self::Stopped(Stop::Interrupted) => "interrupted",
            Self::NotBegun(DatabaseError::LockLost { .. }) => "locked",
            Self::Stopped(Stop::Database(DatabaseError::Journal(error)))
            | Self::Database(DatabaseError::Journal(error)) => error.kind(),
            Self::Stopped(Stop::Database(_)) | Self::Database(_) | Self::NotBegun(_) => "database",
            Self::Stopped(_) => "limit-exceeded",
            Self::Load(_) => "component-refused",
        }
    }

    /// Whose matter it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Stopped(Stop::Database(DatabaseError::Journal(JournalError::Overtaken { .. }))) => Blame::Database,
            Self::Stopped(Stop::Database(DatabaseError::Journal(_))) | Self::Database(DatabaseError::Journal(_)) => {
                Blame::Operator
            }
            Self::Stopped(Stop::Database(_)) | Self::Database(_) | Self::NotBegun(_) => Blame::Database,
            Self::Stopped(_) => Blame::Operator,
            _ => Blame::Migration,
        }
    }

    /// The cause in one line, for the log table.
    pub fn summary(&self) -> String {
        match self {
            Self::Statement { failure, .. } => with_sqlstate(&failure.error),
            Self::Commit(error) => with_sqlstate(error),
            Self::Denied { refusal, .. } => refusal.message(),
            Self::IntegrityViolated(violations) => {
                let violations: Vec<_> = violations.iter().map(ToString::to_string).collect();
                format!("it changed what belongs to host: {}", violations.join("; "))
            }
            Self::Refused(error) => refusal(error),
            Self::Message(message) => message.clone(),
            Self::Irreversible => "the migration is irreversible".to_owned(),
            Self::Panicked(panic) => panic.message.clone(),
            Self::Trapped(trapped) => trapped.reason.clone(),
            Self::Stopped(stop) => stop.to_string(),
            Self::Database(error) | Self::NotBegun(error) => error.to_string(),
            Self::Load(error) => error.to_string(),
        }
    }
}

impl Cause {
    /// What to do when a migration was to be written, and `file` says what the project describes.
    pub(super) fn hint_for_author(&self, file: &str) -> String {
        match self {
            Self::Stopped(Stop::Interrupted) => "run the command again".to_owned(),
            Self::Stopped(Stop::Limit(exceeded)) => format!("{}, then run the command again", way_out(exceeded)),
            Self::Stopped(Stop::Database(error)) | Self::Database(error) | Self::NotBegun(error) => {
                error.hint().unwrap_or_else(|| "run the command again".to_owned())
            }
            Self::Load(error) => error.hint(),
            Self::Denied { refusal, .. } if let Some(asks) = refusal.asks() => format!(
                "if it is meant to do that, write `grants = {}` under the environment in host.toml, in place of its grants",
                asks.as_toml()
            ),
            _ => format!("correct {file} or what it imports, then run the command again"),
        }
    }
}

/// The message with its SQLSTATE, which says more than the end of a long message.
fn with_sqlstate(error: &SqlError) -> String {
    const MESSAGE_BYTES_MAX: usize = 8000;
    format!("{} ({})", cut(error.message.clone(), MESSAGE_BYTES_MAX), error.sqlstate)
}

impl StepFailure {
    /// What the operator should do.
    pub fn hint(&self) -> String {
        let direction = self.direction;
        let again = match &self.non_transactional {
            Some(non_transactional) if non_transactional.leaves_something() => {
                let next = non_transactional.done.saturating_add(1);
                format!("run the {direction} again: it resumes at statement {next}")
            }
            _ => format!("run the {direction} again"),
        };
        match &self.cause {
            Cause::Stopped(Stop::Database(DatabaseError::Journal(error)))
            | Cause::Database(DatabaseError::Journal(error)) => error.hint(direction.name()),
            Cause::Stopped(Stop::Interrupted) => again,
            Cause::Stopped(Stop::Limit(exceeded)) => format!("{}, then {again}", way_out(exceeded)),
            Cause::Stopped(Stop::Database(error)) | Cause::Database(error) | Cause::NotBegun(error) => {
                error.hint().unwrap_or(again)
            }
            Cause::Load(error) => error.hint(),
            Cause::Irreversible => format!("downgrade to {} at most, or restore a backup", self.revision),
            Cause::Statement { failure, .. } => self.statement_hint(&failure.error, &again),
            Cause::Commit(error) => self.statement_hint(error, &again),
            Cause::Denied { refusal, .. } => match (refusal.asks(), refusal.hint()) {
                (Some(asks), _) if !self.can_ask => format!(
                    "if it is meant to do that, write `grants = {}` under the environment in host.toml, in place of its grants; then \
                     {again}",
                    asks.as_toml()
                ),
                (Some(asks), _) => format!(
                    "if it is meant to do that, write {}, then run `host build` and the {direction} again",
                    asks_line(&self.file, asks)
                ),
                (None, Some(hint)) => format!("{hint}; then run `host build` and the {direction} again"),
                (None, None) => self.correct(&again),
            },
            Cause::IntegrityViolated(violations) if violations.iter().any(|violation| matches!(violation, Violation::Rewritten { .. })) => {
                "that is committed, because the statement ran outside of a transaction: find out which function or trigger did \
                 it, put the rows right (`host stamp` sets the version table), then run the command again"
                    .to_owned()
            }
            Cause::IntegrityViolated(violations) => {
                let tables = |violation: &Violation| {
                    matches!(violation, Violation::Touched { .. } | Violation::Moved { .. } | Violation::Attached { .. })
                };
                let is_deferred = |violation: &Violation| matches!(violation, Violation::Deferred { .. });
                let what = if violations.iter().any(tables) {
                    "leave the tables of host alone (`host stamp` sets the version table)"
                } else if violations.iter().any(is_deferred) {
                    "leave nothing to the COMMIT (triggers that defer themselves, WITH HOLD cursors)"
                } else {
                    "restore what it changes"
                };
                format!("{what}: {}", self.correct(&again))
            }
            _ => self.correct(&again),
        }
    }

    /// By the SQLSTATE: not every refusal is the fault of what was written (PostgreSQL manual, appendix A).
    fn statement_hint(&self, error: &SqlError, again: &str) -> String {
        match error.sqlstate.as_str() {
            sqlstate::ACTIVE_SQL_TRANSACTION => format!(
                "write transaction = \"none\" into the metadata of {}, or leave out what cannot run in a transaction \
                 (CONCURRENTLY, for example), run `host build`, then {again}",
                self.file
            ),
            sqlstate::READ_ONLY_SQL_TRANSACTION if self.non_transactional.is_some() => {
                format!(
                    "without a transaction a query can only read: write with execute; run `host build`, then {again}"
                )
            }
            sqlstate::READ_ONLY_SQL_TRANSACTION => {
                "the server is a read-only replica, or the session is set read-only: connect to the primary".to_owned()
            }
            sqlstate::INSUFFICIENT_PRIVILEGE => {
                format!("grant the database user the right that is missing, then {again}")
            }
            sqlstate::LOCK_NOT_AVAILABLE => {
                format!("another session holds a lock on the object: see pg_stat_activity, then {again}")
            }
            sqlstate::QUERY_CANCELED => format!(
                "raise --statement-timeout, or statement-timeout in [*.limits] of host.toml, if it needs \
                 more time, then {again}"
            ),
            _ => self.correct(again),
        }
    }

    fn correct(&self, again: &str) -> String {
        format!("correct {}, run `host build`, then {again}", self.file)
    }
}

/// What to do about a limit. Raising it is the second thought where a mistake is as likely.
fn way_out(exceeded: &Exceeded) -> String {
    let instead = match exceeded.limit {
        GuestLimit::GuestTime => "look for an endless loop",
        GuestLimit::MigrationTime => "check what its statements wait for",
        GuestLimit::ResultRows | GuestLimit::ResultSize => "read less at a time",
        GuestLimit::Memory | GuestLimit::Call => "work in smaller batches",
        GuestLimit::Stack => "look for an endless recursion",
        GuestLimit::OpenHandles => "close what is no longer needed",
        GuestLimit::Statements => "combine statements",
        GuestLimit::LogLines | GuestLimit::LogSize => "write less",
        GuestLimit::TableEntries | GuestLimit::Instances | GuestLimit::Memories | GuestLimit::Tables => {
            "build it without the libraries that it does not need"
        }
        GuestLimit::Script => "run it online",
        GuestLimit::LockWait => "leave lock_timeout as it is in the migration, and retry when the lock is free",
    };
    match exceeded.limit.key() {
        Some(key) => format!("{instead}, or raise {key} in [*.limits] of host.toml"),
        None => instead.to_owned(),
    }
}

/// What the host told a guest, as a sentence.
pub(crate) fn refusal(error: &GuestError) -> String {
    match error {
        GuestError::Sql(error) => format!("{} ({})", error.message, error.sqlstate),
        GuestError::BadParams(reason) => format!("the parameters do not fit the statement: {reason}"),
        GuestError::Conversion(reason) => format!("a value cannot be converted: {reason}"),
        GuestError::Exceeded(limit) => exceeded(*limit).to_owned(),
        GuestError::Denied(reason) | GuestError::Offline(reason) | GuestError::Misuse(reason) => reason.clone(),
    }
}

fn exceeded(limit: Limit) -> &'static str {
    match limit {
        Limit::Rows => "a result has more rows than result-rows in [*.limits] of host.toml allows",
        Limit::Bytes => "a result is larger than result-size in [*.limits] of host.toml allows",
        Limit::StatementTime => "a statement took longer than it may",
        Limit::TotalTime => "the migration took longer than it may",
        Limit::OpenHandles => "too many statements or savepoints are open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_called_by_its_key() {
        let text = refusal(&GuestError::Exceeded(Limit::Rows));
        assert_eq!(text, "a result has more rows than result-rows in [*.limits] of host.toml allows");
    }
}
