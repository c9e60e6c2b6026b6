//! The end of a step in one text: the integrity check, the version rows, the log row, and the COMMIT.
//!
//! The server itself compares everything with what the step began with, and raises an error unless all of it is the same. So the
//! COMMIT behind it is only reached where nothing is wrong. This says no more than "nothing is wrong": whatever it does not like,
//! a savepoint takes back, and then the check in `bookkeeping` finds out what it is, and whether it is wrong at all. The
//! assertion is stricter than that check, never more lenient. A migration that only did something unusual pays a round trip more.
//!
//! Everything is qualified, and nothing can be computed before it runs: a value that does not depend on the session would be
//! folded while the statement is planned. The text is sent only where every session reads it the same.

use super::connect::Database;
use super::connect::Results;
use super::driver::text_field;
use super::error::DatabaseError;
use super::integrity::DEFAULTS_TABLES;
use super::names::TableKind;
use super::opening::Opening;
use super::prepared_end::EndTexts;
use super::prepared_end::PreparedEnd;
use super::prepared_end::WORTH_PREPARING;
use super::sqlstate;
use super::table_state::TableState;
use super::table_state::rights;
use super::transaction::BeginText;
use super::transaction::Begun;
use super::transaction::Bookkeeping;
use super::transaction::COMMIT;
use super::transaction::Forget;
use super::transaction::SessionStatements;
use super::transaction::deferred;
use super::transaction::no_answer;
use super::transaction::not_committed;
use super::transaction::unknown;
use super::version_rows::LogNumber;
use super::version_rows::LogValues;
use super::version_rows::delete_versions;
use super::version_rows::insert_log;
use super::version_rows::insert_versions;
use super::version_rows::replace_version;
use super::violation::Violation;
use crate::value::quote_text;

/// What the host does when it keeps the bookkeeping.
pub(super) const WRITE: &str = "write the version table and the log table";

/// The savepoint in front of the assertion; no function can set or end one.
pub(super) const SAVEPOINT: &str = "host_end";

const EQUAL: &str = "OPERATOR(pg_catalog.=)";

/// Raises an error: the text is no number. The name of a user keeps the server from finding that out too early.
const RAISE: &str = "pg_catalog.concat('host: ', session_user)::pg_catalog.int8";

/// The places of statements in the text.
const CONSTRAINTS: usize = 0;
const BEGIN_SAVEPOINT: usize = 1;

/// The text, and what its answers mean.
pub(super) struct FastCommit {
    sql: String,
    /// Where the statement is that writes; its answer is the number of the log row.
    written: usize,
    /// Where the savepoint is released: what comes from there on is no matter of the assertion any more.
    release: usize,
    statements: usize,
    /// What begins the next step behind the COMMIT, if that stands there.
    next: Option<BeginText>,
    /// The prepared statements that it has used and the next step finds.
    prepared: Option<PreparedEnd>,
}

/// What comes before the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// What is deferred is still to be done.
    Constraints,
    /// It is done, and a quick end has failed behind its savepoint.
    Savepoint,
}

/// How it ended.
pub(super) enum FastCommitResult {
    /// Everything is committed.
    Committed,
    /// The server did not like something, and nothing is written. The savepoint still has to be taken back.
    Doubt,
}

impl Database {
    /// The text for the end of this step; none where the slow way is to be gone from the start.
    pub(super) fn fast_commit(
        &mut self,
        begun: &Begun,
        bookkeeping: &Bookkeeping<'_>,
        last_log_id: Option<i64>,
        next: Option<&Opening<'_>>,
    ) -> Option<FastCommit> {
        if !bookkeeping.rejected.is_empty() {
            self.known.prepared = None;
            return None;
        }
        let prepared = self.known.prepared.take().filter(|_| !self.keeps_statements());
        let is_worth_preparing = next.is_some_and(|next| next.steps_after >= WORTH_PREPARING);
        let texts =
            if prepared.is_some() || is_worth_preparing { EndTexts::new(self, begun, bookkeeping) } else { None };
        let prepared = prepared.filter(|prepared| texts.as_ref() == Some(&prepared.texts));
        let mut statements = vec!["SET CONSTRAINTS ALL IMMEDIATE".to_owned(), format!("SAVEPOINT {SAVEPOINT}")];
        let rows = match (&prepared, last_log_id.and_then(|id| id.checked_add(1)), bookkeeping.records) {
            (Some(prepared), Some(number), [record]) => {
                statements.extend([prepared.verification(RAISE), prepared.check(begun)]);
                prepared.rows(bookkeeping, record, number)
            }
            _ => {
                statements.push(self.assertion(begun, bookkeeping, &quote_text(begun.transaction()))?);
                self.rows(begun, bookkeeping, last_log_id)?
            }
        };
        if begun.has_role {
            statements.push("RESET ROLE".to_owned());
        }
        let written_at = statements.len();
        statements.push(rows);
        statements.extend(self.forget_sql(&bookkeeping.forget));
        statements.extend(self.forget_rejected_sql(begun, bookkeeping));
        let release = statements.len();
        statements.push(format!("RELEASE SAVEPOINT {SAVEPOINT}"));
        statements.push(COMMIT.to_owned());
        let mut sql = statements.join("; ");
        let next = next.and_then(|next| {
            let session_statements = match texts {
                Some(_) if prepared.is_some() => SessionStatements::Keep,
                Some(texts) if is_worth_preparing => SessionStatements::Prepare(texts),
                _ => SessionStatements::Deallocate,
            };
            self.begin_ahead_text(next, begun.tables, session_statements)
        });
        if let Some(next) = &next {
            sql.push_str("; ");
            sql.push_str(&next.sql);
        }
        // What is deferred to the end and what a migration has set must not make another text of it.
        crate::sql::reads_alike(&sql).then_some(FastCommit {
            sql,
            written: written_at,
            release,
            // The last text is two statements.
            statements: statements.len() + 1,
            prepared: prepared.filter(|_| next.is_some()),
            next,
        })
    }

    /// Sends it.
    ///
    /// # Errors
    /// Those of [`Database::finish`].
    pub(super) async fn commit_fast(
        &mut self,
        end: FastCommit,
        begun: &Begun,
        next: Option<&Opening<'_>>,
    ) -> Result<FastCommitResult, DatabaseError> {
        let Results { mut statements, error } = self.results("commit", end.sql).await;
        let is_committed = match &end.next {
            None => error.is_none() && statements.len() == end.statements,
            // Whatever happened behind the COMMIT, it was answered.
            Some(_) => statements.len() >= end.statements,
        };
        if is_committed {
            let id = statements.get(end.written).and_then(|rows| rows.first()).and_then(|row| text_field(row, 0));
            self.known.last_log_id = id.and_then(|id| id.parse().ok());
            if let (Some(next), Some(text)) = (next, &end.next) {
                let begun_next = statements.split_off(end.statements);
                self.known.prepared = end.prepared;
                self.keep_begun(next, begun.tables, text, begun_next, error).await;
            }
            return Ok(FastCommitResult::Committed);
        }
        let Some(error) = error else { return Err(unknown(no_answer("commit"))) };
        let DatabaseError::Statement { error: said, .. } = &error else { return Err(unknown(error)) };
        let sqlstate = said.sqlstate.as_str();
        match statements.len() {
            CONSTRAINTS => Err(deferred(error)),
            BEGIN_SAVEPOINT if sqlstate == sqlstate::NO_ACTIVE_SQL_TRANSACTION => {
                Err(DatabaseError::IntegrityViolated { violations: vec![Violation::TransactionEnded] })
            }
            BEGIN_SAVEPOINT => Err(error),
            at if at < end.release && !is_of_the_moment(sqlstate) => Ok(FastCommitResult::Doubt),
            at if at < end.release => {
                let error = DatabaseError::Statement { doing: WRITE.to_owned(), error: said.clone() };
                let _ = self.rollback().await;
                Err(self.with_table_lock_holder(error).await)
            }
            _ => Err(not_committed(error)),
        }
    }

    /// One SELECT that fails unless everything is as it was. None where that cannot be said in one.
    ///
    /// `transaction` is an expression for the id that the transaction must have.
    pub(super) fn assertion(&self, begun: &Begun, bookkeeping: &Bookkeeping<'_>, transaction: &str) -> Option<String> {
        let tables = self.known.tables.as_ref().filter(|known| known.states == begun.states)?;
        let mut states: Vec<&TableState> = tables.states.iter().collect();
        if states.len() != begun.tables.all().count() || states.iter().any(|state| state.is_signed) {
            return None;
        }
        states.sort_by_key(|state| state.place);
        let [session_user, current_user] = begun.state.users();
        let [settings, values] = begun.state.settings_and_values(bookkeeping.may_change)?;
        let places: Vec<String> =
            states.iter().map(|state| format!("\"({},{})\"", state.place.0, state.place.1)).collect();
        let written_by: Vec<&str> = states.iter().map(|state| state.written_by.as_str()).collect();
        let mut watched: Vec<u32> = begun.tables.all().collect();
        if !bookkeeping.may_change.defaults {
            watched.extend(DEFAULTS_TABLES);
        }
        let watched: Vec<String> = watched.iter().map(u32::to_string).collect();
        let mut conditions = vec![
            format!("pg_catalog.pg_current_xact_id() {EQUAL} {transaction}::pg_catalog.xid8"),
            format!("session_user {EQUAL} {}", quote_text(session_user)),
            format!("current_user {EQUAL} {}", quote_text(current_user)),
            format!("{settings} {EQUAL} {values}"),
            // A row of the catalogue that was written anew lies elsewhere, and another transaction wrote it: that shows options,
            // rights, triggers, rules, children, another name. The scan by place is cheap, and gives the rows in order.
            format!(
                "ARRAY(SELECT c.xmin FROM pg_catalog.pg_class AS c WHERE c.ctid {EQUAL} ANY ('{{{}}}'::pg_catalog.tid[]) \
                 AND c.oid {EQUAL} ANY ({})) {EQUAL} '{{{}}}'::pg_catalog.xid[]",
                places.join(","),
                begun.tables.array(),
                written_by.join(",")
            ),
        ];
        // Other rights depend on roles, too.
        conditions.extend(states.iter().filter(|state| !state.owns).map(|state| {
            let table = format!("{}::pg_catalog.oid", state.number);
            format!("pg_catalog.concat({}) {EQUAL} {}", rights(&table), quote_text(&state.rights))
        }));
        // Any lock but that of reading, also one that may turn out to be harmless.
        conditions.push(format!(
            "NOT EXISTS (SELECT FROM pg_catalog.pg_lock_status() AS l WHERE l.relation {EQUAL} ANY \
             ('{{{}}}'::pg_catalog.oid[]) AND l.pid {EQUAL} pg_catalog.pg_backend_pid() \
             AND l.mode OPERATOR(pg_catalog.<>) 'AccessShareLock')",
            watched.join(",")
        ));
        Some(format!("SELECT CASE WHEN {} THEN 0 ELSE {RAISE} END", conditions.join(" AND ")))
    }

    /// One statement that writes the version rows and the log row, and fails unless each of them is there in its table. Its
    /// answer is the number of the log row. None for more than one log row, and where all rows go.
    fn rows(&self, begun: &Begun, bookkeeping: &Bookkeeping<'_>, last_log_id: Option<i64>) -> Option<String> {
        let [record] = bookkeeping.records else { return None };
        if bookkeeping.remove_all {
            return None;
        }
        // Nobody else writes there while this run has the lock; if somebody did, the number is taken, and the slow way asks.
        let number = last_log_id.and_then(|id| id.checked_add(1)).map_or(LogNumber::Next, LogNumber::Is);
        let values = record.values("done");
        if let ([from], [to]) = (bookkeeping.remove, bookkeeping.add)
            && self.may_update(begun)
        {
            let [from, to] = [from, to].map(|row| quote_text(row.as_str()));
            return Some(self.move_and_log(begun, &from, &to, number, &values));
        }
        let (version, (remove, add)) = (&self.tables.version, (bookkeeping.remove, bookkeeping.add));
        let (mut parts, mut conditions) = (Vec::new(), Vec::new());
        let all_in = |part: &str, rows: usize| {
            format!(
                "(SELECT pg_catalog.count(*) FROM {part} AS r WHERE r.tableoid {EQUAL} {}::pg_catalog.oid) {EQUAL} {rows}",
                begun.tables.version
            )
        };
        if !remove.is_empty() {
            parts.push(format!("removed AS ({} RETURNING tableoid)", delete_versions(version, remove, quote_text)));
            conditions.push(all_in("removed", remove.len()));
        }
        if !add.is_empty() {
            parts.push(format!("added AS ({} RETURNING tableoid)", insert_versions(version, add, quote_text)));
            conditions.push(all_in("added", add.len()));
        }
        Some(self.and_log(begun, parts, conditions, number, &values))
    }

    /// The same for a step that puts one head in the place of another; all values are expressions.
    pub(super) fn move_and_log(
        &self,
        begun: &Begun,
        from: &str,
        to: &str,
        number: LogNumber,
        values: &LogValues,
    ) -> String {
        let moved = format!("moved AS ({} RETURNING tableoid)", replace_version(&self.tables.version, from, to));
        self.and_log(begun, vec![moved], vec![is_in("moved", begun.tables.version)], number, values)
    }

    /// Adds the row of the log to what changes the version table.
    fn and_log(
        &self,
        begun: &Begun,
        mut parts: Vec<String>,
        mut conditions: Vec<String>,
        number: LogNumber,
        values: &LogValues,
    ) -> String {
        parts.push(format!("logged AS ({} RETURNING tableoid, id)", insert_log(&self.tables.log, number, values)));
        conditions.push(is_in("logged", begun.tables.log));
        // The journal is not written here, so its name has to say that it is still the same.
        conditions.push(format!(
            "pg_catalog.to_regclass({})::pg_catalog.oid {EQUAL} {}::pg_catalog.oid",
            quote_text(&self.table(TableKind::Journal).quoted()),
            begun.tables.journal
        ));
        format!(
            "WITH {} SELECT CASE WHEN {} THEN (SELECT r.id FROM logged AS r) ELSE {RAISE} END",
            parts.join(", "),
            conditions.join(" AND ")
        )
    }

    /// Whether rows of the version table may be changed in their places.
    pub(super) fn may_update(&self, begun: &Begun) -> bool {
        begun.states.iter().any(|state| state.number == begun.tables.version && state.may_update())
    }

    /// What forgets the rows that the step which is undone now has passed over, if the table of them is there.
    pub(super) fn forget_rejected_sql(&self, begun: &Begun, bookkeeping: &Bookkeeping<'_>) -> Option<String> {
        let [record] = bookkeeping.records else { return None };
        let undone = match record.direction {
            "upgrade" => "downgrade",
            "downgrade" => "upgrade",
            _ => return None,
        };
        (begun.tables.rejected != 0).then(|| {
            format!(
                "DELETE FROM ONLY {} WHERE revision {EQUAL} {}::pg_catalog.text AND direction {EQUAL} '{undone}'::pg_catalog.text",
                self.tables.rejected.quoted(),
                quote_text(&record.revision)
            )
        })
    }

    /// What forgets statements of the journal, if any.
    pub(super) fn forget_sql(&self, forget: &Forget<'_>) -> Option<String> {
        let journal = self.tables.journal.quoted();
        match forget {
            Forget::Nothing => None,
            Forget::Step(step) => Some(format!(
                "DELETE FROM ONLY {journal} WHERE revision {EQUAL} {}::pg_catalog.text AND direction {EQUAL} {}::pg_catalog.text",
                quote_text(step.revision.as_str()),
                quote_text(&step.direction)
            )),
            Forget::Everything => Some(format!("DELETE FROM ONLY {journal}")),
        }
    }
}

/// Whether the only row of a part of the statement went into this table.
fn is_in(part: &str, number: u32) -> String {
    format!("(SELECT r.tableoid FROM {part} AS r) {EQUAL} {number}::pg_catalog.oid")
}

/// Whether a refusal says nothing about the migration: it was cancelled, or lost to a lock. The slow way would, too.
fn is_of_the_moment(sqlstate: &str) -> bool {
    [
        sqlstate::QUERY_CANCELED,
        sqlstate::LOCK_NOT_AVAILABLE,
        sqlstate::DEADLOCK_DETECTED,
        sqlstate::SERIALIZATION_FAILURE,
    ]
    .contains(&sqlstate)
}

impl Unwritten {
    /// The statements that lead back to where the check can begin: in front of the savepoint, or at what is deferred.
    pub(super) fn statements(self) -> String {
        match self {
            Self::Constraints => "SET CONSTRAINTS ALL IMMEDIATE".to_owned(),
            Self::Savepoint => format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}; RELEASE SAVEPOINT {SAVEPOINT}"),
        }
    }

    /// How many they are.
    pub(super) fn count(self) -> usize {
        match self {
            Self::Constraints => 1,
            Self::Savepoint => 2,
        }
    }
}
