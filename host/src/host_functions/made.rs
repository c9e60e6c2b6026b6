//! What a transform made of rows, checked; and what is told of one that made none.

use std::sync::Arc;

use super::Applied;
use super::Applier;
use super::search::first_rejected;
use crate::bindings::CallError;
use crate::bindings::types::Error;
use crate::bindings::types::Failure;
use crate::bindings::types::Tuples;
use crate::db::SessionError;
use crate::db::Transform;
use crate::value;

/// What the operator sees as the statement of a transform.
pub(super) const STATEMENT: &str = "run-transform";

/// The rows that a transform made of others, checked.
pub(super) async fn made_of(
    transform: &Transform,
    pipeline: &Arc<str>,
    applier: &Applier,
    rows: &Tuples,
    applied: Applied,
) -> Result<Tuples, CallError> {
    let shown = label(pipeline);
    let made = match applied {
        Applied::Rows(made) => made,
        Applied::Rejected(failure) => {
            let found = first_rejected(applier, pipeline, rows, failure).await.map_err(CallError::stop)?;
            let row = transform.describe(&transform.key_of(&found.row)?);
            return Err(misuse(&format!("'{shown}' rejects the row with {row}: {}", words(found.failure))));
        }
        Applied::Stopped(stop) => return Err(CallError::stop(stop)),
        Applied::Missing => {
            return Err(misuse(
                "the migration exports no transform (world `transform-guest`): in Rust it takes `export_transform!`",
            ));
        }
    };
    let count = usize::try_from(made.rows).unwrap_or(usize::MAX);
    value::check_tuples(&made.data, count, transform.columns())
        .map_err(|error| misuse(&format!("'{shown}' gives back rows for {}: {error}", transform.target_label())))?;
    match transform.misfit(&made.data).filter(|_| made.rows > 0) {
        Some(why) => Err(misuse(&format!("'{shown}' gives back rows for {}: {why}", transform.target_label()))),
        None => Ok(made),
    }
}

/// What of a pipeline is for people.
pub(super) fn label(pipeline: &str) -> &str {
    pipeline.lines().next().unwrap_or_default()
}

/// Why a transform failed.
pub(super) fn words(failure: Failure) -> String {
    match failure {
        Failure::Message(message) => message,
        Failure::Irreversible => "it says that this cannot be undone".to_owned(),
        Failure::Sql(error) => words_of_error(error),
    }
}

/// What an error says.
pub fn words_of_error(error: Error) -> String {
    match error {
        Error::Sql(error) => match error.detail {
            Some(detail) => format!("{} ({}): {detail}", error.message, error.sqlstate),
            None => format!("{} ({})", error.message, error.sqlstate),
        },
        Error::BadParams(text)
        | Error::Conversion(text)
        | Error::Denied(text)
        | Error::Offline(text)
        | Error::Misuse(text) => text,
        Error::Exceeded(_) => "it ran into a limit".to_owned(),
    }
}

pub(super) fn misuse(reason: &str) -> CallError {
    SessionError::guest(Error::Misuse(format!("run-transform: {reason}"))).into()
}
