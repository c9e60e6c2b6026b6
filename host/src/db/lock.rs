//! One runner at a time.
//!
//! The lock is a session-level advisory lock on the migrating connection itself, so that it cannot be lost while that
//! connection still works. It is only ever tried, never waited for: a session that waits inside the server would deadlock
//! with CREATE INDEX CONCURRENTLY, which waits for every open transaction, the waiting one included.

use sha2::Digest as _;

use super::connect::Database;
use super::connect::text_field;
use super::error::DatabaseError;

impl Database {
    /// Tries to become the only runner on this version table. The server frees the lock when the session ends.
    ///
    /// Also learns in which schema names without one live, so that later statements can qualify them.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses.
    pub async fn try_lock(&mut self) -> Result<bool, DatabaseError> {
        let doing = "take the lock of runners";
        if self.schema.is_none() {
            // A table that exists may lie in any schema of the search path, one that does not will be made in the first.
            let sql = format!(
                "SELECT coalesce((SELECT relnamespace::regnamespace::name FROM pg_class WHERE oid = to_regclass({})), current_schema())",
                crate::value::quote_text(&self.tables.version.quoted())
            );
            let rows = self.simple(doing, sql).await?;
            let schema = rows.first().and_then(|row| text_field(row, 0));
            if let Some(schema) = &schema {
                self.tables.version = self.tables.version.or_schema(schema);
                self.tables.history = self.tables.history.or_schema(schema);
            }
            self.schema = schema;
        }
        let sql = format!("SELECT pg_try_advisory_lock({})", self.lock_key());
        let rows = self.simple(doing, sql).await?;
        Ok(rows.first().and_then(|row| text_field(row, 0)).as_deref() == Some("t"))
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// [`DatabaseError`] when the connection is gone; then the lock is gone as well.
    pub async fn unlock(&mut self) -> Result<(), DatabaseError> {
        let sql = format!("SELECT pg_advisory_unlock({})", self.lock_key());
        self.simple("release the lock of runners", sql).await?;
        Ok(())
    }

    /// Who holds the lock: process id, application and since when, as far as this user may see it.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses.
    pub async fn lock_holder(&mut self) -> Result<Option<String>, DatabaseError> {
        // The server shows a 64-bit key as two halves (PostgreSQL manual, pg_locks).
        let sql = format!(
            "SELECT l.pid, coalesce(nullif(a.application_name, ''), 'unknown application'), \
             to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"') \
             FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) \
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             AND (l.classid::bigint << 32) | l.objid::bigint = {} LIMIT 1",
            self.lock_key()
        );
        let rows = self.simple("look for the holder of the lock", sql).await?;
        Ok(rows.first().map(|row| {
            let field = |index| text_field(row, index).unwrap_or_else(|| "unknown".to_owned());
            format!("{}, process {}, connected since {}", field(1), field(0), field(2))
        }))
    }

    /// Advisory locks are per database, so the key only has to tell version tables apart.
    fn lock_key(&self) -> i64 {
        let digest = sha2::Sha256::digest(format!("host runner lock: {}", self.tables.version.quoted()));
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first)
    }
}
