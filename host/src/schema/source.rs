//! What a schema is read from, as it is written on the command line. Pure.

use std::fmt;
use std::str::FromStr;

/// The word for the models of `[….schema]` in host.toml.
const MODELS: &str = "models";

/// The word for the migrations of the project.
const MIGRATIONS: &str = "migrations";

/// The url of the development cluster.
const LOCAL: &str = "local:";

/// What a schema is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A database.
    Url(String),
    /// Files of SQL, by a path or a pattern.
    Files(String),
    /// The migrations of the project up to a target, or all of them.
    Migrations(Option<String>),
    /// What `[….schema]` of host.toml names.
    Models,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(
                "expected a postgres:// url, files of SQL, migrations, migrations@REVISION or models".to_owned()
            );
        }
        if text == MODELS {
            return Ok(Self::Models);
        }
        if text == MIGRATIONS {
            return Ok(Self::Migrations(None));
        }
        if let Some(target) = text.strip_prefix(MIGRATIONS).and_then(|rest| rest.strip_prefix('@')) {
            if target.is_empty() {
                return Err("expected a revision after migrations@".to_owned());
            }
            return Ok(Self::Migrations(Some(target.to_owned())));
        }
        // A url with a mistake in it is no file: its password must not be taken for a name and printed.
        if text == LOCAL || text.contains("://") {
            return Ok(Self::Url(text.to_owned()));
        }
        Ok(Self::Files(text.to_owned()))
    }
}

impl fmt::Display for Source {
    /// Never a url, which may hold a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(_) => formatter.write_str("the database"),
            Self::Files(files) => formatter.write_str(files),
            Self::Migrations(None) => formatter.write_str("the migrations"),
            Self::Migrations(Some(target)) => write!(formatter, "the migrations up to {target}"),
            Self::Models => formatter.write_str("the models"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_known_by_its_form() {
        for (text, source) in [
            ("postgres://me@h/shop", Source::Url("postgres://me@h/shop".to_owned())),
            ("mysql://me:secret@h", Source::Url("mysql://me:secret@h".to_owned())),
            ("local:", Source::Url("local:".to_owned())),
            ("schema/*.sql", Source::Files("schema/*.sql".to_owned())),
            ("./models", Source::Files("./models".to_owned())),
            ("models", Source::Models),
            ("migrations", Source::Migrations(None)),
            ("migrations@head", Source::Migrations(Some("head".to_owned()))),
            ("migrations/a.sql", Source::Files("migrations/a.sql".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(source), "{text}");
        }
        assert!("".parse::<Source>().is_err() && "migrations@".parse::<Source>().is_err());
    }
}
