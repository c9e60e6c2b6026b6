//! A row that was passed over, tried again.

use std::sync::Arc;
use std::time::Duration;

use super::Applied;
use super::Applier;
use super::Batch;
use super::Stop;
use super::made::made_of;
use super::made::words;
use super::made::words_of_error;
use crate::bindings::CallError;
use crate::bindings::types::Error;
use crate::bindings::types::Tuples;
use crate::db::DatabaseError;
use crate::db::Key;
use crate::db::RecordedRow;
use crate::db::Session;
use crate::db::SessionError;
use crate::db::Transform;
use crate::db::sqlstate;
use crate::db::violation::MayChange;

/// How often a row is tried again that lost to somebody else's transaction.
const TRIES_MAX: u32 = 20;

/// How long to wait before that; longer each time.
const PAUSE: Duration = Duration::from_millis(20);

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retried {
    /// It is written, and no rejected row any more.
    Written,
    /// The source does not have it any more, so it is no rejected row either.
    Gone,
    /// It is rejected again, for this reason.
    Rejected(String),
}

/// Why it could not be tried.
#[derive(Debug)]
pub enum RetryStop {
    /// The database, or the way to it.
    Database(DatabaseError),
    /// The host ended the transform.
    Stopped(Stop),
    /// The migration has no transform any more.
    Missing,
}

/// Tries a row again, in a transaction of its own with what is written down of it.
///
/// # Errors
/// [`RetryStop`]; nothing is changed then.
pub async fn retry_row(
    session: &mut Session,
    transform: &Transform,
    applier: &Applier,
    recorded: &RecordedRow,
    may_change: MayChange,
) -> Result<Retried, RetryStop> {
    let mut tries = 0;
    loop {
        let tried = try_row(session, transform, applier, recorded, may_change).await;
        let tried = match tried {
            Ok(tried) => tried,
            Err(TryError::Stop(stop)) => return Err(stop),
            Err(TryError::Refused { why, is_conflict }) => {
                session.rollback_batch().await.map_err(lost)?;
                tries += 1;
                if is_conflict && tries < TRIES_MAX {
                    tokio::time::sleep(PAUSE * tries).await;
                    continue;
                }
                Retried::Rejected(why)
            }
        };
        match &tried {
            Retried::Written => {}
            Retried::Gone => session.forget_rejected(&recorded.id).await.map_err(lost)?,
            Retried::Rejected(why) => session.keep_rejected(&recorded.id, why).await.map_err(lost)?,
        }
        return Ok(tried);
    }
}

enum TryError {
    Stop(RetryStop),
    Refused { why: String, is_conflict: bool },
}

impl From<SessionError> for TryError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Guest(error) => {
                let is_conflict = matches!(error.as_ref(), Error::Sql(error) if sqlstate::is_conflict(&error.sqlstate));
                Self::Refused { why: words_of_error(*error), is_conflict }
            }
            error => Self::Stop(lost(error)),
        }
    }
}

async fn try_row(
    session: &mut Session,
    transform: &Transform,
    applier: &Applier,
    recorded: &RecordedRow,
    may_change: MayChange,
) -> Result<Retried, TryError> {
    let key = Key::of_texts(recorded.row.key.iter().map(|(_, value)| value.clone()).collect());
    let (pipeline, bytes_max) = (recorded.row.plan.pipeline(), recorded.row.plan.bytes_max());
    let batch = session.begin_batch().await?;
    let mut part = session.read_part(transform, Some(&key), &key, 1, bytes_max).await?;
    if part.rows.rows == 0 {
        session.rollback_batch().await?;
        return Ok(Retried::Gone);
    }
    let pipeline: Arc<str> = pipeline.into();
    let rows = Arc::new(std::mem::replace(&mut part.rows, Tuples { rows: 0, data: Vec::new() }));
    let given = Batch { pipeline: Arc::clone(&pipeline), rows: Arc::clone(&rows) };
    let refused = |why| TryError::Refused { why, is_conflict: false };
    let made = match applier.begin(given).finished().await {
        Applied::Rejected(failure) => return Err(refused(words(failure))),
        Applied::Stopped(stop) => return Err(TryError::Stop(RetryStop::Stopped(stop))),
        Applied::Missing => return Err(TryError::Stop(RetryStop::Missing)),
        applied @ Applied::Rows(_) => match made_of(transform, &pipeline, applier, &rows, applied).await {
            Ok(made) => made,
            Err(CallError::Guest(error)) => return Err(refused(words_of_error(*error))),
            Err(CallError::Stop(error)) => return Err(refused(error.to_string())),
        },
    };
    session.write_part(transform, (Some(&key), &key), &made).await?;
    let is_there = session.commit_retried(batch, &recorded.id, may_change).await?;
    Ok(if is_there { Retried::Written } else { Retried::Gone })
}

fn lost(error: SessionError) -> RetryStop {
    match error {
        SessionError::Fatal(error) => RetryStop::Database(error),
        SessionError::Guest(error) => RetryStop::Database(DatabaseError::Lost {
            doing: "write the table of rejected rows".to_owned(),
            reason: words_of_error(*error),
        }),
        SessionError::TooLarge(..) => RetryStop::Database(DatabaseError::Lost {
            doing: "try a row again".to_owned(),
            reason: "its result is too large".to_owned(),
        }),
    }
}
