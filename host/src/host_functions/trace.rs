//! What a guest did and what went wrong, kept by the host: a guest may swallow an error or turn it into a vague sentence.

use std::ops::Range;

use super::text::MESSAGE_BYTES_MAX;
use super::text::NAME_BYTES_MAX;
use super::text::STATEMENT_BYTES_MAX;
use super::text::cut;
use super::transform_sample::TransformSample;
use crate::bindings::types::SqlError;
use crate::db::RejectedRow;
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

impl StatementFailure {
    /// Without what is longer than anybody reads: a guest chooses the statement, and much of what the server says about it.
    fn cut(mut self) -> Self {
        // A place in a script is one in the migration's file, which is there as a whole.
        if self.statement.len() > STATEMENT_BYTES_MAX && self.script_range.is_none() {
            let kept =
                self.statement.bytes().take(STATEMENT_BYTES_MAX).filter(|byte| !is_inside_character(*byte)).count();
            self.error.position =
                self.error.position.filter(|position| usize::try_from(*position).is_ok_and(|at| at < kept));
        }
        self.statement = cut(self.statement, STATEMENT_BYTES_MAX);
        self.error = without_excess(self.error);
        self
    }
}

/// What the server said, as far as anybody reads it: a function chooses all of it, `RAISE … USING` even the names. It also goes
/// to the guest like that, which could not hand back more than its limits allow, and would lose the SQLSTATE with the rest.
pub(super) fn without_excess(error: SqlError) -> SqlError {
    let text = |text: Option<String>| text.map(|text| cut(text, MESSAGE_BYTES_MAX));
    let name = |name: Option<String>| name.map(|name| cut(name, NAME_BYTES_MAX));
    SqlError {
        sqlstate: cut(error.sqlstate, NAME_BYTES_MAX),
        severity: cut(error.severity, NAME_BYTES_MAX),
        message: cut(error.message, MESSAGE_BYTES_MAX),
        detail: text(error.detail),
        hint: text(error.hint),
        context: text(error.context),
        position: error.position,
        schema: name(error.schema),
        table: name(error.table),
        column: name(error.column),
        datatype: name(error.datatype),
        constraint: name(error.constraint),
    }
}

/// Whether a byte of UTF-8 is not the first one of its character.
fn is_inside_character(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
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
pub struct ExecutionTrace {
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
    /// How transforms did on samples, in a preview.
    pub samples: Vec<TransformSample>,
    /// Statements that a preview left out, because they cannot run in its transaction.
    pub left_out: Vec<String>,
    /// The rows that transforms in the transaction passed over, each with the number of what was made last before it.
    rejected: Vec<(u64, RejectedRow)>,
    /// The names of the open savepoints, outermost first.
    savepoints: Vec<String>,
    /// The numbers of the open cursors.
    cursors: Vec<u64>,
    /// How many savepoints and cursors there were, for their names: their numbers tell which of two began first.
    made: u64,
}

impl ExecutionTrace {
    /// Notes a statement that succeeded.
    pub fn succeeded(&mut self, rows: u64) {
        self.statements = self.statements.saturating_add(1);
        self.rows = self.rows.saturating_add(rows);
    }

    /// Notes a statement that failed. Only the first one counts: every later one fails because of it (SQLSTATE 25P02).
    pub fn failed(&mut self, failure: StatementFailure) {
        if self.failure.is_none() {
            self.failure = Some(failure.cut());
        }
    }

    /// Notes the last words of the guest.
    pub fn panicked(&mut self, panic: Panic) {
        let Panic { message, backtrace } = panic;
        let message = cut(message, MESSAGE_BYTES_MAX);
        self.panic = Some(Panic { message, backtrace: backtrace.map(|text| cut(text, MESSAGE_BYTES_MAX)) });
    }

    /// Notes rows that a transform passed over in the transaction.
    pub fn passed_over(&mut self, rows: Vec<RejectedRow>) {
        let made = self.made;
        self.rejected.extend(rows.into_iter().map(|row| (made, row)));
    }

    /// The rows that transforms passed over in the transaction.
    pub fn rejected(&self) -> impl Iterator<Item = &RejectedRow> {
        self.rejected.iter().map(|(_, row)| row)
    }

    /// A name for a new savepoint.
    pub fn next_savepoint(&mut self) -> String {
        self.made += 1;
        format!("host_savepoint_{}", self.made)
    }

    /// A name for a new cursor.
    pub fn next_cursor(&mut self) -> String {
        self.made += 1;
        format!("host_cursor_{}", self.made)
    }

    /// A number for what else is to have a name of its own.
    pub fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Notes an open cursor.
    pub fn opened_cursor(&mut self, cursor: &str) {
        self.cursors.push(number(cursor));
    }

    /// Notes the end of a cursor. False where it had ended before: the way back to a savepoint ends those opened after it.
    pub fn closed_cursor(&mut self, cursor: &str) -> bool {
        let place = self.cursors.iter().position(|open| *open == number(cursor));
        place.is_some_and(|place| self.cursors.swap_remove(place) > 0)
    }

    /// Notes an open savepoint.
    pub fn opened(&mut self, savepoint: &str) {
        self.savepoints.push(savepoint.to_owned());
    }

    /// Whether a savepoint is still there: the end of an outer one ends those inside it.
    pub fn is_open(&self, savepoint: &str) -> bool {
        self.savepoints.iter().any(|open| open == savepoint)
    }

    /// Whether a savepoint is open, and none inside it.
    pub fn is_innermost(&self, savepoint: &str) -> bool {
        self.savepoints.last().is_some_and(|last| last == savepoint)
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
            self.cursors.retain(|cursor| *cursor < number(savepoint));
            self.rejected.retain(|(made, _)| *made < number(savepoint));
            self.failure = None;
        }
    }
}

/// The number in a name that was made here.
fn number(name: &str) -> u64 {
    name.rsplit('_').next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
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
        let mut trace = ExecutionTrace::default();
        trace.failed(failure("first"));
        trace.failed(failure("second"));
        assert_eq!(trace.failure.expect("a failure").error.message, "first");
    }

    #[test]
    fn long_texts_are_cut_and_a_place_behind_the_cut_is_dropped() {
        for (position, kept) in [(1, Some(1)), (65_530, Some(65_530)), (70_000, None)] {
            let mut long = failure(&"m".repeat(100_000));
            long.error.position = Some(position);
            long.statement = "s".repeat(100_000);
            let mut trace = ExecutionTrace::default();
            trace.failed(long);
            let failure = trace.failure.expect("a failure");
            assert_eq!(failure.error.position, kept);
            assert_eq!(failure.statement.len(), STATEMENT_BYTES_MAX + " […]".len());
            assert_eq!(failure.error.message.len(), MESSAGE_BYTES_MAX + " […]".len());
        }
    }

    #[test]
    fn a_rollback_to_a_savepoint_makes_the_transaction_sound_again() {
        let mut trace = ExecutionTrace::default();
        trace.opened("outer");
        trace.opened("inner");
        trace.failed(failure("inside"));
        trace.rolled_back("outer");
        assert!(trace.failure.is_none());
        assert!(trace.is_open("outer") && !trace.is_open("inner"));
    }

    #[test]
    fn releasing_an_outer_savepoint_ends_the_inner_ones() {
        let mut trace = ExecutionTrace::default();
        trace.opened("outer");
        trace.opened("inner");
        trace.released("outer");
        assert!(!trace.is_open("outer") && !trace.is_open("inner"));
    }

    #[test]
    fn the_way_back_to_a_savepoint_ends_the_cursors_that_were_opened_after_it() {
        let mut trace = ExecutionTrace::default();
        let outside = trace.next_cursor();
        let savepoint = trace.next_savepoint();
        let inside = trace.next_cursor();
        trace.opened_cursor(&outside);
        trace.opened(&savepoint);
        trace.opened_cursor(&inside);
        trace.rolled_back(&savepoint);
        assert!(!trace.closed_cursor(&inside));
        assert!(trace.closed_cursor(&outside) && !trace.closed_cursor(&outside));
    }
}
