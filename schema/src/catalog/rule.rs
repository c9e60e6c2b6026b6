//! Rewrite rules other than those of views.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use super::trigger::Enabled;
use crate::fact::FactId;
use crate::fact::Kind;

/// A rewrite rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The whole CREATE RULE.
    pub definition: String,
    /// When it applies.
    pub enabled: Enabled,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    table: u32,
    #[serde(flatten)]
    payload: Rule,
}

pub(crate) const SOURCE: Source = Source {
    what: "rules",
    query: |_| {
        "SELECT r.oid::int8, r.rulename AS name, r.ev_class::int8 AS table, pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid), ';') AS definition, r.ev_enabled AS enabled
         FROM pg_catalog.pg_rewrite AS r WHERE r.rulename <> '_RETURN' AND r.oid >= 16384"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let table = (class::CLASS, row.table, 0);
        let Some(of) = builder.primary(table).cloned() else { return Ok(()) };
        let id = FactId::new(Kind::Rule, of.path.iter().cloned().chain([row.name]));
        builder.part((class::REWRITE, row.oid, 0), table, id, row.payload);
        Ok(())
    },
};
