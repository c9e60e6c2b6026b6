//! Failures as text for people: what happened, why, where, what the database is like now, and what to do.

use super::terminal::Line;
use super::terminal::Word;
use super::text::count;
use super::text::list_or;
use crate::bindings::types::SqlError;
use crate::cli::failure::Failure;
use crate::cli::problem;
use crate::db::DatabaseError;
use crate::db::JournalError;
use crate::error::Error;
use crate::execute::Cause;
use crate::execute::RunError;
use crate::execute::SourcePlace;
use crate::execute::StepFailure;
use crate::host_functions::StatementFailure;
use crate::host_functions::Stop;
use crate::plan::Direction;
use crate::sql::Place;

/// The longest statement that is shown whole, in characters.
const STATEMENT_CHARACTERS_MAX: usize = 400;

/// Where a database is to which nothing is applied.
const BASE: &str = "base (nothing is applied)";

/// How many frames of a trap are shown.
const FRAMES_MAX: usize = 8;

/// How far what belongs to a failure is indented.
const INDENT: usize = 2;

/// How far text of somebody else is indented that has several lines: further than anything the host says itself.
const QUOTE_INDENT: usize = 4;

/// All lines of a failure. What comes from elsewhere is quoted such that none of its lines can be taken for the host's.
pub(super) fn lines(failure: &Failure) -> Vec<Line> {
    let mut lines = match failure {
        Failure::Library(error) => match error.as_ref() {
            Error::Run(RunError::Step(step)) => step_lines(step),
            Error::Run(RunError::NotWritten { file, cause }) => {
                let mut lines = Vec::new();
                first(&mut lines, "no migration was written");
                cause_lines(&mut lines, cause, file, true);
                lines
            }
            Error::Run(RunError::Interrupted { direction, heads, steps_done }) => {
                let mut lines = Vec::new();
                first(&mut lines, &failure.message());
                say(&mut lines, &state(heads, *steps_done, *direction));
                lines
            }
            error => match problem::several(error) {
                Some(problems) => {
                    let mut lines = Vec::new();
                    first(&mut lines, &format!("{} problems were found", problems.len()));
                    lines.extend(problem::lines(&problems));
                    lines
                }
                None => general(&failure.message()),
            },
        },
        Failure::Command { .. } => general(&failure.message()),
    };
    lines.extend(failure.hint().map(|hint| Line::with_word(Word::Hint, hint)));
    lines
}

/// A failure with no more than a message. The lines after its first one belong to it: what a compiler said, for example.
fn general(message: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let (head, rest) = message.split_once('\n').unwrap_or((message, ""));
    first(&mut lines, head);
    lines.extend(Line::block(QUOTE_INDENT, rest));
    lines
}

/// The line that says what failed.
fn first(lines: &mut Vec<Line>, text: &str) {
    lines.push(Line::with_word(Word::Error, text));
}

/// A line of the host, which may quote. If that text has further lines, they stand below it.
fn say(lines: &mut Vec<Line>, text: &str) {
    let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
    lines.push(Line::indented(INDENT, head));
    lines.extend(Line::block(QUOTE_INDENT, rest));
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

fn step_lines(step: &StepFailure) -> Vec<Line> {
    let name = if step.message.is_empty() {
        step.revision.to_string()
    } else {
        format!("{} ({})", step.revision, step.message)
    };
    let mut lines = Vec::new();
    let what = match &step.cause {
        Cause::Stopped(Stop::Database(DatabaseError::Journal(_))) | Cause::Database(DatabaseError::Journal(_)) => {
            format!("cannot resume the {} of {name}", step.direction)
        }
        Cause::Stopped(Stop::Interrupted)
            if step.non_transactional.is_some_and(|non_transactional| non_transactional.leaves_something()) =>
        {
            format!("{} of {name} was interrupted half-way", step.direction)
        }
        Cause::Stopped(Stop::Interrupted) => {
            format!("{} of {name} was interrupted and rolled back", step.direction)
        }
        Cause::Load(_) => {
            format!("{} of {name} was not started: its component cannot be loaded", step.direction)
        }
        Cause::NotBegun(_) => format!("{} of {name} was not started", step.direction),
        Cause::Database(DatabaseError::CommitUnknown { .. }) => {
            format!("{} of {name} ran, but may or may not have been committed", step.direction)
        }
        _ if step.non_transactional.is_some_and(|non_transactional| non_transactional.leaves_something()) => {
            format!("{} of {name} failed half-way; without a transaction nothing was rolled back", step.direction)
        }
        _ if step.non_transactional.is_some() => {
            format!("{} of {name} failed; nothing was changed", step.direction)
        }
        _ => format!("{} of {name} failed and was rolled back", step.direction),
    };
    first(&mut lines, &what);
    cause_lines(&mut lines, &step.cause, &step.file, step.non_transactional.is_none());
    if matches!(step.cause, Cause::Database(DatabaseError::CommitUnknown { .. })) {
        say(&mut lines, &format!("before that the database was at {}", list_or(&step.heads, BASE)));
        return lines;
    }
    if let Some(non_transactional) = &step.non_transactional {
        say(&mut lines, &non_transactional.summary(&step.cause));
    }
    // Where somebody else is or was at work, only the database knows where it is now.
    let somebody_else = matches!(
        step.cause,
        Cause::NotBegun(DatabaseError::LockLost { .. } | DatabaseError::HeadsMoved { .. })
            | Cause::Database(DatabaseError::HeadsMoved { .. })
    );
    match &step.non_transactional {
        _ if somebody_else => {}
        Some(non_transactional) if non_transactional.leaves_something() => {
            let at = list_or(&step.heads, BASE);
            say(&mut lines, &format!("the database is at {at}, and {} is unfinished", step.revision));
        }
        _ => say(&mut lines, &state(&step.heads, step.steps_done, step.direction)),
    }
    if !step.recorded && !matches!(step.cause, Cause::Load(_) | Cause::NotBegun(_)) {
        say(&mut lines, "the failure could not be recorded in the log table");
    }
    lines
}

/// Why, and where in `file`.
fn cause_lines(lines: &mut Vec<Line>, cause: &Cause, file: &str, is_transactional: bool) {
    match cause {
        Cause::Statement { failure, source, said, swallowed } => {
            statement_lines(lines, failure, source.as_ref(), file);
            if let Some(said) = said.as_ref().filter(|said| **said != failure.error.message) {
                say(lines, &format!("the migration says: {said}"));
            }
            if *swallowed {
                let end = if is_transactional { ", but its transaction was aborted" } else { "" };
                say(lines, &format!("the migration ignored the error{end}"));
            }
        }
        Cause::Commit(error) => {
            say(lines, &format!("{} {}: {}", error.severity, error.sqlstate, error.message));
            say(lines, &format!("in {}, at COMMIT, by a deferred constraint or trigger", file));
            error_lines(lines, error);
        }
        Cause::Panicked(panic) => {
            say(lines, &format!("it panicked: {}", panic.message));
            if let Some(backtrace) = &panic.backtrace {
                lines.extend(Line::block(QUOTE_INDENT, backtrace));
            }
            say(lines, &format!("in {}", file));
        }
        Cause::Trapped(trapped) => {
            say(lines, &trapped.reason);
            let frames = trapped.frames.iter().take(FRAMES_MAX);
            lines.extend(frames.map(|frame| Line::indented(QUOTE_INDENT, format!("in {frame}"))));
            say(lines, &format!("in {}", file));
        }
        Cause::Stopped(Stop::Interrupted) => {}
        Cause::Stopped(Stop::Database(DatabaseError::Journal(error)))
        | Cause::Database(DatabaseError::Journal(error)) => {
            say(lines, &error.to_string());
            journal_lines(lines, error);
            say(lines, &format!("in {}", file));
        }
        Cause::Denied { refusal, sent_from } => {
            say(lines, &refusal.message());
            say(lines, &format!("in {}", file));
            if let Some(place) = sent_from {
                say(lines, &format!("it would have been sent from\n{place}"));
            }
        }
        Cause::Message(message) => {
            say(lines, &format!("the migration says: {message}"));
            say(lines, &format!("in {}", file));
        }
        cause => {
            say(lines, &cause.summary());
            say(lines, &format!("in {}", file));
        }
    }
}

/// The statements that a rerun stumbled over.
fn journal_lines(lines: &mut Vec<Line>, error: &JournalError) {
    match error {
        JournalError::Differs { done, now, .. } => {
            say(lines, "executed by the earlier run:");
            lines.extend(Line::block(QUOTE_INDENT, done));
            say(lines, "in the migration now:");
            lines.extend(Line::block(QUOTE_INDENT, now));
        }
        JournalError::InDoubt { statement, .. } => lines.extend(Line::block(QUOTE_INDENT, statement)),
        JournalError::Shorter { .. } | JournalError::IndexInTheWay { .. } | JournalError::Overtaken { .. } => {}
    }
}

fn statement_lines(lines: &mut Vec<Line>, failure: &StatementFailure, source: Option<&SourcePlace>, file: &str) {
    let error = &failure.error;
    say(lines, &format!("{} {}: {}", error.severity, error.sqlstate, error.message));
    match (place(failure, source), source) {
        (Some(place), Some(source)) => {
            say(lines, &format!("at {file}:{}:{}", place.line, place.column));
            lines.extend(Line::block(QUOTE_INDENT, &crate::sql::excerpt(&source.text, place)));
        }
        (Some(place), None) => {
            say(lines, &format!("in {file}, line {}, column {} of this statement:", place.line, place.column));
            lines.extend(Line::block(QUOTE_INDENT, &crate::sql::excerpt(&failure.statement, place)));
        }
        (None, _) => {
            say(lines, &format!("in {file}, by this statement:"));
            let statement: String = failure.statement.chars().take(STATEMENT_CHARACTERS_MAX).collect();
            let more = if statement.len() < failure.statement.len() { " …" } else { "" };
            lines.extend(Line::block(QUOTE_INDENT, &format!("{statement}{more}")));
        }
    }
    error_lines(lines, error);
}

/// What the server adds to its message.
fn error_lines(lines: &mut Vec<Line>, error: &SqlError) {
    // Most messages name the constraint already.
    let constraint = error.constraint.clone().filter(|name| !error.message.contains(name.as_str()));
    if let Some(constraint) = constraint {
        say(lines, &format!("constraint: {constraint}"));
    }
    for (name, text) in [("detail", &error.detail), ("server's hint", &error.hint), ("context", &error.context)] {
        if let Some(text) = text {
            say(lines, &format!("{name}: {text}"));
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
        _ => format!("the database is at {at}: {} of this {} {were} done", count(done, "step"), direction),
    }
}
