//! Projects of Alembic as they are: its settings, its revisions, the files that these import. Pure: no I/O.
//!
//! ```text
//! alembic.ini, pyproject.toml -> settings -> where env.py and the revisions are
//! *.py -> python (in a worker) -> facts: revision, down_revision, imports …
//! env.py, imports, `include` -> closure -> files that a revision needs besides itself
//! all of it -> document: the text that the runtime of Alembic gets
//! ```

mod closure;
mod document;
mod facts;
mod ini;
mod paths;
#[cfg(feature = "build")]
mod python;
mod settings;
mod template;

pub use closure::Closure;
pub use closure::Include;
pub use closure::LookUp;
pub use document::Author;
pub use document::AuthorDocument;
pub use document::Authored;
pub use document::AuthoredRevision;
pub use document::Document;
pub use document::DocumentRevision;
pub use document::SharedText;
pub use facts::EnvFacts;
pub use facts::PythonFacts;
pub use facts::PythonFile;
pub use facts::PythonProblem;
pub use facts::READ_JOB;
pub use facts::RevisionFacts;
pub use facts::Setting;
pub use paths::within;
#[cfg(feature = "build")]
pub use python::read_job;
pub use settings::AlembicSettings;
pub use settings::INI_FILE;
pub use settings::Location;
pub use settings::PYPROJECT_FILE;
pub use settings::SettingsProblem;
pub use settings::SettingsTexts;
pub use template::FileName;
pub use template::NewRevisionFile;
pub use template::OWN_TEMPLATE;
pub use template::new_file;

/// What stands in the place of a url: the runtime connects to nothing but the database of the run.
const NO_URL: &str = "postgresql+host://";

/// Keys whose values nobody else has to know.
const SECRET_WORDS: [&str; 4] = ["password", "passwd", "secret", "token"];

/// The value of a key without what must not leave the project's folder.
fn masked(key: &str, value: &str) -> String {
    if key.ends_with("sqlalchemy.url") {
        return NO_URL.to_owned();
    }
    let behind = value.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
    if behind.is_some_and(|(user, _)| user.contains(':')) {
        return NO_URL.to_owned();
    }
    if SECRET_WORDS.iter().any(|word| key.contains(word)) { String::new() } else { value.to_owned() }
}
