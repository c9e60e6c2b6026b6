//! How connections to one database are opened: the one of a run, and all that are opened beside it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;

use super::connect::Database;
use super::driver;
use super::error::DatabaseError;
#[cfg(feature = "schema")]
use super::error::classify;
use super::error::sql_error;
use super::liveness;
use super::location::Location;
use super::location::Server;
use super::names::Tables;
use super::opening::DEAD_CLIENT_SETTINGS;
use super::opening::Timeouts;
use super::opening::set_timeouts;
use super::sqlstate;
use crate::config::database_url;
use crate::value::quote_identifier;

/// How long a server may take to answer where the url does not say it. Without a limit, packets that get lost on their way would
/// block for minutes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the host waits for a lock on its own tables where nothing else is said, in milliseconds.
const LOCK_TIMEOUT_MILLISECONDS: u64 = 10_000;

/// A connection of the driver, as it comes.
#[cfg(feature = "schema")]
pub type Connection = PgConnection;

/// Opens connections to one database, all with the same user, application name, limits and checks. Cheap to clone.
///
/// There are three kinds: [`Connector::connect`] opens that of a run, which checks and locks by itself;
/// [`Connector::session`] opens further ones for the work of migrations; and the host's own watchers, which only ask the
/// server about another session, are opened by what needs them.
#[derive(Clone)]
pub struct Connector {
    options: PgConnectOptions,
    connect_timeout: Duration,
    pub(super) silence: Duration,
    pub(super) lock_timeout_milliseconds: u64,
    timeouts: Timeouts,
    role: Option<String>,
    require_restricted_role: bool,
}

impl Connector {
    /// A connector for a libpq-style url; what it leaves out comes from the usual `PG…` variables and the password file.
    /// `application` is what the server shows in `pg_stat_activity`. Nothing is opened yet.
    ///
    /// # Errors
    /// [`DatabaseError::InvalidUrl`].
    pub fn new(url: &str, application: &str) -> Result<Self, DatabaseError> {
        // PgBouncer refuses parameters that it does not know, as it comes, and servers from 12 on send exact numbers anyway.
        let options = options(url)?.application_name(application).extra_float_digits(None);
        Ok(Self {
            options,
            connect_timeout: database_url::connect_timeout(url).unwrap_or(CONNECT_TIMEOUT),
            silence: liveness::INTERVAL,
            lock_timeout_milliseconds: LOCK_TIMEOUT_MILLISECONDS,
            timeouts: Timeouts { lock_milliseconds: LOCK_TIMEOUT_MILLISECONDS, statement_milliseconds: 0 },
            role: None,
            require_restricted_role: false,
        })
    }

    /// Sets how long the server may be silent until a second connection checks whether it is still at work. Zero never
    /// checks.
    #[must_use]
    pub fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Sets how long the host's own statements wait for a lock outside of steps; zero is for ever.
    #[must_use]
    pub fn with_lock_timeout(self, timeout: Duration) -> Self {
        Self { lock_timeout_milliseconds: Timeouts::new(timeout, Duration::ZERO).lock_milliseconds, ..self }
    }

    /// Sets the time limits of the statements of migrations in a [`Connector::session`].
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// Sets the role under which migrations run; without one it is the user who logs in.
    #[must_use]
    pub fn with_role(self, role: Option<&str>) -> Self {
        Self { role: role.map(str::to_owned), ..self }
    }

    /// Sets whether a user is refused through whose rights migrations could reach the server's machine.
    #[must_use]
    pub fn with_restricted_role(self, required: bool) -> Self {
        Self { require_restricted_role: required, ..self }
    }

    /// The same for another database of the same server.
    #[must_use]
    pub fn for_database(self, name: &str) -> Self {
        Self { options: self.options.database(name), ..self }
    }

    /// The role under which migrations run, if it is not the user who logs in.
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    pub(super) fn requires_restricted_role(&self) -> bool {
        self.require_restricted_role
    }

    /// The user who logs in.
    pub fn user(&self) -> &str {
        self.options.get_username()
    }

    /// Which database this is: its name and where it is, without the password.
    pub fn describe(&self) -> String {
        format!("{} at {}", self.database_name(), address(&self.options))
    }

    /// The same, part by part.
    pub fn location(&self) -> Location {
        let host = self.options.get_host();
        let server = match self.options.get_socket() {
            Some(socket) => Server::Socket(socket.display().to_string()),
            None if host.starts_with('/') => Server::Socket(host.to_owned()),
            None => Server::Host(host.to_owned()),
        };
        let (user, database) = (self.user().to_owned(), self.database_name().to_owned());
        Location { user, server, port: self.options.get_port(), database }
    }

    /// Whether the server is on this machine, with no network in between.
    pub(super) fn is_local_socket(&self) -> bool {
        self.options.get_socket().is_some() || self.options.get_host().starts_with('/')
    }

    /// The name of the database.
    pub fn database_name(&self) -> &str {
        self.options.get_database().unwrap_or(self.options.get_username())
    }

    /// Opens the connection of a run. Nothing is checked yet: [`Database::look_around`] does that when a run begins.
    ///
    /// # Errors
    /// [`DatabaseError`], sorted by what the operator has to do: no server, a refused user, no such database.
    pub async fn connect(&self, tables: Tables) -> Result<Database, DatabaseError> {
        Ok(Database::new(self.open_for_steps().await?, self.clone(), tables))
    }

    /// Opens a further connection for the work of migrations: checked as that of a run is (it can write, it belongs to no
    /// pooler that shares it, the user is not more than it may be, the role can be had), with the role and the time limits
    /// of migrations.
    ///
    /// # Errors
    /// Those of [`Connector::connect`] and of [`Database::look_around`].
    pub async fn session(&self, tables: Tables) -> Result<Database, DatabaseError> {
        let mut database = self.connect(tables).await?;
        database.look_around().await?;
        let role = self.role().map(|role| format!("; SET ROLE {}", quote_identifier(role))).unwrap_or_default();
        database.simple("prepare the session", format!("{}{role}", set_timeouts(self.timeouts))).await?;
        Ok(database)
    }

    /// Opens a connection whose session begins with what else each step would have to set again.
    async fn open_for_steps(&self) -> Result<PgConnection, DatabaseError> {
        if self.is_local_socket() {
            return self.open().await;
        }
        match self.open_with(&self.options.clone().options(DEAD_CLIENT_SETTINGS)).await {
            // PgBouncer and others refuse a session that begins with settings which they do not know.
            Err(DatabaseError::Unavailable { error, .. }) if sqlstate::may_be_about_settings(&error.sqlstate) => {
                self.open().await
            }
            opened => opened,
        }
    }

    /// Opens a connection for work that is no migration: reading a schema, and whatever is done on shadow databases. It has the
    /// time limits of migrations, and nothing of it is checked.
    ///
    /// # Errors
    /// Those of [`Connector::connect`].
    #[cfg(feature = "schema")]
    pub async fn open_apart(&self) -> Result<Connection, DatabaseError> {
        let mut connection = self.open().await?;
        let doing = "prepare the session";
        driver::rows(&mut connection, set_timeouts(self.timeouts)).await.map_err(|error| classify(doing, error))?;
        Ok(connection)
    }

    /// Opens a connection without anything that belongs to it.
    pub(super) async fn open(&self) -> Result<PgConnection, DatabaseError> {
        self.open_with(&self.options).await
    }

    async fn open_with(&self, options: &PgConnectOptions) -> Result<PgConnection, DatabaseError> {
        let (address, user) = (address(options), self.user().to_owned());
        let connected = driver::guarded(PgConnection::connect_with(options));
        let Ok(connected) = tokio::time::timeout(self.connect_timeout, connected).await else {
            let reason = format!("no answer within {} s", self.connect_timeout.as_secs());
            return Err(DatabaseError::NoServer { address, reason });
        };
        connected.map_err(|error| match error {
            sqlx::Error::Database(error) => {
                let error = sql_error(error.downcast_ref::<sqlx::postgres::PgDatabaseError>());
                match error.sqlstate.as_str() {
                    sqlstate::INVALID_CATALOG_NAME => {
                        DatabaseError::NoDatabase { address, database: self.database_name().to_owned() }
                    }
                    code if code.starts_with(sqlstate::INVALID_AUTHORIZATION_CLASS) => {
                        DatabaseError::Refused { address, user, reason: error.message }
                    }
                    _ => DatabaseError::Unavailable { address, user, error: Box::new(error) },
                }
            }
            sqlx::Error::Io(error) => DatabaseError::NoServer { address, reason: error.to_string() },
            sqlx::Error::Tls(error) => DatabaseError::Tls { address, reason: error.to_string() },
            sqlx::Error::Protocol(reason) => DatabaseError::NoServer { address, reason },
            other => DatabaseError::NoServer { address, reason: other.to_string() },
        })
    }
}

/// Without the password.
impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Connector").field(&self.describe()).finish()
    }
}

fn options(url: &str) -> Result<PgConnectOptions, DatabaseError> {
    let invalid = |reason: &str| DatabaseError::InvalidUrl { reason: reason.to_owned(), hint: None };
    database_url::check(url)
        .map_err(|problem| DatabaseError::InvalidUrl { reason: problem.reason, hint: Some(problem.hint) })?;
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
    use super::*;

    #[test]
    fn a_bad_url_is_refused_without_being_quoted() {
        let port = "its port is not a number from 1 to 65535";
        let stray =
            "it has an '@' where none can be: the user or the password has a character before it that ends them";
        let mode = "its parameter sslmode is not one of disable, allow, prefer, require, verify-ca or verify-full";
        for (url, reason) in [
            ("mysql://root:secret@h/d", "it is one of MySQL, and host works with PostgreSQL"),
            ("secret", "it does not begin with postgres://"),
            ("postgres://u:secret@h:port/d", port),
            ("postgres://u:sec/ret@h/d", stray),
            ("postgres://u:secret@[::1/d", "its IPv6 address has no ']' at the end"),
            ("postgres://u:secret@[x]/d", "invalid IPv6 address"),
            ("postgres://u:secret@h/d?sslmode=secret", mode),
            ("postgres://u:secret@h/d?hostaddr=secret", "one of its parameters has a value that cannot be read"),
        ] {
            let error = Connector::new(url, "test").expect_err("not a url").to_string();
            assert_eq!(error, format!("the database url is not valid: {reason}"), "{url}");
        }
    }

    #[test]
    fn a_connector_does_not_show_the_password() {
        let connector = Connector::new("postgres://me:secret@db.example:5433/shop", "test").expect("a url");
        assert_eq!(format!("{connector:?}"), "Connector(\"shop at db.example:5433\")");
        assert_eq!(connector.for_database("copy").describe(), "copy at db.example:5433");
    }
}
