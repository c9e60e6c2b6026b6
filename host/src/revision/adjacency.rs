//! The edges of a graph.

use std::ops::Index;

use super::Node;

/// For every node the nodes that its edges lead to, all in one piece of memory: with a list for each node, most of what building
/// a graph costs is making the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Adjacency {
    targets: Vec<Node>,
    /// For every node where its targets end; they begin where those of the node before it end.
    ends: Vec<usize>,
}

impl Adjacency {
    /// Adds the next node with its targets.
    pub(super) fn push(&mut self, targets: impl IntoIterator<Item = Node>) {
        self.targets.extend(targets);
        self.ends.push(self.targets.len());
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The targets of each node.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &[Node]> {
        (0..self.len()).map(|node| &self[node])
    }

    /// The targets of all nodes.
    pub(super) fn targets(&self) -> &[Node] {
        &self.targets
    }

    /// The same edges the other way, those of each node in the order of the nodes where they begin.
    pub(super) fn reversed(&self) -> Self {
        let mut ends = vec![0; self.len()];
        for target in &self.targets {
            ends[*target] += 1;
        }
        let mut next = 0;
        for end in &mut ends {
            (*end, next) = (next, next + *end);
        }
        // Now each is where the targets of its node begin, and moves to their end.
        let mut targets = vec![0; self.targets.len()];
        for (node, reached) in self.iter().enumerate() {
            for target in reached {
                targets[ends[*target]] = node;
                ends[*target] += 1;
            }
        }
        Self { targets, ends }
    }

    /// For every node its own targets, then what those in `more` add.
    pub(super) fn joined(&self, more: &Self) -> Self {
        let mut joined = Self::default();
        for (own, more) in self.iter().zip(more.iter()) {
            joined.push(own.iter().chain(more.iter().filter(|node| !own.contains(node))).copied());
        }
        joined
    }
}

impl Index<Node> for Adjacency {
    type Output = [Node];

    fn index(&self, node: Node) -> &[Node] {
        let begin = node.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.targets[begin..self.ends[node]]
    }
}

impl FromIterator<Vec<Node>> for Adjacency {
    fn from_iter<T: IntoIterator<Item = Vec<Node>>>(lists: T) -> Self {
        let mut all = Self::default();
        for list in lists {
            all.push(list);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lists(edges: &Adjacency) -> Vec<Vec<Node>> {
        edges.iter().map(<[Node]>::to_vec).collect()
    }

    #[test]
    fn turns_and_joins() {
        let edges = Adjacency::from_iter([vec![], vec![0, 2], vec![], vec![2, 0]]);
        assert_eq!(lists(&edges.reversed()), [vec![1, 3], vec![], vec![1, 3], vec![]]);
        let more = Adjacency::from_iter([vec![3], vec![2, 3], vec![], vec![]]);
        assert_eq!(lists(&edges.joined(&more)), [vec![3], vec![0, 2, 3], vec![], vec![2, 0]]);
        assert_eq!(Adjacency::default().reversed(), Adjacency::default());
    }

    proptest! {
        #[test]
        fn turning_keeps_every_edge(edges in (1_usize..20).prop_flat_map(|nodes| {
            proptest::collection::vec(proptest::collection::vec(0..nodes, 0..5), nodes)
        })) {
            let mut expected = vec![Vec::new(); edges.len()];
            for (node, targets) in edges.iter().enumerate() {
                for target in targets {
                    expected[*target].push(node);
                }
            }
            prop_assert_eq!(lists(&Adjacency::from_iter(edges).reversed()), expected);
        }
    }
}
