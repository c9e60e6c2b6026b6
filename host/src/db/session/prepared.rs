//! Prepared statements.

use sqlx::Either;
use sqlx::Executor as _;
use sqlx::Statement as _;
use sqlx::postgres::PgStatement;
use sqlx::postgres::PgTypeInfo;

use super::Session;
use super::SessionError;
use super::failed;
use super::results::collect;
use crate::bindings::sql::ResultSet;
use crate::bindings::types::Column;
use crate::bindings::types::Value;
use crate::db::driver;
use crate::db::types;
use crate::value::TypeShape;

/// A statement that the server has parsed and typed.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) statement: PgStatement,
    parameters: Vec<TypeShape>,
}

impl Prepared {
    /// The types of the parameters.
    pub fn parameters(&self) -> &[TypeShape] {
        &self.parameters
    }

    /// The columns of the result; none for a statement without one.
    pub fn columns(&self) -> Vec<Column> {
        self.statement.columns().iter().map(types::column).collect()
    }

    /// How the types of the columns are built.
    pub(super) fn shapes(&self) -> Vec<TypeShape> {
        self.statement.columns().iter().map(|column| types::shape(sqlx::Column::type_info(column))).collect()
    }

    /// The text of the statement.
    pub fn sql(&self) -> &str {
        self.statement.sql().as_str()
    }
}

impl Session {
    /// Prepares one statement; the server decides the types of the parameters.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn prepare(&mut self, sql: &str) -> Result<Prepared, SessionError> {
        self.describe(sql, &[]).await
    }

    /// Runs a prepared statement and gives the number of rows touched.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn execute_prepared(&mut self, prepared: &Prepared, params: &[Value]) -> Result<u64, SessionError> {
        let arguments = self.encode(params, prepared.parameters()).await?;
        // The driver may have to send the text again.
        self.read_as_the_guard(prepared.sql()).await?;
        self.reads_as_the_guard = false;
        let query = prepared.statement.query_with(arguments);
        Ok(driver::guarded(query.execute(self.connection())).await.map_err(failed)?.rows_affected())
    }

    /// Runs a prepared statement and gives its rows.
    ///
    /// # Errors
    /// [`SessionError`]; `exceeded` when the result is larger than the limits.
    pub async fn query_prepared(&mut self, prepared: &Prepared, params: &[Value]) -> Result<ResultSet, SessionError> {
        let arguments = self.encode(params, prepared.parameters()).await?;
        let limits = self.limits;
        self.read_as_the_guard(prepared.sql()).await?;
        self.reads_as_the_guard = false;
        let query = prepared.statement.query_with(arguments);
        let result = collect(query.fetch(self.connection()), limits).await;
        if let Err(SessionError::TooLarge(..)) = &result {
            self.database.stop_result().await;
        }
        let mut result = result?;
        if result.rows.is_empty() {
            result.columns = prepared.columns();
        }
        Ok(result)
    }

    pub(super) async fn describe(&mut self, sql: &str, types: &[PgTypeInfo]) -> Result<Prepared, SessionError> {
        self.read_as_the_guard(sql).await?;
        let text = sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(sql));
        let statement = driver::guarded(self.connection().prepare_with(text, types)).await.map_err(failed)?;
        let parameters = match statement.parameters() {
            Some(Either::Left(infos)) => infos.iter().map(types::shape).collect(),
            _ => Vec::new(),
        };
        Ok(Prepared { statement, parameters })
    }
}
