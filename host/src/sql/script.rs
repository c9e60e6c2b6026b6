//! A direction of a migration file, checked before it ever runs.

use std::ops::Range;

use super::guard::check;
use super::position::Place;
use super::position::place_of_byte;
use super::refusal::Refusal;
use super::split::SplitError;
use super::split::split;
use super::unframed::Sending;
use super::unframed::sending;
use crate::grant::Grant;

/// Why a direction of a migration file can never run. Places are those of the whole file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
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
    Unframed {
        /// Where the statement begins.
        place: Place,
        /// Why not, and what to write instead.
        reason: &'static str,
    },
}

impl ScriptError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable(error) => error.hint(),
            Self::Refused { refusal, .. } => refusal.hint(),
            Self::Unframed { .. } => Some("correct it, or leave out transaction = \"none\"".to_owned()),
        }
    }
}

/// Checks every statement in a part of a file that begins and ends with a line: one that would be refused when it runs is
/// better refused when it is built, and at the latest before the first step of a plan.
///
/// # Errors
/// [`ScriptError`], for the first statement that cannot run.
pub fn check_script(file: &str, part: Range<usize>, grant: &Grant) -> Result<(), ScriptError> {
    each(file, part, |statement, place| {
        check(statement, grant).map_err(|refusal| ScriptError::Refused { place, refusal })
    })
}

/// The same for a migration without a transaction: whatever has no effect there, or could not be taken up again.
///
/// # Errors
/// [`ScriptError`], for the first statement that makes no sense.
pub fn check_unframed_script(file: &str, part: Range<usize>) -> Result<(), ScriptError> {
    each(file, part, |statement, place| match sending(statement) {
        Sending::Refused(reason) => Err(ScriptError::Unframed { place, reason }),
        _ => Ok(()),
    })
}

fn each(
    file: &str,
    part: Range<usize>,
    look: impl Fn(&str, Place) -> Result<(), ScriptError>,
) -> Result<(), ScriptError> {
    // What comes before is blanked, so that places are those of the file.
    let before = file.as_bytes().get(..part.start).unwrap_or_default();
    let mut text: String = before.iter().map(|byte| if *byte == b'\n' { '\n' } else { ' ' }).collect();
    text.push_str(file.get(part).unwrap_or_default());
    split(&text)?.iter().try_for_each(|statement| look(statement.text, place_of_byte(&text, statement.bytes.start)))
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
            (
                upgrade,
                "COMMIT is not allowed in a migration, because the host owns the transaction (line 3, column 13)",
            ),
            (downgrade, "'\\i' at line 5, column 1 is a command of psql, not SQL"),
        ] {
            let error = check_script(file, part, &Grant::default()).expect_err("it cannot run");
            assert_eq!(error.to_string(), message);
            assert!(error.hint().is_some());
        }
        assert_eq!(check_script("SELECT 1;\n-- nothing\n", 0..21, &Grant::default()), Ok(()));
        assert_eq!(check_script("", 0..0, &Grant::default()), Ok(()));
    }
}
