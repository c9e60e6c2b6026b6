//! What has to come before what.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use super::carry::Carriers;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::rules::Side;
use crate::rules::States;
use crate::rules::is_type;

/// What is done about a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Operation {
    /// Gives a type another name, because columns still have it.
    Aside,
    /// Drops it.
    Drop,
    /// Alters it.
    Alter,
    /// Makes it.
    Create,
    /// Takes the rows of the old table into the new one.
    Move,
}

/// An operation on a fact.
pub(super) type Node = (Operation, FactId);

/// The operations of a plan.
pub(super) struct Graph<'a> {
    pub(super) from: &'a Side<'a>,
    pub(super) to: &'a Side<'a>,
    pub(super) states: &'a States,
    pub(super) nodes: BTreeSet<Node>,
    /// From what comes first to what comes later.
    pub(super) edges: BTreeMap<Node, BTreeSet<Node>>,
    /// Orders that are better, but not needed where they would make a cycle.
    pub(super) wishes: BTreeSet<(Node, Node)>,
    pub(super) carriers: Carriers,
    aside: BTreeSet<FactId>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(from: &'a Side<'a>, to: &'a Side<'a>, states: &'a States) -> Self {
        let moved = super::moved::tables(from, to, states);
        let mut aside = aside(from, states);
        aside.extend(moved.iter().cloned());
        let carriers = Carriers::new(from, to, states, &moved);
        let mut graph = Self {
            from,
            to,
            states,
            nodes: BTreeSet::new(),
            edges: BTreeMap::new(),
            wishes: BTreeSet::new(),
            carriers,
            aside,
        };
        graph.nodes.extend(states.dropped.iter().map(|id| (Operation::Drop, id.clone())));
        graph.nodes.extend(states.created.iter().map(|id| (Operation::Create, id.clone())));
        graph.nodes.extend(states.altered.iter().map(|id| (Operation::Alter, id.clone())));
        graph.nodes.extend(graph.aside.iter().map(|id| (Operation::Aside, id.clone())));
        graph.nodes.extend(moved.iter().map(|id| (Operation::Move, id.clone())));
        for (operation, id) in graph.nodes.clone() {
            match operation {
                Operation::Move => graph.move_edges(&id),
                Operation::Drop => graph.drop_edges(&id),
                Operation::Create => graph.create_edges(&id),
                Operation::Alter => graph.alter_edges(&id),
                Operation::Aside => graph.edge((Operation::Aside, id.clone()), (Operation::Create, id)),
            }
        }
        graph.name_edges();
        graph.special_edges();
        graph.body_wishes();
        graph
    }

    pub(super) fn is_aside(&self, id: &FactId) -> bool {
        self.aside.contains(id)
    }

    /// The object that a fact is a part of in the end.
    pub(super) fn root<'b>(&'b self, id: &'b FactId) -> &'b FactId {
        let mut id = id;
        while let Some(parent) = self.to.get(id).or_else(|| self.from.get(id)).and_then(|fact| fact.parent.as_ref()) {
            id = parent;
        }
        id
    }

    pub(super) fn edge(&mut self, first: Node, then: Node) {
        // What is moved aside is dropped when the new one is there.
        let old = first.0 == Operation::Drop
            && then.0 == Operation::Create
            && self.aside.contains(&self.carriers.resolve(&first).1);
        if !old && first != then && self.nodes.contains(&first) && self.nodes.contains(&then) {
            self.edges.entry(first).or_default().insert(then);
        }
    }

    fn drop_edges(&mut self, id: &FactId) {
        let Some(fact) = self.from.get(id) else { return };
        // The foreign key of a partition goes with that of the whole table, whatever becomes of the partition.
        let carrier = self.carriers.carrier(&(Operation::Drop, id.clone()));
        let with_above =
            carrier.is_some_and(|(_, carrier)| carrier.kind == Kind::Constraint && id.kind == Kind::Constraint);
        for needed in fact.depends_on.iter().chain(&fact.parent) {
            if with_above && needed.path.starts_with(&id.path[..2]) {
                continue;
            }
            self.edge((Operation::Drop, id.clone()), (Operation::Drop, needed.clone()));
            self.edge((Operation::Drop, id.clone()), (Operation::Alter, needed.clone()));
        }
        self.edge((Operation::Drop, id.clone()), (Operation::Create, id.clone()));
    }

    fn create_edges(&mut self, id: &FactId) {
        let Some(fact) = self.to.get(id) else { return };
        for needed in fact.depends_on.iter().chain(&fact.parent) {
            self.edge((Operation::Create, needed.clone()), (Operation::Create, id.clone()));
            self.edge((Operation::Alter, needed.clone()), (Operation::Create, id.clone()));
        }
    }

    fn alter_edges(&mut self, id: &FactId) {
        let (Some(old), Some(new)) = (self.from.get(id), self.to.get(id)) else { return };
        for needed in &old.depends_on {
            self.edge((Operation::Alter, id.clone()), (Operation::Drop, needed.clone()));
            if !new.depends_on.contains(needed) {
                self.edge((Operation::Alter, id.clone()), (Operation::Alter, needed.clone()));
            }
        }
        for needed in new.depends_on.iter().chain(&new.parent) {
            self.edge((Operation::Create, needed.clone()), (Operation::Alter, id.clone()));
            self.edge((Operation::Alter, needed.clone()), (Operation::Alter, id.clone()));
        }
    }

    /// A name must be free before it is taken.
    fn name_edges(&mut self) {
        let mut freed: HashMap<(&'static str, String), Vec<Node>> = HashMap::new();
        let mut taken = Vec::new();
        for (operation, id) in &self.nodes {
            let names = |side: &Side<'_>| side.get(id).map_or_else(Vec::new, |fact| fact.payload.namespaces(id));
            let node = (*operation, id.clone());
            let (before, after) = match operation {
                Operation::Move => (Vec::new(), Vec::new()),
                Operation::Drop if self.aside.contains(id) => (Vec::new(), Vec::new()),
                // The sequences of identity columns go when the table is moved aside.
                Operation::Drop
                    if id.kind == Kind::Column && fact_table(id).is_some_and(|table| self.aside.contains(&table)) =>
                {
                    (Vec::new(), Vec::new())
                }
                Operation::Drop | Operation::Aside => (names(self.from), Vec::new()),
                Operation::Create => (Vec::new(), names(self.to)),
                Operation::Alter => {
                    let (old, new) = (names(self.from), names(self.to));
                    let gone = old.iter().filter(|name| !new.contains(name)).cloned().collect();
                    (gone, new.into_iter().filter(|name| !old.contains(name)).collect())
                }
            };
            for name in before {
                freed.entry(name).or_default().push(node.clone());
            }
            taken.extend(after.into_iter().map(|name| (name, node.clone())));
        }
        for (name, node) in taken {
            for first in freed.get(&name).cloned().unwrap_or_default() {
                self.edge(first, node.clone());
            }
        }
    }

    /// After whatever is done to make or change `first`, `then` is made or changed.
    pub(super) fn after(&mut self, first: &FactId, then: &FactId) {
        for a in [Operation::Create, Operation::Alter] {
            for b in [Operation::Create, Operation::Alter] {
                self.edge((a, first.clone()), (b, then.clone()));
            }
        }
    }
}

/// The table of a part of one.
fn fact_table(id: &FactId) -> Option<FactId> {
    (id.path.len() > 2).then(|| FactId::new(Kind::Table, id.path[..2].iter().cloned()))
}

/// Types that are made again while columns of the old ones are still there.
fn aside(from: &Side<'_>, states: &States) -> BTreeSet<FactId> {
    let again: Vec<_> = states.dropped.iter().filter(|id| is_type(id.kind) && states.created.contains(*id)).collect();
    let mut aside = BTreeSet::new();
    loop {
        let before = aside.len();
        for id in &again {
            let used = from.dependents(id).iter().any(|fact| {
                states.altered.contains(&fact.id) && fact.id.kind == Kind::Column || aside.contains(&fact.id)
            });
            if used {
                aside.insert((*id).clone());
            }
        }
        if aside.len() == before {
            return aside;
        }
    }
}
