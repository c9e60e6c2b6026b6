//! Enums, composite types, domains and ranges; and which type belongs to which table.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// An enum type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enum {
    /// Its values in their order.
    pub values: Vec<String>,
}

/// A composite type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composite {
    /// Its attributes in their order.
    pub attributes: Vec<Attribute>,
}

/// An attribute of a composite type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The name.
    pub name: String,
    /// The type with its modifier.
    #[serde(rename = "type")]
    pub data_type: String,
    /// The collation, qualified, if it is not that of the type.
    pub collation: Option<String>,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// The type that it restricts, with its modifier.
    pub base: String,
    /// The collation, qualified, if it is not that of the type.
    pub collation: Option<String>,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// The default, as an expression.
    pub default: Option<String>,
}

/// A range type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The options of CREATE TYPE … AS RANGE, each as `NAME = value`.
    pub options: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    acl: Option<Vec<super::privilege::AclItem>>,
    array: u32,
    relation: u32,
    own_relation: u32,
    values: Option<Vec<String>>,
    attributes: Option<Vec<Attribute>>,
    domain: Option<Domain>,
    range: Option<Range>,
    multirange: u32,
    multirange_array: u32,
}

pub(crate) const SOURCE: Source = Source {
    what: "types",
    query: |version| {
        let (multirange, join, name) = if version >= 140_000 {
            (
                "COALESCE(r.rngmultitypid, 0)::int8 AS multirange, COALESCE(mt.typarray, 0)::int8 AS multirange_array",
                "LEFT JOIN pg_catalog.pg_type AS mt ON mt.oid = r.rngmultitypid LEFT JOIN pg_catalog.pg_namespace AS mn ON mn.oid = mt.typnamespace",
                "'MULTIRANGE_TYPE_NAME = ' || pg_catalog.quote_ident(mn.nspname) || '.' || pg_catalog.quote_ident(mt.typname)",
            )
        } else {
            ("0 AS multirange, 0 AS multirange_array", "", "NULL")
        };
        format!(
            "SELECT t.oid::int8, n.nspname AS schema, t.typname AS name, pg_catalog.pg_get_userbyid(t.typowner) AS owner, {acl} AS acl, t.typarray::int8 AS array,
                    CASE WHEN c.relkind = 'c' THEN 0 ELSE t.typrelid::int8 END AS relation,
                    CASE WHEN c.relkind = 'c' THEN t.typrelid::int8 ELSE 0 END AS own_relation, {multirange},
                    CASE WHEN t.typtype = 'e' THEN (SELECT COALESCE(pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid) END AS values,
                    CASE WHEN c.relkind = 'c' THEN (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                        'collation', CASE WHEN a.attcollation <> at.typcollation THEN a.attcollation::pg_catalog.regcollation::pg_catalog.text END) ORDER BY a.attnum), '[]')
                        FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS at ON at.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END AS attributes,
                    CASE WHEN t.typtype = 'd' THEN pg_catalog.json_build_object('base', pg_catalog.format_type(t.typbasetype, t.typtypmod), 'not_null', t.typnotnull,
                        'default', pg_catalog.pg_get_expr(t.typdefaultbin, 0),
                        'collation', CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::pg_catalog.regcollation::pg_catalog.text END) END AS domain,
                    CASE WHEN t.typtype = 'r' THEN pg_catalog.json_build_object('options', pg_catalog.array_remove(ARRAY['SUBTYPE = ' || pg_catalog.format_type(r.rngsubtype, NULL),
                        CASE WHEN NOT o.opcdefault THEN 'SUBTYPE_OPCLASS = ' || pg_catalog.quote_ident(opn.nspname) || '.' || pg_catalog.quote_ident(o.opcname) END,
                        CASE WHEN r.rngcollation <> st.typcollation THEN 'COLLATION = ' || r.rngcollation::pg_catalog.regcollation::pg_catalog.text END,
                        CASE WHEN r.rngcanonical <> 0 THEN 'CANONICAL = ' || r.rngcanonical::pg_catalog.text END,
                        CASE WHEN r.rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || r.rngsubdiff::pg_catalog.text END, {name}], NULL)) END AS range
             FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
             LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid LEFT JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype
             LEFT JOIN pg_catalog.pg_range AS r ON r.rngtypid = t.oid LEFT JOIN pg_catalog.pg_type AS st ON st.oid = r.rngsubtype
             LEFT JOIN pg_catalog.pg_opclass AS o ON o.oid = r.rngsubopc LEFT JOIN pg_catalog.pg_namespace AS opn ON opn.oid = o.opcnamespace {join}
             WHERE {user} AND t.oid >= 16384 AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND t.typrelid <> 0)",
            acl = reader::acl("t.typacl", "t.typowner"),
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let key = (class::TYPE, row.oid, 0);
        let path = [row.schema, row.name];
        let id = if let Some(values) = row.values {
            builder.object(key, FactId::new(Kind::Enum, path), Enum { values })
        } else if let Some(attributes) = row.attributes {
            builder.object(key, FactId::new(Kind::Composite, path), Composite { attributes })
        } else if let Some(domain) = row.domain {
            builder.object(key, FactId::new(Kind::Domain, path), domain)
        } else if let Some(range) = row.range {
            builder.object(key, FactId::new(Kind::Range, path), range)
        } else {
            builder.alias(key, (class::CLASS, row.relation, 0));
            None
        };
        if row.own_relation != 0 {
            // The dependencies of attributes are those of a relation.
            builder.alias((class::CLASS, row.own_relation, 0), key);
        }
        if let Some(id) = id {
            builder.access(&id, Some(row.owner), row.acl);
        }
        for other in [row.array, row.multirange, row.multirange_array].into_iter().filter(|&oid| oid != 0) {
            builder.alias((class::TYPE, other, 0), key);
        }
        Ok(())
    },
};
