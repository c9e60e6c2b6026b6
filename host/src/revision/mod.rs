//! The revision graph: which migrations there are, how they follow from each other, and what a target on the command
//! line means. Pure: it is fed with [`Revision`]s and never reads a file or a database.
//!
//! The model is Alembic's. A revision *revises* its parents; two revisions with the same parent are a branch point, a
//! revision with two parents is a merge point. Besides, a revision may *depend on* revisions of other branches: they
//! must be applied before it, but it does not continue their branch. Hence two kinds of walks:
//!
//! - along *versioned* edges, the parents alone: they make heads, bases, branches and relative targets;
//! - along *real* edges, parents and dependencies: they make the order of work and the rows of the version table.
//!
//! Reading order: [`Graph`] (built and checked at once), [`Target`] (the grammar of the command line),
//! [`resolve_revisions`] and [`history()`] (what a text names), [`place()`] (where a new revision goes).

mod adjacency;
mod check;
mod error;
mod graph;
mod history;
mod id;
mod labels;
mod names;
mod new_revision;
mod node_set;
mod order;
mod resolve;
mod target;
mod target_error;
mod walk;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use error::GraphError;
pub use graph::Graph;
pub use graph::Revision;
pub use history::history;
pub use id::InvalidRevisionId;
pub use id::REVISION_ID_CHARACTERS_MAX;
pub use id::RevisionId;
pub use id::is_visible;
pub use new_revision::NewRevision;
pub use new_revision::Place;
pub use new_revision::PlaceError;
pub use new_revision::place;
pub use resolve::resolve_revisions;
pub use target::Anchor;
pub use target::Target;
pub use target_error::TargetError;

pub(crate) use error::join;
pub(crate) use node_set::Node;
pub(crate) use node_set::NodeSet;
pub(crate) use order::newest_first;
pub(crate) use resolve::Branch;
pub(crate) use walk::Edges;
