//! The frame of one step: begin, bookkeeping, commit.
//!
//! The rows of the version table, the row of the history table and all that the migration does are one transaction. Either
//! all of it is there or nothing: a migration is never applied without being recorded, and never recorded without being applied.
//!
//! The host's statements here go through the simple protocol, with exact literals. A prepared statement would be cheaper,
//! but it lives in the session under a name, where a migration could put another one in its place.

use std::collections::BTreeSet;

use super::connect::Database;
use super::connect::Results;
use super::connect::text_field;
use super::error::DatabaseError;
use super::frame::Breach;
use super::frame::Marks;
use super::frame::TableNumbers;
use super::history::Record;
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

/// How a transaction begins.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// What the server shows in `pg_stat_activity`.
    pub application: &'a str,
    /// The limits.
    pub timeouts: Timeouts,
    /// What the version table has to hold, or the plan does not fit any more.
    pub heads: &'a BTreeSet<RevisionId>,
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
    marks: Marks,
    tables: TableNumbers,
    has_role: bool,
}

/// What is written at the end of a step.
#[derive(Debug, Clone, Copy)]
pub struct Bookkeeping<'a> {
    /// The rows of the version table that go.
    pub remove: &'a [RevisionId],
    /// The rows that come.
    pub add: &'a [RevisionId],
    /// The rows of the history table.
    pub records: &'a [Record],
    /// Whether the migration may leave limits and checks of the session changed, such as `lock_timeout`.
    pub may_configure_session: bool,
}

impl Begun {
    /// The transaction's id, as `pg_current_xact_id()` gives it.
    pub fn transaction(&self) -> &str {
        self.marks.transaction()
    }
}

/// Makes a session as fresh as a new one: what an earlier migration set, made for the session or left open is gone.
const FRESH: &str =
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES";

/// Lets the server end a statement whose client is gone, instead of finding out at its end: until then the lock of runners
/// is held, too.
pub(super) const NOTICE_A_LOST_CLIENT: &str = "SET client_connection_check_interval = 1000;";

/// Lets the server notice within half a minute that the client's machine is gone, with which the lock of runners would else
/// be held for the two hours of the usual keepalives. It also keeps the connection known to whatever translates addresses on
/// the way. Sockets of the same machine need none of it, and ignore it.
pub(super) const NOTICE_A_DEAD_CLIENT: &str = "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; \
     SET tcp_keepalives_count = 3; SET tcp_user_timeout = 30000;";

impl Database {
    /// Begins the transaction of a step, on a session as fresh as the first one.
    ///
    /// It holds the lock of runners a second time, for itself: the lock of the session can be given back by a migration, or
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
        let role = opening.role.map(|role| format!("SET LOCAL ROLE {};", quote_identifier(role))).unwrap_or_default();
        let notice_a_lost_client = if self.can_notice_a_lost_client { NOTICE_A_LOST_CLIENT } else { "" };
        // With another isolation level, what is read after the lock would be what was there before it.
        let sql = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; {FRESH}; SET LOCAL standard_conforming_strings = on; \
             SET LOCAL application_name = {}; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; \
             {NOTICE_A_DEAD_CLIENT} {notice_a_lost_client} SELECT pg_try_advisory_xact_lock({}); \
             SELECT version_num FROM {}; {role} \
             SELECT (extract(epoch FROM transaction_timestamp()) * 1000000)::bigint, array_to_json(current_schemas(false)); {}",
            quote_text(opening.application),
            opening.timeouts.lock_milliseconds,
            opening.timeouts.statement_milliseconds,
            self.lock_key(),
            self.tables.version.quoted(),
            Marks::select(),
        );
        let Results { mut statements, error } = self.results("begin the transaction", sql).await;
        if let Some(error) = error {
            return Err(error);
        }
        let marks = statements.pop().unwrap_or_default();
        let facts = statements.pop().unwrap_or_default();
        if role.is_empty() {
            None
        } else {
            statements.pop()
        };
        let heads = statements.pop().unwrap_or_default();
        let lock = statements.pop().unwrap_or_default();
        if lock.first().and_then(|row| text_field(row, 0)).as_deref() != Some("t") {
            let holder = self.lock_holder().await?.unwrap_or_else(|| "which has just ended".to_owned());
            return Err(DatabaseError::LockLost { holder });
        }
        self.compare_heads(&heads, opening.heads)?;
        let row = facts.first().ok_or_else(|| no_answer("begin the transaction"))?;
        Ok(Begun {
            now_micros: text_field(row, 0).and_then(|text| text.parse().ok()).unwrap_or_default(),
            search_path: text_field(row, 1).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            marks: Marks::read(&marks).ok_or_else(|| no_answer("begin the transaction"))?,
            tables,
            has_role: opening.role.is_some(),
        })
    }

    /// Looks whether the migration kept to its frame, then writes the version rows and the history rows into its
    /// transaction, and checks that each row was there. One round trip.
    ///
    /// # Errors
    /// [`DatabaseError::FrameBroken`] when the migration changed what belongs to the host,
    /// [`DatabaseError::DeferredConstraint`] when what it left to be checked at the end fails,
    /// [`DatabaseError::HeadsMoved`] when somebody else changed the version table, or what the server said.
    pub async fn keep_books(&mut self, begun: &Begun, books: &Bookkeeping<'_>) -> Result<(), DatabaseError> {
        let check = format!(
            // What is deferred is done now, so that it is seen: a trigger could write to the host's tables during COMMIT.
            "SET CONSTRAINTS ALL IMMEDIATE; {}; {}",
            Marks::select(),
            begun.tables.select_locks()
        );
        let statements = self.bookkeeping_statements(begun, books);
        // The migration may have changed the encoding of the client, in which a character could swallow the quote after it.
        // Where there is such a character, the frame is looked at first.
        let apart = !statements.is_ascii();
        let first = if apart { check } else { format!("{check}; {statements}") };
        let mut results = self.results(WRITE, first).await;
        self.look_at_frame(begun, books, &mut results)?;
        if apart {
            results = self.results(WRITE, statements).await;
        }
        self.look_at_books(begun, books, results).await
    }

    fn bookkeeping_statements(&self, begun: &Begun, books: &Bookkeeping<'_>) -> String {
        let version = self.tables.version.quoted();
        let mut statements = Vec::new();
        if begun.has_role {
            statements.push("RESET ROLE".to_owned());
        }
        // Every name is qualified, because the migration may have changed the search path.
        let literals = |revisions: &[RevisionId]| {
            revisions.iter().map(|revision| quote_text(revision.as_str())).collect::<Vec<_>>()
        };
        match &literals(books.remove)[..] {
            [] => {}
            // The usual case, which the server plans faster.
            [one] => statements.push(format!(
                "DELETE FROM {version} WHERE version_num OPERATOR(pg_catalog.=) {one}::pg_catalog.text RETURNING tableoid"
            )),
            several => statements.push(format!(
                "DELETE FROM {version} WHERE version_num OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::pg_catalog.text[]) RETURNING tableoid",
                several.join(", ")
            )),
        }
        if !books.add.is_empty() {
            let rows = literals(books.add).join("), (");
            statements.push(format!("INSERT INTO {version} (version_num) VALUES ({rows}) RETURNING tableoid"));
        }
        for record in books.records {
            statements.push(format!("INSERT INTO {} RETURNING tableoid", self.insert_history("done", record)));
        }
        statements.join("; ")
    }

    /// Takes the results of the check away from the others, and judges them.
    fn look_at_frame(
        &self,
        begun: &Begun,
        books: &Bookkeeping<'_>,
        results: &mut Results,
    ) -> Result<(), DatabaseError> {
        if results.statements.len() < CHECKS {
            return Err(match (results.error.take(), results.statements.len()) {
                (Some(DatabaseError::Statement { error, .. }), 0) => DatabaseError::DeferredConstraint { error },
                (Some(error), _) => error,
                (None, _) => no_answer(WRITE),
            });
        }
        let checks: Vec<_> = results.statements.drain(..CHECKS).collect();
        let mut breaches = match checks.get(1).and_then(|rows| Marks::read(rows)) {
            Some(now) => begun.marks.breaches(&now, books.may_configure_session),
            None => return Err(no_answer(WRITE)),
        };
        let (version, history) = (self.tables.version.to_string(), self.tables.history.to_string());
        let locks = checks.get(2).map(Vec::as_slice).unwrap_or_default();
        breaches.extend(begun.tables.breaches(locks, &version, &history));
        if breaches.is_empty() { Ok(()) } else { Err(DatabaseError::FrameBroken { breaches }) }
    }

    /// Judges the results of the bookkeeping: as many rows as the step changes, in the tables that were there before.
    async fn look_at_books(
        &mut self,
        begun: &Begun,
        books: &Bookkeeping<'_>,
        results: Results,
    ) -> Result<(), DatabaseError> {
        let moved = |table: &crate::config::TableName| DatabaseError::FrameBroken {
            breaches: vec![Breach::Moved { table: table.to_string() }],
        };
        if let Some(error) = results.error {
            return Err(match &error {
                DatabaseError::Statement { error: said, .. } => match said.sqlstate.as_str() {
                    // The tables were there when the transaction began.
                    "42P01" | "3F000" if said.message.contains(&self.tables.history.name) => {
                        moved(&self.tables.history)
                    }
                    "42P01" | "3F000" => moved(&self.tables.version),
                    "23505" if said.table.as_deref() == Some(&self.tables.version.name) => {
                        self.overtaken(format!("it has a row of this step already ({})", list(books.add)))
                    }
                    _ => {
                        let _ = self.rollback().await;
                        self.with_table_lock_holder(error).await
                    }
                },
                _ => error,
            });
        }
        let mut statements = results.statements.into_iter().skip(usize::from(begun.has_role));
        let mut rows_of =
            |expected: usize| if expected == 0 { Vec::new() } else { statements.next().unwrap_or_default() };
        let (removed, added) = (rows_of(books.remove.len()), rows_of(books.add.len()));
        let in_table = |rows: &[sqlx::postgres::PgRow], number: u32| {
            rows.iter().all(|row| text_field(row, 0).is_some_and(|text| text == number.to_string()))
        };
        if !(in_table(&removed, begun.tables.version) && in_table(&added, begun.tables.version)) {
            return Err(moved(&self.tables.version));
        }
        if removed.len() != books.remove.len() {
            let what = format!(
                "{} of {} row(s) of this step are there ({})",
                removed.len(),
                books.remove.len(),
                list(books.remove)
            );
            return Err(self.overtaken(what));
        }
        if added.len() != books.add.len() {
            return Err(self.overtaken(format!("it did not take the row(s) of this step ({})", list(books.add))));
        }
        let recorded: Vec<_> = statements.collect();
        if recorded.len() != books.records.len()
            || !recorded.iter().all(|rows| rows.len() == 1 && in_table(rows, begun.tables.history))
        {
            return Err(moved(&self.tables.history));
        }
        Ok(())
    }

    /// Commits.
    ///
    /// # Errors
    /// [`DatabaseError::Statement`], such as from a deferred constraint; [`DatabaseError::CommitUnknown`] when the
    /// connection was lost before the answer came.
    pub async fn commit(&mut self) -> Result<(), DatabaseError> {
        match self.simple("commit", "COMMIT".to_owned()).await {
            Ok(_) => Ok(()),
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

/// What the host does when it keeps the books.
const WRITE: &str = "write the version table and the history table";

/// The number of statements that look at the frame.
const CHECKS: usize = 3;

fn list(revisions: &[RevisionId]) -> String {
    revisions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The server sent fewer results than statements, which its protocol does not allow.
fn no_answer(doing: &str) -> DatabaseError {
    DatabaseError::Lost { doing: doing.to_owned(), reason: "a result is missing in the server's answer".to_owned() }
}
