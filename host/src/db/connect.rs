//! Opening the connection.

use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::Row as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgRow;

use super::driver;
use super::error::DatabaseError;
use super::error::classify;
use super::error::sql_error;
use super::liveness::Liveness;
use super::names::Tables;
use super::own_tables::TableNumbers;

/// How long a server may take to answer. Without a limit, packets that get lost on their way would block for minutes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the host waits for a lock on its own tables where nothing else is said, in milliseconds.
const LOCK_TIMEOUT_MILLISECONDS: u64 = 10_000;

/// The one connection of a run, with the names of the host's tables.
pub struct Database {
    pub(super) connection: PgConnection,
    pub(super) options: PgConnectOptions,
    pub(super) tables: Tables,
    pub(super) liveness: Liveness,
    /// Known from the beginning of a run to its end.
    pub(super) table_numbers: Option<TableNumbers>,
    /// Whether the server can be asked to watch its client; known with the numbers of the tables.
    pub(super) can_notice_a_lost_client: bool,
    /// Whether this session has taken the migration lock.
    pub(super) has_lock: bool,
    /// The outermost savepoint of a migration that is open.
    pub(super) savepoint: Option<String>,
    /// How long the host's own statements wait for a lock outside of steps.
    pub(super) lock_timeout_milliseconds: u64,
}

/// Lets the names of functions, operators, types and tables in the rest of a text mean the system's, whatever search path the
/// session has: whoever owns the database can set one for all of them, with something else in front of `pg_catalog`. It lasts until
/// the end of the transaction, which is that of the text where none was begun. In the transaction of a migration every name is
/// qualified instead.
pub(super) const NAMES_OF_THE_SYSTEM: &str = "SET LOCAL search_path = pg_catalog, pg_temp;";

/// What a text of several statements did.
pub(super) struct Results {
    /// The rows of each statement that ended; none for one that has no rows.
    pub(super) statements: Vec<Vec<PgRow>>,
    /// What ended the text early: the statement after the last one above failed, and none after it was run.
    pub(super) error: Option<DatabaseError>,
}

impl Database {
    /// Connects.
    ///
    /// `url` is a libpq-style url; what it leaves out comes from the usual `PG…` variables and the password file.
    /// `application` is what the server shows in `pg_stat_activity`.
    ///
    /// # Errors
    /// [`DatabaseError`], sorted by what the operator has to do: a bad url, no server, a refused user, no such database.
    pub async fn connect(url: &str, application: &str, tables: Tables) -> Result<Self, DatabaseError> {
        // PgBouncer refuses parameters that it does not know, as it comes, and servers from 12 on send exact numbers anyway.
        let options = options(url)?.application_name(application).extra_float_digits(None);
        let connection = open(&options).await?;
        let liveness = Liveness::new(options.clone());
        let lock_timeout_milliseconds = LOCK_TIMEOUT_MILLISECONDS;
        Ok(Self {
            connection,
            options,
            tables,
            table_numbers: None,
            has_lock: false,
            savepoint: None,
            can_notice_a_lost_client: false,
            lock_timeout_milliseconds,
            liveness,
        })
    }

    /// Sets how long the host's own statements wait for a lock outside of steps; 0 is for ever.
    pub fn set_lock_timeout(&mut self, milliseconds: u64) {
        self.lock_timeout_milliseconds = milliseconds;
    }

    /// Sets how long the server may be silent until a second connection looks whether it is still at work. Zero never looks.
    #[must_use]
    pub fn with_silence(mut self, interval: Duration) -> Self {
        self.liveness = Liveness::with_interval(self.options.clone(), interval);
        self
    }

    /// Ends the session in an orderly way. Without it the server notices the closed socket.
    pub async fn close(self) {
        // The session ends either way, and everything of value is committed by now.
        let _ = driver::guarded(self.connection.close()).await;
    }

    /// Server version as in `server_version_num`, for example 150018.
    pub fn server_version(&self) -> u32 {
        self.connection.server_version_num().unwrap_or_default()
    }

    /// The names of the host's tables.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Which database this is: user, host and name, without the password.
    pub fn describe(&self) -> String {
        let database = self.options.get_database().unwrap_or(self.options.get_username());
        format!("{database} at {}", address(&self.options))
    }

    /// Sends a text written in this module through the simple protocol, and gives the rows of all its statements.
    pub(super) async fn simple(&mut self, doing: &str, sql: String) -> Result<Vec<PgRow>, DatabaseError> {
        let Results { statements, error } = self.results(doing, sql).await;
        error.map_or_else(|| Ok(statements.into_iter().flatten().collect()), Err)
    }

    /// [`NAMES_OF_THE_SYSTEM`], unless the host's tables are without a schema because there is none: the server says so then.
    pub(super) fn names_of_the_system(&self) -> &'static str {
        if self.are_tables_found() { NAMES_OF_THE_SYSTEM } else { "" }
    }

    /// The same for a text outside of steps, in which names without a schema are those of the system.
    pub(super) async fn simple_apart(&mut self, doing: &str, sql: &str) -> Result<Vec<PgRow>, DatabaseError> {
        self.simple(doing, format!("{NAMES_OF_THE_SYSTEM} {sql}")).await
    }

    /// The same, with the rows of each statement apart, also of those before one that failed.
    pub(super) async fn results(&mut self, doing: &str, sql: String) -> Results {
        let mut statements = Vec::new();
        let answer = async {
            let stream = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_many(&mut self.connection);
            driver::read_all(stream, &mut statements).await.map_err(|error| classify(doing, error))
        };
        let error = self.liveness.over(doing, answer).await.err();
        Results { statements, error }
    }

    /// The same for statements on the host's own tables outside of a step, which wait for a lock only so long. The first
    /// result is that of the limit. Names without a schema are looked up in the search path of the session.
    pub(super) async fn results_on_tables(&mut self, doing: &str, sql: &str) -> Results {
        // Several statements in one text are one transaction (PostgreSQL manual, "Multiple Statements in a Simple Query").
        self.results(doing, format!("SET LOCAL lock_timeout = {}; {sql}", self.lock_timeout_milliseconds)).await
    }

    /// The rows of such statements, all together. Names without a schema are those of the system.
    pub(super) async fn simple_on_tables(&mut self, doing: &str, sql: &str) -> Result<Vec<PgRow>, DatabaseError> {
        let sql = format!("{} {sql}", self.names_of_the_system());
        let Results { statements, error } = self.results_on_tables(doing, &sql).await;
        match error {
            Some(error) => Err(self.with_table_lock_holder(error).await),
            None => Ok(statements.into_iter().flatten().collect()),
        }
    }

    /// Drops the prepared statements that the driver keeps; no round trip where it keeps none.
    pub(super) async fn forget_statements(&mut self) -> Result<(), DatabaseError> {
        let connection = &mut self.connection;
        if connection.cached_statements_size() == 0 {
            return Ok(());
        }
        let doing = "forget what was prepared";
        let answer = async {
            driver::guarded(connection.clear_cached_statements()).await.map_err(|error| classify(doing, error))
        };
        self.liveness.over(doing, answer).await
    }
}

/// A field of a row of the simple protocol, which sends text.
pub(super) fn text_field(row: &PgRow, index: usize) -> Option<String> {
    row.try_get_raw(index).ok().and_then(|value| value.as_str().ok().map(str::to_owned))
}

pub(super) async fn open(options: &PgConnectOptions) -> Result<PgConnection, DatabaseError> {
    let address = address(options);
    let user = options.get_username().to_owned();
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, driver::guarded(PgConnection::connect_with(options))).await;
    let Ok(connected) = connected else {
        let reason = format!("no answer within {} s", CONNECT_TIMEOUT.as_secs());
        return Err(DatabaseError::NoServer { address, reason });
    };
    connected.map_err(|error| match error {
        sqlx::Error::Database(error) => {
            let error = sql_error(error.downcast_ref::<sqlx::postgres::PgDatabaseError>());
            match error.sqlstate.as_str() {
                "3D000" => DatabaseError::NoDatabase {
                    address,
                    database: options.get_database().unwrap_or(options.get_username()).to_owned(),
                },
                // Class 28: invalid authorization specification, wrong passwords included.
                code if code.starts_with("28") => DatabaseError::Refused { address, user, reason: error.message },
                _ => DatabaseError::Unavailable { address, user, error: Box::new(error) },
            }
        }
        sqlx::Error::Io(error) => DatabaseError::NoServer { address, reason: error.to_string() },
        sqlx::Error::Tls(error) => DatabaseError::Tls { address, reason: error.to_string() },
        sqlx::Error::Protocol(reason) => DatabaseError::NoServer { address, reason },
        other => DatabaseError::NoServer { address, reason: other.to_string() },
    })
}

fn options(url: &str) -> Result<PgConnectOptions, DatabaseError> {
    let invalid = |reason: &str| DatabaseError::InvalidUrl { reason: reason.to_owned() };
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(invalid("it does not begin with postgres://"));
    }
    // What the parser of urls says is one of a few fixed texts. The driver's message may quote the url and with it the
    // password.
    url::Url::parse(url).map_err(|error| invalid(&error.to_string()))?;
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| invalid("one of its parameters has a value that cannot be read"))?;
    Ok(sqlx::ConnectOptions::disable_statement_logging(options))
}

fn address(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None if options.get_host().starts_with('/') => options.get_host().to_owned(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn a_bad_url_is_refused_without_being_quoted() {
        for (url, reason) in [
            ("mysql://root:secret@h/d", "it does not begin with postgres://"),
            ("secret", "it does not begin with postgres://"),
            ("postgres://u:secret@h:port/d", "invalid port number"),
            ("postgres://u:sec/ret@h/d", "invalid port number"),
            ("postgres://u:secret@[::1/d", "invalid IPv6 address"),
            ("postgres://u:secret@h/d?sslmode=secret", "one of its parameters has a value that cannot be read"),
        ] {
            let error = options(url).expect_err("not a url").to_string();
            assert_eq!(error, format!("the database url is not valid: {reason}"), "{url}");
        }
    }
}
