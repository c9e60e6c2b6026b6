//! Rows in the tables of a shadow, and whether they survive.
//!
//! A migration that keeps a table must keep its rows. So tables get rows before it is tried: those of `seeds/`, and one that is
//! made up in each table that is still empty, as far as its columns and constraints allow.

use std::collections::BTreeMap;

use host_schema::load::LoadError;
use host_schema::seed;
use host_schema::seed::Counts;

use super::error::SchemaError;
use super::shadows::Shadows;
use super::shadows::close;

/// Puts a row into each empty table where that is possible. Gives how many rows each table has then.
///
/// # Errors
/// [`SchemaError::Load`] where the connection is lost.
pub(super) async fn fill(
    shadows: &Shadows,
    database: &str,
    own_tables: &[(String, String)],
) -> Result<Counts, SchemaError> {
    let mut connection = shadows.connector(database).open_apart().await?;
    let filled = seed::fill(&mut connection, own_tables).await;
    close(connection).await;
    filled.map_err(lost)
}

/// How many rows each table has.
///
/// # Errors
/// As [`fill`].
pub(super) async fn counts(
    shadows: &Shadows,
    database: &str,
    own_tables: &[(String, String)],
) -> Result<Counts, SchemaError> {
    let mut connection = shadows.connector(database).open_apart().await?;
    let counts = seed::counts(&mut connection, own_tables).await;
    close(connection).await;
    counts.map_err(lost)
}

/// Runs statements that bring rows, each with the line in which it begins.
///
/// # Errors
/// [`SchemaError::Load`] with file and line.
pub(super) async fn run(shadows: &Shadows, database: &str, text: &host_schema::load::Text) -> Result<(), SchemaError> {
    let mut connection = shadows.connector(database).open_apart().await?;
    let run = host_schema::load::load(&mut connection, std::slice::from_ref(text)).await;
    close(connection).await;
    Ok(run?)
}

fn lost(source: host_schema::seed::SeedError) -> SchemaError {
    SchemaError::Load(LoadError::Connection { source: source.0 })
}

/// Tables that both have, and of which the second has fewer rows.
pub(super) fn lost_rows(before: &Counts, after: &Counts) -> Vec<String> {
    let fewer = |(table, before): (&String, &u64)| {
        let after = after.get(table)?;
        (after < before).then(|| format!("table {table}: {before} rows before, {after} after"))
    };
    BTreeMap::iter(before).filter_map(fewer).collect()
}

/// Removes all rows of tables, given as `schema.name`. Whether it could be done.
///
/// # Errors
/// As [`fill`].
pub(super) async fn empty(shadows: &Shadows, database: &str, tables: &[String]) -> Result<bool, SchemaError> {
    let mut connection = shadows.connector(database).open_apart().await?;
    let emptied = seed::empty(&mut connection, tables).await;
    close(connection).await;
    emptied.map_err(lost)
}
