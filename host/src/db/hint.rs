//! What went wrong with the database in one word, and what to do about it.

use super::databases;
use super::error::DatabaseError;
use super::sqlstate;
use crate::bindings::types::SqlError;

impl DatabaseError {
    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Locked { .. } | Self::LockLost { .. } => "locked",
            Self::TransactionPooling { .. } => "transaction-pooling",
            Self::UnrestrictedRole { .. } => "unrestricted-role",
            Self::Cancelled { .. } => "interrupted",
            _ => "database",
        }
    }

    /// Whether this refuses a run before its first step, by what the database, its tables or its user are: it stays so until
    /// somebody changes that. What comes from the moment, such as a lost connection or a lock, is none.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::ForeignTable { .. }
                | Self::EarlierLog { .. }
                | Self::AmbiguousTable { .. }
                | Self::TooManyRows { .. }
                | Self::UnreadableRows { .. }
                | Self::RevisionTooLong { .. }
                | Self::TablesNotClean { .. }
                | Self::ReadOnly { .. }
                | Self::NoRights { .. }
                | Self::NoSchema { .. }
                | Self::LogColumns { .. }
                | Self::TransactionPooling { .. }
                | Self::UnrestrictedRole { .. }
                | Self::NoSuchRole { .. }
                | Self::NotInRole { .. }
        )
    }

    /// What the operator should do, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::InvalidUrl { hint: Some(hint), .. } => hint.clone(),
            Self::InvalidUrl { hint: None, .. } => {
                "write it as postgres://user:password@host:5432/database, with special characters percent-encoded, or use url = \"local:\"".to_owned()
            }
            Self::BackfillLimit { hint, .. } => hint.clone(),
            Self::NoServer { .. } => {
                "start the server, or correct the url".to_owned()
            }
            Self::Refused { .. } => "correct user and password in the url; without a password there, ~/.pgpass is read".to_owned(),
            Self::Unavailable { error, .. } => return Some(unavailable_hint(error)),
            Self::Tls { .. } => "enable TLS on the server, or set another sslmode in the url: disable, prefer, require, verify-ca or verify-full".to_owned(),
            Self::NoDatabase { .. } => "create it with `host db create`, or correct the url".to_owned(),
            Self::MaintenanceDatabase { .. } => "name another database in the url".to_owned(),
            Self::NotCreated { database, user, error } => databases::hint(error, database, user, false),
            Self::NotDropped { database, user, error } => databases::hint(error, database, user, true),
            Self::Lost { .. } => "check the server's log, then run the command again: what was not committed was rolled back".to_owned(),
            Self::Statement { error, .. } => return statement_hint(error),
            Self::CommitUnknown { .. } => {
                "once the server answers, `host current` shows whether the step is applied; running the command again is safe \
                 either way: it goes on from where the database is"
                    .to_owned()
            }
            Self::NotCommitted { .. } => "check the server's log, then run the command again".to_owned(),
            Self::Overtaken { .. } => "check `host current`, then run the command again for what is still to do".to_owned(),
            Self::ForeignTable { kind, .. } => {
                format!("set `{}` in host.toml to a name that is free", kind.key())
            }
            Self::EarlierLog { earlier, log } => {
                let earlier = earlier.quoted();
                format!("rename it: ALTER TABLE {earlier} RENAME TO {log}; or keep its name: `log-table = \"host_history\"` in host.toml")
            }
            Self::AmbiguousTable { kind, name, .. } => format!(
                "find out who created the other one and drop it, or name the right one in host.toml: `{} = \"SCHEMA.{name}\"`",
                kind.key(),
            ),
            Self::TooManyRows { table, .. } => {
                format!("check {table}: something other than host has written to it")
            }
            Self::UnreadableRows { .. } => {
                "`host stamp --purge REVISION` replaces all rows by the revision that the database is really at".to_owned()
            }
            Self::RevisionTooLong { table, .. } => {
                format!("widen the column: ALTER TABLE {table} ALTER COLUMN version_num TYPE text")
            }
            Self::HeadsMoved { .. } => "check `host current`, then run the command again".to_owned(),
            Self::IntegrityViolated { .. } => "a migration must leave the tables, the transaction and the session of host alone".to_owned(),
            Self::TablesNotClean { .. } => {
                "it changes what statements on these tables do: find out who created it, drop it, and run the command again".to_owned()
            }
            Self::DeferredConstraint { error } => return error.hint.clone(),
            Self::TablesLocked { .. } => {
                "wait until that session ends its transaction, or end it with pg_terminate_backend(), then run the command again".to_owned()
            }
            Self::ReadOnly { replica: true, .. } => "connect to the primary server".to_owned(),
            Self::ReadOnly { replica: false, .. } => {
                "use another user, or ALTER ROLE … SET default_transaction_read_only = off".to_owned()
            }
            Self::NoRights { table, rights, user } => format!(
                "GRANT {rights} ON {table} TO {}, or use another user",
                crate::value::quote_identifier(user)
            ),
            Self::NoSchema { schema } => format!(
                "create it with CREATE SCHEMA {}, or correct version-table, log-table and journal-table in host.toml",
                crate::value::quote_identifier(schema)
            ),
            Self::LogColumns { statement, .. } => format!("let the owner of the table run: {statement}"),
            Self::TransactionPooling { .. } => {
                "set direct-url in host.toml, or HOST_DIRECT_URL, to the server itself or to a pool with pool_mode = session".to_owned()
            }
            Self::UnrestrictedRole { .. } => {
                "use a user without such rights; require-restricted-role = false in host.toml would let this one pass".to_owned()
            }
            Self::NoSuchRole { role } => format!(
                "create it with CREATE ROLE {}, or correct `role` in host.toml",
                crate::value::quote_identifier(role)
            ),
            Self::NotInRole { role, user } => format!(
                "GRANT {} TO {}, or correct `role` in host.toml",
                crate::value::quote_identifier(role),
                crate::value::quote_identifier(user)
            ),
            Self::LockLost { .. } => "run the command again: it waits for the other runner and continues".to_owned(),
            Self::Locked { .. } => "wait for it to end and run the command again, or wait longer with --wait".to_owned(),
            Self::Journal(error) => error.hint("upgrade"),
            Self::Cancelled { .. } => "run the command again".to_owned(),
        })
    }
}

/// What to do when the server takes no connection, by its SQLSTATE (PostgreSQL manual, appendix A).
fn unavailable_hint(error: &SqlError) -> String {
    let hint = match error.sqlstate.as_str() {
        sqlstate::INSUFFICIENT_PRIVILEGE => "grant the user CONNECT on the database, or use another user",
        sqlstate::TOO_MANY_CONNECTIONS => {
            "wait for a free connection, or raise the connection limit of the server, the database or the user"
        }
        sqlstate::CANNOT_CONNECT_NOW => "wait until the server is up, then run the command again",
        sqlstate::INVALID_PARAMETER_VALUE | sqlstate::UNDEFINED_OBJECT => "correct `options` in the url",
        // Only a pooler says this: a server takes whatever is the name of a setting.
        sqlstate::PROTOCOL_VIOLATION if error.message.contains("startup parameter") => {
            "a pooler is in between: use the address of the server itself, or leave the parameter out of the url"
        }
        _ => return error.hint.clone().unwrap_or_else(|| "check the server's log".to_owned()),
    };
    hint.to_owned()
}

/// What to do about the refusal of a statement of the host, by its SQLSTATE (PostgreSQL manual, appendix A).
fn statement_hint(error: &SqlError) -> Option<String> {
    match error.sqlstate.as_str() {
        sqlstate::READ_ONLY_SQL_TRANSACTION => {
            Some("the server is a read-only replica, or the role is set read-only: connect to the primary".to_owned())
        }
        sqlstate::INSUFFICIENT_PRIVILEGE => {
            Some("grant the database user the rights that are missing, or use another user".to_owned())
        }
        sqlstate::INVALID_SCHEMA_NAME => Some("create the schema, or set the user's search_path".to_owned()),
        sqlstate::DISK_FULL => Some("make room on the disk of the server, then run the command again".to_owned()),
        sqlstate::LOCK_NOT_AVAILABLE => Some(
            "another session holds a lock on the table: see pg_stat_activity, then run the command again".to_owned(),
        ),
        _ => error.hint.clone(),
    }
}
