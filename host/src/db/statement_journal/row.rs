//! The rows of the journal, and what they add up to.

use std::fmt;

use sha2::Digest as _;

use crate::bindings::types::Value;
use crate::revision::RevisionId;

/// How much is kept of the text of a statement that need not be understood later, in characters.
const STATEMENT_CHARACTERS_MAX: usize = 400;

/// What the journal calls a transform that commits batch by batch.
pub const RUN_TRANSFORM: &str = "RUN-TRANSFORM";

/// One way of one revision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepKey {
    /// The revision.
    pub revision: RevisionId,
    /// `upgrade` or `downgrade`.
    pub direction: String,
}

/// How far a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementState {
    /// It was sent, but its result is unknown.
    Started,
    /// It is done.
    Finished,
    /// The server refused it.
    Failed,
    /// It is done by the word of the operator, whatever its text is.
    Marked,
}

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// The step.
    pub step: StepKey,
    /// The number of the statement in the migration, from 1.
    pub position: u32,
    /// The digest of its text and its parameters, see [`digest`].
    pub digest: String,
    /// The text, or the beginning of it.
    pub statement: String,
    /// The command, such as `CREATE INDEX`.
    pub command: String,
    /// Whether it is one that PostgreSQL refuses in a transaction block.
    pub alone: bool,
    /// How far it is.
    pub state: StatementState,
    /// The oid of the index of that name that was there before a CREATE INDEX CONCURRENTLY began.
    pub found: Option<i64>,
    /// Rows touched.
    pub rows: i64,
    /// What the server said.
    pub error: Option<String>,
    /// The time that the migration sees: microseconds since 1970-01-01 UTC. A rerun sees that of the first run.
    pub clock_micros: i64,
}

/// A step that was begun without a transaction and has not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The step.
    pub step: StepKey,
    /// How many statements from the first one on are done.
    pub done: u32,
    /// The statement after these, where it was begun.
    pub current: Option<JournalRow>,
    /// The time that the migration sees.
    pub clock_micros: i64,
}

impl StatementState {
    /// The word for it in the journal and for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Marked => "marked",
        }
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        [Self::Started, Self::Finished, Self::Failed, Self::Marked].into_iter().find(|state| state.word() == word)
    }

    /// Whether the statement is done.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Finished | Self::Marked)
    }
}

impl Unfinished {
    /// The number of the statement that a rerun goes on with.
    pub fn next(&self) -> u32 {
        self.done.saturating_add(1)
    }

    /// Sums up the rows of the journal, which come in their order.
    pub fn all(rows: Vec<JournalRow>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for row in rows {
            if all.last().is_none_or(|last| last.step != row.step) {
                all.push(Self { step: row.step.clone(), done: 0, current: None, clock_micros: row.clock_micros });
            }
            if let Some(last) = all.last_mut()
                && row.position == last.next()
            {
                if row.state.is_done() {
                    last.done = row.position;
                } else {
                    last.current = Some(row);
                }
            }
        }
        all
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (revision, direction) = (&self.step.revision, &self.step.direction);
        write!(formatter, "the {direction} of {revision} is unfinished: ")?;
        if self.done > 0 {
            write!(formatter, "{} done", statements(1, self.done))?;
        }
        let Some(row) = &self.current else {
            return if self.done == 0 { write!(formatter, "none of its statements is done") } else { Ok(()) };
        };
        if self.done > 0 {
            write!(formatter, ", ")?;
        }
        write!(formatter, "statement {} ({}) ", row.position, row.command)?;
        match (row.state, &row.error) {
            (StatementState::Failed, Some(error)) => write!(formatter, "failed: {}", in_short(error)),
            (StatementState::Failed, None) => write!(formatter, "failed"),
            // Its ranges say how far it is.
            _ if row.command == RUN_TRANSFORM => write!(formatter, "is under way, and goes on where it was"),
            _ => write!(formatter, "was begun, but its result is unknown"),
        }
    }
}

/// The line of an error that says what is wrong: the first one, but Python's tracebacks have it at the end.
pub fn in_short(error: &str) -> &str {
    let mut lines = error.lines().filter(|line| !line.trim().is_empty());
    let line = if error.contains("Traceback (most recent call last):") { lines.next_back() } else { lines.next() };
    line.unwrap_or(error).trim()
}

/// `statement 1 is`, `statements 1 to 3 are`.
pub fn statements(first: u32, last: u32) -> String {
    if first == last { format!("statement {first} is") } else { format!("statements {first} to {last} are") }
}

/// The digest of a statement: of its text and of each row of parameters, as SHA-256 in hexadecimal.
///
/// # Errors
/// Says which parameter is not a value that its type can hold.
pub fn digest<'a>(sql: &str, rows: impl IntoIterator<Item = &'a [Value]>) -> Result<String, String> {
    let mut digest = sha2::Sha256::new();
    // With their lengths in front, so that no two lists of pieces make the same text.
    let mut piece = |text: &str| digest.update(format!("{}:{text}", text.len()));
    piece(sql);
    for row in rows {
        piece(&row.len().to_string());
        for (index, value) in row.iter().enumerate() {
            piece(&crate::value::literal(value).map_err(|error| format!("parameter {}: {error}", index + 1))?);
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The beginning of a statement, for people.
pub fn beginning(statement: &str) -> String {
    let beginning: String = statement.chars().take(STATEMENT_CHARACTERS_MAX).collect();
    if beginning.len() < statement.len() { format!("{beginning} …") } else { beginning }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::Scalar;

    fn row(revision: &str, position: u32, state: StatementState, error: Option<&str>) -> JournalRow {
        JournalRow {
            step: StepKey { revision: RevisionId::new(revision).expect("an id"), direction: "upgrade".to_owned() },
            position,
            digest: String::new(),
            statement: String::new(),
            command: "VACUUM".to_owned(),
            alone: true,
            state,
            found: None,
            rows: 0,
            error: error.map(str::to_owned),
            clock_micros: 7,
        }
    }

    #[test]
    fn errors_of_several_lines_are_shortened() {
        assert_eq!(in_short("no such table (42P01)"), "no such table (42P01)");
        assert_eq!(in_short("no such table\nLINE 1: …"), "no such table");
        let traceback = "'digits' rejects a row: Traceback (most recent call last):\n  File \"a.py\", line 3\nValueError: no number\n";
        assert_eq!(in_short(traceback), "ValueError: no number");
        assert_eq!(in_short("\n"), "");
    }

    #[test]
    fn what_is_unfinished_reads_well() {
        use StatementState::*;
        let cases = [
            (vec![row("b", 1, Finished, None)], "the upgrade of b is unfinished: statement 1 is done"),
            (
                vec![row("b", 1, Finished, None), row("b", 2, Marked, None), row("b", 3, Started, None)],
                "the upgrade of b is unfinished: statements 1 to 2 are done, statement 3 (VACUUM) was begun, but its result is unknown",
            ),
            (
                vec![row("b", 1, Failed, Some("no (42P01)"))],
                "the upgrade of b is unfinished: statement 1 (VACUUM) failed: no (42P01)",
            ),
        ];
        for (rows, expected) in cases {
            let all = Unfinished::all(rows);
            assert_eq!(all.len(), 1);
            assert_eq!(all[0].to_string(), expected);
        }
        assert_eq!(Unfinished::all(Vec::new()), []);
        let two = Unfinished::all(vec![row("a", 1, Finished, None), row("b", 1, Finished, None)]);
        assert_eq!(two.len(), 2);
    }

    #[test]
    fn a_digest_covers_text_and_parameters() {
        let value = |text: &str| Value::Scalar(Scalar::Text(text.to_owned()));
        let of = |sql: &str, rows: &[&[Value]]| digest(sql, rows.iter().copied()).expect("a digest");
        let one = of("SELECT $1", &[&[value("a")]]);
        assert_eq!(one, of("SELECT $1", &[&[value("a")]]));
        assert_ne!(one, of("SELECT $1", &[&[value("b")]]));
        assert_ne!(one, of("SELECT  $1", &[&[value("a")]]));
        assert_ne!(of("X", &[&[value("a"), value("b")]]), of("X", &[&[value("a")], &[value("b")]]));
        assert_ne!(of("X", &[&[value("a,"), value("b")]]), of("X", &[&[value("a"), value(",b")]]));
    }
}
