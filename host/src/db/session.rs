//! The statements of a guest, in the transaction that the host began.

mod batch;
mod copy;
mod cursor;
mod prepared;
mod results;
mod transform;

use sqlx::Row as _;
use sqlx::postgres::PgArguments;
use sqlx::postgres::PgConnection;

use self::copy::BEYOND_ASCII;
pub use self::copy::CopyTarget;
pub use self::cursor::Cursor;
pub use self::prepared::Prepared;
pub use self::transform::Extent;
pub use self::transform::Isolation;
pub use self::transform::Key;
pub use self::transform::Part;
pub use self::transform::ShownRow;
pub use self::transform::Transform;
use super::connect::Database;
use super::driver;
use super::error::DatabaseError;
use super::error::classify;
use super::error::connection_is_gone;
use super::error::sql_error;
use super::liveness::Liveness;
use super::liveness::MayBeLost;
use super::parameters;
use super::parameters::Parameter;
use crate::bindings::sql::ResultSet;
use crate::bindings::types::Error;
use crate::bindings::types::Limit;
use crate::bindings::types::Value;
use crate::value;
use crate::value::Encoded;
use crate::value::TypeShape;

/// Why a call of a guest failed.
#[derive(Debug)]
pub enum SessionError {
    /// The guest may handle it.
    Guest(Box<Error>),
    /// Nobody can: a result is so much larger than its limit that the host had it cancelled, and the transaction with it.
    TooLarge(ResultLimits, Limit),
    /// Nobody can: the connection is gone.
    Fatal(DatabaseError),
}

impl SessionError {
    /// An error that the guest may handle.
    pub fn guest(error: Error) -> Self {
        Self::Guest(Box::new(error))
    }
}

impl From<DatabaseError> for SessionError {
    fn from(error: DatabaseError) -> Self {
        Self::Fatal(error)
    }
}

impl MayBeLost for SessionError {
    fn lost_reason(&self) -> Option<&str> {
        match self {
            Self::Fatal(error) => error.lost_reason(),
            Self::Guest(_) | Self::TooLarge(..) => None,
        }
    }
}

/// How much one result may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultLimits {
    /// Rows.
    pub rows_max: u64,
    /// Bytes of all values.
    pub bytes_max: u64,
}

/// A database while a guest works with it.
pub struct Session {
    database: Database,
    limits: ResultLimits,
    /// How many batches were sent, for their names.
    batches: u64,
    /// Whether the session is known to read text as the guard does: nothing of the migration ran since that was made sure of.
    reads_as_the_guard: bool,
}

impl Session {
    /// Hands a database to a guest.
    pub fn new(database: Database, limits: ResultLimits) -> Self {
        Self { database, limits, batches: 0, reads_as_the_guard: true }
    }

    /// Takes the database back.
    pub fn into_database(self) -> Database {
        self.database
    }

    /// Server version as in `server_version_num`.
    pub fn server_version(&self) -> u32 {
        self.database.server_version()
    }

    /// Runs one statement and gives the number of rows touched.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, SessionError> {
        // One statement in every session, so the simple protocol is as good a wall as the extended one, in one round trip.
        if params.is_empty() && crate::sql::is_one_statement(sql) {
            self.reads_as_the_guard = false;
            let query = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
            return Ok(driver::guarded(query.execute(self.connection())).await.map_err(failed)?.rows_affected());
        }
        let types: Vec<u32> = params.iter().map(value::declared_type).collect();
        // The driver looks up the types of columns in the catalogue in between, and these queries would make the server drop
        // an unnamed statement (PostgreSQL manual, "Extended Query"), so one that may have a result gets a name.
        if types.contains(&0) || crate::sql::may_return_rows(sql) {
            let prepared = self.describe(sql, &parameter_types(params)).await?;
            let result = self.execute_prepared(&prepared, params).await;
            return self.forget_after(result).await;
        }
        // Every type is known from its value and no column has to be looked up: the server need not be asked first.
        let shapes: Vec<TypeShape> =
            types.iter().map(|oid| TypeShape::builtin(*oid).unwrap_or(TypeShape::Other(*oid))).collect();
        let arguments = self.encode(params, &shapes).await?;
        // After the values, because the server may have read some of them, with what functions their types have.
        self.read_as_the_guard(sql).await?;
        let query = sqlx::query_with(sqlx::AssertSqlSafe(sql), arguments).persistent(false);
        self.reads_as_the_guard = false;
        Ok(driver::guarded(query.execute(self.connection())).await.map_err(failed)?.rows_affected())
    }

    /// Runs one statement and gives its rows.
    ///
    /// # Errors
    /// [`SessionError`]; `exceeded` when the result is larger than the limits.
    pub async fn query(&mut self, sql: &str, params: &[Value]) -> Result<ResultSet, SessionError> {
        let prepared = self.describe(sql, &parameter_types(params)).await?;
        let result = self.query_prepared(&prepared, params).await;
        self.forget_after(result).await
    }

    /// Begins a savepoint of the given name, which the host makes up.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn savepoint(&mut self, name: &str) -> Result<(), SessionError> {
        self.simple(format!("SAVEPOINT {name}")).await?;
        self.database.savepoint.get_or_insert_with(|| name.to_owned());
        Ok(())
    }

    /// Keeps what was done since the savepoint, and ends it.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn release(&mut self, name: &str) -> Result<(), SessionError> {
        self.simple(format!("RELEASE SAVEPOINT {name}")).await?;
        self.database.savepoint.take_if(|outermost| outermost == name);
        Ok(())
    }

    /// Undoes what was done since the savepoint, and keeps it open.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn rollback_to(&mut self, name: &str) -> Result<(), SessionError> {
        // What was set since then is undone, too.
        self.reads_as_the_guard = false;
        self.simple(format!("ROLLBACK TO SAVEPOINT {name}")).await
    }

    /// How much one result may hold.
    pub(super) fn limits(&self) -> ResultLimits {
        self.limits
    }

    /// What watches over the connection.
    pub(super) fn liveness(&self) -> Liveness {
        self.database.liveness.clone()
    }

    /// For statements of the host in between.
    pub(super) fn database_mut(&mut self) -> &mut Database {
        &mut self.database
    }

    fn connection(&mut self) -> &mut PgConnection {
        &mut self.database.connection
    }

    async fn simple(&mut self, sql: String) -> Result<(), SessionError> {
        driver::rows(self.connection(), sql).await.map_err(failed)?;
        Ok(())
    }

    /// Lets the session read a text as the guard did, before it is sent: what the migration ran may have changed how strings
    /// are read and in which encoding, by a road that no guard sees. One round trip, and only where it can matter.
    async fn read_as_the_guard(&mut self, sql: &str) -> Result<(), SessionError> {
        if !self.reads_as_the_guard && !crate::sql::reads_alike(sql) {
            self.simple(crate::sql::READ_AS_THE_SCANNER.to_owned()).await?;
            self.reads_as_the_guard = true;
        }
        Ok(())
    }

    async fn encode(&mut self, params: &[Value], shapes: &[TypeShape]) -> Result<PgArguments, SessionError> {
        if params.len() != shapes.len() {
            return Err(SessionError::guest(Error::BadParams(format!(
                "the statement takes {} parameter(s), got {}",
                shapes.len(),
                params.len()
            ))));
        }
        let mut parameters = Vec::with_capacity(params.len());
        for (index, (param, shape)) in params.iter().zip(shapes).enumerate() {
            let encoded = value::encode(param, shape)
                .map_err(|error| SessionError::guest(Error::BadParams(format!("parameter {}: {error}", index + 1))))?;
            let bytes = match encoded {
                Encoded::Null => None,
                Encoded::Binary(bytes) => Some(bytes),
                Encoded::Text(text) => Some(self.text_to_binary(&text, shape.oid()).await?),
            };
            parameters.push(Parameter { type_oid: shape.oid(), bytes });
        }
        parameters::arguments(parameters).map_err(|error| SessionError::guest(Error::BadParams(error.to_string())))
    }

    /// Lets the server read a value from its text: only the type's own input function knows how.
    async fn text_to_binary(&mut self, text: &str, type_oid: u32) -> Result<Vec<u8>, SessionError> {
        let name = self.type_name(type_oid).await?;
        // A domain may check its values with a function.
        self.reads_as_the_guard = false;
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT CAST($1::pg_catalog.text AS {name})"))).bind(text);
        let rows = driver::query(self.connection(), query).await.map_err(failed)?;
        let row = rows.first().ok_or_else(|| conversion("the server gives no value"))?;
        let value = row.try_get_raw(0).map_err(failed)?;
        let bytes = value.as_bytes().map_err(|error| conversion(&error.to_string()))?;
        Ok(bytes.to_vec())
    }

    /// The name of a type in SQL, of plain ASCII whatever the type is called: each part of it is written in Unicode escapes,
    /// which every session reads the same (PostgreSQL manual, "Identifiers and Key Words").
    async fn type_name(&mut self, type_oid: u32) -> Result<String, SessionError> {
        if let Some(name) = value::builtin_type_name(type_oid) {
            return Ok(name);
        }
        let sql = format!(
            "SELECT n.nspname, t.typname FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n \
             ON n.oid OPERATOR(pg_catalog.=) t.typnamespace WHERE t.oid OPERATOR(pg_catalog.=) {type_oid}::pg_catalog.oid"
        );
        let rows = driver::rows(self.connection(), sql).await.map_err(failed)?;
        let part = |index| rows.first().and_then(|row| super::driver::text_field(row, index));
        match (part(0), part(1)) {
            (Some(schema), Some(name)) => {
                Ok(format!("{}.{}", value::escaped_identifier(&schema), value::escaped_identifier(&name)))
            }
            _ => Err(conversion(&format!("there is no type with the number {type_oid} any more"))),
        }
    }

    /// Drops what the driver keeps of a statement that was used once. Of two failures the first one counts: after a lost
    /// connection nothing else works either.
    async fn forget_after<T>(&mut self, result: Result<T, SessionError>) -> Result<T, SessionError> {
        let forgotten = self.forget().await;
        let value = result?;
        forgotten?;
        Ok(value)
    }

    /// Drops the statements that the driver keeps: a plan from before an ALTER TABLE would fail after it ("cached plan must
    /// not change result type"). One that a guest still holds is prepared again when it is used.
    async fn forget(&mut self) -> Result<(), SessionError> {
        self.database.forget_statements().await.map_err(SessionError::Fatal)
    }
}

fn parameter_types(params: &[Value]) -> Vec<sqlx::postgres::PgTypeInfo> {
    params.iter().map(|param| parameters::type_info(value::declared_type(param))).collect()
}

fn conversion(reason: &str) -> SessionError {
    SessionError::guest(Error::Conversion(reason.to_owned()))
}

/// Sorts an error of the driver for the guest: a refusal of the server is its business, a lost connection is not.
fn failed(error: sqlx::Error) -> SessionError {
    match error {
        sqlx::Error::Database(error) => {
            let error = sql_error(error.downcast_ref::<sqlx::postgres::PgDatabaseError>());
            if connection_is_gone(&error) {
                SessionError::Fatal(DatabaseError::Lost {
                    doing: "run a statement of the migration".to_owned(),
                    reason: error.message,
                })
            } else {
                SessionError::guest(Error::Sql(error))
            }
        }
        // The driver could not look up a type of the result: it does not know multiranges.
        sqlx::Error::ColumnDecode { source, .. } | sqlx::Error::Decode(source) => {
            conversion(&format!("a type of this statement cannot be read ({source}); cast the column to text"))
        }
        other => SessionError::Fatal(classify("run a statement of the migration", other)),
    }
}
