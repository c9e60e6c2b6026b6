//! Why texts of SQL were not loaded.

use std::fmt;

/// A statement that the server refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLoaded {
    /// The text that it stands in.
    pub file: String,
    /// The line of the place that the server means, from 1.
    pub line: u32,
    /// The server's code.
    pub sqlstate: String,
    /// What the server said.
    pub message: String,
    /// More of it.
    pub detail: Option<String>,
    /// What the server would do.
    pub hint: Option<String>,
}

impl fmt::Display for NotLoaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {} ({})", self.file, self.line, self.message, self.sqlstate)?;
        self.detail.iter().try_for_each(|detail| write!(formatter, "; {detail}"))
    }
}

/// Why texts of SQL were not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There are statements that no order makes work.
    #[error("{first}{}", others_too(*others))]
    Refused {
        /// The first one.
        first: Box<NotLoaded>,
        /// How many others there are.
        others: usize,
    },
    /// A round ended without an error and without an end.
    #[error("the statements cannot be loaded, and the server did not say why")]
    Nothing,
    /// The connection was lost, or the session refused what it was told.
    #[error("lost the shadow database while loading: {source}")]
    Connection {
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
}

impl LoadError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Refused { first, .. } => match (first.hint.as_deref(), first.sqlstate.as_str()) {
                (Some(hint), _) => hint.to_owned(),
                (None, "0A000" | "58P01") if first.message.contains("extension") => {
                    "install the extension on the server of the shadow, or name a server that has it in `shadow-url`".to_owned()
                }
                (None, "42501") if first.message.contains("extension") => {
                    "only a superuser can make this extension: name it in `extensions` of [default.local], or name a server \
                     where the user may in `shadow-url`"
                        .to_owned()
                }
                (None, "42704") if first.message.starts_with("role ") => {
                    "roles belong to the whole server: create this one on the server of the shadow, or name another server in \
                     `shadow-url`"
                        .to_owned()
                }
                _ => "correct it there; nothing was changed".to_owned(),
            },
            Self::Nothing => "this is a bug in host: please report it".to_owned(),
            Self::Connection { .. } => "check the server of the shadow, and run the command again".to_owned(),
        }
    }
}

fn others_too(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and 1 more statement fails)".to_owned(),
        _ => format!(" (and {others} more statements fail)"),
    }
}
