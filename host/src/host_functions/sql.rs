//! The interface `sql`: statements, prepared statements, savepoints.

use std::ops::Range;
use std::sync::Arc;

use wasmtime::component::Resource;

use super::GuestState;
use super::OpenSavepoint;
use super::OpenStatement;
use super::StatementFailure;
use super::text::NAME_BYTES_MAX;
use super::text::cut;
use super::trace::without_excess;
use crate::bindings::CallError;
use crate::bindings::sql::Host;
use crate::bindings::sql::HostSavepoint;
use crate::bindings::sql::HostStatement;
use crate::bindings::sql::ResultSet;
use crate::bindings::sql::Savepoint;
use crate::bindings::sql::Statement;
use crate::bindings::types;
use crate::bindings::types::Column;
use crate::bindings::types::Error;
use crate::bindings::types::Value;
use crate::db::SessionError;
use crate::db::sqlstate::QUERY_CANCELED;
use crate::sql::Refusal;

impl types::Host for GuestState {
    fn convert_error(&mut self, error: CallError) -> wasmtime::Result<Error> {
        match error {
            CallError::Guest(error) => Ok(*error),
            CallError::Stop(error) => Err(error),
        }
    }
}

impl Host for GuestState {
    async fn execute(&mut self, sql: String, params: Vec<Value>) -> Result<u64, CallError> {
        self.admit(&sql)?;
        fit(&sql, &params)?;
        if self.leaves_out(&sql) {
            return Ok(0);
        }
        let result = self.budget.compute_time().without(self.session.execute(&sql, &params)).await;
        self.settle(&sql, None, result, |rows| *rows)
    }

    async fn execute_script(&mut self, sql: String) -> Result<(), CallError> {
        let script: Arc<str> = sql.into();
        self.readable(&script).await?;
        for statement in crate::sql::statements(&script) {
            let statement = statement.map_err(|source| self.deny(Refusal::Unreadable { source }))?;
            if let Some(data) = &statement.copy_data {
                self.copy(&script, &statement, data.clone()).await?;
                continue;
            }
            self.admit(statement.text)?;
            if self.leaves_out(statement.text) {
                continue;
            }
            let result = self.budget.compute_time().without(self.session.execute(statement.text, &[])).await;
            self.settle(statement.text, Some(statement.bytes), result, |rows| *rows)?;
        }
        Ok(())
    }

    async fn query(&mut self, sql: String, params: Vec<Value>) -> Result<ResultSet, CallError> {
        self.admit(&sql)?;
        fit(&sql, &params)?;
        let result = self.budget.compute_time().without(self.session.query(&sql, &params)).await;
        self.settle(&sql, None, result, row_count)
    }

    async fn prepare(&mut self, sql: String) -> Result<Resource<Statement>, CallError> {
        self.admit(&sql)?;
        self.may_open()?;
        let result = self.budget.compute_time().without(self.session.prepare(&sql)).await;
        let prepared = self.note(&sql, None, result)?;
        self.open(OpenStatement { prepared })
    }

    async fn begin_savepoint(&mut self) -> Result<Resource<Savepoint>, CallError> {
        self.begin(1)?;
        self.may_open()?;
        let name = self.trace.next_savepoint();
        let result = self.budget.compute_time().without(self.session.savepoint(&name)).await;
        self.note(&format!("SAVEPOINT {name}"), None, result)?;
        self.trace.opened(&name);
        self.open(OpenSavepoint { name })
    }
}

impl HostStatement for GuestState {
    async fn params(&mut self, statement: Resource<Statement>) -> wasmtime::Result<Vec<types::Oid>> {
        Ok(self.held::<OpenStatement, _>(&statement)?.prepared.parameters())
    }

    async fn columns(&mut self, statement: Resource<Statement>) -> wasmtime::Result<Vec<Column>> {
        Ok(self.held::<OpenStatement, _>(&statement)?.prepared.columns())
    }

    async fn execute(&mut self, statement: Resource<Statement>, params: Vec<Value>) -> Result<u64, CallError> {
        self.begin(1)?;
        let prepared = self.held::<OpenStatement, _>(&statement)?.prepared.clone();
        let result = self.budget.compute_time().without(self.session.execute_prepared(&prepared, &params)).await;
        self.settle(prepared.sql(), None, result, |rows| *rows)
    }

    async fn execute_many(&mut self, statement: Resource<Statement>, rows: Vec<Vec<Value>>) -> Result<u64, CallError> {
        self.begin(u64::try_from(rows.len()).unwrap_or(u64::MAX))?;
        let prepared = self.held::<OpenStatement, _>(&statement)?.prepared.clone();
        let result = self.budget.compute_time().without(self.session.execute_many(&prepared, &rows)).await;
        self.settle(prepared.sql(), None, result, |rows| *rows)
    }

    async fn query(&mut self, statement: Resource<Statement>, params: Vec<Value>) -> Result<ResultSet, CallError> {
        self.begin(1)?;
        let prepared = self.held::<OpenStatement, _>(&statement)?.prepared.clone();
        let result = self.budget.compute_time().without(self.session.query_prepared(&prepared, &params)).await;
        self.settle(prepared.sql(), None, result, row_count)
    }

    async fn drop(&mut self, statement: Resource<Statement>) -> wasmtime::Result<()> {
        self.close::<OpenStatement, _>(&statement)?;
        Ok(())
    }
}

impl HostSavepoint for GuestState {
    async fn release(&mut self, savepoint: Resource<Savepoint>) -> Result<(), CallError> {
        let name = self.open_savepoint(&savepoint)?;
        let result = self.budget.compute_time().without(self.session.release(&name)).await;
        self.note(&format!("RELEASE SAVEPOINT {name}"), None, result)?;
        self.trace.released(&name);
        Ok(())
    }

    async fn rollback(&mut self, savepoint: Resource<Savepoint>) -> Result<(), CallError> {
        let name = self.open_savepoint(&savepoint)?;
        let result = self.budget.compute_time().without(self.session.rollback_to(&name)).await;
        self.note(&format!("ROLLBACK TO SAVEPOINT {name}"), None, result)?;
        self.trace.rolled_back(&name);
        Ok(())
    }

    async fn drop(&mut self, savepoint: Resource<Savepoint>) -> wasmtime::Result<()> {
        let name = self.close::<OpenSavepoint, _>(&savepoint)?.name;
        self.undo(&name).await
    }
}

impl GuestState {
    /// Sends the data that stand below a COPY of a script.
    async fn copy(
        &mut self,
        script: &str,
        copy: &crate::sql::Statement<'_>,
        data: Range<usize>,
    ) -> Result<(), CallError> {
        self.begin(1)?;
        crate::sql::check_statement(copy, &self.grant).map_err(|refusal| self.deny(refusal))?;
        let lines = &script[data.clone()];
        let result = self.budget.compute_time().without(self.session.copy_in(copy.text, lines)).await;
        // A line that the server does not take is shown where it stands.
        let context = match &result {
            Err(SessionError::Guest(error)) => match error.as_ref() {
                Error::Sql(error) => error.context.as_deref(),
                _ => None,
            },
            _ => None,
        };
        let line = context.and_then(|context| crate::sql::copy_line(context, lines));
        let range = line.map_or_else(|| copy.bytes.clone(), |line| data.start + line.start..data.start + line.end);
        self.settle(copy.text, Some(range), result, |rows| *rows)?;
        Ok(())
    }

    /// Ends a savepoint whose handle is gone: what was done since it began is undone.
    pub(super) async fn undo(&mut self, savepoint: &str) -> wasmtime::Result<()> {
        if !self.trace.is_open(savepoint) {
            return Ok(());
        }
        let undone = self.budget.compute_time().without(self.session.rollback_to(savepoint)).await;
        self.end_of_savepoint(undone)?;
        self.trace.rolled_back(savepoint);
        let released = self.budget.compute_time().without(self.session.release(savepoint)).await;
        self.end_of_savepoint(released)?;
        self.trace.released(savepoint);
        Ok(())
    }

    /// Whether a preview leaves a statement out, which cannot run in its transaction.
    fn leaves_out(&mut self, sql: &str) -> bool {
        let leaves_out = self.sampling.is_some()
            && matches!(crate::sql::execution_mode(sql), crate::sql::ExecutionMode::Autocommit(_));
        if leaves_out {
            self.trace.left_out.push(cut(sql.to_owned(), NAME_BYTES_MAX));
        }
        leaves_out
    }

    /// The guard before a statement is sent.
    pub(super) fn admit(&mut self, sql: &str) -> Result<(), CallError> {
        self.begin(1)?;
        crate::sql::check(sql, &self.grant).map_err(|refusal| self.deny(refusal))
    }

    /// Tells the guest, and keeps for the operator what can be done about it.
    pub(super) fn deny(&mut self, refusal: Refusal) -> CallError {
        let error = Error::Denied(refusal.message());
        self.trace.refused = Some(refusal);
        CallError::guest(error)
    }

    /// Writes down how a statement went.
    pub(super) fn settle<T>(
        &mut self,
        sql: &str,
        script_range: Option<Range<usize>>,
        result: Result<T, SessionError>,
        rows: impl FnOnce(&T) -> u64,
    ) -> Result<T, CallError> {
        let value = self.note(sql, script_range, result)?;
        self.trace.succeeded(rows(&value));
        Ok(value)
    }

    pub(super) fn note<T>(
        &mut self,
        sql: &str,
        script_range: Option<Range<usize>>,
        result: Result<T, SessionError>,
    ) -> Result<T, CallError> {
        let mut result = result;
        if let Err(SessionError::Guest(error)) = &mut result
            && let Error::Sql(error) = error.as_mut()
        {
            *error = without_excess(error.clone());
            // The host itself had the statement cancelled.
            if error.sqlstate == QUERY_CANCELED {
                self.check().map_err(CallError::stop)?;
            }
            self.trace.failed(StatementFailure { error: error.clone(), statement: sql.to_owned(), script_range });
        }
        Ok(result?)
    }

    fn open_savepoint(&mut self, savepoint: &Resource<Savepoint>) -> Result<String, CallError> {
        self.begin(1)?;
        let name = self.held::<OpenSavepoint, _>(savepoint)?.name.clone();
        if self.trace.is_open(&name) {
            return Ok(name);
        }
        Err(CallError::guest(Error::Misuse(
            "this savepoint has ended: it was released, or one outside it was released or rolled back".to_owned(),
        )))
    }

    /// A savepoint that cannot be undone leaves the transaction in doubt, and nobody to tell but the operator.
    fn end_of_savepoint(&mut self, result: Result<(), SessionError>) -> wasmtime::Result<()> {
        match result.map_err(CallError::from) {
            Ok(()) => Ok(()),
            Err(CallError::Stop(error)) => Err(error),
            Err(CallError::Guest(error)) => {
                Err(wasmtime::Error::msg(format!("a savepoint could not be rolled back: {error:?}")))
            }
        }
    }
}

/// Whether a statement has as many parameters as there are values. The server would not mind values that no parameter takes, and
/// would call a parameter without a value a mistake in the statement. What is prepared, the server counted.
fn fit(sql: &str, params: &[Value]) -> Result<(), CallError> {
    match crate::sql::parameter_count(sql) {
        Some(count) if count != params.len() => Err(CallError::guest(Error::BadParams(format!(
            "the statement takes {count} parameter(s), got {}",
            params.len()
        )))),
        _ => Ok(()),
    }
}

fn row_count(result: &ResultSet) -> u64 {
    u64::try_from(result.rows.len()).unwrap_or(u64::MAX)
}
