//! From the revisions in the database to a target: which steps to run, and how each changes the version table. Pure.
//!
//! A [`Plan`] is made before anything runs, so it can be shown, compared and tested without a database. The steps, their
//! order and the rows are Alembic's: the version table has one row per *head* of what is applied, and a revision that
//! another applied revision revises or depends on has no row.

mod difference;
mod downgrade;
mod error;
mod heads;
mod prepared;
mod stamp;
mod upgrade;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::revision::Graph;
use crate::revision::Node;
use crate::revision::RevisionId;
use crate::revision::join;

pub use difference::PlanDifference;
pub use downgrade::downgrade;
pub use error::PlanError;
pub use heads::HeadChange;
pub use prepared::PLAN_FORMAT;
pub use prepared::PlanFormatError;
pub use prepared::PlanOptions;
pub use prepared::PlanProblem;
pub use prepared::PlanSettings;
pub use prepared::PreparedPlan;
pub use prepared::PreparedRuntime;
pub use prepared::PreparedStep;
pub use prepared::UnfinishedStep;
pub use stamp::StampPlan;
pub use stamp::stamp;
pub use upgrade::upgrade;
pub use upgrade::upgrade_all;

use heads::HeadTracker;

/// Whether migrations are applied or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Apply.
    Upgrade,
    /// Take back.
    Downgrade,
}

impl Direction {
    /// The word for it: the command, the function that a migration exports, and what the log table says.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One migration to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The migration.
    pub revision: RevisionId,
    /// Whether it is applied or taken back.
    pub direction: Direction,
    /// Left of the arrow in `Running upgrade a, b -> c`: the parents for an upgrade, the revision for a downgrade.
    pub from: Vec<RevisionId>,
    /// Right of the arrow; empty when a downgrade ends at base.
    pub to: Vec<RevisionId>,
    /// What changes in the version table, in the same transaction as the migration.
    pub change: HeadChange,
}

/// All steps of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whether migrations are applied or taken back.
    pub direction: Direction,
    /// The steps in order; empty when there is nothing to do.
    pub steps: Vec<Step>,
    /// The rows of the version table that the plan was made for. If they are others when it runs, it is void.
    pub heads_before: BTreeSet<RevisionId>,
    /// The rows after the last step.
    pub heads_after: BTreeSet<RevisionId>,
    /// What the user should know before it runs.
    pub notes: Vec<Note>,
}

/// Something about a plan that the user may not expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A downgrade also takes back revisions that the target does not name, because they stand above what it takes back
    /// or depend on it.
    TakesAlong {
        /// The revisions in the order of the steps.
        revisions: Vec<RevisionId>,
        /// Their branch labels, sorted, without those of what the target names.
        branches: Vec<String>,
    },
    /// `-N` was given and the version table has several rows: only the first counts.
    FirstOfSeveralHeads {
        /// The first row.
        chosen: RevisionId,
        /// The other rows.
        others: Vec<RevisionId>,
    },
    /// A stamp deletes rows that are not among the migrations.
    UnknownRowsRemoved {
        /// The rows.
        rows: Vec<RevisionId>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TakesAlong { revisions, branches } => {
                write!(formatter, "also removes {}", join(revisions))?;
                if !branches.is_empty() {
                    write!(formatter, " of {}", branches.join(", "))?;
                }
                write!(formatter, ", which the target does not name")
            }
            Self::FirstOfSeveralHeads { chosen, others } => write!(
                formatter,
                "counts from {chosen} alone, although {} is current too; name a branch, such as LABEL@-1",
                join(others)
            ),
            Self::UnknownRowsRemoved { rows } => {
                write!(formatter, "deletes {}, which is not among the migrations", join(rows))
            }
        }
    }
}

/// Makes the steps of nodes that are in order already.
fn plan(graph: &Graph, direction: Direction, rows: &[Node], order: Vec<Node>, notes: Vec<Note>) -> Plan {
    let mut tracker = HeadTracker::new(graph, rows);
    let heads_before = tracker.heads();
    let steps = order
        .into_iter()
        .map(|node| {
            let this = vec![graph.id(node).clone()];
            let parents = graph.ids(graph.parents(node).iter().copied());
            let (from, to, change) = match direction {
                Direction::Upgrade => (parents, this, tracker.upgrade(node)),
                Direction::Downgrade => (this, parents, tracker.downgrade(node)),
            };
            let revision = graph.id(node).clone();
            Step { revision, direction, from, to, change }
        })
        .collect();
    Plan { direction, steps, heads_before, heads_after: tracker.heads(), notes }
}
