//! The statements that end a step, kept prepared in the session from one step of a long run to the next: otherwise the server
//! spends most of a small step on planning them.
//!
//! A prepared statement lives in the session under a name, where a migration could put another one in its place. So the text that
//! ends a step first looks whether all that the session has was prepared when the host did it; if not, it goes no further, and
//! the check in `bookkeeping` decides. The server notes the time at which the message arrived that prepared a statement
//! (PostgreSQL manual, `pg_prepared_statements`), and after the statements of the host no other code runs for that message. What is
//! left in the session behind that look, by a COMMIT, is found at the end of the next step.

use super::connect::Database;
use super::log::Record;
use super::transaction::Begun;
use super::transaction::Bookkeeping;
use super::transaction::Forget;
use super::version_rows::LogNumber;
use crate::value::quote_text;

/// So many steps have to follow before preparing is worth its price.
pub(super) const WORTH_PREPARING: usize = 8;

/// The name of the statement that looks, and of the one that writes.
const CHECK: &str = "host_check";
const ROWS: &str = "host_rows";

/// The two statements, with parameters in the place of what is another value in each step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EndTexts {
    /// Its parameter is the id of the transaction.
    check: String,
    rows: String,
}

/// The two, as they are prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PreparedEnd {
    pub(super) texts: EndTexts,
    /// When, as a literal.
    prepared_at: String,
}

/// What selects when the statements of this message are prepared; they have to be the only ones.
pub(super) const PREPARED_AT: &str = "SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.statement_timestamp()), \
     'YYYY-MM-DD HH24:MI:SS.US')";

impl EndTexts {
    /// The texts for steps like this one; none where they would be others each time.
    pub(super) fn new(database: &Database, begun: &Begun, bookkeeping: &Bookkeeping<'_>) -> Option<Self> {
        let ([record], [_], [_]) = (bookkeeping.records, bookkeeping.remove, bookkeeping.add) else { return None };
        let is_usual = !bookkeeping.remove_all && bookkeeping.forget == Forget::Nothing && record.is_plain();
        if !is_usual || !database.may_update(begun) {
            return None;
        }
        let values = record.parameters(["$4", "$5", "$6", "$7", "$8", "$9", "$10"]);
        Some(Self {
            check: database.assertion(begun, bookkeeping, "$1")?,
            rows: database.move_and_log(begun, "$1", "$2", LogNumber::Parameter(3), &values),
        })
    }

    /// The statements that prepare them.
    pub(super) fn prepare(&self) -> [String; 2] {
        let text = "pg_catalog.text";
        [
            format!("PREPARE {CHECK} (pg_catalog.xid8) AS {}", self.check),
            format!(
                "PREPARE {ROWS} ({text}, {text}, pg_catalog.int8, {text}, {text}, {text}, {text}, pg_catalog.interval, \
                 pg_catalog.int8, pg_catalog.int8) AS {}",
                self.rows
            ),
        ]
    }
}

impl PreparedEnd {
    /// From the answer to [`PREPARED_AT`].
    pub(super) fn new(texts: EndTexts, prepared_at: &str) -> Self {
        Self { texts, prepared_at: quote_text(&format!("{prepared_at}+00")) }
    }

    /// One SELECT that fails where the session has another prepared statement. One that is missing fails when it is executed.
    pub(super) fn verification(&self, raise: &str) -> String {
        format!(
            "SELECT {raise} FROM pg_catalog.pg_prepared_statement() AS p \
             WHERE p.prepare_time OPERATOR(pg_catalog.<>) {}::pg_catalog.timestamptz",
            self.prepared_at
        )
    }

    /// The look at the transaction.
    pub(super) fn check(&self, begun: &Begun) -> String {
        format!("EXECUTE {CHECK} ({})", quote_text(begun.transaction()))
    }

    /// What writes the rows of a step that puts one head in the place of another.
    pub(super) fn rows(&self, bookkeeping: &Bookkeeping<'_>, record: &Record, number: i64) -> String {
        let head = |rows: &[crate::revision::RevisionId]| {
            rows.first().map_or_else(String::new, |row| quote_text(row.as_str()))
        };
        let arguments = record.arguments().join(", ");
        format!("EXECUTE {ROWS} ({}, {}, {number}, {arguments})", head(bookkeeping.remove), head(bookkeeping.add))
    }
}
