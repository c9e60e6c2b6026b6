//! Renames that were asked for: the source is seen as if they had been done, after statements that do them.

use super::Rename;
use super::tokens;
use crate::catalog::Catalog;
use crate::error::DiffError;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::plan::Action;
use crate::plan::Boundary;
use crate::plan::Change;
use crate::plan::Lock;
use crate::plan::LockMode;
use crate::plan::Sign;
use crate::render::ident;
use crate::render::qualified;

/// What was renamed.
#[derive(Default)]
pub(super) struct Renamed {
    pub(super) actions: Vec<Action>,
    pub(super) changes: Vec<Change>,
}

/// Does the renames on `from`.
pub(super) fn apply(from: &mut Catalog, to: &Catalog, renames: &[Rename]) -> Result<Renamed, DiffError> {
    let mut renamed = Renamed::default();
    for rename in renames {
        let wrong = |why: String| DiffError::Rename {
            rename: format!("{}={}", qualified(&rename.old), qualified(&rename.new)),
            why,
        };
        let old =
            find(from, &rename.old).ok_or_else(|| wrong(format!("the source has no {}", rename.old.join("."))))?;
        let new = FactId { kind: old.kind, path: renamed_path(&old, &rename.old, &rename.new) };
        if !to.facts.iter().any(|fact| fact.id == new) {
            return Err(wrong(format!("the target has no {new}")));
        }
        if from.facts.iter().any(|fact| fact.id == new) {
            return Err(wrong(format!("the source has a {new} already")));
        }
        one(from, &old, &new, &mut renamed);
        for (old, new) in followers(from, to, &old, &new) {
            one(from, &old, &new, &mut renamed);
        }
    }
    from.facts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(renamed)
}

/// What has this name. Functions are named without their arguments.
fn find(catalog: &Catalog, path: &[String]) -> Option<FactId> {
    let renamable = |kind: Kind| {
        !matches!(
            kind,
            Kind::Owner
                | Kind::Privileges
                | Kind::Comment
                | Kind::Default
                | Kind::SequenceOwner
                | Kind::ReplicaIdentity
                | Kind::Cluster
                | Kind::IndexAttachment
                | Kind::Inheritance
                | Kind::DefaultPrivileges
                | Kind::Cast
                | Kind::UserMapping
                | Kind::PublicationTable
                | Kind::PublicationSchema
                | Kind::Extension
        )
    };
    let same = |id: &FactId| match id.kind {
        Kind::Function | Kind::Aggregate => id.path[..2] == *path,
        _ => id.path == path,
    };
    catalog.facts.iter().map(|fact| &fact.id).find(|id| renamable(id.kind) && same(id)).cloned()
}

fn renamed_path(id: &FactId, old: &[String], new: &[String]) -> Vec<String> {
    new.iter().chain(&id.path[old.len()..]).cloned().collect()
}

/// Parts of a renamed table that have its name in theirs and are otherwise what the target has.
fn followers(from: &Catalog, to: &Catalog, old: &FactId, new: &FactId) -> Vec<(FactId, FactId)> {
    if old.kind != Kind::Table {
        return Vec::new();
    }
    let name = |id: &FactId| id.path.last().cloned().unwrap_or_default();
    let (old_name, new_name) = (name(old), name(new));
    let has = |catalog: &Catalog, id: &FactId| catalog.facts.iter().any(|fact| fact.id == *id);
    let mut found = Vec::new();
    for fact in from.facts.iter().filter(|fact| matches!(fact.id.kind, Kind::Constraint | Kind::Index | Kind::Sequence))
    {
        let ours = fact.parent.as_ref() == Some(new) || belongs(from, &fact.id, new);
        let last = name(&fact.id);
        if !ours || !last.starts_with(&old_name) || has(to, &fact.id) {
            continue;
        }
        let mut target = fact.id.clone();
        target.path.pop();
        target.path.push(format!("{new_name}{}", &last[old_name.len()..]));
        if has(to, &target) && !has(from, &target) {
            found.push((fact.id.clone(), target));
        }
    }
    found
}

/// Whether a sequence belongs to a column of a table.
fn belongs(catalog: &Catalog, sequence: &FactId, table: &FactId) -> bool {
    let owner = FactId { kind: Kind::SequenceOwner, path: sequence.path.clone() };
    sequence.kind == Kind::Sequence
        && catalog.facts.iter().any(|fact| {
            fact.id == owner
                && matches!(&fact.payload, Payload::SequenceOwner(it) if it.column.starts_with(&table.path))
        })
}

fn one(from: &mut Catalog, old: &FactId, new: &FactId, renamed: &mut Renamed) {
    let Some(fact) = from.facts.iter().find(|fact| fact.id == *old) else { return };
    let (old_last, new_last) = (last(old), last(new));
    let parent = fact.parent.clone();
    let address = fact.payload.address(old);
    let table = matches!(old.kind, Kind::Column | Kind::Constraint | Kind::Table);
    let lock = if table {
        Lock { mode: LockMode::AccessExclusive, table: Some(new.path[..2].join(".")) }
    } else {
        Lock::default()
    };
    let mut statements = Vec::new();
    match (old.kind, &parent) {
        (Kind::Column, _) => {
            statements.push(format!("ALTER TABLE {} RENAME COLUMN {old_last} TO {new_last}", old.table()))
        }
        (Kind::Constraint, Some(of)) => {
            let word = if of.kind == Kind::Domain { "DOMAIN" } else { "TABLE" };
            statements.push(format!("ALTER {word} {} RENAME CONSTRAINT {old_last} TO {new_last}", of.qualified()));
        }
        _ => {
            let mut address = address;
            if old.path.len() > 1 && old.path[0] != new.path[0] {
                statements.push(format!("ALTER {address} SET SCHEMA {}", ident(&new.path[0])));
                let mut moved = old.clone();
                moved.path[0].clone_from(&new.path[0]);
                address = fact.payload.address(&moved);
            }
            if old_last != new_last {
                statements.push(format!("ALTER {address} RENAME TO {new_last}"));
            }
        }
    }
    for sql in statements {
        renamed.actions.push(Action {
            sql,
            object: crate::render::one_line(&new.to_string()),
            boundary: Boundary::InTransaction,
            lock: lock.clone(),
            rewrite: false,
            scan: false,
            loss: None,
            decide: Vec::new(),
        });
    }
    renamed.changes.push(Change {
        sign: Sign::Renamed,
        kind: old.kind.as_str(),
        name: crate::render::one_line(&old.name()),
        detail: crate::render::one_line(&new.name()),
    });
    for fact in &mut from.facts {
        rewrite(fact, old, new);
    }
    readdress(from);
}

/// Owners and comments say how their object is named.
fn readdress(catalog: &mut Catalog) {
    let addresses: std::collections::HashMap<FactId, String> =
        catalog.facts.iter().map(|fact| (fact.id.clone(), fact.payload.address(&fact.id))).collect();
    for fact in &mut catalog.facts {
        let own = fact.parent.as_ref().filter(|of| of.part(fact.id.kind) == fact.id).and_then(|of| addresses.get(of));
        match (&mut fact.payload, own) {
            (Payload::Owner(owner), Some(address)) => owner.address.clone_from(address),
            (Payload::Comment(comment), Some(address)) => comment.address.clone_from(address),
            _ => {}
        }
    }
}

/// The name itself, of a function without its arguments.
fn last(id: &FactId) -> String {
    match id.kind {
        Kind::Function | Kind::Aggregate => ident(&id.path[1]),
        _ => id.last(),
    }
}

fn rewrite(fact: &mut Fact, old: &FactId, new: &FactId) {
    let of_table = fact.id.path.len() > 1
        && old.path.len() > 1
        && fact.parent.as_ref().is_some_and(|parent| parent.path.starts_with(&old.path[..2]));
    rewrite_id(&mut fact.id, old, new);
    if let Some(parent) = &mut fact.parent {
        rewrite_id(parent, old, new);
    }
    for id in &mut fact.depends_on {
        rewrite_id(id, old, new);
    }
    fact.depends_on.sort();
    let Ok(mut value) = serde_json::to_value(&fact.payload) else { return };
    // Columns are named without their table only in what belongs to it.
    let column = old.kind == Kind::Column && of_table;
    let relation = matches!(
        old.kind,
        Kind::Table
            | Kind::View
            | Kind::MaterializedView
            | Kind::Sequence
            | Kind::Index
            | Kind::Enum
            | Kind::Composite
            | Kind::Domain
            | Kind::Range
            | Kind::Function
            | Kind::Aggregate
            | Kind::Collation
    );
    let text = |text: &str| rewrite_text(text, old, new, column, relation);
    let path = |key: &str, path: &[String]| {
        let mut path = path.to_vec();
        if key == "columns" {
            for name in path.iter_mut().filter(|name| column && Some(&**name) == old.path.last()) {
                *name = new.path.last().cloned().unwrap_or_default();
            }
        } else if path.starts_with(&old.path) {
            path.splice(..old.path.len(), new.path.iter().cloned());
        }
        path
    };
    tokens::rewrite(&mut value, &text, &path);
    if let Ok(mut payload) = serde_json::from_value(value) {
        if let (Payload::Function(before), Payload::Function(after)) = (&fact.payload, &mut payload)
            && let Some(body) = &before.body
            && let Some(at) = before.definition.rfind(body.as_str())
        {
            // A body that is a string keeps the old names.
            after.definition = format!("{}{}", text(&before.definition[..at]), &before.definition[at..]);
            after.body.clone_from(&before.body);
        }
        fact.payload = payload;
    }
}

/// SQL with the new name.
fn rewrite_text(text: &str, old: &FactId, new: &FactId, column: bool, relation: bool) -> String {
    if column {
        return tokens::replace(text, &[last(old)], &[last(new)]);
    }
    if old.kind == Kind::Schema {
        let name = |id: &FactId| vec![id.last(), ".".to_owned()];
        return tokens::swap(text, &name(old), &name(new));
    }
    if !relation {
        return text.to_owned();
    }
    let parts = |id: &FactId| vec![ident(&id.path[0]), ident(&id.path[1])];
    let changed = tokens::replace(text, &parts(old), &parts(new));
    if old.kind == Kind::Index {
        // CREATE INDEX names it without the schema.
        let words = |id: &FactId| vec!["INDEX".to_owned(), ident(&id.path[1])];
        return tokens::replace_words(&changed, &words(old), &words(new));
    }
    changed
}

fn rewrite_id(id: &mut FactId, old: &FactId, new: &FactId) {
    let start = match id.kind {
        Kind::Owner | Kind::Privileges | Kind::Comment | Kind::PublicationTable => 1,
        _ => 0,
    };
    let same_namespace = id.kind == old.kind
        || start == 1
        || matches!(old.kind, Kind::Table | Kind::View | Kind::MaterializedView)
            && !matches!(
                id.kind,
                Kind::Index | Kind::Sequence | Kind::Function | Kind::Aggregate | Kind::SequenceOwner
            )
        || old.kind == Kind::Column && id.kind == Kind::Default
        || old.kind == Kind::Sequence && id.kind == Kind::SequenceOwner
        || old.kind == Kind::Domain && id.kind == Kind::Constraint
        || old.kind == Kind::Schema;
    if same_namespace && id.path.len() > start && id.path[start..].starts_with(&old.path) {
        id.path.splice(start..start + old.path.len(), new.path.iter().cloned());
    }
    // The arguments of a function are a part of its name.
    let arguments = matches!(id.kind, Kind::Function | Kind::Aggregate | Kind::Operator) && id.path.len() == 3;
    let types = matches!(
        old.kind,
        Kind::Table
            | Kind::View
            | Kind::MaterializedView
            | Kind::Enum
            | Kind::Composite
            | Kind::Domain
            | Kind::Range
            | Kind::Schema
    );
    if arguments && types {
        id.path[2] = rewrite_text(&id.path[2], old, new, false, true);
    }
    if id.kind == Kind::Inheritance && old.kind == Kind::Table && id.path[2..] == old.path {
        id.path.splice(2.., new.path.iter().cloned());
    }
}
