//! Comments.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// What it says.
    pub text: String,
    /// How COMMENT ON names the object.
    pub address: String,
}

#[derive(Deserialize)]
struct Row {
    class: u32,
    oid: u32,
    column: i32,
    text: String,
    column_name: Option<String>,
    index: Option<Vec<String>>,
}

pub(crate) const SOURCE: Source = Source {
    what: "comments",
    query: |_| {
        "SELECT d.classoid::int8 AS class, d.objoid::int8 AS oid, d.objsubid AS column, d.description AS text, a.attname AS column_name,
                CASE WHEN c.relkind IN ('i', 'I') THEN ARRAY[n.nspname::pg_catalog.text, c.relname::pg_catalog.text] END AS index
         FROM pg_catalog.pg_description AS d
         LEFT JOIN pg_catalog.pg_attribute AS a ON d.classoid = 1259 AND d.objsubid > 0 AND a.attrelid = d.objoid AND a.attnum = d.objsubid
         LEFT JOIN pg_catalog.pg_class AS c ON d.classoid = 1259 AND d.objsubid = 0 AND c.oid = d.objoid
         LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE d.objoid >= 16384 OR d.objoid = 2200"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let key = (row.class, row.oid, row.column);
        if builder.skips((row.class, row.oid, 0)) {
            return Ok(());
        }
        let (of, id, address) = if let Some(of) = builder.primary(key).cloned() {
            let address = builder.fact(&of).map(|fact| fact.payload.address(&of)).unwrap_or_default();
            let id = of.part(Kind::Comment);
            (of, id, address)
        } else if let (Some(name), Some(of)) = (row.column_name, builder.resolve((row.class, row.oid, 0)).cloned()) {
            // A column of a view or of a composite type is no fact.
            let mut path = of.path.clone();
            path.push(name);
            let address = format!("COLUMN {}", crate::render::qualified(&path));
            let mut id = of.part(Kind::Comment);
            id.path.splice(.., std::iter::once("column".to_owned()).chain(path));
            (of, id, address)
        } else if let (class::CLASS, Some(index), Some(of)) = (row.class, row.index, builder.resolve(key).cloned()) {
            // The index of a constraint.
            let address = format!("INDEX {}", crate::render::qualified(&index));
            (of, FactId::new(Kind::Comment, std::iter::once("index".to_owned()).chain(index)), address)
        } else {
            return Ok(());
        };
        builder.detail(&of, id, Comment { text: row.text, address });
        Ok(())
    },
};
