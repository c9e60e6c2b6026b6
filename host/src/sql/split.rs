//! A script, cut into statements.

use std::ops::Range;

use super::copy_block::CopyError;
use super::copy_block::copy_block;
use super::copy_block::is_copy_in;
use super::position::Place;
use super::position::place_of_byte;
use super::token::Construct;
use super::token::Token;
use super::token::TokenError;
use super::token::TokenKind;
use super::token::Tokens;

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Its text, without comments and blanks around it and without the semicolon.
    pub text: &'a str,
    /// Where the text stands in the script, in bytes.
    pub bytes: Range<usize>,
    /// Where the data of a `COPY … FROM STDIN` stand in the script, in bytes: whole lines, without the one that ends them.
    pub copy_data: Option<Range<usize>>,
}

/// A script that cannot be cut into statements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Something quoted, or a comment, has no end.
    #[error("unterminated {construct} at {place}")]
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
    /// A statement on the line on which a `COPY … FROM STDIN` ends. psql would run it after the COPY.
    #[error("something follows COPY … FROM STDIN at {place} on its line, and the data begin on the next one")]
    AfterCopy {
        /// Where the COPY stands.
        place: Place,
    },
    /// The data of a `COPY … FROM STDIN` go on to the end of the script.
    #[error("the data of COPY … FROM STDIN at {place} have no end")]
    EndlessCopy {
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
            Self::AfterCopy { .. } => "move it below the line '\\.' that ends the data",
            Self::EndlessCopy { .. } => {
                "put the data on the lines below it, and after them a line with nothing but '\\.'"
            }
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
/// (a; b)`) and the bodies of SQL routines (`BEGIN ATOMIC …; END`). Empty statements are left out. Below a `COPY … FROM STDIN`
/// there are its data, up to a line `\.`, as psql reads them.
///
/// # Errors
/// [`SplitError`] when something quoted does not end, or the script needs psql.
pub fn split(script: &str) -> Result<Vec<Statement<'_>>, SplitError> {
    statements(script).collect()
}

/// The same, one by one: of a long script only the current statement is held. After an error there are no more.
pub fn statements(script: &str) -> Statements<'_> {
    Statements::within(script, 0..script.len())
}

/// The statements of a script, as [`statements`] gives them.
pub struct Statements<'a> {
    /// None after an error.
    pieces: Option<Pieces<'a>>,
}

impl<'a> Statements<'a> {
    /// The statements of a part of a file, with places in the whole file.
    pub(super) fn within(file: &'a str, part: Range<usize>) -> Self {
        Self { pieces: Some(Pieces::within(file, part)) }
    }

    fn read(&mut self) -> Result<Option<Statement<'a>>, SplitError> {
        let Some(pieces) = &mut self.pieces else { return Ok(None) };
        let script = pieces.script;
        for piece in pieces {
            match piece? {
                Piece::Token(token) if token.kind == TokenKind::Backslash => {
                    return Err(meta_command(script, token.bytes.start));
                }
                Piece::Token(_) => {}
                Piece::End(statement) => return Ok(Some(statement)),
            }
        }
        Ok(None)
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = Result<Statement<'a>, SplitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.pieces = None;
        }
        read.transpose()
    }
}

/// A script as it is read: its tokens, without the data of a COPY, and where its statements end.
pub(super) enum Piece<'a> {
    /// A token, also a blank, a comment, or a semicolon that ends no statement.
    Token(Token),
    /// The end of a statement.
    End(Statement<'a>),
}

/// Reads a script piece by piece. After an error there are no more.
pub(super) struct Pieces<'a> {
    script: &'a str,
    tokens: Tokens<'a>,
    /// Where the script ends.
    end: usize,
    pending: Option<Pending<'a>>,
}

impl<'a> Pieces<'a> {
    /// The pieces of a part of a file, with places in the whole file.
    pub(super) fn within(file: &'a str, part: Range<usize>) -> Self {
        Self { script: file, end: part.end.min(file.len()), tokens: Tokens::within(file, part), pending: None }
    }

    fn read(&mut self, token: Token) -> Result<Piece<'a>, SplitError> {
        if !token.kind.is_significant() {
            return Ok(Piece::Token(token));
        }
        if token.kind == TokenKind::Semicolon && self.pending.as_ref().is_none_or(Pending::is_complete) {
            let Some(pending) = self.pending.take() else { return Ok(Piece::Token(token)) };
            let mut statement = pending.into_statement();
            if is_copy_in(statement.text) {
                let place = || place_of_byte(self.script, statement.bytes.start);
                let block = copy_block(self.script, token.bytes.end..self.end).map_err(|error| match error {
                    CopyError::AfterCopy => SplitError::AfterCopy { place: place() },
                    CopyError::Endless => SplitError::EndlessCopy { place: place() },
                })?;
                statement.copy_data = Some(block.data);
                self.tokens.go_on_at(block.end);
            }
            return Ok(Piece::End(statement));
        }
        self.pending.get_or_insert_with(|| Pending::new(self.script, token.bytes.start)).push(&token);
        Ok(Piece::Token(token))
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<Piece<'a>, SplitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = match self.tokens.next() {
            Some(Ok(token)) => self.read(token),
            Some(Err(error)) => Err(SplitError::from_token_error(self.script, error)),
            None => return self.pending.take().map(|pending| Ok(Piece::End(pending.into_statement()))),
        };
        if piece.is_err() {
            self.tokens.go_on_at(self.end);
            self.pending = None;
        }
        Some(piece)
    }
}

/// A statement whose end has not come yet.
struct Pending<'a> {
    script: &'a str,
    bytes: Range<usize>,
    /// Whether it is a CREATE FUNCTION or CREATE PROCEDURE, once that is known.
    routine: Routine,
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

/// How far the words have come that a routine begins with. Only routines have bodies that are not quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Routine {
    Start,
    Create,
    CreateOr,
    CreateOrReplace,
    Yes,
    No,
}

impl Routine {
    fn after(self, is: impl Fn(&str) -> bool) -> Self {
        match self {
            Self::Yes | Self::No => self,
            Self::Start if is("CREATE") => Self::Create,
            Self::Create if is("OR") => Self::CreateOr,
            Self::CreateOr => Self::CreateOrReplace,
            Self::Create | Self::CreateOrReplace if is("FUNCTION") || is("PROCEDURE") => Self::Yes,
            _ => Self::No,
        }
    }
}

impl<'a> Pending<'a> {
    fn new(script: &'a str, start: usize) -> Self {
        Self {
            script,
            bytes: start..start,
            routine: Routine::Start,
            parentheses: 0,
            bodies: 0,
            previous: Previous::Other,
        }
    }

    fn push(&mut self, token: &Token) {
        self.bytes.end = token.bytes.end;
        let word = if token.kind == TokenKind::Word { &self.script[token.bytes.clone()] } else { "" };
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        self.routine = self.routine.after(is);
        let outside = self.parentheses == 0;
        self.previous = match token.kind {
            TokenKind::Semicolon if outside => Previous::StatementStart,
            TokenKind::OpenParenthesis => {
                self.parentheses += 1;
                Previous::Other
            }
            TokenKind::CloseParenthesis => {
                self.parentheses = self.parentheses.saturating_sub(1);
                Previous::Other
            }
            _ if outside && is("BEGIN") => Previous::Begin,
            _ if self.previous == Previous::Begin && self.routine == Routine::Yes && is("ATOMIC") => {
                self.bodies += 1;
                Previous::StatementStart
            }
            // Any other END belongs to a CASE or is a name: no statement begins with it.
            _ if self.previous == Previous::StatementStart && is("END") => {
                self.bodies = self.bodies.saturating_sub(1);
                Previous::Other
            }
            _ => Previous::Other,
        };
    }

    /// Whether a semicolon would end the statement here.
    fn is_complete(&self) -> bool {
        self.parentheses == 0 && self.bodies == 0
    }

    fn into_statement(self) -> Statement<'a> {
        Statement { text: &self.script[self.bytes.clone()], bytes: self.bytes, copy_data: None }
    }
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
