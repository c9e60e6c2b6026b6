//! The folder in which compilers work.
//!
//! Cargo takes what lies there for its own work if only the times of the files are right, and an archive sets times. So it is a
//! folder of the user, or one that was emptied first.

use std::path::Path;
use std::path::PathBuf;

use cap_std::fs::Dir;
use cap_std::fs::File;

use super::ToolchainError;
use crate::store::Store;
use crate::store::StoreError;

/// Where cargo works when the user has no folder for it, in the project's folder.
const IN_PROJECT: &str = ".host/target";

/// The file that a build holds locked, so that no other one puts another library where this one reads its own.
const LOCK_FILE: &str = "host.lock";

/// A folder in which cargo works, as a path for its processes and as a folder to read from.
#[derive(Debug)]
pub struct TargetFolder {
    path: PathBuf,
    folder: Dir,
}

/// A target folder that no other build uses.
#[derive(Debug)]
pub(super) struct LockedTarget {
    pub(super) path: PathBuf,
    pub(super) folder: Dir,
    _lock: std::fs::File,
}

impl TargetFolder {
    /// A folder that nothing but host writes into. `path` is absolute and without symbolic links.
    pub fn new(path: PathBuf, folder: Dir) -> Self {
        Self { path, folder }
    }
}

impl LockedTarget {
    /// The given folder, or that of the project, empty.
    pub(super) fn open(store: &Store, project: &Path, given: Option<&TargetFolder>) -> Result<Self, ToolchainError> {
        let (path, folder) = match given {
            Some(TargetFolder { path, folder }) => {
                (path.clone(), folder.try_clone().map_err(|source| failed(path, source))?)
            }
            None => (project.join(IN_PROJECT), store.renew_state_folder(IN_PROJECT)?),
        };
        let lock = lock(&folder).map_err(|source| failed(&path, source))?;
        Ok(Self { path, folder, _lock: lock })
    }

    /// Reads a file that a compiler made.
    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>, StoreError> {
        crate::store::read_file(&self.folder, path)
    }
}

/// Waits for the other builds of this project.
fn lock(folder: &Dir) -> std::io::Result<std::fs::File> {
    let file: File = folder.create(LOCK_FILE)?;
    let file = file.into_std();
    file.lock()?;
    Ok(file)
}

fn failed(path: &Path, source: std::io::Error) -> ToolchainError {
    StoreError::Write { path: path.display().to_string(), source }.into()
}
