//! The connection of a run.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgRow;

use super::begun_ahead::BegunAhead;
use super::connector::Connector;
use super::driver;
use super::error::DatabaseError;
use super::error::classify;
use super::known::Known;
use super::liveness::Liveness;
use super::names::Tables;
use super::opening::Timeouts;
use super::table_state::TableNumbers;

/// The one connection of a run, with the names of the host's tables.
pub struct Database {
    pub(super) connection: PgConnection,
    /// How it was opened, and how others are opened beside it.
    pub(super) connector: Connector,
    pub(super) tables: Tables,
    pub(super) liveness: Liveness,
    /// Known from the beginning of a run to its end.
    pub(super) table_numbers: Option<TableNumbers>,
    /// Whether the server can be asked to watch its client; known with the numbers of the tables.
    pub(super) can_notice_a_lost_client: bool,
    /// Whether the session has begun with the settings by which the server notices that the client's machine is gone.
    pub(super) notices_a_dead_client: bool,
    /// Whether this session has taken the migration lock.
    pub(super) has_lock: bool,
    /// The outermost savepoint of a migration that is open.
    pub(super) savepoint: Option<String>,
    /// What earlier steps of this run have found out.
    pub(super) known: Known,
    /// The transaction of the next step, where it has begun already.
    pub(super) begun_ahead: Option<BegunAhead>,
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
    /// Connects with a connector of its own; see [`Connector::new`].
    ///
    /// # Errors
    /// Those of [`Connector::new`] and [`Connector::connect`].
    pub async fn connect(url: &str, application: &str, tables: Tables) -> Result<Self, DatabaseError> {
        Connector::new(url, application)?.connect(tables).await
    }

    /// A connection that was just opened.
    pub(super) fn new(connection: PgConnection, connector: Connector, tables: Tables) -> Self {
        let liveness = Liveness::new(connector.clone());
        Self {
            connection,
            connector,
            tables,
            liveness,
            table_numbers: None,
            can_notice_a_lost_client: false,
            notices_a_dead_client: false,
            has_lock: false,
            savepoint: None,
            known: Known::default(),
            begun_ahead: None,
        }
    }

    /// How this connection was opened: opens others like it.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Sets how long the host's own statements wait for a lock outside of steps; zero is for ever.
    pub fn set_lock_timeout(&mut self, timeout: Duration) {
        self.connector = self.connector.clone().with_lock_timeout(timeout);
    }

    /// Sets the time limits of the statements of migrations for connections that are opened beside this one.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.connector = self.connector.clone().with_timeouts(timeouts);
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

    /// Which database this is: its name and where it is, without the password.
    pub fn describe(&self) -> String {
        self.connector.describe()
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
        self.results(doing, format!("SET LOCAL lock_timeout = {}; {sql}", self.connector.lock_timeout_milliseconds))
            .await
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

    /// Whether the driver keeps prepared statements in the session.
    pub(super) fn keeps_statements(&self) -> bool {
        self.connection.cached_statements_size() > 0
    }

    /// Drops the prepared statements that the driver keeps; no round trip where it keeps none.
    pub(super) async fn forget_statements(&mut self) -> Result<(), DatabaseError> {
        if !self.keeps_statements() {
            return Ok(());
        }
        let connection = &mut self.connection;
        let doing = "deallocate prepared statements";
        let answer = async {
            driver::guarded(connection.clear_cached_statements()).await.map_err(|error| classify(doing, error))
        };
        self.liveness.over(doing, answer).await
    }
}
