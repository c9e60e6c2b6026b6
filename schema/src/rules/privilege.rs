//! Privileges: what is granted and revoked to get from one state to another.

use std::collections::BTreeMap;

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::member::MemberPrivileges;
use crate::catalog::privilege::DefaultPrivileges;
use crate::catalog::privilege::Grantee;
use crate::catalog::privilege::Grants;
use crate::catalog::privilege::Privileges;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::render::ident;

/// All privileges that exist for a kind of object, by the word of ALTER DEFAULT PRIVILEGES.
fn all(objects: &str, version: u32) -> Vec<&'static str> {
    match objects {
        "TABLES" => {
            let mut all = vec!["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"];
            if version >= 170_000 {
                all.push("MAINTAIN");
            }
            all
        }
        "SEQUENCES" => vec!["SELECT", "UPDATE", "USAGE"],
        "FUNCTIONS" => vec!["EXECUTE"],
        "SCHEMAS" => vec!["CREATE", "USAGE"],
        "LARGE OBJECTS" => vec!["SELECT", "UPDATE"],
        _ => vec!["USAGE"],
    }
}

/// The word of ALTER DEFAULT PRIVILEGES for a kind of object; empty where it has no default.
fn objects(payload: &Payload) -> &'static str {
    match payload {
        Payload::Table(_) | Payload::View(_) | Payload::MaterializedView(_) => "TABLES",
        Payload::Sequence(_) => "SEQUENCES",
        Payload::Function(_) | Payload::Aggregate(_) => "FUNCTIONS",
        Payload::Enum(_) | Payload::Composite(_) | Payload::Domain(_) | Payload::Range(_) => "TYPES",
        Payload::Schema(_) => "SCHEMAS",
        _ => "",
    }
}

/// Whether default privileges hold for this kind of object.
pub(crate) fn has_defaults(payload: &Payload) -> bool {
    !objects(payload).is_empty()
}

fn usual_for(objects: &str, version: u32) -> Grants {
    let none = |names: Vec<&str>| names.into_iter().map(|name| (name.to_owned(), false)).collect::<BTreeMap<_, _>>();
    let mut grants = Grants::from([(Grantee::Owner, none(all(objects, version)))]);
    match objects {
        "FUNCTIONS" => grants.insert(Grantee::Public, none(vec!["EXECUTE"])),
        "TYPES" => grants.insert(Grantee::Public, none(vec!["USAGE"])),
        _ => None,
    };
    grants
}

/// What is granted on an object where nobody said anything.
pub(crate) fn usual(payload: &Payload, version: u32) -> Grants {
    if matches!(payload, Payload::Column(_)) { Grants::new() } else { usual_for(objects(payload), version) }
}

/// What is granted on an object right after it was made by the role that runs the plan.
pub(crate) fn initial(id: &FactId, payload: &Payload, from: &super::Side<'_>, states: &super::States) -> Grants {
    let user = &from.catalog.user;
    let word = objects(payload);
    let mut grants = usual(payload, from.catalog.server_version);
    let find = |schema: &str| {
        let id = FactId::new(Kind::DefaultPrivileges, [user.as_str(), schema, word]);
        match from.get(&id).map(|fact| &fact.payload) {
            Some(Payload::DefaultPrivileges(defaults)) if !states.dropped.contains(&id) => Some(&defaults.grants),
            _ => None,
        }
    };
    if word.is_empty() {
        return grants;
    }
    if let Some(everywhere) = find("") {
        grants.clone_from(everywhere);
    }
    let here = if id.path.len() > 1 { find(&id.path[0]) } else { None };
    for (grantee, privileges) in here.into_iter().flatten() {
        let entry = grants.entry(grantee.clone()).or_default();
        for (name, grantable) in privileges {
            *entry.entry(name.clone()).or_default() |= grantable;
        }
    }
    grants
}

/// Whether these are the privileges on a column.
pub(crate) fn is_of_column(privileges: &FactId) -> bool {
    privileges.path[0] == Kind::Column.as_str()
}

/// What a column loses because it is revoked for its table.
pub(crate) fn revoked_with_table(
    column: &FactId,
    from: &super::Side<'_>,
    to: &super::Side<'_>,
    states: &super::States,
) -> Grants {
    let table = FactId::new(Kind::Table, column.path.iter().take(2).cloned());
    let id = table.part(Kind::Privileges);
    let (false, Some(of)) = (states.created.contains(&table), from.get(&table)) else { return Grants::new() };
    let granted = |side: &super::Side<'_>| match side.get(&id).map(|fact| &fact.payload) {
        Some(Payload::Privileges(privileges)) => privileges.grants.clone(),
        _ => usual(&of.payload, side.catalog.server_version),
    };
    let (mut gone, after) = (granted(from), granted(to));
    for (grantee, privileges) in &mut gone {
        privileges.retain(|name, _| !after.get(grantee).is_some_and(|kept| kept.contains_key(name)));
    }
    gone
}

/// The statements from `old` to `new`. `what` is what stands between the privileges and TO or FROM.
fn changes(
    old: &Grants,
    new: &Grants,
    owner: &str,
    all: &[&str],
    statement: &dyn Fn(&str, &str, &str) -> String,
) -> Vec<Step> {
    let nothing = BTreeMap::new();
    let mut steps = Vec::new();
    let grantees: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for grantee in grantees {
        let (before, after) = (old.get(grantee).unwrap_or(&nothing), new.get(grantee).unwrap_or(&nothing));
        let name = match grantee {
            Grantee::Owner => ident(owner),
            Grantee::Public => "PUBLIC".to_owned(),
            Grantee::Role(role) => ident(role),
        };
        let list = |names: Vec<&String>| {
            let whole = names.len() == all.len() && all.iter().all(|it| names.iter().any(|name| name == it));
            if whole && all.len() > 1 {
                "ALL".to_owned()
            } else {
                names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            }
        };
        let revoked: Vec<_> = before.keys().filter(|it| !after.contains_key(*it)).collect();
        let option_revoked: Vec<_> =
            before.iter().filter(|(it, option)| **option && after.get(*it) == Some(&false)).map(|(it, _)| it).collect();
        let granted: Vec<_> =
            after.iter().filter(|(it, option)| !**option && !before.contains_key(*it)).map(|(it, _)| it).collect();
        let option_granted: Vec<_> =
            after.iter().filter(|(it, option)| **option && before.get(*it) != Some(&true)).map(|(it, _)| it).collect();
        if !revoked.is_empty() {
            steps.push(Step::new(statement("REVOKE", &list(revoked), &format!("FROM {name}"))));
        }
        if !option_revoked.is_empty() {
            steps.push(Step::new(statement("REVOKE GRANT OPTION FOR", &list(option_revoked), &format!("FROM {name}"))));
        }
        if !granted.is_empty() {
            steps.push(Step::new(statement("GRANT", &list(granted), &format!("TO {name}"))));
        }
        if !option_granted.is_empty() {
            steps.push(Step::new(statement("GRANT", &list(option_granted), &format!("TO {name} WITH GRANT OPTION"))));
        }
    }
    steps
}

impl Privileges {
    fn changes(cx: &Context<'_>, old: &Grants, new: &Grants) -> Vec<Step> {
        let side = if cx.to.get(cx.id).is_some() { cx.to } else { cx.from };
        let Some(of) = side.get(cx.id).and_then(|fact| fact.parent.as_ref()) else { return Vec::new() };
        let Some(target) = cx.to.get(of) else { return Vec::new() };
        let owner = cx.to.owner(of).unwrap_or(&cx.from.catalog.user);
        // The rights of an owner move with the ownership.
        let mut old = old.clone();
        old.remove(&Grantee::Role(owner.to_owned()));
        let all = all(objects(&target.payload), cx.to.catalog.server_version);
        if is_of_column(cx.id) {
            for (grantee, gone) in revoked_with_table(of, cx.from, cx.to, cx.states) {
                if let Some(privileges) = old.get_mut(&grantee) {
                    privileges.retain(|name, _| !gone.contains_key(name));
                }
            }
            let column = cx.id.last();
            return changes(&old, new, owner, &[], &|verb, list, whom| {
                let list: Vec<_> = list.split(", ").map(|name| format!("{name} ({column})")).collect();
                format!("{verb} {} ON TABLE {} {whom}", list.join(", "), of.table())
            });
        }
        let address = match &target.payload {
            Payload::View(_) | Payload::MaterializedView(_) | Payload::Table(_) => format!("TABLE {}", of.qualified()),
            Payload::Aggregate(_) => format!("FUNCTION {}", super::function::routine(of)),
            Payload::Domain(_) => format!("TYPE {}", of.qualified()),
            Payload::Server(_) => format!("FOREIGN SERVER {}", of.qualified()),
            payload => payload.address(of),
        };
        changes(&old, new, owner, &all, &|verb, list, whom| format!("{verb} {list} ON {address} {whom}"))
    }

    fn target<'a>(cx: &Context<'a>, side: &super::Side<'a>) -> Option<(&'a FactId, &'a Payload)> {
        let of = side.get(cx.id)?.parent.as_ref()?;
        Some((of, &cx.to.get(of)?.payload))
    }
}

impl Rules for Privileges {
    fn address(&self, _id: &FactId) -> String {
        String::new()
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let Some((of, payload)) = Self::target(cx, cx.to) else { return Vec::new() };
        let old = if is_of_column(cx.id) {
            Grants::new()
        } else if cx.creates(of) {
            initial(of, payload, cx.from, cx.states)
        } else {
            usual(payload, cx.from.catalog.server_version)
        };
        Self::changes(cx, &old, &self.grants)
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let Some((_, payload)) = Self::target(cx, cx.from) else { return Vec::new() };
        let usual = if is_of_column(cx.id) { Grants::new() } else { usual(payload, cx.from.catalog.server_version) };
        Self::changes(cx, &self.grants, &usual)
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        Alteration::Steps(Self::changes(cx, &self.grants, &new.grants))
    }
}

impl DefaultPrivileges {
    fn changes(&self, old: &Grants, new: &Grants, version: u32) -> Vec<Step> {
        let schema = self.schema.as_ref().map_or_else(String::new, |name| format!(" IN SCHEMA {}", ident(name)));
        let start = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}{schema}", ident(&self.role));
        changes(old, new, &self.role, &all(&self.objects, version), &|verb, list, whom| {
            format!("{start} {verb} {list} ON {} {whom}", self.objects)
        })
    }

    /// What holds without it.
    fn usual(&self, version: u32) -> Grants {
        if self.schema.is_some() { Grants::new() } else { usual_for(&self.objects, version) }
    }
}

impl Rules for DefaultPrivileges {
    fn address(&self, _id: &FactId) -> String {
        String::new()
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let version = cx.to.catalog.server_version;
        self.changes(&self.usual(version), &self.grants, version)
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let version = cx.to.catalog.server_version;
        self.changes(&self.grants, &self.usual(version), version)
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        Alteration::Steps(self.changes(&self.grants, &new.grants, cx.to.catalog.server_version))
    }
}

impl MemberPrivileges {
    fn changes(&self, old: &Grants, new: &Grants, cx: &Context<'_>) -> Vec<Step> {
        let objects = match self.address.split_once(' ') {
            Some(("TABLE", _)) => "TABLES",
            Some(("SEQUENCE", _)) => "SEQUENCES",
            _ => "FUNCTIONS",
        };
        let all = all(objects, cx.to.catalog.server_version);
        changes(old, new, &self.owner, &all, &|verb, list, whom| format!("{verb} {list} ON {} {whom}", self.address))
    }
}

impl Rules for MemberPrivileges {
    fn address(&self, _id: &FactId) -> String {
        String::new()
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        self.changes(&self.initial, &self.grants, cx)
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        self.changes(&self.grants, &self.initial, cx)
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        Alteration::Steps(self.changes(&self.grants, &new.grants, cx))
    }
}
