//! What a guest did and what went wrong, kept by the host: a guest may swallow an error or turn it into a vague sentence.

use std::ops::Range;

use crate::contract::types::SqlError;
use crate::sql::Refusal;

/// A statement that the server refused.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementFailure {
    /// What the server said.
    pub error: SqlError,
    /// The statement.
    pub statement: String,
    /// Where the statement lies in the script that the guest ran, in bytes.
    pub script_range: Option<Range<usize>>,
}

/// The last words of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panic {
    /// What happened, and where.
    pub message: String,
    /// The guest's own backtrace.
    pub backtrace: Option<String>,
}

/// What a guest did so far.
#[derive(Debug, Default)]
pub struct Journal {
    /// Statements that succeeded.
    pub statements: u64,
    /// Rows that they touched.
    pub rows: u64,
    /// The first statement that failed since the last point to which the transaction can be rolled back. As long as it
    /// stands, the transaction is lost.
    pub failure: Option<StatementFailure>,
    /// The last statement that the guard refused. Nothing was sent, so the transaction is sound.
    pub refused: Option<Refusal>,
    /// The last words before a trap.
    pub panic: Option<Panic>,
    /// The names of the open savepoints, outermost first.
    savepoints: Vec<String>,
    /// How many savepoints there were, for their names.
    savepoints_made: u64,
}

impl Journal {
    /// Notes a statement that succeeded.
    pub fn succeeded(&mut self, rows: u64) {
        self.statements = self.statements.saturating_add(1);
        self.rows = self.rows.saturating_add(rows);
    }

    /// Notes a statement that failed. Only the first one counts: every later one fails because of it (SQLSTATE 25P02).
    pub fn failed(&mut self, failure: StatementFailure) {
        self.failure.get_or_insert(failure);
    }

    /// A name for a new savepoint.
    pub fn next_savepoint(&mut self) -> String {
        self.savepoints_made += 1;
        format!("host_savepoint_{}", self.savepoints_made)
    }

    /// Notes an open savepoint.
    pub fn opened(&mut self, savepoint: &str) {
        self.savepoints.push(savepoint.to_owned());
    }

    /// Whether a savepoint is still there: the end of an outer one ends those inside it.
    pub fn is_open(&self, savepoint: &str) -> bool {
        self.savepoints.iter().any(|open| open == savepoint)
    }

    /// Notes the end of a savepoint and of those inside it.
    pub fn released(&mut self, savepoint: &str) {
        if let Some(index) = self.savepoints.iter().position(|open| open == savepoint) {
            self.savepoints.truncate(index);
        }
    }

    /// Notes that the transaction went back to a savepoint, which stays open: it is sound again.
    pub fn rolled_back(&mut self, savepoint: &str) {
        if let Some(index) = self.savepoints.iter().position(|open| open == savepoint) {
            self.savepoints.truncate(index + 1);
            self.failure = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(message: &str) -> StatementFailure {
        StatementFailure {
            error: SqlError {
                sqlstate: "42601".to_owned(),
                severity: "ERROR".to_owned(),
                message: message.to_owned(),
                detail: None,
                hint: None,
                context: None,
                position: None,
                schema: None,
                table: None,
                column: None,
                datatype: None,
                constraint: None,
            },
            statement: String::new(),
            script_range: None,
        }
    }

    #[test]
    fn the_first_failure_is_the_one_to_tell() {
        let mut journal = Journal::default();
        journal.failed(failure("first"));
        journal.failed(failure("second"));
        assert_eq!(journal.failure.expect("a failure").error.message, "first");
    }

    #[test]
    fn a_rollback_to_a_savepoint_makes_the_transaction_sound_again() {
        let mut journal = Journal::default();
        journal.opened("outer");
        journal.opened("inner");
        journal.failed(failure("inside"));
        journal.rolled_back("outer");
        assert!(journal.failure.is_none());
        assert!(journal.is_open("outer") && !journal.is_open("inner"));
    }

    #[test]
    fn releasing_an_outer_savepoint_ends_the_inner_ones() {
        let mut journal = Journal::default();
        journal.opened("outer");
        journal.opened("inner");
        journal.released("outer");
        assert!(!journal.is_open("outer") && !journal.is_open("inner"));
    }
}
