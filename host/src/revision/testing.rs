//! Graphs for tests, written in a line or two.

use super::Graph;
use super::GraphError;
use super::Revision;
use super::RevisionId;

/// An id of a test.
#[expect(clippy::unwrap_used, reason = "tests")]
pub(crate) fn id(id: &str) -> RevisionId {
    RevisionId::new(id).unwrap()
}

/// Ids of a test, separated by spaces.
pub(crate) fn ids(ids: &str) -> Vec<RevisionId> {
    ids.split_whitespace().map(id).collect()
}

/// One revision, written `id parent,parent @dependency #label`, each part but the first optional.
pub(crate) fn revision(text: &str) -> Revision {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let mut revision = Revision {
        id: id(name),
        revises: Vec::new(),
        depends_on: Vec::new(),
        branch_labels: Vec::new(),
        message: format!("message of {name}"),
        file: format!("{name}.sql"),
    };
    for word in words {
        match word.split_at(1) {
            ("@", dependency) => revision.depends_on.push(dependency.to_owned()),
            ("#", label) => revision.branch_labels.push(label.to_owned()),
            _ => revision.revises.extend(word.split(',').map(id)),
        }
    }
    revision
}

/// Revisions in load order, separated by semicolons.
pub(crate) fn try_graph(text: &str) -> Result<Graph, GraphError> {
    Graph::new(text.split(';').map(str::trim).filter(|text| !text.is_empty()).map(revision))
}

/// A graph that is right.
#[expect(clippy::unwrap_used, reason = "tests")]
pub(crate) fn graph(text: &str) -> Graph {
    try_graph(text).unwrap()
}

/// A trunk `a b` with the branches `c1 d1` and `c2 d2`.
pub(crate) const BRANCHES: &str = "a; b a; c1 b #c1branch; d1 c1; c2 b #c2branch; d2 c2";

/// The same with a merge point.
pub(crate) const MERGED: &str = "a; b a; c1 b #c1branch; d1 c1; c2 b #c2branch; d2 c2; mm d1,d2";

/// Two lines, the second of which needs the first.
pub(crate) const DEPENDENT: &str = "a1 #lib1; b1 a1; c1 b1; d1 c1; a2 #app; b2 a2; c2 b2 @c1";
