//! Policies of row security.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// ALL, SELECT, INSERT, UPDATE or DELETE.
    pub command: String,
    /// PERMISSIVE, else RESTRICTIVE.
    pub permissive: bool,
    /// Whom it is for, as SQL: names of roles, or PUBLIC.
    pub roles: Vec<String>,
    /// Which rows are seen.
    #[serde(rename = "using")]
    pub using_expression: Option<String>,
    /// Which rows may be written.
    #[serde(rename = "check")]
    pub check_expression: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    table: u32,
    #[serde(flatten)]
    payload: Policy,
}

pub(crate) const SOURCE: Source = Source {
    what: "policies",
    query: |_| {
        "SELECT p.oid::int8, p.polname AS name, p.polrelid::int8 AS table,
                CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command, p.polpermissive AS permissive,
                (SELECT pg_catalog.array_agg(r.name ORDER BY r.name) FROM (SELECT CASE WHEN o = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(o)) END AS name
                 FROM pg_catalog.unnest(p.polroles) AS o) AS r) AS roles,
                pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS check
         FROM pg_catalog.pg_policy AS p"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let table = (class::CLASS, row.table, 0);
        let Some(of) = builder.primary(table).cloned() else { return Ok(()) };
        let id = FactId::new(Kind::Policy, of.path.iter().cloned().chain([row.name]));
        builder.part((class::POLICY, row.oid, 0), table, id, row.payload);
        Ok(())
    },
};
