//! The statements of a guest without a transaction around the migration.
//!
//! Each statement is sent in a transaction of its own, together with the row of the journal that says that it is done.
//! What PostgreSQL refuses in a transaction block stands alone, between one row that says that it was begun and another
//! one that says that it is done. A guest is deterministic, so a rerun sends the same statements again: what the journal
//! says is done is not sent, and the guest gets the number of rows that it got then.

mod begin;
mod error;
mod integrity;
mod statement;
mod transform;

use std::collections::BTreeMap;

use tokio::sync::mpsc::UnboundedSender;

pub use self::error::JournalError;
pub(super) use self::integrity::StatementBaseline;
pub use self::transform::Progression;
use super::connect::Database;
use super::error::DatabaseError;
use super::opening::Timeouts;
use super::session::Prepared;
use super::session::Session;
use super::session::SessionError;
use super::sqlstate::QUERY_CANCELED;
use super::statement_journal::JournalRow;
use super::statement_journal::StatementState;
use super::statement_journal::StepKey;
use super::statement_journal::Unfinished;
use super::statement_journal::digest;
use super::violation::MayChange;
use crate::bindings::sql::ResultSet;
use crate::bindings::types::Error;
use crate::bindings::types::Value;
use crate::sql::ExecutionMode;

/// What the host does when it waits for a statement.
const RUN: &str = "run a statement of the migration";
/// How often a row is written anew when a cancel that was meant for the statement before hits it.
const WRITES_MAX: u32 = 20;

/// How far a migration without a transaction came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many statements from the first one on are done, in this run and in earlier ones.
    pub done: u32,
    /// The number of the statement that did not come to its end.
    pub broken: Option<u32>,
    /// Whether that one may have left something behind, because it stood alone.
    pub broken_alone: bool,
    /// Whether that one is a transform, which commits batch by batch.
    pub is_transforming: bool,
}

/// What a migration without a transaction learns of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// When it ran for the first time, by the database's clock: microseconds since 1970-01-01 UTC.
    pub now_micros: i64,
    /// The schemas in which names are looked up.
    pub search_path: Vec<String>,
}

/// What holds for the statements of a migration without a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The limits of the project.
    pub timeouts: Timeouts,
    /// Whether they run under a role, and the host's own ones do not.
    pub has_role: bool,
    /// What a statement may leave changed.
    pub may_change: MayChange,
}

/// A database while a guest works with it, without a transaction around it.
pub struct NonTransactionalSession {
    session: Session,
    step: StepKey,
    clock_micros: i64,
    rules: Rules,
    /// What earlier runs wrote.
    past: BTreeMap<u32, JournalRow>,
    /// The number of statements so far.
    position: u32,
    progress: Progress,
    /// Whether something failed: then nothing more is sent.
    has_failed: bool,
    /// Which of the host's limits the migration has replaced by its own.
    own_lock_timeout: bool,
    own_statement_timeout: bool,
    /// A row that has to be written once the guest has ended.
    unwritten: Option<JournalRow>,
    notes: UnboundedSender<String>,
}

/// What a guest asks for.
#[derive(Clone, Copy)]
enum Call<'a> {
    Text { sql: &'a str, params: &'a [Value] },
    Prepared { prepared: &'a Prepared, params: &'a [Value] },
    Many { prepared: &'a Prepared, rows: &'a [Vec<Value>] },
}

impl Call<'_> {
    fn sql(&self) -> &str {
        match self {
            Self::Text { sql, .. } => sql,
            Self::Prepared { prepared, .. } | Self::Many { prepared, .. } => prepared.sql(),
        }
    }

    fn digest(&self) -> Result<String, SessionError> {
        match self {
            Self::Text { sql, params } => digest(sql, [*params]),
            Self::Prepared { prepared, params } => digest(prepared.sql(), [*params]),
            Self::Many { prepared, rows } => digest(prepared.sql(), rows.iter().map(Vec::as_slice)),
        }
        .map_err(|reason| SessionError::guest(Error::BadParams(reason)))
    }
}

impl NonTransactionalSession {
    /// Hands a database to a guest. `notes` gets what the operator should know while it runs.
    pub fn new(
        session: Session,
        step: StepKey,
        clock_micros: i64,
        past: Vec<JournalRow>,
        rules: Rules,
        notes: UnboundedSender<String>,
    ) -> Self {
        let unfinished = Unfinished::all(past.clone()).pop();
        let in_flight = past.iter().any(|row| row.alone && !row.state.is_done());
        let progress = Progress {
            done: unfinished.map_or(0, |unfinished| unfinished.done),
            broken: None,
            broken_alone: in_flight,
            is_transforming: false,
        };
        Self {
            session,
            step,
            clock_micros,
            rules,
            past: past.into_iter().map(|row| (row.position, row)).collect(),
            position: 0,
            progress,
            has_failed: false,
            own_lock_timeout: false,
            own_statement_timeout: false,
            unwritten: None,
            notes,
        }
    }

    /// Server version as in `server_version_num`.
    pub fn server_version(&self) -> u32 {
        self.session.server_version()
    }

    /// Takes the database back, outside of any transaction and fresh, after the last row of the journal is written.
    ///
    /// `is_done` says whether the guest came to its end; then it must have sent all that the journal knows of.
    pub async fn end(mut self, is_done: bool) -> (Database, Progress, Result<(), DatabaseError>) {
        let unwritten = self.unwritten.take();
        let position = self.position;
        let known = self.past.values().filter(|row| row.state.is_done()).map(|row| row.position).max();
        let (progress, mut database) = (self.progress, self.session.into_database());
        let mut result = database.refresh_session().await;
        if let Some(row) = unwritten {
            let written = write_surely(&mut database, &row).await;
            result = result.and(written);
        }
        if let (true, true, Some(done)) = (result.is_ok(), is_done, known) {
            result = Err(JournalError::Shorter { sent: position, done }.into());
        }
        (database, progress, result)
    }

    /// Runs one statement and gives the number of rows touched.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, SessionError> {
        self.run(Call::Text { sql, params }).await
    }

    /// Runs a prepared statement and gives the number of rows touched.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn execute_prepared(&mut self, prepared: &Prepared, params: &[Value]) -> Result<u64, SessionError> {
        self.run(Call::Prepared { prepared, params }).await
    }

    /// Runs a prepared statement once for each row of parameters; all of it counts as one statement.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn execute_many(&mut self, prepared: &Prepared, rows: &[Vec<Value>]) -> Result<u64, SessionError> {
        self.run(Call::Many { prepared, rows }).await
    }

    /// Prepares one statement; the server decides the types of the parameters.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn prepare(&mut self, sql: &str) -> Result<Prepared, SessionError> {
        self.refuse_after_failure()?;
        self.session.liveness().over(RUN, self.session.prepare(sql)).await
    }

    /// Runs one statement that reads, and gives its rows. It is not in the journal: a rerun reads again.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn query(&mut self, sql: &str, params: &[Value]) -> Result<ResultSet, SessionError> {
        self.begin_reading(sql).await?;
        let result = self.session.liveness().over(RUN, self.session.query(sql, params)).await;
        self.end_reading(result).await
    }

    /// The same for a prepared statement.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn query_prepared(&mut self, prepared: &Prepared, params: &[Value]) -> Result<ResultSet, SessionError> {
        self.begin_reading(prepared.sql()).await?;
        let result = self.session.liveness().over(RUN, self.session.query_prepared(prepared, params)).await;
        self.end_reading(result).await
    }

    /// Refuses a savepoint.
    pub fn no_savepoint() -> SessionError {
        misuse("a migration with transaction = \"none\" has no transaction, and so no savepoints")
    }

    /// The answer to a cursor.
    pub fn no_cursor() -> SessionError {
        misuse("a migration with transaction = \"none\" has no transaction, and so no cursors")
    }

    async fn begin_reading(&mut self, sql: &str) -> Result<(), SessionError> {
        self.refuse_after_failure()?;
        if let ExecutionMode::Autocommit(_) | ExecutionMode::Session = crate::sql::execution_mode(sql) {
            return Err(misuse("this statement gives no rows: send it with execute"));
        }
        // What a query writes would be written again by a rerun, because there is no row of the journal for it.
        self.simple("begin to read", "BEGIN READ ONLY").await
    }

    async fn end_reading(&mut self, result: Result<ResultSet, SessionError>) -> Result<ResultSet, SessionError> {
        if let Err(SessionError::Fatal(_)) = &result {
            return result;
        }
        self.simple("end to read", "ROLLBACK").await?;
        if let Err(SessionError::Guest(error)) = &result
            && let Error::Sql(_) = error.as_ref()
        {
            self.has_failed = true;
        }
        result
    }

    async fn run(&mut self, call: Call<'_>) -> Result<u64, SessionError> {
        self.refuse_after_failure()?;
        let execution_mode = crate::sql::execution_mode(call.sql());
        if let ExecutionMode::Refused(reason) = execution_mode {
            return Err(misuse(reason));
        }
        let digest = call.digest()?;
        let position = self.position.saturating_add(1);
        let row = self.row(position, call.sql(), digest, &execution_mode);
        if let Some(past) = self.past.remove(&position)
            && let Some(rows) = self.take_up(&past, &row).await?
        {
            self.done(position);
            // What it set is gone with the session of the earlier run.
            if execution_mode == ExecutionMode::Session {
                self.send(call).await?;
                self.notice_own_limits(call.sql());
            }
            return Ok(rows);
        }
        let result = match execution_mode {
            ExecutionMode::Autocommit(kind) => self.alone(call, row, &kind).await,
            _ => self.atomic(call, row).await,
        };
        if let Err(SessionError::Guest(error)) = &result
            && !matches!(error.as_ref(), Error::Sql(_))
        {
            // Nothing was sent, and the guest may try it otherwise.
            return result;
        }
        match &result {
            Ok(_) => {
                self.done(position);
                self.notice_own_limits(call.sql());
            }
            Err(_) => {
                self.position = position;
                // One that ran alone may be done although what it did besides ends the migration.
                self.progress.broken = (self.progress.done < position).then_some(position);
                self.has_failed = true;
            }
        }
        result
    }

    fn notice_own_limits(&mut self, sql: &str) {
        match crate::sql::parameter_set(sql).as_deref() {
            Some("lock_timeout") => self.own_lock_timeout = true,
            Some("statement_timeout") => self.own_statement_timeout = true,
            _ => {}
        }
    }

    fn done(&mut self, position: u32) {
        self.position = position;
        self.progress.done = self.progress.done.max(position);
    }

    /// As in a transaction, the first failure is the end; otherwise a rerun would not take the same way.
    fn refuse_after_failure(&self) -> Result<(), SessionError> {
        if self.has_failed {
            return Err(misuse(
                "a statement failed before, and a migration with transaction = \"none\" ends there: return its error",
            ));
        }
        Ok(())
    }

    fn row(&self, position: u32, sql: &str, digest: String, execution_mode: &ExecutionMode) -> JournalRow {
        JournalRow {
            step: self.step.clone(),
            position,
            digest,
            statement: sql.to_owned(),
            command: crate::sql::name_of(sql),
            alone: matches!(execution_mode, ExecutionMode::Autocommit(_)),
            state: StatementState::Started,
            found: None,
            rows: 0,
            error: None,
            clock_micros: self.clock_micros,
        }
    }
}

/// Writes a row although cancels that were meant for a statement may still come.
async fn write_surely(database: &mut Database, row: &JournalRow) -> Result<(), DatabaseError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match database.write_journal(row).await {
            Ok(_) => return Ok(()),
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == QUERY_CANCELED && tries < WRITES_MAX => {}
            Err(error) => return Err(error),
        }
    }
}

fn misuse(reason: &str) -> SessionError {
    SessionError::guest(Error::Misuse(reason.to_owned()))
}

fn fatal(error: JournalError) -> SessionError {
    SessionError::Fatal(error.into())
}
