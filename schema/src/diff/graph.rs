//! What has to come before what.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use super::carry::Carriers;
use crate::catalog::constraint::ConstraintType;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
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
    from: &'a Side<'a>,
    to: &'a Side<'a>,
    states: &'a States,
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

    fn edge(&mut self, first: Node, then: Node) {
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

    /// Rows are taken along when the new table is whole, and before anything looks at them.
    fn move_edges(&mut self, id: &FactId) {
        let (from, to) = (self.from, self.to);
        let node = (Operation::Move, id.clone());
        self.edge((Operation::Create, id.clone()), node.clone());
        self.edge(node.clone(), (Operation::Drop, id.clone()));
        for part in from.children(id) {
            for part in std::iter::once(part).chain(from.children(&part.id)) {
                let gone = (Operation::Drop, part.id.clone());
                if !self.carriers.is_carried(&gone) {
                    self.edge(gone, (Operation::Aside, id.clone()));
                }
            }
        }
        for below in from.dependents(id).iter().filter(|fact| fact.id.kind == Kind::Inheritance) {
            self.edge(node.clone(), (Operation::Drop, below.id.clone()));
        }
        for attached in to.dependents(id).iter().chain(to.children(id)).filter(|fact| fact.id.kind == Kind::Inheritance)
        {
            self.edge((Operation::Create, attached.id.clone()), node.clone());
        }
        for part in to.children(id).iter().chain(to.dependents(id)) {
            let foreign =
                matches!(&part.payload, Payload::Constraint(it) if it.constraint_type == ConstraintType::ForeignKey);
            if foreign || matches!(part.id.kind, Kind::Trigger | Kind::Rule | Kind::Policy) {
                self.edge(node.clone(), (Operation::Create, part.id.clone()));
            }
            for default in to.children(&part.id).iter().filter(|fact| fact.id.kind == Kind::Default) {
                self.edge((Operation::Create, default.id.clone()), node.clone());
            }
        }
        for view in to.catalog.facts.iter().filter(|fact| fact.id.kind == Kind::MaterializedView) {
            self.edge(node.clone(), (Operation::Create, view.id.clone()));
        }
    }

    /// After whatever is done to make or change `first`, `then` is made or changed.
    fn after(&mut self, first: &FactId, then: &FactId) {
        for a in [Operation::Create, Operation::Alter] {
            for b in [Operation::Create, Operation::Alter] {
                self.edge((a, first.clone()), (b, then.clone()));
            }
        }
    }

    /// Orders that no dependency says.
    fn special_edges(&mut self) {
        let (from, to) = (self.from, self.to);
        for fact in &to.catalog.facts {
            match &fact.payload {
                Payload::SequenceOwner(owner) => {
                    // The sequence gets the owner of the table with the table.
                    let table = FactId::new(Kind::Table, owner.column.iter().take(2).cloned());
                    self.after(&fact.id, &table.part(Kind::Owner));
                    let sequence = FactId { kind: Kind::Sequence, path: fact.id.path.clone() };
                    let privileges = sequence.part(Kind::Privileges);
                    self.after(&fact.id, &privileges);
                    self.after(&table.part(Kind::Owner), &privileges);
                    self.after(&sequence.part(Kind::Owner), &fact.id);
                }
                Payload::Privileges(_) => {
                    if let Some(of) = &fact.parent {
                        self.after(&of.part(Kind::Owner), &fact.id);
                        if of.kind == Kind::Column {
                            let table = FactId::new(Kind::Table, of.path.iter().take(2).cloned());
                            self.after(&table.part(Kind::Owner), &fact.id);
                            self.after(&table.part(Kind::Privileges), &fact.id);
                            self.edge(
                                (Operation::Drop, table.part(Kind::Privileges)),
                                (Operation::Create, fact.id.clone()),
                            );
                        }
                    }
                }
                Payload::Inheritance(_) => self.inheritance_edges(fact),
                Payload::Constraint(constraint) if constraint.constraint_type == ConstraintType::ForeignKey => {
                    // The key of a partitioned table can be referred to when all partitions have it.
                    for key in &fact.depends_on {
                        for attachment in to.dependents(key).iter().filter(|it| it.id.kind == Kind::IndexAttachment) {
                            self.after(&attachment.id, &fact.id);
                        }
                    }
                }
                _ => {}
            }
        }
        for fact in from.catalog.facts.iter().filter(|fact| fact.id.kind == Kind::Inheritance) {
            let removed = (Operation::Drop, fact.id.clone());
            let above = FactId::new(Kind::Table, fact.id.path[2..].iter().cloned());
            let below = FactId::new(Kind::Table, fact.id.path[..2].iter().cloned());
            // Where the whole table goes, nothing of it has to be saved before.
            let goes = self.states.dropped.contains(&below) && !self.aside.contains(&below);
            let ancestors = if goes { Vec::new() } else { ancestors(from, &below) };
            let parts = ancestors.iter().flat_map(|table| from.children(table));
            for part in parts.chain(from.children(&below)) {
                let below_part = FactId::new(Kind::Column, below.path.iter().chain(part.id.path.last()).cloned());
                if part.id.kind == Kind::Column && part.id != below_part {
                    self.edge((Operation::Drop, part.id.clone()), (Operation::Drop, below_part));
                }
                for operation in [Operation::Drop, Operation::Alter] {
                    if !goes && matches!(part.id.kind, Kind::Column | Kind::Index | Kind::Constraint | Kind::Default) {
                        self.edge(removed.clone(), (operation, part.id.clone()));
                    }
                }
            }
            // Bounds must not overlap.
            for other in to.dependents(&above).iter().filter(|it| it.id.kind == Kind::Inheritance) {
                self.edge(removed.clone(), (Operation::Create, other.id.clone()));
            }
        }
    }

    /// Nothing looks into bodies that are strings, but they may be run while later statements are: what they name should be
    /// there before.
    fn body_wishes(&mut self) {
        let made: Vec<Node> = self
            .nodes
            .iter()
            .filter(|(operation, _)| matches!(operation, Operation::Create | Operation::Alter))
            .cloned()
            .collect();
        let mut named: HashMap<&str, Vec<&Node>> = HashMap::new();
        for node in &made {
            let name = match (node.1.kind, node.1.path.as_slice()) {
                (
                    Kind::Function
                    | Kind::Aggregate
                    | Kind::Table
                    | Kind::View
                    | Kind::MaterializedView
                    | Kind::Sequence
                    | Kind::Enum
                    | Kind::Composite
                    | Kind::Domain,
                    [_, name, ..],
                ) => name,
                _ => continue,
            };
            named.entry(name).or_default().push(node);
        }
        let mut wishes = Vec::new();
        for node in &made {
            let Some(Payload::Function(function)) = self.to.get(&node.1).map(|fact| &fact.payload) else { continue };
            for word in function.body.as_deref().unwrap_or_default().split(|c: char| !c.is_alphanumeric() && c != '_') {
                let others = named.get(word).into_iter().flatten().filter(|other| other.1 != node.1);
                wishes.extend(others.map(|other| ((*other).clone(), node.clone())));
            }
        }
        self.wishes.extend(wishes);
    }

    fn inheritance_edges(&mut self, fact: &Fact) {
        let (from, to) = (self.from, self.to);
        let bound = matches!(&fact.payload, Payload::Inheritance(it) if it.bound.is_some());
        let above = FactId::new(Kind::Table, fact.id.path[2..].iter().cloned());
        let below = FactId::new(Kind::Table, fact.id.path[..2].iter().cloned());
        let kept = !self.states.created.contains(&fact.id);
        for table in [&above, &below] {
            for part in to.children(table) {
                let check =
                    matches!(&part.payload, Payload::Constraint(it) if it.constraint_type == ConstraintType::Check);
                if part.id.kind == Kind::Column || check {
                    self.after(&part.id, &fact.id);
                }
                if !bound && table == &above {
                    // What inherits takes the defaults that are there.
                    for default in to.children(&part.id).iter().filter(|it| it.id.kind == Kind::Default) {
                        self.after(&default.id, &fact.id);
                    }
                }
                // Attaching would make an index of its own for the partition.
                let attached = to.children(&part.id).iter().find(|it| it.id.kind == Kind::IndexAttachment);
                match attached {
                    Some(attachment) if bound && table == &below => {
                        self.after(&part.id, &fact.id);
                        self.after(&fact.id, &attachment.id);
                    }
                    None if bound
                        && table == &below
                        && matches!(part.id.kind, Kind::Index | Kind::Constraint)
                        && matches!(&part.payload, Payload::Index(_) | Payload::Constraint(_))
                        && !matches!(&part.payload, Payload::Constraint(it) if !it.has_index())
                        && !self.carriers.is_carried(&(Operation::Create, part.id.clone())) =>
                    {
                        self.edge((Operation::Create, fact.id.clone()), (Operation::Create, part.id.clone()));
                    }
                    _ => {}
                }
            }
            for part in from.children(table) {
                if !bound && table == &above {
                    for default in from.children(&part.id).iter().filter(|it| it.id.kind == Kind::Default) {
                        self.edge((Operation::Drop, default.id.clone()), (Operation::Create, fact.id.clone()));
                    }
                }
                if matches!(part.id.kind, Kind::Column | Kind::Constraint) {
                    self.edge((Operation::Drop, part.id.clone()), (Operation::Create, fact.id.clone()));
                }
            }
        }
        if kept {
            for part in
                to.children(&above).iter().filter(|part| matches!(part.id.kind, Kind::Column | Kind::Constraint))
            {
                let column = FactId::new(part.id.kind, below.path.iter().chain(part.id.path.last()).cloned());
                self.after(&part.id, &column);
            }
        }
    }
}

/// All tables above a table.
fn ancestors(side: &Side<'_>, table: &FactId) -> Vec<FactId> {
    let mut found = Vec::new();
    let mut open = vec![table.clone()];
    while let Some(table) = open.pop() {
        for above in side.parents_of_table(&table.path) {
            let above = FactId::new(Kind::Table, above.id.path[2..].iter().cloned());
            if !found.contains(&above) {
                found.push(above.clone());
                open.push(above);
            }
        }
    }
    found
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
