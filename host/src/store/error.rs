//! What can go wrong in the project's folder.

use std::io;

use cap_std::fs::Dir;

use super::BUILD_FOLDER;
use super::BlockError;
use super::FOLDER_METADATA_FILE;
use super::ManifestError;
use super::STATE_FOLDER;
use super::block::CONFLICT_HINT;
use crate::config::TomlProblem;
use crate::revision::RevisionId;

/// Why the store cannot do what it was asked for. Paths are relative to the project's folder.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The migrations folder does not exist.
    #[error("no migrations folder '{folder}'")]
    NoMigrationsFolder {
        /// The folder.
        folder: String,
    },
    /// The migrations folder is no folder.
    #[error("the migrations folder '{path}' is not a folder")]
    NotAFolder {
        /// The path.
        path: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read '{path}'")]
    Read {
        /// The path.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder cannot be written.
    #[error("cannot write '{path}'")]
    Write {
        /// The path.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A path leads out of the project's folder.
    #[error("'{path}' points outside of the project's folder")]
    Outside {
        /// The path.
        path: String,
    },
    /// A symbolic link leads out of the project's folder.
    #[error("'{path}' is a link that points outside of the project's folder")]
    LinkOutside {
        /// The link.
        path: String,
    },
    /// A symbolic link has no end.
    #[error("'{path}' is a broken link")]
    LinkToNowhere {
        /// The link.
        path: String,
    },
    /// A new file would take the place of another one.
    #[error("'{path}' exists already")]
    Exists {
        /// The path.
        path: String,
    },
    /// A file name is not UTF-8.
    #[error("the name '{name}' in '{folder}' is not UTF-8")]
    NameNotUtf8 {
        /// The folder.
        folder: String,
        /// The name, with the bytes that are not UTF-8 escaped.
        name: String,
    },
    /// A text file is not UTF-8.
    #[error("{file}:{line}: this line is not UTF-8")]
    TextNotUtf8 {
        /// The file.
        file: String,
        /// The first such line, from 1.
        line: usize,
    },
    /// What should be a file is a folder, a pipe or a device.
    #[error("'{path}' is not a file")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// A file is too large.
    #[error("'{path}' has {bytes} bytes, more than {bytes_max}")]
    TooLarge {
        /// The path.
        path: String,
        /// Its size, as far as it was read.
        bytes: u64,
        /// The largest size that is read.
        bytes_max: u64,
    },
    /// A folder has too many files, or too many folders inside each other.
    #[error("the folder '{folder}' has too many files or levels")]
    FolderTooLarge {
        /// The folder.
        folder: String,
    },
    /// A source in the migrations folder has no metadata.
    #[error("'{file}' has no metadata block")]
    NoBlock {
        /// The file.
        file: String,
        /// The comment prefix of its language.
        prefix: &'static str,
    },
    /// A metadata block cannot be read.
    #[error("{file}:{error}")]
    Block {
        /// The file.
        file: String,
        /// Where and what. Part of the message, not its cause.
        error: BlockError,
    },
    /// A `migration.toml` cannot be read.
    #[error("{file}:{problem}")]
    Metadata {
        /// The file.
        file: String,
        /// Where and what.
        problem: TomlProblem,
    },
    /// git could not merge a `migration.toml`.
    #[error("{file}:{line}: this line is a conflict marker of git")]
    Conflict {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u32,
    },
    /// The metadata of a single file name a command that builds it.
    #[error("'{file}' has the key build, and is a single file, which needs no building")]
    BuildOfFile {
        /// The file.
        file: String,
    },
    /// A folder has a `migration.toml`, but no source.
    #[error(
        "the folder '{folder}' has a {FOLDER_METADATA_FILE}, but no Cargo.toml, go.mod, migration.c or .wasm file, and no key build"
    )]
    NoSource {
        /// The folder.
        folder: String,
    },
    /// A folder has several components.
    #[error("the folder '{folder}' has several .wasm files: {}", files.join(", "))]
    SeveralComponents {
        /// The folder.
        folder: String,
        /// Their names.
        files: Vec<String>,
    },
    /// A `.wasm` file in the migrations folder carries no metadata.
    #[error("'{file}' carries no metadata")]
    NoEmbedded {
        /// The file.
        file: String,
    },
    /// A `.wasm` file is broken.
    #[error("'{file}' is not a component with a migration")]
    Corrupt {
        /// The file.
        file: String,
        /// Why not.
        source: ManifestError,
    },
    /// A project of Alembic is not as host needs it.
    #[error("{place}: {problem}")]
    Alembic {
        /// The file, with the line where one is known.
        place: String,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        hint: String,
    },
    /// A migration was never built.
    #[error("revision {revision} ('{file}') is not built")]
    NotBuilt {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        file: String,
    },
    /// A migration was changed since it was built.
    #[error("revision {revision} ('{file}') was changed since it was built")]
    Stale {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        file: String,
    },
    /// The component in the build folder was made of something else than the source beside it.
    #[error(
        "'{component}' says that it was built from '{file}' (revision {revision}), but it was built from something else"
    )]
    OtherSource {
        /// The revision.
        revision: RevisionId,
        /// The component.
        component: String,
        /// The source.
        file: String,
    },
    /// Nothing shows that the component in the build folder was made of the source beside it.
    #[error("'{component}' (revision {revision}) was not built here, so nothing shows that it was built from '{file}'")]
    NotBuiltHere {
        /// The revision.
        revision: RevisionId,
        /// The component.
        component: String,
        /// The source.
        file: String,
        /// Whether this user has a key at all.
        key: bool,
    },
    /// A migration was changed while the host was reading or building it.
    #[error("'{file}' was changed while it was read")]
    Changed {
        /// The file.
        file: String,
    },
}

impl StoreError {
    /// An error of a read, told apart by what the user can do about it.
    pub(crate) fn read(root: &Dir, path: &str, source: io::Error) -> Self {
        Self::of_link(root, path, &source).unwrap_or_else(|| Self::Read { path: path.to_owned(), source })
    }

    /// An error of a write, told apart by what the user can do about it.
    pub(super) fn write(root: &Dir, path: &str, source: io::Error) -> Self {
        Self::of_link(root, path, &source).unwrap_or_else(|| match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { path: path.to_owned() },
            _ => Self::Write { path: path.to_owned(), source },
        })
    }

    /// The fault of a link on the way to a path. What the system says about it may be something else: that a folder
    /// exists already, for example, when it cannot be made where a link stands.
    fn of_link(root: &Dir, path: &str, source: &io::Error) -> Option<Self> {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for part in ends.map(|end| &path[..end]) {
            if root.symlink_metadata(part).is_ok_and(|metadata| metadata.is_symlink()) {
                match root.metadata(part) {
                    Err(error) if leads_out(&error) => return Some(Self::LinkOutside { path: part.to_owned() }),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Some(Self::LinkToNowhere { path: part.to_owned() });
                    }
                    _ => {}
                }
            }
        }
        leads_out(source).then(|| Self::Outside { path: path.to_owned() })
    }

    /// The migration that this is about, with its file or folder, where that is known.
    pub fn migration(&self) -> Option<(&RevisionId, &str)> {
        match self {
            Self::NotBuilt { revision, file }
            | Self::Stale { revision, file }
            | Self::OtherSource { revision, file, .. }
            | Self::NotBuiltHere { revision, file, .. } => Some((revision, file)),
            _ => None,
        }
    }

    /// Whether this says that a component is missing, out of date, broken, or made of something else: `host build` makes it anew.
    pub fn is_outdated(&self) -> bool {
        matches!(
            self,
            Self::NotBuilt { .. }
                | Self::Stale { .. }
                | Self::Corrupt { .. }
                | Self::OtherSource { .. }
                | Self::NotBuiltHere { .. }
        )
    }

    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotBuilt { .. } => "not-built",
            Self::Stale { .. } => "stale-build",
            Self::OtherSource { .. } | Self::NotBuiltHere { .. } => "foreign-build",
            _ => "project-files",
        }
    }

    /// What the user should do.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoMigrationsFolder { .. } => {
                "create it, or set `migrations` in host.toml to the folder that holds them".to_owned()
            }
            Self::NotAFolder { path } if path == STATE_FOLDER => "remove it: host creates it again".to_owned(),
            Self::NotAFolder { .. } => "set `migrations` in host.toml to the folder that holds them".to_owned(),
            Self::Outside { .. } => {
                "put it inside the project's folder: nothing outside of it is read or written".to_owned()
            }
            Self::LinkOutside { path } if path.split('/').next() == Some(STATE_FOLDER) => {
                "remove the link: host creates what lies there again, and nothing outside of the project's folder is read or \
                 written"
                    .to_owned()
            }
            Self::LinkOutside { .. } => {
                "put the file or folder itself in its place: nothing outside of the project's folder is read or written"
                    .to_owned()
            }
            Self::LinkToNowhere { .. } => "remove or correct it".to_owned(),
            Self::Exists { .. } => "choose another name, or remove it first".to_owned(),
            Self::NameNotUtf8 { .. } => "rename it, or begin its name with '.' or '_' if it is no migration".to_owned(),
            Self::TextNotUtf8 { .. } => "save the file as UTF-8".to_owned(),
            Self::NoBlock { prefix, .. } => format!(
                "begin the file with the lines `{prefix} /// migration`, `{prefix} revision = \"…\"` and `{prefix} ///`, or \
                 its name with '_' if it is no migration"
            ),
            Self::Block { error, .. } => error.hint(),
            Self::Alembic { hint, .. } => hint.clone(),
            Self::Metadata { problem, .. } => problem.hint(),
            Self::Conflict { .. } => CONFLICT_HINT.to_owned(),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
                "remove the file that stands in the place of a folder".to_owned()
            }
            Self::Read { .. } => "check the permissions of the file and of the folders above it".to_owned(),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "make room on the disk".to_owned()
            }
            Self::Write { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "create the folder in which it should lie, or name another one".to_owned()
            }
            Self::Write { .. } => "check the permissions of the project's folder".to_owned(),
            Self::NotAFile { .. } => {
                "put a file in its place, or begin its name with '.' or '_' if it is no migration".to_owned()
            }
            Self::TooLarge { path, .. } if path.ends_with(".wasm") => {
                "strip the component, or raise component-size in [*.limits] of host.toml".to_owned()
            }
            Self::TooLarge { path, .. } if path.ends_with(".toml") => "shorten it".to_owned(),
            Self::TooLarge { .. } | Self::FolderTooLarge { .. } => {
                "split the migration, and keep what is no source elsewhere".to_owned()
            }
            Self::BuildOfFile { .. } => {
                "remove the key; or make a folder with the sources and a migration.toml, where it belongs".to_owned()
            }
            Self::NoSource { .. } => "add one, or begin the folder's name with '_' if it is no migration".to_owned(),
            Self::SeveralComponents { .. } => "keep one of them".to_owned(),
            Self::NoEmbedded { .. } => {
                format!("move it to a folder of its own, with a {FOLDER_METADATA_FILE} beside it")
            }
            Self::Corrupt { file, source } if !file.starts_with(BUILD_FOLDER) => return source.hint(),
            Self::Corrupt { .. } => "run `host build`".to_owned(),
            Self::NotBuilt { .. } | Self::Stale { .. } | Self::OtherSource { .. } => "run `host build`".to_owned(),
            Self::NotBuiltHere { component, file, key, .. } => {
                let build = if *key {
                    "run `host build`"
                } else {
                    "run `host build` as a user with a home folder (or with HOST_STATE_DIR), which then recognises its own builds"
                };
                format!(
                    "{build}; to deploy what another machine built, put '{component}' into the migrations folder in place of \
                     '{file}', or set HOST_TRUST_BUILT=1 if nobody else could write it"
                )
            }
            Self::Changed { .. } => "run the command again".to_owned(),
        };
        Some(hint)
    }
}

/// cap-std answers an attempt to leave the folder with an error of its own, which has no number of the system.
fn leads_out(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}
