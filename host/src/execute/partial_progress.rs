//! How far a step without a transaction came, for people.

use super::failure::Cause;
use crate::db::DatabaseError;
use crate::db::JournalError;
use crate::db::statement_journal::statements;
use crate::host_functions::Stop;

/// How far a step without a transaction came before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartialProgress {
    /// How many statements from the first one on are done, in this run and in earlier ones. They stay.
    pub done: u32,
    /// The number of the statement that did not finish.
    pub broken: Option<u32>,
    /// Whether that one cannot run in a transaction, so that it may have left something behind.
    pub broken_alone: bool,
    /// What of that one is committed nevertheless.
    pub rewritten: Rewritten,
    /// How many statements there are, where that is known.
    pub of: Option<u32>,
}

/// What a statement that did not finish has committed, because it is a transform that commits batch by batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewritten {
    /// Nothing: it is no such transform.
    Nothing,
    /// So many rows, in this run and in earlier ones.
    Rows(u64),
    /// The database does not answer any more.
    Unknown,
}

impl PartialProgress {
    /// What is done and what is not, in a sentence.
    pub fn summary(&self, cause: &Cause) -> String {
        let mut parts = Vec::new();
        match self.done {
            0 => {}
            done => parts.push(format!("{} done and stay{}", statements(1, done), if done == 1 { "s" } else { "" })),
        }
        let mut reached = self.done;
        let doubt = match cause {
            Cause::Stopped(Stop::Database(DatabaseError::Journal(error))) => {
                Some(matches!(error, JournalError::InDoubt { .. }))
            }
            _ => None,
        };
        // The other faults of the journal are found before anything is sent.
        if let Some(broken) = self.broken.filter(|_| doubt != Some(false)) {
            reached = broken;
            let how = match cause {
                _ if doubt.is_some() => "is in doubt",
                Cause::Stopped(Stop::Interrupted) => "was cancelled",
                Cause::Stopped(Stop::Database(_)) if self.broken_alone => "was sent, but its result is unknown",
                Cause::Stopped(Stop::Database(_)) => "did not finish",
                _ if self.broken_alone => "failed (the next run checks what it left behind)",
                _ => "failed",
            };
            parts.push(format!("statement {broken} {how}"));
        }
        match self.rewritten {
            Rewritten::Nothing | Rewritten::Rows(0) => {}
            Rewritten::Rows(1) => parts.push("1 row that it rewrote is committed and stays".to_owned()),
            Rewritten::Rows(rows) => parts.push(format!("{rows} rows that it rewrote are committed and stay")),
            Rewritten::Unknown => parts.push("what it committed batch by batch stays".to_owned()),
        }
        if let Some(of) = self.of.filter(|of| reached < *of) {
            let rest = statements(reached.saturating_add(1), of);
            parts.push(format!("{} not begun", rest.replace(" is", " was").replace(" are", " were")));
        }
        if parts.is_empty() { "none of its statements is done".to_owned() } else { parts.join(", ") }
    }

    /// Whether something of the step is or may be in the database.
    pub fn leaves_something(&self) -> bool {
        self.done > 0 || self.broken_alone || !matches!(self.rewritten, Rewritten::Nothing | Rewritten::Rows(0))
    }
}
