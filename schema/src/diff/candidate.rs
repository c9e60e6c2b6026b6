//! Removed and added things of equal structure: they may be one thing with a new name, which is never guessed.

use std::collections::BTreeMap;

use super::tokens;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::plan::RenameCandidate;
use crate::render::ident;
use crate::rules::Side;

/// All pairs, those of one name apart from the others marked as unique.
pub(super) fn candidates(from: &Side<'_>, to: &Side<'_>) -> Vec<RenameCandidate> {
    let mut removed: BTreeMap<String, Vec<&FactId>> = BTreeMap::new();
    let mut added: BTreeMap<String, Vec<&FactId>> = BTreeMap::new();
    for fact in gone(from, to) {
        removed.entry(structure(fact, from)).or_default().push(&fact.id);
    }
    for fact in gone(to, from) {
        added.entry(structure(fact, to)).or_default().push(&fact.id);
    }
    let mut candidates = Vec::new();
    for (structure, old) in &removed {
        for new in added.get(structure).into_iter().flatten() {
            for old in old {
                let unique = removed[structure].len() == 1 && added[structure].len() == 1;
                candidates.push(RenameCandidate { from: (*old).clone(), to: (*new).clone(), unique });
            }
        }
    }
    candidates
}

/// What only `side` has, of the kinds that people rename, where the whole that it is a part of stays.
fn gone<'a>(side: &Side<'a>, other: &Side<'_>) -> Vec<&'a Fact> {
    let kinds = [
        Kind::Table,
        Kind::Column,
        Kind::View,
        Kind::MaterializedView,
        Kind::Sequence,
        Kind::Enum,
        Kind::Composite,
        Kind::Domain,
        Kind::Function,
        Kind::Index,
        Kind::Constraint,
        Kind::Trigger,
        Kind::Policy,
    ];
    let renamable = |fact: &&Fact| {
        kinds.contains(&fact.id.kind)
            && other.get(&fact.id).is_none()
            && fact.parent.as_ref().is_none_or(|parent| other.get(parent).is_some())
    };
    side.catalog.facts.iter().filter(renamable).collect()
}

/// A text that is equal for things that differ in nothing but their name.
fn structure(fact: &Fact, side: &Side<'_>) -> String {
    let own: Vec<String> = match fact.id.kind {
        Kind::Function => fact.id.path[..2].to_vec(),
        _ => fact.id.path.clone(),
    };
    let place = fact.parent.as_ref().map_or_else(String::new, ToString::to_string);
    let mut lines = vec![format!("{} {place}", fact.id.kind.as_str()), anonymous(&fact.payload, &own)];
    if fact.id.kind == Kind::Function {
        lines.push(fact.id.path[2].clone());
    }
    let mut parts: Vec<String> = side.children(&fact.id).iter().flat_map(|part| inner(part, side, &own)).collect();
    parts.sort();
    lines.extend(parts);
    lines.join("\n")
}

/// The columns of a table with their defaults, and the default of a column.
fn inner(part: &Fact, side: &Side<'_>, own: &[String]) -> Vec<String> {
    match &part.payload {
        Payload::Column(_) => {
            let default = side.children(&part.id).iter().find(|it| it.id.kind == Kind::Default);
            let default = default.map(|it| anonymous(&it.payload, own)).unwrap_or_default();
            vec![format!("{} {} {default}", part.id.last(), anonymous(&part.payload, own))]
        }
        Payload::Default(_) => vec![anonymous(&part.payload, own)],
        _ => Vec::new(),
    }
}

/// The payload with `*` for the object's own name, and without what may differ.
fn anonymous(payload: &Payload, own: &[String]) -> String {
    let Ok(mut value) = serde_json::to_value(payload) else { return String::new() };
    if let Some(fields) =
        value.as_object_mut().and_then(|value| value.values_mut().next()).and_then(|value| value.as_object_mut())
    {
        for field in ["position", "local", "inherited"] {
            fields.remove(field);
        }
        if let Some(identity) = fields.get_mut("identity").and_then(|value| value.as_object_mut()) {
            identity.remove("sequence_name");
        }
    }
    let old: Vec<String> = own.iter().take(2).map(|part| ident(part)).collect();
    let last = own.last().map(|part| ident(part)).unwrap_or_default();
    let stars = vec!["*".to_owned(); old.len()];
    tokens::rewrite(
        &mut value,
        &|text| {
            let text = if own.len() == 2 { tokens::replace(text, &old, &stars) } else { text.to_owned() };
            tokens::replace(&text, std::slice::from_ref(&last), &["*".to_owned()])
        },
        &|_, path| path.to_vec(),
    );
    // Sequences of serial columns have the name of the table in theirs.
    let text = value.to_string();
    if own.len() == 2 { text.replace(&format!("{}_", own[1]), "*_") } else { text }
}
