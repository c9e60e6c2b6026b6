//! What can be wrong with the migrations of a project as a whole.

use super::InvalidRevisionId;
use super::RevisionId;

/// A set of revisions that is not a graph. Found before anything runs, and always the same one for the same input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two files have the same revision id.
    #[error("Revision {id} is present more than once: in {first_file} and in {second_file}")]
    DuplicateRevision {
        /// The id.
        id: RevisionId,
        /// The file that was loaded first.
        first_file: String,
        /// The file that was loaded later.
        second_file: String,
    },
    /// A revision names itself as its parent.
    #[error("Self-loop is detected in revisions ({id}): {file} revises itself")]
    SelfLoop {
        /// The revision.
        id: RevisionId,
        /// Its file.
        file: String,
    },
    /// A revision names itself as a dependency.
    #[error("Dependency self-loop is detected in revisions ({id}): {file} depends on itself")]
    DependencySelfLoop {
        /// The revision.
        id: RevisionId,
        /// Its file.
        file: String,
    },
    /// A revision names the same parent twice.
    #[error("Revision {id} in {file} names its parent {parent} twice")]
    RepeatedParent {
        /// The revision.
        id: RevisionId,
        /// Its file.
        file: String,
        /// The parent.
        parent: RevisionId,
    },
    /// A parent is not among the revisions.
    #[error("Can't locate revision identified by '{parent}', which revision {id} in {file} revises")]
    MissingParent {
        /// The revision that names the parent.
        id: RevisionId,
        /// Its file.
        file: String,
        /// The parent that does not exist.
        parent: RevisionId,
    },
    /// A dependency is not among the revisions and labels.
    #[error("Can't locate revision identified by '{dependency}', on which revision {id} in {file} depends")]
    MissingDependency {
        /// The revision that names the dependency.
        id: RevisionId,
        /// Its file.
        file: String,
        /// The text that names nothing.
        dependency: String,
    },
    /// A dependency is a prefix of several revisions or labels.
    #[error(
        "Multiple revisions start with '{dependency}', on which revision {id} in {file} depends: {}",
        candidates.join(", ")
    )]
    AmbiguousDependency {
        /// The revision that names the dependency.
        id: RevisionId,
        /// Its file.
        file: String,
        /// The prefix.
        dependency: String,
        /// What begins with it.
        candidates: Vec<String>,
    },
    /// A branch label has characters that the target grammar needs, or is empty, too long or a word of the grammar.
    #[error("Branch name '{label}' of revision {id} in {file} cannot be used")]
    InvalidLabel {
        /// The label.
        label: String,
        /// The revision that has it.
        id: RevisionId,
        /// Its file.
        file: String,
        /// What is wrong; labels obey the rules of revision ids.
        source: InvalidRevisionId,
    },
    /// A branch label is the id of a revision.
    #[error("Branch name '{label}' of revision {id} in {file} is also the revision in {other_file}")]
    LabelIsRevision {
        /// The label.
        label: String,
        /// The revision that has it.
        id: RevisionId,
        /// Its file.
        file: String,
        /// The file of the revision with that id.
        other_file: String,
    },
    /// Two revisions have the same branch label.
    #[error("Branch name '{label}' in revision {id} already used by revision {other} ({file} and {other_file})")]
    DuplicateLabel {
        /// The label.
        label: String,
        /// The revision that was loaded later.
        id: RevisionId,
        /// Its file.
        file: String,
        /// The revision that was loaded first.
        other: RevisionId,
        /// Its file.
        other_file: String,
    },
    /// Revisions revise each other in a circle.
    #[error("Cycle is detected in revisions ({}): {}", join(revisions), files.join(", "))]
    Cycle {
        /// The circle, each revision followed by one that revises it.
        revisions: Vec<RevisionId>,
        /// Their files.
        files: Vec<String>,
    },
    /// Revisions revise and depend on each other in a circle.
    #[error("Dependency cycle is detected in revisions ({}): {}", join(revisions), files.join(", "))]
    DependencyCycle {
        /// The circle, each revision followed by one that revises or needs it.
        revisions: Vec<RevisionId>,
        /// Their files.
        files: Vec<String>,
    },
}

impl GraphError {
    /// A word for programs; it does not change between versions.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::DuplicateRevision { .. } => "duplicate-revision",
            Self::SelfLoop { .. } => "self-loop",
            Self::DependencySelfLoop { .. } => "dependency-self-loop",
            Self::RepeatedParent { .. } => "repeated-parent",
            Self::MissingParent { .. } => "missing-parent",
            Self::MissingDependency { .. } => "missing-dependency",
            Self::AmbiguousDependency { .. } => "ambiguous-dependency",
            Self::InvalidLabel { .. } => "invalid-label",
            Self::LabelIsRevision { .. } => "label-is-revision",
            Self::DuplicateLabel { .. } => "duplicate-label",
            Self::Cycle { .. } => "cycle",
            Self::DependencyCycle { .. } => "dependency-cycle",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::DuplicateRevision { second_file, .. } => {
                format!("give {second_file} another revision id, or remove one of the two files")
            }
            Self::SelfLoop { file, .. } => format!("name the revision that comes before it in `revises` of {file}"),
            Self::DependencySelfLoop { file, .. } => format!("remove it from `depends-on` of {file}"),
            Self::RepeatedParent { file, parent, .. } => {
                format!("name {parent} once in `revises` of {file}")
            }
            Self::MissingParent { file, parent, .. } => {
                format!("restore the migration {parent}, or correct `revises` of {file}")
            }
            Self::MissingDependency { file, dependency, .. } => {
                format!("restore the migration {dependency}, or correct `depends-on` of {file}")
            }
            Self::AmbiguousDependency { file, .. } => {
                format!("write the whole revision id in `depends-on` of {file}")
            }
            Self::InvalidLabel { file, .. }
            | Self::LabelIsRevision { file, .. }
            | Self::DuplicateLabel { file, .. } => format!("choose another name in `branch-labels` of {file}"),
            Self::Cycle { .. } => {
                "correct `revises` of one of these files so that the oldest has no parent among the others".to_owned()
            }
            Self::DependencyCycle { .. } => "remove one of these revisions from `depends-on` of another".to_owned(),
        })
    }
}

/// Ids for a sentence, separated by commas.
pub(crate) fn join(ids: &[RevisionId]) -> String {
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}
