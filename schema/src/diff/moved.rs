//! Tables that have to be made again, whose rows are taken along: PostgreSQL cannot make an ordinary table a partitioned
//! one, or the other way round.

use std::collections::BTreeSet;

use crate::catalog::column::Column;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::render::idents;
use crate::render::literal;
use crate::render::qualified;
use crate::rules::Context;
use crate::rules::Side;
use crate::rules::States;
use crate::rules::Step;
use crate::rules::value_as;

/// Such tables. Where the partitions of an old table stay, their rows do.
pub(super) fn tables(from: &Side<'_>, to: &Side<'_>, states: &States) -> BTreeSet<FactId> {
    let again = states.dropped.iter().filter(|id| id.kind == Kind::Table && states.created.contains(*id));
    again
        .filter(|id| {
            let (Some(Payload::Table(old)), Some(Payload::Table(new))) =
                (from.get(id).map(|it| &it.payload), to.get(id).map(|it| &it.payload))
            else {
                return false;
            };
            let below = from.dependents(id).iter().filter(|fact| fact.id.kind == Kind::Inheritance);
            let partitions: Vec<_> =
                below.map(|fact| FactId::new(Kind::Table, fact.id.path[..2].iter().cloned())).collect();
            let rows = old.partition_key.is_none()
                || !partitions.is_empty() && partitions.iter().all(|table| states.dropped.contains(table));
            rows && old.foreign.is_none() && new.foreign.is_none() && !common(id, from, to).is_empty()
        })
        .cloned()
        .collect()
}

/// The columns that both have and that can be written, old and new.
fn common<'a>(table: &FactId, from: &Side<'a>, to: &Side<'a>) -> Vec<(String, &'a Column, &'a Column)> {
    let columns =
        to.children(table).iter().filter_map(|fact| match (&fact.payload, from.get(&fact.id).map(|it| &it.payload)) {
            (Payload::Column(new), Some(Payload::Column(old))) if new.generated.is_none() => {
                Some((fact.id.path[2].clone(), old, new))
            }
            _ => None,
        });
    columns.collect()
}

/// What has to happen to the old table so that it is out of the way.
pub(super) fn aside_steps(id: &FactId, name: &str, from: &Side<'_>) -> Vec<Step> {
    let identity = from
        .children(id)
        .iter()
        .filter(|fact| matches!(&fact.payload, Payload::Column(column) if column.identity.is_some()));
    identity
        .map(|fact| Step::new(format!("ALTER TABLE {name} ALTER COLUMN {} DROP IDENTITY", fact.id.last())))
        .collect()
}

/// The statements that take the rows along.
pub(super) fn steps(cx: &Context<'_>) -> Vec<Step> {
    let Some(old_name) = &cx.aside else { return Vec::new() };
    let columns = common(cx.id, cx.from, cx.to);
    let names: Vec<_> = columns.iter().map(|(name, _, _)| name).collect();
    let values: Vec<_> =
        columns.iter().map(|(name, old, new)| value_as(name, &old.data_type, &new.data_type, cx)).collect();
    let whole = matches!(cx.from.get(cx.id).map(|fact| &fact.payload), Some(Payload::Table(table)) if table.partition_key.is_some());
    let only = if whole { "" } else { "ONLY " };
    let overriding =
        if columns.iter().any(|(_, _, new)| new.identity.is_some()) { " OVERRIDING SYSTEM VALUE" } else { "" };
    let new_name = cx.id.qualified();
    let sql = format!(
        "INSERT INTO {new_name} ({}){overriding} SELECT {} FROM {only}{old_name}",
        idents(&names),
        values.join(", ")
    );
    let mut steps = vec![Step::new(sql)];
    for (name, _, new) in &columns {
        if let Some(identity) = &new.identity {
            let sequence = literal(&qualified(&[&identity.sequence_schema, &identity.sequence_name]));
            let column = idents(&[name]);
            steps.push(Step::new(format!(
                "SELECT pg_catalog.setval({sequence}, (SELECT GREATEST(pg_catalog.max({column}) + 1, {}) FROM {new_name}), false)",
                identity.sequence.start
            )));
        }
    }
    steps
}
