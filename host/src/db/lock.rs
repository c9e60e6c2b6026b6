//! One runner at a time.
//!
//! The lock is a session-level advisory lock on the migrating connection itself, so that it cannot be lost while that
//! connection still works. It is only ever tried, never waited for: a session that waits inside the server would deadlock
//! with CREATE INDEX CONCURRENTLY, which waits for every open transaction, the waiting one included.

use std::collections::BTreeSet;

use sha2::Digest as _;
use sqlx::postgres::PgRow;

use super::connect::Database;
use super::driver::text_field;
use super::error::DatabaseError;
use super::known::Known;
use super::sqlstate::LOCK_NOT_AVAILABLE;
use crate::revision::RevisionId;
use crate::value::quote_text;

impl Database {
    /// Tries to become the only runner on this version table. The server frees the lock when the session ends.
    ///
    /// [`Database::look_around`] comes before it: the key is that of the table's full name.
    ///
    /// # Errors
    /// [`DatabaseError`] when the server refuses.
    pub async fn try_lock(&mut self) -> Result<bool, DatabaseError> {
        let doing = "acquire the migration lock";
        let sql = format!("SELECT pg_catalog.pg_try_advisory_lock({})", self.lock_key());
        let rows = self.simple(doing, sql).await?;
        self.has_lock = is_taken(&rows);
        Ok(self.has_lock)
    }

    /// Judges the answer to a try to take the lock that this session should have already.
    ///
    /// # Errors
    /// [`DatabaseError::LockLost`] when another runner has it, or what the server said.
    pub(super) async fn refuse_without_lock(&mut self, rows: &[PgRow]) -> Result<(), DatabaseError> {
        if is_taken(rows) {
            return Ok(());
        }
        let holder = self.lock_holder().await?.unwrap_or_else(|| "which has just ended".to_owned());
        Err(DatabaseError::LockLost { holder })
    }

    /// Gives the lock back, and leaves the session as fresh as it was: behind a pooler somebody else may get it next.
    ///
    /// With `heads` it looks a last time whether the version table holds what the run left there: what a migration deferred
    /// until the COMMIT itself, nobody saw before. Without the lock, which a new connection does not have, another runner may
    /// have changed it rightly.
    ///
    /// # Errors
    /// [`DatabaseError::HeadsMoved`] when it does not; other errors when the connection is gone, and the lock with it.
    pub async fn unlock(&mut self, heads: Option<&BTreeSet<RevisionId>>) -> Result<(), DatabaseError> {
        self.drop_begun().await?;
        self.table_numbers = None;
        self.known = Known::default();
        // A pooler's session is somebody else's next: the driver's statements go with the others. What cannot be forgotten is
        // forgotten with the session.
        let _ = self.forget_statements().await;
        let heads = heads.filter(|_| std::mem::take(&mut self.has_lock));
        let look = heads.map(|_| format!("SELECT version_num FROM ONLY {};", self.tables.version.quoted()));
        // All of them: a migration may have taken some, too.
        let sql = format!(
            "{} {}; SELECT pg_catalog.pg_advisory_unlock_all()",
            look.unwrap_or_default(),
            Self::fresh_session_sql()
        );
        let doing = "release the migration lock";
        let results = self.results(doing, sql).await;
        match results.error {
            // The table is gone, or nobody may read it any more. The lock still has to go.
            Some(DatabaseError::Statement { error, .. }) if heads.is_some() => {
                self.simple(doing, "SELECT pg_catalog.pg_advisory_unlock_all()".to_owned()).await?;
                return Err(self.overtaken(format!("it cannot be read any more, {}", error.message)));
            }
            Some(error) => return Err(error),
            None => {}
        }
        match (heads, results.statements.first()) {
            (Some(heads), Some(rows)) => self.compare_heads(rows, heads),
            _ => Ok(()),
        }
    }

    /// Compares rows of the version table with what a run left there.
    pub(super) fn compare_heads(&self, rows: &[PgRow], heads: &BTreeSet<RevisionId>) -> Result<(), DatabaseError> {
        let found: BTreeSet<String> = rows.iter().filter_map(|row| text_field(row, 0)).collect();
        if found.iter().map(String::as_str).eq(heads.iter().map(RevisionId::as_str)) {
            return Ok(());
        }
        let list = |heads: Vec<&str>| if heads.is_empty() { "base".to_owned() } else { heads.join(", ") };
        let found = list(found.iter().map(String::as_str).collect());
        let left = list(heads.iter().map(RevisionId::as_str).collect());
        Err(self.overtaken(format!("it says {found}, where this run had left {left}")))
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
        let rows = self.simple_apart("find the holder of the lock", &sql).await?;
        Ok(rows.first().map(|row| {
            let field = |index| text_field(row, index).unwrap_or_else(|| "unknown".to_owned());
            format!("{}, process {}, connected since {}", field(1), field(0), field(2))
        }))
    }

    /// Says who holds the lock that the server gave up waiting for; every other error stays as it is.
    ///
    /// Not inside of a transaction that failed.
    pub(super) async fn with_table_lock_holder(&mut self, error: DatabaseError) -> DatabaseError {
        match error {
            DatabaseError::Statement { doing, error } if error.sqlstate == LOCK_NOT_AVAILABLE => {
                let holder = self.table_lock_holder().await.ok().flatten();
                DatabaseError::TablesLocked {
                    doing,
                    tables: [self.tables.version.to_string(), self.tables.log.to_string()],
                    holder: holder.unwrap_or_else(|| "a session that has just ended".to_owned()),
                    error,
                }
            }
            error => error,
        }
    }

    /// Who holds the strongest lock on the host's tables: process id, application, since when, and what it does.
    async fn table_lock_holder(&mut self) -> Result<Option<String>, DatabaseError> {
        let sql = format!(
            "SELECT l.pid, coalesce(nullif(a.application_name, ''), 'unknown application'), coalesce(a.usename, 'unknown user'), \
             to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"') \
             FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) \
             WHERE l.granted AND l.relation IN (to_regclass({}), to_regclass({})) AND l.pid <> pg_backend_pid() \
             ORDER BY array_position(ARRAY['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', \
             'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'], l.mode) DESC LIMIT 1",
            quote_text(&self.tables.version.quoted()),
            quote_text(&self.tables.log.quoted()),
        );
        let rows = self.simple_apart("find the holder of the lock", &sql).await?;
        Ok(rows.first().map(|row| {
            let field = |index| text_field(row, index).unwrap_or_else(|| "unknown".to_owned());
            format!("{}, process {}, user {}, in a transaction since {}", field(1), field(0), field(2), field(3))
        }))
    }

    /// Advisory locks are per database, so the key only has to tell version tables apart.
    pub(super) fn lock_key(&self) -> i64 {
        let digest = sha2::Sha256::digest(format!("host runner lock: {}", self.tables.version.quoted()));
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first)
    }
}

/// What `pg_try_advisory_lock` and its like answered.
fn is_taken(rows: &[PgRow]) -> bool {
    rows.first().and_then(|row| text_field(row, 0)).as_deref() == Some("t")
}
