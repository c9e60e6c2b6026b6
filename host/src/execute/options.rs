//! How a run differs from the usual.

use std::sync::Arc;
use std::time::Duration;

use crate::config::BackfillSettings;
use crate::config::Limits;
use crate::config::OnRowError;
use crate::db::opening::Timeouts;
use crate::runtime::Compiler;
use crate::runtime::Runtime;

/// How a run differs from the usual.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Goes on although applied migrations were changed since.
    pub allow_changed: bool,
    /// Lets a downgrade take along revisions of branches that the target does not name.
    pub all_branches: bool,
    /// What migrations get as the arguments of the run.
    pub args: Vec<(String, String)>,
    /// How long to wait for another runner; otherwise as in `host.toml`.
    pub wait: Option<Duration>,
    /// The server's `lock_timeout`, zero for none; otherwise as in `host.toml`.
    pub lock_timeout: Option<Duration>,
    /// The server's `statement_timeout`, zero for none; otherwise as in `host.toml`.
    pub statement_timeout: Option<Duration>,
    /// Runs an unfinished step from this statement on, from 1, whatever the journal says.
    pub resume_from: Option<u32>,
    /// Statements of an unfinished step that are done by the operator's word.
    pub mark_done: Vec<u32>,
    /// How components become code. Otherwise they are compiled on threads of this process, in each run.
    pub compiler: Compiler,
    /// A sandbox that this run shares with others, with the code that they compiled; see [`super::runtime`]. Then
    /// [`Options::compiler`] is not asked.
    pub runtime: Option<Arc<Runtime>>,
    /// What becomes of rows that a transform or the server rejects; otherwise as in `host.toml`.
    pub on_row_error: Option<OnRowError>,
    /// Tries transforms on ranges of so many rows, of which nothing stays: what a preview is.
    pub sampling: Option<u32>,
    /// Lets a stamp forget an unfinished step.
    pub forget_unfinished: bool,
}

impl Options {
    /// How many rows a transform may pass over, if any.
    pub(super) fn rejected_max(&self, settings: &BackfillSettings) -> Option<u64> {
        match self.on_row_error.unwrap_or(settings.on_row_error) {
            OnRowError::Fail => None,
            OnRowError::SkipAndRecord => Some(u64::from(settings.rejected_rows)),
        }
    }

    pub(super) fn timeouts(&self, limits: &Limits) -> Timeouts {
        Timeouts::new(
            self.lock_timeout.unwrap_or(limits.lock_timeout),
            self.statement_timeout.unwrap_or(limits.statement_timeout),
        )
    }
}
