//! What has been read so far: facts, and which row of which system catalog each stands for.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use super::Catalog;
use super::ReadOptions;
use crate::catalog::owner::Owner;
use crate::catalog::privilege::AclItem;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;

/// The oids of the system catalogs, which are the same in every PostgreSQL (`src/include/catalog/pg_*.h`).
pub(crate) mod class {
    pub(crate) const TYPE: u32 = 1247;
    pub(crate) const PROC: u32 = 1255;
    pub(crate) const CLASS: u32 = 1259;
    pub(crate) const SERVER: u32 = 1417;
    pub(crate) const USER_MAPPING: u32 = 1418;
    pub(crate) const WRAPPER: u32 = 2328;
    pub(crate) const ATTRDEF: u32 = 2604;
    pub(crate) const CAST: u32 = 2605;
    pub(crate) const CONSTRAINT: u32 = 2606;
    pub(crate) const NAMESPACE: u32 = 2615;
    pub(crate) const OPERATOR: u32 = 2617;
    pub(crate) const REWRITE: u32 = 2618;
    pub(crate) const TRIGGER: u32 = 2620;
    pub(crate) const EXTENSION: u32 = 3079;
    pub(crate) const POLICY: u32 = 3256;
    pub(crate) const STATISTICS: u32 = 3381;
    pub(crate) const COLLATION: u32 = 3456;
    pub(crate) const EVENT_TRIGGER: u32 = 3466;
    pub(crate) const TS_DICTIONARY: u32 = 3600;
    pub(crate) const TS_PARSER: u32 = 3601;
    pub(crate) const TS_CONFIGURATION: u32 = 3602;
    pub(crate) const TS_TEMPLATE: u32 = 3764;
    pub(crate) const SUBSCRIPTION: u32 = 6100;
    pub(crate) const PUBLICATION: u32 = 6104;
    pub(crate) const PUBLICATION_REL: u32 = 6106;
    pub(crate) const PUBLICATION_NAMESPACE: u32 = 6237;
}

/// A row of a system catalog: catalog, oid, and the column's number or 0.
pub(crate) type Key = (u32, u32, i32);

/// Collects facts.
pub(crate) struct Builder<'a> {
    pub(crate) options: &'a ReadOptions,
    pub(crate) catalog: Catalog,
    /// The fact that a row is.
    primary: HashMap<Key, FactId>,
    /// The fact that a row is a part of, e.g. the index of a constraint.
    alias: HashMap<Key, FactId>,
    /// Rows that are left out, members of extensions among them.
    skipped: HashSet<Key>,
    /// What facts need, by their names.
    needs: BTreeMap<FactId, BTreeSet<FactId>>,
    positions: HashMap<FactId, usize>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(options: &'a ReadOptions) -> Self {
        Self {
            options,
            catalog: Catalog::default(),
            primary: HashMap::new(),
            alias: HashMap::new(),
            skipped: HashSet::new(),
            needs: BTreeMap::new(),
            positions: HashMap::new(),
        }
    }

    /// A row that is a member of an extension.
    pub(crate) fn member(&mut self, key: Key, extension: FactId) {
        self.skipped.insert(key);
        self.alias.insert(key, extension);
    }

    /// A row that is left out.
    pub(crate) fn skip(&mut self, key: Key) {
        self.skipped.insert(key);
    }

    /// Whether a row is left out, so that its parts have to be as well.
    pub(crate) fn skips(&self, key: Key) -> bool {
        self.skipped.contains(&key)
    }

    /// A row that is a part of the fact of another row.
    pub(crate) fn alias(&mut self, key: Key, of: Key) {
        if let Some(id) = self.resolve(of) {
            let id = id.clone();
            self.alias.insert(key, id);
        }
        if self.skips((of.0, of.1, 0)) {
            self.skipped.insert(key);
        }
    }

    /// The fact that a row is or is a part of; for a column that is no fact, that of its table.
    pub(crate) fn resolve(&self, key: Key) -> Option<&FactId> {
        self.primary
            .get(&key)
            .or_else(|| self.alias.get(&key))
            .or_else(|| if key.2 == 0 { None } else { self.resolve((key.0, key.1, 0)) })
    }

    /// The fact that a row is.
    pub(crate) fn primary(&self, key: Key) -> Option<&FactId> {
        self.primary.get(&key)
    }

    /// Adds an object that is a part of no other. Answers nothing if it is left out.
    pub(crate) fn object(&mut self, key: Key, id: FactId, payload: impl Into<Payload>) -> Option<FactId> {
        if self.skips(key) {
            return None;
        }
        let named = matches!(id.path.as_slice(), [schema, name, ..] if self.options.excludes(schema, name));
        let schema = id.kind == Kind::Schema && self.options.exclude.iter().any(|p| p.matches_schema(&id.path[0]));
        if named || schema {
            self.skip(key);
            return None;
        }
        self.insert(Some(key), id, None, payload.into())
    }

    /// Adds a part of the fact of the row `parent`. Answers nothing if that is left out.
    pub(crate) fn part(&mut self, key: Key, parent: Key, id: FactId, payload: impl Into<Payload>) -> Option<FactId> {
        let parent_id = self.primary.get(&parent).cloned();
        match parent_id {
            Some(parent) if !self.skips(key) => self.insert(Some(key), id, Some(parent), payload.into()),
            _ => {
                self.alias(key, parent);
                self.skip(key);
                None
            }
        }
    }

    /// Adds a part of a fact that has no row of its own.
    pub(crate) fn detail(&mut self, parent: &FactId, id: FactId, payload: impl Into<Payload>) -> Option<FactId> {
        self.insert(None, id, Some(parent.clone()), payload.into())
    }

    fn insert(&mut self, key: Option<Key>, id: FactId, parent: Option<FactId>, payload: Payload) -> Option<FactId> {
        if let Some(key) = key {
            self.primary.insert(key, id.clone());
        }
        self.positions.insert(id.clone(), self.catalog.facts.len());
        self.catalog.facts.push(Fact { id: id.clone(), parent, payload, depends_on: Vec::new() });
        Some(id)
    }

    /// Adds owner and privileges of an object. `acl` is none where it is the built-in default.
    pub(crate) fn access(&mut self, object: &FactId, owner: Option<String>, acl: Option<Vec<AclItem>>) {
        if let Some(role) = owner {
            let role = self.options.role_name(role);
            let address = self.fact(object).map(|fact| fact.payload.address(object)).unwrap_or_default();
            self.detail(object, object.part(Kind::Owner), Owner { role, address });
        }
        if let Some(acl) = acl {
            super::privilege::add(self, object, acl);
        }
    }

    pub(crate) fn fact(&self, id: &FactId) -> Option<&Fact> {
        self.positions.get(id).map(|&at| &self.catalog.facts[at])
    }

    /// Writes down that `id` needs `needed`.
    pub(crate) fn need(&mut self, id: &FactId, needed: &FactId) {
        if id != needed {
            self.needs.entry(id.clone()).or_default().insert(needed.clone());
        }
    }

    /// Takes back that `id` needs `needed`.
    pub(crate) fn need_not(&mut self, id: &FactId, needed: &FactId) {
        if let Some(needs) = self.needs.get_mut(id) {
            needs.remove(needed);
        }
    }

    /// The catalog, with all facts in their order.
    pub(crate) fn finish(mut self) -> Catalog {
        let known: HashSet<FactId> = self.positions.keys().cloned().collect();
        for fact in &mut self.catalog.facts {
            if let Some(needs) = self.needs.remove(&fact.id) {
                let parent = fact.parent.as_ref();
                fact.depends_on = needs.into_iter().filter(|id| known.contains(id) && Some(id) != parent).collect();
            }
        }
        self.catalog.facts.sort_by(|a, b| a.id.cmp(&b.id));
        self.catalog.unmodelled.sort();
        self.catalog
    }
}
