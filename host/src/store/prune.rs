//! Removes what was built of migrations that are no more.

use std::collections::HashSet;
use std::io;

use cap_std::fs::Dir;

use super::BUILD_FOLDER;
use super::Migration;
use super::STATE_FOLDER;
use super::Store;
use super::StoreError;
use super::component::seal_name;
use super::files;
use super::manifest::read_contents;
use crate::revision::RevisionId;

impl Store {
    /// Removes the components of revisions that are none of these from the build folder, with their seals. Answers these
    /// revisions, in the order of their ids.
    ///
    /// Only what host made itself goes: files, under their own names, that say that they are the component of that revision.
    /// Nothing is removed where a link leads.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Write`] and [`StoreError::Outside`].
    pub fn remove_other_components(&self, migrations: &[Migration]) -> Result<Vec<RevisionId>, StoreError> {
        let Some(folder) = self.own_build_folder()? else { return Ok(Vec::new()) };
        let known: HashSet<&RevisionId> = migrations.iter().map(|migration| &migration.metadata.revision).collect();
        let failed = |error| StoreError::read(&self.root, BUILD_FOLDER, error);
        let mut removed = Vec::new();
        for entry in folder.entries().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let Some(Ok(revision)) = name.to_str().and_then(|name| name.strip_suffix(".wasm")).map(RevisionId::new)
            else {
                continue;
            };
            if !known.contains(&revision)
                && entry.file_type().map_err(failed)?.is_file()
                && self.is_component_of(&folder, &revision)
            {
                removed.push(revision);
            }
        }
        removed.sort_unstable();
        for revision in &removed {
            let name = format!("{revision}.wasm");
            folder.remove_file(&name).map_err(|error| StoreError::write(&self.root, BUILD_FOLDER, error))?;
            // One of a language without a compiler has none.
            let _ = folder.remove_file(seal_name(revision));
        }
        Ok(removed)
    }

    /// The build folder, unless there is none or a link leads there.
    fn own_build_folder(&self) -> Result<Option<Dir>, StoreError> {
        for path in [STATE_FOLDER, BUILD_FOLDER] {
            match self.root.symlink_metadata(path) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(StoreError::read(&self.root, path, error)),
            }
        }
        let opened =
            self.root.open_dir(BUILD_FOLDER).map_err(|error| StoreError::read(&self.root, BUILD_FOLDER, error));
        opened.map(Some)
    }

    fn is_component_of(&self, folder: &Dir, revision: &RevisionId) -> bool {
        let read = files::read_at_most(folder, &format!("{revision}.wasm"), self.component_bytes_max);
        let manifest = read.ok().and_then(|bytes| read_contents(&bytes).ok()?.manifest);
        manifest.is_some_and(|manifest| manifest.metadata.revision == *revision)
    }
}
