//! Why a component cannot be made ready to run.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use super::imports::ImportError;
use super::size::SizeError;
use crate::digest::Digest;
use crate::units;

/// Why a component cannot be loaded.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub enum LoadError {
    /// It wants something else than this host gives.
    #[error(transparent)]
    Import(ImportError),
    /// It is too large for the compiler.
    #[error(transparent)]
    Size(SizeError),
    /// The compiler did not come to an end.
    #[error("compiling it took more than {}", units::time(*limit))]
    CompileTime {
        /// The limit.
        limit: Duration,
    },
    /// The compiler needed too much memory.
    #[error("compiling it needed more than {} of memory", units::size(*limit))]
    CompileMemory {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The process that compiles did not answer.
    #[error("it was not compiled: {reason}")]
    Process {
        /// Why, with all causes.
        reason: String,
    },
    /// It names a runtime that this host does not have.
    #[error(
        "it needs the language runtime '{name}'{}, which this host does not have",
        digest.map(|digest| format!(" with the digest {digest}")).unwrap_or_default()
    )]
    UnknownRuntime {
        /// The runtime.
        name: String,
        /// The digest of the one that the migration was built for, if it says so.
        digest: Option<Digest>,
        /// Those of this name that are there.
        there: Vec<Digest>,
    },
    /// A language runtime cannot be read, or is not what its name says.
    #[error("the language runtime '{name}' with the digest {digest} cannot be read: {reason}")]
    RuntimeUnreadable {
        /// The runtime.
        name: String,
        /// Its digest.
        digest: Digest,
        /// Why.
        reason: String,
    },
    /// It cannot be compiled or linked.
    #[error("{reason}")]
    Refused {
        /// Why, with all causes.
        reason: String,
    },
}

impl From<ImportError> for LoadError {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

impl From<SizeError> for LoadError {
    fn from(error: SizeError) -> Self {
        Self::Size(error)
    }
}

impl LoadError {
    /// What the operator should do.
    pub fn hint(&self) -> String {
        match self {
            Self::Import(error) => error.hint(),
            Self::Size(error) => error.hint(),
            Self::CompileTime { .. } => {
                "raise compile-time in [*.limits] of host.toml on a slow machine; otherwise split the migration"
                    .to_owned()
            }
            Self::CompileMemory { .. } => {
                "raise compile-memory in [*.limits] of host.toml if you trust the migration; otherwise split it"
                    .to_owned()
            }
            Self::Process { .. } => {
                "host starts itself to compile: check the system's limits on processes and memory".to_owned()
            }
            Self::UnknownRuntime { name, digest, there } => {
                let file = digest.map_or_else(|| "<its SHA-256>".to_owned(), |digest| digest.to_string());
                let there = match there.as_slice() {
                    [] => " or use the host that built the migration".to_owned(),
                    there => format!(
                        " use the host that built the migration, or build the migration again for the one that is there ({})",
                        there.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                    ),
                };
                format!(
                    "put its component into the cache folder as runtimes/{name}/{file}.wasm (see `host cache info`),{there}"
                )
            }
            Self::RuntimeUnreadable { name, digest, .. } => {
                format!("replace runtimes/{name}/{digest}.wasm in the cache folder (see `host cache info`)")
            }
            Self::Refused { .. } => {
                "build it again; for what `host build` makes, run it with --force and this version of host".to_owned()
            }
        }
    }
}

pub(super) fn refused(error: &wasmtime::Error) -> LoadError {
    if error.is::<wasmtime::error::OutOfMemory>() {
        // The process that waits knows the limit.
        return LoadError::CompileMemory { limit: 0 };
    }
    LoadError::Refused { reason: format!("{error:#}") }
}
