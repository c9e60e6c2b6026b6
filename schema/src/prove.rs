//! Proving a plan before anybody relies on it: its statements are run on a copy of the source, and what comes of it is read again.

use sqlx::postgres::PgConnection;

use crate::Catalog;
use crate::DiffError;
use crate::DiffOptions;
use crate::diff;
use crate::plan::Action;
use crate::plan::Boundary;
use crate::plan::Plan;

/// A statement of a plan that the server refused.
#[derive(Debug, thiserror::Error)]
#[error("the statement for {object} failed: {source}")]
pub struct ApplyError {
    /// What it was for.
    pub object: String,
    /// The statement.
    pub sql: String,
    /// What the server said.
    #[source]
    pub source: sqlx::Error,
}

/// Runs the statements of a plan: those that may, in one transaction, and each of the others by itself.
///
/// # Errors
/// [`ApplyError`] for the first that fails; its transaction is rolled back, those before it stay.
pub async fn apply(connection: &mut PgConnection, plan: &Plan) -> Result<(), ApplyError> {
    let mut is_open = false;
    if plan.needs_unchecked_bodies {
        run(connection, "the session", "SET check_function_bodies = off").await?;
    }
    for action in &plan.actions {
        if is_open && action.boundary != Boundary::InTransaction {
            run(connection, "the transaction", "COMMIT").await?;
            is_open = false;
        }
        if !is_open && action.boundary != Boundary::Alone {
            run(connection, "the transaction", "BEGIN").await?;
            is_open = true;
        }
        if let Err(error) = run(connection, &action.object, &action.sql).await {
            // The error that counts is the first one.
            let _ = run(connection, "the transaction", "ROLLBACK").await;
            return Err(error);
        }
    }
    if is_open {
        run(connection, "the transaction", "COMMIT").await?;
    }
    if plan.needs_unchecked_bodies {
        run(connection, "the session", "RESET check_function_bodies").await?;
    }
    Ok(())
}

/// What is different between two schemas, a line for each; nothing where they are equal.
///
/// # Errors
/// [`DiffError`], where the difference cannot even be told.
pub fn differences(is: &Catalog, wanted: &Catalog) -> Result<Vec<String>, DiffError> {
    if is == wanted {
        return Ok(Vec::new());
    }
    let plan = diff(is, wanted, &DiffOptions::default())?;
    if plan.changes.is_empty() {
        return Ok(plan.actions.iter().map(|action: &Action| format!("~ {}", action.object)).collect());
    }
    Ok(plan.changes.iter().map(ToString::to_string).collect())
}

async fn run(connection: &mut PgConnection, object: &str, sql: &str) -> Result<(), ApplyError> {
    let query = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
    query.execute(connection).await.map(drop).map_err(|source| ApplyError {
        object: object.to_owned(),
        sql: sql.to_owned(),
        source,
    })
}
