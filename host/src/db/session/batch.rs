//! Many rows through one prepared statement, in one round trip.
//!
//! The driver waits for each statement's answer, so a batch goes as one text of the simple protocol instead: PREPARE, one
//! EXECUTE with exact literals for each row, DEALLOCATE. The server parses each literal as the parameter's type.
//!
//! Here a guest's statement stands among others, so the server must cut the text where the guard did. It would not if the guest
//! had changed how its session reads strings; so that is set right before, in a text of its own, when it could matter.

use futures_util::TryStreamExt as _;
use sqlx::Either;

use super::Prepared;
use super::Session;
use super::SessionError;
use super::failed;
use crate::contract::types::Error;
use crate::contract::types::Value;
use crate::sql;
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
        let mut calls = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            calls.push(
                parameter_list(prepared, row)
                    .map_err(|reason| SessionError::guest(Error::BadParams(format!("row {}: {reason}", index + 1))))?,
            );
        }
        if !sql::reads_alike(prepared.sql()) {
            self.send(sql::READ_AS_THE_SCANNER.to_owned()).await?;
        }
        let mut touched = 0;
        let mut calls = calls.into_iter().peekable();
        while calls.peek().is_some() {
            // A name is used once: after a failed batch the server still knows it.
            self.batches += 1;
            let name = format!("host_batch_{}", self.batches);
            // A statement may end in a line comment, which must not swallow what follows.
            let mut text = format!("PREPARE {name} AS {}\n;", prepared.sql());
            while text.len() < TEXT_BYTES_MAX
                && let Some(parameters) = calls.next()
            {
                text.push_str("EXECUTE ");
                text.push_str(&name);
                text.push_str(&parameters);
                text.push(';');
            }
            text.push_str("DEALLOCATE ");
            text.push_str(&name);
            touched += self.send(text).await?;
        }
        Ok(touched)
    }

    async fn send(&mut self, text: String) -> Result<u64, SessionError> {
        let mut touched = 0;
        let mut stream = sqlx::raw_sql(sqlx::AssertSqlSafe(text)).fetch_many(self.connection());
        while let Some(item) = stream.try_next().await.map_err(|error| without_position(failed(error)))? {
            if let Either::Left(done) = item {
                touched += done.rows_affected();
            }
        }
        Ok(touched)
    }
}

/// The parameters of one EXECUTE, in parentheses.
fn parameter_list(prepared: &Prepared, row: &[Value]) -> Result<String, String> {
    let wanted = prepared.parameters();
    if wanted.len() != row.len() {
        return Err(format!("the statement takes {} parameter(s), got {}", wanted.len(), row.len()));
    }
    let mut list = String::new();
    for (index, (param, shape)) in row.iter().zip(wanted).enumerate() {
        // The same rules as for a single execution, although here the server reads text.
        value::encode(param, shape).map_err(|error| format!("parameter {}: {error}", index + 1))?;
        let text = value::text(param).map_err(|error| format!("parameter {}: {error}", index + 1))?;
        list.push(if index == 0 { '(' } else { ',' });
        match text {
            Some(text) => list.push_str(&value::quote_text(&text)),
            None => list.push_str("NULL"),
        }
    }
    if !row.is_empty() {
        list.push(')');
    }
    Ok(list)
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
