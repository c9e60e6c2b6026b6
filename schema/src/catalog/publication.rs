//! Publications, and the tables and schemas in them.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// FOR ALL TABLES.
    pub all_tables: bool,
    /// What is published, e.g. `insert, update`.
    pub publish: String,
    /// Whether changes of partitions are published as those of the whole table.
    pub via_root: bool,
}

/// A table of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationTable {
    /// The columns, where it is not all of them. Sorted.
    pub columns: Option<Vec<String>>,
    /// Which rows, as an expression.
    pub condition: Option<String>,
}

/// A schema of a publication: its name says all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationSchema {}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    owner: String,
    #[serde(flatten)]
    payload: Publication,
}

pub(crate) const SOURCE: Source = Source {
    what: "publications",
    query: |_| {
        "SELECT p.oid::int8, p.pubname AS name, pg_catalog.pg_get_userbyid(p.pubowner) AS owner, p.puballtables AS all_tables, p.pubviaroot AS via_root,
                pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) AS publish
         FROM pg_catalog.pg_publication AS p"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        if let Some(id) =
            builder.object((class::PUBLICATION, row.oid, 0), FactId::new(Kind::Publication, [row.name]), row.payload)
        {
            builder.access(&id, Some(row.owner), None);
        }
        Ok(())
    },
};

#[derive(Deserialize)]
struct Published {
    oid: u32,
    publication: u32,
    table: u32,
    #[serde(flatten)]
    payload: PublicationTable,
}

pub(crate) const TABLES: Source = Source {
    what: "tables of publications",
    query: |version| {
        let (columns, condition) = if version >= 150_000 {
            (
                "(SELECT pg_catalog.array_agg(a.attname ORDER BY a.attname) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))",
                "pg_catalog.pg_get_expr(r.prqual, r.prrelid)",
            )
        } else {
            ("NULL", "NULL")
        };
        format!(
            "SELECT r.oid::int8, r.prpubid::int8 AS publication, r.prrelid::int8 AS table, {columns} AS columns, {condition} AS condition FROM pg_catalog.pg_publication_rel AS r"
        )
    },
    take: |text, builder| {
        let row: Published = reader::row(text)?;
        let publication = (class::PUBLICATION, row.publication, 0);
        let table = builder.primary((class::CLASS, row.table, 0)).cloned();
        if let (Some(of), Some(table)) = (builder.primary(publication).cloned(), table) {
            let id = FactId::new(Kind::PublicationTable, of.path.iter().chain(&table.path).cloned());
            builder.part((class::PUBLICATION_REL, row.oid, 0), publication, id, row.payload);
        }
        Ok(())
    },
};

#[derive(Deserialize)]
struct PublishedSchema {
    oid: u32,
    publication: u32,
    schema: u32,
}

pub(crate) const SCHEMAS: Source = Source {
    what: "schemas of publications",
    query: |version| {
        if version >= 150_000 {
            "SELECT s.oid::int8, s.pnpubid::int8 AS publication, s.pnnspid::int8 AS schema FROM pg_catalog.pg_publication_namespace AS s".to_owned()
        } else {
            "SELECT 0 AS oid, 0 AS publication, 0 AS schema WHERE false".to_owned()
        }
    },
    take: |text, builder| {
        let row: PublishedSchema = reader::row(text)?;
        let publication = (class::PUBLICATION, row.publication, 0);
        let schema = builder.primary((class::NAMESPACE, row.schema, 0)).cloned();
        if let (Some(of), Some(schema)) = (builder.primary(publication).cloned(), schema) {
            let id = FactId::new(Kind::PublicationSchema, of.path.iter().chain(&schema.path).cloned());
            builder.part((class::PUBLICATION_NAMESPACE, row.oid, 0), publication, id, PublicationSchema {});
        }
        Ok(())
    },
};
