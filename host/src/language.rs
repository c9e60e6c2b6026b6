//! The languages that a migration can be written in.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// What a migration is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// SQL, in one file.
    Sql,
    /// Rust, in a folder with a `Cargo.toml`.
    Rust,
    /// Anything: a component that was built elsewhere.
    Wasm,
}

/// A name that is not that of a language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language '{}', expected one of: {}", name.escape_debug(), Language::ALL.map(Language::name).join(", "))]
pub struct UnknownLanguage {
    /// The name.
    pub name: String,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 3] = [Self::Sql, Self::Rust, Self::Wasm];

    /// Its name, in lowercase.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Rust => "rust",
            Self::Wasm => "wasm",
        }
    }

    /// The language of a source file with that extension, if a migration can be a single file in it.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "sql" => Some(Self::Sql),
            _ => None,
        }
    }

    /// How a line comment begins, if a migration is a single text file. There its metadata is.
    pub fn comment_prefix(self) -> Option<&'static str> {
        match self {
            Self::Sql => Some("--"),
            Self::Rust | Self::Wasm => None,
        }
    }

    /// The runtime that runs its sources, if it has no compiler.
    pub fn runtime(self) -> Option<&'static str> {
        match self {
            Self::Sql => Some("sql"),
            Self::Rust | Self::Wasm => None,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let language = Self::ALL.into_iter().find(|language| language.name() == name);
        language.ok_or_else(|| UnknownLanguage { name: name.to_owned() })
    }
}
