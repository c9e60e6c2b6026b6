//! Columns of tables.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use super::sequence::Sequence;
use crate::fact::FactId;
use crate::fact::Kind;

/// A column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Column {
    /// Its place among the columns, which says only in which order they are made.
    pub position: i32,
    /// The type with its modifier, e.g. `numeric(10,2)`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// The collation, qualified, if it is not that of the type.
    pub collation: Option<String>,
    /// How it is numbered, of an identity column.
    pub identity: Option<Identity>,
    /// The expression, of a generated column.
    pub generated: Option<String>,
    /// Whether the generated value is computed when it is read.
    #[serde(rename = "virtual")]
    pub is_virtual: bool,
    /// PLAIN, MAIN, EXTERNAL or EXTENDED, if it is not that of the type.
    pub storage: Option<String>,
    /// What the type stores values as, e.g. EXTENDED.
    pub type_storage: String,
    /// `pglz` or `lz4`, if it is set.
    pub compression: Option<String>,
    /// The statistics target, if it is set.
    pub statistics: Option<i32>,
    /// Options such as `n_distinct`, `name=value`.
    pub options: Vec<String>,
    /// Options of a column of a foreign table, `name=value`.
    pub foreign_options: Vec<String>,
    /// Whether the table defines it itself.
    pub local: bool,
    /// From how many tables it is inherited.
    pub inherited: i32,
}

impl PartialEq for Column {
    /// The place among the columns cannot be changed, and what is the default of the type is no part of the column.
    fn eq(&self, other: &Self) -> bool {
        let Self { position: _, type_storage: _, .. } = self;
        self.data_type == other.data_type
            && self.not_null == other.not_null
            && self.collation == other.collation
            && self.identity == other.identity
            && self.generated == other.generated
            && self.is_virtual == other.is_virtual
            && self.storage == other.storage
            && self.compression == other.compression
            && self.statistics == other.statistics
            && self.options == other.options
            && self.foreign_options == other.foreign_options
    }
}

/// How an identity column is numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// ALWAYS, else BY DEFAULT.
    pub always: bool,
    /// The schema of its sequence.
    pub sequence_schema: String,
    /// The name of its sequence.
    pub sequence_name: String,
    /// What the sequence counts.
    pub sequence: Sequence,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    identity_oid: Option<u32>,
    acl: Option<Vec<super::privilege::AclItem>>,
    #[serde(flatten)]
    payload: Column,
}

pub(crate) const SOURCE: Source = Source {
    what: "columns",
    query: |version| {
        let compression = if version >= 140_000 {
            "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END"
        } else {
            "NULL"
        };
        format!(
            "SELECT a.attrelid::int8 AS oid, a.attnum AS position, a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
                    a.attnotnull AS not_null, {acl} AS acl,
                    CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN
                        (SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
                         FROM pg_catalog.pg_collation AS co JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END AS collation,
                    q.seqrelid::int8 AS identity_oid,
                    CASE WHEN q.seqrelid IS NOT NULL THEN pg_catalog.json_build_object('always', a.attidentity = 'a', 'sequence_schema', qn.nspname, 'sequence_name', qc.relname,
                        'sequence', pg_catalog.json_build_object('type', pg_catalog.format_type(q.seqtypid, NULL), 'start', q.seqstart, 'increment', q.seqincrement, 'min', q.seqmin, 'max', q.seqmax,
                        'cache', q.seqcache, 'cycle', q.seqcycle, 'unlogged', qc.relpersistence = 'u')) END AS identity,
                    CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS generated, a.attgenerated = 'v' AS virtual,
                    CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'm' THEN 'MAIN' WHEN 'e' THEN 'EXTERNAL' ELSE 'EXTENDED' END END AS storage,
                    CASE t.typstorage WHEN 'p' THEN 'PLAIN' WHEN 'm' THEN 'MAIN' WHEN 'e' THEN 'EXTERNAL' ELSE 'EXTENDED' END AS type_storage,
                    {compression} AS compression, NULLIF(a.attstattarget, -1) AS statistics, COALESCE(a.attoptions, '{{}}') AS options,
                    COALESCE(a.attfdwoptions, '{{}}') AS foreign_options, a.attislocal AS local, a.attinhcount AS inherited
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
             LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
             LEFT JOIN pg_catalog.pg_depend AS i ON a.attidentity <> '' AND i.classid = 1259 AND i.refclassid = 1259 AND i.refobjid = a.attrelid AND i.refobjsubid = a.attnum AND i.deptype = 'i'
             LEFT JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = i.objid
             LEFT JOIN pg_catalog.pg_class AS qc ON qc.oid = q.seqrelid LEFT JOIN pg_catalog.pg_namespace AS qn ON qn.oid = qc.relnamespace
             WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND {user}",
            acl = reader::acl("a.attacl", "c.relowner"),
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let table = (class::CLASS, row.oid, 0);
        let key = (class::CLASS, row.oid, row.payload.position);
        let Some(parent) = builder.primary(table).cloned() else { return Ok(()) };
        let id = FactId::new(Kind::Column, parent.path.iter().cloned().chain([row.name]));
        if let Some(id) = builder.part(key, table, id, row.payload) {
            builder.access(&id, None, row.acl);
            if let Some(sequence) = row.identity_oid {
                builder.alias((class::CLASS, sequence, 0), key);
            }
        }
        Ok(())
    },
};
