//! Many rows through one prepared statement, in few round trips.
//!
//! The driver waits for each statement's answer, so the rows go as one text of the simple protocol: one EXECUTE for each. In
//! that text no statement of a migration stands: that is prepared before, by itself, through the extended protocol. Its values
//! are strings of ASCII that every session reads the same or refuses, whatever quoting and encoding it has.

use sqlx::Either;

use super::Prepared;
use super::Session;
use super::SessionError;
use super::failed;
use crate::bindings::types::Error;
use crate::bindings::types::Value;
use crate::db::driver;
use crate::value;

/// How long one text may grow before it is sent: large enough that a batch is one round trip, small enough that the
/// server's parse trees for it stay small.
const TEXT_BYTES_MAX: usize = 8 << 20;

impl Session {
    /// Runs a prepared statement once for each row of parameters, and gives the number of rows touched in all.
    ///
    /// # Errors
    /// [`SessionError`]. Every row is checked before the first one is sent.
    pub async fn execute_many(&mut self, prepared: &Prepared, rows: &[Vec<Value>]) -> Result<u64, SessionError> {
        let bad = |index: usize, reason: String| {
            SessionError::guest(Error::BadParams(format!("row {}: {reason}", index + 1)))
        };
        for (index, row) in rows.iter().enumerate() {
            check(prepared, row).map_err(|reason| bad(index, reason))?;
        }
        let Some(last) = rows.len().checked_sub(1) else { return Ok(0) };
        // A name is used once: after a failed batch the server still knows it.
        self.batches += 1;
        let name = format!("host_batch_{}", self.batches);
        self.read_as_the_guard(prepared.sql()).await?;
        self.send_alone(format!("PREPARE {name} AS {}", prepared.sql())).await?;
        let mut touched = 0;
        let mut text = String::new();
        for (index, row) in rows.iter().enumerate() {
            text.push_str("EXECUTE ");
            text.push_str(&name);
            write_parameters(&mut text, row).map_err(|reason| bad(index, reason))?;
            text.push(';');
            if index == last {
                text.push_str("DEALLOCATE ");
                text.push_str(&name);
            }
            if index == last || text.len() >= TEXT_BYTES_MAX {
                touched += self.send(std::mem::take(&mut text)).await?;
            }
        }
        Ok(touched)
    }

    /// Sends a text that the server takes for one statement or refuses: it goes through the extended protocol.
    async fn send_alone(&mut self, text: String) -> Result<(), SessionError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(text)).persistent(false);
        let sent = driver::guarded(query.execute(self.connection())).await;
        sent.map_err(|error| without_position(failed(error)))?;
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<u64, SessionError> {
        // Otherwise the session would refuse escapes.
        self.read_as_the_guard(&text).await?;
        self.reads_as_the_guard = false;
        let mut touched = 0;
        let mut stream = sqlx::raw_sql(sqlx::AssertSqlSafe(text)).fetch_many(self.connection());
        while let Some(item) = driver::next(&mut stream).await.map_err(|error| without_position(failed(error)))? {
            if let Either::Left(done) = item {
                touched += done.rows_affected();
            }
        }
        Ok(touched)
    }
}

/// The same rules as for a single execution, although here the server reads text.
fn check(prepared: &Prepared, row: &[Value]) -> Result<(), String> {
    let wanted = prepared.parameters();
    if wanted.len() != row.len() {
        return Err(format!("the statement takes {} parameter(s), got {}", wanted.len(), row.len()));
    }
    for (index, (param, shape)) in row.iter().zip(wanted).enumerate() {
        value::encode(param, shape).map_err(|error| format!("parameter {}: {error}", index + 1))?;
    }
    Ok(())
}

/// The parameters of one EXECUTE, in parentheses.
fn write_parameters(text: &mut String, row: &[Value]) -> Result<(), String> {
    for (index, param) in row.iter().enumerate() {
        text.push(if index == 0 { '(' } else { ',' });
        value::write_plainly(text, param).map_err(|error| format!("parameter {}: {error}", index + 1))?;
    }
    if !row.is_empty() {
        text.push(')');
    }
    Ok(())
}

/// The place counts from the start of the batch, which is not what the guest wrote.
fn without_position(error: SessionError) -> SessionError {
    match error {
        SessionError::Guest(mut error) => {
            if let Error::Sql(error) = error.as_mut() {
                error.position = None;
            }
            SessionError::Guest(error)
        }
        other => other,
    }
}
