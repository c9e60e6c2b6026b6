//! Why there is no way to a target.

use crate::revision::RevisionId;
use crate::revision::TargetError;
use crate::revision::join;

use super::Direction;

/// A command that cannot be planned. The texts keep the words of Alembic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The target names nothing, or a row of the version table is not among the migrations.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// What the target names is not applied, or only because other branches depend on it: nothing above it is.
    #[error("Destination {target} is not a valid downgrade target from current head(s)")]
    NotApplied {
        /// The target.
        target: String,
        /// The rows of the version table.
        heads: Vec<RevisionId>,
        /// The rows that need what the target names.
        needed_by: Vec<RevisionId>,
    },
    /// The branch that the target names does not go on from its revision.
    #[error("Not a valid downgrade target from current heads: nothing above '{target}' leads to branch '{branch}'")]
    NotOnTheWayDown {
        /// The target.
        target: String,
        /// The branch.
        branch: String,
    },
    /// A target relative to the database goes past the first or last revision, or in the wrong direction.
    #[error("Relative revision {steps:+} didn't produce {} migrations", steps.unsigned_abs())]
    RelativeTooFar {
        /// The steps as the user wrote them.
        steps: i64,
        /// What the command does.
        direction: Direction,
    },
    /// A target relative to the database, which is at several revisions that could be meant.
    #[error("Ambiguous {direction} from multiple current revisions: {}", join(current))]
    AmbiguousCurrent {
        /// What the command does.
        direction: Direction,
        /// The revisions.
        current: Vec<RevisionId>,
    },
    /// The version table has a row for a revision that another row implies.
    #[error("Requested revision {revision} overlaps with other requested revisions {}", join(others))]
    OverlappingRows {
        /// The later row.
        revision: RevisionId,
        /// Rows that it implies.
        others: Vec<RevisionId>,
    },
    /// Several targets were given and one of them implies others.
    #[error("Requested revision {revision} overlaps with other requested revisions {}", join(others))]
    OverlappingTargets {
        /// The later target.
        revision: RevisionId,
        /// Targets that it implies.
        others: Vec<RevisionId>,
    },
}

impl PlanError {
    /// A word for programs; it does not change between versions.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Target(error) => error.kind(),
            Self::NotApplied { .. } => "not-applied",
            Self::NotOnTheWayDown { .. } => "not-on-the-way-down",
            Self::RelativeTooFar { .. } => "relative-too-far",
            Self::AmbiguousCurrent { .. } => "ambiguous-current",
            Self::OverlappingRows { .. } => "overlapping-rows",
            Self::OverlappingTargets { .. } => "overlapping-targets",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Target(error) => return error.hint(),
            Self::NotApplied { heads, .. } if heads.is_empty() => {
                "the database is at base, so there is nothing to downgrade".to_owned()
            }
            Self::NotApplied { target, needed_by, .. } if !needed_by.is_empty() => {
                let rows = join(needed_by);
                format!("'{target}' is applied only because of {rows}; to take that back, name a place below {rows}")
            }
            Self::NotApplied { heads, .. } => {
                format!("the database is at {}; name an ancestor of it, see `host history -i`", join(heads))
            }
            Self::NotOnTheWayDown { branch, .. } => {
                format!("name a revision below the point where '{branch}' begins, or leave out the branch")
            }
            Self::RelativeTooFar { steps, direction } => match (direction, steps.signum()) {
                (Direction::Upgrade, 1) => "fewer than that are left to apply: use fewer steps, or head".to_owned(),
                (Direction::Downgrade, -1) => "fewer than that are applied: use fewer steps, or base".to_owned(),
                (Direction::Upgrade, _) => "use +N to go up, or `host downgrade` to go down".to_owned(),
                (Direction::Downgrade, _) => "use -N to go down, or `host upgrade` to go up".to_owned(),
            },
            Self::AmbiguousCurrent { .. } => "name the branch, such as LABEL@+1, or the revision to go to".to_owned(),
            Self::OverlappingRows { revision, .. } => {
                format!("the version table says the same twice; correct it with `host stamp {revision}`")
            }
            Self::OverlappingTargets { revision, .. } => {
                format!("name {revision} alone, it implies the others")
            }
        })
    }
}
