//! Puts the sources of a migration where compilers work.
//!
//! A copy, in a folder that only host writes: exactly the files that the digest covers are built, whatever else lies in the
//! project and whoever changes it meanwhile, and what a compiler leaves behind is no part of the migration. Paths between the
//! migration and the SDKs are those of the project.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use cap_std::fs::Dir;
use cap_std::fs::PermissionsExt as _;

use super::Builder;
use super::ToolchainError;
use super::sdk;
use super::target::LockedTarget;
use crate::language::Language;
use crate::store::Migration;
use crate::store::StoreError;

/// The copy of the project, in the target folder.
const STAGE: &str = "stage";

/// The bits of a file's mode by which it may be run.
const EXECUTABLE: u32 = 0o111;

/// A migration's sources, ready to be built.
pub(super) struct Stage {
    target: Rc<LockedTarget>,
    /// The copy of the migration's folder, relative to the target folder.
    folder: String,
    /// The paths of its files.
    pub(super) files: Vec<String>,
}

impl Stage {
    /// Copies the sources, and the SDKs that come with host.
    pub(super) fn new(builder: &mut Builder<'_>, migration: &Migration) -> Result<Self, ToolchainError> {
        let target = builder.target()?;
        let files = builder.store.folder_files(migration)?;
        let folder = format!("{STAGE}/{}", migration.file);
        let failed = |source| StoreError::Write { path: target.path.join(&folder).display().to_string(), source };
        empty(&target.folder, STAGE).map_err(failed)?;
        target.folder.create_dir_all(&folder).map_err(failed)?;
        for (path, content) in &files {
            let copy = format!("{folder}/{path}");
            write(&target.folder, &copy, content).map_err(failed)?;
            let original = builder.store.root().metadata(format!("{}/{path}", migration.file)).map_err(failed)?;
            let executable = original.permissions().mode() & EXECUTABLE;
            if executable != 0 {
                let mut permissions = target.folder.metadata(&copy).map_err(failed)?.permissions();
                permissions.set_mode(permissions.mode() | executable);
                target.folder.set_permissions(&copy, permissions).map_err(failed)?;
            }
        }
        for (path, text) in Language::ALL.into_iter().flat_map(sdk::files) {
            write(&target.folder, &format!("{STAGE}/{path}"), text.as_bytes()).map_err(failed)?;
        }
        let files = files.into_iter().map(|(path, _)| path).collect();
        Ok(Self { target, folder, files })
    }

    /// The copy of the migration's folder.
    pub(super) fn path(&self) -> PathBuf {
        self.target.path.join(&self.folder)
    }

    /// The copy of a folder of the project.
    pub(super) fn path_in_project(&self, path: &str) -> PathBuf {
        self.target.path.join(STAGE).join(path)
    }

    /// Reads a file that was made in the copy of the migration's folder.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        self.target.read(&format!("{}/{name}", self.folder))
    }

    /// The WebAssembly at the top of the copy that is no copy: what was made there.
    pub(super) fn made(&self) -> Result<Vec<String>, StoreError> {
        let failed = |source| StoreError::Read { path: self.path().display().to_string(), source };
        let mut made = Vec::new();
        for entry in self.target.folder.read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".wasm") && !self.files.contains(&name) {
                made.push(name);
            }
        }
        made.sort();
        Ok(made)
    }
}

fn write(folder: &Dir, path: &str, content: &[u8]) -> io::Result<()> {
    if let Some((parent, _)) = path.rsplit_once('/') {
        folder.create_dir_all(parent)?;
    }
    folder.write(path, content)
}

fn empty(folder: &Dir, name: &str) -> io::Result<()> {
    match folder.remove_dir_all(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => folder.create_dir(name),
    }
}
