//! A direction of a migration file, checked before it ever runs.

use std::ops::Range;

use super::conflict::conflict;
use super::execution_mode::ExecutionMode;
use super::execution_mode::execution_mode;
use super::guard::check_statement;
use super::names::names_any;
use super::near_marker::NearMarker;
use super::near_marker::near_marker;
use super::new_enum_value::EarlyUse;
use super::new_enum_value::early_use;
use super::position::Place;
use super::position::place_of_byte;
use super::refusal::Refusal;
use super::split::SplitError;
use super::split::Statement;
use super::split::Statements;
use super::transaction_block::NoTransaction;
use super::transaction_block::refused_in_transaction;
use crate::grant::Grant;

/// The longest part of a value that is repeated in a message, in characters. The catalogue takes no longer one.
const SHOWN_MAX: usize = 63;

/// Why a direction of a migration file can never run. Places are those of the whole file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlFileError {
    /// It cannot be cut into statements.
    #[error(transparent)]
    Unreadable(#[from] SplitError),
    /// The host would not send one of its statements.
    #[error("{refusal} ({place})")]
    Refused {
        /// Where the statement begins.
        place: Place,
        /// Why it would not be sent. Part of the message, not its cause.
        refusal: Refusal,
    },
    /// It makes no sense where no transaction is around the migration.
    #[error("{reason} ({place})")]
    NonTransactional {
        /// Where the statement begins.
        place: Place,
        /// Why not, and what to write instead.
        reason: &'static str,
    },
    /// A comment looks like the marker of a section.
    #[error(transparent)]
    NearMarker(#[from] NearMarker),
    /// git could not merge the file.
    #[error("line {line} is a conflict marker of git")]
    Conflict {
        /// The line, from 1.
        line: u32,
    },
    /// PostgreSQL refuses it in a transaction.
    #[error("{command} cannot run in a transaction ({place})", command = statement.command)]
    InTransaction {
        /// Where the statement begins.
        place: Place,
        /// What it is, and what to write instead.
        statement: NoTransaction,
    },
    /// It uses a value of an enum in the transaction that adds it.
    #[error(
        "'{}' is added to an enum at {}, and cannot be used in the same transaction ({})",
        shortened(&early.value), early.added, early.used
    )]
    NewEnumValue {
        /// Which one, and where.
        early: EarlyUse,
    },
}

/// What SQL files write to run without a transaction.
const WITHOUT: &str = "write `-- transaction = \"none\"` into the metadata, best of a migration of its own";

impl SqlFileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable(error) => error.hint(),
            Self::Refused { refusal, .. } => refusal.hint(),
            Self::NonTransactional { .. } => Some("correct it, or leave out transaction = \"none\"".to_owned()),
            Self::NearMarker(near) => Some(near.hint()),
            Self::Conflict { .. } => Some(
                "decide for one side, and remove the lines '<<<<<<<', '|||||||', '=======' and '>>>>>>>'".to_owned(),
            ),
            Self::InTransaction { statement, .. } => Some(format!("{WITHOUT}; or {}", statement.instead)),
            Self::NewEnumValue { early } => Some(format!(
                "use it in a later migration, or {WITHOUT}; if the string is no value of the enum, write '{}'::text",
                shortened(&early.value)
            )),
        }
    }
}

/// Checks what a whole file has to be, before it is divided: no conflict of git, and no comment that looks like a marker.
///
/// # Errors
/// [`SqlFileError`].
pub fn check_whole_sql_file(file: &str) -> Result<(), SqlFileError> {
    if let Some(line) = conflict(file) {
        return Err(SqlFileError::Conflict { line });
    }
    near_marker(file, 0..file.len()).map_or(Ok(()), |near| Err(near.into()))
}

/// Checks every statement in a part of a file that begins and ends with a line: one that would be refused when it runs is
/// better refused when it is built, and at the latest before the first step of a plan.
///
/// # Errors
/// [`SqlFileError`], for the first statement that cannot run, and for a comment that looks like a marker.
pub fn check_sql_file(file: &str, part: Range<usize>, grant: &Grant) -> Result<(), SqlFileError> {
    if let Some(near) = near_marker(file, part.clone()) {
        return Err(near.into());
    }
    each(file, part, |statement| {
        check_statement(statement, grant).map_err(|refusal| |place| SqlFileError::Refused { place, refusal })
    })
}

/// Checks the statements of a migration that runs in a transaction: what PostgreSQL refuses there.
///
/// # Errors
/// [`SqlFileError`], for the first statement that needs to stand alone.
pub fn check_transactional_sql_file(file: &str, part: Range<usize>) -> Result<(), SqlFileError> {
    each(file, part, |statement| {
        let refused = refused_in_transaction(statement.text);
        refused.map_or(Ok(()), |statement| Err(move |place| SqlFileError::InTransaction { place, statement }))
    })
}

/// Checks that no value of an enum is used in the transaction that adds it. Only a build asks: a string may say the same and be
/// something else, which the server knows and the text does not.
///
/// # Errors
/// [`SqlFileError`], for the first use.
pub fn check_new_enum_values(file: &str, part: Range<usize>) -> Result<(), SqlFileError> {
    early_use(file, part)?.map_or(Ok(()), |early| Err(SqlFileError::NewEnumValue { early }))
}

/// Checks the statements of a migration without a transaction: whatever has no effect there, could not be taken up again, or
/// names one of the host's tables where that could not be undone. `own` are the names that the catalogue has for them and their
/// indexes.
///
/// # Errors
/// [`SqlFileError`], for the first statement that makes no sense.
pub fn check_non_transactional_sql_file(file: &str, part: Range<usize>, own: &[&str]) -> Result<(), SqlFileError> {
    each(file, part, |statement| {
        let reason = match execution_mode(statement.text) {
            _ if statement.copy_data.is_some() => Some(COPY_ALONE),
            ExecutionMode::Refused(reason) => Some(reason),
            ExecutionMode::Autocommit(_) => names_any(statement.text, own).map(|_| OWN_TABLES_ALONE),
            ExecutionMode::Atomic | ExecutionMode::Session => None,
        };
        reason.map_or(Ok(()), |reason| Err(move |place| SqlFileError::NonTransactional { place, reason }))
    })
}

/// Why a statement that runs alone is refused when it names what belongs to the host.
pub const OWN_TABLES_ALONE: &str =
    "it names a table of host, or an index of one, and what it does outside of a transaction could not be undone";

/// Why a COPY with data is refused in a migration without a transaction.
pub const COPY_ALONE: &str =
    "COPY … FROM STDIN needs a transaction around its migration: put it into a migration of its own";

/// Looks at each statement. Where one stands is only counted when it is refused: counting begins at the top of the file, so that
/// doing it for each one would take the square of their number.
fn each<E: FnOnce(Place) -> SqlFileError>(
    file: &str,
    part: Range<usize>,
    look: impl Fn(&Statement<'_>) -> Result<(), E>,
) -> Result<(), SqlFileError> {
    for statement in Statements::within(file, part) {
        let statement = statement?;
        look(&statement).map_err(|refused| refused(place_of_byte(file, statement.bytes.start)))?;
    }
    Ok(())
}

/// A value as a message repeats it.
fn shortened(value: &str) -> &str {
    value.char_indices().nth(SHOWN_MAX).map_or(value, |(end, _)| &value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_file() {
        let file = "-- größer\n-- upgrade\nSELECT 'ä'; COMMIT;\n-- downgrade\n\\i undo.sql\n";
        let upgrade = file.find("SELECT").expect("the upgrade")..file.find("-- downgrade").expect("the marker");
        let downgrade = file.find('\\').expect("the downgrade")..file.len();
        for (part, message) in [
            (upgrade, "COMMIT is not allowed in a migration, because host owns the transaction (line 3, column 13)"),
            (downgrade, "'\\i' at line 5, column 1 is a command of psql, not SQL"),
        ] {
            let error = check_sql_file(file, part, &Grant::default()).expect_err("it cannot run");
            assert_eq!(error.to_string(), message);
            assert!(error.hint().is_some());
        }
        let file = "-- upgrade\nCREATE TABLE a ();\n-- downgrade:\nDROP TABLE a;\n";
        let near = check_sql_file(file, 11..file.len(), &Grant::default()).expect_err("the downgrade would run, too");
        assert_eq!(
            near.to_string(),
            "'-- downgrade:' in line 3 looks like the beginning of a section, but it is an ordinary comment"
        );
        assert_eq!(check_whole_sql_file(file), Err(near));
        let error = check_whole_sql_file("-- upgrade\n=======\n").expect_err("a rest of a conflict");
        assert_eq!(error.to_string(), "line 2 is a conflict marker of git");
        let file = "-- upgrade\nSELECT 1; VACUUM t;\n";
        let error = check_transactional_sql_file(file, 11..file.len()).expect_err("it needs to stand alone");
        assert_eq!(error.to_string(), "VACUUM cannot run in a transaction (line 2, column 11)");
        assert_eq!(
            error.hint().as_deref(),
            Some(
                "write `-- transaction = \"none\"` into the metadata, best of a migration of its own; or leave it to autovacuum"
            )
        );
        let file = "-- upgrade\nALTER TYPE mood ADD VALUE 'calm';\nSELECT 'calm'::mood;\n";
        let error = check_new_enum_values(file, 11..file.len()).expect_err("it is used too early");
        assert_eq!(
            error.to_string(),
            "'calm' is added to an enum at line 2, column 1, and cannot be used in the same transaction (line 3, column 8)"
        );
        assert_eq!(check_sql_file("SELECT 1;\n-- nothing\n", 0..21, &Grant::default()), Ok(()));
        assert_eq!(check_sql_file("", 0..0, &Grant::default()), Ok(()));
    }
}
