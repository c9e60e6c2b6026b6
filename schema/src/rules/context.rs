//! What rules may look at: both sides, and what becomes of everything.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::catalog::Catalog;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;

/// One catalog with its facts found by name.
pub(crate) struct Side<'a> {
    pub(crate) catalog: &'a Catalog,
    facts: HashMap<&'a FactId, &'a Fact>,
    children: HashMap<&'a FactId, Vec<&'a Fact>>,
    dependents: HashMap<&'a FactId, Vec<&'a Fact>>,
}

impl<'a> Side<'a> {
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        let mut side = Self { catalog, facts: HashMap::new(), children: HashMap::new(), dependents: HashMap::new() };
        for fact in &catalog.facts {
            side.facts.insert(&fact.id, fact);
            if let Some(parent) = &fact.parent {
                side.children.entry(parent).or_default().push(fact);
            }
            for needed in &fact.depends_on {
                side.dependents.entry(needed).or_default().push(fact);
            }
        }
        side
    }

    pub(crate) fn get(&self, id: &FactId) -> Option<&'a Fact> {
        self.facts.get(id).copied()
    }

    /// The parts of a fact.
    pub(crate) fn children(&self, id: &FactId) -> &[&'a Fact] {
        self.children.get(id).map_or(&[], Vec::as_slice)
    }

    /// What needs a fact, its parts aside.
    pub(crate) fn dependents(&self, id: &FactId) -> &[&'a Fact] {
        self.dependents.get(id).map_or(&[], Vec::as_slice)
    }

    /// The role that owns an object, or what it is a part of.
    pub(crate) fn owner(&self, id: &FactId) -> Option<&'a str> {
        if let Some(Payload::Owner(owner)) = self.get(&id.part(Kind::Owner)).map(|fact| &fact.payload) {
            return Some(&owner.role);
        }
        let of = FactId { kind: Kind::SequenceOwner, path: id.path.clone() };
        if id.kind == Kind::Sequence
            && let Some(Payload::SequenceOwner(of)) = self.get(&of).map(|fact| &fact.payload)
        {
            return Some(&of.role);
        }
        self.get(id).and_then(|fact| fact.parent.as_ref()).and_then(|parent| self.owner(parent))
    }

    /// The tables that a table inherits from, or is a partition of.
    pub(crate) fn parents_of_table(&self, path: &[String]) -> Vec<&'a Fact> {
        let table = FactId::new(Kind::Table, path.iter().take(2).cloned());
        self.children(&table).iter().copied().filter(|fact| fact.id.kind == Kind::Inheritance).collect()
    }
}

/// What becomes of facts.
#[derive(Default)]
pub(crate) struct States {
    pub(crate) dropped: HashSet<FactId>,
    pub(crate) created: HashSet<FactId>,
    pub(crate) altered: HashSet<FactId>,
}

impl States {
    /// Whether the table or view at the front of `path` is made by the plan.
    pub(crate) fn creates_relation(&self, path: &[String]) -> bool {
        [Kind::Table, Kind::View, Kind::MaterializedView]
            .into_iter()
            .any(|kind| self.created.contains(&FactId::new(kind, path.iter().take(2).cloned())))
    }
}

/// One fact with its surroundings.
pub(crate) struct Context<'a> {
    pub(crate) id: &'a FactId,
    pub(crate) from: &'a Side<'a>,
    pub(crate) to: &'a Side<'a>,
    pub(crate) states: &'a States,
    /// What is made by the statement that makes this.
    pub(crate) carried: &'a [&'a Fact],
    /// Whether to take the forms that lock less.
    pub(crate) online: bool,
    /// The name that the old one has meanwhile, where old and new are there at the same time.
    pub(crate) aside: Option<String>,
}

impl Context<'_> {
    /// Whether this is done on a table that exists already, in the forms that lock less.
    pub(crate) fn is_online_on(&self, path: &[String]) -> bool {
        self.online && !self.states.creates_relation(path)
    }

    pub(crate) fn creates(&self, id: &FactId) -> bool {
        self.states.created.contains(id)
    }

    pub(crate) fn drops(&self, id: &FactId) -> bool {
        self.states.dropped.contains(id)
    }

    /// The tables above, to which the table belongs before and after, and all the while.
    pub(crate) fn kept_parents(&self) -> Vec<Vec<String>> {
        self.to
            .parents_of_table(&self.id.path)
            .into_iter()
            .filter(|fact| !self.states.created.contains(&fact.id))
            .map(|fact| fact.id.path[2..].to_vec())
            .collect()
    }
}
