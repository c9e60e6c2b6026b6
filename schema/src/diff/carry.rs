//! Which operations need no statement of their own, because another one does them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::graph::Node;
use super::graph::Operation;
use crate::catalog::constraint::ConstraintType;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::rules::Side;
use crate::rules::States;

/// How readily an operation gets a statement of its own where a cycle asks for it; the first that helps is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bond {
    /// Foreign keys between tables that are dropped.
    ForeignKey,
    /// Defaults.
    Default,
    /// Other parts.
    Part,
    /// There is no such statement.
    Firm,
}

/// Operations and those that do them.
pub(super) struct Carriers(BTreeMap<Node, (Node, Bond)>);

impl Carriers {
    pub(super) fn new(from: &Side<'_>, to: &Side<'_>, states: &States, moved: &BTreeSet<FactId>) -> Self {
        let mut carriers = Self(BTreeMap::new());
        for id in &states.dropped {
            if let Some((carrier, bond)) = from.get(id).and_then(|fact| drop_carrier(fact, from, states, moved)) {
                // The parts of a table that is moved aside must not be in the way of those of the new one.
                let table = FactId::new(Kind::Table, carrier.path.iter().take(2).cloned());
                if bond != Bond::Firm && moved.contains(&table) {
                    continue;
                }
                carriers.0.insert((Operation::Drop, id.clone()), ((Operation::Drop, carrier), bond));
            }
        }
        for id in &states.created {
            if let Some((carrier, bond)) = to.get(id).and_then(|fact| create_carrier(fact, to, states)) {
                carriers.0.insert((Operation::Create, id.clone()), ((Operation::Create, carrier), bond));
            }
        }
        carriers
    }

    /// The operation that does this one in the end.
    pub(super) fn resolve<'a>(&'a self, mut node: &'a Node) -> &'a Node {
        while let Some((carrier, _)) = self.0.get(node) {
            node = carrier;
        }
        node
    }

    pub(super) fn is_carried(&self, node: &Node) -> bool {
        self.0.contains_key(node)
    }

    /// The operation that does this one.
    pub(super) fn carrier(&self, node: &Node) -> Option<&Node> {
        self.0.get(node).map(|(carrier, _)| carrier)
    }

    /// What each operation does beside its own.
    pub(super) fn carried(&self) -> BTreeMap<Node, Vec<FactId>> {
        let mut carried: BTreeMap<Node, Vec<FactId>> = BTreeMap::new();
        for node in self.0.keys() {
            carried.entry(self.resolve(node).clone()).or_default().push(node.1.clone());
        }
        carried
    }

    /// Gives those of the weakest bond that `done_by` does statements of their own. Answers whether there were any.
    pub(super) fn cut(&mut self, done_by: &dyn Fn(&Node) -> bool) -> bool {
        let inside: Vec<(Node, Bond)> = self
            .0
            .iter()
            .filter(|(node, (_, bond))| *bond != Bond::Firm && done_by(self.resolve(node)))
            .map(|(node, (_, bond))| (node.clone(), *bond))
            .collect();
        let Some(weakest) = inside.iter().map(|(_, bond)| *bond).min() else { return false };
        for (node, bond) in inside {
            if bond == weakest {
                self.0.remove(&node);
            }
        }
        true
    }
}

/// The tables that the table of a part stays below of.
fn kept_above<'a>(fact: &Fact, side: &'a Side<'_>, changed: &std::collections::HashSet<FactId>) -> Vec<&'a Fact> {
    side.parents_of_table(&fact.id.path).into_iter().filter(|above| !changed.contains(&above.id)).collect()
}

/// The part of the same name of a table above.
fn same_above(fact: &Fact, above: &Fact) -> FactId {
    FactId::new(fact.id.kind, above.id.path[2..].iter().chain(fact.id.path.last()).cloned())
}

fn drop_carrier(fact: &Fact, from: &Side<'_>, states: &States, moved: &BTreeSet<FactId>) -> Option<(FactId, Bond)> {
    match &fact.payload {
        Payload::Sequence(_) => {
            // It goes with the column that it belongs to.
            let owner = FactId { kind: Kind::SequenceOwner, path: fact.id.path.clone() };
            let Payload::SequenceOwner(owner) = &from.get(&owner)?.payload else { return None };
            let column = FactId::new(Kind::Column, owner.column.iter().cloned());
            return states.dropped.contains(&column).then_some((column, Bond::Part));
        }
        Payload::Constraint(constraint)
            if constraint.constraint_type == ConstraintType::ForeignKey && constraint.is_inherited() =>
        {
            // It goes with that of the table above, unless the partition is detached before.
            let table = fact.parent.as_ref()?;
            let stays = !states.dropped.contains(table) || moved.contains(table);
            let detached = kept_above(fact, from, &states.dropped).is_empty() && stays;
            if detached {
                return None;
            }
            let is_above = |id: &&FactId| {
                id.kind == Kind::Constraint
                    && matches!(from.get(id).map(|it| &it.payload), Some(Payload::Constraint(it)) if it.constraint_type == ConstraintType::ForeignKey)
            };
            let above = fact.depends_on.iter().find(is_above).filter(|above| states.dropped.contains(*above));
            if let Some(above) = above {
                return Some((above.clone(), Bond::Firm));
            }
        }
        Payload::Column(column) if column.inherited > 0 && !column.local => {
            for above in kept_above(fact, from, &states.dropped) {
                let column = same_above(fact, above);
                if states.dropped.contains(&column) && !crate::rules::drops_only(&column, from, states) {
                    return Some((column, Bond::Firm));
                }
            }
        }
        Payload::Index(_) | Payload::Constraint(_) if fact.id.path.len() > 1 => {
            // An index of a partition goes with that of the whole table.
            let attachment = from.children(&fact.id).iter().find(|it| it.id.kind == Kind::IndexAttachment);
            let table: &[String] = fact.parent.as_ref().map_or(&[], |table| &table.path);
            let stays = from.parents_of_table(table).iter().any(|above| {
                // The partitions of a table that is moved aside stay until its rows are taken along.
                !states.dropped.contains(&above.id)
                    || moved.contains(&FactId::new(Kind::Table, above.id.path[2..].iter().cloned()))
            });
            if let (true, Some(attachment)) = (stays, attachment)
                && let Some(above) = attachment.depends_on.iter().find(|above| states.dropped.contains(*above))
            {
                return Some((above.clone(), Bond::Firm));
            }
        }
        _ => {}
    }
    if fact.id.kind == Kind::UserMapping {
        // DROP SERVER refuses where there are any.
        return None;
    }
    let parent = fact.parent.as_ref().filter(|parent| states.dropped.contains(*parent))?;
    let bond = match &fact.payload {
        Payload::Constraint(constraint) if constraint.constraint_type == ConstraintType::ForeignKey => {
            if constraint.is_inherited() { Bond::Firm } else { Bond::ForeignKey }
        }
        Payload::Default(_) => Bond::Default,
        Payload::Column(_)
        | Payload::Owner(_)
        | Payload::Privileges(_)
        | Payload::MemberPrivileges(_)
        | Payload::Comment(_)
        | Payload::IndexAttachment(_) => Bond::Firm,
        _ => Bond::Part,
    };
    Some((parent.clone(), bond))
}

fn create_carrier(fact: &Fact, to: &Side<'_>, states: &States) -> Option<(FactId, Bond)> {
    let parent = fact.parent.as_ref()?;
    let made_with_parent = states.created.contains(parent);
    match &fact.payload {
        Payload::Column(_) if made_with_parent => Some((parent.clone(), Bond::Firm)),
        Payload::Column(column) if column.inherited > 0 && !column.local => {
            let mut above = kept_above(fact, to, &states.created).into_iter().map(|above| same_above(fact, above));
            above.find(|column| states.created.contains(column)).map(|column| (column, Bond::Firm))
        }
        Payload::Inheritance(inheritance) if made_with_parent && inheritance.bound.is_none() => {
            Some((parent.clone(), Bond::Firm))
        }
        Payload::Default(default) if made_with_parent && parent.kind == Kind::Column => {
            // A column that comes from above brings its default along.
            let column = to.get(parent)?;
            let comes_from_above =
                matches!(&column.payload, Payload::Column(column) if column.inherited > 0 && !column.local);
            let table_is_new = column.parent.as_ref().is_some_and(|table| states.created.contains(table));
            let above = to.parents_of_table(&fact.id.path);
            let partition =
                above.iter().any(|above| matches!(&above.payload, Payload::Inheritance(it) if it.bound.is_some()));
            if comes_from_above && !(table_is_new && partition) {
                let same = above.iter().any(|above| {
                    matches!(to.get(&same_above(fact, above)).map(|fact| &fact.payload), Some(Payload::Default(it)) if it == default)
                });
                return same.then(|| (parent.clone(), Bond::Firm));
            }
            Some((parent.clone(), Bond::Default))
        }
        Payload::Constraint(constraint) if made_with_parent && constraint.constraint_type == ConstraintType::Unique => {
            // CREATE TABLE makes one index for equal keys.
            let rival = to.children(parent).iter().any(|other| {
                other.id != fact.id && matches!(&other.payload, Payload::Constraint(it) if it.has_index() && it.columns == constraint.columns)
            });
            (!rival).then(|| (parent.clone(), Bond::Part))
        }
        Payload::Constraint(constraint)
            if made_with_parent && constraint.constraint_type == ConstraintType::PrimaryKey =>
        {
            // ATTACH PARTITION takes the first index that fits, so one that stays on its own is made later.
            let attached = |id: &FactId| to.children(id).iter().any(|it| it.id.kind == Kind::IndexAttachment);
            let rival = to.children(parent).iter().any(|other| {
                other.id != fact.id && attached(&other.id) && matches!(&other.payload, Payload::Constraint(it) if it.has_index() && it.columns == constraint.columns)
            });
            (attached(&fact.id) || !rival).then(|| (parent.clone(), Bond::Part))
        }
        Payload::Constraint(constraint)
            if made_with_parent && constraint.validated && constraint.constraint_type != ConstraintType::ForeignKey =>
        {
            let bond = if constraint.is_inherited() { Bond::Firm } else { Bond::Part };
            Some((parent.clone(), bond))
        }
        _ => None,
    }
}
