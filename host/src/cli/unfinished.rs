//! A migration without a transaction that is unfinished, for every command that shows where the database is.

use serde_json::Value;
use serde_json::json;

use super::report::Report;
use super::report::text::safe_line;
use crate::db::Unfinished;
use crate::execute::finish;

/// Points at what is unfinished.
pub(super) fn note(report: &Report, unfinished: &[Unfinished]) {
    for unfinished in unfinished {
        let sentence = safe_line(&unfinished.to_string());
        report.note(&format!("{sentence}; `{}` resumes at statement {}", finish(unfinished), unfinished.next()));
    }
}

/// What is unfinished, for programs.
pub(super) fn documents(unfinished: &[Unfinished]) -> Value {
    unfinished
        .iter()
        .map(|unfinished| {
            let current = unfinished.current.as_ref();
            json!({
                "revision": unfinished.step.revision,
                "direction": unfinished.step.direction,
                "statements_done": unfinished.done,
                "next_statement": unfinished.next(),
                "command": current.map(|row| &row.command),
                "statement": current.map(|row| &row.statement),
                "state": current.map(|row| row.state.word()),
                "error": current.and_then(|row| row.error.as_ref()),
            })
        })
        .collect()
}
