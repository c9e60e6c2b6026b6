//! Reads one migration: its metadata and the digest of its source.

use std::ops::Range;

use super::Block;
use super::FOLDER_METADATA_FILE;
use super::Metadata;
use super::Migration;
use super::Store;
use super::StoreError;
use super::TOML_BYTES_MAX;
use super::digest;
use super::files;
use super::prebuilt::digest_of_prebuilt;
use super::prebuilt::migration_of;
use crate::digest::Digest;
use crate::language::Language;
use crate::language::Source;

/// The largest file of Python that is read, in bytes.
const FOREIGN_BYTES_MAX: u64 = 4 << 20;

/// The source of a migration in a language without a compiler, with LF as line break and without byte order mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSource {
    /// The whole text, its metadata block included, so that lines are those of the file.
    pub text: String,
    /// The bytes of the metadata block.
    pub block: Range<usize>,
}

impl Store {
    /// Reads a migration that is a text file.
    pub(super) fn read_text(&self, file: &str, language: Language) -> Result<Migration, StoreError> {
        Ok(self.read_text_source(file, language)?.0)
    }

    /// Reads a migration that is a prebuilt component.
    pub(super) fn read_prebuilt(&self, file: &str) -> Result<Migration, StoreError> {
        let content = files::read_at_most(&self.root, file, self.component_bytes_max)?;
        migration_of(file.to_owned(), &content)
    }

    /// Reads a migration that is a folder with the given files.
    pub(super) fn read_folder<'a>(
        &self,
        folder: &str,
        paths: impl Iterator<Item = &'a str>,
    ) -> Result<Migration, StoreError> {
        let toml_file = format!("{folder}/{FOLDER_METADATA_FILE}");
        let toml = files::text(&toml_file, files::read_at_most(&self.root, &toml_file, TOML_BYTES_MAX)?)?;
        let toml = digest::normalise(&toml);
        let metadata = Metadata::from_toml(&toml).map_err(|problem| match crate::sql::conflict_of_text(&toml) {
            Some(line) => StoreError::Conflict { file: toml_file, line },
            None => StoreError::Metadata { file: toml_file, problem },
        })?;
        let paths: Vec<&str> = paths.filter(|path| *path != FOLDER_METADATA_FILE).collect();
        let language = folder_language(folder, &metadata, &paths)?;
        let file = folder.to_owned();
        if language == Language::Wasm {
            let content = self.prebuilt_in(folder, &paths)?.1;
            let source_digest = digest_of_prebuilt(&content);
            return Ok(Migration { metadata, file, language, source_digest, lock_digest: None });
        }
        let contents = self.contents(folder, paths.iter().map(|path| (*path).to_owned()))?;
        let (source_digest, lock_digest) = digests(language, &metadata, &contents);
        Ok(Migration { metadata, file, language, source_digest, lock_digest })
    }

    /// Reads a migration again, as it is now.
    ///
    /// # Errors
    /// As [`Store::scan`], for this one.
    pub fn reread(&self, migration: &Migration) -> Result<Migration, StoreError> {
        let file = migration.file.as_str();
        match migration.language.comment_prefix() {
            None if matches!(migration.language.profile().source, Source::Foreign { .. }) => {
                let source_digest = Digest::of(self.foreign_text(file)?.as_bytes());
                Ok(Migration { source_digest, ..migration.clone() })
            }
            Some(_) => self.read_text(file, migration.language),
            None if is_component_file(file) => self.read_prebuilt(file),
            None => {
                let listed = files::list(&self.root, file)?;
                self.read_folder(file, listed.iter().map(|(path, _)| path.as_str()))
            }
        }
    }

    /// The files of a migration that is a folder, without its metadata, by their paths in it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when they are not what [`Store::scan`] found, and those of reading them.
    #[cfg(feature = "build")]
    pub(crate) fn folder_files(&self, migration: &Migration) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let folder = migration.file.as_str();
        let listed = files::list(&self.root, folder)?;
        let paths = listed.into_iter().map(|(path, _)| path).filter(|path| path != FOLDER_METADATA_FILE);
        let contents = self.contents(folder, paths)?;
        let found = digests(migration.language, &migration.metadata, &contents);
        if found != (migration.source_digest, migration.lock_digest) {
            return Err(StoreError::Changed { file: migration.file.clone() });
        }
        Ok(contents)
    }

    fn contents(
        &self,
        folder: &str,
        paths: impl Iterator<Item = String>,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let read = |path: String| {
            let content = files::read(&self.root, &format!("{folder}/{path}"))?;
            Ok((path, content))
        };
        paths.map(read).collect()
    }

    /// The source of a migration in a language without a compiler.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not what [`Store::scan`] found, and those of reading it.
    pub fn text_source(&self, migration: &Migration) -> Result<TextSource, StoreError> {
        if matches!(migration.language.profile().source, Source::Foreign { .. }) {
            let text = self.foreign_text(&migration.file)?;
            return match Digest::of(text.as_bytes()) == migration.source_digest {
                true => Ok(TextSource { text, block: 0..0 }),
                false => Err(StoreError::Changed { file: migration.file.clone() }),
            };
        }
        let (now, source) = self.read_text_source(&migration.file, migration.language)?;
        if now != *migration {
            return Err(StoreError::Changed { file: migration.file.clone() });
        }
        Ok(source)
    }

    /// The file and bytes of a prebuilt component.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn prebuilt(&self, migration: &Migration) -> Result<(String, Vec<u8>), StoreError> {
        let file = migration.file.as_str();
        if is_component_file(file) {
            return Ok((file.to_owned(), files::read_at_most(&self.root, file, self.component_bytes_max)?));
        }
        let listed = files::list(&self.root, file)?;
        let paths: Vec<&str> = listed.iter().map(|(path, _)| path.as_str()).collect();
        self.prebuilt_in(file, &paths)
    }

    fn prebuilt_in(&self, folder: &str, paths: &[&str]) -> Result<(String, Vec<u8>), StoreError> {
        let components: Vec<&str> = components(paths).collect();
        match components.as_slice() {
            [] => Err(StoreError::NoSource { folder: folder.to_owned() }),
            [name] => {
                let file = format!("{folder}/{name}");
                let content = files::read_at_most(&self.root, &file, self.component_bytes_max)?;
                Ok((file, content))
            }
            several => Err(StoreError::SeveralComponents {
                folder: folder.to_owned(),
                files: several.iter().map(|name| (*name).to_owned()).collect(),
            }),
        }
    }

    /// The text of a file that has no metadata block, with LF as line break and without byte order mark.
    pub(super) fn foreign_text(&self, file: &str) -> Result<String, StoreError> {
        let content = files::text(file, files::read_at_most(&self.root, file, FOREIGN_BYTES_MAX)?)?;
        Ok(digest::normalise(&content).into_owned())
    }

    fn read_text_source(&self, file: &str, language: Language) -> Result<(Migration, TextSource), StoreError> {
        let prefix = language.comment_prefix().unwrap_or("--");
        let content = files::text(file, files::read(&self.root, file)?)?;
        let text = digest::normalise(&content).into_owned();
        let in_file = |error| StoreError::Block { file: file.to_owned(), error };
        let block = Block::find(&text, prefix)
            .map_err(in_file)?
            .ok_or_else(|| StoreError::NoBlock { file: file.to_owned(), prefix })?;
        let metadata = block.metadata().map_err(in_file)?;
        if !metadata.build.is_empty() {
            return Err(StoreError::BuildOfFile { file: file.to_owned() });
        }
        let migration = Migration {
            metadata,
            file: file.to_owned(),
            language,
            source_digest: Digest::of_text_source(&text, &block.range),
            lock_digest: None,
        };
        Ok((migration, TextSource { text, block: block.range }))
    }
}

/// Whether a path names a component, not a folder with one.
pub(super) fn is_component_file(path: &str) -> bool {
    path.ends_with(".wasm")
}

/// The digests of what the author wrote, and of the lock file.
fn digests(language: Language, metadata: &Metadata, contents: &[(String, Vec<u8>)]) -> (Digest, Option<Digest>) {
    let lock_file = match language.profile().source {
        Source::Folder { lock_file, .. } => lock_file,
        Source::Text { .. } | Source::Foreign { .. } | Source::Command { .. } | Source::Component => None,
    };
    let is_lock = |(path, _): &&(String, Vec<u8>)| Some(path.as_str()) == lock_file;
    let lock_digest = contents.iter().find(is_lock).map(|(_, content)| Digest::of(content));
    let written =
        contents.iter().filter(|file| !is_lock(file)).map(|(path, content)| (path.as_str(), content.as_slice()));
    // What builds it is as much of a source as what is built.
    let command = metadata.build.join("\n");
    let command = (language == Language::Other).then_some((FOLDER_METADATA_FILE, command.as_bytes()));
    (Digest::of_folder(written.chain(command)), lock_digest)
}

/// A command counts most: its author knows how the folder is built. Sources count more than a component beside them, which
/// somebody may have left there.
fn folder_language(folder: &str, metadata: &Metadata, paths: &[&str]) -> Result<Language, StoreError> {
    if !metadata.build.is_empty() {
        return Ok(Language::Other);
    }
    let component = || components(paths).next().map(|_| Language::Wasm);
    match Language::of_folder(paths).or_else(component) {
        Some(language) => Ok(language),
        None => Err(StoreError::NoSource { folder: folder.to_owned() }),
    }
}

fn components<'a>(paths: &[&'a str]) -> impl Iterator<Item = &'a str> {
    paths.iter().copied().filter(|path| is_component_file(path) && !path.contains('/'))
}
