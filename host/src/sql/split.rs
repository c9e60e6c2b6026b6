//! A script, cut into statements.

use std::ops::Range;

use super::classify::StatementClass;
use super::classify::classify;
use super::position::Place;
use super::position::place_of_byte;
use super::token::Construct;
use super::token::Token;
use super::token::TokenError;
use super::token::TokenKind;
use super::token::Tokens;

/// How many words at the beginning tell a routine: `CREATE OR REPLACE FUNCTION`.
const ROUTINE_WORDS_MAX: usize = 4;

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Its text, without comments and blanks around it and without the semicolon.
    pub text: &'a str,
    /// Where the text stands in the script, in bytes.
    pub bytes: Range<usize>,
}

/// A script that cannot be cut into statements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Something quoted, or a comment, has no end.
    #[error("the {construct} that begins at {place} does not end")]
    Unterminated {
        /// What it is.
        construct: Construct,
        /// Where it begins.
        place: Place,
    },
    /// The text has a NUL.
    #[error("the text has the character NUL at {place}")]
    NulCharacter {
        /// Where.
        place: Place,
    },
    /// A command of psql, or another backslash outside of quotes.
    #[error("'\\{command}' at {place} is a command of psql, not SQL")]
    MetaCommand {
        /// The command without the backslash.
        command: String,
        /// Where.
        place: Place,
    },
    /// `COPY … FROM STDIN` with something after it: data inside the script, as psql takes them.
    #[error("what follows COPY … FROM STDIN at {place} may be data, which only psql can send")]
    InlineCopyData {
        /// Where the COPY stands.
        place: Place,
    },
}

impl SplitError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unterminated { construct, .. } => {
                return Some(match construct {
                    Construct::BlockComment => "close it with */; block comments nest, so each /* needs one".to_owned(),
                    Construct::DollarQuote => "close it with the same $tag$ that opens it".to_owned(),
                    _ => "close it with the same quote; a quote inside is written twice".to_owned(),
                });
            }
            Self::NulCharacter { .. } => "remove it; PostgreSQL cannot read it",
            Self::MetaCommand { .. } => "write plain SQL; in place of \\i put the file's content here",
            Self::InlineCopyData { .. } => "write the rows with INSERT",
        };
        Some(hint.to_owned())
    }

    pub(super) fn from_token_error(text: &str, error: TokenError) -> Self {
        match error {
            TokenError::Unterminated(construct, byte) => {
                Self::Unterminated { construct, place: place_of_byte(text, byte) }
            }
            TokenError::Nul(byte) => Self::NulCharacter { place: place_of_byte(text, byte) },
        }
    }
}

/// Cuts a script into statements at its semicolons, save those in quotes, comments, parentheses (`CREATE RULE … DO
/// (a; b)`) and the bodies of SQL routines (`BEGIN ATOMIC …; END`). Empty statements are left out.
///
/// # Errors
/// [`SplitError`] when something quoted does not end, or the script needs psql.
pub fn split(script: &str) -> Result<Vec<Statement<'_>>, SplitError> {
    let mut statements = Vec::new();
    let mut pending: Option<Pending<'_>> = None;
    for token in Tokens::new(script) {
        let token = token.map_err(|error| SplitError::from_token_error(script, error))?;
        match token.kind {
            kind if !kind.is_significant() => {}
            TokenKind::Backslash => return Err(meta_command(script, token.bytes.start)),
            TokenKind::Semicolon if pending.as_ref().is_none_or(Pending::is_complete) => {
                let Some(pending) = pending.take() else {
                    continue;
                };
                let statement = pending.into_statement();
                refuse_copy_data(script, &statement, token.bytes.end)?;
                statements.push(statement);
            }
            _ => pending.get_or_insert_with(|| Pending::new(script, token.bytes.start)).push(&token),
        }
    }
    statements.extend(pending.map(Pending::into_statement));
    Ok(statements)
}

/// A statement whose end has not come yet.
struct Pending<'a> {
    script: &'a str,
    bytes: Range<usize>,
    /// The words that it begins with, in upper case, up to the first token that is none.
    head: Vec<String>,
    head_is_open: bool,
    parentheses: usize,
    /// How many `BEGIN ATOMIC` are open.
    bodies: usize,
    previous: Previous,
}

/// As much of the last token as the end of a body depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Previous {
    Begin,
    /// A semicolon inside a body, or its `ATOMIC`: here a statement begins, or the body ends.
    StatementStart,
    Other,
}

impl<'a> Pending<'a> {
    fn new(script: &'a str, start: usize) -> Self {
        Self {
            script,
            bytes: start..start,
            head: Vec::new(),
            head_is_open: true,
            parentheses: 0,
            bodies: 0,
            previous: Previous::Other,
        }
    }

    fn push(&mut self, token: &Token) {
        self.bytes.end = token.bytes.end;
        let word = (token.kind == TokenKind::Word).then(|| self.script[token.bytes.clone()].to_ascii_uppercase());
        self.previous = match (token.kind, word.as_deref()) {
            (TokenKind::Semicolon, _) if self.parentheses == 0 => Previous::StatementStart,
            (_, Some("BEGIN")) if self.parentheses == 0 => Previous::Begin,
            (_, Some("ATOMIC")) if self.previous == Previous::Begin && self.is_routine() => {
                self.bodies += 1;
                Previous::StatementStart
            }
            // Any other END belongs to a CASE or is a name: no statement begins with it.
            (_, Some("END")) if self.previous == Previous::StatementStart => {
                self.bodies = self.bodies.saturating_sub(1);
                Previous::Other
            }
            (TokenKind::OpenParenthesis, _) => {
                self.parentheses += 1;
                Previous::Other
            }
            (TokenKind::CloseParenthesis, _) => {
                self.parentheses = self.parentheses.saturating_sub(1);
                Previous::Other
            }
            _ => Previous::Other,
        };
        match word {
            Some(word) if self.head_is_open && self.head.len() < ROUTINE_WORDS_MAX => {
                self.head.push(word);
            }
            _ => self.head_is_open = false,
        }
    }

    /// Only routines have bodies that are not quoted.
    fn is_routine(&self) -> bool {
        let mut words = self.head.iter().map(String::as_str).peekable();
        if words.next() != Some("CREATE") {
            return false;
        }
        if words.peek() == Some(&"OR") {
            words.nth(1);
        }
        matches!(words.next(), Some("FUNCTION" | "PROCEDURE"))
    }

    /// Whether a semicolon would end the statement here.
    fn is_complete(&self) -> bool {
        self.parentheses == 0 && self.bodies == 0
    }

    fn into_statement(self) -> Statement<'a> {
        Statement { text: &self.script[self.bytes.clone()], bytes: self.bytes }
    }
}

/// psql reads data after `COPY … FROM STDIN;`, so what follows cannot be read as SQL.
fn refuse_copy_data(script: &str, copy: &Statement<'_>, end: usize) -> Result<(), SplitError> {
    let is_copy = classify(copy.text).is_some_and(|kind| kind.class() == StatementClass::CopyIn);
    if is_copy && !script[end..].trim().is_empty() {
        return Err(SplitError::InlineCopyData { place: place_of_byte(script, copy.bytes.start) });
    }
    Ok(())
}

fn meta_command(script: &str, backslash: usize) -> SplitError {
    let command = script[backslash + 1..]
        .chars()
        .take_while(|character| !character.is_whitespace() && !character.is_control())
        .take(20)
        .collect();
    SplitError::MetaCommand { command, place: place_of_byte(script, backslash) }
}

#[cfg(test)]
mod tests;
