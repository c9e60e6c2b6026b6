//! What has to be the same before and after one statement, as it has to be around a whole migration with a transaction.

use sqlx::postgres::PgRow;

use super::super::integrity::DEFAULTS;
use super::super::integrity::TransactionState;
use super::super::violation::Violation;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::connect::Results;
use crate::db::driver::text_field;
use crate::db::table_state::TableNumbers;
use crate::db::table_state::TableState;
use crate::db::transaction::no_answer;
use crate::db::violation::MayChange;

/// The number of statements of the integrity check.
const CHECKS: usize = 4;

/// How a transaction of one statement began.
#[derive(Debug, Clone)]
pub(in crate::db) struct StatementBaseline {
    pub(in crate::db) state: TransactionState,
    pub(in crate::db) tables: TableNumbers,
    pub(in crate::db) states: Vec<TableState>,
}

/// What was there before a statement that runs alone, outside of any transaction.
#[derive(Debug, Clone)]
pub(super) struct Before {
    baseline: StatementBaseline,
    /// A digest of what new sessions begin with, and one of the rows of each of the host's tables.
    contents: Vec<Option<String>>,
}

impl Database {
    /// Begins the transaction of one statement, which holds the migration lock for itself. One round trip.
    ///
    /// # Errors
    /// [`DatabaseError::LockLost`] when another runner is at work, or what the server said.
    pub(super) async fn begin_statement(&mut self) -> Result<StatementBaseline, DatabaseError> {
        let tables = self.known_table_numbers().await?;
        let doing = "begin the transaction of a statement";
        let sql = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE; \
             SELECT pg_catalog.pg_try_advisory_xact_lock({}); {}; {}",
            self.lock_key(),
            tables.select_states(),
            TransactionState::select(),
        );
        let Results { mut statements, error } = self.results(doing, sql).await;
        if let Some(error) = error {
            return Err(error);
        }
        let state = statements.pop().unwrap_or_default();
        let signs = statements.pop().unwrap_or_default();
        let lock = statements.pop().unwrap_or_default();
        self.refuse_without_lock(&lock).await?;
        let state = TransactionState::read(&state).ok_or_else(|| no_answer(doing))?;
        Ok(StatementBaseline { state, tables, states: TableState::read(&signs) })
    }

    /// Looks at everything before a statement that runs alone, and takes the migration lock once more for the session. What
    /// such a statement does is committed when it can be looked at, so it can only be told.
    ///
    /// # Errors
    /// [`DatabaseError::LockLost`] when another runner is at work, or what the server said.
    pub(super) async fn before_alone(&mut self) -> Result<Before, DatabaseError> {
        let tables = self.known_table_numbers().await?;
        self.take_lock_again().await?;
        let (state, signs, contents) = self.state(tables).await?;
        Ok(Before { baseline: StatementBaseline { state, tables, states: TableState::read(&signs) }, contents })
    }

    /// Looks at the same things after it, however it ended.
    ///
    /// # Errors
    /// [`DatabaseError::IntegrityViolated`] when they are different, or what the server said.
    pub(super) async fn after_alone(&mut self, before: &Before, may_change: MayChange) -> Result<(), DatabaseError> {
        let tables = before.baseline.tables;
        let (state, signs, contents) = self.state(tables).await?;
        let mut violations = before.baseline.state.violations(&state, may_change);
        // Each of the two looks is a transaction of its own.
        violations.retain(|violation| *violation != Violation::TransactionEnded);
        violations.extend(self.look_at_tables(tables, &before.baseline.states, None, &signs, may_change, true).await?);
        if !may_change.defaults && before.contents.first() != contents.first() {
            violations.push(Violation::Defaults);
        }
        for ((kind, before), now) in tables.kinds().zip(before.contents.iter().skip(1)).zip(contents.iter().skip(1)) {
            if before != now {
                violations.push(Violation::Rewritten { table: self.table(kind).to_string() });
            }
        }
        if violations.is_empty() { Ok(()) } else { Err(DatabaseError::IntegrityViolated { violations }) }
    }

    /// Takes the migration lock once more for the session, which may have lost it.
    ///
    /// # Errors
    /// [`DatabaseError::LockLost`] when another runner is at work, or what the server said.
    pub(super) async fn take_lock_again(&mut self) -> Result<(), DatabaseError> {
        let lock = format!("SELECT pg_catalog.pg_try_advisory_lock({})", self.lock_key());
        let lock = self.simple("acquire the migration lock", lock).await?;
        self.refuse_without_lock(&lock).await
    }

    async fn state(
        &mut self,
        tables: TableNumbers,
    ) -> Result<(TransactionState, Vec<PgRow>, Vec<Option<String>>), DatabaseError> {
        let doing = "check the version table";
        let contents = self.select_contents(tables);
        // One text is one transaction, in which the user who logged in reads the host's tables.
        let sql = format!(
            "{}; {}; SET LOCAL ROLE NONE; {DEFAULTS}; {}",
            TransactionState::select(),
            tables.select_states(),
            contents.join("; ")
        );
        let mut statements = match self.results(doing, sql).await {
            Results { error: Some(error), .. } => return Err(error),
            Results { statements, error: None } => statements.into_iter(),
        };
        let (state, signs) = (statements.next().unwrap_or_default(), statements.next().unwrap_or_default());
        let state = TransactionState::read(&state).ok_or_else(|| no_answer(doing))?;
        let contents = statements.skip(1).map(|rows| rows.first().and_then(|row| text_field(row, 0))).collect();
        Ok((state, signs, contents))
    }

    /// Checks the integrity of the statement's transaction. From then on the user who logged in acts in this transaction. One
    /// round trip.
    ///
    /// # Errors
    /// [`DatabaseError::IntegrityViolated`], [`DatabaseError::DeferredConstraint`], or what the server said.
    pub(in crate::db) async fn check_statement(
        &mut self,
        baseline: &StatementBaseline,
        may_change: MayChange,
    ) -> Result<(), DatabaseError> {
        let doing = "check the transaction of a statement";
        // As for a whole migration.
        let sql = format!(
            "SET CONSTRAINTS ALL IMMEDIATE; {}; {}; {}; SET LOCAL ROLE NONE",
            TransactionState::select(),
            baseline.tables.select_locks(),
            baseline.tables.select_states(),
        );
        let Results { statements, error } = self.results(doing, sql).await;
        if statements.len() < CHECKS {
            return Err(match (error, statements.is_empty()) {
                (Some(DatabaseError::Statement { error, .. }), true) => DatabaseError::DeferredConstraint { error },
                (Some(error), _) => error,
                (None, _) => no_answer(doing),
            });
        }
        let rows = |index: usize| statements.get(index).map(Vec::as_slice).unwrap_or_default();
        let mut violations = match TransactionState::read(rows(1)) {
            Some(now) => baseline.state.violations(&now, may_change),
            None => vec![Violation::TransactionEnded],
        };
        violations.extend(
            self.look_at_tables(baseline.tables, &baseline.states, Some(rows(2)), rows(3), may_change, error.is_none())
                .await?,
        );
        if !violations.is_empty() {
            return Err(DatabaseError::IntegrityViolated { violations });
        }
        error.map_or(Ok(()), Err)
    }
}
