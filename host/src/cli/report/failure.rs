//! Failures as text for people: what happened, why, where, what the database is like now, and what to do.

use super::human::verb;
use super::text::count;
use super::text::indented;
use super::text::list_or;
use super::text::safe;
use super::text::safe_line;
use crate::capability::StatementFailure;
use crate::capability::Stop;
use crate::cli::failure::Failure;
use crate::contract::types::SqlError;
use crate::db::DatabaseError;
use crate::error::Error;
use crate::execute::Cause;
use crate::execute::SourcePlace;
use crate::execute::StepFailure;
use crate::plan::Direction;
use crate::sql::Place;

/// The longest statement that is shown whole, in characters.
const STATEMENT_CHARACTERS_MAX: usize = 400;

/// Where a database is to which nothing is applied.
const BASE: &str = "base (nothing is applied)";

/// How many frames of a trap are shown.
const FRAMES_MAX: usize = 8;

/// The whole text of a failure, with its final line break.
pub(super) fn render(failure: &Failure, colour: bool) -> String {
    let mut lines = match failure {
        Failure::Library(error) => match error.as_ref() {
            Error::Step(step) => step_lines(step),
            Error::Interrupted { direction, heads, steps_done } => {
                vec![failure.message(), state(heads, *steps_done, *direction)]
            }
            _ => vec![failure.message()],
        },
        Failure::Command { .. } => vec![failure.message()],
    };
    let (error, hint_word) =
        if colour { ("\u{1b}[1;31merror\u{1b}[0m", "\u{1b}[1;36mhint\u{1b}[0m") } else { ("error", "hint") };
    let message = lines.remove(0);
    let mut parts = message.split('\n');
    let mut text = format!("{error}: {}\n", safe(parts.next().unwrap_or_default()));
    for line in parts.map(str::to_owned).chain(lines) {
        text.push_str(&indented(&safe(&line), "  "));
        text.push('\n');
    }
    if let Some(hint) = failure.hint() {
        text.push_str(&format!("{hint_word}: {}\n", safe(&hint)));
    }
    text
}

/// The place of a failed statement: in the migration's own file where it has one, otherwise in the statement.
pub(super) fn place(failure: &StatementFailure, source: Option<&SourcePlace>) -> Option<Place> {
    let position = failure.error.position;
    match source {
        Some(source) => {
            let before = source.text.get(..source.offset)?.chars().count();
            // The server counts from 1; a refusal without a place is one of the whole statement.
            let position = usize::try_from(position.unwrap_or(1)).ok()?;
            crate::sql::place(&source.text, u32::try_from(before + position).ok()?)
        }
        None => crate::sql::place(&failure.statement, position?),
    }
}

fn step_lines(step: &StepFailure) -> Vec<String> {
    let name = if step.message.is_empty() {
        step.revision.to_string()
    } else {
        format!("{} ({})", step.revision, safe_line(&step.message))
    };
    let mut lines = vec![match &step.cause {
        Cause::Stopped(Stop::Interrupted) => {
            format!("the {} of {name} was interrupted and rolled back", verb(step.direction))
        }
        Cause::Load(_) => {
            format!("the {} of {name} was not begun, because its component cannot be loaded", verb(step.direction))
        }
        Cause::Database(DatabaseError::CommitUnknown { .. }) => {
            format!("the {} of {name} ran, but may or may not be committed", verb(step.direction))
        }
        _ => format!("the {} of {name} failed and was rolled back", verb(step.direction)),
    }];
    match &step.cause {
        Cause::Statement { failure, source, said, swallowed } => {
            statement_lines(&mut lines, failure, source.as_ref(), &step.file);
            if let Some(said) = said.as_ref().filter(|said| !said.contains(&failure.error.message)) {
                lines.push(format!("the migration says: {said}"));
            }
            if *swallowed {
                lines.push("the migration went on as if nothing had happened, but the transaction was lost".to_owned());
            }
        }
        Cause::Commit(error) => {
            lines.push(format!("{} {}: {}", error.severity, error.sqlstate, error.message));
            lines.push(format!(
                "in {}, when the transaction was committed: by a deferred constraint or trigger",
                step.file
            ));
            error_lines(&mut lines, error);
        }
        Cause::Panicked(panic) => {
            lines.push(format!("it panicked: {}", panic.message));
            if let Some(backtrace) = &panic.backtrace {
                lines.push(indented(backtrace, "  "));
            }
            lines.push(format!("in {}", step.file));
        }
        Cause::Trapped(trapped) => {
            lines.push(trapped.reason.clone());
            lines.extend(trapped.frames.iter().take(FRAMES_MAX).map(|frame| format!("  in {frame}")));
            lines.push(format!("in {}", step.file));
        }
        Cause::Stopped(Stop::Interrupted) => {}
        cause => {
            lines.push(cause.summary());
            lines.push(format!("in {}", step.file));
        }
    }
    if matches!(step.cause, Cause::Database(DatabaseError::CommitUnknown { .. })) {
        lines.push(format!("before it the database was at {}", list_or(&step.heads, BASE)));
        return lines;
    }
    lines.push(state(&step.heads, step.steps_done, step.direction));
    if !step.recorded && !matches!(step.cause, Cause::Load(_)) {
        lines.push("the failure could not be written into the history table".to_owned());
    }
    lines
}

fn statement_lines(lines: &mut Vec<String>, failure: &StatementFailure, source: Option<&SourcePlace>, file: &str) {
    let error = &failure.error;
    lines.push(format!("{} {}: {}", error.severity, error.sqlstate, error.message));
    match (place(failure, source), source) {
        (Some(place), Some(source)) => {
            lines.push(format!("at {file}:{}:{}", place.line, place.column));
            lines.push(indented(&crate::sql::excerpt(&source.text, place), "  "));
        }
        (Some(place), None) => {
            lines.push(format!("in {file}, line {}, column {} of this statement:", place.line, place.column));
            lines.push(indented(&crate::sql::excerpt(&failure.statement, place), "  "));
        }
        (None, _) => {
            lines.push(format!("in {file}, by this statement:"));
            let statement: String = failure.statement.chars().take(STATEMENT_CHARACTERS_MAX).collect();
            let more = if statement.len() < failure.statement.len() { " …" } else { "" };
            lines.push(indented(&format!("{statement}{more}"), "  "));
        }
    }
    error_lines(lines, error);
}

/// What the server adds to its message.
fn error_lines(lines: &mut Vec<String>, error: &SqlError) {
    // Most messages name the constraint already.
    let constraint = error.constraint.clone().filter(|name| !error.message.contains(name.as_str()));
    if let Some(constraint) = constraint {
        lines.push(format!("constraint: {constraint}"));
    }
    for (name, text) in [("detail", &error.detail), ("server's hint", &error.hint), ("context", &error.context)] {
        if let Some(text) = text {
            lines.push(format!("{name}: {text}"));
        }
    }
}

/// What the database is like now.
fn state(heads: &[crate::revision::RevisionId], steps_done: usize, direction: Direction) -> String {
    let done = u64::try_from(steps_done).unwrap_or(u64::MAX);
    let at = list_or(heads, BASE);
    let were = if done == 1 { "was" } else { "were" };
    match done {
        0 => format!("the database is at {at}, as it was before"),
        _ => format!("the database is at {at}: {} of this {} {were} done", count(done, "step"), verb(direction)),
    }
}
