//! The transaction of one step: begin, bookkeeping, commit.
//!
//! The rows of the version table, the row of the log table and all that the migration does are one transaction. Either
//! all of it is there or nothing: a migration is never applied without being recorded, and never recorded without being applied.
//!
//! The host's statements here go through the simple protocol, with exact literals. A prepared statement would be cheaper,
//! but it lives in the session under a name, where a migration could put another one in its place.

use sqlx::postgres::PgRow;

use super::connect::Database;
use super::connect::Results;
use super::driver::text_field;
use super::error::DatabaseError;
use super::integrity::TransactionState;
use super::known::KnownSession;
use super::known::KnownTables;
use super::log::Record;
use super::opening::Opening;
use super::prepared_end::EndTexts;
use super::prepared_end::PREPARED_AT;
use super::prepared_end::PreparedEnd;
use super::rejected_row::RejectedRow;
use super::sqlstate::READ_ONLY_SQL_TRANSACTION;
use super::statement_journal::StepKey;
use super::table_state::TableDetails;
use super::table_state::TableNumbers;
use super::table_state::TableState;
use super::violation::MayChange;
use super::violation::Violation;
use crate::revision::RevisionId;
use crate::value::quote_identifier;
use crate::value::quote_text;

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

/// The text that begins a step.
#[derive(Debug)]
pub(super) struct BeginText {
    pub(super) sql: String,
    /// Whether it asks for the state of the host's tables, and for that of the session.
    asks_tables: bool,
    asks_session: bool,
    /// What it prepares, and asks when.
    prepares: Option<EndTexts>,
}

/// What a step does with the prepared statements of its session.
#[derive(Debug, Clone)]
pub(super) enum SessionStatements {
    /// All of them go.
    Deallocate,
    /// The same, and those of the host come.
    Prepare(EndTexts),
    /// Those of the host stay; the text before this one has seen that there are no others.
    Keep,
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
    /// Which statements of unfinished steps are forgotten with it.
    pub forget: Forget<'a>,
    /// The rows that the step passed over.
    pub rejected: &'a [RejectedRow],
}

/// Rows of the journal that go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forget<'a> {
    /// None.
    Nothing,
    /// Those of one step.
    Step(&'a StepKey),
    /// All, also those that cannot be read.
    Everything,
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
pub(super) const COMMIT: &str = "SET TRANSACTION READ ONLY; COMMIT";

/// What the host does when it begins a step.
pub(super) const BEGIN: &str = "begin the transaction";

/// Makes a session as fresh as a new one: what an earlier migration set, prepared, made for the session or left open is gone.
/// These are the parts of DISCARD ALL (PostgreSQL manual), which cannot run in a transaction, without its last one: that would
/// give up the migration lock.
const FRESH: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; \
     DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES";

/// The same for a session whose prepared statements were just found to be the host's and no others. Plans are made anew anyway
/// where something changes.
const FRESH_BUT_PREPARED: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; \
     DISCARD SEQUENCES";

/// Lets the server end a statement whose client is gone, instead of finding out at its end: until then the migration lock
/// is held, too.
pub(super) const NOTICE_A_LOST_CLIENT: &str = "SET client_connection_check_interval = 1000";

/// Lets the server notice within half a minute that the client's machine is gone, with which the migration lock would else
/// be held for the two hours of the usual keepalives. It also keeps the connection known to whatever translates addresses on
/// the way. Sockets of the same machine need none of it, and ignore it.
///
/// Sessions begin with it where that can be had (`DEAD_CLIENT_SETTINGS`): then it survives RESET ALL, and no step has to say it
/// again.
pub(super) const NOTICE_A_DEAD_CLIENT: &str = "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; \
     SET tcp_keepalives_count = 3; SET tcp_user_timeout = 30000";

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
        if let Some(begun) = self.take_begun(opening).await? {
            return Ok(begun);
        }
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
        self.known.prepared = None;
        let text = self.begin_text(opening, tables, SessionStatements::Deallocate);
        if !text.sql.is_ascii() {
            self.simple(BEGIN, crate::sql::READ_AS_THE_SCANNER.to_owned()).await?;
        }
        let Results { statements, error } = self.results(BEGIN, text.sql.clone()).await;
        match error {
            Some(error) => Err(error),
            None => self.read_begun(opening, tables, &text, statements).await,
        }
    }

    /// Judges the answers to the text that begins a step.
    ///
    /// # Errors
    /// Those of [`Database::begin`]; the transaction is still open then.
    pub(super) async fn read_begun(
        &mut self,
        opening: &Opening<'_>,
        tables: TableNumbers,
        text: &BeginText,
        mut statements: Vec<Vec<PgRow>>,
    ) -> Result<Begun, DatabaseError> {
        let &BeginText { asks_tables, asks_session, .. } = text;
        let mut last = || statements.pop().unwrap_or_default();
        let mut state = if asks_session { last() } else { Vec::new() };
        let has_role = opening.role.is_some();
        let facts_apart = if has_role { Some(last()) } else { None };
        if has_role {
            last();
        }
        let prepared_at = if text.prepares.is_some() { last() } else { Vec::new() };
        let (details, states) = if asks_tables { (last(), last()) } else { (Vec::new(), Vec::new()) };
        let (heads, lock) = (last(), last());
        self.refuse_without_lock(&lock).await?;
        // A purge takes whatever there is.
        if !opening.any_heads {
            self.compare_heads(&heads, opening.heads)?;
        }
        if let Some(texts) = &text.prepares {
            let at = prepared_at.first().and_then(|row| text_field(row, 0)).ok_or_else(|| no_answer(BEGIN))?;
            self.known.prepared = Some(PreparedEnd::new(texts.clone(), &at));
        }
        if asks_tables {
            let (states, details) = (TableState::read(&states), TableDetails::read(&details));
            self.known.tables = Some(KnownTables { states, details });
        }
        // Without a role they stand behind the answer about the lock.
        let (facts, behind) = facts_apart.map_or((lock, 1), |facts| (facts, 0));
        let row = facts.first().ok_or_else(|| no_answer(BEGIN))?;
        let optional_fact = |index: usize| text_field(row, behind + index);
        let fact = |index| optional_fact(index).ok_or_else(|| no_answer(BEGIN));
        let (transaction, loaded) = (fact(0)?, fact(1)?);
        let known = self.known.session.as_ref().filter(|_| !asks_session);
        let state = match known.and_then(|session| session.state(&loaded, &transaction)) {
            Some(state) => state,
            None => {
                // The server has read its settings again since they were asked for.
                if !asks_session {
                    state = self.simple(BEGIN, TransactionState::select()).await?;
                }
                let state = TransactionState::read(&state).ok_or_else(|| no_answer(BEGIN))?;
                self.known.session = Some(KnownSession::new(opening, loaded, state.clone()));
                state
            }
        };
        Ok(Begun {
            now_micros: optional_fact(2).and_then(|text| text.parse().ok()).unwrap_or_default(),
            search_path: optional_fact(3).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            state,
            tables,
            states: self.known.tables.as_ref().map(|known| known.states.clone()).unwrap_or_default(),
            has_role,
        })
    }

    /// The text that begins a step. What comes last is read first: the answers to RESET and SET are not counted.
    pub(super) fn begin_text(
        &self,
        opening: &Opening<'_>,
        tables: TableNumbers,
        session_statements: SessionStatements,
    ) -> BeginText {
        // What earlier steps of the run have found out is not asked again.
        let asks_tables = self.known.tables.is_none();
        let asks_session = !self.known.session.as_ref().is_some_and(|session| session.is_of(opening));
        let key = self.lock_key();
        let mut statements = Vec::new();
        let (fresh, prepares) = match session_statements {
            SessionStatements::Deallocate => (FRESH, None),
            SessionStatements::Keep => (FRESH_BUT_PREPARED, None),
            SessionStatements::Prepare(texts) => {
                // In a transaction of their own: they take the locks of what they would write.
                statements.extend(["BEGIN".to_owned(), FRESH.to_owned()]);
                statements.extend(texts.prepare());
                statements.push("COMMIT".to_owned());
                (FRESH_BUT_PREPARED, Some(texts))
            }
        };
        statements.extend([
            // With another isolation level, what is read after the lock would be what was there before it. What an earlier
            // step has set decides how this transaction begins, unless all is said.
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE".to_owned(),
            fresh.to_owned(),
            "SET LOCAL standard_conforming_strings = on".to_owned(),
            format!("SET LOCAL application_name = {}", quote_text(opening.application)),
            format!("SET LOCAL lock_timeout = {}", opening.timeouts.lock_milliseconds),
            format!("SET LOCAL statement_timeout = {}", opening.timeouts.statement_milliseconds),
        ]);
        let dead = !self.connector.is_local_socket() && !self.notices_a_dead_client;
        let lost = self.can_notice_a_lost_client;
        let notice = [(dead, NOTICE_A_DEAD_CLIENT), (lost, NOTICE_A_LOST_CLIENT)];
        statements.extend(notice.iter().filter(|(wanted, _)| *wanted).map(|(_, set)| (*set).to_owned()));
        let facts = format!(
            "pg_catalog.pg_current_xact_id(), pg_catalog.pg_conf_load_time(), {}, \
             pg_catalog.array_to_json(pg_catalog.current_schemas(false))",
            micros("pg_catalog.transaction_timestamp()"),
        );
        // Nothing between here and there changes them, but a role.
        let with_lock = if opening.role.is_none() { format!(", {facts}") } else { String::new() };
        // The locks that a migration has left in the session go, and the one of runners with them; it is taken again while the
        // transaction holds it, so it is never free. CASE says in which order (PostgreSQL manual, "Expression Evaluation Rules").
        statements.push(format!(
            "SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock({key}) \
             THEN CASE WHEN pg_catalog.pg_advisory_unlock_all()::pg_catalog.text IS NOT NULL \
             THEN pg_catalog.pg_try_advisory_lock({key}) END END{with_lock}"
        ));
        // A statement of its own: it has to see what was committed until the lock was free.
        statements.push(format!(
            "SELECT version_num FROM ONLY {} LIMIT {}",
            self.tables.version.quoted(),
            opening.heads.len() + 1
        ));
        if asks_tables {
            statements.extend([tables.select_states(), tables.select_details()]);
        }
        if prepares.is_some() {
            statements.push(PREPARED_AT.to_owned());
        }
        if let Some(role) = opening.role {
            statements.extend([format!("SET LOCAL ROLE {}", quote_identifier(role)), format!("SELECT {facts}")]);
        }
        if asks_session {
            statements.push(TransactionState::select());
        }
        BeginText { sql: statements.join("; "), asks_tables, asks_session, prepares }
    }

    /// Commits.
    ///
    /// # Errors
    /// [`DatabaseError::IntegrityViolated`] when something waits for the COMMIT to write then;
    /// [`DatabaseError::DeferredConstraint`] when what waits for it fails; [`DatabaseError::CommitUnknown`] when the connection
    /// was lost before the answer came.
    pub async fn commit(&mut self) -> Result<(), DatabaseError> {
        self.simple("commit", COMMIT.to_owned()).await.map_err(|error| unknown(not_committed(error)))?;
        Ok(())
    }

    /// Rolls back.
    ///
    /// # Errors
    /// [`DatabaseError::Lost`] when the connection is gone; then the server rolls back by itself.
    pub async fn rollback(&mut self) -> Result<(), DatabaseError> {
        // It does not take back what was prepared.
        self.known.prepared = None;
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

/// What was deferred fails.
pub(super) fn deferred(error: DatabaseError) -> DatabaseError {
    match error {
        DatabaseError::Statement { error, .. } => DatabaseError::DeferredConstraint { error },
        error => error,
    }
}

/// Whatever ends the connection after a COMMIT was sent leaves open whether it was done.
pub(super) fn unknown(error: DatabaseError) -> DatabaseError {
    match error {
        DatabaseError::Lost { reason, .. } => DatabaseError::CommitUnknown { reason, why: None },
        error => error,
    }
}

/// What the refusal of a COMMIT means.
pub(super) fn not_committed(error: DatabaseError) -> DatabaseError {
    match error {
        DatabaseError::Statement { error, .. } if error.sqlstate == READ_ONLY_SQL_TRANSACTION => {
            DatabaseError::IntegrityViolated { violations: vec![Violation::Deferred { message: error.message }] }
        }
        error => deferred(error),
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
