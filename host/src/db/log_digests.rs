//! What the log says of the revisions that are applied, at a cost that does not grow with the log.
//!
//! The last rows are read, somewhat more than there are migrations. They say it of all revisions, unless a few ran very often;
//! the rest is looked up one by one, by an index.

use std::collections::HashMap;
use std::fmt;

use sqlx::postgres::PgRow;

use super::connect::Database;
use super::driver::str_field;
use super::driver::text_field;
use super::error::DatabaseError;
use super::names::TableKind;
use crate::digest::Digest;
use crate::revision::REVISION_ID_CHARACTERS_MAX;
use crate::revision::RevisionId;
use crate::value::quote_text;

/// The most characters of a digest that are read: more than any has.
const DIGEST_CHARACTERS_MAX: usize = 200;

/// The rows of a revision that say what was applied.
const DONE: &str = "outcome OPERATOR(pg_catalog.=) 'done' AND direction OPERATOR(pg_catalog.<>) 'downgrade'";

/// What ran the last time that a revision was upgraded to or stamped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// The digest of the source, if it was recorded.
    pub source: Option<LoggedDigest>,
    /// The digest of the component, if it was recorded.
    pub component: Option<LoggedDigest>,
}

/// What the log says in the place of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedDigest {
    /// A digest.
    Digest(Digest),
    /// Some other text, which no host has written: it is the digest of nothing.
    Text(String),
}

impl LoggedDigest {
    fn new(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Text(text.to_owned()), Self::Digest)
    }

    /// The digest, if it is one.
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Text(_) => None,
        }
    }
}

impl fmt::Display for LoggedDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => digest.fmt(formatter),
            Self::Text(text) => formatter.pad(text),
        }
    }
}

/// Which rows of the log were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LogExtent {
    /// The number of the last row; none without any row.
    last: Option<i64>,
    /// The number of the first row that was read.
    first: Option<i64>,
    /// Whether there is none before it.
    is_whole: bool,
}

impl LogExtent {
    /// The number of the last row; none without any row.
    pub(super) fn last(self) -> Option<i64> {
        self.last
    }

    /// Whether all rows from this one on were read.
    pub(super) fn goes_on_from(self, row: i64) -> bool {
        self.first == Some(row)
    }

    /// Takes rows in that were read before.
    pub(super) fn join(&mut self, before: Self) {
        (self.first, self.is_whole) = (before.first, before.is_whole);
    }

    /// Whether the whole log was read.
    pub(crate) fn is_whole(self) -> bool {
        self.is_whole
    }
}

impl Database {
    /// What to select for the last rows of the log, the last one first; with `first` none before that one.
    pub(super) fn select_last_digests(&self, first: Option<i64>, rows_max: usize) -> String {
        let first =
            first.map_or_else(String::new, |id| format!("WHERE id OPERATOR(pg_catalog.>=) '{id}'::pg_catalog.int8"));
        format!(
            "SELECT id, CASE WHEN {DONE} THEN {} END, {} FROM ONLY {} {first} ORDER BY id DESC LIMIT {rows_max}",
            beginning("revision", REVISION_ID_CHARACTERS_MAX + 1),
            columns(),
            self.tables.log.quoted(),
        )
    }

    /// Reads what was selected.
    ///
    /// # Errors
    /// [`DatabaseError::ForeignTable`] for a row without a number.
    pub(super) fn read_last_digests(
        &self,
        rows: &[PgRow],
        rows_max: usize,
    ) -> Result<(HashMap<RevisionId, Digests>, LogExtent), DatabaseError> {
        let number = |row: &PgRow| text_field(row, 0).and_then(|id| id.parse().ok());
        let ends = [rows.first(), rows.last()].map(|row| row.map(number));
        if ends.contains(&Some(None)) {
            return Err(self.foreign_table(TableKind::Log, "its column id has something else than numbers".to_owned()));
        }
        let [last, first] = ends.map(Option::flatten);
        let mut found = HashMap::with_capacity(rows.len());
        for row in rows {
            // No migration has an id that cannot be one, so what is said of it is of no use.
            if let Some(Ok(revision)) = str_field(row, 1).map(RevisionId::new) {
                found.entry(revision).or_insert_with(|| read_digests(row));
            }
        }
        Ok((found, LogExtent { last, first, is_whole: rows.len() < rows_max }))
    }

    /// Looks up what the log says of some revisions in rows that were not read, and adds it.
    ///
    /// # Errors
    /// [`DatabaseError`] when the table cannot be read.
    pub async fn read_older_digests(
        &mut self,
        digests: &mut HashMap<RevisionId, Digests>,
        revisions: &[&RevisionId],
    ) -> Result<(), DatabaseError> {
        let doing = "read the log table";
        let log = self.tables.log.quoted();
        let has_index = format!("SELECT {}", has_log_index(&quote_text(&log)));
        let rows = self.simple_on_tables(doing, &has_index).await?;
        let has_index = rows.last().and_then(|row| text_field(row, 0)).as_deref() == Some("t");
        let ids: Vec<String> = revisions.iter().map(|revision| quote_text(revision.as_str())).collect();
        let ids = format!("ARRAY[{}]::pg_catalog.text[]", ids.join(", "));
        let sql = if has_index {
            format!(
                "SELECT r.id, r.revision, h.* FROM (SELECT NULL AS id, r.revision FROM pg_catalog.unnest({ids}) AS r(revision)) AS r \
                 CROSS JOIN LATERAL (SELECT {} FROM ONLY {log} AS h WHERE h.revision OPERATOR(pg_catalog.=) r.revision \
                 AND {DONE} ORDER BY h.revision DESC, h.id DESC LIMIT 1) AS h",
                columns(),
            )
        } else {
            // One look at all rows costs less than one for each revision.
            format!(
                "SELECT DISTINCT ON (revision) NULL, revision, {} FROM ONLY {log} \
                 WHERE revision OPERATOR(pg_catalog.=) ANY ({ids}) AND {DONE} ORDER BY revision, id DESC",
                columns(),
            )
        };
        for row in self.simple_on_tables(doing, &sql).await? {
            if let Some(Ok(revision)) = str_field(&row, 1).map(RevisionId::new) {
                digests.entry(revision).or_insert_with(|| read_digests(&row));
            }
        }
        Ok(())
    }

    /// Makes the index for a log of an earlier version. What stands in its way stands in no migration's way: the server does
    /// without.
    ///
    /// # Errors
    /// [`DatabaseError::Lost`].
    pub(super) async fn make_log_index(&mut self) -> Result<(), DatabaseError> {
        let sql = format!("CREATE UNIQUE INDEX ON ONLY {} (revision, id)", self.tables.log.quoted());
        match self.simple_on_tables("make the index of the log table", &sql).await {
            Err(lost @ DatabaseError::Lost { .. }) => Err(lost),
            _ => Ok(()),
        }
    }
}

/// The columns of digests.
fn columns() -> String {
    ["source_digest", "component_digest"].map(|column| beginning(column, DIGEST_CHARACTERS_MAX)).join(", ")
}

/// An expression for the first characters of a column. The server counts characters of texts one by one, which took most of the
/// time of reading the log; so it is only asked to where there are more bytes.
fn beginning(column: &str, characters: usize) -> String {
    format!(
        "CASE WHEN pg_catalog.octet_length({column}) OPERATOR(pg_catalog.<=) {characters} THEN {column} \
         ELSE pg_catalog.left({column}, {characters}) END"
    )
}

/// Reads them, behind the number and the revision.
fn read_digests(row: &PgRow) -> Digests {
    let digest = |index| str_field(row, index).map(LoggedDigest::new);
    Digests { source: digest(2), component: digest(3) }
}

/// An expression that is true when a table has an index by which the last row of a revision is found. `table` is a literal with
/// its name. Names without a schema are those of the system.
fn has_log_index(table: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = {table}::regclass AND i.indisvalid AND i.indpred IS NULL \
         AND (SELECT array_agg(a.attname ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place) \
         LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number) = '{{revision,id}}'::name[])"
    )
}

/// An expression that is true when a table has no such index, and this user may make one.
pub(super) fn may_make_log_index(table: &str) -> String {
    format!(
        "NOT {} AND (SELECT pg_has_role(c.relowner, 'USAGE') AND has_schema_privilege(c.relnamespace, 'CREATE') \
         FROM pg_class AS c WHERE c.oid = {table}::regclass)",
        has_log_index(table)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_says_is_shown_as_it_stands_there() {
        let digest = Digest::of(b"");
        for (text, expected) in [
            (digest.to_string(), Some(&digest)),
            (digest.to_string().to_uppercase(), None),
            (String::new(), None),
            ("?".repeat(200), None),
        ] {
            let logged = LoggedDigest::new(&text);
            assert_eq!((logged.to_string(), logged.digest()), (text, expected));
        }
    }

    #[test]
    fn rows_that_came_later_are_joined_with_those_before() {
        let before = LogExtent { last: Some(7), first: Some(3), is_whole: false };
        let mut now = LogExtent { last: Some(9), first: Some(7), is_whole: true };
        assert!(now.goes_on_from(7) && !now.goes_on_from(8));
        now.join(before);
        assert_eq!(now, LogExtent { last: Some(9), first: Some(3), is_whole: false });
    }
}
