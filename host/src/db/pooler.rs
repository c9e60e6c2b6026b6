//! Poolers between host and server.
//!
//! A pooler that gives each transaction any of its sessions (PgBouncer's `transaction` and `statement`) cannot be worked
//! through: the migration lock would stay in a session that is somebody else's a moment later, and so would settings. One
//! that keeps a session for its client until that leaves (PgBouncer's `session`) changes nothing.
//!
//! No pooler says which of the two it is, so it is tried: does this connection share a session with another one that is
//! open beside it, or change its session? Nothing is left behind by looking.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::connect::Database;
use super::driver;
use super::driver::text_field;
use super::error::DatabaseError;
use super::error::classify;

/// How often it is tried. On a pooler at rest the first time tells; on a busy one another client may have the session in
/// between.
const ROUNDS: usize = 5;

/// How long the second connection may take. A pooler that keeps sessions may have none to give while this one has its own.
const PATIENCE: Duration = Duration::from_secs(3);

impl Database {
    /// Refuses a connection through a pooler whose sessions belong to nobody.
    ///
    /// # Errors
    /// [`DatabaseError::TransactionPooling`], or what the server said.
    pub(super) async fn refuse_transaction_pooling(&mut self) -> Result<(), DatabaseError> {
        let shared = self.shares_its_session().await?;
        if shared { Err(DatabaseError::TransactionPooling { address: self.describe() }) } else { Ok(()) }
    }

    async fn shares_its_session(&mut self) -> Result<bool, DatabaseError> {
        let own = session(&mut self.connection).await?;
        let mut other = match tokio::time::timeout(PATIENCE, self.connector.open()).await {
            Ok(other) => Some(other?),
            Err(_) => None,
        };
        let mut shared = false;
        for _ in 0..ROUNDS {
            // Asked twice in a row, because a pooler may hand its sessions out in turn.
            shared |= session(&mut self.connection).await? != own;
            shared |= session(&mut self.connection).await? != own;
            if let Some(connection) = &mut other {
                match tokio::time::timeout(PATIENCE, session(connection)).await {
                    Ok(others) => shared |= others? == own,
                    // It waits for a session of its own, which only a pooler does that keeps them.
                    Err(_) => other = None,
                }
            }
            if shared {
                break;
            }
        }
        if let Some(connection) = other {
            let _ = driver::guarded(connection.close()).await;
        }
        Ok(shared)
    }
}

/// The number of the server's process behind a connection.
async fn session(connection: &mut PgConnection) -> Result<String, DatabaseError> {
    let rows = driver::rows(connection, "SELECT pg_catalog.pg_backend_pid()".to_owned()).await;
    let rows = rows.map_err(|error| classify("detect a pooler", error))?;
    Ok(rows.first().and_then(|row| text_field(row, 0)).unwrap_or_default())
}
