//! Why a worker did not come to the end of a backfill.

use crate::revision::RevisionId;

/// Why a worker did not come to the end of a backfill. What is committed stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkFailure {
    /// The journal has no plan that this version can read.
    #[error("the backfill of {revision} was begun by another version of host, and has no plan that this one can read")]
    NoPlan {
        /// The revision.
        revision: RevisionId,
    },
    /// The component here is not the one of the run that began.
    #[error("the component of {revision} ({file}) is not the one that the backfill was begun with")]
    AnotherComponent {
        /// The revision.
        revision: RevisionId,
        /// Its file or folder.
        file: String,
    },
    /// The arguments are not those of the run that began, and transforms can see them.
    #[error("the arguments (-x) are not those that the backfill of {revision} was begun with")]
    OtherArguments {
        /// The revision.
        revision: RevisionId,
    },
    /// A range failed, or the backfill was cancelled.
    #[error("the backfill of {revision} stopped: {reason}")]
    Stopped {
        /// The revision.
        revision: RevisionId,
        /// Why.
        reason: String,
    },
    /// It was told to end.
    #[error("interrupted; all batches that were committed stay")]
    Interrupted,
}

impl WorkFailure {
    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoPlan { .. } => "no-plan",
            Self::AnotherComponent { .. } => "another-component",
            Self::OtherArguments { .. } => "other-arguments",
            Self::Stopped { .. } => "backfill-stopped",
            Self::Interrupted => "interrupted",
        }
    }

    /// What the operator should do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoPlan { .. } => {
                "let `host upgrade` of this version go on with it, then others can work on it as well"
            }
            Self::AnotherComponent { .. } => {
                "take the same built component to all machines; after a correction, `host upgrade` makes the new one count"
            }
            Self::OtherArguments { .. } => "give the same -x KEY=VALUE, in the same order, as to `host upgrade`",
            Self::Stopped { .. } => {
                "see `host backfill status`; after the reason is removed, `host upgrade` tries again what failed"
            }
            Self::Interrupted => "run the command again to go on",
        }
    }
}
