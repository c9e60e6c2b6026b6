//! The graph of all revisions of a project.

use std::collections::BTreeSet;

use super::GraphError;
use super::Node;
use super::NodeSet;
use super::RevisionId;
use super::adjacency::Adjacency;
use super::check;
use super::labels::Labels;
use super::names::Names;
use super::newest_first;
use super::walk::Edges;

/// One migration, as far as the graph is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its id.
    pub id: RevisionId,
    /// The parents: none for a base, several for a merge.
    pub revises: Vec<RevisionId>,
    /// Revisions of other branches that must be applied first. Each is an id, a unique prefix or a branch label.
    pub depends_on: Vec<String>,
    /// Names of the branch that begins here.
    pub branch_labels: Vec<String>,
    /// One line that says what it does.
    pub message: String,
    /// The file it comes from, for error messages.
    pub file: String,
}

/// All revisions of a project, checked: every parent and dependency exists, nothing is in a circle, names are unique.
///
/// Revisions keep their load order. It breaks ties as in Alembic, so load them by sorted file name.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(super) revisions: Vec<Revision>,
    /// Ids and labels.
    pub(super) names: Names,
    /// `revises`.
    pub(super) parents: Adjacency,
    /// `depends_on`, without those that an ancestor on the same branch has already.
    pub(super) dependencies: Adjacency,
    /// Parents, then dependencies: what must be applied right before a revision.
    pub(super) real_parents: Adjacency,
    /// The reverse of `parents`.
    pub(super) children: Adjacency,
    /// The reverse of parents and *all* dependencies, as the branch points of Alembic's label rule need it.
    pub(super) real_children: Adjacency,
    /// For every revision a number that is greater than those of its parents and dependencies.
    pub(super) heights: Vec<usize>,
    pub(super) labels: Labels,
}

impl Graph {
    /// Builds the graph of revisions that come in load order.
    ///
    /// # Errors
    /// [`GraphError`] with the first problem: duplicate ids before bad names, missing revisions and circles.
    pub fn new(revisions: impl IntoIterator<Item = Revision>) -> Result<Self, GraphError> {
        Self::checked(revisions).map_err(|mut problems| problems.swap_remove(0))
    }

    /// The same, with all problems, at least one.
    ///
    /// # Errors
    /// [`GraphError`], several in the order of [`Graph::new`]. Circles are only looked for where everything else is right.
    pub fn checked(revisions: impl IntoIterator<Item = Revision>) -> Result<Self, Vec<GraphError>> {
        check::build(revisions.into_iter().collect())
    }

    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.revisions.len()
    }

    /// True when there is no revision at all.
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty()
    }

    /// The revision with exactly this id. For what users type, see [`super::resolve_revisions`].
    pub fn get(&self, id: &str) -> Option<&Revision> {
        self.node(id).map(|node| &self.revisions[node])
    }

    /// All revisions in load order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Revision> {
        self.revisions.iter()
    }

    /// All revisions, ancestors and dependencies first: the order in which `upgrade heads` applies them to an empty
    /// database.
    pub fn topological(&self) -> Vec<&Revision> {
        let mut all = NodeSet::new(self.len());
        for node in 0..self.len() {
            all.insert(node);
        }
        let mut order = newest_first(self, &all, &self.real_head_nodes());
        order.reverse();
        order.into_iter().map(|node| &self.revisions[node]).collect()
    }

    /// Revisions that no other revises, in load order. A head may still be a dependency of another branch.
    pub fn heads(&self) -> Vec<&Revision> {
        self.select(|graph, node| graph.children[node].is_empty())
    }

    /// Heads that no other revision depends on, in load order: the rows of the version table after `upgrade heads`.
    pub fn real_heads(&self) -> Vec<&Revision> {
        self.select(|graph, node| graph.real_children[node].is_empty())
    }

    /// Revisions without parent, in load order.
    pub fn bases(&self) -> Vec<&Revision> {
        self.select(|graph, node| graph.parents[node].is_empty())
    }

    /// Revisions that several others revise, in load order.
    pub fn branch_points(&self) -> Vec<&Revision> {
        self.select(|graph, node| graph.children[node].len() > 1)
    }

    /// Revisions with several parents, in load order.
    pub fn merge_points(&self) -> Vec<&Revision> {
        self.select(|graph, node| graph.parents[node].len() > 1)
    }

    /// The revisions that revise this one, in load order; none for an unknown id.
    pub fn children(&self, id: &str) -> Vec<&Revision> {
        self.related(id, &self.children)
    }

    /// The revisions of other branches that this one depends on, without those that one of its ancestors on the same
    /// branch needs already (Alembic normalises them away); none for an unknown id.
    pub fn dependencies(&self, id: &str) -> Vec<&Revision> {
        self.related(id, &self.dependencies)
    }

    /// The branch labels that apply to a revision, sorted: its own, those of its ancestors, and those of the straight
    /// line above it up to the head. None for an unknown id.
    pub fn labels(&self, id: &str) -> Vec<&str> {
        self.node(id).map(|node| self.labels_of(node)).unwrap_or_default()
    }

    /// All branch labels, sorted, with the revision that has each.
    pub fn branch_labels(&self) -> impl Iterator<Item = (&str, &Revision)> {
        self.labels.owners().map(|(label, owner)| (label, &self.revisions[owner]))
    }

    /// These revisions and all that were applied before them, along parents and dependencies. With the rows of the
    /// version table this is all that is applied. Unknown ids are passed over.
    pub fn implied<'a>(&self, heads: impl IntoIterator<Item = &'a RevisionId>) -> BTreeSet<RevisionId> {
        let applied = self.reach(self.known_nodes(heads), Edges::RealParents);
        applied.iter().map(|node| self.revisions[node].id.clone()).collect()
    }

    /// The applied revisions that end a branch: the rows of the version table, and the heads of branches that have no
    /// row because another row depends on them. In load order; unknown rows are passed over.
    pub fn effective_heads<'a>(&self, rows: impl IntoIterator<Item = &'a RevisionId>) -> Vec<&Revision> {
        self.effective_head_nodes(self.known_nodes(rows)).into_iter().map(|node| &self.revisions[node]).collect()
    }

    /// The node of exactly this id.
    pub(crate) fn node(&self, id: &str) -> Option<Node> {
        let node = self.names.get(id)?;
        (self.revisions[node].id.as_str() == id).then_some(node)
    }

    pub(crate) fn id(&self, node: Node) -> &RevisionId {
        &self.revisions[node].id
    }

    pub(crate) fn ids(&self, nodes: impl IntoIterator<Item = Node>) -> Vec<RevisionId> {
        nodes.into_iter().map(|node| self.id(node).clone()).collect()
    }

    pub(crate) fn parents(&self, node: Node) -> &[Node] {
        &self.parents[node]
    }

    pub(crate) fn real_parents(&self, node: Node) -> &[Node] {
        &self.real_parents[node]
    }

    pub(crate) fn child_nodes(&self, node: Node) -> &[Node] {
        &self.children[node]
    }

    pub(crate) fn labels_of(&self, node: Node) -> Vec<&str> {
        self.labels.of(node).collect()
    }

    pub(crate) fn base_nodes(&self) -> Vec<Node> {
        (0..self.len()).filter(|node| self.parents[*node].is_empty()).collect()
    }

    pub(crate) fn head_nodes(&self) -> Vec<Node> {
        (0..self.len()).filter(|node| self.children[*node].is_empty()).collect()
    }

    pub(crate) fn real_head_nodes(&self) -> Vec<Node> {
        (0..self.len()).filter(|node| self.real_children[*node].is_empty()).collect()
    }

    fn known_nodes<'a>(&self, ids: impl IntoIterator<Item = &'a RevisionId>) -> Vec<Node> {
        ids.into_iter().filter_map(|id| self.node(id.as_str())).collect()
    }

    fn select(&self, wanted: impl Fn(&Self, Node) -> bool) -> Vec<&Revision> {
        (0..self.len()).filter(|node| wanted(self, *node)).map(|node| &self.revisions[node]).collect()
    }

    fn related(&self, id: &str, edges: &Adjacency) -> Vec<&Revision> {
        let Some(node) = self.node(id) else {
            return Vec::new();
        };
        edges[node].iter().map(|node| &self.revisions[*node]).collect()
    }
}
