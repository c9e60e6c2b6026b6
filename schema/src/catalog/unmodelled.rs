//! What is there and is not compared: nothing is left out silently.

use serde::Deserialize;

use super::Unmodelled;
use super::reader;
use super::reader::Source;

#[derive(Deserialize)]
struct Row {
    class: u32,
    oid: u32,
    kind: String,
    schema: Option<String>,
    name: String,
}

pub(crate) const SOURCE: Source = Source {
    what: "other objects",
    query: |_| {
        let probes = [
            ("pg_conversion", "conversion", "o.connamespace", "o.conname"),
            ("pg_opclass", "operator class", "o.opcnamespace", "o.opcname"),
            ("pg_opfamily", "operator family", "o.opfnamespace", "o.opfname"),
            ("pg_language", "language", "0::pg_catalog.oid", "o.lanname"),
            ("pg_am", "access method", "0::pg_catalog.oid", "o.amname"),
            ("pg_transform", "transform", "0::pg_catalog.oid", "pg_catalog.format_type(o.trftype, NULL)"),
            ("pg_largeobject_metadata", "large object", "0::pg_catalog.oid", "o.oid::pg_catalog.text"),
        ];
        let mut parts: Vec<String> = probes
            .iter()
            .map(|(table, kind, schema, name)| {
                format!(
                    "SELECT o.tableoid::int8 AS class, o.oid::int8, '{kind}' AS kind, (SELECT n.nspname FROM pg_catalog.pg_namespace AS n WHERE n.oid = {schema}) AS schema, ({name})::pg_catalog.text AS name
                     FROM pg_catalog.{table} AS o WHERE o.oid >= 16384"
                )
            })
            .collect();
        parts.push(
            "SELECT t.tableoid::int8, t.oid::int8, 'base type', n.nspname, t.typname FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
             WHERE t.oid >= 16384 AND t.typtype IN ('b', 'p') AND t.typcategory <> 'A'"
                .to_owned(),
        );
        parts.push(
            "SELECT l.classoid::int8, l.objoid::int8, 'security label', l.provider, l.label FROM pg_catalog.pg_seclabel AS l".to_owned(),
        );
        parts.join(" UNION ALL ")
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let schema = row.schema.unwrap_or_default();
        let skipped = builder.skips((row.class, row.oid, 0)) || builder.options.excludes(&schema, &row.name);
        if !skipped && !schema.starts_with("pg_") {
            let name = if schema.is_empty() { row.name } else { format!("{schema}.{}", row.name) };
            builder.catalog.unmodelled.push(Unmodelled { kind: row.kind, name });
        }
        Ok(())
    },
};
