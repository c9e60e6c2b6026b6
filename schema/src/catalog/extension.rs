//! Extensions and their members.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// An extension.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Extension {
    /// Where its members are.
    pub schema: String,
    /// Its version.
    pub version: String,
    /// Whether its members can move to another schema.
    pub relocatable: bool,
}

impl PartialEq for Extension {
    /// The version depends on what the server has installed; [`Catalog::extensions`](super::Catalog::extensions) says it.
    fn eq(&self, other: &Self) -> bool {
        self.schema == other.schema
    }
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    #[serde(flatten)]
    payload: Extension,
}

pub(crate) const SOURCE: Source = Source {
    what: "extensions",
    query: |_| {
        "SELECT e.oid::int8, e.extname AS name, n.nspname AS schema, e.extversion AS version, e.extrelocatable AS relocatable
         FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
         WHERE e.oid >= 16384"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        builder.catalog.extensions.push((row.name.clone(), row.payload.version.clone()));
        builder.object((class::EXTENSION, row.oid, 0), FactId::new(Kind::Extension, [row.name]), row.payload);
        Ok(())
    },
};

#[derive(Deserialize)]
struct Member {
    class: u32,
    oid: u32,
    extension: u32,
}

pub(crate) const MEMBERS: Source = Source {
    what: "members of extensions",
    query: |_| {
        "SELECT d.classid::int8 AS class, d.objid::int8 AS oid, d.refobjid::int8 AS extension FROM pg_catalog.pg_depend AS d
         WHERE d.deptype = 'e' AND d.objid >= 16384"
            .to_owned()
    },
    take: |text, builder| {
        let row: Member = reader::row(text)?;
        if let Some(extension) = builder.primary((class::EXTENSION, row.extension, 0)).cloned() {
            builder.member((row.class, row.oid, 0), extension);
        } else {
            builder.skip((row.class, row.oid, 0));
        }
        Ok(())
    },
};
