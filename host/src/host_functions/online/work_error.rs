//! Why a worker ended before all ranges were done.

use crate::bindings::CallError;
use crate::bindings::types::Error;
use crate::db::SessionError;
use crate::db::sqlstate;
use crate::host_functions::Stop;
use crate::host_functions::sift::SiftError;

/// Why a worker ended before all ranges were done.
#[derive(Debug)]
pub enum WorkError {
    /// The guest or the server.
    Call(CallError),
    /// The same, as the server said it.
    Session(SessionError),
}

impl From<SessionError> for WorkError {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<SiftError> for WorkError {
    fn from(error: SiftError) -> Self {
        match error {
            SiftError::Call(error) => Self::Call(error),
            SiftError::Session(error) => Self::Session(error),
        }
    }
}

impl From<CallError> for WorkError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl WorkError {
    /// Why, for the journal; none for what has nothing to do with the range.
    pub fn why(&self) -> Option<String> {
        let error = match self {
            Self::Call(CallError::Guest(error)) | Self::Session(SessionError::Guest(error)) => error,
            Self::Call(CallError::Stop(_)) | Self::Session(_) => return None,
        };
        Some(match error.as_ref() {
            Error::Sql(error) => format!("{} ({})", error.message, error.sqlstate),
            Error::Misuse(text) | Error::BadParams(text) | Error::Conversion(text) => text.clone(),
            Error::Denied(text) | Error::Offline(text) => text.clone(),
            Error::Exceeded(_) => "a limit was exceeded".to_owned(),
        })
    }

    /// Whether the connection is gone, or there is none to be had now: a new one may come to the end.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Session(SessionError::Fatal(error)) => error.may_pass(),
            Self::Call(CallError::Stop(stop)) => {
                matches!(stop.downcast_ref::<Stop>(), Some(Stop::Database(error)) if error.may_pass())
            }
            Self::Call(CallError::Guest(_)) | Self::Session(_) => false,
        }
    }

    /// Whether the batch only lost to somebody else's transaction.
    pub(super) fn is_conflict(&self) -> bool {
        let Self::Session(SessionError::Guest(error)) = self else { return false };
        matches!(error.as_ref(), Error::Sql(error) if sqlstate::is_conflict(&error.sqlstate))
    }
}
