//! Finding out what became of a statement whose end was not seen, and tidying up what it left behind.

use sqlx::Row as _;

use super::connect::Database;
use super::driver;
use super::error::DatabaseError;
use super::error::classify;
use super::statement_journal::JournalRow;
use super::statement_journal::StatementState;
use crate::sql::AutocommitCommand;
use crate::sql::ExecutionMode;

/// What became of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StatementStatus {
    /// It is done.
    Done,
    /// It is not, and what it left behind is tidied up or does no harm.
    NotDone,
    /// Nobody knows, for this reason.
    Unknown(String),
}

/// An index as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundIndex {
    pub(super) oid: i64,
    /// Whether it was built to its end.
    pub(super) is_valid: bool,
    /// As `pg_get_indexdef` writes it.
    definition: String,
    /// Schema and name, quoted.
    pub(super) name: String,
    /// Whether a session is at work on it, as far as this user may see it.
    is_being_built: bool,
}

impl Database {
    /// Finds out what became of a statement that was begun or failed, and tidies up. What was done goes into `notes`.
    pub(super) async fn find_status(
        &mut self,
        row: &JournalRow,
        notes: &mut Vec<String>,
    ) -> Result<StatementStatus, DatabaseError> {
        let kind = match crate::sql::execution_mode(&row.statement) {
            ExecutionMode::Autocommit(kind) => kind,
            // It ran in a transaction of its own, and that was rolled back.
            _ if !row.alone => return Ok(StatementStatus::NotDone),
            _ => AutocommitCommand::Other,
        };
        match kind {
            AutocommitCommand::CreateIndex { name, table } => self.status_of_new_index(row, &name, &table, notes).await,
            AutocommitCommand::DropIndex { index } => {
                Ok(if self.relation_exists(&index).await? { StatementStatus::NotDone } else { StatementStatus::Done })
            }
            AutocommitCommand::DetachPartition { table, partition } => {
                self.status_of_detach(&table, &partition, notes).await
            }
            AutocommitCommand::Reindex => {
                for name in self.leftovers_of_reindex().await? {
                    notes.push(format!(
                        "index {name} is invalid; a REINDEX CONCURRENTLY that was broken off leaves such an index behind: drop it with \
                         DROP INDEX CONCURRENTLY {name}"
                    ));
                }
                Ok(StatementStatus::NotDone)
            }
            AutocommitCommand::Repeatable => Ok(StatementStatus::NotDone),
            AutocommitCommand::Other if row.state == StatementState::Failed => Ok(StatementStatus::NotDone),
            AutocommitCommand::Other => Ok(StatementStatus::Unknown(format!(
                "{} cannot run in a transaction, and host cannot tell whether it was done",
                row.command
            ))),
        }
    }

    /// An index that our build left behind is one that was not there before, lies on the table of the statement and is
    /// invalid (PostgreSQL manual, "Building Indexes Concurrently"). Nothing else is ever dropped.
    async fn status_of_new_index(
        &mut self,
        row: &JournalRow,
        name: &str,
        table: &str,
        notes: &mut Vec<String>,
    ) -> Result<StatementStatus, DatabaseError> {
        let Some(index) = self.find_index(name, table).await? else { return Ok(StatementStatus::NotDone) };
        if row.found == Some(index.oid) {
            // It was there before; the server will say what it thinks of that.
            return Ok(StatementStatus::NotDone);
        }
        if index.is_valid {
            if crate::sql::same_index(&row.statement, &index.definition) {
                notes.push(format!("index {} is complete; only the answer was lost", index.name));
                return Ok(StatementStatus::Done);
            }
            if row.state == StatementState::Failed {
                return Ok(StatementStatus::NotDone);
            }
            return Ok(StatementStatus::Unknown(format!(
                "index {} is there and valid, but its definition is not clearly that of the statement: {}",
                index.name, index.definition
            )));
        }
        if index.is_being_built {
            let reason = format!("a session is still working on index {}", index.name);
            return Ok(StatementStatus::Unknown(format!("{reason}; wait until it ends")));
        }
        notes.push(format!("dropping index {}, which the broken build left behind invalid", index.name));
        self.without_timeouts().await?;
        self.simple("drop the invalid index", format!("DROP INDEX CONCURRENTLY IF EXISTS {}", index.name)).await?;
        Ok(StatementStatus::NotDone)
    }

    /// The index of that name on that table; both names as the session finds them now.
    pub(super) async fn find_index(&mut self, name: &str, table: &str) -> Result<Option<FoundIndex>, DatabaseError> {
        let query = sqlx::query(
            "SELECT i.indexrelid::pg_catalog.int8, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid), \
             pg_catalog.format('%I.%I', n.nspname, c.relname), EXISTS (SELECT \
             FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.index_relid OPERATOR(pg_catalog.=) i.indexrelid) \
             FROM pg_catalog.pg_index AS i \
             JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid \
             JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
             WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($2) \
             AND c.relname OPERATOR(pg_catalog.=) $1::pg_catalog.name",
        );
        let rows = self.look_up(query.bind(name).bind(table)).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let read = || {
            Ok::<_, sqlx::Error>(FoundIndex {
                oid: row.try_get(0)?,
                is_valid: row.try_get(1)?,
                definition: row.try_get(2)?,
                name: row.try_get(3)?,
                is_being_built: row.try_get(4)?,
            })
        };
        read().map(Some).map_err(|error| classify(LOOK, error))
    }

    async fn relation_exists(&mut self, name: &str) -> Result<bool, DatabaseError> {
        let rows = self.look_up(sqlx::query("SELECT pg_catalog.to_regclass($1) IS NOT NULL").bind(name)).await?;
        let exists = rows.first().map(|row| row.try_get(0)).transpose();
        Ok(exists.map_err(|error| classify(LOOK, error))?.unwrap_or_default())
    }

    /// The second half of a concurrent detach can be made up for (PostgreSQL manual, ALTER TABLE, "FINALIZE").
    async fn status_of_detach(
        &mut self,
        table: &str,
        partition: &str,
        notes: &mut Vec<String>,
    ) -> Result<StatementStatus, DatabaseError> {
        // An earlier server refuses the statement, and has no column for it.
        if self.server_version() < FIRST_WITH_CONCURRENT_DETACH {
            return Ok(StatementStatus::NotDone);
        }
        let query = sqlx::query(
            "SELECT i.inhdetachpending, pg_catalog.format('%I.%I', pn.nspname, p.relname), \
             pg_catalog.format('%I.%I', cn.nspname, c.relname) \
             FROM pg_catalog.pg_inherits AS i \
             JOIN pg_catalog.pg_class AS p ON p.oid OPERATOR(pg_catalog.=) i.inhparent \
             JOIN pg_catalog.pg_namespace AS pn ON pn.oid OPERATOR(pg_catalog.=) p.relnamespace \
             JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid \
             JOIN pg_catalog.pg_namespace AS cn ON cn.oid OPERATOR(pg_catalog.=) c.relnamespace \
             WHERE i.inhparent OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1) \
             AND i.inhrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($2)",
        );
        let rows = self.look_up(query.bind(table).bind(partition)).await?;
        let Some(row) = rows.first() else { return Ok(StatementStatus::Done) };
        let lost = |error| classify(LOOK, error);
        let is_pending: bool = row.try_get(0).map_err(lost)?;
        if !is_pending {
            return Ok(StatementStatus::NotDone);
        }
        let (table, partition): (String, String) = (row.try_get(1).map_err(lost)?, row.try_get(2).map_err(lost)?);
        notes.push(format!("finishing the detaching of {partition} from {table}, which was broken off"));
        self.without_timeouts().await?;
        self.simple("finish the detaching", format!("ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE"))
            .await?;
        Ok(StatementStatus::Done)
    }

    /// Invalid indexes with the names that REINDEX CONCURRENTLY gives to its own (PostgreSQL manual, REINDEX).
    async fn leftovers_of_reindex(&mut self) -> Result<Vec<String>, DatabaseError> {
        let query = sqlx::query(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_index AS i \
             JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid \
             JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
             WHERE NOT i.indisvalid AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' \
             AND n.nspname OPERATOR(pg_catalog.<>) 'pg_toast' ORDER BY 1 LIMIT 1000",
        );
        let rows = self.look_up(query).await?;
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(|error| classify(LOOK, error))
    }

    async fn look_up(
        &mut self,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) -> Result<Vec<sqlx::postgres::PgRow>, DatabaseError> {
        let connection = &mut self.connection;
        let answer = async { driver::query(connection, query).await.map_err(|error| classify(LOOK, error)) };
        self.liveness.over(LOOK, answer).await
    }

    /// Lets what waits for other transactions by design wait.
    pub(super) async fn without_timeouts(&mut self) -> Result<(), DatabaseError> {
        self.simple("clear the timeouts", "SET lock_timeout = 0; SET statement_timeout = 0".to_owned()).await?;
        Ok(())
    }
}

/// As `server_version_num` has it (release notes of PostgreSQL 14).
const FIRST_WITH_CONCURRENT_DETACH: u32 = 140_000;

/// What the host does while it looks.
const LOOK: &str = "check what an earlier run left behind";
