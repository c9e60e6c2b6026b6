//! The components that were built.

use std::ops::Range;

use super::BUILD_FOLDER;
use super::Digest;
use super::Embedded;
use super::EmbeddedError;
use super::Migration;
use super::Store;
use super::StoreError;
use super::embedded::Contents;
use super::embedded::EMBEDDED_SECTION;
use super::embedded::read_contents;
use super::files;
use super::read::is_component_file;
use crate::revision::RevisionId;
use crate::toolchain::Language;

/// A component that is up to date with the migration it was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The component.
    pub bytes: Vec<u8>,
    /// The digest of these bytes.
    pub digest: Digest,
    /// What it says about the migration.
    pub embedded: Embedded,
    source: Option<Range<usize>>,
}

/// The same before it is digested.
struct Fresh {
    bytes: Vec<u8>,
    embedded: Embedded,
    source: Option<Range<usize>>,
}

impl Component {
    /// The source of a migration in a language without a compiler.
    pub fn source(&self) -> Option<&str> {
        str::from_utf8(self.bytes.get(self.source.clone()?)?).ok()
    }
}

impl Store {
    /// The component of a migration.
    ///
    /// # Errors
    /// [`StoreError::NotBuilt`], [`StoreError::Stale`] when source or metadata changed since it was built,
    /// [`StoreError::Corrupt`], and those of reading it.
    pub fn component(&self, migration: &Migration) -> Result<Component, StoreError> {
        let Fresh { bytes, embedded, source } = self.fresh_component(migration)?;
        Ok(Component { digest: Digest::of(&bytes), bytes, embedded, source })
    }

    /// Whether [`Store::component`] would find a component that is up to date. Reads it, but does not digest it.
    ///
    /// # Errors
    /// Those of reading it. A component that is missing, out of date or broken is just not built.
    pub fn is_built(&self, migration: &Migration) -> Result<bool, StoreError> {
        match self.fresh_component(migration) {
            Ok(_) => Ok(true),
            Err(StoreError::NotBuilt { .. } | StoreError::Stale { .. } | StoreError::Corrupt { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Where the component of a migration is, relative to the project's folder.
    pub fn component_path(&self, migration: &Migration) -> String {
        // A prebuilt component that carries its metadata is used where it is.
        if migration.language == Language::Wasm && is_component_file(&migration.file) {
            migration.file.clone()
        } else {
            built_path(&migration.metadata.revision)
        }
    }

    fn fresh_component(&self, migration: &Migration) -> Result<Fresh, StoreError> {
        let (revision, file) = (migration.metadata.revision.clone(), migration.file.clone());
        let path = self.component_path(migration);
        let bytes = match files::read_at_most(&self.root, &path, self.component_bytes_max) {
            Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::NotBuilt { revision, file });
            }
            read => read?,
        };
        let corrupt = |source| StoreError::Corrupt { file: path.clone(), source };
        let Contents { embedded, source } = read_contents(&bytes).map_err(corrupt)?;
        let missing = || corrupt(EmbeddedError::Missing { section: EMBEDDED_SECTION });
        let embedded = embedded.ok_or_else(missing)?;
        // Without a lock file, cargo writes one during the build.
        let same_lock = migration.lock_digest.is_none() || embedded.lock_digest == migration.lock_digest;
        let fresh =
            embedded.metadata == migration.metadata && embedded.source_digest == migration.source_digest && same_lock;
        if fresh { Ok(Fresh { bytes, embedded, source }) } else { Err(StoreError::Stale { revision, file }) }
    }
}

pub(super) fn built_path(revision: &RevisionId) -> String {
    format!("{BUILD_FOLDER}/{revision}.wasm")
}
