//! Extended statistics objects.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A statistics object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Statistics {
    /// The whole CREATE STATISTICS.
    pub definition: String,
    /// The statistics target, if it is set.
    pub target: Option<i32>,
}

impl Statistics {
    /// The definition with its parts sorted: PostgreSQL writes them in the order of the columns of the table.
    fn normal(&self) -> (Vec<&str>, Vec<&str>) {
        match self.definition.split_once(" ON ").and_then(|(start, rest)| Some((start, rest.rsplit_once(" FROM ")?))) {
            Some((start, (columns, table))) => {
                let mut columns: Vec<_> = columns.split(", ").collect();
                columns.sort_unstable();
                (vec![start, table], columns)
            }
            None => (vec![&self.definition], Vec::new()),
        }
    }
}

impl PartialEq for Statistics {
    fn eq(&self, other: &Self) -> bool {
        self.normal() == other.normal() && self.target == other.target
    }
}

#[derive(Deserialize)]
struct Row {
    table: u32,
    #[serde(flatten)]
    statistics: Statistics,
}

pub(crate) const SOURCE: Source = Source {
    what: "statistics objects",
    query: |_| {
        format!(
            "SELECT s.oid::int8, n.nspname AS schema, s.stxname AS name, pg_catalog.pg_get_userbyid(s.stxowner) AS owner, s.stxrelid::int8 AS table,
                    pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition, NULLIF(s.stxstattarget, -1) AS target
             FROM pg_catalog.pg_statistic_ext AS s JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace WHERE {}",
            reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<Row> = reader::row(text)?;
        let key = (class::STATISTICS, row.oid, 0);
        let id = FactId::new(Kind::Statistics, [row.schema, row.name]);
        if let Some(id) = builder.part(key, (class::CLASS, row.payload.table, 0), id, row.payload.statistics) {
            builder.access(&id, row.owner, None);
        }
        Ok(())
    },
};
