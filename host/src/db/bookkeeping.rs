//! The end of one step: the integrity of the migration's transaction is checked, and what it did is recorded in it.
//!
//! Usually one text does it all (`fast_commit`). Where that finds something, or cannot be used, the check is made here, statement by statement.

use sqlx::postgres::PgRow;

use super::connect::Database;
use super::connect::Results;
use super::driver::text_field;
use super::error::DatabaseError;
use super::fast_commit::FastCommitResult;
use super::fast_commit::Unwritten;
use super::fast_commit::WRITE;
use super::integrity::Locks;
use super::integrity::TransactionState;
use super::log::Record;
use super::opening::Opening;
use super::rejected_row::RejectedRow;
use super::sqlstate::INVALID_SCHEMA_NAME;
use super::sqlstate::UNDEFINED_TABLE;
use super::sqlstate::UNIQUE_VIOLATION;
use super::statement_journal::StepKey;
use super::table_state::TableDetails;
use super::table_state::TableNumbers;
use super::table_state::TableState;
use super::transaction::Begun;
use super::transaction::Bookkeeping;
use super::transaction::deferred;
use super::transaction::no_answer;
use super::version_rows::LogNumber;
use super::version_rows::delete_versions;
use super::version_rows::insert_log;
use super::version_rows::insert_versions;
use super::violation::MayChange;
use super::violation::Violation;
use crate::revision::RevisionId;
use crate::value::quote_text;

/// The number of statements of the integrity check.
const CHECKS: usize = 3;

impl Database {
    /// Ends a step: checks the integrity of the transaction, writes the version rows and the log row into
    /// its transaction, checks that each row is there, and commits. One round trip; some more where there is something to look
    /// at more closely, or a savepoint is open.
    ///
    /// With `next`, the transaction of the step after it may begin in the same round trip; [`Database::begin`] knows.
    ///
    /// # Errors
    /// [`DatabaseError::IntegrityViolated`] when the migration changed what belongs to the host,
    /// [`DatabaseError::DeferredConstraint`] when what it left to be checked at the end fails,
    /// [`DatabaseError::HeadsMoved`] when somebody else changed the version table, [`DatabaseError::CommitUnknown`] when the
    /// connection was lost before the answer came, or what the server said.
    pub async fn finish(
        &mut self,
        begun: &Begun,
        bookkeeping: &Bookkeeping<'_>,
        next: Option<&Opening<'_>>,
    ) -> Result<(), DatabaseError> {
        // What is set inside of a savepoint is undone when that ends, which would be within the COMMIT.
        if let Some(savepoint) = self.savepoint.take() {
            self.simple(WRITE, format!("RELEASE SAVEPOINT {savepoint}")).await?;
        }
        let last_log_id = self.known.last_log_id.take();
        let mut unwritten = Unwritten::Constraints;
        if let Some(end) = self.fast_commit(begun, bookkeeping, last_log_id, next) {
            match self.commit_fast(end, begun, next).await? {
                FastCommitResult::Committed => return Ok(()),
                FastCommitResult::Doubt => unwritten = Unwritten::Savepoint,
            }
        }
        self.write_bookkeeping(begun, bookkeeping, unwritten).await?;
        if let (false, [record, ..]) = (bookkeeping.rejected.is_empty(), bookkeeping.records) {
            self.record_rejected(begun, record, bookkeeping.rejected).await?;
        }
        let forget = self.forget_sql(&bookkeeping.forget).into_iter();
        for forget in forget.chain(self.forget_rejected_sql(begun, bookkeeping)) {
            self.simple("clear the journal", forget).await?;
        }
        self.commit().await
    }

    async fn record_rejected(
        &mut self,
        begun: &Begun,
        record: &Record,
        rows: &[RejectedRow],
    ) -> Result<(), DatabaseError> {
        let revision = RevisionId::new(&record.revision).map_err(|_| no_answer(WRITE))?;
        let step = StepKey { revision, direction: record.direction.to_owned() };
        self.write_rejected(&step, begun.tables.rejected, rows).await
    }

    /// The slow way: the check is made statement by statement, so that it can be said what is wrong.
    async fn write_bookkeeping(
        &mut self,
        begun: &Begun,
        bookkeeping: &Bookkeeping<'_>,
        unwritten: Unwritten,
    ) -> Result<(), DatabaseError> {
        let check = format!(
            // What is deferred is done now, so that it is seen: a trigger could write to the host's tables during COMMIT.
            "{}; {}; {}; {}",
            unwritten.statements(),
            TransactionState::select(),
            begun.tables.select_locks(),
            begun.tables.select_states()
        );
        let statements = self.bookkeeping_statements(begun, bookkeeping);
        // The migration may have changed the encoding of the client, in which a character could swallow the quote after it.
        // Where there is such a character, the integrity check comes first.
        let apart = !statements.is_ascii();
        let first = if apart { check } else { format!("{check}; {statements}") };
        let mut results = self.results(WRITE, first).await;
        self.check_integrity(begun, bookkeeping, unwritten, &mut results).await?;
        if apart {
            results = self.results(WRITE, statements).await;
        }
        self.check_bookkeeping(begun, bookkeeping, results).await
    }

    fn bookkeeping_statements(&self, begun: &Begun, bookkeeping: &Bookkeeping<'_>) -> String {
        let version = &self.tables.version;
        let mut statements = Vec::new();
        if begun.has_role {
            statements.push("RESET ROLE".to_owned());
        }
        if bookkeeping.remove_all {
            statements.push(format!("DELETE FROM ONLY {} RETURNING tableoid", version.quoted()));
        } else if !bookkeeping.remove.is_empty() {
            let delete = delete_versions(version, bookkeeping.remove, quote_text);
            statements.push(format!("{delete} RETURNING tableoid"));
        }
        if !bookkeeping.add.is_empty() {
            let insert = insert_versions(version, bookkeeping.add, quote_text);
            statements.push(format!("{insert} RETURNING tableoid"));
        }
        for record in bookkeeping.records {
            let insert = insert_log(&self.tables.log, LogNumber::Next, &record.values("done"));
            statements.push(format!("{insert} RETURNING tableoid"));
        }
        statements.join("; ")
    }

    /// Takes the results of the check away from the others, and judges them.
    async fn check_integrity(
        &mut self,
        begun: &Begun,
        bookkeeping: &Bookkeeping<'_>,
        unwritten: Unwritten,
        results: &mut Results,
    ) -> Result<(), DatabaseError> {
        let before = unwritten.count();
        if results.statements.len() < before + CHECKS {
            return Err(match (results.error.take(), results.statements.len()) {
                (Some(error), 0) if unwritten == Unwritten::Constraints => deferred(error),
                (Some(error), _) => error,
                (None, _) => no_answer(WRITE),
            });
        }
        let checks: Vec<_> = results.statements.drain(..before + CHECKS).skip(before).collect();
        let mut violations = match checks.first().and_then(|rows| TransactionState::read(rows)) {
            Some(now) => begun.state.violations(&now, bookkeeping.may_change),
            None => return Err(no_answer(WRITE)),
        };
        // The quick way does not let these pass. They are the transaction's, and go with it or with the next step's RESET ALL.
        violations.retain(|violation| !violation.is_stricter_limit());
        let rows = |index: usize| checks.get(index).map(Vec::as_slice).unwrap_or_default();
        // In a transaction that has failed nothing can be asked.
        let may_ask = results.error.is_none();
        violations.extend(
            self.look_at_tables(begun.tables, &begun.states, Some(rows(1)), rows(2), bookkeeping.may_change, may_ask)
                .await?,
        );
        if violations.is_empty() { Ok(()) } else { Err(DatabaseError::IntegrityViolated { violations }) }
    }

    /// Judges the locks of this transaction on the host's tables and the signs of what is attached to them. Where there is a
    /// sign, and the transaction `may_ask`, it takes a round trip; so it does where the locks are gone.
    pub(super) async fn look_at_tables(
        &mut self,
        tables: TableNumbers,
        states_before: &[TableState],
        locks: Option<&[PgRow]>,
        signs: &[PgRow],
        may_change: MayChange,
        may_ask: bool,
    ) -> Result<Vec<Violation>, DatabaseError> {
        let named: Vec<_> = tables.kinds().map(|kind| (tables.number(kind), self.table(kind).to_string())).collect();
        let locks = locks.map_or(Locks { may_attach: true, ..Locks::default() }, |locks| Locks::read(locks, &named));
        let Locks { mut violations, may_attach, changes_defaults } = locks;
        let is_signed = signs.iter().any(|row| text_field(row, 1).as_deref() != Some("f"));
        if may_ask && violations.is_empty() && (may_attach || is_signed) {
            violations.extend(self.attachments(tables).await?);
            violations.extend(self.changed_details(tables).await?);
        }
        if changes_defaults && !may_change.defaults {
            violations.push(Violation::Defaults);
        }
        let states_now = TableState::read(signs);
        // Of a table that was altered the lock says enough.
        let is_told = |table: &str| {
            violations
                .iter()
                .any(|violation| matches!(violation, Violation::Touched { table: told, .. } if told == table))
        };
        let named: Vec<_> = named.into_iter().filter(|(_, table)| !is_told(table)).collect();
        for (number, table) in named {
            violations.extend(TableState::violations(states_before, &states_now, number, &table));
        }
        if violations.is_empty()
            && let Some(known) = &mut self.known.tables
        {
            known.states = states_now;
        }
        Ok(violations)
    }

    /// What is different at the host's tables of what a plain ANALYZE does not change, since the run began. One round trip.
    async fn changed_details(&mut self, tables: TableNumbers) -> Result<Vec<Violation>, DatabaseError> {
        let rows = self.simple(WRITE, tables.select_details()).await?;
        let now = TableDetails::read(&rows);
        let Some(known) = &self.known.tables else { return Ok(Vec::new()) };
        let violations = tables.kinds().map(|kind| {
            TableDetails::violations(&known.details, &now, tables.number(kind), &self.table(kind).to_string())
        });
        Ok(violations.flatten().collect())
    }

    /// Judges the results of the bookkeeping: as many rows as the step changes, in the tables that were there before.
    async fn check_bookkeeping(
        &mut self,
        begun: &Begun,
        bookkeeping: &Bookkeeping<'_>,
        results: Results,
    ) -> Result<(), DatabaseError> {
        let moved = |table: &crate::config::TableName| DatabaseError::IntegrityViolated {
            violations: vec![Violation::Moved { table: table.to_string() }],
        };
        if let Some(error) = results.error {
            return Err(match &error {
                DatabaseError::Statement { error: said, .. } => match said.sqlstate.as_str() {
                    // The tables were there when the transaction began.
                    UNDEFINED_TABLE | INVALID_SCHEMA_NAME if said.message.contains(&self.tables.log.name) => {
                        moved(&self.tables.log)
                    }
                    UNDEFINED_TABLE | INVALID_SCHEMA_NAME => moved(&self.tables.version),
                    UNIQUE_VIOLATION if said.table.as_deref() == Some(&self.tables.version.name) => {
                        self.overtaken(format!("it has a row of this step already ({})", list(bookkeeping.add)))
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
        let removes = if bookkeeping.remove_all { 1 } else { bookkeeping.remove.len() };
        let (removed, added) = (rows_of(removes), rows_of(bookkeeping.add.len()));
        let in_table = |rows: &[sqlx::postgres::PgRow], number: u32| {
            rows.iter().all(|row| text_field(row, 0).is_some_and(|text| text == number.to_string()))
        };
        if !(in_table(&removed, begun.tables.version) && in_table(&added, begun.tables.version)) {
            return Err(moved(&self.tables.version));
        }
        if !bookkeeping.remove_all && removed.len() != bookkeeping.remove.len() {
            let what = format!(
                "{} of {} row(s) of this step are there ({})",
                removed.len(),
                bookkeeping.remove.len(),
                list(bookkeeping.remove)
            );
            return Err(self.overtaken(what));
        }
        if added.len() != bookkeeping.add.len() {
            return Err(self.overtaken(format!("it did not take the row(s) of this step ({})", list(bookkeeping.add))));
        }
        let recorded: Vec<_> = statements.collect();
        if recorded.len() != bookkeeping.records.len()
            || !recorded.iter().all(|rows| rows.len() == 1 && in_table(rows, begun.tables.log))
        {
            return Err(moved(&self.tables.log));
        }
        Ok(())
    }
}

fn list(revisions: &[RevisionId]) -> String {
    revisions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
