//! Reading what is applied, and making the tables in which that is written.

use std::collections::HashMap;

use super::connect::Database;
use super::connect::text_field;
use super::error::DatabaseError;
use super::error::TableKind;
use super::journal::Unfinished;
use super::names::Tables;
use crate::revision::RevisionId;

/// What the database says is applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// The rows of the version table, in the order in which the server returns them: as in Alembic, `-1` counts from the
    /// first one.
    pub heads: Vec<RevisionId>,
    /// For each revision that was upgraded to or stamped, the digest of its source at that time.
    pub digests: HashMap<RevisionId, String>,
    /// Whether the version table exists.
    pub version_table_exists: bool,
    /// Whether the history table exists.
    pub history_table_exists: bool,
    /// Migrations without a transaction that were begun and are not finished.
    pub unfinished: Vec<Unfinished>,
}

/// How the version table keeps its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct VersionColumn {
    /// The length of a VARCHAR, or none for TEXT.
    characters_max: Option<u32>,
}

impl Database {
    /// Reads what is applied, without ever writing. In the usual case this is one round trip.
    ///
    /// # Errors
    /// [`DatabaseError`] when the tables cannot be read, or hold something else.
    pub async fn read_books(&mut self) -> Result<Books, DatabaseError> {
        let doing = "read the version table";
        let all = format!("{}; {}; {}", self.select_heads(), self.select_digests(), self.select_journal());
        let (rows, version_table_exists, history_table_exists) = match self.simple_on_tables(doing, &all).await {
            Ok(rows) => (rows, true, true),
            // One by one, to learn which of the two it is.
            Err(DatabaseError::Statement { error, .. })
                if matches!(error.sqlstate.as_str(), UNDEFINED_TABLE | UNDEFINED_COLUMN) =>
            {
                let (version, history) = self.which_tables_exist().await?;
                let mut rows = Vec::new();
                if version {
                    let heads = self.simple_on_tables(doing, &self.select_heads()).await;
                    rows.extend(heads.map_err(|error| self.foreign(TableKind::Version, error))?);
                }
                if history {
                    let digests = self.simple_on_tables("read the history table", &self.select_digests()).await;
                    rows.extend(digests.map_err(|error| self.foreign(TableKind::History, error))?);
                }
                if version || history {
                    rows.extend(self.simple("look for the journal", self.select_journal()).await?);
                }
                (rows, version, history)
            }
            Err(error) => return Err(error),
        };
        let mut books = Books { version_table_exists, history_table_exists, ..Books::default() };
        let mut journal_exists = false;
        for row in &rows {
            if sqlx::Row::len(row) == JOURNAL_COLUMNS {
                journal_exists = true;
                continue;
            }
            let revision = text_field(row, 0).unwrap_or_default();
            // All results come in one stream; the one of the history has a second column.
            let kind = if sqlx::Row::len(row) == 1 { TableKind::Version } else { TableKind::History };
            let revision = RevisionId::new(&revision).map_err(|error| self.foreign_table(kind, error.to_string()))?;
            match kind {
                TableKind::Version => books.heads.push(revision),
                TableKind::History | TableKind::Journal => {
                    if let Some(digest) = text_field(row, 1) {
                        books.digests.insert(revision, digest);
                    }
                }
            }
        }
        // Only databases on which a migration without a transaction ever ran have a journal.
        if journal_exists {
            books.unfinished = self.read_unfinished().await?;
        }
        Ok(books)
    }

    /// Makes the version table and the history table where they are missing, in a transaction of its own.
    ///
    /// # Errors
    /// [`DatabaseError`] when they cannot be made, or when one that is there has another shape; then neither is made.
    pub async fn ensure_tables(&mut self) -> Result<(), DatabaseError> {
        self.version_column().await?;
        // Names every column, and reads none if there is no such table.
        self.read_history(Some(0)).await?;
        let sql = create_tables_sql(&self.tables);
        self.simple_on_tables("create the version table and the history table", &sql).await?;
        Ok(())
    }

    /// Refuses revisions that the version table cannot hold, if there is one already. Alembic makes the column VARCHAR(32).
    ///
    /// # Errors
    /// [`DatabaseError::RevisionTooLong`], or the refusal to read the catalogue.
    pub async fn check_ids_fit(
        &mut self,
        revisions: impl IntoIterator<Item = &RevisionId>,
    ) -> Result<(), DatabaseError> {
        let Some(VersionColumn { characters_max: Some(characters_max) }) = self.version_column().await? else {
            return Ok(());
        };
        for revision in revisions {
            let characters = u32::try_from(revision.as_str().chars().count()).unwrap_or(u32::MAX);
            if characters > characters_max {
                return Err(DatabaseError::RevisionTooLong {
                    revision: revision.to_string(),
                    table: self.tables.version.to_string(),
                    characters_max,
                });
            }
        }
        Ok(())
    }

    async fn which_tables_exist(&mut self) -> Result<(bool, bool), DatabaseError> {
        let sql = format!(
            "SELECT to_regclass({}) IS NOT NULL, to_regclass({}) IS NOT NULL",
            crate::value::quote_text(&self.tables.version.quoted()),
            crate::value::quote_text(&self.tables.history.quoted()),
        );
        let rows = self.simple("look for the version table", sql).await?;
        let exists = |index| rows.first().and_then(|row| text_field(row, index)).as_deref() == Some("t");
        Ok((exists(0), exists(1)))
    }

    /// How the version table keeps its ids; none when there is no such table.
    async fn version_column(&mut self) -> Result<Option<VersionColumn>, DatabaseError> {
        let sql = format!(
            "SELECT format_type(a.atttypid, NULL), a.atttypmod, v.relkind, h.relkind \
             FROM (SELECT to_regclass({}) AS version, to_regclass({}) AS history) AS t \
             LEFT JOIN pg_class v ON v.oid = version LEFT JOIN pg_class h ON h.oid = history \
             LEFT JOIN pg_attribute a ON a.attrelid = version AND a.attname = 'version_num' AND NOT a.attisdropped",
            crate::value::quote_text(&self.tables.version.quoted()),
            crate::value::quote_text(&self.tables.history.quoted()),
        );
        let rows = self.simple("look at the version table", sql).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        for (kind, index) in [(TableKind::Version, 2), (TableKind::History, 3)] {
            if let Some(relkind) = text_field(row, index).and_then(|relkind| no_table(&relkind)) {
                return Err(self.foreign_table(kind, format!("it is {relkind}")));
            }
        }
        if text_field(row, 2).is_none() {
            return Ok(None);
        }
        match text_field(row, 0).as_deref() {
            Some("text") => Ok(Some(VersionColumn { characters_max: None })),
            // The modifier of a varchar is its length and 4; without one it is -1.
            Some("character varying") => {
                let modifier = text_field(row, 1).and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1);
                Ok(Some(VersionColumn { characters_max: u32::try_from(modifier - 4).ok() }))
            }
            Some(other) => {
                let reason = format!("its column version_num is of type {other}, not text");
                Err(self.foreign_table(TableKind::Version, reason))
            }
            None => Err(self.foreign_table(TableKind::Version, "it has no column version_num".to_owned())),
        }
    }

    /// The error for a table that is not one of the host's.
    pub(super) fn foreign_table(&self, kind: TableKind, reason: String) -> DatabaseError {
        let table = match kind {
            TableKind::Version => self.tables.version.to_string(),
            TableKind::History => self.tables.history.to_string(),
            TableKind::Journal => self.tables.journal.to_string(),
        };
        DatabaseError::ForeignTable { kind, table, reason }
    }

    /// A column that is missing makes a foreign table; every other error stays.
    pub(super) fn foreign(&self, kind: TableKind, error: DatabaseError) -> DatabaseError {
        match error {
            DatabaseError::Statement { error, .. } if error.sqlstate == UNDEFINED_COLUMN => {
                self.foreign_table(kind, error.message)
            }
            error => error,
        }
    }

    fn select_heads(&self) -> String {
        format!("SELECT version_num FROM {}", self.tables.version.quoted())
    }

    /// One row with a number of columns of its own when there is a journal, otherwise none.
    fn select_journal(&self) -> String {
        let journal = crate::value::quote_text(&self.tables.journal.quoted());
        format!("SELECT 1, 1, 1 WHERE to_regclass({journal}) IS NOT NULL")
    }

    fn select_digests(&self) -> String {
        format!(
            "SELECT DISTINCT ON (revision) revision, source_digest FROM {} \
             WHERE outcome = 'done' AND direction <> 'downgrade' ORDER BY revision, id DESC",
            self.tables.history.quoted()
        )
    }
}

/// What a relation is that is not a table (PostgreSQL manual, `pg_class.relkind`).
fn no_table(relkind: &str) -> Option<&'static str> {
    match relkind {
        "r" | "p" => None,
        "v" => Some("a view"),
        "m" => Some("a materialized view"),
        "f" => Some("a foreign table"),
        _ => Some("something else"),
    }
}

/// The number of columns by which the look for the journal is told from the other results.
const JOURNAL_COLUMNS: usize = 3;
/// SQLSTATE `undefined_table` (PostgreSQL manual, appendix A).
const UNDEFINED_TABLE: &str = "42P01";
/// SQLSTATE `undefined_column`.
const UNDEFINED_COLUMN: &str = "42703";

/// The statements that make the tables where they are missing. Sent as one text they are one transaction
/// (PostgreSQL manual, "Multiple Statements in a Simple Query").
pub fn create_tables_sql(tables: &Tables) -> String {
    let (version, history) = (&tables.version, &tables.history);
    let constraint = crate::value::quote_identifier(&format!("{}_pkc", version.name));
    format!(
        "CREATE TABLE IF NOT EXISTS {version} (\n    version_num text NOT NULL,\n    CONSTRAINT {constraint} PRIMARY KEY (version_num)\n);\n\
         CREATE TABLE IF NOT EXISTS {history} (\n    \
         id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    \
         revision text NOT NULL,\n    \
         direction text NOT NULL CHECK (direction IN ('upgrade', 'downgrade', 'stamp')),\n    \
         outcome text NOT NULL CHECK (outcome IN ('done', 'failed')),\n    \
         source_digest text,\n    \
         component_digest text,\n    \
         started_at timestamp with time zone NOT NULL,\n    \
         finished_at timestamp with time zone NOT NULL,\n    \
         statements bigint NOT NULL,\n    \
         rows bigint NOT NULL,\n    \
         database_user text NOT NULL,\n    \
         host_version text NOT NULL,\n    \
         error text\n);",
        version = version.quoted(),
        history = history.quoted(),
    )
}
