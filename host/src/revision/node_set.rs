//! Sets of revisions inside one graph.

/// The position of a revision in its graph: its load order. All inner work is done on these, never on the ids.
pub(crate) type Node = usize;

const BITS: usize = u64::BITS as usize;

/// A set of nodes, one bit per revision of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeSet {
    words: Vec<u64>,
}

impl NodeSet {
    /// An empty set for a graph of `len` revisions.
    pub(crate) fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(BITS)] }
    }

    /// Adds a node; true when it is new.
    pub(crate) fn insert(&mut self, node: Node) -> bool {
        let bit = 1 << (node % BITS);
        let word = &mut self.words[node / BITS];
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub(crate) fn remove(&mut self, node: Node) {
        self.words[node / BITS] &= !(1 << (node % BITS));
    }

    pub(crate) fn contains(&self, node: Node) -> bool {
        self.words[node / BITS] & (1 << (node % BITS)) != 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(crate) fn union_with(&mut self, other: &Self) {
        self.combine(other, |word, other| word | other);
    }

    pub(crate) fn intersect_with(&mut self, other: &Self) {
        self.combine(other, |word, other| word & other);
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        self.combine(other, |word, other| word & !other);
    }

    /// The nodes in load order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Node> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(index * BITS + bit)
            })
        })
    }

    fn combine(&mut self, other: &Self, operation: impl Fn(u64, u64) -> u64) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word = operation(*word, *other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_nodes_in_load_order() {
        let mut set = NodeSet::new(130);
        for node in [129, 0, 63, 64] {
            assert!(set.insert(node));
        }
        assert!(!set.insert(64));
        set.remove(63);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 64, 129]);
        assert!(set.contains(129) && !set.contains(63));
    }

    #[test]
    fn combines() {
        let set = |nodes: &[Node]| {
            let mut set = NodeSet::new(70);
            for node in nodes {
                set.insert(*node);
            }
            set
        };
        let mut all = set(&[1, 65]);
        all.union_with(&set(&[2, 65]));
        assert_eq!(all, set(&[1, 2, 65]));
        all.subtract(&set(&[2]));
        all.intersect_with(&set(&[2, 65]));
        assert_eq!(all, set(&[65]));
        all.subtract(&set(&[65]));
        assert!(all.is_empty());
    }
}
