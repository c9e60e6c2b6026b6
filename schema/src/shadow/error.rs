//! Why there is no shadow database.

use crate::quote::quote_identifier;

/// Why there is no shadow database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShadowError {
    /// The user may not make databases.
    #[error("user '{user}' may not create the shadow database: it lacks CREATEDB")]
    NoRight {
        /// The database user.
        user: String,
    },
    /// The server refused to make it for another reason.
    #[error("PostgreSQL refused to create the shadow database: {message} ({sqlstate})")]
    NotCreated {
        /// What the server said.
        message: String,
        /// Its code.
        sqlstate: String,
    },
    /// The server refused to drop it.
    #[error("PostgreSQL refused to drop the shadow database '{database}': {message} ({sqlstate})")]
    NotDropped {
        /// The name of the database.
        database: String,
        /// What the server said.
        message: String,
        /// Its code.
        sqlstate: String,
    },
    /// Another statement for it failed, or the connection was lost.
    #[error("cannot {doing}")]
    Statement {
        /// What was tried.
        doing: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
}

impl ShadowError {
    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        "shadow"
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoRight { user } => format!(
                "let an administrator run ALTER ROLE {} CREATEDB, or name another server in `shadow-url`",
                quote_identifier(user)
            ),
            Self::NotCreated { .. } => "name another server in `shadow-url`, or correct that".to_owned(),
            Self::NotDropped { database, .. } => format!("run DROP DATABASE {} yourself", quote_identifier(database)),
            Self::Statement { .. } => "check the server of the shadow, and run the command again".to_owned(),
        }
    }
}
