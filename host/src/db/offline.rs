//! The session of a script: it writes statements down instead of execution_mode them.
//!
//! It is the other implementation of what a guest sees as its database (see [`super::guest`]). What needs an answer of the
//! server is refused with the name of the call; everything else becomes a statement with exact literals.

use super::session::SessionError;
use crate::bindings::types::Error;
use crate::bindings::types::Value;
use crate::value;

/// Statements that would have been sent, in order.
#[derive(Debug, Default)]
pub struct OfflineSession {
    statements: Vec<String>,
    bytes: usize,
    /// The savepoints that are open, the outermost first.
    savepoints: Vec<String>,
    /// Whether the migration runs without a transaction.
    is_non_transactional: bool,
}

impl OfflineSession {
    /// For a migration that runs without a transaction.
    pub fn non_transactional() -> Self {
        Self { is_non_transactional: true, ..Self::default() }
    }

    /// The statements, without semicolons.
    pub fn into_statements(mut self) -> Vec<String> {
        // What a migration leaves open counts as done. What the host writes afterwards is no part of it.
        if let Some(outermost) = self.savepoints.first() {
            self.statements.push(format!("RELEASE SAVEPOINT {outermost}"));
        }
        self.statements
    }

    /// The size of all statements, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes down a statement. How many rows it will touch nobody knows yet: 0.
    ///
    /// # Errors
    /// `bad-params` when the values do not fit the statement.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, SessionError> {
        if self.is_non_transactional
            && let crate::sql::ExecutionMode::Refused(reason) = crate::sql::execution_mode(sql)
        {
            return Err(SessionError::guest(Error::Misuse(reason.to_owned())));
        }
        let mut literals = Vec::with_capacity(params.len());
        for (index, param) in params.iter().enumerate() {
            let literal = value::literal(param).map_err(|error| bad(&format!("parameter {}: {error}", index + 1)))?;
            literals.push(literal);
        }
        let statement = crate::sql::substitute(sql, &literals).map_err(|error| bad(&error.to_string()))?;
        // Without the comments around it: a trailing one would swallow the semicolon.
        let trimmed = match crate::sql::statements(&statement).next() {
            Some(Ok(piece)) => piece.text.to_owned(),
            _ => statement,
        };
        self.write(trimmed);
        Ok(0)
    }

    /// Writes down a statement of the host, such as a savepoint.
    pub fn write(&mut self, sql: String) {
        self.follow_savepoints(&sql);
        self.bytes = self.bytes.saturating_add(sql.len());
        self.statements.push(sql);
    }

    /// Writes down a savepoint.
    ///
    /// # Errors
    /// `misuse` where there is no transaction.
    pub fn savepoint(&mut self, name: &str) -> Result<(), SessionError> {
        if self.is_non_transactional {
            return Err(super::non_transactional::NonTransactionalSession::no_savepoint());
        }
        self.write(format!("SAVEPOINT {name}"));
        self.savepoints.push(name.to_owned());
        Ok(())
    }

    /// A migration cannot send these itself.
    fn follow_savepoints(&mut self, sql: &str) {
        let (keeps, name) = match (sql.strip_prefix("RELEASE SAVEPOINT "), sql.strip_prefix("ROLLBACK TO SAVEPOINT ")) {
            (Some(name), _) => (0, name),
            (_, Some(name)) => (1, name),
            _ => return,
        };
        if let Some(index) = self.savepoints.iter().rposition(|open| open == name) {
            self.savepoints.truncate(index + keeps);
        }
    }

    /// Refuses a call that needs rows.
    pub fn needs_rows(call: &str) -> SessionError {
        SessionError::guest(Error::Offline(format!(
            "{call} needs rows of the database, which a script cannot have: run the migration online, or let it ask dry-run in the facts of the run and do without"
        )))
    }
}

fn bad(reason: &str) -> SessionError {
    SessionError::guest(Error::BadParams(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::Scalar;

    #[test]
    fn savepoints_that_stay_open_are_released() {
        let mut session = OfflineSession::default();
        for name in ["a", "b", "c"] {
            session.savepoint(name).expect("there is a transaction");
        }
        session.write("ROLLBACK TO SAVEPOINT b".to_owned());
        session.write("RELEASE SAVEPOINT b".to_owned());
        let mut released = OfflineSession::default();
        released.savepoint("a").expect("there is a transaction");
        released.write("RELEASE SAVEPOINT a".to_owned());
        assert_eq!(session.into_statements().last().map(String::as_str), Some("RELEASE SAVEPOINT a"));
        assert_eq!(released.into_statements().len(), 2);
    }

    #[test]
    fn statements_are_written_with_exact_literals() {
        let mut session = OfflineSession::default();
        let params = [Value::Scalar(Scalar::Int8(7)), Value::Scalar(Scalar::Text("O'Hara".to_owned()))];
        session.execute("INSERT INTO t VALUES ($1, $2) -- two", &params).expect("it is written");
        assert_eq!(session.into_statements(), ["INSERT INTO t VALUES (('7'::pg_catalog.int8), ('O''Hara'))"]);
    }
}
