//! Foreign-data wrappers, servers and user mappings.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A foreign-data wrapper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapper {
    /// Its handler function as SQL.
    pub handler: Option<String>,
    /// Its validator function as SQL.
    pub validator: Option<String>,
    /// Options, `name=value`.
    pub options: Vec<String>,
}

/// A foreign server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its wrapper.
    pub wrapper: String,
    /// Its type.
    #[serde(rename = "type")]
    pub server_type: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Options, `name=value`.
    pub options: Vec<String>,
}

/// A user mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMapping {
    /// The role; none is PUBLIC.
    pub role: Option<String>,
    /// Options, `name=value`. Empty where the role that reads may not see them.
    pub options: Vec<String>,
}

#[derive(Deserialize)]
struct Row<T> {
    oid: u32,
    name: String,
    owner: Option<String>,
    acl: Option<Vec<super::privilege::AclItem>>,
    #[serde(flatten)]
    payload: T,
}

pub(crate) const WRAPPERS: Source = Source {
    what: "foreign-data wrappers",
    query: |_| {
        format!(
            "SELECT w.oid::int8, w.fdwname AS name, pg_catalog.pg_get_userbyid(w.fdwowner) AS owner, {} AS acl, CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::pg_catalog.regproc::pg_catalog.text END AS handler,
                    CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::pg_catalog.regproc::pg_catalog.text END AS validator, COALESCE(w.fdwoptions, '{{}}') AS options
             FROM pg_catalog.pg_foreign_data_wrapper AS w",
            reader::acl("w.fdwacl", "w.fdwowner")
        )
    },
    take: |text, builder| {
        let row: Row<Wrapper> = reader::row(text)?;
        if let Some(id) =
            builder.object((class::WRAPPER, row.oid, 0), FactId::new(Kind::Wrapper, [row.name]), row.payload)
        {
            builder.access(&id, row.owner, row.acl);
        }
        Ok(())
    },
};

pub(crate) const SERVERS: Source = Source {
    what: "foreign servers",
    query: |_| {
        format!(
            "SELECT s.oid::int8, s.srvname AS name, pg_catalog.pg_get_userbyid(s.srvowner) AS owner, {} AS acl, w.fdwname AS wrapper, s.srvtype AS type, s.srvversion AS version, COALESCE(s.srvoptions, '{{}}') AS options
             FROM pg_catalog.pg_foreign_server AS s JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw",
            reader::acl("s.srvacl", "s.srvowner")
        )
    },
    take: |text, builder| {
        let row: Row<Server> = reader::row(text)?;
        if let Some(id) =
            builder.object((class::SERVER, row.oid, 0), FactId::new(Kind::Server, [row.name]), row.payload)
        {
            builder.access(&id, row.owner, row.acl);
        }
        Ok(())
    },
};

#[derive(Deserialize)]
struct Mapping {
    server: u32,
    #[serde(flatten)]
    row: Row<UserMapping>,
}

pub(crate) const USER_MAPPINGS: Source = Source {
    what: "user mappings",
    query: |_| {
        "SELECT u.umid::int8 AS oid, u.srvid::int8 AS server, u.srvname AS name, CASE WHEN u.umuser <> 0 THEN u.usename END AS role, COALESCE(u.umoptions, '{}') AS options FROM pg_catalog.pg_user_mappings AS u".to_owned()
    },
    take: |text, builder| {
        let Mapping { server, row } = reader::row(text)?;
        let id = FactId::new(Kind::UserMapping, [row.name, row.payload.role.clone().unwrap_or_default()]);
        builder.part((class::USER_MAPPING, row.oid, 0), (class::SERVER, server, 0), id, row.payload);
        Ok(())
    },
};
