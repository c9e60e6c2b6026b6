//! Walks through the graph.

use super::Graph;
use super::Node;
use super::NodeSet;

/// Along which edges a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edges {
    /// Down, along `revises`.
    Parents,
    /// Down, along `revises` and `depends_on`.
    RealParents,
    /// Up, along `revises`.
    Children,
    /// Up, along `revises` and `depends_on`.
    RealChildren,
}

/// Where a walk of some steps came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    /// The last place; `None` is below all bases.
    pub(crate) at: Option<Node>,
    /// Steps that were left when the graph ended.
    pub(crate) missing: u64,
}

/// A walk came to a place with several ways on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fork {
    pub(crate) at: Option<Node>,
    pub(crate) ways: Vec<Node>,
}

impl Graph {
    /// All nodes on any walk from these, which belong to it.
    pub(crate) fn reach(&self, from: impl IntoIterator<Item = Node>, edges: Edges) -> NodeSet {
        let edges = match edges {
            Edges::Parents => &self.parents,
            Edges::RealParents => &self.real_parents,
            Edges::Children => &self.children,
            Edges::RealChildren => &self.real_children,
        };
        let mut seen = NodeSet::new(self.len());
        let mut todo: Vec<Node> = from.into_iter().filter(|node| seen.insert(*node)).collect();
        while let Some(node) = todo.pop() {
            todo.extend(edges[node].iter().copied().filter(|next| seen.insert(*next)));
        }
        seen
    }

    /// The node with all its ancestors and descendants along `revises`: what Alembic calls its lineage.
    pub(crate) fn lineage(&self, node: Node) -> NodeSet {
        let mut lineage = self.reach([node], Edges::Parents);
        lineage.union_with(&self.reach([node], Edges::Children));
        lineage
    }

    /// What these nodes imply, without what has a child among it.
    pub(crate) fn effective_head_nodes(&self, rows: impl IntoIterator<Item = Node>) -> Vec<Node> {
        let applied = self.reach(rows, Edges::RealParents);
        applied.iter().filter(|node| !self.children[*node].iter().any(|child| applied.contains(*child))).collect()
    }

    /// The nodes that are not ancestors of others among them, in the same order.
    pub(crate) fn maximal(&self, nodes: &[Node]) -> Vec<Node> {
        let below = self.strict_ancestors(nodes);
        nodes.iter().copied().filter(|node| !below.contains(*node)).collect()
    }

    /// The first of the nodes that is a descendant of others among them, with those others.
    pub(crate) fn overlap(&self, nodes: &[Node]) -> Option<(Node, Vec<Node>)> {
        let below = self.strict_ancestors(nodes);
        if !nodes.iter().any(|node| below.contains(*node)) {
            return None;
        }
        nodes.iter().find_map(|node| {
            let ancestors = self.strict_ancestors(&[*node]);
            let others: Vec<Node> = nodes.iter().copied().filter(|other| ancestors.contains(*other)).collect();
            (!others.is_empty()).then_some((*node, others))
        })
    }

    /// Goes up along `revises`, only through `within` if given. From `None` it goes to the bases.
    pub(crate) fn walk_up(&self, from: Option<Node>, steps: u64, within: Option<&NodeSet>) -> Result<Walk, Fork> {
        let mut at = from;
        for done in 0..steps {
            let mut ways = match at {
                Some(node) => self.children[node].to_vec(),
                None => self.base_nodes(),
            };
            ways.retain(|way| within.is_none_or(|within| within.contains(*way)));
            match ways[..] {
                [] => {
                    return Ok(Walk { at, missing: steps - done });
                }
                [next] => at = Some(next),
                _ => return Err(Fork { at, ways }),
            }
        }
        Ok(Walk { at, missing: 0 })
    }

    /// Goes down along `revises`; one step below a base is `None`.
    pub(crate) fn walk_down(&self, from: Node, steps: u64) -> Result<Walk, Fork> {
        let mut at = Some(from);
        for done in 0..steps {
            let Some(node) = at else {
                return Ok(Walk { at, missing: steps - done });
            };
            match self.parents[node][..] {
                [] => at = None,
                [next] => at = Some(next),
                _ => {
                    let ways = self.parents[node].to_vec();
                    return Err(Fork { at, ways });
                }
            }
        }
        Ok(Walk { at, missing: 0 })
    }

    fn strict_ancestors(&self, nodes: &[Node]) -> NodeSet {
        self.reach(nodes.iter().flat_map(|node| self.real_parents[*node].iter().copied()), Edges::RealParents)
    }
}
