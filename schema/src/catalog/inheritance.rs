//! Tables that inherit from others, partitions among them.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// That a table inherits from another, or is a partition of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inheritance {
    /// Schema and name of the table above.
    pub parent: Vec<String>,
    /// The place among the tables above.
    pub position: i32,
    /// As after ATTACH PARTITION name, of a partition.
    pub bound: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    parent_oid: u32,
    #[serde(flatten)]
    payload: Inheritance,
}

pub(crate) const SOURCE: Source = Source {
    what: "inheritance",
    query: |_| {
        "SELECT h.inhrelid::int8 AS oid, h.inhparent::int8 AS parent_oid, h.inhseqno AS position, ARRAY[n.nspname, p.relname] AS parent,
                CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS bound
         FROM pg_catalog.pg_inherits AS h JOIN pg_catalog.pg_class AS c ON c.oid = h.inhrelid
         JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent JOIN pg_catalog.pg_namespace AS n ON n.oid = p.relnamespace
         WHERE c.relkind IN ('r', 'p', 'f') AND c.oid >= 16384"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let child = builder.primary((class::CLASS, row.oid, 0)).cloned();
        let parent = builder.primary((class::CLASS, row.parent_oid, 0)).cloned();
        if let (Some(child), Some(parent)) = (child, parent) {
            let id = FactId::new(Kind::Inheritance, child.path.iter().chain(&row.payload.parent).cloned());
            builder.detail(&child, id.clone(), row.payload);
            builder.need(&id, &parent);
        }
        Ok(())
    },
};
