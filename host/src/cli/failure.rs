//! How a command fails: kind, sentence, hint, exit code.

pub(super) use crate::schema::error::with_causes;

use super::signals::EndingSignal;
use crate::db::DatabaseError;
use crate::error::Error;
use crate::local::LocalError;

/// A migration or the database failed, or the project is wrong.
pub(super) const FAILED: u8 = 1;
/// The arguments are wrong.
pub(super) const USAGE: u8 = 2;
/// A check answered no.
pub(super) const CHECK_SAYS_NO: u8 = 3;
/// Another runner holds the lock.
const LOCKED: u8 = 4;
/// A fault of host itself (`EX_SOFTWARE` of sysexits).
const BUG: u8 = 70;
/// Interrupted by SIGINT (128 and the signal's number).
pub(super) const INTERRUPTED: u8 = 130;
/// Ended by SIGTERM (128 and the signal's number).
pub(super) const TERMINATED: u8 = 143;

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The library says so.
    Library(Box<Error>),
    /// Something that only the command line knows of.
    Command {
        /// A stable word for programs.
        kind: &'static str,
        /// What happened and why, a sentence fragment.
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// The exit code.
        code: u8,
    },
}

impl Failure {
    /// A failure with the usual exit code.
    pub(super) fn new(kind: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Command { kind, message: message.into(), hint: Some(hint.into()), code: FAILED }
    }

    /// Wrong arguments.
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Command { kind: "usage", message: message.into(), hint: Some(hint.into()), code: USAGE }
    }

    /// A fault of host itself.
    pub(super) fn bug(message: impl Into<String>) -> Self {
        let hint = "this is a bug in host: please report it".to_owned();
        Self::Command { kind: "bug", message: message.into(), hint: Some(hint), code: BUG }
    }

    /// The exit code. The kind decides it, and for an interrupted run the signal.
    pub(super) fn code(&self, signal: &EndingSignal) -> u8 {
        match self {
            Self::Library(error) => match error.kind() {
                "locked" => LOCKED,
                "interrupted" => signal.exit_code(),
                // No project and no database could make sense of these.
                "malformed-target" | "range-syntax" | "current-not-allowed" => USAGE,
                _ => FAILED,
            },
            Self::Command { code, .. } => *code,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Library(error) => error.kind(),
            Self::Command { kind, .. } => kind,
        }
    }

    /// The sentence, with its causes.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Library(error) => with_causes(error.as_ref()),
            Self::Command { message, .. } => message.clone(),
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Library(error) => error.hint(),
            Self::Command { hint, .. } => hint.clone(),
        }
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Library(Box::new(error.into()))
    }
}

impl From<LocalError> for Failure {
    fn from(error: LocalError) -> Self {
        let hint = error.hint();
        Self::Command { kind: "local-cluster", message: with_causes(&error), hint, code: FAILED }
    }
}

// The conversions that `?` needs; an error of the database is the library's.
const _: fn(DatabaseError) -> Failure = Failure::from;
