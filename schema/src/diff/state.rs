//! What becomes of each fact: dropped, made, altered; and what has to be made again because it stands in the way.

use super::graph::Node;
use super::graph::Operation;
use crate::catalog::constraint::ConstraintType;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::rules::Alteration;
use crate::rules::Context;
use crate::rules::Disturbance;
use crate::rules::Side;
use crate::rules::States;
use crate::rules::is_type;
use crate::rules::privilege::revoked_with_table;

enum Event {
    Dropped(FactId),
    Disturbed(FactId, Disturbance),
}

struct Work<'a> {
    from: &'a Side<'a>,
    to: &'a Side<'a>,
    states: States,
    events: Vec<Event>,
    online: bool,
}

/// The states of all facts.
///
/// What is in `again` is dropped and made again instead of being altered.
pub(super) fn states<'a>(from: &'a Side<'a>, to: &'a Side<'a>, again: &[FactId], online: bool) -> States {
    let mut work = Work { from, to, states: States::default(), events: Vec::new(), online };
    for fact in &from.catalog.facts {
        if to.get(&fact.id).is_none() {
            work.states.dropped.insert(fact.id.clone());
            work.events.push(Event::Dropped(fact.id.clone()));
        }
    }
    for fact in &to.catalog.facts {
        if from.get(&fact.id).is_none() {
            work.states.created.insert(fact.id.clone());
        }
    }
    for fact in &from.catalog.facts {
        if to.get(&fact.id).is_some_and(|target| target.payload != fact.payload) {
            work.alter(&fact.id);
        }
    }
    work.move_rivals();
    work.grant_again();
    for id in again {
        work.replace(id);
    }
    while let Some(event) = work.events.pop() {
        match event {
            Event::Dropped(id) => work.dropped(&id),
            Event::Disturbed(id, disturbance) => work.disturbed(&id, disturbance),
        }
    }
    work.states
}

/// Whether an alteration can be replaced without losing anything.
pub(super) fn can_be_made_again((operation, id): &Node) -> bool {
    let kind = matches!(
        id.kind,
        Kind::View
            | Kind::MaterializedView
            | Kind::Function
            | Kind::Default
            | Kind::Policy
            | Kind::Rule
            | Kind::Trigger
            | Kind::Index
            | Kind::Constraint
    );
    *operation == Operation::Alter && kind
}

impl Work<'_> {
    /// ATTACH PARTITION takes the first index that fits: one that stays on its own is made again after it.
    fn move_rivals(&mut self) {
        let attached = self.to.catalog.facts.iter().filter(|fact| fact.id.kind == Kind::Inheritance);
        for fact in attached.filter(|fact| self.from.get(&fact.id).is_none()) {
            let table = FactId::new(Kind::Table, fact.id.path[..2].iter().cloned());
            let shape = |fact: &Fact| match &fact.payload {
                Payload::Index(index) => {
                    index.shape().split_once(" USING ").map(|(_, rest)| (index.unique, rest.to_owned()))
                }
                _ => None,
            };
            let is_part =
                |index: &&&Fact| self.to.children(&index.id).iter().any(|it| it.id.kind == Kind::IndexAttachment);
            let parts: Vec<_> =
                self.to.children(&table).iter().filter(is_part).filter_map(|index| shape(index)).collect();
            let rivals: Vec<FactId> = self
                .to
                .children(&table)
                .iter()
                .filter(|index| !is_part(index) && shape(index).is_some_and(|shape| parts.contains(&shape)))
                .map(|index| index.id.clone())
                .collect();
            for rival in rivals.iter().filter(|rival| self.from.get(rival).is_some()) {
                self.replace(rival);
            }
        }
    }

    /// REVOKE for a table takes the privileges on its columns along.
    fn grant_again(&mut self) {
        let columns = self
            .from
            .catalog
            .facts
            .iter()
            .filter(|fact| fact.id.kind == Kind::Privileges && fact.id.path[0] == Kind::Column.as_str());
        for fact in columns.filter(|fact| self.to.get(&fact.id).is_some() && !self.states.dropped.contains(&fact.id)) {
            let (Some(column), Payload::Privileges(privileges)) = (&fact.parent, &fact.payload) else { continue };
            let gone = revoked_with_table(column, self.from, self.to, &self.states);
            let loses = gone.iter().any(|(grantee, names)| {
                privileges.grants.get(grantee).is_some_and(|own| own.keys().any(|name| names.contains_key(name)))
            });
            if loses {
                self.states.altered.insert(fact.id.clone());
            }
        }
    }

    /// Alters a fact that both sides have, or replaces it where that cannot be done.
    fn alter(&mut self, id: &FactId) {
        let (Some(old), Some(new)) = (self.from.get(id), self.to.get(id)) else { return };
        if self.states.dropped.contains(id) {
            return;
        }
        let cx = Context {
            id,
            from: self.from,
            to: self.to,
            states: &self.states,
            carried: &[],
            online: self.online,
            aside: None,
        };
        match old.payload.alter(&new.payload, &cx) {
            Alteration::Replace => self.replace(id),
            Alteration::Steps(_) => {
                self.states.altered.insert(id.clone());
            }
            Alteration::Disturbing(_, _) if self.is_partition_key(old) => {
                // PostgreSQL cannot change the type of what rows are spread by.
                let table = FactId::new(Kind::Table, id.path.iter().take(2).cloned());
                self.replace(&table);
            }
            Alteration::Disturbing(_, disturbance) => {
                self.states.altered.insert(id.clone());
                self.events.push(Event::Disturbed(id.clone(), disturbance));
            }
        }
    }

    /// Whether the rows of a table are spread by a column.
    fn is_partition_key(&self, column: &Fact) -> bool {
        let Some(Payload::Table(table)) =
            column.parent.as_ref().and_then(|table| self.from.get(table)).map(|fact| &fact.payload)
        else {
            return false;
        };
        table.partition_key.as_deref().is_some_and(|key| super::tokens::mentions(key, &column.id.last()))
    }

    /// Drops a fact and makes it again.
    fn replace(&mut self, id: &FactId) {
        if self.to.get(id).is_none() || !self.states.dropped.insert(id.clone()) {
            return;
        }
        self.states.created.insert(id.clone());
        self.states.altered.remove(id);
        self.events.push(Event::Dropped(id.clone()));
    }

    fn dropped(&mut self, id: &FactId) {
        for part in self.from.children(id) {
            self.replace(&part.id);
        }
        for dependent in self.from.dependents(id) {
            if self.states.dropped.contains(&dependent.id) {
                continue;
            }
            if self.outlives(id, dependent) {
                continue;
            }
            let generated = matches!(&dependent.payload, Payload::Column(column) if column.generated.is_some());
            if is_type(id.kind) && dependent.id.kind == Kind::Column && !generated {
                // Columns keep their rows: they move to the new type.
                self.alter(&dependent.id);
                continue;
            }
            let target = self.to.get(&dependent.id);
            let still_needed = target.is_some_and(|target| target.depends_on.contains(id));
            if still_needed || !self.states.altered.contains(&dependent.id) {
                self.replace(&dependent.id);
            }
        }
        if id.kind == Kind::IndexAttachment {
            self.dropped_attachment(id);
        }
    }

    /// The foreign key of a partition stays when the partition is detached.
    fn outlives(&self, above: &FactId, dependent: &Fact) -> bool {
        let foreign = |payload: &Payload| matches!(payload, Payload::Constraint(it) if it.constraint_type == ConstraintType::ForeignKey);
        let above = self.from.get(above).is_some_and(|fact| foreign(&fact.payload));
        above && foreign(&dependent.payload) && !self.partition_stays(&dependent.id)
    }

    /// The indexes of partitions and that of the whole table come and go together, as long as the partitions stay.
    fn dropped_attachment(&mut self, id: &FactId) {
        let Some(attachment) = self.from.get(id) else { return };
        let Some(index) = &attachment.parent else { return };
        if !self.partition_stays(index) {
            return;
        }
        for above in &attachment.depends_on {
            self.replace(above);
        }
        self.replace(index);
    }

    /// Whether the table of an index of a partition stays a partition.
    fn partition_stays(&self, index: &FactId) -> bool {
        let Some(index) = self.from.get(index) else { return false };
        let table: &[String] = index.parent.as_ref().map_or(&[], |table| &table.path);
        self.from.parents_of_table(table).iter().any(|above| !self.states.dropped.contains(&above.id))
    }

    fn disturbed(&mut self, id: &FactId, disturbance: Disturbance) {
        let Disturbance::ColumnType { related } = disturbance;
        let in_the_way = |fact: &Fact| match &fact.payload {
            Payload::View(_)
            | Payload::MaterializedView(_)
            | Payload::Rule(_)
            | Payload::Policy(_)
            | Payload::Trigger(_)
            | Payload::Function(_)
            | Payload::PublicationTable(_)
            | Payload::Column(_) => true,
            Payload::Constraint(constraint) => constraint.constraint_type == ConstraintType::ForeignKey && !related,
            _ => false,
        };
        let dependents = self.from.dependents(id).iter().filter(|fact| in_the_way(fact));
        let defaults = self.from.children(id).iter().filter(|fact| fact.id.kind == Kind::Default);
        for fact in dependents.chain(defaults) {
            self.replace(&fact.id);
        }
    }
}
