//! What became of a step whose connection was lost: the host asks over a new one, instead of leaving it to the operator.
//!
//! The server answers exactly for a transaction id (`pg_xact_status`). After a crash it may have given the same number to
//! somebody else's transaction, so the row in the log table must be there as well: it is part of the transaction.

use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use super::error::RunError;
use super::event::Observer;
use super::runner::Runner;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::log::Record;
use crate::db::reconnect::TransactionStatus;
use crate::db::transaction::Begun;
use crate::host_functions::Interrupt;
use crate::plan::Plan;
use crate::revision::RevisionId;

/// How long the host tries to find out: a server that crashed is back by then.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a transaction that is not decided yet is looked at.
const POLL: Duration = Duration::from_millis(100);

/// How long the lost session may take to end, once the server was asked to end it.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// What became of a COMMIT that was never answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CommitStatus {
    /// It went through.
    Committed,
    /// It did not.
    RolledBack,
    /// It cannot be found out now.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// Finds out. Unless that fails, the database is a new connection afterwards, without the migration lock.
pub(super) async fn settle(
    database: &mut Database,
    begun: &Begun,
    record: &Record,
    interrupt: &Interrupt,
) -> CommitStatus {
    tokio::select! {
        biased;
        outcome = find_out(database, begun, record) => outcome,
        () = interrupt.requested() => CommitStatus::Unknown { why: "interrupted".to_owned() },
    }
}

async fn find_out(database: &mut Database, begun: &Begun, record: &Record) -> CommitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut fresh = match database.reconnect(deadline.saturating_duration_since(Instant::now())).await {
            Ok(fresh) => fresh,
            Err(error) => return CommitStatus::Unknown { why: error.to_string() },
        };
        match ask(&mut fresh, database, begun, record, deadline).await {
            Ok(outcome) => {
                *database = fresh;
                return outcome;
            }
            // The server may stop and start more than once.
            Err(DatabaseError::Lost { .. }) if Instant::now() < deadline => tokio::time::sleep(POLL).await,
            Err(error) => return CommitStatus::Unknown { why: error.to_string() },
        }
    }
}

async fn ask(
    fresh: &mut Database,
    lost: &Database,
    begun: &Begun,
    record: &Record,
    deadline: Instant,
) -> Result<CommitStatus, DatabaseError> {
    while fresh.transaction_status(begun.transaction()).await? == TransactionStatus::InProgress {
        if Instant::now() >= deadline {
            let why = format!("the server is still working on it after {} s", PATIENCE.as_secs());
            return Ok(CommitStatus::Unknown { why });
        }
        // A session that works may be at the COMMIT; one that waits never got it.
        if !fresh.session_works(lost).await? {
            fresh.end_session_of(lost, END_PATIENCE).await?;
        }
        tokio::time::sleep(POLL).await;
    }
    // It holds the migration lock until it ends.
    fresh.end_session_of(lost, END_PATIENCE).await?;
    let recorded = fresh.is_recorded(record, begun.now_micros).await?;
    Ok(if recorded { CommitStatus::Committed } else { CommitStatus::RolledBack })
}

/// After a connection was lost before COMMIT: nothing is in doubt, but the session of the server may live on for a while and
/// hold its locks. True if that one is gone and the database is a new connection. Tries once, because there is no need.
pub(super) async fn replace(database: &mut Database) -> bool {
    let replaced = async {
        let mut fresh = database.reconnect(Duration::ZERO).await?;
        let ended = fresh.end_session_of(database, END_PATIENCE).await?;
        Ok::<_, DatabaseError>((fresh, ended))
    };
    match tokio::time::timeout(END_PATIENCE, replaced).await {
        Ok(Ok((fresh, true))) => {
            *database = fresh;
            true
        }
        _ => false,
    }
}

impl Runner<'_> {
    /// Goes on over a new connection: takes the lock again, and looks whether anything has changed until then. True when
    /// another runner has done the rest of the plan.
    pub(super) async fn take_up(
        &mut self,
        plan: &Plan,
        heads: &BTreeSet<RevisionId>,
        observer: &mut dyn Observer,
    ) -> Result<bool, RunError> {
        self.lock(observer).await?;
        let found: BTreeSet<RevisionId> = self.database()?.read_applied(0).await?.heads.into_iter().collect();
        match found {
            found if found == *heads => Ok(false),
            found if found == plan.heads_after => Ok(true),
            found => {
                let heads: Vec<_> = found.iter().map(ToString::to_string).collect();
                let heads = if heads.is_empty() { "base".to_owned() } else { heads.join(", ") };
                Err(DatabaseError::Overtaken { heads }.into())
            }
        }
    }
}
