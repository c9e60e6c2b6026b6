//! The SQL that moves the rows of the version table and adds a row to the log table: once, for a run and for a script.
//!
//! Every name is qualified, because a migration may have changed the search path. How a text becomes a literal is the caller's
//! matter: a script has to be read by more than the server.

use crate::config::TableName;
use crate::revision::RevisionId;

/// Writes a text as a literal.
pub type Quote = fn(&str) -> String;

/// Takes rows of the version table away. For one row the server plans faster than for a list.
pub fn delete_versions(version: &TableName, rows: &[RevisionId], quote: Quote) -> String {
    let rows: Vec<String> = rows.iter().map(|row| quote(row.as_str())).collect();
    let condition = match &rows[..] {
        [one] => format!("{one}::pg_catalog.text"),
        several => format!("ANY (ARRAY[{}]::pg_catalog.text[])", several.join(", ")),
    };
    format!("DELETE FROM ONLY {} WHERE version_num OPERATOR(pg_catalog.=) {condition}", version.quoted())
}

/// Adds rows to the version table; at least one.
pub fn insert_versions(version: &TableName, rows: &[RevisionId], quote: Quote) -> String {
    let rows: Vec<String> = rows.iter().map(|row| format!("({})", quote(row.as_str()))).collect();
    format!("INSERT INTO {} (version_num) VALUES {}", version.quoted(), rows.join(", "))
}

/// Puts one row of the version table in the place of another one, which is less work than to delete one and to insert one.
///
/// Both are expressions.
pub fn replace_version(version: &TableName, from: &str, to: &str) -> String {
    format!(
        "UPDATE ONLY {} SET version_num = {to} WHERE version_num OPERATOR(pg_catalog.=) {from}::pg_catalog.text",
        version.quoted()
    )
}

/// The values of a row of the log table, as they stand in SQL; the server adds number, end, user and the rest.
#[derive(Debug, Clone)]
pub struct LogValues {
    /// The revision, a literal.
    pub revision: String,
    /// `upgrade`, `downgrade` or `stamp`.
    pub direction: &'static str,
    /// `done` or `failed`.
    pub outcome: &'static str,
    /// The digest of the source: a literal, or NULL.
    pub source_digest: String,
    /// The digest of the component: a literal, or NULL.
    pub component_digest: String,
    /// The digest of the language runtime: a literal, or NULL.
    pub runtime_digest: String,
    /// When the step began: an expression.
    pub started_at: String,
    /// The number of statements.
    pub statements: String,
    /// The number of rows that they touched.
    pub rows: String,
    /// Why it failed: a literal.
    pub error: Option<String>,
    /// What more there is to say: a literal.
    pub detail: Option<String>,
}

/// The number of a row of the log table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogNumber {
    /// The one after the last row.
    Next,
    /// This one.
    Is(i64),
    /// The parameter of this number, of a prepared statement.
    Parameter(u8),
}

/// Adds a row to the log table.
///
/// The number counts up from the last row, and no sequence: that would remember what a migration did to it, also after a
/// rollback. A table of an earlier version may still have one.
pub fn insert_log(log: &TableName, number: LogNumber, values: &LogValues) -> String {
    let log = log.quoted();
    let number = match number {
        LogNumber::Next => {
            format!("COALESCE((SELECT pg_catalog.max(h.id) FROM ONLY {log} AS h), 0) OPERATOR(pg_catalog.+) 1")
        }
        LogNumber::Is(number) => number.to_string(),
        LogNumber::Parameter(number) => format!("${number}"),
    };
    let more = [("error", &values.error), ("detail", &values.detail)];
    let more = more.iter().filter_map(|(column, value)| Some((column, value.as_ref()?)));
    let (columns, more): (String, String) =
        more.map(|(column, value)| (format!(", {column}"), format!(", {value}"))).unzip();
    format!(
        "INSERT INTO {log} (id, revision, direction, outcome, source_digest, component_digest, runtime_digest, started_at, \
         finished_at, statements, rows, database_user, host_version{columns})\n        OVERRIDING SYSTEM VALUE VALUES ({number}, \
         {}, '{}', '{}', {}, {}, {}, {}, pg_catalog.clock_timestamp(), {}, {}, current_user, '{}'{more})",
        values.revision,
        values.direction,
        values.outcome,
        values.source_digest,
        values.component_digest,
        values.runtime_digest,
        values.started_at,
        values.statements,
        values.rows,
        env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::quote_text;

    #[test]
    fn rows_of_the_version_table() {
        let table = TableName::new("app.host_version").expect("a name");
        let rows: Vec<RevisionId> = ["a", "x';DELETE"].map(|id| RevisionId::new(id).expect("an id")).into();
        let v = "\"app\".\"host_version\"";
        assert_eq!(
            delete_versions(&table, &rows[..1], quote_text),
            format!("DELETE FROM ONLY {v} WHERE version_num OPERATOR(pg_catalog.=) 'a'::pg_catalog.text")
        );
        assert_eq!(
            delete_versions(&table, &rows, quote_text),
            format!(
                "DELETE FROM ONLY {v} WHERE version_num OPERATOR(pg_catalog.=) ANY (ARRAY['a', 'x'';DELETE']::pg_catalog.text[])"
            )
        );
        assert_eq!(
            insert_versions(&table, &rows, quote_text),
            format!("INSERT INTO {v} (version_num) VALUES ('a'), ('x'';DELETE')")
        );
        assert_eq!(
            replace_version(&table, &quote_text(rows[0].as_str()), &quote_text(rows[1].as_str())),
            format!(
                "UPDATE ONLY {v} SET version_num = 'x'';DELETE' WHERE version_num OPERATOR(pg_catalog.=) 'a'::pg_catalog.text"
            )
        );
    }
}
