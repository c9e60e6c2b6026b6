//! What a guest sees as its database: a session with the server, or a script.

use super::connect::Database;
use super::non_transactional::NonTransactionalSession;
use super::offline::OfflineSession;
use super::session::CopyTarget;
use super::session::Cursor;
use super::session::Prepared;
use super::session::Session;
use super::session::SessionError;
use crate::bindings::sql::ResultSet;
use crate::bindings::types::Column;
use crate::bindings::types::Error;
use crate::bindings::types::Oid;
use crate::bindings::types::Tuples;
use crate::bindings::types::Value;
use crate::value::TypeShape;

/// What the host does for a guest, in an error.
const RUN: &str = "run a statement of the migration";

/// Where a guest's statements go.
pub enum GuestSession {
    /// To the server, in the transaction that the host began.
    Database(Box<Session>),
    /// To the server, each one for itself: the migration has no transaction.
    NonTransactional(Box<NonTransactionalSession>),
    /// Into a script.
    Offline(OfflineSession),
}

/// A statement that a guest prepared.
#[derive(Debug, Clone)]
pub enum GuestStatement {
    /// The server knows its types.
    Database(Prepared),
    /// Nobody does: the text alone.
    Offline(String),
}

impl GuestSession {
    /// Takes the database back; a script has none, and that of a migration without a transaction comes back when it ends.
    pub fn into_database(self) -> Option<Database> {
        match self {
            Self::Database(session) => Some(session.into_database()),
            Self::NonTransactional(_) | Self::Offline(_) => None,
        }
    }

    /// Server version as in `server_version_num`; 0 for a script.
    pub fn server_version(&self) -> u32 {
        match self {
            Self::Database(session) => session.server_version(),
            Self::NonTransactional(session) => session.server_version(),
            Self::Offline(_) => 0,
        }
    }

    /// The session with the migration's transaction, for a transform in it.
    ///
    /// # Errors
    /// [`SessionError`]: `misuse` without a transaction, `offline` for a script.
    pub fn transactional(&mut self) -> Result<&mut Session, SessionError> {
        match self {
            Self::Database(session) => Ok(session),
            Self::NonTransactional(_) => Err(SessionError::guest(Error::Misuse(
                "a migration with transaction = \"none\" has no transaction for run-transform: say commit-per-batch in the plan"
                    .to_owned(),
            ))),
            Self::Offline(_) => Err(OfflineSession::needs_rows("run-transform")),
        }
    }

    /// The size of the script so far, in bytes; 0 for a session.
    pub fn script_bytes(&self) -> usize {
        match self {
            Self::Database(_) | Self::NonTransactional(_) => 0,
            Self::Offline(script) => script.bytes(),
        }
    }

    /// Runs one statement and gives the number of rows touched.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.execute(sql, params)).await,
            Self::NonTransactional(session) => session.execute(sql, params).await,
            Self::Offline(script) => script.execute(sql, params),
        }
    }

    /// Sends data to a `COPY … FROM STDIN` and gives the number of rows.
    ///
    /// # Errors
    /// [`SessionError`]; `misuse` without a transaction.
    pub async fn copy_in(&mut self, sql: &str, data: &str) -> Result<u64, SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.copy_in(sql, data)).await,
            Self::NonTransactional(_) => Err(SessionError::guest(Error::Misuse(crate::sql::COPY_ALONE.to_owned()))),
            Self::Offline(script) => script.copy_in(sql, data),
        }
    }

    /// Runs one statement and gives its rows.
    ///
    /// # Errors
    /// [`SessionError`]; `offline` for a script.
    pub async fn query(&mut self, sql: &str, params: &[Value]) -> Result<ResultSet, SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.query(sql, params)).await,
            Self::NonTransactional(session) => session.query(sql, params).await,
            Self::Offline(_) => Err(OfflineSession::needs_rows("query")),
        }
    }

    /// Prepares one statement.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn prepare(&mut self, sql: &str) -> Result<GuestStatement, SessionError> {
        Ok(match self {
            Self::Database(session) => {
                GuestStatement::Database(session.liveness().over(RUN, session.prepare(sql)).await?)
            }
            Self::NonTransactional(session) => GuestStatement::Database(session.prepare(sql).await?),
            Self::Offline(_) => GuestStatement::Offline(sql.to_owned()),
        })
    }

    /// Runs a prepared statement and gives the number of rows touched.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn execute_prepared(
        &mut self,
        statement: &GuestStatement,
        params: &[Value],
    ) -> Result<u64, SessionError> {
        match (self, statement) {
            (Self::Database(session), GuestStatement::Database(prepared)) => {
                session.liveness().over(RUN, session.execute_prepared(prepared, params)).await
            }
            (Self::NonTransactional(session), GuestStatement::Database(prepared)) => {
                session.execute_prepared(prepared, params).await
            }
            (session, statement) => session.write(statement.sql(), params),
        }
    }

    /// Runs a prepared statement once for each row of parameters.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn execute_many(&mut self, statement: &GuestStatement, rows: &[Vec<Value>]) -> Result<u64, SessionError> {
        match (self, statement) {
            (Self::Database(session), GuestStatement::Database(prepared)) => {
                session.liveness().over(RUN, session.execute_many(prepared, rows)).await
            }
            (Self::NonTransactional(session), GuestStatement::Database(prepared)) => {
                session.execute_many(prepared, rows).await
            }
            (session, statement) => {
                rows.iter().try_for_each(|row| session.write(statement.sql(), row).map(|_| ()))?;
                Ok(0)
            }
        }
    }

    /// Runs a prepared statement and gives its rows.
    ///
    /// # Errors
    /// [`SessionError`]; `offline` for a script.
    pub async fn query_prepared(
        &mut self,
        statement: &GuestStatement,
        params: &[Value],
    ) -> Result<ResultSet, SessionError> {
        match (self, statement) {
            (Self::Database(session), GuestStatement::Database(prepared)) => {
                session.liveness().over(RUN, session.query_prepared(prepared, params)).await
            }
            (Self::NonTransactional(session), GuestStatement::Database(prepared)) => {
                session.query_prepared(prepared, params).await
            }
            _ => Err(OfflineSession::needs_rows("the query of a prepared statement")),
        }
    }

    /// Opens a cursor of the given name, which the host makes up.
    ///
    /// # Errors
    /// [`SessionError`]; `misuse` without a transaction, `offline` for a script.
    pub async fn open_cursor(&mut self, name: &str, sql: &str, params: &[Value]) -> Result<Cursor, SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.open_cursor(name, sql, params)).await,
            Self::NonTransactional(_) => Err(NonTransactionalSession::no_cursor()),
            Self::Offline(_) => Err(OfflineSession::needs_rows("open-cursor")),
        }
    }

    /// The next rows of a cursor, at most that share of what one result may hold.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn fetch(
        &mut self,
        cursor: &mut Cursor,
        rows_max: u32,
        bytes_max: u64,
        share: u64,
    ) -> Result<Tuples, SessionError> {
        match self {
            Self::Database(session) => {
                session.liveness().over(RUN, session.fetch(cursor, rows_max, bytes_max, share)).await
            }
            // There is no cursor of theirs.
            Self::NonTransactional(_) => Err(NonTransactionalSession::no_cursor()),
            Self::Offline(_) => Err(OfflineSession::needs_rows("fetch")),
        }
    }

    /// Closes a cursor that is still there.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn close_cursor(&mut self, name: &str) -> Result<(), SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.close_cursor(name)).await,
            Self::NonTransactional(_) | Self::Offline(_) => Ok(()),
        }
    }

    /// Whether rows can be written in bulk.
    ///
    /// # Errors
    /// [`SessionError`]: `misuse` without a transaction, `offline` for a script.
    pub fn check_bulk(&self) -> Result<(), SessionError> {
        match self {
            Self::Database(_) => Ok(()),
            Self::NonTransactional(_) => Err(SessionError::guest(Error::Misuse(crate::sql::COPY_ALONE.to_owned()))),
            Self::Offline(_) => Err(SessionError::guest(Error::Offline(
                "copy-in sends binary rows, which a script cannot hold: run the migration online, or use execute-many"
                    .to_owned(),
            ))),
        }
    }

    /// How the types of a target's columns are built.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn shapes_of(&mut self, target: &CopyTarget) -> Result<Vec<TypeShape>, SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.shapes_of(target)).await,
            Self::NonTransactional(_) | Self::Offline(_) => self.check_bulk().map(|()| Vec::new()),
        }
    }

    /// Turns rows of values into tuples of these types.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn tuples_of(&mut self, rows: &[Vec<Value>], shapes: &[TypeShape]) -> Result<Vec<u8>, SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.tuples_of(rows, shapes)).await,
            Self::NonTransactional(_) | Self::Offline(_) => self.check_bulk().map(|()| Vec::new()),
        }
    }

    /// Writes checked tuples.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn copy_tuples(&mut self, target: &CopyTarget, tuples: &[u8]) -> Result<u64, SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.copy_tuples(target, tuples)).await,
            Self::NonTransactional(_) | Self::Offline(_) => self.check_bulk().map(|()| 0),
        }
    }

    /// Begins a savepoint of the given name, which the host makes up.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn savepoint(&mut self, name: &str) -> Result<(), SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.savepoint(name)).await,
            Self::NonTransactional(_) => Err(NonTransactionalSession::no_savepoint()),
            Self::Offline(script) => script.savepoint(name),
        }
    }

    /// Keeps what was done since the savepoint, and ends it.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn release(&mut self, name: &str) -> Result<(), SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.release(name)).await,
            Self::NonTransactional(_) => Err(NonTransactionalSession::no_savepoint()),
            Self::Offline(script) => {
                script.write(format!("RELEASE SAVEPOINT {name}"));
                Ok(())
            }
        }
    }

    /// Undoes what was done since the savepoint, and keeps it open.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn rollback_to(&mut self, name: &str) -> Result<(), SessionError> {
        match self {
            Self::Database(session) => session.liveness().over(RUN, session.rollback_to(name)).await,
            Self::NonTransactional(_) => Err(NonTransactionalSession::no_savepoint()),
            Self::Offline(script) => {
                script.write(format!("ROLLBACK TO SAVEPOINT {name}"));
                Ok(())
            }
        }
    }

    /// A statement and a session of the same run always fit together; a script needs only the text.
    fn write(&mut self, sql: &str, params: &[Value]) -> Result<u64, SessionError> {
        match self {
            Self::Offline(script) => script.execute(sql, params),
            Self::Database(_) | Self::NonTransactional(_) => {
                Err(OfflineSession::needs_rows("a statement prepared for a script"))
            }
        }
    }
}

impl GuestStatement {
    /// The text of the statement.
    pub fn sql(&self) -> &str {
        match self {
            Self::Database(prepared) => prepared.sql(),
            Self::Offline(sql) => sql,
        }
    }

    /// The types of the parameters; none are known for a script.
    pub fn parameters(&self) -> Vec<Oid> {
        match self {
            Self::Database(prepared) => prepared.parameters().iter().map(TypeShape::oid).collect(),
            Self::Offline(_) => Vec::new(),
        }
    }

    /// The columns of the result; none are known for a script.
    pub fn columns(&self) -> Vec<Column> {
        match self {
            Self::Database(prepared) => prepared.columns(),
            Self::Offline(_) => Vec::new(),
        }
    }
}
