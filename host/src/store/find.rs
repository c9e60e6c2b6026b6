//! Finds the migrations in their folder.

use std::path::Path;

use cap_std::fs::DirEntry;
use cap_std::fs::FileType;

use super::FOLDER_METADATA_FILE;
use super::Store;
use super::StoreError;
use super::files;
use super::files::Fingerprint;
use crate::language::Language;

/// One entry of the migrations folder that is a migration.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The files that it consists of, by their paths inside the folder; one with an empty path for a single file.
    pub(super) files: Vec<(String, Fingerprint)>,
}

/// What a migration consists of.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text(Language),
    Component,
    Folder,
}

/// One entry of the migrations folder that may be a migration.
pub(super) struct Listed {
    /// Empty once it was looked at.
    name: String,
    /// What it is by its name, if it is a file.
    kind: Option<Kind>,
    file_type: FileType,
    entry: DirEntry,
}

impl Store {
    /// What may be a migration by its name, sorted by that. `counted` learns how much that is as soon as it is known.
    pub(super) fn list(&self, counted: impl FnOnce(usize)) -> Result<Vec<Listed>, StoreError> {
        let folder = self.migrations.as_str();
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound if self.root.symlink_metadata(folder).is_err() => {
                StoreError::NoMigrationsFolder { folder: folder.to_owned() }
            }
            std::io::ErrorKind::NotADirectory => StoreError::NotAFolder { path: folder.to_owned() },
            _ => StoreError::read(&self.root, folder, error),
        };
        let mut listed = Vec::new();
        for entry in self.root.read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") || name.as_encoded_bytes().starts_with(b"_") {
                continue;
            }
            let name = name.into_string().map_err(|name| files::not_utf8(folder, &name))?;
            let kind = kind_of(&name);
            let file_type = entry.file_type().map_err(failed)?;
            if !file_type.is_file() || kind.is_some() {
                listed.push(Listed { name, kind, file_type, entry });
            }
        }
        counted(listed.len());
        listed.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(listed)
    }

    /// The migration that an entry is, if it is one.
    pub(super) fn look_at(&self, listed: &mut Listed) -> Result<Option<Found>, StoreError> {
        let Listed { name, kind, file_type, entry } = listed;
        let name = std::mem::take(name);
        let path = || self.migration_path(&name);
        let metadata = match files::followed(&self.root, path, entry) {
            // A link that is no migration may lead anywhere.
            Err(_) if file_type.is_symlink() && kind.is_none() => return Ok(None),
            metadata => metadata?,
        };
        let (kind, files) = match kind {
            _ if metadata.is_dir() => {
                let path = path();
                if !self.root.try_exists(format!("{path}/{FOLDER_METADATA_FILE}")).unwrap_or(false) {
                    return Ok(None);
                }
                (Kind::Folder, files::list(&self.root, &path)?)
            }
            Some(kind) if metadata.is_file() => (*kind, vec![(String::new(), Fingerprint::new(&metadata))]),
            Some(_) => return Err(StoreError::NotAFile { path: path() }),
            None => return Ok(None),
        };
        Ok(Some(Found { name, kind, files }))
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    // Declarations of TypeScript have nothing that could run.
    if name.ends_with(".d.ts") {
        return None;
    }
    let extension = Path::new(name).extension()?.to_str()?;
    if extension == "wasm" {
        return Some(Kind::Component);
    }
    Language::of_extension(extension).map(Kind::Text)
}
