//! How a run differs from the usual.

use std::time::Duration;

use crate::config::Limits;
use crate::db::transaction::Timeouts;
use crate::runtime::Compiler;

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
    pub runner_lock_wait: Option<Duration>,
    /// The server's `lock_timeout` in milliseconds; otherwise as in `host.toml`.
    pub lock_timeout_milliseconds: Option<u64>,
    /// The server's `statement_timeout` in milliseconds; otherwise as in `host.toml`.
    pub statement_timeout_milliseconds: Option<u64>,
    /// Runs an unfinished step from this statement on, from 1, whatever the journal says.
    pub resume_from: Option<u32>,
    /// Statements of an unfinished step that are done by the operator's word.
    pub mark_done: Vec<u32>,
    /// How components become code. Otherwise they are compiled on threads of this process, in each run.
    pub compiler: Compiler,
    /// Lets a stamp forget an unfinished step.
    pub forget_unfinished: bool,
}

impl Options {
    pub(super) fn timeouts(&self, limits: &Limits) -> Timeouts {
        Timeouts {
            lock_milliseconds: self.lock_timeout_milliseconds.unwrap_or(u64::from(limits.lock_timeout_milliseconds)),
            statement_milliseconds: self
                .statement_timeout_milliseconds
                .unwrap_or(u64::from(limits.statement_timeout_milliseconds)),
        }
    }
}
