//! A transaction of which nothing stays: for what looks at a database by running statements, and changes nothing.

use super::connect::Database;
use super::driver::text_field;
use super::error::DatabaseError;
use super::opening::Timeouts;
use super::transaction::micros;
use super::transaction::no_answer;
use crate::value::quote_identifier;
use crate::value::quote_text;

/// What the host does when it begins one.
const DOING: &str = "begin the transaction";

/// The facts of such a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passing {
    /// When it began, by the database's clock: microseconds since 1970-01-01 UTC.
    pub now_micros: i64,
    /// The schemas in which names are looked up.
    pub search_path: Vec<String>,
}

impl Database {
    /// The time by the database's clock, in microseconds since 1970-01-01 UTC, and the schemas in which names are looked up.
    ///
    /// # Errors
    /// What the server said.
    pub async fn facts(&mut self) -> Result<(i64, Vec<String>), DatabaseError> {
        let sql = format!(
            "SELECT {}, pg_catalog.array_to_json(pg_catalog.current_schemas(false))",
            micros("pg_catalog.clock_timestamp()")
        );
        let rows = self.simple("ask the server for the time", sql).await?;
        let row = rows.last().ok_or_else(|| no_answer(DOING))?;
        let now_micros = text_field(row, 0).and_then(|text| text.parse().ok()).unwrap_or_default();
        let search_path = text_field(row, 1).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok((now_micros, search_path))
    }

    /// Begins a transaction that is going to be rolled back, whatever is done in it. `application` is the name that the server shows, `role` the
    /// one under which statements run. Needs no lock and no table of the host's.
    ///
    /// # Errors
    /// What the server said; no transaction is open then.
    pub async fn begin_passing(
        &mut self,
        application: &str,
        timeouts: Timeouts,
        role: Option<&str>,
    ) -> Result<Passing, DatabaseError> {
        let mut statements = vec![
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE".to_owned(),
            "SET LOCAL standard_conforming_strings = on".to_owned(),
            format!("SET LOCAL application_name = {}", quote_text(application)),
            format!("SET LOCAL lock_timeout = {}", timeouts.lock_milliseconds),
            format!("SET LOCAL statement_timeout = {}", timeouts.statement_milliseconds),
        ];
        statements.extend(role.map(|role| format!("SET LOCAL ROLE {}", quote_identifier(role))));
        statements.push(format!(
            "SELECT {}, pg_catalog.array_to_json(pg_catalog.current_schemas(false))",
            micros("pg_catalog.transaction_timestamp()")
        ));
        let rows = match self.simple(DOING, statements.join("; ")).await {
            Ok(rows) => rows,
            Err(error) => {
                // The text may have failed after its BEGIN; the first error is the one to tell.
                let _ = self.rollback().await;
                return Err(error);
            }
        };
        let row = rows.last().ok_or_else(|| no_answer(DOING))?;
        Ok(Passing {
            now_micros: text_field(row, 0).and_then(|text| text.parse().ok()).unwrap_or_default(),
            search_path: text_field(row, 1).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        })
    }
}
