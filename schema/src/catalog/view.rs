//! Views and materialized views.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The query, without a semicolon at its end.
    pub query: String,
    /// Name and type of each column.
    pub columns: Vec<(String, String)>,
    /// Options such as `security_invoker`, `name=value`.
    pub options: Vec<String>,
}

/// A materialized view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterializedView {
    /// The query, without a semicolon at its end.
    pub query: String,
    /// Name and type of each column.
    pub columns: Vec<(String, String)>,
    /// Storage options, `name=value`.
    pub options: Vec<String>,
    /// The access method, if it is not `heap`.
    pub access_method: Option<String>,
    /// The tablespace, if it is not that of the database.
    pub tablespace: Option<String>,
    /// Whether it has been filled.
    pub populated: bool,
}

#[derive(Deserialize)]
struct Row {
    row_type: u32,
    rule: u32,
    materialized: bool,
    #[serde(flatten)]
    view: MaterializedView,
}

pub(crate) const SOURCE: Source = Source {
    what: "views",
    query: |_| {
        format!(
            "SELECT c.oid::int8, n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner, {acl} AS acl, c.reltype::int8 AS row_type, r.oid::int8 AS rule,
                    c.relkind = 'm' AS materialized, pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';') AS query,
                    (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
                        || CASE WHEN a.attcollation <> t.typcollation THEN ' ' || a.attcollation::pg_catalog.regcollation::pg_catalog.text ELSE '' END) ORDER BY a.attnum), '[]')
                     FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
                    COALESCE(c.reloptions, '{{}}') AS options, NULLIF(m.amname, 'heap') AS access_method, s.spcname AS tablespace, c.relispopulated AS populated
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
             LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam LEFT JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace
             WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND {user}",
            acl = reader::acl("c.relacl", "c.relowner"),
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<Row> = reader::row(text)?;
        let key = (class::CLASS, row.oid, 0);
        let path = [row.schema, row.name];
        let view = row.payload.view;
        let id = if row.payload.materialized {
            builder.object(key, FactId::new(Kind::MaterializedView, path), view)
        } else {
            let payload = View { query: view.query, columns: view.columns, options: view.options };
            builder.object(key, FactId::new(Kind::View, path), payload)
        };
        builder.alias((class::TYPE, row.payload.row_type, 0), key);
        builder.alias((class::REWRITE, row.payload.rule, 0), key);
        if let Some(id) = id {
            builder.access(&id, row.owner, row.acl);
        }
        Ok(())
    },
};
