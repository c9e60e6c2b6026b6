//! What can go wrong. Each message says what and why, [`DiffError::hint`] and [`ReadError::hint`] what to do.

/// A schema could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The server refused a query, or the connection broke.
    #[error("the schema cannot be read: {what}: {source}")]
    Query {
        /// What was being read, e.g. `indexes`.
        what: &'static str,
        /// The server's answer.
        source: sqlx::Error,
    },
    /// An object was changed or dropped by somebody else while it was being read.
    #[error("the schema changed while it was read: {0}")]
    Changed(String),
    /// The server answered something that this version does not understand.
    #[error("the server's answer about {what} is not understood: {source}")]
    Decode {
        /// What was being read.
        what: &'static str,
        /// Where the answer differs from what was expected.
        source: serde_json::Error,
    },
    /// The server is older than what the queries need.
    #[error("PostgreSQL {0} is too old to be read")]
    TooOld(u32),
}

impl ReadError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Query { .. } => "the role needs no more than CONNECT; see the server's message",
            Self::Changed(_) => "run the command again when nobody changes the schema",
            Self::Decode { .. } => "this is a bug: please report it with the version of the server",
            Self::TooOld(_) => "the oldest version that can be read is 13",
        }
    }
}

/// Two schemas could not be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// Actions that each have to come before the other. The rules are wrong, not the schema.
    #[error("no order of the statements works: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    /// A `--rename` names something that is not there, or whose new name is not there.
    #[error("rename {rename}: {why}")]
    Rename {
        /// As it was given.
        rename: String,
        /// What does not fit.
        why: String,
    },
    /// A difference for which PostgreSQL has no statements.
    #[error("{what} cannot be changed: {why}")]
    Impossible {
        /// The object.
        what: String,
        /// Why.
        why: String,
    },
}

impl DiffError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Cycle(_) => "this is a bug: please report it with both schemas",
            Self::Rename { .. } => {
                "write old=new, with the names as both sides have them: schema.table or schema.table.column"
            }
            Self::Impossible { .. } => "write this migration by hand",
        }
    }
}

/// A text that is not a pattern or not a rename.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct SyntaxError {
    /// The text.
    pub text: String,
    /// What it should have been, with its form.
    pub expected: &'static str,
}
