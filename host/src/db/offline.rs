//! The session of a script: it writes statements down instead of execution_mode them.
//!
//! It is the other implementation of what a guest sees as its database (see [`super::guest`]). What needs an answer of the
//! server is refused with the name of the call; everything else becomes a statement with exact literals.

use super::session::SessionError;
use crate::bindings::types::Error;
use crate::bindings::types::Value;
use crate::revision::is_visible;
use crate::value;

/// A statement that would have been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfflineStatement {
    /// Without its semicolon.
    Statement(String),
    /// A COPY with its data and the line that ends them, as psql reads them.
    Copy(String),
}

impl OfflineStatement {
    /// The text, of a COPY with all that belongs to it.
    pub fn text(&self) -> &str {
        match self {
            Self::Statement(text) | Self::Copy(text) => text,
        }
    }
}

/// Statements that would have been sent, in order.
#[derive(Debug, Default)]
pub struct OfflineSession {
    statements: Vec<OfflineStatement>,
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

    /// The statements.
    pub fn into_statements(mut self) -> Vec<OfflineStatement> {
        // What a migration leaves open counts as done. What the host writes afterwards is no part of it.
        if let Some(outermost) = self.savepoints.first() {
            self.statements.push(OfflineStatement::Statement(format!("RELEASE SAVEPOINT {outermost}")));
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

    /// Writes down a `COPY … FROM STDIN` with its data, as psql reads them.
    ///
    /// # Errors
    /// `offline` for one whose data a script cannot have, `misuse` where there is no transaction.
    pub fn copy_in(&mut self, sql: &str, data: &str) -> Result<u64, SessionError> {
        let offline = |reason: &str| SessionError::guest(Error::Offline(reason.to_owned()));
        if self.is_non_transactional {
            return Err(SessionError::guest(Error::Misuse(crate::sql::COPY_ALONE.to_owned())));
        }
        let data = crate::sql::script_data(sql, data).map_err(offline)?;
        // Other characters than those of ASCII stand there as they are, so they have to be seen.
        if !data.chars().all(|character| character.is_ascii() || is_visible(character)) {
            return Err(offline("the data of a COPY in a script have no characters that nobody sees"));
        }
        let text = format!("{sql};\n{data}\\.");
        self.bytes = self.bytes.saturating_add(text.len());
        self.statements.push(OfflineStatement::Copy(text));
        Ok(0)
    }

    /// Writes down a statement of the host, such as a savepoint.
    pub fn write(&mut self, sql: String) {
        self.follow_savepoints(&sql);
        self.bytes = self.bytes.saturating_add(sql.len());
        self.statements.push(OfflineStatement::Statement(sql));
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
        assert_eq!(session.into_statements().last().map(OfflineStatement::text), Some("RELEASE SAVEPOINT a"));
        assert_eq!(released.into_statements().len(), 2);
    }

    #[test]
    fn statements_are_written_with_exact_literals() {
        let mut session = OfflineSession::default();
        let params = [Value::Scalar(Scalar::Int8(7)), Value::Scalar(Scalar::Text("O'Hara".to_owned()))];
        session.execute("INSERT INTO t VALUES ($1, $2) -- two", &params).expect("it is written");
        let statements = session.into_statements();
        let texts: Vec<&str> = statements.iter().map(OfflineStatement::text).collect();
        assert_eq!(texts, ["INSERT INTO t VALUES (('7'::pg_catalog.int8), ('O''Hara'))"]);
    }
}
