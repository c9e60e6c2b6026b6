//! The name of a statement's command.

use std::borrow::Cow;
use std::fmt;

use crate::grant::TimeLimit;

/// What a statement is called, in the words of the PostgreSQL manual: `ALTER TABLE`, `INSERT`, `SET lock_timeout`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    verb: Cow<'static, str>,
    object: Cow<'static, str>,
}

/// The longest part of a text that is repeated in a message.
const CHARACTERS_MAX: usize = 40;

impl Command {
    /// A command of one known phrase.
    pub(super) const fn new(verb: &'static str) -> Self {
        Self { verb: Cow::Borrowed(verb), object: Cow::Borrowed("") }
    }

    pub(super) const fn on(verb: &'static str, object: &'static str) -> Self {
        Self { verb: Cow::Borrowed(verb), object: Cow::Borrowed(object) }
    }

    /// A command with a word of the statement itself. None of these is sent without somebody being told.
    pub(super) fn on_written(verb: &'static str, object: &str) -> Self {
        Self { verb: Cow::Borrowed(verb), object: Cow::Owned(shortened(object)) }
    }

    /// A command with what in it needs more than the command itself.
    pub(super) fn with(&self, part: &str) -> Self {
        Self { verb: Cow::Owned(self.to_string()), object: Cow::Owned(format!("with {}", shortened(part))) }
    }

    /// The setting that it sets, if that is a time limit.
    pub(super) fn sets_time_limit(&self) -> Option<&'static str> {
        let settings = TimeLimit::ALL.map(TimeLimit::setting);
        settings.into_iter().find(|setting| self.verb == "SET" && self.object == *setting)
    }

    /// Whether it is the one of this verb, and of nothing else.
    pub(super) fn is(&self, verb: &str) -> bool {
        self.object.is_empty() && self.verb == verb
    }

    /// A command that nobody knows.
    pub(super) fn unknown(verb: &str, object: &str) -> Self {
        Self { verb: Cow::Owned(shortened(verb)), object: Cow::Owned(shortened(object)) }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.verb)?;
        if self.object.is_empty() { Ok(()) } else { write!(formatter, " {}", self.object) }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
