//! What of the database, its user and the host's tables would refuse a run before its first step, all of it at once.
//!
//! A run asks the same questions one after the other, on its way ([`Database::look_around`], [`Database::check_ids_fit`],
//! [`Database::ensure_tables`], [`Database::preflight`]), and stops at the first refusal. Here nothing is written.

use super::connect::Database;
use super::error::DatabaseError;
use crate::revision::RevisionId;

impl Database {
    /// Everything that would refuse a run which writes these revisions into the version table. A few round trips; nothing is
    /// written or locked.
    ///
    /// # Errors
    /// [`DatabaseError`] that is no refusal: the connection is lost, or a table is locked.
    pub async fn problems(&mut self, revisions: &[RevisionId]) -> Result<Vec<DatabaseError>, DatabaseError> {
        let mut problems = Vec::new();
        keep(self.look_around().await, &mut problems)?;
        let Some(existing) = keep(self.find_tables().await, &mut problems)? else { return Ok(problems) };
        if !existing.all() {
            keep(self.may_make_tables().await, &mut problems)?;
        }
        if existing.version {
            let unfit = keep(self.ids_that_do_not_fit(revisions).await, &mut problems)?;
            problems.extend(unfit.unwrap_or_default());
        }
        if existing.log {
            // Names every column.
            keep(self.read_log(Some(0)).await, &mut problems)?;
        } else {
            keep(self.refuse_earlier_log().await, &mut problems)?;
        }
        if existing.all() {
            problems.extend(self.inspect_tables().await?.problems);
        }
        Ok(problems)
    }
}

/// Puts a refusal to the others; every other error stays one.
fn keep<T>(result: Result<T, DatabaseError>, problems: &mut Vec<DatabaseError>) -> Result<Option<T>, DatabaseError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_refusal() => {
            problems.push(error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
