//! The rows of the version table, step by step.

use std::collections::BTreeSet;

use crate::revision::Edges;
use crate::revision::Graph;
use crate::revision::Node;
use crate::revision::NodeSet;
use crate::revision::RevisionId;

/// Rows of the version table that go and come. A replaced row is one of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadChange {
    /// Rows to delete; each is there exactly once.
    pub remove: Vec<RevisionId>,
    /// Rows to insert; none of them is there.
    pub add: Vec<RevisionId>,
}

impl HeadChange {
    /// Makes the change to the rows of a version table.
    pub fn apply_to(&self, heads: &mut BTreeSet<RevisionId>) {
        for row in &self.remove {
            heads.remove(row);
        }
        heads.extend(self.add.iter().cloned());
    }
}

/// What is applied while a plan goes on, and which of it has a row.
///
/// A revision has a row as long as no applied revision revises it or depends on it. Counting those is enough to know
/// it, so a step costs no walk through the graph.
pub(super) struct HeadTracker<'graph> {
    graph: &'graph Graph,
    rows: NodeSet,
    /// For every revision how many applied ones come right after it.
    applied_after: Vec<usize>,
}

impl<'graph> HeadTracker<'graph> {
    pub(super) fn new(graph: &'graph Graph, rows: &[Node]) -> Self {
        let mut applied_after = vec![0; graph.len()];
        let applied = graph.reach(rows.iter().copied(), Edges::RealParents);
        for parent in applied.iter().flat_map(|node| graph.real_parents(node)) {
            applied_after[*parent] += 1;
        }
        let mut tracker = Self { graph, rows: NodeSet::new(graph.len()), applied_after };
        for row in rows {
            tracker.rows.insert(*row);
        }
        tracker
    }

    pub(super) fn upgrade(&mut self, node: Node) -> HeadChange {
        let mut change = HeadChange::default();
        for parent in self.graph.real_parents(node) {
            self.applied_after[*parent] += 1;
            if self.rows.contains(*parent) {
                self.rows.remove(*parent);
                change.remove.push(self.graph.id(*parent).clone());
            }
        }
        self.rows.insert(node);
        change.add.push(self.graph.id(node).clone());
        change
    }

    pub(super) fn downgrade(&mut self, node: Node) -> HeadChange {
        let mut change = HeadChange::default();
        if self.rows.contains(node) {
            self.rows.remove(node);
            change.remove.push(self.graph.id(node).clone());
        }
        for parent in self.graph.real_parents(node) {
            self.applied_after[*parent] = self.applied_after[*parent].saturating_sub(1);
            if self.applied_after[*parent] == 0 && self.rows.insert(*parent) {
                change.add.push(self.graph.id(*parent).clone());
            }
        }
        change
    }

    pub(super) fn heads(&self) -> BTreeSet<RevisionId> {
        self.rows.iter().map(|node| self.graph.id(node).clone()).collect()
    }
}
