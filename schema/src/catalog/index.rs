//! Indexes that belong to no constraint, and how indexes of partitions belong to that of the whole table.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::render::normal::same_sql;

/// An index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Index {
    /// Schema and name of the table or materialized view.
    pub table: Vec<String>,
    /// The whole CREATE INDEX.
    pub definition: String,
    /// Storage options, `name=value`.
    pub options: Vec<String>,
    /// The tablespace, if it is not that of the database.
    pub tablespace: Option<String>,
    /// The statistics targets of its columns by their numbers, where they are set.
    pub statistics: Vec<(i32, i32)>,
    /// Whether the table is partitioned.
    pub partitioned: bool,
    /// Whether equal keys are refused.
    pub unique: bool,
    /// Whether queries use it: not after a CREATE INDEX CONCURRENTLY that failed.
    pub valid: bool,
}

impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        same_sql(&self.definition, &other.definition)
            && self.tablespace == other.tablespace
            && self.statistics == other.statistics
            && (self.partitioned || self.valid == other.valid)
    }
}

impl Index {
    /// The definition without the storage options.
    pub(crate) fn shape(&self) -> String {
        if self.options.is_empty() {
            return self.definition.clone();
        }
        match self.definition.rfind(" WITH (") {
            Some(start) => match self.definition[start..].find(')') {
                Some(length) => format!("{}{}", &self.definition[..start], &self.definition[start + length + 1..]),
                None => self.definition.clone(),
            },
            None => self.definition.clone(),
        }
    }
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    schema: String,
    name: String,
    table_oid: u32,
    #[serde(flatten)]
    payload: Index,
}

pub(crate) const SOURCE: Source = Source {
    what: "indexes",
    query: |_| {
        format!(
            "SELECT c.oid::int8, n.nspname AS schema, c.relname AS name, i.indrelid::int8 AS table_oid, ARRAY[tn.nspname, t.relname] AS table,
                    pg_catalog.pg_get_indexdef(c.oid) AS definition, COALESCE(c.reloptions, '{{}}') AS options, s.spcname AS tablespace,
                    COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attnum, a.attstattarget) ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
                              WHERE a.attrelid = c.oid AND a.attstattarget >= 0), '[]') AS statistics,
                    c.relkind = 'I' AS partitioned, i.indisunique AS unique, i.indisvalid AS valid
             FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
             LEFT JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace
             WHERE {} AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))",
            reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let id = FactId::new(Kind::Index, [row.schema, row.name]);
        builder.part((class::CLASS, row.oid, 0), (class::CLASS, row.table_oid, 0), id, row.payload);
        Ok(())
    },
};

/// An index of a partition that is a part of the index of the whole table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexAttachment {
    /// Schema and name of the index of the table above.
    pub parent: Vec<String>,
}

#[derive(Deserialize)]
struct Attached {
    oid: u32,
    parent_oid: u32,
    schema: String,
    name: String,
    #[serde(flatten)]
    payload: IndexAttachment,
}

pub(crate) const ATTACHMENTS: Source = Source {
    what: "indexes of partitions",
    query: |_| {
        "SELECT c.oid::int8, p.oid::int8 AS parent_oid, n.nspname AS schema, c.relname AS name, ARRAY[pn.nspname, p.relname] AS parent
         FROM pg_catalog.pg_inherits AS h JOIN pg_catalog.pg_class AS c ON c.oid = h.inhrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
         WHERE c.relkind IN ('i', 'I') AND c.oid >= 16384"
            .to_owned()
    },
    take: |text, builder| {
        let row: Attached = reader::row(text)?;
        let child = builder.resolve((class::CLASS, row.oid, 0)).cloned();
        let parent = builder.resolve((class::CLASS, row.parent_oid, 0)).cloned();
        if let (Some(child), Some(parent)) = (child, parent) {
            let id = FactId::new(Kind::IndexAttachment, [row.schema, row.name]);
            builder.detail(&child, id.clone(), row.payload);
            builder.need(&id, &parent);
        }
        Ok(())
    },
};
