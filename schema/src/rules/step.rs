//! One statement with what it does to locks and data.

use crate::plan::Boundary;
use crate::plan::LockMode;

/// A statement before its place in the order is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) sql: String,
    pub(crate) boundary: Boundary,
    /// Mode and table; the engine leaves it out where the table is made by the same plan.
    pub(crate) lock: Option<(LockMode, Vec<String>)>,
    pub(crate) rewrite: bool,
    pub(crate) scan: bool,
    pub(crate) loss: Option<String>,
    pub(crate) decide: Vec<String>,
}

impl Step {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            boundary: Boundary::InTransaction,
            lock: None,
            rewrite: false,
            scan: false,
            loss: None,
            decide: Vec::new(),
        }
    }

    /// Locks the table at the front of `path`.
    pub(crate) fn lock(mut self, mode: LockMode, path: &[String]) -> Self {
        self.lock = Some((mode, path.iter().take(2).cloned().collect()));
        self
    }

    /// Locks the table at the front of `path` alone.
    pub(crate) fn exclusive(self, path: &[String]) -> Self {
        self.lock(LockMode::AccessExclusive, path)
    }

    pub(crate) fn rewrite(mut self, rewrite: bool) -> Self {
        self.rewrite = rewrite;
        self
    }

    pub(crate) fn scan(mut self, scan: bool) -> Self {
        self.scan = scan;
        self
    }

    pub(crate) fn loss(mut self, loss: impl Into<String>) -> Self {
        self.loss = Some(loss.into());
        self
    }

    pub(crate) fn decide(mut self, what: impl Into<String>) -> Self {
        self.decide.push(what.into());
        self
    }
}
