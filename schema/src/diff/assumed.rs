//! Privileges that facts leave out because they are the default of PostgreSQL: where default privileges are set, what is
//! made may begin with others, so they have to be said.

use std::borrow::Cow;

use crate::catalog::Catalog;
use crate::catalog::privilege::Privileges;
use crate::fact::Fact;
use crate::fact::Kind;
use crate::rules::privilege::has_defaults;
use crate::rules::privilege::usual;

/// Both sides, with all privileges said where default privileges of the role that runs the plan exist.
pub(super) fn privileges<'a>(from: &'a Catalog, to: &'a Catalog) -> (Cow<'a, Catalog>, Cow<'a, Catalog>) {
    let set = from.facts.iter().any(|fact| fact.id.kind == Kind::DefaultPrivileges && fact.id.path[0] == from.user);
    if set { (Cow::Owned(said(from)), Cow::Owned(said(to))) } else { (Cow::Borrowed(from), Cow::Borrowed(to)) }
}

fn said(catalog: &Catalog) -> Catalog {
    let mut said = catalog.clone();
    let known: std::collections::HashSet<_> = catalog.facts.iter().map(|fact| &fact.id).collect();
    for fact in catalog.facts.iter().filter(|fact| has_defaults(&fact.payload)) {
        let id = fact.id.part(Kind::Privileges);
        if !known.contains(&id) {
            let payload = Privileges { grants: usual(&fact.payload, catalog.server_version) }.into();
            said.facts.push(Fact { id, parent: Some(fact.id.clone()), payload, depends_on: Vec::new() });
        }
    }
    said
}
