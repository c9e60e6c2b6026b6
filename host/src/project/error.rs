//! Why a project cannot be opened.

use crate::config::ConfigError;
use crate::revision::GraphError;
use crate::store::StoreError;

/// Why a project cannot be opened. Each kind has a stable word for programs
/// ([`ProjectError::kind`]) and a remedy ([`ProjectError::hint`]).
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The folder has no settings file.
    #[error("no host.toml here or in a parent folder")]
    NoProject,
    /// The folder has no settings file, and is a project of Alembic.
    #[error("no host.toml, and '{file}' makes this a project of Alembic")]
    OnlyAlembic {
        /// The file with Alembic's settings.
        file: String,
    },
    /// The settings file cannot be read.
    #[error("cannot read host.toml")]
    ReadConfig {
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no folder in which something could be built or written.
    #[error("the migrations of this project are not in a folder")]
    NoFolder,
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The project's files are wrong.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The revisions do not form a graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Several problems, found at once.
    #[error("{} problems: {}", problems.len(), problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Several {
        /// At least two; none of them is of this kind.
        problems: Vec<ProjectError>,
    },
}

impl ProjectError {
    /// The problems that this error consists of: usually itself alone.
    pub fn problems(&self) -> &[Self] {
        match self {
            Self::Several { problems } => problems,
            one => std::slice::from_ref(one),
        }
    }

    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoProject | Self::OnlyAlembic { .. } | Self::ReadConfig { .. } | Self::NoFolder => "no-project",
            Self::Config(_) => "configuration",
            Self::Store(error) => error.kind(),
            Self::Graph(error) => error.kind(),
            Self::Several { problems } => {
                let first = problems.first().map_or("project-files", Self::kind);
                if problems.iter().all(|problem| problem.kind() == first) { first } else { "several-problems" }
            }
        }
    }

    /// What the operator should do, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoProject => "run `host init`, or name the project's folder with --dir".to_owned(),
            Self::OnlyAlembic { .. } => {
                "run `host init --from-alembic`, which writes host.toml and leaves everything else as it is".to_owned()
            }
            Self::NoFolder => "open the folder of their sources".to_owned(),
            Self::ReadConfig { source } => match source.kind() {
                std::io::ErrorKind::IsADirectory => "put a file in its place; `host init` writes one".to_owned(),
                std::io::ErrorKind::InvalidData => "save the file as UTF-8".to_owned(),
                _ => "check the file's permissions".to_owned(),
            },
            Self::Config(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            Self::Graph(error) => return error.hint(),
            // Each has its own.
            Self::Several { .. } => return None,
        })
    }
}
