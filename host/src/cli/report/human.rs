//! Events as lines for people.

use super::text::count;
use super::text::duration;
use super::text::indented;
use super::text::list_or;
use super::text::safe;
use super::text::safe_line;
use crate::capability::GuestEvent;
use crate::contract::env::Level;
use crate::execute::Event;
use crate::plan::Direction;

/// The line of an event; none for what only interests with `-v`.
pub(super) fn event(event: &Event, verbose: bool) -> Option<String> {
    Some(match event {
        Event::Waiting { holder, seconds } => {
            format!("Waiting for another runner ({}), {seconds} s so far", safe_line(holder))
        }
        Event::Planned { .. } => return None,
        Event::StepStarted { direction, from, to, message, .. } => {
            let verb = verb(*direction);
            let message = if message.is_empty() { String::new() } else { format!(", {}", safe_line(message)) };
            // A base has no parents; Alembic leaves that side of the arrow empty.
            format!("Running {verb} {} -> {}{message}", list_or(from, ""), list_or(to, ""))
        }
        Event::Retrying { reason, repetition, of, milliseconds, .. } => format!(
            "  rolled back: {}; running it again in {} ({repetition} of {of})",
            safe_line(reason),
            duration(*milliseconds)
        ),
        Event::Activity { activity, .. } => format!("  {}", safe_line(&super::activity::sentence(activity))),
        Event::Guest { event: GuestEvent::Log { level, message }, .. } => {
            if !verbose && matches!(level, Level::Trace | Level::Debug) {
                return None;
            }
            indented(&safe(message), &format!("  {}: ", level_name(*level)))
        }
        Event::Guest { event: GuestEvent::Progress { label, done, total }, .. } => match total {
            Some(total) => format!("  {}: {done} of {total}", safe_line(label)),
            None => format!("  {}: {done}", safe_line(label)),
        },
        Event::StepDone { milliseconds, statements, rows, .. } => {
            format!(
                "  done in {}: {}, {}",
                duration(*milliseconds),
                count(*statements, "statement"),
                count(*rows, "row")
            )
        }
        Event::Stamped { from, to } => format!("Stamped {} -> {}", list_or(from, "base"), list_or(to, "base")),
        Event::Note { text } => format!("Note: {}", safe_line(text)),
    })
}

pub(in crate::cli) fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Upgrade => "upgrade",
        Direction::Downgrade => "downgrade",
    }
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
