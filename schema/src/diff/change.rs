//! The differences as a list for people.

use serde_json::Value;

use crate::fact::Fact;
use crate::fact::Kind;
use crate::plan::Change;
use crate::plan::Sign;
use crate::render::one_line;
use crate::rules::Side;

/// Each difference once: parts of what is added or removed as a whole are not named.
pub(super) fn changes(from: &Side<'_>, to: &Side<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for fact in &from.catalog.facts {
        match to.get(&fact.id) {
            None if fact.parent.as_ref().is_none_or(|parent| to.get(parent).is_some()) => {
                changes.push(change(Sign::Removed, fact, String::new()));
            }
            Some(new) if new.payload != fact.payload => changes.push(change(Sign::Changed, fact, detail(fact, new))),
            _ => {}
        }
    }
    for fact in &to.catalog.facts {
        if from.get(&fact.id).is_none() && fact.parent.as_ref().is_none_or(|parent| from.get(parent).is_some()) {
            changes.push(change(Sign::Added, fact, String::new()));
        }
    }
    changes.sort_by(|a, b| (&a.name, a.kind, a.sign).cmp(&(&b.name, b.kind, b.sign)));
    changes
}

fn change(sign: Sign, fact: &Fact, detail: String) -> Change {
    let name = match fact.id.kind {
        Kind::Owner | Kind::Privileges | Kind::Comment => fact.id.path[1..].join("."),
        _ => fact.id.name(),
    };
    Change { sign, kind: fact.id.kind.as_str(), name: one_line(&name), detail: one_line(&detail) }
}

/// The parts of a payload that differ: `type numeric(8,2) -> numeric(10,2)`. Long ones are named only.
fn detail(old: &Fact, new: &Fact) -> String {
    let value = |fact: &Fact| {
        serde_json::to_value(&fact.payload).ok().and_then(|value| value.as_object()?.values().next().cloned())
    };
    let (Some(Value::Object(old)), Some(Value::Object(new))) = (value(old), value(new)) else { return String::new() };
    let mut parts = Vec::new();
    for (key, after) in &new {
        let before = old.get(key).unwrap_or(&Value::Null);
        if before != after && !matches!(key.as_str(), "position" | "inherited" | "local" | "type_storage" | "address") {
            let name = key.replace('_', " ");
            let text = format!("{name} {} -> {}", plain(before), plain(after));
            parts.push(if text.len() > 100 || text.contains('\n') { name } else { text });
        }
    }
    parts.join(", ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}
