//! The languages that a migration can be written in: a folder for each, with what host knows of it and what a new migration
//! in it begins with.
//!
//! A new language is one line below and the folder that it names, which the compiler then asks for, and the same once more in
//! [`crate::toolchain`], for how it is built.

mod profile;

pub use c::SDK_FOLDER as C_SDK_FOLDER;
pub use go::SDK_FOLDER as GO_SDK_FOLDER;
pub use javascript::SDK_FOLDER as JAVASCRIPT_SDK_FOLDER;
pub use profile::Profile;
pub use profile::Source;
pub use profile::Template;
pub use python::SDK_FOLDER as PYTHON_SDK_FOLDER;
pub use rust::SDK_FOLDER as RUST_SDK_FOLDER;

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

macro_rules! languages {
    ($($(#[$documentation:meta])* $language:ident = $folder:ident,)*) => {
        $(mod $folder;)*

        /// What a migration is written in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Language {
            $($(#[$documentation])* $language,)*
        }

        impl Language {
            /// All languages.
            pub const ALL: [Self; [$(stringify!($language)),*].len()] = [$(Self::$language),*];

            /// What host knows of it.
            pub fn profile(self) -> &'static Profile {
                match self {
                    $(Self::$language => &$folder::PROFILE,)*
                }
            }
        }
    };
}

languages! {
    /// SQL, in one file.
    Sql = sql,
    /// Python, in one file.
    Python = python,
    /// JavaScript, in one file.
    JavaScript = javascript,
    /// TypeScript, in one file.
    TypeScript = typescript,
    /// Rust, in a folder with a `Cargo.toml`.
    Rust = rust,
    /// Go, in a folder with a `go.mod`.
    Go = go,
    /// C, in a folder with a `migration.c`.
    C = c,
    /// A revision of Alembic, in a project of Alembic.
    Alembic = alembic,
    /// Anything, in a folder that a command of its own builds.
    Other = other,
    /// Anything: a component that was built elsewhere.
    Wasm = wasm,
}

/// A name that is not that of a language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language '{}', expected one of: {}", name.escape_debug(), Language::ALL.map(Language::name).join(", "))]
pub struct UnknownLanguage {
    /// The name.
    pub name: String,
}

impl Language {
    /// Its name, in lowercase.
    pub fn name(self) -> &'static str {
        self.profile().name
    }

    /// Its name as people write it.
    pub fn title(self) -> &'static str {
        self.profile().title
    }

    /// The language of a source file with that extension, if a migration can be a single file in it.
    pub fn of_extension(extension: &str) -> Option<Self> {
        let has_extension = |language: &Self| match language.profile().source {
            Source::Text { extension: known, .. } => known == extension,
            Source::Foreign { .. } | Source::Folder { .. } | Source::Command { .. } | Source::Component => false,
        };
        Self::ALL.into_iter().find(has_extension)
    }

    /// The language of a folder with these files, if it has sources that can be built.
    pub fn of_folder(paths: &[&str]) -> Option<Self> {
        let has_marker = |language: &Self| match language.profile().source {
            Source::Folder { marker, .. } => paths.contains(&marker),
            Source::Text { .. } | Source::Foreign { .. } | Source::Command { .. } | Source::Component => false,
        };
        Self::ALL.into_iter().find(has_marker)
    }

    /// How a line comment begins, if a migration is a single text file. There its metadata is.
    pub fn comment_prefix(self) -> Option<&'static str> {
        match self.profile().source {
            Source::Text { comment_prefix, .. } => Some(comment_prefix),
            Source::Foreign { .. } | Source::Folder { .. } | Source::Command { .. } | Source::Component => None,
        }
    }

    /// The runtime that runs its sources, if it has no compiler.
    pub fn runtime(self) -> Option<&'static str> {
        match self.profile().source {
            Source::Text { runtime, .. } | Source::Foreign { runtime } => Some(runtime),
            Source::Folder { .. } | Source::Command { .. } | Source::Component => None,
        }
    }

    /// Whether a compiler of this machine builds it.
    pub fn is_compiled(self) -> bool {
        matches!(self.profile().source, Source::Folder { .. } | Source::Command { .. })
    }

    /// Whether a runtime of this name runs its sources: the one of the language, or one that a project adds packages to, such as
    /// `python-0123456789abcdef`.
    pub fn is_run_by(self, name: &str) -> bool {
        self.runtime().is_some_and(|runtime| {
            name.strip_prefix(runtime).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }

    /// Whether its components carry something else than what the author wrote, made of it by a compiler, so that comparing them
    /// with it says nothing.
    pub fn is_translated(self) -> bool {
        match self.profile().source {
            Source::Text { translated, .. } => translated,
            Source::Folder { .. } | Source::Command { .. } => true,
            Source::Foreign { .. } | Source::Component => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The name is written into components, and read again by serde.
    #[test]
    fn a_language_has_one_name() {
        for language in Language::ALL {
            let name = language.name();
            assert_eq!(serde_json::to_string(&language).expect("JSON"), format!("\"{name}\""));
            assert_eq!(name.parse(), Ok(language));
        }
    }

    #[test]
    fn no_two_languages_claim_one_source() {
        for language in Language::ALL {
            match language.profile().source {
                Source::Text { extension, runtime, comment_prefix, sections, .. } => {
                    assert_eq!(Language::of_extension(extension), Some(language));
                    // By its runtime it is known how a text is read, in which components carry it.
                    let same = |other: &Language| other.runtime() == Some(runtime);
                    let first = Language::ALL.into_iter().find(same).expect("itself at least");
                    let Source::Text { comment_prefix: prefix, sections: divided, .. } = first.profile().source else {
                        panic!("{first} has a runtime")
                    };
                    assert_eq!((prefix, divided), (comment_prefix, sections), "{language} and {first}");
                }
                Source::Folder { marker, .. } => assert_eq!(Language::of_folder(&[marker]), Some(language)),
                Source::Foreign { runtime } => {
                    let others = Language::ALL.into_iter().filter(|other| *other != language);
                    assert!(others.into_iter().all(|other| other.runtime() != Some(runtime)), "{language}");
                }
                Source::Command { .. } | Source::Component => {}
            }
        }
        assert_eq!(Language::of_extension("wasm"), None, "components are told apart from sources");
    }
}
