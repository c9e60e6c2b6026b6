//! What needs what, from `pg_depend`, and what follows from the facts themselves.

use serde::Deserialize;

use super::builder::Builder;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;

#[derive(Deserialize)]
struct Row {
    c: u32,
    o: u32,
    s: i32,
    rc: u32,
    ro: u32,
    rs: i32,
}

pub(crate) const SOURCE: Source = Source {
    what: "dependencies",
    query: |_| {
        // Ordinary schemas are above the oids of the system, except public.
        "SELECT DISTINCT d.classid::int8 AS c, d.objid::int8 AS o, d.objsubid AS s, d.refclassid::int8 AS rc, d.refobjid::int8 AS ro, d.refobjsubid AS rs
         FROM pg_catalog.pg_depend AS d WHERE d.objid >= 16384 AND (d.refobjid >= 16384 OR d.refobjid = 2200) AND d.deptype IN ('n', 'a', 'i')"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let from = builder.resolve((row.c, row.o, row.s)).cloned();
        let to = builder.resolve((row.rc, row.ro, row.rs)).cloned();
        if let (Some(from), Some(to)) = (from, to)
            && from.kind != Kind::Extension
        {
            add(builder, &from, &to);
        }
        Ok(())
    },
};

/// A table needs no table above it to be made; that it inherits from it does.
fn add(builder: &mut Builder<'_>, from: &FactId, to: &FactId) {
    let own_part = from.path.len() < to.path.len() && to.path.starts_with(&from.path) && from.kind == Kind::Table;
    if own_part || matches!((from.kind, to.kind), (Kind::Table, Kind::Table)) {
        return;
    }
    builder.need(from, to);
}

/// Adds what `pg_depend` does not say.
pub(super) fn complete(builder: &mut Builder<'_>) {
    let facts: Vec<(FactId, Payload)> =
        builder.catalog.facts.iter().map(|fact| (fact.id.clone(), fact.payload.clone())).collect();
    for (id, payload) in &facts {
        match payload {
            Payload::Constraint(constraint) if !constraint.of_domain => {
                for column in &constraint.columns {
                    let column = FactId::new(Kind::Column, id.path.iter().take(2).chain([column]).cloned());
                    builder.need(id, &column);
                }
                if let Some(table) = &constraint.references {
                    builder.need(id, &FactId::new(Kind::Table, table.clone()));
                }
            }
            Payload::Extension(extension) => {
                builder.need(id, &FactId::new(Kind::Schema, [extension.schema.clone()]));
            }
            _ => {}
        }
    }
}
