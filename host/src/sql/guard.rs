//! The guard: what a migration must not send. The host owns the transaction and the connection, and a migration does only
//! what it asked for.

use std::time::Duration;

use super::classify::Needs;
use super::classify::classify;
use super::command::Command;
use super::copy_needs::copy_needs;
use super::refusal::Refusal;
use super::split::Statement;
use super::split::statements;
use super::words::Words;
use crate::grant::Class;
use crate::grant::Grant;
use crate::grant::TimeLimit;

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

/// The same for a COPY that the host writes: it puts rows into a table.
///
/// # Errors
/// [`Refusal::NotAsked`].
pub fn check_copy(grant: &Grant) -> Result<(), Refusal> {
    allowed(Needs { command: Command::new("COPY"), classes: Class::Data.into(), time_limit: None }, grant)
}

fn allowed(needs: Needs, grant: &Grant) -> Result<(), Refusal> {
    let missing = grant.missing(needs.classes);
    if missing.is_empty() {
        return Ok(());
    }
    let mut command = needs.command;
    if let Some((limit, milliseconds)) = needs.time_limit
        && let Some(in_force) = grant.time_limits().map(|limits| limits.of(limit))
    {
        if TimeLimit::is_kept(milliseconds, in_force) {
            return Ok(());
        }
        command = Command::on_written("SET LOCAL", &beyond(limit, in_force));
    }
    Err(Refusal::NotAsked { command, missing, asks: grant.allowed() })
}

/// What a statement sets that no stricter limit is.
fn beyond(limit: TimeLimit, in_force: u64) -> String {
    match in_force {
        0 => format!("{limit} to 0"),
        _ => format!("{limit} to more than {}", crate::units::time(Duration::from_millis(in_force))),
    }
}

#[cfg(test)]
mod tests;
