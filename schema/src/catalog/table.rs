//! Tables: ordinary, partitioned and foreign. Their columns and constraints are facts of their own.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Whether it is lost after a crash.
    pub unlogged: bool,
    /// The partition key as SQL, e.g. `RANGE (day)`.
    pub partition_key: Option<String>,
    /// The composite type that it is a table OF.
    pub of_type: Option<String>,
    /// The access method, if it is not `heap`.
    pub access_method: Option<String>,
    /// The tablespace, if it is not that of the database.
    pub tablespace: Option<String>,
    /// Storage options, `name=value`; those of the TOAST table begin with `toast.`.
    pub options: Vec<String>,
    /// Whether row security is on.
    pub row_security: bool,
    /// Whether row security holds for the owner, too.
    pub force_row_security: bool,
    /// Server and options, of a foreign table.
    pub foreign: Option<Foreign>,
}

/// Where a foreign table is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// The server.
    pub server: String,
    /// Options, `name=value`.
    pub options: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    row_type: u32,
    #[serde(flatten)]
    table: Table,
}

pub(crate) const SOURCE: Source = Source {
    what: "tables",
    query: |_| {
        format!(
            "SELECT c.oid::int8, n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner, {acl} AS acl,
                    c.reltype::int8 AS row_type, c.relpersistence = 'u' AS unlogged,
                    CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
                    CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END AS of_type,
                    NULLIF(m.amname, 'heap') AS access_method, s.spcname AS tablespace,
                    COALESCE(c.reloptions, '{{}}') || COALESCE(
                        (SELECT pg_catalog.array_agg('toast.' || o) FROM pg_catalog.pg_class AS t, pg_catalog.unnest(t.reloptions) AS o
                         WHERE t.oid = c.reltoastrelid AND c.reltoastrelid <> 0), '{{}}') AS options,
                    c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
                    CASE WHEN c.relkind = 'f' THEN pg_catalog.json_build_object('server', v.srvname, 'options', COALESCE(f.ftoptions, '{{}}')) END AS foreign
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam LEFT JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace
             LEFT JOIN pg_catalog.pg_foreign_table AS f ON f.ftrelid = c.oid LEFT JOIN pg_catalog.pg_foreign_server AS v ON v.oid = f.ftserver
             WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND {user}",
            acl = reader::acl("c.relacl", "c.relowner"),
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<Row> = reader::row(text)?;
        let key = (class::CLASS, row.oid, 0);
        let id = builder.object(key, FactId::new(Kind::Table, [row.schema, row.name]), row.payload.table);
        builder.alias((class::TYPE, row.payload.row_type, 0), key);
        if row.payload.row_type != 0 && id.is_none() {
            builder.skip((class::TYPE, row.payload.row_type, 0));
        }
        if let Some(id) = id {
            builder.access(&id, row.owner, row.acl);
        }
        Ok(())
    },
};

/// What identifies rows for replication, other than the primary key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaIdentity {
    /// The index; none for FULL and NOTHING.
    pub index: Option<String>,
    /// FULL, else NOTHING, where there is no index.
    pub full: bool,
}

#[derive(Deserialize)]
struct Identity {
    oid: u32,
    index_oid: Option<u32>,
    #[serde(flatten)]
    payload: ReplicaIdentity,
}

pub(crate) const REPLICA_IDENTITIES: Source = Source {
    what: "replica identities",
    query: |_| {
        "SELECT c.oid::int8, i.indexrelid::int8 AS index_oid, x.relname AS index, c.relreplident = 'f' AS full
         FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid AND i.indisreplident AND c.relreplident = 'i'
         LEFT JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
         WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384 AND (c.relreplident IN ('n', 'f') OR i.indexrelid IS NOT NULL)"
            .to_owned()
    },
    take: |text, builder| {
        let row: Identity = reader::row(text)?;
        if let Some(table) = builder.primary((class::CLASS, row.oid, 0)).cloned() {
            let id = FactId { kind: Kind::ReplicaIdentity, path: table.path.clone() };
            let index = row.index_oid.and_then(|oid| builder.resolve((class::CLASS, oid, 0))).cloned();
            builder.detail(&table, id.clone(), row.payload);
            if let Some(index) = index {
                builder.need(&id, &index);
            }
        }
        Ok(())
    },
};

/// The index that CLUSTER sorts by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its name, without the schema.
    pub index: String,
}

#[derive(Deserialize)]
struct Clustered {
    oid: u32,
    index_oid: u32,
    #[serde(flatten)]
    payload: Cluster,
}

pub(crate) const CLUSTERS: Source = Source {
    what: "clustered tables",
    query: |_| {
        "SELECT i.indrelid::int8 AS oid, i.indexrelid::int8 AS index_oid, x.relname AS index
         FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid WHERE i.indisclustered AND i.indrelid >= 16384"
            .to_owned()
    },
    take: |text, builder| {
        let row: Clustered = reader::row(text)?;
        if let Some(table) = builder.primary((class::CLASS, row.oid, 0)).cloned() {
            let id = FactId { kind: Kind::Cluster, path: table.path.clone() };
            builder.detail(&table, id.clone(), row.payload);
            if let Some(index) = builder.resolve((class::CLASS, row.index_oid, 0)).cloned() {
                builder.need(&id, &index);
            }
        }
        Ok(())
    },
};
