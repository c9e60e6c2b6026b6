//! Writes new files. A file is there as a whole or not at all, and nothing that an author wrote is ever replaced.

use std::io;
use std::io::Write as _;
use std::path::Path;

use cap_std::fs::Dir;
use cap_std::fs::OpenOptions;
use cap_tempfile::TempFile;

use super::BUILD_FOLDER;
use super::Migration;
use super::STATE_FOLDER;
use super::Store;
use super::StoreError;
use super::component::built_path;
use super::component::seal_name;
use super::component::seal_of;
use super::files;
use crate::revision::RevisionId;

/// The file that keeps git away from the state folder.
pub const IGNORE_FILE: &str = ".gitignore";

/// A text file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its path, relative to the migrations folder, with `/` between its parts.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl Store {
    /// Writes a new migration: one file, or all files of one folder. Makes the migrations folder if it is not there.
    /// Answers the path of the file or folder, relative to the project's.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is a file or folder of that name, and those of writing it; then nothing is left.
    pub fn create_migration(&self, files: &[NewFile]) -> Result<String, StoreError> {
        let Some(first) = files.first() else {
            return Ok(self.migrations.clone());
        };
        let name = first.path.split('/').next().unwrap_or_default();
        let path = self.migration_path(name);
        self.root
            .create_dir_all(&self.migrations)
            .map_err(|error| StoreError::write(&self.root, &self.migrations, error))?;
        if let [NewFile { path: only, text }] = files
            && only == name
        {
            create_file(&self.root, &path, text.as_bytes())?;
            return Ok(path);
        }
        self.create_folder(name, files).map_err(|error| StoreError::write(&self.root, &path, error))?;
        Ok(path)
    }

    fn create_folder(&self, name: &str, files: &[NewFile]) -> io::Result<()> {
        let parent = self.root.open_dir(&self.migrations)?;
        if parent.symlink_metadata(name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let temporary = format!(".{name}.new");
        // One that is left from a crash is in nobody's way.
        let _ = parent.remove_dir_all(&temporary);
        parent.create_dir(&temporary)?;
        let written = write_all_into(&parent.open_dir(&temporary)?, name, files)
            // Fails, too, when a folder with something in it came there in the meantime (POSIX, rename).
            .and_then(|()| parent.rename(&temporary, &parent, name));
        if written.is_err() {
            let _ = parent.remove_dir_all(&temporary);
        }
        written
    }

    /// Forgets the built component of a migration. One that is used where it is stays.
    ///
    /// # Errors
    /// [`StoreError::Write`] and [`StoreError::Outside`].
    pub fn remove_component(&self, migration: &Migration) -> Result<(), StoreError> {
        let path = self.component_path(migration);
        if path == migration.file {
            return Ok(());
        }
        self.root.remove_file(&path).map_err(|error| StoreError::write(&self.root, &path, error))
    }

    /// Keeps a built component. Replaces an earlier one. What a compiler made is sealed, if there is a key.
    ///
    /// # Errors
    /// [`StoreError::Write`] and [`StoreError::Outside`].
    pub fn write_component(&self, revision: &RevisionId, component: &[u8]) -> Result<(), StoreError> {
        let path = built_path(revision);
        let failed = |error| StoreError::write(&self.root, &path, error);
        let folder = self.build_folder().map_err(failed)?;
        replace(&folder, &format!("{revision}.wasm"), component).map_err(failed)?;
        match seal_of(self.trust.key.as_ref(), revision, component) {
            Some(seal) => replace(&folder, &seal_name(revision), format!("{seal}\n").as_bytes()).map_err(failed),
            None => Ok(()),
        }
    }

    /// Makes a file of the state folder say what is given, if it does not yet. `path` is relative to the project's.
    ///
    /// # Errors
    /// [`StoreError::Write`] and [`StoreError::Outside`].
    pub fn write_state_file(&self, path: &str, content: &[u8]) -> Result<(), StoreError> {
        debug_assert!(path.starts_with(STATE_FOLDER), "only the state folder may be overwritten");
        if files::read(&self.root, path).is_ok_and(|now| now == content) {
            return Ok(());
        }
        let failed = |error| StoreError::write(&self.root, path, error);
        self.build_folder().map_err(failed)?;
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        self.root.create_dir_all(folder).map_err(failed)?;
        let folder = self.root.open_dir(folder).map_err(failed)?;
        replace(&folder, name, content).map_err(failed)
    }

    /// Makes a folder of the state folder empty, whatever is there. `path` is relative to the project's.
    ///
    /// # Errors
    /// [`StoreError::Write`] and [`StoreError::Outside`].
    #[cfg(feature = "build")]
    pub(crate) fn renew_state_folder(&self, path: &str) -> Result<Dir, StoreError> {
        debug_assert!(path.starts_with(STATE_FOLDER), "only the state folder may be emptied");
        let failed = |error| StoreError::write(&self.root, path, error);
        self.build_folder().map_err(failed)?;
        // Where a link leads, other things of the project lie.
        if self.root.symlink_metadata(STATE_FOLDER).map_err(failed)?.is_symlink() {
            return Err(StoreError::NotAFolder { path: STATE_FOLDER.to_owned() });
        }
        match self.root.symlink_metadata(path) {
            Ok(found) if found.is_dir() => self.root.remove_dir_all(path).map_err(failed)?,
            Ok(_) => self.root.remove_file(path).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        self.root.create_dir(path).map_err(failed)?;
        self.root.open_dir(path).map_err(failed)
    }

    /// The build folder, made if it is not there. The state folder tells git to leave it alone.
    pub(super) fn build_folder(&self) -> io::Result<Dir> {
        if let Ok(folder) = self.root.open_dir(BUILD_FOLDER) {
            return Ok(folder);
        }
        self.root.create_dir_all(BUILD_FOLDER)?;
        let ignore = format!("{STATE_FOLDER}/{IGNORE_FILE}");
        if !self.root.try_exists(&ignore)? {
            self.root.write(&ignore, "*\n")?;
        }
        self.root.open_dir(BUILD_FOLDER)
    }
}

/// Writes a new file. `path` is relative to `root`.
///
/// # Errors
/// [`StoreError::Exists`] when there is one already, [`StoreError::Write`] and [`StoreError::Outside`].
pub fn create_file(root: &Dir, path: &str, content: &[u8]) -> Result<(), StoreError> {
    let failed = |error| StoreError::write(root, path, error);
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let folder = root.open_dir(folder).map_err(failed)?;
    if folder.symlink_metadata(name).is_ok() {
        return Err(StoreError::Exists { path: path.to_owned() });
    }
    let temporary = format!(".{name}.new");
    let write = || {
        // One that is left from a crash is in nobody's way.
        let _ = folder.remove_file(&temporary);
        let mut file = folder.open_with(&temporary, OpenOptions::new().write(true).create_new(true))?;
        file.write_all(content)?;
        // Unlike a rename, a second name for the file never replaces another file.
        match folder.hard_link(&temporary, &folder, name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                // A file system without hard links: new, though not all at once.
                let mut file = folder.open_with(name, OpenOptions::new().write(true).create_new(true))?;
                file.write_all(content)
            }
            linked => linked,
        }
    };
    let written = write();
    let _ = folder.remove_file(&temporary);
    written.map_err(failed)
}

/// Writes a file that can be made again, over one that is there: as a whole, or not at all. `path` is relative to `root`. False
/// where the file has this content already, and was left alone.
///
/// # Errors
/// [`StoreError::Write`], [`StoreError::Outside`], and [`StoreError::NotAFile`] where something else is in its place.
pub fn replace_file(root: &Dir, path: &str, content: &[u8]) -> Result<bool, StoreError> {
    let failed = |error| StoreError::write(root, path, error);
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let folder = root.open_dir(folder).map_err(failed)?;
    match folder.symlink_metadata(name) {
        Ok(found) if found.is_dir() => return Err(StoreError::NotAFile { path: path.to_owned() }),
        Ok(found) if found.is_file() && files::read(&folder, name).is_ok_and(|now| now == content) => return Ok(false),
        _ => {}
    }
    replace(&folder, name, content).map_err(failed)?;
    Ok(true)
}

/// Makes sure that the project's `.gitignore` names the state folder.
///
/// # Errors
/// [`StoreError::Read`], [`StoreError::Write`] and [`StoreError::Outside`].
pub fn ensure_ignored(root: &Dir) -> Result<(), StoreError> {
    let failed = |error| StoreError::write(root, IGNORE_FILE, error);
    let mut text = match files::read(root, IGNORE_FILE) {
        Ok(content) => files::text(IGNORE_FILE, content)?,
        Err(StoreError::Read { source, .. })
            if source.kind() == io::ErrorKind::NotFound && root.symlink_metadata(IGNORE_FILE).is_err() =>
        {
            String::new()
        }
        Err(error) => return Err(error),
    };
    let named = |line: &str| line.trim().trim_matches('/') == STATE_FOLDER;
    if text.lines().any(named) {
        return Ok(());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!("{STATE_FOLDER}/\n"));
    replace(root, IGNORE_FILE, text.as_bytes()).map_err(failed)
}

fn write_all_into(folder: &Dir, name: &str, files: &[NewFile]) -> io::Result<()> {
    for NewFile { path, text } in files {
        let inside = Path::new(path).strip_prefix(name).map_err(io::Error::other)?;
        if let Some(parent) = inside.parent() {
            folder.create_dir_all(parent)?;
        }
        folder.write(inside, text)?;
    }
    Ok(())
}

fn replace(folder: &Dir, name: &str, content: &[u8]) -> io::Result<()> {
    let mut file = TempFile::new(folder)?;
    file.write_all(content)?;
    file.replace(name)
}
