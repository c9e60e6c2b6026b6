//! Defaults of columns.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// The default of a column of a table or a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDefault {
    /// The expression.
    pub expression: String,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    table: u32,
    column: i32,
    name: String,
    generated: bool,
    #[serde(flatten)]
    payload: ColumnDefault,
}

pub(crate) const SOURCE: Source = Source {
    what: "defaults",
    query: |_| {
        "SELECT d.oid::int8, d.adrelid::int8 AS table, d.adnum AS column, a.attname AS name, a.attgenerated <> '' AS generated, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression
         FROM pg_catalog.pg_attrdef AS d JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
         WHERE d.oid >= 16384"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let key = (class::ATTRDEF, row.oid, 0);
        let column = (class::CLASS, row.table, row.column);
        if row.generated {
            builder.alias(key, column);
            return Ok(());
        }
        let parent = if builder.primary(column).is_some() { column } else { (class::CLASS, row.table, 0) };
        let Some(of) = builder.primary(parent).cloned() else { return Ok(()) };
        let path = of.path.iter().take(2).cloned().chain([row.name]);
        builder.part(key, parent, FactId::new(Kind::Default, path), row.payload);
        Ok(())
    },
};
