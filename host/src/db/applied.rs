//! Reading what is applied, and making the tables in which that is written.

use std::collections::HashMap;

use sqlx::postgres::PgRow;

use super::connect::Database;
use super::driver::text_field;
use super::error::DatabaseError;
use super::log_digests::Digests;
use super::log_digests::LogExtent;
use super::names::KINDS;
use super::names::TableKind;
use super::names::Tables;
use super::sqlstate::INSUFFICIENT_PRIVILEGE;
use super::sqlstate::UNDEFINED_COLUMN;
use super::sqlstate::UNDEFINED_TABLE;
use super::statement_journal::COLUMNS as JOURNAL_COLUMNS;
use super::statement_journal::Unfinished;
use super::statement_journal::create_journal_sql;
use super::transaction::no_answer;
use crate::revision::REVISION_ID_CHARACTERS_MAX;
use crate::revision::RevisionId;

/// What the database says is applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliedState {
    /// The rows of the version table, in the order in which the server returns them: as in Alembic, `-1` counts from the
    /// first one.
    pub heads: Vec<RevisionId>,
    /// What ran the last time that a revision was upgraded to or stamped, as far as the log was read.
    pub digests: HashMap<RevisionId, Digests>,
    /// How far that is.
    pub(crate) log: LogExtent,
    /// Rows of the version table that cannot be the id of a revision: no migration of this project wrote them, nor did host.
    pub unreadable: Vec<String>,
    /// Whether all of the host's tables exist.
    pub tables_exist: bool,
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
    /// Reads what is applied, without ever writing: all heads, and the last `log_rows` rows of the log. In the usual case this
    /// is one round trip.
    ///
    /// # Errors
    /// [`DatabaseError`] when the tables cannot be read, or hold something else.
    pub async fn read_applied(&mut self, log_rows: usize) -> Result<AppliedState, DatabaseError> {
        self.read_applied_from(None, log_rows).await
    }

    /// The same again, with only those rows of the log that came after `before` was read.
    ///
    /// # Errors
    /// As [`Database::read_applied`].
    pub async fn read_applied_again(
        &mut self,
        before: &AppliedState,
        log_rows: usize,
    ) -> Result<AppliedState, DatabaseError> {
        let Some(last) = before.log.last() else { return self.read_applied(log_rows).await };
        let mut applied = self.read_applied_from(Some(last), log_rows).await?;
        // Where the row is gone, or too many came after it, something else happened to the table than that host wrote to it.
        if !applied.log.goes_on_from(last) {
            return self.read_applied(log_rows).await;
        }
        for (revision, digests) in &before.digests {
            applied.digests.entry(revision.clone()).or_insert_with(|| digests.clone());
        }
        applied.log.join(before.log);
        Ok(applied)
    }

    async fn read_applied_from(&mut self, first: Option<i64>, log_rows: usize) -> Result<AppliedState, DatabaseError> {
        let doing = "read the version table";
        let parts = |database: &Self| {
            [database.select_heads(), database.select_last_digests(first, log_rows), database.select_journal()]
        };
        let sql = format!("{}; {}", self.select_places(), parts(self).join("; "));
        let mut results = self.results_on_tables(doing, &sql).await;
        if results.statements.len() < PLACES {
            return Err(match results.error {
                Some(error) => self.with_table_lock_holder(error).await,
                None => no_answer(doing),
            });
        }
        let mut read = results.statements.split_off(PLACES);
        let existing = match results.statements.as_slice() {
            [.., schema, places] => self.read_places(schema, places)?,
            _ => return Err(no_answer(doing)),
        };
        if !existing.log {
            self.refuse_earlier_log().await?;
        }
        match results.error {
            None => {}
            // One by one, those that are there.
            Some(DatabaseError::Statement { error, .. })
                if matches!(error.sqlstate.as_str(), UNDEFINED_TABLE | UNDEFINED_COLUMN | INSUFFICIENT_PRIVILEGE) =>
            {
                read.clear();
                // Now with their schemas.
                let parts = parts(self);
                let exists = [existing.version, existing.log, existing.journal];
                for ((kind, part), exists) in KINDS.into_iter().zip(&parts).zip(exists) {
                    let doing = format!("read the {} table", kind.word());
                    let rows = if exists { self.simple_on_tables(&doing, part).await } else { Ok(Vec::new()) };
                    read.push(rows.map_err(|error| self.foreign(kind, error))?);
                }
            }
            Some(error) => return Err(self.with_table_lock_holder(error).await),
        }
        let [heads, log, journal] = <[Vec<PgRow>; 3]>::try_from(read).map_err(|_| no_answer(doing))?;
        if heads.len() > HEADS_MAX {
            return Err(self.too_many_rows(TableKind::Version, HEADS_MAX));
        }
        let mut applied = AppliedState { tables_exist: existing.all(), ..AppliedState::default() };
        for row in &heads {
            let text = text_field(row, 0).unwrap_or_default();
            match RevisionId::new(&text) {
                Ok(revision) => applied.heads.push(revision),
                Err(_) => applied.unreadable.push(text),
            }
        }
        (applied.digests, applied.log) = self.read_last_digests(&log, log_rows)?;
        if !journal.is_empty() {
            applied.unfinished = self.read_unfinished().await?;
        }
        Ok(applied)
    }

    /// Makes the host's tables where they are missing, in a transaction of its own.
    ///
    /// # Errors
    /// [`DatabaseError`] when they cannot be made, or when one that is there has another shape; then none is made.
    pub async fn ensure_tables(&mut self) -> Result<(), DatabaseError> {
        if !self.are_tables_found() && !self.find_tables().await?.log {
            self.refuse_earlier_log().await?;
        }
        self.may_make_tables().await?;
        self.version_column().await?;
        // Names every column, and reads none if there is no such table.
        self.read_log(Some(0)).await?;
        let sql = create_tables_sql(&self.tables);
        self.simple_on_tables("create the version table and the log table", &sql).await?;
        self.complete_log().await
    }

    /// Refuses revisions that the version table cannot hold, if there is one already. Alembic makes the column VARCHAR(32).
    ///
    /// # Errors
    /// [`DatabaseError::RevisionTooLong`], or the refusal to read the catalogue.
    pub async fn check_ids_fit(
        &mut self,
        revisions: impl IntoIterator<Item = &RevisionId>,
    ) -> Result<(), DatabaseError> {
        self.ids_that_do_not_fit(revisions).await?.into_iter().next().map_or(Ok(()), Err)
    }

    /// One [`DatabaseError::RevisionTooLong`] for each revision that the version table cannot hold.
    pub(super) async fn ids_that_do_not_fit(
        &mut self,
        revisions: impl IntoIterator<Item = &RevisionId>,
    ) -> Result<Vec<DatabaseError>, DatabaseError> {
        let Some(VersionColumn { characters_max: Some(characters_max) }) = self.version_column().await? else {
            return Ok(Vec::new());
        };
        let is_too_long = |revision: &&RevisionId| {
            u32::try_from(revision.as_str().chars().count()).unwrap_or(u32::MAX) > characters_max
        };
        let table = self.tables.version.to_string();
        let refusal = |revision: &RevisionId| DatabaseError::RevisionTooLong {
            revision: revision.to_string(),
            table: table.clone(),
            characters_max,
        };
        Ok(revisions.into_iter().filter(is_too_long).map(refusal).collect())
    }

    /// Refuses a user who may not make the tables that are missing, and a schema that is not there.
    pub(super) async fn may_make_tables(&mut self) -> Result<(), DatabaseError> {
        let mut schemas: Vec<String> = KINDS.into_iter().filter_map(|kind| self.table(kind).schema.clone()).collect();
        schemas.dedup();
        for schema in schemas {
            let sql = format!(
                "SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = {}",
                crate::value::quote_text(&schema)
            );
            let rows = self.simple_apart("look at the schema of the version table", &sql).await?;
            match rows.first().and_then(|row| text_field(row, 0)).as_deref() {
                None => return Err(DatabaseError::NoSchema { schema }),
                Some("t") => {}
                Some(_) => {
                    return Err(DatabaseError::NoRights {
                        table: format!("schema {}", crate::value::quote_identifier(&schema)),
                        rights: "CREATE".to_owned(),
                        user: self.connector.user().to_owned(),
                    });
                }
            }
        }
        Ok(())
    }

    /// How the version table keeps its ids; none when there is no such table.
    async fn version_column(&mut self) -> Result<Option<VersionColumn>, DatabaseError> {
        let sql = format!(
            "{} SELECT pg_catalog.format_type(a.atttypid, NULL), a.atttypmod, v IS NOT NULL \
             FROM pg_catalog.to_regclass({}) AS v LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) v \
             AND a.attname OPERATOR(pg_catalog.=) 'version_num' AND NOT a.attisdropped",
            self.names_of_the_system(),
            crate::value::quote_text(&self.tables.version.quoted()),
        );
        let rows = self.simple("check the version table", sql).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if text_field(row, 2).as_deref() != Some("t") {
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
        DatabaseError::ForeignTable { kind, table: self.table(kind).to_string(), reason }
    }

    /// The error for a table with more rows than the host reads.
    pub(super) fn too_many_rows(&self, kind: TableKind, rows_max: usize) -> DatabaseError {
        DatabaseError::TooManyRows { kind, table: self.table(kind).to_string(), rows_max }
    }

    /// A column that is missing makes a foreign table; every other error stays.
    pub(super) fn foreign(&self, kind: TableKind, error: DatabaseError) -> DatabaseError {
        match error {
            DatabaseError::Statement { error, .. } if error.sqlstate == UNDEFINED_COLUMN => {
                self.foreign_table(kind, error.message)
            }
            DatabaseError::Statement { error, .. } if error.sqlstate == INSUFFICIENT_PRIVILEGE => {
                DatabaseError::NoRights {
                    table: self.table(kind).to_string(),
                    rights: "SELECT".to_owned(),
                    user: self.connector.user().to_owned(),
                }
            }
            error => error,
        }
    }

    /// What is longer than an id can be is cut, so that it stays too long.
    fn select_heads(&self) -> String {
        format!(
            "SELECT pg_catalog.left(version_num::pg_catalog.text, {}) FROM ONLY {} LIMIT {}",
            REVISION_ID_CHARACTERS_MAX + 1,
            self.tables.version.quoted(),
            HEADS_MAX + 1
        )
    }

    /// One row when something is unfinished, with every column by its name.
    fn select_journal(&self) -> String {
        format!("SELECT {JOURNAL_COLUMNS} FROM ONLY {} LIMIT 1", self.tables.journal.quoted())
    }
}

/// The number of results up to those about the places of tables: the limit on waiting, and these two.
const PLACES: usize = 3;

/// The most heads that are read. No log has as many branches.
const HEADS_MAX: usize = 10_000;

/// The statements that make the tables where they are missing. Sent as one text they are one transaction
/// (PostgreSQL manual, "Multiple Statements in a Simple Query").
///
/// The second constraint of the log is there for its index, by which the last row of a revision is found. A statement of its own
/// would need a name for it, which a migration could take first.
pub fn create_tables_sql(tables: &Tables) -> String {
    let (version, log) = (&tables.version, &tables.log);
    let ids = tables.version_characters.map_or_else(|| "text".to_owned(), |most| format!("character varying({most})"));
    let constraint = crate::value::quote_identifier(&format!("{}_pkc", version.name));
    format!(
        "CREATE TABLE IF NOT EXISTS {version} (\n    version_num {ids} NOT NULL,\n    CONSTRAINT {constraint} PRIMARY KEY (version_num)\n);\n\
         CREATE TABLE IF NOT EXISTS {log} (\n    \
         id bigint NOT NULL PRIMARY KEY,\n    \
         revision text NOT NULL,\n    \
         direction text NOT NULL CHECK (direction IN ('upgrade', 'downgrade', 'stamp')),\n    \
         outcome text NOT NULL CHECK (outcome IN ('done', 'failed')),\n    \
         source_digest text,\n    \
         component_digest text,\n    \
         runtime_digest text,\n    \
         started_at timestamp with time zone NOT NULL,\n    \
         finished_at timestamp with time zone NOT NULL,\n    \
         statements bigint NOT NULL,\n    \
         rows bigint NOT NULL,\n    \
         database_user text NOT NULL,\n    \
         host_version text NOT NULL,\n    \
         error text,\n    \
         detail text,\n    \
         UNIQUE (revision, id)\n);\n{journal};",
        version = version.quoted(),
        log = log.quoted(),
        journal = create_journal_sql(tables),
    )
}
