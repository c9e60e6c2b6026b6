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
use crate::grant::Classes;
use crate::grant::Grant;

/// How many different refusals of one file are told.
const REFUSALS_MAX: usize = 20;

/// The longest part of a value that is repeated in a message, in characters. The catalogue takes no longer one.
const SHOWN_MAX: usize = 63;

/// Why a migration file can never run. Places are those of the whole file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlFileError {
    /// It cannot be cut into statements.
    #[error(transparent)]
    Unreadable(#[from] SplitError),
    /// The host would not send some of its statements.
    #[error("{}", listed(refused, *more))]
    Refused {
        /// Each refusal with the first statement that it is about, in their order. At least one.
        refused: Vec<RefusedStatement>,
        /// How many statements are refused beyond these.
        more: usize,
        /// What the migration would have to ask for, if that is all that is missing.
        asks: Option<Classes>,
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

/// A statement that the host would not send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedStatement {
    /// Where it begins.
    pub place: Place,
    /// Why it would not be sent.
    pub refusal: Refusal,
}

/// What SQL files write to run without a transaction.
const WITHOUT: &str = "write `-- transaction = \"none\"` into the metadata, best of a migration of its own";

impl SqlFileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable(error) => error.hint(),
            Self::Refused { refused, asks: Some(asks), .. } => match refused.as_slice() {
                [one] => one.refusal.hint(),
                _ => Some(format!(
                    "if the migration is meant to do that, write `asks = {}` into its metadata",
                    asks.as_toml()
                )),
            },
            Self::Refused { refused, asks: None, .. } => {
                let mut hints: Vec<String> = Vec::new();
                for hint in
                    refused.iter().filter(|one| one.refusal.asks().is_none()).filter_map(|one| one.refusal.hint())
                {
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
                match hints.as_slice() {
                    [] => None,
                    [hint] => Some(hint.clone()),
                    _ => Some("correct each of them".to_owned()),
                }
            }
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

    /// What would need no class in the place of a statement, to be put behind a hint; empty where there is nothing.
    pub fn instead(&self) -> String {
        let Self::Refused { refused, .. } = self else { return String::new() };
        refused.iter().map(|one| one.refusal.instead()).find(|instead| !instead.is_empty()).unwrap_or_default()
    }

    /// What the migration would have to ask for, if that is all that is missing.
    pub fn asks(&self) -> Option<Classes> {
        match self {
            Self::Refused { asks, .. } => *asks,
            Self::Unreadable(_)
            | Self::NonTransactional { .. }
            | Self::NearMarker(_)
            | Self::Conflict { .. }
            | Self::InTransaction { .. }
            | Self::NewEnumValue { .. } => None,
        }
    }
}

/// One refusal in a line, or several in a line each.
fn listed(refused: &[RefusedStatement], more: usize) -> String {
    let line = |one: &RefusedStatement| format!("{} ({})", one.refusal.message(), one.place);
    if let ([one], 0) = (refused, more) {
        return line(one);
    }
    let lines: Vec<String> = refused.iter().map(line).collect();
    let count = refused.len() + more;
    let rest = if more > 0 { format!("\n{more} more") } else { String::new() };
    format!("{count} statements are refused:\n{}{rest}", lines.join("\n"))
}

/// Checks every statement in parts of a file that begin and end with a line: what would be refused when it runs is better
/// refused when it is built, and at the latest before the first step of a plan.
///
/// # Errors
/// [`SqlFileError`] with all statements that cannot run, unless the file cannot be read or has a comment that looks like a marker.
pub fn check_sql_file(file: &str, parts: &[Range<usize>], grant: &Grant) -> Result<(), SqlFileError> {
    let (mut refused, mut more) = (Vec::<RefusedStatement>::new(), 0);
    let mut asks = Some(grant.allowed());
    for part in parts {
        if let Some(near) = near_marker(file, part.clone()) {
            return Err(near.into());
        }
        for statement in Statements::within(file, part.clone()) {
            let statement = statement?;
            let Err(refusal) = check_statement(&statement, grant) else { continue };
            asks = asks.zip(refusal.asks()).map(|(asks, wanted)| asks.union(wanted));
            // Where one stands is only counted when it is told: counting begins at the top of the file, so that doing it for each
            // one would take the square of their number.
            if refused.len() < REFUSALS_MAX && refused.iter().all(|known| known.refusal != refusal) {
                refused.push(RefusedStatement { place: place_of_byte(file, statement.bytes.start), refusal });
            } else {
                more += 1;
            }
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(SqlFileError::Refused { refused, more, asks }) }
}

/// All classes that the statements of these parts need beyond a grant. What is refused for another reason does not count, nor does
/// what stands behind something that cannot be read.
pub fn missing_classes(file: &str, parts: &[Range<usize>], grant: &Grant) -> Classes {
    let statements = parts.iter().flat_map(|part| Statements::within(file, part.clone()).map_while(Result::ok));
    let missing = statements.filter_map(|statement| check_statement(&statement, grant).err()?.asks());
    missing.fold(Classes::NONE, Classes::union).minus(grant.allowed())
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
    use std::slice;

    use super::*;
    use crate::grant::Class;

    #[test]
    fn places_are_those_of_the_file() {
        let file = "-- größer\n-- upgrade\nSELECT 'ä'; COMMIT;\n-- downgrade\n\\i undo.sql\n";
        let upgrade = file.find("SELECT").expect("the upgrade")..file.find("-- downgrade").expect("the marker");
        let downgrade = file.find('\\').expect("the downgrade")..file.len();
        for (part, message) in [
            (upgrade, "COMMIT is not allowed in a migration, because host owns the transaction (line 3, column 13)"),
            (downgrade, "'\\i' at line 5, column 1 is a command of psql, not SQL"),
        ] {
            let error = check_sql_file(file, &[part], &Grant::default()).expect_err("it cannot run");
            assert_eq!(error.to_string(), message);
            assert!(error.hint().is_some());
        }
        assert_eq!(check_sql_file("SELECT 1;\n-- nothing\n", slice::from_ref(&(0..21)), &Grant::default()), Ok(()));
        assert_eq!(check_sql_file("", &[0..0, 0..0], &Grant::default()), Ok(()));
    }

    fn check_whole(file: &str) -> SqlFileError {
        check_sql_file(file, slice::from_ref(&(0..file.len())), &Grant::of_asks(Class::Data.into()))
            .expect_err("it cannot run")
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let file = "CREATE TABLE a ();\nDO 'x';\nUPDATE a SET b = 1;\nCREATE TABLE b ();\nGRANT a TO b;\n";
        let error = check_whole(file);
        assert_eq!(
            error.to_string(),
            "4 statements are refused:\n\
             CREATE TABLE is of the class schema, and the migration asks for data (line 1, column 1)\n\
             DO is of the class function, and the migration asks for data (line 2, column 1)\n\
             GRANT of a role is of the class role, and the migration asks for data (line 5, column 1)\n1 more"
        );
        assert_eq!(error.asks().expect("classes").as_toml(), r#"["data", "schema", "function", "role"]"#);
    }

    #[test]
    fn what_no_class_helps_is_told_beside_it() {
        let error = check_whole("CREATE TABLE a ();\nCOMMIT;\n");
        assert_eq!(error.asks(), None);
        assert!(error.to_string().contains("\nCOMMIT is not allowed"), "{error}");
        assert!(error.hint().expect("a hint").starts_with("leave it out: host begins"), "{:?}", error.hint());
        assert_eq!(check_whole("COMMIT;\nNOTIFY a;\n").hint().as_deref(), Some("correct each of them"));
    }

    #[test]
    fn a_long_file_makes_no_long_message() {
        let file: String = (0..1000).map(|number| format!("SET a{number} = 1;\n")).collect();
        let text = check_whole(&file).to_string();
        assert!(text.starts_with("1000 statements") && text.ends_with("\n980 more") && text.len() < 4000, "{text}");
    }

    #[test]
    fn what_makes_no_sense_in_a_file_is_told() {
        let file = "-- upgrade\nCREATE TABLE a ();\n-- downgrade:\nDROP TABLE a;\n";
        let near = check_sql_file(file, slice::from_ref(&(11..file.len())), &Grant::default())
            .expect_err("the downgrade would run, too");
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
    }
}
