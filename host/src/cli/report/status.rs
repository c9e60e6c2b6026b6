//! A line for people about what is being done now: on a terminal one that is written over, elsewhere one from time to time.

use std::time::Duration;
use std::time::Instant;

use super::secrets::Secrets;
use super::terminal;
use super::terminal::Line;

/// How often there is a line where none can be written over.
const INTERVAL: Duration = Duration::from_secs(10);

/// The line. It is gone from a terminal when this is dropped.
pub(in crate::cli) struct Status<'a> {
    how: How,
    secrets: &'a Secrets,
}

enum How {
    Not,
    /// Whether it stands there now.
    Live {
        shown: bool,
    },
    /// When the last line was written, or the work began.
    Lines {
        last: Instant,
    },
}

impl<'a> Status<'a> {
    /// Nothing is shown yet.
    pub(super) fn new(wanted: bool, secrets: &'a Secrets) -> Self {
        let how = match wanted {
            false => How::Not,
            true if terminal::lines_can_be_written_over() => How::Live { shown: false },
            true => How::Lines { last: Instant::now() },
        };
        Self { how, secrets }
    }

    /// Shows a text in the place of the one before.
    pub(in crate::cli) fn show(&mut self, text: &str) {
        let line = Line::indented(2, text);
        match &mut self.how {
            How::Not => {}
            How::Live { shown } => {
                terminal::print_over(&line, self.secrets);
                *shown = true;
            }
            How::Lines { last } if last.elapsed() >= INTERVAL => {
                terminal::print_error(&[line], false, self.secrets);
                *last = Instant::now();
            }
            How::Lines { .. } => {}
        }
    }

    /// Takes the line away, so that another one can be printed.
    pub(in crate::cli) fn clear(&mut self) {
        if let How::Live { shown } = &mut self.how
            && std::mem::take(shown)
        {
            terminal::clear_line();
        }
    }
}

impl Drop for Status<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}
