//! The log table of earlier versions, which was called `host_history`.

use super::connect::Database;
use super::error::DatabaseError;
use crate::config::TableName;
use crate::value::quote_text;

/// The name of the log table where host.toml has none, then and now.
const NAMES: (&str, &str) = ("host_history", "host_log");

/// Columns by which the log of host is known: no other table has all of them.
const COLUMNS: [&str; 8] = [
    "revision",
    "direction",
    "outcome",
    "source_digest",
    "component_digest",
    "statements",
    "database_user",
    "host_version",
];

impl Database {
    /// Refuses to begin a new log where that of an earlier version is. To be asked only when there is no log table, and its
    /// name has a schema.
    ///
    /// # Errors
    /// [`DatabaseError::EarlierLog`], or what the server said.
    pub(super) async fn refuse_earlier_log(&mut self) -> Result<(), DatabaseError> {
        let (before, now) = NAMES;
        let log = self.tables.log.clone();
        let Some(schema) = log.schema.clone().filter(|_| log.name == now) else { return Ok(()) };
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n \
             ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE c.relname OPERATOR(pg_catalog.=) {} \
             AND n.nspname OPERATOR(pg_catalog.=) {} AND c.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog.\"char\" \
             AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute AS a \
             WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND NOT a.attisdropped \
             AND a.attname OPERATOR(pg_catalog.=) ANY ('{{{}}}'::pg_catalog.name[])) OPERATOR(pg_catalog.=) {}",
            quote_text(before),
            quote_text(&schema),
            COLUMNS.join(","),
            COLUMNS.len(),
        );
        if self.simple("find the log table", sql).await?.is_empty() {
            return Ok(());
        }
        let earlier = TableName { schema: Some(schema), name: before.to_owned() };
        Err(DatabaseError::EarlierLog { earlier, log: now.to_owned() })
    }
}
