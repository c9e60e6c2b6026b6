//! One order of all statements: Kahn's algorithm with a heap. A cycle is a bug of the rules.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::BinaryHeap;

use super::graph::Graph;
use super::graph::Node;
use super::graph::Operation;
use crate::fact::FactId;
use crate::fact::Kind;

/// What decides between statements that could come next: drops first; then what belongs to one object stays together,
/// in the order of the kinds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    later: bool,
    group: (i32, Vec<String>),
    kind: i32,
    node: Node,
}

/// Operations in order, with what each of them carries.
pub(super) struct Ordered {
    pub(super) nodes: Vec<Node>,
    pub(super) carried: BTreeMap<Node, Vec<FactId>>,
}

/// Puts the operations in an order that works.
///
/// # Errors
///
/// What stands in a cycle that cannot be cut.
pub(super) fn order(graph: &mut Graph<'_>) -> Result<Ordered, BTreeSet<Node>> {
    loop {
        let (nodes, rest) = kahn(graph);
        if rest.is_empty() {
            return Ok(Ordered { nodes, carried: graph.carriers.carried() });
        }
        let wishes = graph.wishes.len();
        let carriers = &graph.carriers;
        graph
            .wishes
            .retain(|(first, then)| !(rest.contains(carriers.resolve(first)) && rest.contains(carriers.resolve(then))));
        if graph.wishes.len() < wishes {
            continue;
        }
        if !graph.carriers.cut(&|node| rest.contains(node)) {
            return Err(rest);
        }
    }
}

/// The order as far as it goes, and what stands in cycles or between them.
fn kahn(graph: &Graph<'_>) -> (Vec<Node>, BTreeSet<Node>) {
    let mut after: BTreeMap<&Node, BTreeSet<&Node>> = BTreeMap::new();
    let mut waiting: BTreeMap<&Node, usize> = BTreeMap::new();
    for node in graph.nodes.iter().filter(|node| !graph.carriers.is_carried(node)) {
        waiting.insert(node, 0);
    }
    let edges = graph.edges.iter().flat_map(|(first, then)| then.iter().map(move |then| (first, then)));
    for (first, then) in edges.chain(graph.wishes.iter().map(|(first, then)| (first, then))) {
        let (first, then) = (graph.carriers.resolve(first), graph.carriers.resolve(then));
        if first != then && after.entry(first).or_default().insert(then) {
            *waiting.entry(then).or_default() += 1;
        }
    }
    let ready = waiting.iter().filter(|(_, count)| **count == 0).map(|(node, _)| *node);
    let mut heap: BinaryHeap<Reverse<Key>> = ready.map(|node| Reverse(key(graph, node))).collect();
    let mut nodes = Vec::new();
    while let Some(Reverse(Key { node, .. })) = heap.pop() {
        for then in after.get(&node).into_iter().flatten() {
            let count = waiting.get_mut(then).map(|count| {
                *count -= 1;
                *count
            });
            if count == Some(0) {
                heap.push(Reverse(key(graph, then)));
            }
        }
        nodes.push(node);
    }
    let done: BTreeSet<&Node> = nodes.iter().collect();
    let mut rest: BTreeSet<Node> =
        waiting.keys().filter(|node| !done.contains(*node)).map(|node| (*node).clone()).collect();
    // What only comes after a cycle, or between two, is no part of it.
    loop {
        let ends: Vec<Node> = rest
            .iter()
            .filter(|node| !after.get(node).is_some_and(|then| then.iter().any(|node| rest.contains(*node))))
            .cloned()
            .collect();
        if ends.is_empty() {
            let cycles = rest.iter().filter(|node| reaches_itself(node, &after, &rest)).cloned().collect();
            return (nodes, cycles);
        }
        for node in ends {
            rest.remove(&node);
        }
    }
}

fn reaches_itself(start: &Node, after: &BTreeMap<&Node, BTreeSet<&Node>>, within: &BTreeSet<Node>) -> bool {
    let mut seen: BTreeSet<&Node> = BTreeSet::new();
    let mut open: Vec<&Node> = vec![start];
    while let Some(node) = open.pop() {
        for then in after.get(node).into_iter().flatten().filter(|node| within.contains(**node)) {
            if *then == start {
                return true;
            }
            if seen.insert(then) {
                open.push(then);
            }
        }
    }
    false
}

fn key(graph: &Graph<'_>, node: &Node) -> Key {
    let (operation, id) = node;
    let root = graph.root(id);
    let later = !matches!(operation, Operation::Drop | Operation::Aside);
    let weight = |kind: Kind| if later { kind as i32 } else { -(kind as i32) };
    Key { later, group: (weight(root.kind), root.path.clone()), kind: weight(id.kind), node: node.clone() }
}
