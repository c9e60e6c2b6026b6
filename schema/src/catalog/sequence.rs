//! Sequences, and the columns that they belong to.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// What a sequence counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// `smallint`, `integer` or `bigint`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// The first value.
    pub start: i64,
    /// From one value to the next.
    pub increment: i64,
    /// The least value.
    pub min: i64,
    /// The greatest value.
    pub max: i64,
    /// How many values a session takes at once.
    pub cache: i64,
    /// Whether it begins again at the end.
    pub cycle: bool,
    /// Whether it is lost after a crash.
    pub unlogged: bool,
}

#[derive(Deserialize)]
struct Row {
    /// The table of the column that it belongs to.
    owner_table: Option<u32>,
    #[serde(flatten)]
    sequence: Sequence,
}

pub(crate) const SOURCE: Source = Source {
    what: "sequences",
    query: |_| {
        format!(
            "SELECT c.oid::int8, n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner, {acl} AS acl, pg_catalog.format_type(s.seqtypid, NULL) AS type,
                    s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS min, s.seqmax AS max, s.seqcache AS cache, s.seqcycle AS cycle, c.relpersistence = 'u' AS unlogged,
                    (SELECT d.refobjid::int8 FROM pg_catalog.pg_depend AS d WHERE d.classid = 1259 AND d.objid = c.oid AND d.refclassid = 1259 AND d.refobjsubid > 0 AND d.deptype = 'a') AS owner_table
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = c.oid
             WHERE c.relpersistence <> 't' AND {user}
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 1259 AND d.objid = c.oid AND d.refclassid = 1259 AND d.deptype = 'i')",
            acl = reader::acl("c.relacl", "c.relowner"),
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<Row> = reader::row(text)?;
        let id = FactId::new(Kind::Sequence, [row.schema, row.name]);
        let owner_table = row.payload.owner_table;
        if owner_table.is_some_and(|table| builder.skips((class::CLASS, table, 0))) {
            builder.skip((class::CLASS, row.oid, 0));
        }
        if let Some(id) = builder.object((class::CLASS, row.oid, 0), id, row.payload.sequence) {
            // What belongs to a column has the owner of the table.
            builder.access(&id, row.owner.filter(|_| owner_table.is_none()), row.acl);
        }
        Ok(())
    },
};

/// The column that a sequence belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceOwner {
    /// Schema, table and column.
    pub column: Vec<String>,
    /// The role that owns both.
    pub role: String,
}

#[derive(Deserialize)]
struct Owner {
    sequence: u32,
    table: u32,
    column: i32,
    role: String,
}

pub(crate) const OWNERS: Source = Source {
    what: "owners of sequences",
    query: |_| {
        "SELECT d.objid::int8 AS sequence, d.refobjid::int8 AS table, d.refobjsubid AS column, pg_catalog.pg_get_userbyid(c.relowner) AS role
         FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
         WHERE d.classid = 1259 AND d.refclassid = 1259 AND d.refobjsubid > 0 AND d.deptype = 'a' AND d.objid >= 16384"
            .to_owned()
    },
    take: |text, builder| {
        let row: Owner = reader::row(text)?;
        let sequence = builder.primary((class::CLASS, row.sequence, 0)).cloned();
        let column = builder.primary((class::CLASS, row.table, row.column)).cloned();
        if let (Some(sequence), Some(column)) = (sequence, column) {
            builder.need_not(&sequence, &column);
            let id = FactId { kind: Kind::SequenceOwner, path: sequence.path.clone() };
            builder.detail(&sequence, id.clone(), SequenceOwner { column: column.path.clone(), role: row.role });
            builder.need(&id, &column);
        }
        Ok(())
    },
};
