//! Finds the files of a project of Alembic, as Alembic finds them.

use super::super::Store;
use super::super::StoreError;
use super::super::files;
use super::super::files::Fingerprint;
use super::settings::AlembicFolders;
use crate::alembic::within;

/// How many files and folders the folders of the revisions may have.
const ENTRIES_MAX: usize = 100_000;

/// How many folders may lie inside each other.
const LEVELS_MAX: usize = 16;

/// Files whose names begin so are no revisions: packages, and what editors leave.
const NO_REVISIONS: [&str; 2] = [".#", "__init__"];

/// Files with what tells whether they are still the same.
pub(super) type AlembicFiles = Vec<(String, Fingerprint)>;

impl Store {
    /// The files of the revisions: of each folder in its order, sorted by their names, those of folders in it behind them.
    pub(super) fn find_revisions(&self, folders: &AlembicFolders) -> Result<AlembicFiles, StoreError> {
        let (mut found, mut left) = (AlembicFiles::new(), ENTRIES_MAX);
        for folder in &folders.version_locations {
            // Alembic makes one with the first revision.
            if self.root.symlink_metadata(if folder.is_empty() { "." } else { folder }).is_ok() {
                self.revisions_in(folder, folders, LEVELS_MAX, &mut left, &mut found)?;
            }
        }
        Ok(found)
    }

    fn revisions_in(
        &self,
        folder: &str,
        folders: &AlembicFolders,
        levels: usize,
        left: &mut usize,
        found: &mut AlembicFiles,
    ) -> Result<(), StoreError> {
        let too_large = || StoreError::FolderTooLarge { folder: folder.to_owned() };
        let levels = levels.checked_sub(1).ok_or_else(too_large)?;
        let (mut names, mut inner) = (Vec::new(), Vec::new());
        let failed = |error| StoreError::read(&self.root, folder, error);
        for entry in self.root.read_dir(if folder.is_empty() { "." } else { folder }).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            *left = left.checked_sub(1).ok_or_else(too_large)?;
            let kind = entry.file_type().map_err(failed)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                if name.as_encoded_bytes().ends_with(b".py") {
                    files::utf8_name(folder, &name)?;
                }
                continue;
            };
            if kind.is_dir() && folders.settings.recursive && !name.ends_with("__pycache__") {
                inner.push(name.to_owned());
            }
            if !kind.is_dir() && is_revision_name(name) {
                let path = within(folder, name);
                let metadata = files::followed(&self.root, || path.clone(), &entry)?;
                names.push((path, Fingerprint::new(&metadata)));
            }
            self.refuse_sourceless(folder, name, folders)?;
        }
        names.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        // A folder that is named twice is read once.
        if folders.version_locations.len() > 1 {
            names.retain(|(path, _)| !found.iter().any(|(known, _)| known == path));
        }
        found.extend(names);
        inner.sort_unstable();
        inner.iter().try_for_each(|name| self.revisions_in(&within(folder, name), folders, levels, left, found))
    }

    /// Refuses what only Python can read, where Alembic would take it.
    fn refuse_sourceless(&self, folder: &str, name: &str, folders: &AlembicFolders) -> Result<(), StoreError> {
        let Some(source) = name.strip_suffix(".pyc").filter(|_| folders.settings.sourceless) else { return Ok(()) };
        let path = within(folder, name);
        if self.root.try_exists(within(folder, &format!("{source}.py"))).unwrap_or(false) {
            return Ok(());
        }
        Err(StoreError::Alembic {
            place: path,
            problem: "it is compiled Python without its source, which Alembic takes because of `sourceless`".to_owned(),
            hint: "put the source beside it: host reads revisions without running them".to_owned(),
        })
    }

    /// env.py and the modules beside it.
    pub(super) fn env_files(&self, folders: &AlembicFolders) -> Result<Vec<String>, StoreError> {
        let folder = folders.script_location.as_str();
        let env = within(folder, "env.py");
        if !self.root.is_file(&env) {
            return Err(StoreError::Alembic {
                place: folders.settings.config_file.clone(),
                problem: format!("there is no '{env}'"),
                hint: "correct 'script_location', or set `env = false` in [alembic] of host.toml to run revisions without it"
                    .to_owned(),
            });
        }
        if folder.is_empty() || folders.version_locations.iter().any(|versions| versions == folder) {
            return Ok(vec![env]);
        }
        let failed = |error| StoreError::read(&self.root, folder, error);
        let mut found = Vec::new();
        for entry in self.root.read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Some(name) =
                entry.file_name().to_str().filter(|name| name.ends_with(".py") && !name.starts_with('.'))
                && entry.file_type().map_err(failed)?.is_file()
            {
                found.push(within(folder, name));
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

fn is_revision_name(name: &str) -> bool {
    name.ends_with(".py") && !NO_REVISIONS.iter().any(|beginning| name.starts_with(beginning))
}
