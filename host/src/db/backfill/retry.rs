//! Trying again what failed: rows that were passed over, and ranges.

use super::Backfill;
use super::Batch;
use super::refused_by_server;
use crate::db::connect::Database;
use crate::db::error::DatabaseError;
use crate::db::session::Session;
use crate::db::session::SessionError;
use crate::db::violation::MayChange;
use crate::value::plain_text;

impl Session {
    /// Checks what was done for a row that had been passed over, takes it out of the table of rejected rows, and commits both. False
    /// when it is not there any more: then nothing was done.
    ///
    /// # Errors
    /// [`SessionError`]; a serialization failure when others changed the same row.
    pub async fn commit_retried(
        &mut self,
        batch: Batch,
        id: &str,
        may_change: MayChange,
    ) -> Result<bool, SessionError> {
        let database = self.database_mut();
        database.check_statement(&batch.0, may_change).await.map_err(refused_by_server)?;
        let forget = forget(database, id);
        let forgotten = database.simple("write the table of rejected rows", forget).await.map_err(refused_by_server)?;
        if forgotten.is_empty() {
            self.rollback_batch().await?;
            return Ok(false);
        }
        self.database_mut().commit().await.map_err(refused_by_server)?;
        Ok(true)
    }

    /// Takes a row out of the table of rejected rows, because the source has it no more.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn forget_rejected(&mut self, id: &str) -> Result<(), SessionError> {
        let forget = forget(self.database_mut(), id);
        self.as_login(&[forget]).await?;
        Ok(())
    }

    /// Writes down why a row is rejected now.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn keep_rejected(&mut self, id: &str, why: &str) -> Result<(), SessionError> {
        let table = self.database_mut().tables().rejected.quoted();
        let why: String = why.chars().take(crate::db::rejected_row::MESSAGE_CHARACTERS_MAX).collect();
        let keep = format!(
            "UPDATE ONLY {table} SET message = {}, rejected_at = pg_catalog.clock_timestamp() WHERE {}",
            plain_text(&why),
            is_row(id)
        );
        self.as_login(&[keep]).await?;
        Ok(())
    }
}

impl Database {
    /// Lets failed ranges of a transform be taken again, and says how many they are. Whoever goes on with it does so as well.
    ///
    /// # Errors
    /// [`DatabaseError`] when the journal cannot be written.
    pub async fn free_failed_ranges(&mut self, backfill: &Backfill) -> Result<u64, DatabaseError> {
        let sql = format!(
            "UPDATE ONLY {} SET state = 'started', error = NULL, finished_at = pg_catalog.clock_timestamp() \
             WHERE {} AND state OPERATOR(pg_catalog.=) 'failed' RETURNING position",
            self.tables().journal.quoted(),
            backfill.is_range(),
        );
        let rows = self.simple("write the journal", sql).await?;
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

fn forget(database: &Database, id: &str) -> String {
    format!("DELETE FROM ONLY {} WHERE {} RETURNING id", database.tables().rejected.quoted(), is_row(id))
}

fn is_row(id: &str) -> String {
    format!("id OPERATOR(pg_catalog.=) {}::pg_catalog.uuid", plain_text(id))
}
