//! Making and dropping whole databases, over a connection to another one of the same server.

use super::connect::Database;
use super::connector::Connector;
use super::error::DatabaseError;
use super::names::Tables;
use super::sqlstate;
use crate::bindings::types::SqlError;
use crate::value::quote_identifier;
use crate::value::quote_text;

/// The databases that every server has, to connect to where the one in question is not there (PostgreSQL manual, `createdb`,
/// `--maintenance-db`).
const MAINTENANCE_DATABASES: [&str; 2] = ["postgres", "template1"];

/// What belongs to the server and is nobody's to make or to drop.
const OF_THE_SERVER: [&str; 3] = ["postgres", "template0", "template1"];

const FORCE: &str = " WITH (FORCE)";

/// Whether a database was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It was.
    Yes,
    /// It was not.
    No,
}

impl Connector {
    /// Makes the database, which then belongs to the user who logs in. One that is there stays as it is.
    ///
    /// # Errors
    /// [`DatabaseError::MaintenanceDatabase`] for a database that every server has; otherwise those of
    /// [`Connector::connect`], and [`DatabaseError::NotCreated`] when the server refuses.
    pub async fn create_database(&self, tables: Tables) -> Result<Existing, DatabaseError> {
        let mut server = self.server(tables).await?;
        let result = self.create_from(&mut server).await;
        server.close().await;
        result
    }

    /// Drops the database with all that is in it. With `force` the sessions of others in it are ended; without it, the server
    /// refuses while there are any.
    ///
    /// # Errors
    /// As [`Connector::create_database`], with [`DatabaseError::NotDropped`].
    pub async fn drop_database(&self, tables: Tables, force: bool) -> Result<Existing, DatabaseError> {
        let mut server = self.server(tables).await?;
        let result = self.drop_from(&mut server, force).await;
        server.close().await;
        result
    }

    async fn create_from(&self, server: &mut Database) -> Result<Existing, DatabaseError> {
        let name = self.database_name();
        if server.has_database(name).await? {
            return Ok(Existing::Yes);
        }
        // CREATE DATABASE runs in no transaction, so it is a text of its own.
        let sql = format!("CREATE DATABASE {} OWNER {}", quote_identifier(name), quote_identifier(self.user()));
        match server.simple("create the database", sql).await {
            Ok(_) => Ok(Existing::No),
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == sqlstate::DUPLICATE_DATABASE => {
                Ok(Existing::Yes)
            }
            Err(DatabaseError::Statement { error, .. }) => {
                Err(DatabaseError::NotCreated { database: name.to_owned(), user: self.user().to_owned(), error })
            }
            Err(error) => Err(error),
        }
    }

    async fn drop_from(&self, server: &mut Database, force: bool) -> Result<Existing, DatabaseError> {
        let name = self.database_name();
        if !server.has_database(name).await? {
            return Ok(Existing::No);
        }
        let mut result = server.drop_by(name, if force { FORCE } else { "" }).await;
        // FORCE ends no worker of autovacuum for anybody but a superuser; without it the server sends that away by itself and
        // waits up to 5 s for all that are connected (`CountOtherDBBackends` of PostgreSQL).
        if force && fails_by(&result, sqlstate::INSUFFICIENT_PRIVILEGE) {
            result = server.drop_by(name, "").await;
            // Then sessions of this user are left.
            if fails_by(&result, sqlstate::OBJECT_IN_USE) {
                result = server.drop_by(name, FORCE).await;
            }
        }
        match result {
            Ok(()) => Ok(Existing::Yes),
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == sqlstate::INVALID_CATALOG_NAME => {
                Ok(Existing::No)
            }
            Err(DatabaseError::Statement { error, .. }) => {
                Err(DatabaseError::NotDropped { database: name.to_owned(), user: self.user().to_owned(), error })
            }
            Err(error) => Err(error),
        }
    }

    /// A connection to another database of the same server.
    async fn server(&self, tables: Tables) -> Result<Database, DatabaseError> {
        let name = self.database_name();
        if OF_THE_SERVER.contains(&name) {
            return Err(DatabaseError::MaintenanceDatabase { database: name.to_owned() });
        }
        let mut refused = None;
        for maintenance in MAINTENANCE_DATABASES {
            match self.clone().for_database(maintenance).connect(tables.clone()).await {
                Ok(database) => return Ok(database),
                // One of them may be missing, or closed to this user.
                Err(error @ (DatabaseError::NoDatabase { .. } | DatabaseError::Unavailable { .. })) => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| DatabaseError::MaintenanceDatabase { database: name.to_owned() }))
    }
}

impl Database {
    async fn has_database(&mut self, name: &str) -> Result<bool, DatabaseError> {
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) {}",
            quote_text(name)
        );
        Ok(!self.simple("look for the database", sql).await?.is_empty())
    }

    async fn drop_by(&mut self, name: &str, how: &str) -> Result<(), DatabaseError> {
        let sql = format!("DROP DATABASE {}{how}", quote_identifier(name));
        self.simple("drop the database", sql).await.map(drop)
    }
}

fn fails_by(result: &Result<(), DatabaseError>, sqlstate: &str) -> bool {
    matches!(result, Err(DatabaseError::Statement { error, .. }) if error.sqlstate == sqlstate)
}

/// What to do when the server does not make or drop a database.
pub(super) fn hint(error: &SqlError, database: &str, user: &str, dropping: bool) -> String {
    let (name, role) = (quote_identifier(database), quote_identifier(user));
    match (error.sqlstate.as_str(), dropping) {
        (sqlstate::INSUFFICIENT_PRIVILEGE, false) => {
            format!("let an administrator run ALTER ROLE {role} CREATEDB, or CREATE DATABASE {name} OWNER {role}")
        }
        (sqlstate::INSUFFICIENT_PRIVILEGE, true) => {
            format!("let its owner drop it, or an administrator run DROP DATABASE {name}")
        }
        (sqlstate::OBJECT_IN_USE, true) => "end the sessions that use it, or end them with --force".to_owned(),
        (sqlstate::OBJECT_IN_USE, false) => {
            "a session uses the template database: wait for it to end, and run the command again".to_owned()
        }
        _ => error.hint.clone().unwrap_or_else(|| "check the server's log".to_owned()),
    }
}
