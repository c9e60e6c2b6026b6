//! Where a new revision goes, checked before its file is written.

use super::Anchor;
use super::Graph;
use super::GraphError;
use super::Revision;
use super::RevisionId;
use super::Target;
use super::TargetError;

/// What the user asks for with `revision` or `merge`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRevision {
    /// Its id.
    pub id: RevisionId,
    /// The parents as targets: `head` for the usual revision, `base` for a new base, several for a merge.
    pub heads: Vec<String>,
    /// It joins branches, so it must have at least two parents.
    pub merge: bool,
    /// A parent need not be a head.
    pub splice: bool,
    /// Revisions of other branches that it needs, as targets.
    pub depends_on: Vec<String>,
    /// New branch labels.
    pub branch_labels: Vec<String>,
}

/// What the new revision has to say about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The parents.
    pub revises: Vec<RevisionId>,
    /// The dependencies: labels as they were given, everything else as whole ids.
    pub depends_on: Vec<String>,
}

/// A new revision that would not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// `head` was given or implied and there are several.
    #[error(
        "Multiple heads are present; please specify the head revision on which the new revision should be based, or perform a merge"
    )]
    MultipleHeads {
        /// The heads.
        heads: Vec<RevisionId>,
    },
    /// A parent has children already, so the revision would make a branch.
    #[error(
        "Revision {revision} is not a head revision; please specify --splice to create a new branch from this revision"
    )]
    NotAHead {
        /// The parent.
        revision: RevisionId,
    },
    /// The same parent was named twice.
    #[error("Duplicate head revisions specified: {revision}")]
    DuplicateHeads {
        /// The parent.
        revision: RevisionId,
    },
    /// `base`, which is no revision, was named beside others.
    #[error("'{text}' stands for no revision, so it cannot be a parent beside others")]
    BaseAmongParents {
        /// What the user named.
        text: String,
    },
    /// A merge of fewer than two revisions.
    #[error("There is nothing to merge: {} names {} revision(s)", heads.join(", "), revises.len())]
    NothingToMerge {
        /// What the user named.
        heads: Vec<String>,
        /// The revisions behind it.
        revises: Vec<RevisionId>,
    },
    /// A dependency names several revisions or none.
    #[error("A dependency is one revision, and '{text}' names {count}")]
    NotOneDependency {
        /// What the user named.
        text: String,
        /// How many revisions it stands for.
        count: usize,
    },
    /// A parent or a dependency does not exist.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// With the new revision the graph would be broken: its id or a label exists already or cannot be used.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl PlaceError {
    /// A word for programs; it does not change between versions.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MultipleHeads { .. } => "multiple-heads",
            Self::NotAHead { .. } => "not-a-head",
            Self::DuplicateHeads { .. } => "duplicate-heads",
            Self::BaseAmongParents { .. } => "base-among-parents",
            Self::NothingToMerge { .. } => "nothing-to-merge",
            Self::NotOneDependency { .. } => "not-one-dependency",
            Self::Target(error) => error.kind(),
            Self::Graph(error) => error.kind(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::MultipleHeads { heads } => {
                Some(format!("add `--head` with one of {}, or run `host merge heads` first", super::join(heads)))
            }
            Self::NotAHead { .. } => Some("add `--splice` if a new branch is meant, or leave out `--head`".to_owned()),
            Self::DuplicateHeads { .. } => Some("name each parent once".to_owned()),
            Self::BaseAmongParents { text } => {
                Some(format!("leave out '{text}', or name nothing else for a revision that begins a new tree"))
            }
            Self::NothingToMerge { .. } => Some("name two or more heads; `host heads` lists them".to_owned()),
            Self::NotOneDependency { .. } => Some("name one revision or label".to_owned()),
            Self::Target(error) => error.hint(),
            Self::Graph(GraphError::DuplicateRevision { .. }) => {
                Some("choose another `--rev-id`; nothing was written".to_owned())
            }
            Self::Graph(
                GraphError::DuplicateLabel { .. }
                | GraphError::LabelIsRevision { .. }
                | GraphError::InvalidLabel { .. },
            ) => Some("choose another `--branch-label`; nothing was written".to_owned()),
            Self::Graph(error) => error.hint(),
        }
    }
}

/// Finds the parents and dependencies of a new revision, and tries what it would do to the graph.
///
/// # Errors
/// [`PlaceError`] when a parent is missing, ambiguous or not a head, or when the id or a label is taken.
pub fn place(graph: &Graph, new: &NewRevision) -> Result<Place, PlaceError> {
    let mut parents = Vec::new();
    for text in &new.heads {
        let target = Target::parse(text)?;
        let found = graph.resolve(&target).map_err(|error| match error {
            TargetError::MultipleHeads { heads, .. } => PlaceError::MultipleHeads { heads },
            error => error.into(),
        })?;
        if found.is_empty() && new.heads.len() > 1 {
            return Err(PlaceError::BaseAmongParents { text: text.clone() });
        }
        for parent in found {
            if parents.contains(&parent) {
                let revision = graph.id(parent).clone();
                return Err(PlaceError::DuplicateHeads { revision });
            }
            parents.push(parent);
        }
    }
    if new.merge && parents.len() < 2 {
        return Err(PlaceError::NothingToMerge { heads: new.heads.clone(), revises: graph.ids(parents) });
    }
    if !new.splice
        && let Some(parent) = parents.iter().find(|parent| !graph.child_nodes(**parent).is_empty())
    {
        let revision = graph.id(*parent).clone();
        return Err(PlaceError::NotAHead { revision });
    }
    let place = Place { revises: graph.ids(parents), depends_on: dependencies(graph, &new.depends_on)? };
    check(graph, new, &place)?;
    Ok(place)
}

/// Labels stay, so that a dependency follows its label; everything else becomes a whole id, so that a prefix which is
/// unique today cannot become ambiguous.
fn dependencies(graph: &Graph, texts: &[String]) -> Result<Vec<String>, PlaceError> {
    let mut dependencies = Vec::with_capacity(texts.len());
    for text in texts {
        let target = Target::parse(text)?;
        let found = graph.resolve(&target)?;
        let &[node] = &found[..] else {
            let (text, count) = (text.clone(), found.len());
            return Err(PlaceError::NotOneDependency { text, count });
        };
        let is_label = target.anchor == Some(Anchor::Name(text.clone())) && graph.names.get(text).is_some();
        let name = if is_label { text.clone() } else { graph.id(node).to_string() };
        if !dependencies.contains(&name) {
            dependencies.push(name);
        }
    }
    Ok(dependencies)
}

fn check(graph: &Graph, new: &NewRevision, place: &Place) -> Result<(), GraphError> {
    let revision = Revision {
        id: new.id.clone(),
        revises: place.revises.clone(),
        depends_on: place.depends_on.clone(),
        branch_labels: new.branch_labels.clone(),
        message: String::new(),
        file: "the new migration".to_owned(),
    };
    Graph::new(graph.iter().cloned().chain([revision])).map(drop)
}
