//! The variables that name the database: those of the process, and below them those of a file `.env`, where host.toml asks for it.

#![expect(clippy::disallowed_methods, reason = "here the environment of the process comes in")]

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::failure::Failure;
use crate::config::database_url::same_part;
use crate::project::Project;
use crate::store::StoreError;
use crate::store::TOML_BYTES_MAX;

/// The file, beside host.toml.
const FILE: &str = ".env";

/// The variables that name the database, the first one first.
pub(super) const URL_VARIABLES: [&str; 2] = ["HOST_DATABASE_URL", "DATABASE_URL"];

/// What a file `.env` brings. It comes with the project, so it is data: nobody but [`Variables::database_url`] and
/// [`Variables::lookup`] asks for something in it, and it never gets into the environment of this process or another one.
#[derive(Default)]
pub(super) struct Variables {
    file: BTreeMap<String, String>,
}

impl Variables {
    /// Those of a project.
    pub(super) fn of(project: &Project) -> Result<Self, Failure> {
        if !project.config().dotenv() {
            return Ok(Self::default());
        }
        let file = match crate::store::read_file_at_most(project.store()?.root(), FILE, TOML_BYTES_MAX) {
            Ok(bytes) => parse(&bytes)?,
            Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { file })
    }

    /// The url that a variable has, and which one it is.
    pub(super) fn database_url(&self) -> Option<(String, String)> {
        let process = URL_VARIABLES.into_iter().find_map(|name| Some((variable(name)?, name.to_owned())));
        process.or_else(|| {
            URL_VARIABLES.into_iter().find_map(|name| Some((self.in_file(name)?, format!("{name} in {FILE}"))))
        })
    }

    /// The value of a variable that a url of host.toml names.
    pub(super) fn lookup(&self, name: &str) -> Option<String> {
        variable(name).or_else(|| self.in_file(name))
    }

    /// The value of a variable of libpq that the driver cannot see: one of the file, unless the process has one that says the
    /// same.
    pub(super) fn of_libpq(&self, name: &str) -> Option<String> {
        let is_said = same_part(name).iter().any(|name| variable_os(name).is_some());
        if is_said { None } else { self.in_file(name) }
    }

    fn in_file(&self, name: &str) -> Option<String> {
        self.file.get(name).filter(|value| !value.is_empty()).cloned()
    }
}

/// Reads the usual form: `NAME=value`, quotes, comments, `export`. Of two lines with the same name the last one counts. The parser
/// takes `$NAME` outside of single quotes for a variable, of the process or of a line above.
fn parse(bytes: &[u8]) -> Result<BTreeMap<String, String>, Failure> {
    const FORM: &str = "write NAME=value, and a value with blanks, '#', '$' or backslashes in single quotes";

    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut file = BTreeMap::new();
    for line in dotenvy::from_read_iter(text) {
        // The error has the text of the line, which may be a password.
        let (name, value) = line.map_err(|error| {
            let place = match error {
                dotenvy::Error::LineParse(line, _) => format!("{FILE}:{}", line_of(text, &line)),
                _ => FILE.to_owned(),
            };
            Failure::new("configuration", format!("{place}: it cannot be read as NAME=value"), FORM)
        })?;
        file.insert(name, value);
    }
    Ok(file)
}

/// The number of the line in which a piece of the text stands first, from 1.
fn line_of(text: &[u8], piece: &str) -> usize {
    let piece = piece.trim_end();
    let at = text.windows(piece.len().max(1)).position(|window| window == piece.as_bytes()).unwrap_or_default();
    1 + text[..at].iter().filter(|byte| **byte == b'\n').count()
}

/// An environment variable that is set to something, in whatever encoding.
pub(super) fn variable_os(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// An environment variable that is set to something.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_form_is_read() {
        let text = "\u{feff}# a comment\n\nDATABASE_URL=postgres://db/shop # behind it\nexport PGUSER='me $x'\r\nPGPASSWORD=\"a\\\"b\"\n\
                    EMPTY=\nPGUSER=you\nTWO=\"a\nb\"\n";
        let file = parse(text.as_bytes()).expect("a file");
        for (name, value) in [
            ("DATABASE_URL", "postgres://db/shop"),
            ("PGUSER", "you"),
            ("PGPASSWORD", "a\"b"),
            ("EMPTY", ""),
            ("TWO", "a\nb"),
        ] {
            assert_eq!(file.get(name).map(String::as_str), Some(value), "{name}");
        }
        let variables = Variables { file };
        assert_eq!((variables.in_file("EMPTY"), variables.in_file("PGUSER").as_deref()), (None, Some("you")));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_not_shown() {
        for (text, line) in
            [("A=1\ns3cret\n", 2), ("A=1\nB=2\nPGPASSWORD=s3cret word\n", 3), ("1A=s3cret", 1), ("\nA='s3cret\n", 2)]
        {
            let failure = parse(text.as_bytes()).expect_err("no file");
            assert_eq!(failure.message(), format!(".env:{line}: it cannot be read as NAME=value"), "{text}");
        }
        assert_eq!(parse(b"A=\xff").expect_err("no text").message(), ".env: it cannot be read as NAME=value");
    }
}
