//! What the host is compared with: the same statements and the same bookkeeping, as anybody would write it with sqlx.

use std::str::FromStr as _;
use std::time::Duration;
use std::time::Instant;

use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;

use crate::Result;
use crate::project::Statements;
use crate::project::revision;

/// Applies the migrations of a project in a loop, on tables that are there and empty. Counts from before the connection
/// is opened until it is closed.
pub(crate) async fn run(url: &str, count: usize, statements: Statements) -> Result<Duration> {
    let statements: Vec<String> = (0..count).map(|number| statements(number).0).collect();
    let digest = "0".repeat(64);
    let started = Instant::now();
    let options = PgConnectOptions::from_str(url)?;
    let mut connection = PgConnection::connect_with(&sqlx::ConnectOptions::disable_statement_logging(options)).await?;
    for (number, statement) in statements.into_iter().enumerate() {
        let step_started = Instant::now();
        sqlx::query("BEGIN").execute(&mut connection).await?;
        // Not kept prepared, which would cost another round trip for each one once the driver's cache is full.
        sqlx::query(AssertSqlSafe(statement)).persistent(false).execute(&mut connection).await?;
        let id = revision(number);
        let moved = match number.checked_sub(1) {
            None => sqlx::query("INSERT INTO host_version (version_num) VALUES ($1)").bind(&id),
            Some(parent) => sqlx::query("UPDATE host_version SET version_num = $1 WHERE version_num = $2")
                .bind(&id)
                .bind(revision(parent)),
        };
        let moved = moved.execute(&mut connection).await?;
        if moved.rows_affected() != 1 {
            return Err("the version table is not at the parent".into());
        }
        sqlx::query(
            "INSERT INTO host_log (id, revision, direction, outcome, source_digest, component_digest, started_at, \
             finished_at, statements, rows, database_user, host_version) VALUES ($8, $1, 'upgrade', 'done', $2, $3, \
             clock_timestamp() - make_interval(secs => $4), clock_timestamp(), $5, $6, current_user, $7)",
        )
        .bind(&id)
        .bind(&digest)
        .bind(&digest)
        .bind(step_started.elapsed().as_secs_f64())
        .bind(1_i64)
        .bind(0_i64)
        .bind(env!("CARGO_PKG_VERSION"))
        .bind(i64::try_from(number)? + 1)
        .execute(&mut connection)
        .await?;
        sqlx::query("COMMIT").execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(started.elapsed())
}

/// The same in three round trips for each migration, which is as few as there can be where the statement goes alone: BEGIN;
/// the statement; version row, log row and COMMIT in one text. It looks at nothing.
pub(crate) async fn run_in_three(url: &str, count: usize, statements: Statements) -> Result<Duration> {
    let statements: Vec<String> = (0..count).map(|number| statements(number).0).collect();
    let digest = "0".repeat(64);
    let started = Instant::now();
    let options = PgConnectOptions::from_str(url)?;
    let mut connection = PgConnection::connect_with(&sqlx::ConnectOptions::disable_statement_logging(options)).await?;
    for (number, statement) in statements.into_iter().enumerate() {
        let step_started = Instant::now();
        sqlx::raw_sql("BEGIN").execute(&mut connection).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        let id = revision(number);
        let moved = match number.checked_sub(1) {
            None => format!("INSERT INTO host_version (version_num) VALUES ('{id}')"),
            Some(parent) => {
                format!("UPDATE host_version SET version_num = '{id}' WHERE version_num = '{}'", revision(parent))
            }
        };
        let end = format!(
            "{moved}; INSERT INTO host_log (id, revision, direction, outcome, source_digest, component_digest, started_at, \
             finished_at, statements, rows, database_user, host_version) VALUES ({}, '{id}', 'upgrade', 'done', '{digest}', \
             '{digest}', clock_timestamp() - interval '{} microseconds', clock_timestamp(), 1, 0, current_user, '{}'); COMMIT",
            number + 1,
            step_started.elapsed().as_micros(),
            env!("CARGO_PKG_VERSION"),
        );
        sqlx::raw_sql(AssertSqlSafe(end)).execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(started.elapsed())
}
