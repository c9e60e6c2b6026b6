//! Events as lines for people.

use super::terminal::Line;
use super::terminal::Word;
use super::text::count;
use super::text::duration;
use super::text::list_or;
use crate::bindings::env::Level;
use crate::execute::Event;
use crate::host_functions::GuestEvent;

/// The lines of an event; none for what only interests with `-v`.
pub(super) fn event(event: &Event, verbose: bool) -> Vec<Line> {
    let line = match event {
        Event::Waiting { holder, seconds } => {
            Line::new(format!("Waiting for another runner ({holder}), {seconds} s so far"))
        }
        Event::Planned { .. } => return Vec::new(),
        Event::StepStarted { direction, from, to, message, .. } => {
            let verb = direction.name();
            let message = if message.is_empty() { String::new() } else { format!(", {message}") };
            // A base has no parents; Alembic leaves that side of the arrow empty.
            Line::new(format!("Running {verb} {} -> {}{message}", list_or(from, ""), list_or(to, "")))
        }
        Event::Retrying { reason, repetition, of, milliseconds, .. } => Line::new(format!(
            "  rolled back: {reason}; retrying in {} ({repetition} of {of})",
            duration(*milliseconds)
        )),
        Event::StatementProgress { progress, .. } => Line::new(format!("  {}", super::progress::sentence(progress))),
        Event::Guest { event: GuestEvent::Log { level, message }, .. } => {
            if !verbose && matches!(level, Level::Trace | Level::Debug) {
                return Vec::new();
            }
            // The level stands before each line, so that none can be taken for one of the host.
            let lines = message.trim_end_matches('\n').split('\n');
            return lines.map(|line| Line::indented(2, format!("{}: {line}", level_name(*level)))).collect();
        }
        Event::Guest { event: GuestEvent::Progress { label, done, total }, .. } => match total {
            Some(total) => Line::indented(2, format!("{label}: {done} of {total}")),
            None => Line::indented(2, format!("{label}: {done}")),
        },
        Event::Guest { event: GuestEvent::Backfill(status), .. } => {
            Line::indented(2, super::backfill::standing(status))
        }
        Event::Working { revision, label, connections } => {
            Line::new(format!("Working on {revision}, {label}, by {}", count(u64::from(*connections), "connection")))
        }
        Event::StepDone { milliseconds, statements, rows, skipped, .. } => Line::indented(
            2,
            format!(
                "done in {}: {}, {}{}",
                duration(*milliseconds),
                count(*statements, "statement"),
                count(*rows, "row"),
                if *skipped > 0 { format!(", {} skipped", count(*skipped, "row")) } else { String::new() }
            ),
        ),
        Event::Stamped { from, to } => {
            Line::new(format!("Stamped {} -> {}", list_or(from, "base"), list_or(to, "base")))
        }
        Event::Repaired { revision, file } => Line::new(format!("Accepted {revision} ({file}) as it is now")),
        Event::Note { text } => Line::with_word(Word::Note, text),
    };
    vec![line]
}

pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}
