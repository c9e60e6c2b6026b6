//! Finds the migrations.

use std::path::Path;

use super::FOLDER_METADATA_FILE;
use super::Migration;
use super::Store;
use super::StoreError;
use super::files;
use super::files::Fingerprint;
use super::index;
use super::index::Entry;
use super::index::Index;
use super::index::IndexWriter;
use crate::language::Language;

/// One entry of the migrations folder that is a migration.
struct Found {
    name: String,
    kind: Kind,
    /// The files that it consists of, by their paths inside the folder; one with an empty path for a single file.
    files: Vec<(String, Fingerprint)>,
}

#[derive(Clone, Copy)]
enum Kind {
    Text(Language),
    Component,
    Folder,
}

impl Store {
    /// All migrations, sorted by file name. Files that did not change since the last time are not read again.
    ///
    /// A migration is a source file with a metadata block, a `.wasm` file with embedded metadata, or a folder with a
    /// `migration.toml`. Names that begin with `.` or `_` and files of any other kind are left out.
    ///
    /// # Errors
    /// The first one, in the order of the file names: a folder or file that cannot be read, leads out of the project, has
    /// no or wrong metadata, or a name that is not UTF-8.
    pub fn scan(&self) -> Result<Vec<Migration>, StoreError> {
        self.scan_all().map_err(|mut problems| problems.swap_remove(0))
    }

    /// The same, with everything that is wrong, at least one thing.
    ///
    /// # Errors
    /// As [`Store::scan`], for every file.
    pub fn scan_all(&self) -> Result<Vec<Migration>, Vec<StoreError>> {
        if let Some(folder) = &self.alembic {
            return self.scan_alembic(folder);
        }
        let (found, content) = self.find_and_load();
        let index = Index::new(&content, self);
        let mut found = found.map_err(|error| vec![error])?;
        found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let mut entries = Vec::with_capacity(found.len());
        let (mut writer, mut problems) = (None, Vec::new());
        for Found { name, kind, files } in found {
            let known = index.find(self, &name, &files);
            let trusted = known.is_some();
            let migration = match known {
                Some(migration) => migration,
                None => {
                    // The time of the index is that before the first read.
                    writer.get_or_insert_with(|| IndexWriter::begin(self));
                    match self.read_found(&name, kind, &files) {
                        Ok(migration) => migration,
                        Err(problem) => {
                            problems.push(problem);
                            continue;
                        }
                    }
                }
            };
            entries.push(Entry { name, files, migration, trusted });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if self.trust.key.is_some() && index.is_outdated_by(&entries, &[]) {
            let writer = writer.unwrap_or_else(|| IndexWriter::begin(self));
            writer.write(&index, &entries, &[]);
        }
        Ok(entries.into_iter().map(|entry| entry.migration).collect())
    }

    /// Looks at the files and reads the index side by side: with thousands of migrations each takes as long as the other.
    fn find_and_load(&self) -> (Result<Vec<Found>, StoreError>, Vec<u8>) {
        std::thread::scope(|scope| {
            let loading = std::thread::Builder::new().spawn_scoped(scope, || index::read(self));
            let found = self.find();
            let content = match loading {
                Ok(loading) => loading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => index::read(self),
            };
            (found, content)
        })
    }

    fn read_found(&self, name: &str, kind: Kind, files: &[(String, Fingerprint)]) -> Result<Migration, StoreError> {
        let path = self.migration_path(name);
        match kind {
            Kind::Text(language) => self.read_text(&path, language),
            Kind::Component => self.read_prebuilt(&path),
            Kind::Folder => self.read_folder(&path, files.iter().map(|(path, _)| path.as_str())),
        }
    }

    fn find(&self) -> Result<Vec<Found>, StoreError> {
        let folder = self.migrations.as_str();
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound if self.root.symlink_metadata(folder).is_err() => {
                StoreError::NoMigrationsFolder { folder: folder.to_owned() }
            }
            std::io::ErrorKind::NotADirectory => StoreError::NotAFolder { path: folder.to_owned() },
            _ => StoreError::read(&self.root, folder, error),
        };
        let mut found = Vec::new();
        for entry in self.root.read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") || name.as_encoded_bytes().starts_with(b"_") {
                continue;
            }
            let name = files::utf8_name(folder, &name)?.to_owned();
            let kind = kind_of(&name);
            let file_type = entry.file_type().map_err(failed)?;
            if file_type.is_file() && kind.is_none() {
                continue;
            }
            let path = self.migration_path(&name);
            let metadata = match files::followed(&self.root, &path, &entry) {
                // A link that is no migration may lead anywhere.
                Err(_) if file_type.is_symlink() && kind.is_none() => continue,
                metadata => metadata?,
            };
            let is_migration_folder =
                |path: &str| self.root.try_exists(format!("{path}/{FOLDER_METADATA_FILE}")).unwrap_or(false);
            match kind {
                _ if metadata.is_dir() => {
                    let files = if is_migration_folder(&path) { files::list(&self.root, &path)? } else { continue };
                    found.push(Found { name, kind: Kind::Folder, files });
                }
                Some(kind) if metadata.is_file() => {
                    let files = vec![(String::new(), Fingerprint::new(&metadata))];
                    found.push(Found { name, kind, files });
                }
                Some(_) => return Err(StoreError::NotAFile { path }),
                None => {}
            }
        }
        Ok(found)
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
