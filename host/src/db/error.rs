//! What can go wrong with the database, and what to do about it.

pub use super::names::TableKind;
use super::non_transactional::JournalError;
pub(super) use super::server_error::classify;
pub(super) use super::server_error::connection_is_gone;
pub(super) use super::server_error::sql_error;
use super::violation::Violation;
use crate::bindings::types::SqlError;
use crate::config::TableName;

/// A fault of the connection or of the host's own statements. What a guest's statement does wrong is not one.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The url is not one of PostgreSQL.
    #[error("the database url is not valid: {reason}")]
    InvalidUrl {
        /// What is wrong. Never the url itself, because it may hold a password.
        reason: String,
        /// What to write instead, where that is known.
        hint: Option<String>,
    },
    /// No server answers.
    #[error("cannot connect to PostgreSQL at {address}: {reason}")]
    NoServer {
        /// Host and port, or the socket.
        address: String,
        /// What the operating system said.
        reason: String,
    },
    /// The server refused the user or the password.
    #[error("PostgreSQL at {address} refused user '{user}': {reason}")]
    Refused {
        /// Host and port, or the socket.
        address: String,
        /// The database user.
        user: String,
        /// What the server said.
        reason: String,
    },
    /// The server answers, but takes no connection: none is free, it is just starting, the url has a parameter that it does
    /// not know.
    #[error("PostgreSQL at {address} accepts no connection from user '{user}': {} ({})", error.message, error.sqlstate)]
    Unavailable {
        /// Host and port, or the socket.
        address: String,
        /// The database user.
        user: String,
        /// What the server said.
        error: Box<SqlError>,
    },
    /// Server and host do not agree on encryption.
    #[error("cannot connect to PostgreSQL at {address} with TLS: {reason}")]
    Tls {
        /// Host and port.
        address: String,
        /// What the driver said.
        reason: String,
    },
    /// The server has no such database.
    #[error("PostgreSQL at {address} has no database '{database}'")]
    NoDatabase {
        /// Host and port, or the socket.
        address: String,
        /// The name of the database.
        database: String,
    },
    /// The database is one that every server has.
    #[error("the database '{database}' belongs to the server, and is not for migrations to create or drop")]
    MaintenanceDatabase {
        /// The name of the database.
        database: String,
    },
    /// The server did not make the database.
    #[error("PostgreSQL refused to create the database '{database}': {} ({})", error.message, error.sqlstate)]
    NotCreated {
        /// The name of the database.
        database: String,
        /// The database user.
        user: String,
        /// What the server said.
        error: Box<SqlError>,
    },
    /// The server did not drop the database.
    #[error("PostgreSQL refused to drop the database '{database}': {} ({})", error.message, error.sqlstate)]
    NotDropped {
        /// The name of the database.
        database: String,
        /// The database user.
        user: String,
        /// What the server said.
        error: Box<SqlError>,
    },
    /// The connection was lost, or its protocol broke.
    #[error("lost the connection to PostgreSQL while trying to {doing}: {reason}")]
    Lost {
        /// What the host was doing.
        doing: String,
        /// What happened.
        reason: String,
    },
    /// The server refused a statement of the host itself.
    #[error("PostgreSQL refused to {doing}: {} ({})", error.message, error.sqlstate)]
    Statement {
        /// What the host was doing.
        doing: String,
        /// What the server said.
        error: Box<SqlError>,
    },
    /// The connection was lost while a transaction was committed, and whether it was is not known.
    #[error("lost the connection to PostgreSQL during COMMIT: {reason}{}", not_found_out(why))]
    CommitUnknown {
        /// What happened.
        reason: String,
        /// Why it could not be found out; none before the host has tried.
        why: Option<String>,
    },
    /// The connection was lost while a transaction was committed, and the server says that it was not.
    #[error("lost the connection to PostgreSQL during COMMIT, and the transaction was not committed: {reason}")]
    NotCommitted {
        /// What happened.
        reason: String,
    },
    /// The connection was lost between two steps, and another runner was at work until there was a new one.
    #[error("lost the connection to PostgreSQL, and another runner went on meanwhile: the database is at {heads}")]
    Overtaken {
        /// The rows of the version table now, as text.
        heads: String,
    },
    /// A table has the name of one of the host's, and another shape.
    #[error("table {table} is not a {} table: {reason}", kind.word())]
    ForeignTable {
        /// Which of the host's tables it should be.
        kind: TableKind,
        /// The table.
        table: String,
        /// What is different.
        reason: String,
    },
    /// There is a log table of an earlier version, and none of today's name.
    #[error("table {earlier} is the log table of an earlier version of host; it is called {log} now")]
    EarlierLog {
        /// The table, with its schema.
        earlier: TableName,
        /// Today's name, without a schema.
        log: String,
    },
    /// Two tables have the name of one of the host's.
    #[error("found {} tables that could be the {} table: {}", places.len(), kind.word(), places.join(" and "))]
    AmbiguousTable {
        /// Which of the host's tables it should be.
        kind: TableKind,
        /// The name.
        name: String,
        /// The tables, with their schemas.
        places: Vec<String>,
    },
    /// One of the host's tables has more rows than host reads.
    #[error("the {} table {table} has more than {rows_max} rows", kind.word())]
    TooManyRows {
        /// Which of the host's tables it is.
        kind: TableKind,
        /// The table.
        table: String,
        /// The limit.
        rows_max: usize,
    },
    /// The version table has rows that no revision can have written.
    #[error("version table {table} has {}: {}", if rows.len() == 1 { "an invalid row" } else { "invalid rows" }, shown(rows))]
    UnreadableRows {
        /// The table.
        table: String,
        /// The rows.
        rows: Vec<String>,
    },
    /// A revision id does not fit into the version table.
    #[error("revision '{revision}' does not fit into {table}.version_num, which holds {characters_max} characters")]
    RevisionTooLong {
        /// The revision.
        revision: String,
        /// The version table.
        table: String,
        /// The column's length.
        characters_max: u32,
    },
    /// The version table holds other rows than the plan was made for.
    #[error("table {table} was changed by another session during this run: {what}")]
    HeadsMoved {
        /// The version table.
        table: String,
        /// What is different there.
        what: String,
    },
    /// A migration changed what belongs to the host.
    #[error("it changed what belongs to host: {}", violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    IntegrityViolated {
        /// What it changed, at least one thing.
        violations: Vec<Violation>,
    },
    /// Something is attached to the host's tables before a run begins.
    #[error("the tables of host were altered: {}", violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    TablesNotClean {
        /// What it is, at least one thing.
        violations: Vec<Violation>,
    },
    /// What a migration left to be checked at its end fails: a deferred constraint or trigger.
    #[error("PostgreSQL refused a deferred constraint or trigger: {} ({})", error.message, error.sqlstate)]
    DeferredConstraint {
        /// What the server said.
        error: Box<SqlError>,
    },
    /// Somebody holds a lock on the host's tables, or on a row there.
    #[error("cannot {doing}: {} or {} is locked by {holder}", tables[0], tables[1])]
    TablesLocked {
        /// What the host was doing.
        doing: String,
        /// The version table and the log table.
        tables: [String; 2],
        /// Who holds the lock, as far as the server says.
        holder: String,
        /// What the server said.
        error: Box<SqlError>,
    },
    /// The database cannot be written to.
    #[error(
        "{address} is read-only: {}",
        if *replica { "the server is a replica (a standby)" } else { "default_transaction_read_only is on" }
    )]
    ReadOnly {
        /// Which database.
        address: String,
        /// Whether it is because the server is a replica.
        replica: bool,
    },
    /// The user may not write to the host's tables.
    #[error("user '{user}' lacks {rights} on {table}")]
    NoRights {
        /// The table.
        table: String,
        /// The missing rights, as in GRANT.
        rights: String,
        /// The database user.
        user: String,
    },
    /// The schema in which the host's tables are to be made does not exist.
    #[error("schema '{schema}', where the tables of host are to be created, does not exist")]
    NoSchema {
        /// The schema.
        schema: String,
    },
    /// The log table is that of an earlier version, and the user may not change it.
    #[error("{table} lacks columns that this version of host writes, and user '{user}' may not add them")]
    LogColumns {
        /// The table.
        table: String,
        /// The database user.
        user: String,
        /// The statement that adds those that are missing.
        statement: String,
    },
    /// A pooler gives each transaction another session.
    #[error(
        "{address} is behind a pooler in transaction mode (PgBouncer's pool_mode = transaction), where the migration lock does not hold"
    )]
    TransactionPooling {
        /// Which database.
        address: String,
    },
    /// The user has rights beyond the database, and the settings insist on one who has not.
    #[error(
        "database user '{user}' {reach}, so migrations could reach files and programs of the server's machine, which require-restricted-role forbids"
    )]
    UnrestrictedRole {
        /// The database user.
        user: String,
        /// Why: `is a superuser`.
        reach: String,
    },
    /// The role for migrations does not exist.
    #[error("role '{role}', under which migrations run, does not exist")]
    NoSuchRole {
        /// The role.
        role: String,
    },
    /// The user may not enter the role for migrations.
    #[error("database user '{user}' is not a member of '{role}', the role of the migrations")]
    NotInRole {
        /// The role.
        role: String,
        /// The database user.
        user: String,
    },
    /// The migration lock got lost between two steps, and another runner has it.
    #[error("lost the migration lock to another runner ({holder})")]
    LockLost {
        /// Who holds the lock, as far as the server says.
        holder: String,
    },
    /// Another runner holds the lock.
    #[error("another runner is migrating this database ({holder}){}", waited(*waited_seconds))]
    Locked {
        /// Who holds the lock, as far as the server says.
        holder: String,
        /// How long the host waited, in whole seconds.
        waited_seconds: u64,
    },
    /// A migration without a transaction cannot go on where an earlier run left it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A limit of the operator for backfills cannot be kept.
    #[error("cannot keep {key} of [*.backfill] in host.toml: {reason}")]
    BackfillLimit {
        /// Its key.
        key: &'static str,
        /// Why not.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// The wait for another runner was interrupted on request. Nothing has happened yet.
    #[error("interrupted while waiting for another runner ({holder}); nothing was changed")]
    Cancelled {
        /// Who holds the lock, as far as the server says.
        holder: String,
    },
}

fn not_found_out(why: &Option<String>) -> String {
    why.as_ref().map(|why| format!("; cannot determine whether it was committed: {why}")).unwrap_or_default()
}

/// Rows of a table, for people: not all, and each in quotes and in ASCII.
fn shown(rows: &[String]) -> String {
    let quoted: Vec<String> = rows
        .iter()
        .take(5)
        .map(|row| format!("'{}'", row.chars().take(60).flat_map(char::escape_default).collect::<String>()))
        .collect();
    let more =
        if rows.len() > quoted.len() { format!(" and {} more", rows.len() - quoted.len()) } else { String::new() };
    format!("{}{more}", quoted.join(", "))
}

fn waited(seconds: u64) -> String {
    if seconds == 0 { String::new() } else { format!("; waited {seconds} s for it") }
}
