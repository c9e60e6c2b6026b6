//! Why a text is not sent, and what to do about it.

use std::fmt;

use super::command::Command;
use super::split::SplitError;
use super::trusted_languages::TRUSTED_LANGUAGES;
use crate::grant::Classes;

/// Why a text is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no statement.
    #[error("the text has no statement")]
    Empty,
    /// There is more than one statement.
    #[error("the text has {count} statements instead of one, the first is {first}")]
    SeveralStatements {
        /// What the first one begins with.
        first: Command,
        /// How many there are.
        count: usize,
    },
    /// The text does not begin with a command.
    #[error("the statement does not begin with a command")]
    NoCommand,
    /// The text cannot be read as SQL.
    #[error("the statement cannot be read")]
    Unreadable {
        /// What is wrong with it.
        #[source]
        source: SplitError,
    },
    /// The guard does not know the command, so it cannot say what it needs.
    #[error("unknown command {command}")]
    Unknown {
        /// As it is written.
        command: Command,
    },
    /// No migration may send it, whatever is granted.
    #[error("{command} is not allowed in a migration, because {reason}")]
    Forbidden {
        /// What it is.
        command: Command,
        /// Why.
        reason: Reason,
    },
    /// It copies data into a table in a form that host does not send.
    #[error("this COPY … FROM STDIN cannot be sent, because {reason}")]
    CopyForm {
        /// Why.
        reason: &'static str,
    },
    /// The migration did not ask for it.
    #[error("{command} is of the class{} {missing}, and the migration asks for {asks}", if missing.iter().count() > 1 { "es" } else { "" })]
    NotAsked {
        /// What it is.
        command: Command,
        /// The classes that are missing.
        missing: Classes,
        /// What the migration asks for.
        asks: Classes,
    },
}

/// Why no migration may send a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It begins, ends, cuts or configures the transaction.
    Transaction,
    /// It changes the role that acts.
    Identity,
    /// It takes rows past the host: through the copy protocol, or to files and programs of the server.
    Copy,
    /// It prepares a statement, or runs or forgets one that was prepared.
    Prepared,
    /// It loads code into the server.
    Library,
    /// It talks to other sessions.
    Notification,
    /// It throws away what the session holds.
    SessionState,
    /// It is about the whole server.
    Server,
    /// It is about the database as a whole.
    Database,
    /// It changes what every new session of the database begins with.
    Defaults,
    /// It brings code that is not known to stay inside of the database.
    Language,
    /// It runs on after the transaction.
    HeldCursor,
    /// It changes under which rules the host and the server read text.
    Fixed,
    /// It reads or writes files of the server.
    Files,
    /// It does not say what it sets or calls.
    Hidden,
}

impl Refusal {
    /// The whole refusal in one line, with its cause.
    pub fn message(&self) -> String {
        match self {
            Self::Unreadable { source } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Empty | Self::NoCommand => return None,
            Self::SeveralStatements { .. } => "send them one by one, or all of them through execute-script",
            Self::Unreadable { source } => return source.hint(),
            Self::Unknown { .. } => "correct its spelling; what only a newer PostgreSQL knows needs a newer host",
            Self::CopyForm { .. } => {
                "write COPY table (column, …) FROM STDIN, with data as text or CSV in UTF-8; or write the rows with INSERT"
            }
            Self::Forbidden { reason, .. } => return Some(reason.hint()),
            Self::NotAsked { missing, asks, .. } => {
                return Some(format!(
                    "if the migration is meant to do that, write `asks = {}` into its metadata{}",
                    asks.union(*missing).as_toml(),
                    self.instead()
                ));
            }
        };
        Some(hint.to_owned())
    }

    /// What would need no class in its place, to be put behind a hint; empty where there is nothing.
    pub fn instead(&self) -> String {
        let setting = match self {
            Self::NotAsked { command, .. } => command.sets_time_limit(),
            _ => None,
        };
        setting.map_or_else(String::new, |setting| format!("; a stricter `SET LOCAL {setting}` needs no class"))
    }

    /// What the migration would have to ask for, if that is all that is missing.
    pub fn asks(&self) -> Option<Classes> {
        match self {
            Self::NotAsked { missing, asks, .. } => Some(asks.union(*missing)),
            _ => None,
        }
    }
}

impl Reason {
    fn hint(self) -> String {
        let hint = match self {
            Self::Transaction => {
                "leave it out: host begins a transaction for each migration and commits it; `transaction = \"none\"` in the \
                 metadata runs each statement for itself, and in Rust `savepoint` undoes a part"
            }
            Self::Identity => "leave it out; `url` and `role` in host.toml choose the role of migrations",
            Self::Copy => {
                "write rows with INSERT, or in SQL with COPY … FROM STDIN and data below it; read them with a query"
            }
            Self::Prepared => {
                "send it as it is; code prepares it through the contract's `prepare` (in Rust `Statement::prepare`)"
            }
            Self::Library => "let an administrator put it into session_preload_libraries",
            Self::Notification => "leave it out; let the application notify others when the upgrade is done",
            Self::SessionState => "leave it out; every migration begins with a fresh session",
            Self::Server | Self::Database => "let an administrator run it, outside of the migrations",
            Self::Defaults => {
                "let an administrator run it; a migration with the class role can set it for one role: \
                 ALTER ROLE … IN DATABASE … SET"
            }
            Self::Language => {
                return format!(
                    "use a trusted language ({}), or let an administrator install it",
                    TRUSTED_LANGUAGES.join(", ")
                );
            }
            Self::HeldCursor => "leave WITH HOLD out; the cursor lasts until the migration ends",
            Self::Fixed => {
                "leave it out; host's connection has standard_conforming_strings = on and client_encoding = UTF8"
            }
            Self::Files => "let the application bring the content, as values of INSERT",
            Self::Hidden => "write the name of the parameter or the function as plain text, without escapes",
        };
        hint.to_owned()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Transaction => "host owns the transaction",
            Self::Identity => "the operator chooses the role of migrations",
            Self::Copy => "it bypasses host: through the connection itself, or to files and programs of the server",
            Self::Prepared => "host could not check what is run",
            Self::Library => "it loads code into the server",
            Self::Notification => "it affects other sessions",
            Self::SessionState => "host needs the state of the session",
            Self::Server => "it affects the whole server, not only this database",
            Self::Database => "it is about the database as a whole, which is the operator's",
            Self::Defaults => "it changes what every new session of the database begins with",
            Self::Language => "code in a language that is not trusted can leave the database",
            Self::HeldCursor => "the cursor would run on after the migration",
            Self::Fixed => "host relies on this setting",
            Self::Files => "it reads or writes files of the server",
            Self::Hidden => "host cannot tell what it sets or calls",
        })
    }
}
