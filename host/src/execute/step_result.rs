//! How a step went, and what comes after it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::components::StepComponent;
use super::failure::Cause;
use super::partial_progress::PartialProgress;
use crate::db::DatabaseError;
use crate::revision::RevisionId;

/// The step that comes next.
pub(super) struct NextStep {
    pub(super) revision: RevisionId,
    /// What it runs, if that is known already.
    pub(super) component: Option<Arc<StepComponent>>,
    /// The heads before it.
    pub(super) heads: BTreeSet<RevisionId>,
    /// How many come after it.
    pub(super) steps_after: usize,
}

/// How a step went.
pub(super) struct StepResult {
    pub(super) statements: u64,
    pub(super) rows: u64,
    /// Rows that transforms passed over.
    pub(super) skipped: u64,
    pub(super) milliseconds: u64,
    pub(super) outcome: Result<(), Cause>,
    /// Whether a failure is in the log table.
    pub(super) recorded: bool,
    /// The reason, when the connection was lost during COMMIT, which nevertheless went through. The database is another
    /// connection now, without the migration lock.
    pub(super) reconnected: Option<String>,
    /// How far a step without a transaction came.
    pub(super) non_transactional: Option<PartialProgress>,
}

impl StepResult {
    /// The host's own part failed before the migration began.
    pub(super) fn not_begun(error: DatabaseError) -> Self {
        let outcome = Err(Cause::NotBegun(error));
        Self {
            statements: 0,
            rows: 0,
            skipped: 0,
            milliseconds: 0,
            outcome,
            recorded: false,
            non_transactional: None,
            reconnected: None,
        }
    }
}
