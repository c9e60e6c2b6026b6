//! Differences as people and programs read them.

use host_schema::Change;
use host_schema::Plan;
use host_schema::RenameCandidate;
use host_schema::Unmodelled;
use serde_json::Value;
use serde_json::json;

use crate::cli::report::Report;
use crate::cli::report::terminal::Line;
use crate::cli::report::text::count;

/// How many things that are not compared are named.
const NAMED_MAX: usize = 5;

/// The lines of a list of differences, each with a sign: added, changed, removed, renamed.
pub(super) fn lines(changes: &[Change]) -> Vec<Line> {
    changes.iter().map(|change| Line::new(change.to_string())).collect()
}

/// The same for programs, with what the statements do.
pub(super) fn document(plan: &Plan) -> Value {
    json!({
        "equal": plan.is_empty(),
        "changes": plan.changes,
        "actions": plan.actions,
        "rename_candidates": plan.rename_candidates.iter().map(candidate).collect::<Vec<_>>(),
        "unmodelled": plan.unmodelled,
    })
}

/// A pair that may be one thing with a new name.
pub(super) fn candidate(candidate: &RenameCandidate) -> Value {
    json!({
        "from": candidate.from, "to": candidate.to, "unique": candidate.unique, "option": option(candidate),
    })
}

/// The option that makes a rename of a pair.
pub(super) fn option(candidate: &RenameCandidate) -> String {
    let name = |parts: &[String]| parts.iter().map(|part| identifier(part)).collect::<Vec<_>>().join(".");
    format!("--rename {}={}", name(&candidate.from.path), name(&candidate.to.path))
}

/// A part of a name as `--rename` takes it.
fn identifier(part: &str) -> String {
    let is_plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$');
    if is_plain { part.to_owned() } else { format!("\"{}\"", part.replace('"', "\"\"")) }
}

/// Says what may have been renamed, and what is not compared.
pub(super) fn notes(report: &Report, candidates: &[RenameCandidate], unmodelled: &[Unmodelled]) {
    for candidate in candidates {
        report.note(&format!(
            "{} and {} have the same structure: if it was renamed, add {}",
            candidate.from,
            candidate.to,
            option(candidate)
        ));
    }
    if !unmodelled.is_empty() {
        report.note(&format!("not compared: {}", named(unmodelled)));
    }
}

/// The first things of a list, and how many more there are.
pub(super) fn named(unmodelled: &[Unmodelled]) -> String {
    let mut names: Vec<String> =
        unmodelled.iter().take(NAMED_MAX).map(|found| format!("{} {}", found.kind, found.name)).collect();
    if unmodelled.len() > NAMED_MAX {
        names.push(count(u64::try_from(unmodelled.len() - NAMED_MAX).unwrap_or(u64::MAX), "more object"));
    }
    names.join(", ")
}
