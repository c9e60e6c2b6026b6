//! The guard: what a migration must not send. The host owns the transaction and the connection, and a migration does only
//! what it asked for.

use super::classify::Needs;
use super::classify::classify;
use super::command::Command;
use super::copy_needs::copy_needs;
use super::refusal::Refusal;
use super::split::Statement;
use super::split::statements;
use super::words::Words;
use crate::grant::Grant;

/// Lets a text pass that is one statement, that is known, and that needs nothing beyond the grant.
///
/// It looks at the statement itself: what functions and procedures do inside is for the database role to limit. It costs
/// microseconds, and no more memory for a longer statement.
///
/// # Errors
/// [`Refusal`] says what the statement is and why it is not sent.
pub fn check(text: &str, grant: &Grant) -> Result<(), Refusal> {
    let unreadable = |source| Refusal::Unreadable { source };
    let mut statements = statements(text);
    let first = statements.next().ok_or(Refusal::Empty)?.map_err(unreadable)?;
    let count = statements.try_fold(1, |count, statement| statement.map(|_| count + 1)).map_err(unreadable)?;
    if count > 1 {
        let words = Words::new(first.text);
        let first = Command::unknown(words.at(0).ok_or(Refusal::NoCommand)?, "");
        return Err(Refusal::SeveralStatements { first, count });
    }
    allowed(classify(first.text)?, grant)
}

/// The same for a statement of a script, which may be a COPY with data below it.
///
/// # Errors
/// As [`check`].
pub fn check_statement(statement: &Statement<'_>, grant: &Grant) -> Result<(), Refusal> {
    if statement.copy_data.is_none() {
        return check(statement.text, grant);
    }
    allowed(copy_needs(statement.text)?, grant)
}

fn allowed(needs: Needs, grant: &Grant) -> Result<(), Refusal> {
    let missing = grant.missing(needs.classes);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::NotAsked { command: needs.command, missing, asks: grant.allowed() })
}

#[cfg(test)]
mod tests;
