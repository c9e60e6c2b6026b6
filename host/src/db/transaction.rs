//! The transaction of one step: begin, bookkeeping, commit.
//!
//! The rows of the version table, the row of the log table and all that the migration does are one transaction. Either
//! all of it is there or nothing: a migration is never applied without being recorded, and never recorded without being applied.
//!
//! The host's statements here go through the simple protocol, with exact literals. A prepared statement would be cheaper,
//! but it lives in the session under a name, where a migration could put another one in its place.

use std::collections::BTreeSet;
use std::time::Duration;

use super::connect::Database;
use super::connect::Results;
use super::connect::text_field;
use super::error::DatabaseError;
use super::integrity::TransactionState;
use super::integrity::Violation;
use super::log::Record;
use super::own_tables::TableNumbers;
use super::own_tables::TableState;
use super::sqlstate::READ_ONLY_SQL_TRANSACTION;
use crate::config::SERVER_TIMEOUT_MILLISECONDS_MAX;
use crate::revision::RevisionId;
use crate::value::quote_identifier;
use crate::value::quote_text;

/// Time limits that the server enforces inside a step, in milliseconds. 0 means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// How long a statement may wait for a lock (`lock_timeout`).
    pub lock_milliseconds: u64,
    /// How long a statement may run (`statement_timeout`).
    pub statement_milliseconds: u64,
}

/// Sets them for a whole session.
pub(super) fn set_timeouts(timeouts: Timeouts) -> String {
    format!(
        "SET lock_timeout = {}; SET statement_timeout = {}",
        timeouts.lock_milliseconds, timeouts.statement_milliseconds
    )
}

impl Timeouts {
    /// The limits in the server's unit; zero means none.
    pub fn new(lock: Duration, statement: Duration) -> Self {
        Self { lock_milliseconds: milliseconds(lock), statement_milliseconds: milliseconds(statement) }
    }
}

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
    /// The role under which the migration's statements run; without one it is the user who logged in.
    pub role: Option<&'a str>,
}

/// The facts of a transaction that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// When it began, by the database's clock: microseconds since 1970-01-01 UTC.
    pub now_micros: i64,
    /// The schemas in which names are looked up.
    pub search_path: Vec<String>,
    pub(super) state: TransactionState,
    pub(super) tables: TableNumbers,
    pub(super) states: Vec<TableState>,
    pub(super) has_role: bool,
}

/// What is written at the end of a step.
#[derive(Debug, Clone, Copy)]
pub struct Bookkeeping<'a> {
    /// Whether all rows of the version table go, whatever they are, and not only those of `remove`.
    pub remove_all: bool,
    /// The rows of the version table that go.
    pub remove: &'a [RevisionId],
    /// The rows that come.
    pub add: &'a [RevisionId],
    /// The rows of the log table.
    pub records: &'a [Record],
    /// What the migration may leave changed.
    pub may_change: MayChange,
}

/// What a migration may leave changed that else is the host's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MayChange {
    /// Limits and checks of the session, such as `lock_timeout`.
    pub session: bool,
    /// What new sessions of the user begin with: `ALTER ROLE … SET`, `ALTER DATABASE … SET`.
    pub defaults: bool,
}

impl Begun {
    /// The transaction's id, as `pg_current_xact_id()` gives it.
    pub fn transaction(&self) -> &str {
        self.state.transaction()
    }
}

/// Ends a transaction in which a migration has worked.
///
/// Triggers that deferred themselves anew and queries of WITH HOLD cursors run inside of the COMMIT, after the host's last look.
/// Then they find a transaction that only reads: PostgreSQL lets none go back to writing once it has a snapshot (manual, SET
/// TRANSACTION). What was rightly deferred has run before, in the integrity check.
const COMMIT: &str = "SET TRANSACTION READ ONLY; COMMIT";

/// Makes a session as fresh as a new one: what an earlier migration set, prepared, made for the session or left open is gone.
/// These are the parts of DISCARD ALL (PostgreSQL manual), which cannot run in a transaction, without its last one: that would
/// give up the migration lock.
const FRESH: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; \
     DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES";

/// Lets the server end a statement whose client is gone, instead of finding out at its end: until then the migration lock
/// is held, too.
pub(super) const NOTICE_A_LOST_CLIENT: &str = "SET client_connection_check_interval = 1000;";

/// Lets the server notice within half a minute that the client's machine is gone, with which the migration lock would else
/// be held for the two hours of the usual keepalives. It also keeps the connection known to whatever translates addresses on
/// the way. Sockets of the same machine need none of it, and ignore it.
pub(super) const NOTICE_A_DEAD_CLIENT: &str = "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; \
     SET tcp_keepalives_count = 3; SET tcp_user_timeout = 30000;";

impl Database {
    /// Begins the transaction of a step, on a session as fresh as the first one.
    ///
    /// It holds the migration lock a second time, for itself: the lock of the session can be given back by a migration, or
    /// be lost on the way through a pooler, and then another runner may have worked. So it also compares the version
    /// table with the plan, after it has the lock.
    ///
    /// # Errors
    /// [`DatabaseError::LockLost`] and [`DatabaseError::HeadsMoved`] when another runner is or was at work, or what the
    /// server said. The transaction has ended then, and nothing was done.
    pub async fn begin(&mut self, opening: &Opening<'_>) -> Result<Begun, DatabaseError> {
        match self.try_begin(opening).await {
            Ok(begun) => Ok(begun),
            Err(error) => {
                // The text may have failed after its BEGIN; the first error is the one to tell.
                let _ = self.rollback().await;
                Err(self.with_table_lock_holder(error).await)
            }
        }
    }

    async fn try_begin(&mut self, opening: &Opening<'_>) -> Result<Begun, DatabaseError> {
        let tables = self.known_table_numbers().await?;
        self.savepoint = None;
        // Those of the step before are forgotten by the server, too.
        self.forget_statements().await?;
        let role = opening.role.map(|role| format!("SET LOCAL ROLE {};", quote_identifier(role))).unwrap_or_default();
        let notice_a_lost_client = if self.can_notice_a_lost_client { NOTICE_A_LOST_CLIENT } else { "" };
        let key = self.lock_key();
        // With another isolation level, what is read after the lock would be what was there before it. What an earlier step
        // has set decides how this transaction begins, unless all is said. The locks that a migration has left in the session
        // go, and the one of runners with them; it is taken again while the transaction holds it, so it is never free.
        let sql = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE; {FRESH}; \
             SET LOCAL standard_conforming_strings = on; \
             SET LOCAL application_name = {}; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; \
             {NOTICE_A_DEAD_CLIENT} {notice_a_lost_client} SELECT pg_catalog.pg_try_advisory_xact_lock({key}); \
             SELECT pg_catalog.pg_advisory_unlock_all(); SELECT pg_catalog.pg_try_advisory_lock({key}); \
             SELECT version_num FROM ONLY {} LIMIT {}; {}; {role} \
             SELECT {}, \
             pg_catalog.array_to_json(pg_catalog.current_schemas(false)); {}",
            quote_text(opening.application),
            opening.timeouts.lock_milliseconds,
            opening.timeouts.statement_milliseconds,
            self.tables.version.quoted(),
            opening.heads.len() + 1,
            tables.select_signs(),
            micros("pg_catalog.transaction_timestamp()"),
            TransactionState::select(),
        );
        if !sql.is_ascii() {
            self.simple("begin the transaction", crate::sql::READ_AS_THE_SCANNER.to_owned()).await?;
        }
        let Results { mut statements, error } = self.results("begin the transaction", sql).await;
        if let Some(error) = error {
            return Err(error);
        }
        let state = statements.pop().unwrap_or_default();
        let facts = statements.pop().unwrap_or_default();
        if role.is_empty() {
            None
        } else {
            statements.pop()
        };
        let signs = statements.pop().unwrap_or_default();
        let heads = statements.pop().unwrap_or_default();
        let (_, _, lock) = (statements.pop(), statements.pop(), statements.pop().unwrap_or_default());
        self.refuse_without_lock(&lock).await?;
        // A purge takes whatever there is.
        if !opening.any_heads {
            self.compare_heads(&heads, opening.heads)?;
        }
        let row = facts.first().ok_or_else(|| no_answer("begin the transaction"))?;
        Ok(Begun {
            now_micros: text_field(row, 0).and_then(|text| text.parse().ok()).unwrap_or_default(),
            search_path: text_field(row, 1).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            state: TransactionState::read(&state).ok_or_else(|| no_answer("begin the transaction"))?,
            tables,
            states: TableState::read(&signs),
            has_role: opening.role.is_some(),
        })
    }

    /// Commits.
    ///
    /// # Errors
    /// [`DatabaseError::IntegrityViolated`] when something waits for the COMMIT to write then;
    /// [`DatabaseError::Statement`], such as from a deferred constraint; [`DatabaseError::CommitUnknown`] when the
    /// connection was lost before the answer came.
    pub async fn commit(&mut self) -> Result<(), DatabaseError> {
        match self.simple("commit", COMMIT.to_owned()).await {
            Ok(_) => Ok(()),
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == READ_ONLY_SQL_TRANSACTION => {
                Err(DatabaseError::IntegrityViolated {
                    violations: vec![Violation::Deferred { message: error.message }],
                })
            }
            Err(DatabaseError::Lost { reason, .. }) => Err(DatabaseError::CommitUnknown { reason, why: None }),
            Err(error) => Err(error),
        }
    }

    /// Rolls back.
    ///
    /// # Errors
    /// [`DatabaseError::Lost`] when the connection is gone; then the server rolls back by itself.
    pub async fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.simple("roll back", "ROLLBACK".to_owned()).await?;
        Ok(())
    }

    /// Leaves the session as it was found, for whoever gets it next behind a pooler.
    pub(super) fn fresh_session_sql() -> &'static str {
        FRESH
    }

    pub(super) fn overtaken(&self, what: String) -> DatabaseError {
        DatabaseError::HeadsMoved { table: self.tables.version.to_string(), what }
    }
}

/// A point in time as microseconds since 1970-01-01 UTC. The construct EXTRACT looks no name up (PostgreSQL manual,
/// "Date/Time Functions").
pub(super) fn micros(time: &str) -> String {
    format!("(EXTRACT(epoch FROM {time}) OPERATOR(pg_catalog.*) 1000000)::bigint")
}

/// The server sent fewer results than statements, which its protocol does not allow.
pub(super) fn no_answer(doing: &str) -> DatabaseError {
    DatabaseError::Lost { doing: doing.to_owned(), reason: "a result is missing in the server's answer".to_owned() }
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
