//! Errors of the driver, sorted: what the server said, and what became of the connection.

use super::error::DatabaseError;
use crate::bindings::types::SqlError;

/// How much is kept of one text in what the server says, in bytes: a statement, a function or a lying server may make it as
/// long as the protocol allows.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// What the server said, as the contract describes it.
pub(super) fn sql_error(error: &sqlx::postgres::PgDatabaseError) -> SqlError {
    let text = |field: Option<&str>| field.map(cut);
    let position = match error.position() {
        Some(sqlx::postgres::PgErrorPosition::Original(position)) => u32::try_from(position).ok(),
        _ => None,
    };
    let context = match error.position() {
        Some(sqlx::postgres::PgErrorPosition::Internal { query, .. }) => {
            let context = cut(error.r#where().unwrap_or_default());
            Some(format!("{context}\nSQL statement \"{}\"", cut(query)).trim().to_owned())
        }
        _ => text(error.r#where()),
    };
    SqlError {
        sqlstate: error.code().chars().take(5).collect(),
        severity: format!("{:?}", error.severity()).to_uppercase(),
        message: cut(error.message()),
        detail: text(error.detail()),
        hint: text(error.hint()),
        context,
        position,
        schema: text(error.schema()),
        table: text(error.table()),
        column: text(error.column()),
        datatype: text(error.data_type()),
        constraint: text(error.constraint()),
    }
}

/// Sorts an error of the driver: did the server refuse the statement, or is the connection gone?
pub(super) fn classify(doing: &str, error: sqlx::Error) -> DatabaseError {
    match error {
        sqlx::Error::Database(error) => {
            let error = sql_error(error.downcast_ref::<sqlx::postgres::PgDatabaseError>());
            if connection_is_gone(&error) {
                DatabaseError::Lost { doing: doing.to_owned(), reason: error.message }
            } else {
                DatabaseError::Statement { doing: doing.to_owned(), error: Box::new(error) }
            }
        }
        other => DatabaseError::Lost { doing: doing.to_owned(), reason: reason(other) },
    }
}

/// What the driver says when no server does. Its own words for the usual case count bytes.
fn reason(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "connection closed by the server".to_owned()
        }
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Protocol(message) => message,
        other => other.to_string(),
    }
}

/// The beginning of a text, with a sign where something is missing.
fn cut(text: &str) -> String {
    match text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)) {
        Some(beginning) if beginning.len() < text.len() => format!("{beginning} […]"),
        _ => text.to_owned(),
    }
}

/// After FATAL and PANIC the server closes the connection (PostgreSQL manual, "Message Severity Levels").
pub(super) fn connection_is_gone(error: &SqlError) -> bool {
    matches!(error.severity.as_str(), "FATAL" | "PANIC")
}
