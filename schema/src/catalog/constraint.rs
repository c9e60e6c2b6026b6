//! Constraints of tables and domains.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::render::normal::same_sql;

/// A constraint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Constraint {
    /// What it demands.
    #[serde(rename = "type")]
    pub constraint_type: ConstraintType,
    /// As after ADD CONSTRAINT name.
    pub definition: String,
    /// Whether all rows are known to satisfy it.
    pub validated: bool,
    /// Whether it is checked at the end of a transaction where that is asked for.
    pub deferrable: bool,
    /// Whether it is checked at the end of a transaction.
    pub deferred: bool,
    /// The columns of the table that it is about.
    pub columns: Vec<String>,
    /// Schema and table, of a foreign key.
    pub references: Option<Vec<String>>,
    /// The columns there.
    pub referenced_columns: Vec<String>,
    /// Whether it belongs to a domain.
    pub of_domain: bool,
    /// Whether it belongs to a partitioned table.
    pub partitioned: bool,
    /// Whether the table defines it itself.
    pub local: bool,
    /// From how many tables it is inherited.
    pub inherited: i32,
    /// Storage options of its index, `name=value`.
    pub options: Vec<String>,
    /// The tablespace of its index, if it is not that of the database.
    pub tablespace: Option<String>,
}

/// What a constraint demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConstraintType {
    /// PRIMARY KEY.
    #[serde(rename = "p")]
    PrimaryKey,
    /// UNIQUE.
    #[serde(rename = "u")]
    Unique,
    /// CHECK.
    #[serde(rename = "c")]
    Check,
    /// FOREIGN KEY.
    #[serde(rename = "f")]
    ForeignKey,
    /// EXCLUDE.
    #[serde(rename = "x")]
    Exclusion,
}

impl Constraint {
    /// Whether an index stands behind it.
    #[must_use]
    pub const fn has_index(&self) -> bool {
        matches!(self.constraint_type, ConstraintType::PrimaryKey | ConstraintType::Unique | ConstraintType::Exclusion)
    }

    /// Whether only a table above defines it.
    #[must_use]
    pub const fn is_inherited(&self) -> bool {
        self.inherited > 0 && !self.local
    }
}

impl PartialEq for Constraint {
    fn eq(&self, other: &Self) -> bool {
        self.constraint_type == other.constraint_type
            && same_sql(&self.definition, &other.definition)
            && self.tablespace == other.tablespace
            && self.options == other.options
    }
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    table: u32,
    domain: u32,
    index: u32,
    parent: u32,
    parent_table: u32,
    #[serde(flatten)]
    payload: Constraint,
}

pub(crate) const SOURCE: Source = Source {
    what: "constraints",
    query: |_| {
        format!(
            "SELECT k.oid::int8, k.conname AS name, k.conrelid::int8 AS table, k.contypid::int8 AS domain,
                    CASE WHEN k.contype IN ('p', 'u', 'x') THEN k.conindid::int8 ELSE 0 END AS index, k.conparentid::int8 AS parent,
                    COALESCE((SELECT p.conrelid FROM pg_catalog.pg_constraint AS p WHERE p.oid = k.conparentid), 0)::int8 AS parent_table,
                    k.contype AS type, pg_catalog.pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated, k.condeferrable AS deferrable, k.condeferred AS deferred,
                    COALESCE((SELECT pg_catalog.array_agg(a.attname ORDER BY u.place) FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u(number, place)
                              JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.number), '{{}}') AS columns,
                    CASE WHEN k.confrelid <> 0 THEN (SELECT ARRAY[rn.nspname, r.relname] FROM pg_catalog.pg_class AS r JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace WHERE r.oid = k.confrelid) END AS references,
                    COALESCE((SELECT pg_catalog.array_agg(a.attname ORDER BY u.place) FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u(number, place)
                              JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.number), '{{}}') AS referenced_columns,
                    k.contypid <> 0 AS of_domain, COALESCE((SELECT c.relkind = 'p' FROM pg_catalog.pg_class AS c WHERE c.oid = k.conrelid), false) AS partitioned,
                    k.conislocal AS local, k.coninhcount AS inherited, s.spcname AS tablespace, COALESCE(x.reloptions, '{{}}') AS options
             FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_namespace AS n ON n.oid = k.connamespace
             LEFT JOIN pg_catalog.pg_class AS x ON x.oid = k.conindid AND k.contype IN ('p', 'u', 'x') LEFT JOIN pg_catalog.pg_tablespace AS s ON s.oid = x.reltablespace
             WHERE k.contype IN ('p', 'u', 'c', 'f', 'x') AND {}
             ORDER BY k.conparentid <> 0, k.oid",
            reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let key = (class::CONSTRAINT, row.oid, 0);
        if row.payload.constraint_type == ConstraintType::ForeignKey && row.parent_table == row.table {
            // What PostgreSQL makes for each partition of the table that is referred to.
            builder.alias(key, (class::CONSTRAINT, row.parent, 0));
            return Ok(());
        }
        let parent = if row.domain == 0 { (class::CLASS, row.table, 0) } else { (class::TYPE, row.domain, 0) };
        let Some(of) = builder.primary(parent).cloned() else { return Ok(()) };
        let id = FactId::new(Kind::Constraint, of.path.iter().cloned().chain([row.name]));
        let foreign = row.payload.constraint_type == ConstraintType::ForeignKey;
        if let Some(id) = builder.part(key, parent, id, row.payload) {
            if row.index != 0 {
                builder.alias((class::CLASS, row.index, 0), key);
            }
            if let (true, Some(above)) = (foreign, builder.primary((class::CONSTRAINT, row.parent, 0)).cloned()) {
                builder.need(&id, &above);
            }
        }
        Ok(())
    },
};
