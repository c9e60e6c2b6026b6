//! Orders that no dependency says: ownership, partitions, tables below others, bodies of functions.

use std::collections::HashMap;

use super::graph::Graph;
use super::graph::Node;
use super::graph::Operation;
use crate::catalog::constraint::ConstraintType;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::rules::Side;
use crate::rules::privilege::is_of_column;

impl Graph<'_> {
    /// Rows are taken along when the new table is whole, and before anything looks at them.
    pub(super) fn move_edges(&mut self, id: &FactId) {
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

    /// Orders that no dependency says.
    pub(super) fn special_edges(&mut self) {
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
                        if is_of_column(&fact.id) && of.kind != Kind::Column {
                            self.after(&of.part(Kind::Privileges), &fact.id);
                        }
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
                    self.logging_edges(fact, constraint.references.as_deref().unwrap_or_default());
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
            let goes = self.states.dropped.contains(&below) && !self.is_aside(&below);
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

    /// A table that survives a crash must not refer to one that does not, not even for a moment.
    fn logging_edges(&mut self, key: &Fact, references: &[String]) {
        let above = (Operation::Alter, FactId::new(Kind::Table, references.iter().cloned()));
        let below = (Operation::Alter, FactId::new(Kind::Table, key.id.path[..2].iter().cloned()));
        let kept = !self.states.created.contains(&key.id) && self.nodes.contains(&above) && self.nodes.contains(&below);
        if kept && above != below {
            let unlogged = matches!(self.to.get(&below.1).map(|fact| &fact.payload), Some(Payload::Table(table)) if table.unlogged);
            self.wishes.insert(if unlogged { (below, above) } else { (above, below) });
        }
    }

    /// Nothing looks into bodies that are strings, but they may be run while later statements are: what they name should be
    /// there before.
    pub(super) fn body_wishes(&mut self) {
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
