//! Which rows a transform or the server does not take, where the operator wants these passed over and written down.
//!
//! A transform fails as a whole, and so does a statement. So a batch that fails is halved until what fails is a row alone; what was
//! written of the rest stays.

use std::sync::Arc;

use super::Applied;
use super::Applier;
use super::Batch;
use super::Interrupt;
use super::Stop;
use super::made::label;
use super::made::made_of;
use super::made::misuse;
use super::made::words;
use super::made::words_of_error;
use super::search::part_of;
use crate::bindings::CallError;
use crate::bindings::transforms::TransformPlan;
use crate::bindings::types::Error;
use crate::bindings::types::SqlError;
use crate::bindings::types::Tuples;
use crate::db::Key;
use crate::db::RejectedPlan;
use crate::db::RejectedRow;
use crate::db::Session;
use crate::db::SessionError;
use crate::db::Transform;
use crate::value;

/// The savepoint in front of rows that the server may refuse.
const SAVEPOINT: &str = "host_rows";

/// The SQLSTATE classes of errors that are about a value or a row: data exceptions and violated constraints (PostgreSQL manual,
/// "PostgreSQL Error Codes").
const CLASSES_OF_ROWS: [&str; 2] = ["22", "23"];

/// The most bytes of rows that are passed over in one transaction: they lie in the memory of the host until its end.
const BYTES_MAX: usize = 64 << 20;

/// What it takes to write a batch of a transform and pass over some of its rows.
pub(super) struct Sift<'a> {
    pub(super) transform: &'a Transform,
    pub(super) pipeline: &'a Arc<str>,
    pub(super) applier: &'a Applier,
    pub(super) plan: &'a TransformPlan,
    /// The number of the statement in its migration.
    pub(super) statement: u32,
    pub(super) interrupt: &'a Interrupt,
    /// The most rows that are passed over.
    pub(super) rows_max: u64,
    /// How many rows of this statement were passed over before, in this transaction, and how many bytes they have.
    pub(super) before: (u64, usize),
}

/// Why rows could not be written.
pub(super) enum SiftError {
    /// The guest, or the end of the run.
    Call(CallError),
    /// The server.
    Session(SessionError),
}

impl From<CallError> for SiftError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<SessionError> for SiftError {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl Sift<'_> {
    /// Writes what became of rows, but for those that are rejected: these are put to `rejected`.
    /// `applied` is what the transform made of all of them. Gives the number of rows written.
    pub(super) async fn write(
        &self,
        session: &mut Session,
        range: (Option<&Key>, &Key),
        rows: &Tuples,
        applied: Applied,
        rejected: &mut Vec<RejectedRow>,
    ) -> Result<u64, SiftError> {
        let ends = value::row_ends(&rows.data);
        let mut first = Some(applied);
        let (mut todo, mut written) = (vec![(0, ends.len())], 0);
        while let Some((from, to)) = todo.pop() {
            if self.interrupt.is_requested() {
                return Err(CallError::stop(Stop::Interrupted).into());
            }
            let some = Arc::new(part_of(rows, &ends, from, to));
            let applied = match first.take() {
                Some(applied) => applied,
                None => {
                    let batch = Batch { pipeline: Arc::clone(self.pipeline), rows: Arc::clone(&some) };
                    self.applier.begin(batch).finished().await
                }
            };
            let why = match applied {
                Applied::Rejected(failure) => words(failure),
                applied => {
                    let made = made_of(self.transform, self.pipeline, self.applier, &some, applied).await?;
                    match self.write_or_undo(session, range, &made).await? {
                        Ok(rows) => {
                            written += rows;
                            continue;
                        }
                        Err(why) => why,
                    }
                }
            };
            if to - from > 1 {
                let middle = from + (to - from) / 2;
                todo.extend([(middle, to), (from, middle)]);
                continue;
            }
            let row = self.rejected(session, &some, why).await?;
            self.check_cap(rejected, &row)?;
            rejected.push(row);
        }
        Ok(written)
    }

    /// Writes rows; where the server does not take one of them, nothing is written, and it is said why.
    async fn write_or_undo(
        &self,
        session: &mut Session,
        range: (Option<&Key>, &Key),
        made: &Tuples,
    ) -> Result<Result<u64, String>, SessionError> {
        session.savepoint(SAVEPOINT).await?;
        let written = session.write_part(self.transform, range, made).await;
        let refusal = match &written {
            Err(SessionError::Guest(error)) => refusal_of_row(error),
            _ => None,
        };
        match (written, refusal) {
            (_, Some(why)) => {
                session.rollback_to(SAVEPOINT).await?;
                session.release(SAVEPOINT).await?;
                Ok(Err(why))
            }
            (written, None) => {
                let written = written?;
                session.release(SAVEPOINT).await?;
                Ok(Ok(written))
            }
        }
    }

    /// What is written down of the only one of these rows.
    async fn rejected(&self, session: &mut Session, row: &Tuples, why: String) -> Result<RejectedRow, SessionError> {
        let key = self.transform.key_of(row)?;
        let json = session.row_as_json(self.transform, &key).await?;
        Ok(RejectedRow {
            statement: self.statement,
            transform: label(self.pipeline).to_owned(),
            target: self.transform.target_label().to_owned(),
            key: self.transform.named(&key),
            message: why,
            row: json,
            plan: RejectedPlan::new(self.pipeline, self.plan),
        })
    }

    /// Refuses to pass over more than the operator lets pass.
    fn check_cap(&self, rejected: &[RejectedRow], row: &RejectedRow) -> Result<(), CallError> {
        let (rows_before, bytes_before) = self.before;
        let rows = u64::try_from(rejected.len()).unwrap_or(u64::MAX);
        if rows_before.saturating_add(rows) >= self.rows_max {
            return Err(misuse(&beyond_cap(label(self.pipeline), self.rows_max, row)));
        }
        let bytes = rejected.iter().chain([row]).map(|row| row.row.len()).sum::<usize>().saturating_add(bytes_before);
        if bytes > BYTES_MAX {
            let shown = label(self.pipeline);
            return Err(misuse(&format!(
                "the rows that '{shown}' rejects in one transaction have more than {BYTES_MAX} bytes"
            )));
        }
        Ok(())
    }
}

/// Says that one row too many was rejected.
pub(super) fn beyond_cap(shown: &str, rows_max: u64, row: &RejectedRow) -> String {
    format!(
        "more than {rows_max} rows are rejected by '{shown}', which is rejected-rows of host.toml; one more is that with {}: {}",
        row.shown_key(),
        row.message
    )
}

/// Why the server does not take a row, if that is what an error says.
fn refusal_of_row(error: &Error) -> Option<String> {
    let Error::Sql(sql) = error else { return None };
    is_about_a_row(sql).then(|| words_of_error(error.clone()))
}

fn is_about_a_row(error: &SqlError) -> bool {
    error.sqlstate.get(..2).is_some_and(|class| CLASSES_OF_ROWS.contains(&class))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(sqlstate: &str, detail: Option<&str>) -> Error {
        Error::Sql(SqlError {
            sqlstate: sqlstate.to_owned(),
            severity: "ERROR".to_owned(),
            message: "no".to_owned(),
            detail: detail.map(str::to_owned),
            hint: None,
            position: None,
            context: None,
            schema: None,
            table: None,
            column: None,
            datatype: None,
            constraint: None,
        })
    }

    #[test]
    fn only_errors_about_a_row_reject_one() {
        assert_eq!(refusal_of_row(&error("23514", Some("row"))).as_deref(), Some("no (23514): row"));
        assert_eq!(refusal_of_row(&error("22P02", None)).as_deref(), Some("no (22P02)"));
        for sqlstate in ["40001", "40P01", "55P03", "57014", "42501", "P0001", ""] {
            assert_eq!(refusal_of_row(&error(sqlstate, None)), None, "{sqlstate}");
        }
        assert_eq!(refusal_of_row(&Error::Misuse("no".to_owned())), None);
    }
}
