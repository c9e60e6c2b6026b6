//! What can go wrong when schemas are read and compared.

use host_schema::DiffError;
use host_schema::ReadError;
use host_schema::SyntaxError;
use host_schema::load::LoadError;
use host_schema::prove::ApplyError;
use host_schema::shadow::ShadowError;

use crate::db::DatabaseError;
use crate::execute::RunError;
use crate::store::StoreError;

/// Why schemas cannot be read or compared.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Something in a text of SQL is no schema.
    #[error("{file}:{line}: {what}")]
    Text {
        /// The text: a file, or what printed it.
        file: String,
        /// The line, from 1.
        line: u32,
        /// What is wrong.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// No file fits a pattern.
    #[error("no file fits '{pattern}'")]
    NoFiles {
        /// The pattern.
        pattern: String,
    },
    /// A pattern of files is none.
    #[error("'{pattern}' is not a pattern of files: {reason}")]
    FilePattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A pattern of objects, or a rename, is none.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] StoreError),
    /// The program that prints the models cannot be started.
    #[error("cannot run '{program}', which prints the models: {source}")]
    CommandNotRun {
        /// The program.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The program that prints the models failed.
    #[error("'{program}', which prints the models, failed ({status}){}", printed(stderr))]
    Command {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// The last lines of what it said.
        stderr: String,
    },
    /// What it printed is not text.
    #[error("'{program}' printed {what}")]
    CommandOutput {
        /// The program.
        program: String,
        /// What it printed instead of SQL.
        what: &'static str,
    },
    /// There is no shadow database.
    #[error(transparent)]
    Shadow(#[from] ShadowError),
    /// Something can only be tried where the source is a shadow.
    #[error("the source is a database of its own, on which nothing is tried")]
    NoShadow,
    /// Texts cannot be loaded into it.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A database cannot be read.
    #[error("{of}: {source}")]
    Read {
        /// What was read.
        of: String,
        /// Why not.
        source: ReadError,
    },
    /// Two schemas cannot be compared.
    #[error(transparent)]
    Diff(#[from] DiffError),
    /// A statement failed that was tried on a shadow.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// A database cannot be reached.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Migrations fail on the shadow.
    #[error("on the shadow database: {}", with_causes(source))]
    Run {
        /// Why.
        source: Box<RunError>,
    },
}

impl SchemaError {
    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } | Self::NoFiles { .. } | Self::FilePattern { .. } | Self::Load(_) => "models",
            Self::CommandNotRun { .. } | Self::Command { .. } | Self::CommandOutput { .. } => "models",
            Self::Syntax(_) => "usage",
            Self::File(_) => "project-files",
            Self::Shadow(error) => error.kind(),
            Self::NoShadow => "shadow",
            Self::Read { .. } => "schema-unreadable",
            Self::Diff(_) => "schema-diff",
            Self::Apply(_) => "proof",
            Self::Database(error) => error.kind(),
            Self::Run { source } => source.kind(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Text { hint, .. } => hint.clone(),
            Self::NoFiles { .. } => {
                "name files that are there; `**` stands for any folders, `*` for a part of a name".to_owned()
            }
            Self::FilePattern { .. } => {
                "write a path or a pattern such as schema/**/*.sql, inside the project".to_owned()
            }
            Self::Syntax(_) => "correct it".to_owned(),
            Self::File(error) => return error.hint(),
            Self::CommandNotRun { .. } => "check `command` in [default.schema] of host.toml, and PATH".to_owned(),
            Self::Command { .. } => "run it yourself to see all it says; nothing was written".to_owned(),
            Self::CommandOutput { .. } => "let it print SQL, and everything else on standard error".to_owned(),
            Self::Shadow(error) => error.hint(),
            Self::NoShadow => "name files or migrations as the source".to_owned(),
            Self::Load(error) => error.hint(),
            Self::Read { source, .. } => source.hint().to_owned(),
            Self::Diff(error) => error.hint().to_owned(),
            Self::Apply(_) => "this is a bug in host: please report it with both schemas".to_owned(),
            Self::Database(error) => return error.hint(),
            Self::Run { source } => return source.hint(),
        })
    }
}

impl From<RunError> for SchemaError {
    fn from(source: RunError) -> Self {
        Self::Run { source: Box::new(source) }
    }
}

fn printed(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(":\n{stderr}") }
}

/// An error and its causes in one line: each layer says only what the one below does not.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let layer = error.to_string();
        if !text.ends_with(&layer) {
            text.push_str(": ");
            text.push_str(&layer);
        }
        cause = error.source();
    }
    text
}
