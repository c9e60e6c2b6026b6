//! Where migrations come from.

use std::fmt;

use super::Component;
use super::Migration;
use super::Store;
use super::StoreError;
use crate::digest::Digest;

/// Where the migrations of a project come from: all that planning, running and looking need. Finding, building and writing
/// migrations is for the folder alone, [`Store`].
///
/// There are two: the folder, and [`super::EmbeddedMigrations`] in memory.
pub trait MigrationSource: fmt::Debug + Send + Sync {
    /// All migrations, in an order that stays. No component is run, and none has to be there.
    ///
    /// # Errors
    /// [`StoreError`] for the first one that cannot be read.
    fn migrations(&self) -> Result<Vec<Migration>, StoreError>;

    /// Everything that keeps [`MigrationSource::migrations`] from listing them; empty where it lists them.
    fn problems(&self) -> Vec<StoreError> {
        self.migrations().err().into_iter().collect()
    }

    /// The component of one of these migrations, which belongs to it as it was listed.
    ///
    /// # Errors
    /// [`StoreError`] when it is not there, out of date, or made of something else.
    fn component(&self, migration: &Migration) -> Result<Component, StoreError>;

    /// Whether [`MigrationSource::component`] would find one that is up to date.
    ///
    /// # Errors
    /// Those of reading it. A component that is missing, out of date or broken is just not built.
    fn is_built(&self, migration: &Migration) -> Result<bool, StoreError>;

    /// Where the component of a migration is, for messages.
    fn component_path(&self, migration: &Migration) -> String;

    /// The text of a migration whose source had this digest once, and the one that it has now, where both are still here.
    fn texts(&self, _migration: &Migration, _digest: &Digest) -> Option<(String, String)> {
        None
    }
}

impl MigrationSource for Store {
    fn migrations(&self) -> Result<Vec<Migration>, StoreError> {
        self.scan()
    }

    fn problems(&self) -> Vec<StoreError> {
        self.scan_all().err().unwrap_or_default()
    }

    fn component(&self, migration: &Migration) -> Result<Component, StoreError> {
        Self::component(self, migration)
    }

    fn is_built(&self, migration: &Migration) -> Result<bool, StoreError> {
        Self::is_built(self, migration)
    }

    fn component_path(&self, migration: &Migration) -> String {
        Self::component_path(self, migration)
    }

    fn texts(&self, migration: &Migration, digest: &Digest) -> Option<(String, String)> {
        Some((self.built_text(migration, digest)?, self.text_source(migration).ok()?.text))
    }
}
