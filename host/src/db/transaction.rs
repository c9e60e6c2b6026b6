//! The frame of one step: begin, bookkeeping, commit.
//!
//! The rows of the version table, the row of the history table and all that the migration does are one transaction. Either
//! all of it is there or nothing: a migration is never applied without being recorded, and never recorded without being applied.

use sqlx::Row as _;

use super::connect::Database;
use super::connect::text_field;
use super::error::DatabaseError;
use super::error::classify;
use super::history::Record;
use crate::revision::RevisionId;

/// Time limits that the server enforces inside a step, in milliseconds. 0 means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// How long a statement may wait for a lock (`lock_timeout`).
    pub lock_milliseconds: u64,
    /// How long a statement may run (`statement_timeout`).
    pub statement_milliseconds: u64,
}

/// The facts of a transaction that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The transaction's id; the same one must be there at the end.
    pub transaction: String,
    /// When it began, by the database's clock: microseconds since 1970-01-01 UTC.
    pub now_micros: i64,
    /// The schemas in which names are looked up.
    pub search_path: Vec<String>,
}

/// Lets the server end a statement whose client is gone, instead of finding out at its end: until then the lock of runners
/// is held, too. The setting came with PostgreSQL 14, and systems that cannot watch a socket refuse it.
const NOTICE_A_LOST_CLIENT: &str = "CASE WHEN current_setting('client_connection_check_interval', true) = '0' \
     AND version() LIKE '%linux%' THEN set_config('client_connection_check_interval', '1000', true) END";

/// Lets the server notice within half a minute that the client's machine is gone, with which the lock of runners would else
/// be held for the two hours of the usual keepalives. It also keeps the connection known to whatever translates addresses on
/// the way. Sockets of the same machine need none of it, and ignore it.
pub(super) const NOTICE_A_DEAD_CLIENT: &str = "set_config('tcp_keepalives_idle', '15', false), \
     set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false), \
     set_config('tcp_user_timeout', '30000', false)";

impl Database {
    /// Begins the transaction of a step, on a session as fresh as the first one: what an earlier migration set is reset.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses.
    pub async fn begin(&mut self, application: &str, timeouts: Timeouts) -> Result<Begun, DatabaseError> {
        let doing = "begin the transaction";
        let sql = format!(
            "RESET ALL; RESET SESSION AUTHORIZATION; RESET ROLE; BEGIN; \
             SET LOCAL standard_conforming_strings = on; SET LOCAL application_name = {}; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; \
             SELECT pg_current_xact_id(), (extract(epoch FROM transaction_timestamp()) * 1000000)::bigint, \
             array_to_json(current_schemas(false)), {NOTICE_A_LOST_CLIENT}, {NOTICE_A_DEAD_CLIENT}",
            crate::value::quote_text(application),
            timeouts.lock_milliseconds,
            timeouts.statement_milliseconds,
        );
        let rows = match self.simple(doing, sql).await {
            Ok(rows) => rows,
            Err(error) => {
                // The text may have failed after its BEGIN; the first error is the one to tell.
                let _ = self.rollback().await;
                return Err(error);
            }
        };
        let field = |index| rows.first().and_then(|row| text_field(row, index)).unwrap_or_default();
        Ok(Begun {
            transaction: field(0),
            now_micros: field(1).parse().unwrap_or_default(),
            search_path: serde_json::from_str(&field(2)).unwrap_or_default(),
        })
    }

    /// Writes the version rows and the history row of a step into the migration's transaction, and checks that each row
    /// was there and that it is still the same transaction. One round trip.
    ///
    /// # Errors
    /// [`DatabaseError::RowsChanged`] when another runner was at work, [`DatabaseError::TransactionGone`] when the
    /// migration ended the transaction, or what the server said.
    pub async fn keep_books(
        &mut self,
        transaction: &str,
        remove: &[RevisionId],
        add: &[RevisionId],
        record: &Record,
    ) -> Result<(), DatabaseError> {
        let doing = "write the version table and the history table";
        let version = self.qualified(&self.tables.version);
        // Every name is qualified, because the migration may have changed the search path.
        let sql = format!(
            "WITH removed AS (DELETE FROM {version} WHERE version_num OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]) RETURNING 1), \
             added AS (INSERT INTO {version} (version_num) SELECT pg_catalog.unnest($2::pg_catalog.text[]) RETURNING 1), \
             recorded AS (INSERT INTO {} RETURNING 1) \
             SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text, \
             (SELECT pg_catalog.count(*) FROM removed), (SELECT pg_catalog.count(*) FROM added)",
            self.insert_history("done", 3),
        );
        let texts = |revisions: &[RevisionId]| revisions.iter().map(ToString::to_string).collect::<Vec<_>>();
        let query = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(texts(remove))
            .bind(texts(add))
            .bind(&record.revision)
            .bind(record.direction)
            .bind(&record.source_digest)
            .bind(&record.component_digest)
            .bind(record.microseconds)
            .bind(record.statements)
            .bind(record.rows)
            .bind(&record.error);
        let answer = async { query.fetch_one(&mut self.connection).await.map_err(|error| classify(doing, error)) };
        let row = self.watch.over(doing, answer).await?;
        let lost = |error: sqlx::Error| classify(doing, error);
        if row.try_get::<String, _>(0).map_err(lost)? != transaction {
            return Err(DatabaseError::TransactionGone);
        }
        for (index, expected) in [(1, remove.len()), (2, add.len())] {
            let found = u64::try_from(row.try_get::<i64, _>(index).map_err(lost)?).unwrap_or_default();
            let expected = u64::try_from(expected).unwrap_or(u64::MAX);
            if found != expected {
                return Err(DatabaseError::RowsChanged { table: self.tables.version.to_string(), expected, found });
            }
        }
        Ok(())
    }

    /// Commits.
    ///
    /// # Errors
    /// [`DatabaseError::Statement`], such as from a deferred constraint; [`DatabaseError::CommitUnknown`] when the
    /// connection was lost before the answer came.
    pub async fn commit(&mut self) -> Result<(), DatabaseError> {
        match self.simple("commit", "COMMIT".to_owned()).await {
            Ok(_) => Ok(()),
            Err(DatabaseError::Lost { reason, .. }) => Err(DatabaseError::CommitUnknown { reason, why: None }),
            Err(error) => Err(error),
        }
    }

    /// Rolls back.
    ///
    /// # Errors
    /// [`DatabaseError::Lost`] when the connection is gone; then the server rolls back by itself.
    pub async fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.simple("roll back", "ROLLBACK".to_owned()).await?;
        Ok(())
    }

    fn qualified(&self, name: &crate::config::TableName) -> String {
        match &self.schema {
            Some(schema) => name.or_schema(schema).quoted(),
            None => name.quoted(),
        }
    }
}
