//! Which branch labels apply to which revision.

use std::collections::BTreeMap;
use std::collections::HashMap;

use super::Node;
use super::RevisionId;
use super::adjacency::Adjacency;

/// The labels of every revision. Revisions of one branch share one set, so the size is that of the graph.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    /// Each label with the revision that has it, sorted.
    owners: Vec<(RevisionId, Node)>,
    /// The different sets that occur, as sorted positions in `owners`.
    sets: Vec<Vec<usize>>,
    /// For every revision the position of its set in `sets`.
    set_of: Vec<usize>,
}

impl Labels {
    /// Spreads the labels as Alembic does: down to all descendants along the parents; and up, as long as the line from
    /// the head through the labelled revision has no branch point, no merge point, and no second dependent.
    pub(super) fn spread(
        owners: BTreeMap<RevisionId, Node>,
        order: &[Node],
        parents: &Adjacency,
        children: &Adjacency,
        real_children: &Adjacency,
    ) -> Self {
        if owners.is_empty() {
            return Self { owners: Vec::new(), sets: vec![Vec::new()], set_of: vec![0; parents.len()] };
        }
        let owners: Vec<_> = owners.into_iter().collect();
        let mut own = vec![Vec::new(); parents.len()];
        for (label, (_, owner)) in owners.iter().enumerate() {
            own[*owner].push(label);
        }

        for head in (0..parents.len()).filter(|node| children[*node].is_empty()) {
            let line = line_below(head, parents, real_children);
            let mut shared: Vec<usize> = line.iter().flat_map(|node| own[*node].iter().copied()).collect();
            shared.sort_unstable();
            if !shared.is_empty() {
                for node in line {
                    own[node].clone_from(&shared);
                }
            }
        }

        let mut sets = vec![Vec::new()];
        let mut known = HashMap::from([(Vec::new(), 0)]);
        let mut set_of = vec![0; parents.len()];
        for node in order.iter().copied() {
            let mut inherited: Vec<usize> = parents[node].iter().map(|parent| set_of[*parent]).collect();
            inherited.dedup();
            if let ([set], []) = (&inherited[..], &own[node][..]) {
                set_of[node] = *set;
                continue;
            }
            let mut set = std::mem::take(&mut own[node]);
            set.extend(inherited.into_iter().flat_map(|inherited| sets[inherited].iter().copied()));
            set.sort_unstable();
            set.dedup();
            set_of[node] = *known.entry(set).or_insert_with_key(|set| {
                sets.push(set.clone());
                sets.len() - 1
            });
        }
        Self { owners, sets, set_of }
    }

    /// The labels of a revision, sorted.
    pub(super) fn of(&self, node: Node) -> impl Iterator<Item = &str> {
        self.sets[self.set_of[node]].iter().map(|label| self.owners[*label].0.as_str())
    }

    /// Each label with the revision that has it, sorted.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&str, Node)> {
        self.owners.iter().map(|(label, owner)| (label.as_str(), *owner))
    }
}

/// The straight line of revisions that ends in a head.
fn line_below(head: Node, parents: &Adjacency, real_children: &Adjacency) -> Vec<Node> {
    let mut line = Vec::new();
    let mut next = Some(head);
    while let Some(node) = next {
        if real_children[node].len() > 1 || parents[node].len() > 1 {
            break;
        }
        line.push(node);
        next = parents[node].first().copied();
    }
    line
}
