//! Schemas.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A schema: its name says all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    owner: String,
    acl: Option<Vec<super::privilege::AclItem>>,
}

pub(crate) const SOURCE: Source = Source {
    what: "schemas",
    query: |_| {
        format!(
            "SELECT n.oid::int8, n.nspname AS name, pg_catalog.pg_get_userbyid(n.nspowner) AS owner, {} AS acl
             FROM pg_catalog.pg_namespace AS n WHERE {}",
            reader::acl("n.nspacl", "n.nspowner"),
            reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let id = FactId::new(Kind::Schema, [row.name]);
        if let Some(id) = builder.object((class::NAMESPACE, row.oid, 0), id, Schema {}) {
            builder.access(&id, Some(row.owner), row.acl);
        }
        Ok(())
    },
};
