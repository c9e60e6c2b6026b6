use std::fmt;

use crate::bindings::host::migration::types;
pub use crate::bindings::host::migration::types::{Limit, SqlError};

/// Why a call to the host failed.
///
/// After [`Error::Sql`] the transaction is lost, unless a [`Savepoint`](crate::Savepoint) that was begun before is
/// rolled back.
///
/// ```no_run
/// use host_guest::{Error, Failure, execute, savepoint, warn};
///
/// # fn upgrade() -> Result<(), Failure> {
/// match savepoint(|| execute("ALTER TABLE guests ADD UNIQUE (email)", &[])) {
///     Err(Error::Sql(error)) if error.sqlstate == "23505" => warn!("left as it is: {error}"),
///     other => drop(other?),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The server refused the statement.
    Sql(Box<SqlError>),
    /// The parameters do not fit the statement; nothing was sent.
    BadParams(String),
    /// A value or a result is not of the kind that is needed.
    Conversion(String),
    /// A limit of the host was exceeded.
    Exceeded(Limit),
    /// The host does not allow this statement; nothing was sent.
    Denied(String),
    /// The call needs rows, but there is no database: a script is being written.
    Offline(String),
    /// The call makes no sense here, such as the release of a savepoint that is gone.
    Misuse(String),
}

/// Why a migration gives up. `?` turns an [`Error`], a `String` and a `&str` into one.
///
/// ```
/// use host_guest::Failure;
///
/// fn seats(text: &str) -> Result<u16, Failure> {
///     let seats = text.parse().map_err(|_| format!("{text} is not a number of seats"))?;
///     if seats == 0 { Err("a table needs a seat")? }
///     Ok(seats)
/// }
/// assert_eq!(seats("0"), Err(Failure::message("a table needs a seat")));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// A call to the host failed.
    Sql(Error),
    /// This direction cannot be done.
    Irreversible,
    /// In the migration's own words.
    Message(String),
}

impl Error {
    /// The SQLSTATE, when it was the server that refused.
    ///
    /// ```
    /// assert_eq!(host_guest::Error::Denied("COMMIT".into()).sqlstate(), None);
    /// ```
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql(error) => Some(&error.sqlstate),
            _ => None,
        }
    }
}

impl Failure {
    /// Says that this direction cannot be done.
    ///
    /// ```
    /// # use host_guest::Failure;
    /// fn downgrade() -> Result<(), Failure> {
    ///     Err(Failure::irreversible())
    /// }
    /// # assert!(downgrade().is_err());
    /// ```
    pub fn irreversible() -> Self {
        Self::Irreversible
    }

    /// Gives up with words of one's own. They reach the operator as they are.
    ///
    /// ```
    /// # use host_guest::Failure;
    /// let failure = Failure::message("the table has no restaurant with a country");
    /// ```
    pub fn message(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}

impl std::error::Error for Error {}

impl std::error::Error for SqlError {}

impl std::error::Error for Failure {}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(error) => error.fmt(out),
            Self::BadParams(why) => write!(out, "the parameters do not fit: {why}"),
            Self::Conversion(why) => out.write_str(why),
            Self::Exceeded(limit) => write!(out, "{limit} than the host allows"),
            Self::Denied(why) => write!(out, "not allowed: {why}"),
            Self::Offline(why) => write!(out, "not possible without a database: {why}"),
            Self::Misuse(why) => out.write_str(why),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Rows => "more rows in a result",
            Self::Bytes => "more bytes in a result",
            Self::StatementTime => "more time for a statement",
            Self::TotalTime => "more time for a migration",
            Self::OpenHandles => "more open statements and savepoints",
        })
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (SQLSTATE {})", self.message, self.sqlstate)?;
        match &self.detail {
            Some(detail) => write!(out, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(error) => error.fmt(out),
            Self::Irreversible => out.write_str("this direction cannot be done"),
            Self::Message(message) => out.write_str(message),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Sql(error) => Self::Sql(Box::new(error)),
            types::Error::BadParams(why) => Self::BadParams(why),
            types::Error::Conversion(why) => Self::Conversion(why),
            types::Error::Exceeded(limit) => Self::Exceeded(limit),
            types::Error::Denied(why) => Self::Denied(why),
            types::Error::Offline(why) => Self::Offline(why),
            types::Error::Misuse(why) => Self::Misuse(why),
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Sql(error) => Self::Sql(*error),
            Error::BadParams(why) => Self::BadParams(why),
            Error::Conversion(why) => Self::Conversion(why),
            Error::Exceeded(limit) => Self::Exceeded(limit),
            Error::Denied(why) => Self::Denied(why),
            Error::Offline(why) => Self::Offline(why),
            Error::Misuse(why) => Self::Misuse(why),
        }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sql(error) => Self::Sql(error.into()),
            Failure::Irreversible => Self::Irreversible,
            Failure::Message(message) => Self::Message(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duplicate() -> types::Error {
        types::Error::Sql(SqlError {
            sqlstate: "23505".into(),
            severity: "ERROR".into(),
            message: "duplicate key value".into(),
            detail: Some("Key (id)=(1) already exists.".into()),
            hint: None,
            context: None,
            position: None,
            schema: None,
            table: None,
            column: None,
            datatype: None,
            constraint: Some("guests_pkey".into()),
        })
    }

    #[test]
    fn an_error_passes_through_unchanged() {
        for error in [duplicate(), types::Error::Exceeded(Limit::Rows), types::Error::Misuse("gone".into())] {
            assert_eq!(types::Error::from(Error::from(error.clone())), error);
        }
    }

    #[test]
    fn the_text_says_what_and_why() {
        let error = Error::from(duplicate());
        assert_eq!(error.sqlstate(), Some("23505"));
        assert_eq!(error.to_string(), "duplicate key value (SQLSTATE 23505): Key (id)=(1) already exists.");
        assert_eq!(Error::Exceeded(Limit::Rows).to_string(), "more rows in a result than the host allows");
    }
}
