//! Everything that a command can fail with: the errors of the layers, put together.

use crate::config::ConfigError;
use crate::db::DatabaseError;
use crate::execute::RunError;
use crate::project::ProjectError;
use crate::revision::PlaceError;
use crate::revision::TargetError;
use crate::store::StoreError;

/// Why a command failed. Each kind has a stable word for programs ([`Error::kind`]) and a remedy ([`Error::hint`]).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The project cannot be opened, or its files cannot be used.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A run failed, or was not begun.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A new revision has no place.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl Error {
    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Project(error) => error.kind(),
            Self::Run(error) => error.kind(),
            Self::Place(error) => error.kind(),
        }
    }

    /// What the operator should do, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Project(error) => error.hint(),
            Self::Run(error) => error.hint(),
            Self::Place(error) => error.hint(),
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        ProjectError::from(error).into()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        ProjectError::from(error).into()
    }
}

impl From<TargetError> for Error {
    fn from(error: TargetError) -> Self {
        RunError::from(error).into()
    }
}

impl From<DatabaseError> for Error {
    fn from(error: DatabaseError) -> Self {
        RunError::from(error).into()
    }
}
