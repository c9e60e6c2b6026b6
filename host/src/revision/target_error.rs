//! Why a text on the command line names no revision.

use super::RevisionId;
use super::join;

/// A target or a range that cannot be resolved. The texts keep the words of Alembic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No revision and no label has this name or begins with it.
    #[error("Can't locate revision identified by '{name}'")]
    NotFound {
        /// The name.
        name: String,
        /// The ids and labels that begin with it and are too short to be shortened, sorted.
        only_whole: Vec<RevisionId>,
    },
    /// The text does not fit the target grammar.
    #[error("Can't locate revision identified by '{text}': {problem}")]
    Malformed {
        /// The text.
        text: String,
        /// What does not fit.
        problem: &'static str,
    },
    /// Several revisions or labels begin with this text.
    #[error("Multiple revisions start with '{prefix}': {}", candidates.join(", "))]
    AmbiguousPrefix {
        /// The text.
        prefix: String,
        /// The ids and labels that begin with it, sorted.
        candidates: Vec<String>,
    },
    /// The part before `@` is neither a label nor a revision.
    #[error("No such branch: '{branch}'")]
    NoSuchBranch {
        /// The part before `@`.
        branch: String,
    },
    /// The revision exists, but not on the branch that was named with it.
    #[error("Revision {revision} is not a member of branch '{branch}'")]
    NotOnBranch {
        /// The revision.
        revision: RevisionId,
        /// The part before `@`.
        branch: String,
    },
    /// One revision is wanted and there are several heads.
    #[error(
        "Multiple head revisions are present for given argument '{argument}'; please specify a specific target \
         revision, '<branchname>@{}' to narrow to a specific head, or 'heads' for all heads",
        without_branch(argument)
    )]
    MultipleHeads {
        /// What the user wrote.
        argument: String,
        /// The heads.
        heads: Vec<RevisionId>,
    },
    /// A relative target comes to a place with several ways on.
    #[error("Ambiguous walk: '{text}' comes to {} and could go on to {}", place(at.as_ref()), join(ways))]
    AmbiguousWalk {
        /// The target.
        text: String,
        /// Where the ways part; `None` is below all bases.
        at: Option<RevisionId>,
        /// Where they go.
        ways: Vec<RevisionId>,
    },
    /// A target relative to a revision goes past the end of the graph.
    #[error("Walked too far: '{text}' goes {missing} past the last revision in that direction")]
    WalkedTooFar {
        /// The target.
        text: String,
        /// How many steps there is no revision for.
        missing: u64,
    },
    /// A relative target is wanted from several revisions at once.
    #[error("'{text}' is relative to several revisions at once: {}", join(starts))]
    AmbiguousStart {
        /// The target.
        text: String,
        /// The revisions.
        starts: Vec<RevisionId>,
    },
    /// `current` was given where it means nothing.
    #[error("Can't locate revision identified by 'current': it stands for what is applied already")]
    CurrentNotAllowed,
    /// The version table has rows that are not among the migrations.
    #[error(
        "Can't locate revision identified by '{}': the database is at this revision, but it is not among the migrations",
        join(rows)
    )]
    UnknownRows {
        /// The rows, at least one.
        rows: Vec<RevisionId>,
    },
    /// A history range without, or with more than one, colon.
    #[error("History range requires [start]:[end], [start]:, or :[end], not '{text}'")]
    RangeSyntax {
        /// The text.
        text: String,
    },
    /// The start of a history range is not an ancestor of its end.
    #[error("Requested range {start}:{end} does not refer to ancestor/descendant revisions along the same branch")]
    NotAlongBranch {
        /// The start as written, or the ids behind `current`.
        start: String,
        /// The end as written, or the ids behind `current`.
        end: String,
    },
}

impl TargetError {
    /// A text that names nothing, whatever there is.
    pub(super) fn not_found(name: String) -> Self {
        Self::NotFound { name, only_whole: Vec::new() }
    }

    /// A word for programs; it does not change between versions.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "unknown-revision",
            Self::Malformed { .. } => "malformed-target",
            Self::AmbiguousPrefix { .. } => "ambiguous-prefix",
            Self::NoSuchBranch { .. } => "unknown-branch",
            Self::NotOnBranch { .. } => "not-on-branch",
            Self::MultipleHeads { .. } => "multiple-heads",
            Self::AmbiguousWalk { .. } => "ambiguous-walk",
            Self::WalkedTooFar { .. } => "walked-too-far",
            Self::AmbiguousStart { .. } => "ambiguous-start",
            Self::CurrentNotAllowed => "current-not-allowed",
            Self::UnknownRows { .. } => "unknown-rows",
            Self::RangeSyntax { .. } => "range-syntax",
            Self::NotAlongBranch { .. } => "not-along-branch",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { only_whole, .. } if !only_whole.is_empty() => {
                format!("write {} in full: names of up to three characters cannot be shortened", join(only_whole))
            }
            Self::NotFound { .. } => "see `host history` for the revisions and `host branches` for the labels".to_owned(),
            Self::Malformed { .. } => {
                "use an id, a label, head, heads or base, with LABEL@ before it or +N or -N after it if needed".to_owned()
            }
            Self::AmbiguousPrefix { .. } => "add characters until only one of them is meant".to_owned(),
            Self::NoSuchBranch { .. } => {
                "put a branch label or a revision before the @; see `host branches` and `host history`".to_owned()
            }
            Self::NotOnBranch { revision, .. } => format!("use {revision} without a branch"),
            Self::MultipleHeads { heads, .. } => {
                format!("the heads are {}; name one of them, or join them with `host merge heads`", join(heads))
            }
            Self::AmbiguousWalk { ways, .. } => format!("name the revision itself, such as {}", join(ways.get(..1)?)),
            Self::WalkedTooFar { .. } => "use fewer steps, or head or base".to_owned(),
            Self::AmbiguousStart { .. } => "name the revision to start from, such as REVISION+1".to_owned(),
            Self::CurrentNotAllowed => "use it with show, edit and history".to_owned(),
            Self::UnknownRows { .. } => {
                "restore the missing migration (another branch of the source may have it), or, if the schema is that of \
                 a revision of this project, say so with `host stamp REVISION`"
                    .to_owned()
            }
            Self::RangeSyntax { .. } => "put one colon between two targets, such as base:head or -2:".to_owned(),
            Self::NotAlongBranch { .. } => "put the older revision first".to_owned(),
        })
    }
}

fn without_branch(argument: &str) -> &str {
    argument.rsplit('@').next().unwrap_or(argument)
}

fn place(at: Option<&RevisionId>) -> &str {
    at.map_or("base", RevisionId::as_str)
}
