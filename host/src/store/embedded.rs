//! Migrations in memory: the components of an application that carries its own.

use std::borrow::Cow;

use super::Component;
use super::Migration;
use super::MigrationSource;
use super::StoreError;

/// Migrations that are part of a program: built components, as `host build` writes them into `.host/build`.
///
/// They are listed in the order in which they were given; what comes after what, they say themselves. See
/// [`include_migrations!`](crate::include_migrations).
#[derive(Debug, Clone, Default)]
pub struct EmbeddedMigrations {
    migrations: Vec<(Migration, Cow<'static, [u8]>)>,
}

impl EmbeddedMigrations {
    /// Takes components, each with the name by which messages call it. What a component says about itself is read here; its
    /// code is looked at before it runs.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what is no component, [`StoreError::NoEmbedded`] for one that was not built by host.
    pub fn new<N, B>(components: impl IntoIterator<Item = (N, B)>) -> Result<Self, StoreError>
    where
        N: Into<String>,
        B: Into<Cow<'static, [u8]>>,
    {
        let read = |(name, bytes): (N, B)| {
            let bytes = bytes.into();
            Ok((super::prebuilt::migration_of(name.into(), &bytes)?, bytes))
        };
        Ok(Self { migrations: components.into_iter().map(read).collect::<Result<_, StoreError>>()? })
    }
}

impl MigrationSource for EmbeddedMigrations {
    fn migrations(&self) -> Result<Vec<Migration>, StoreError> {
        Ok(self.migrations.iter().map(|(migration, _)| migration.clone()).collect())
    }

    fn component(&self, migration: &Migration) -> Result<Component, StoreError> {
        let found = self.migrations.iter().find(|(known, _)| known == migration);
        let Some((_, bytes)) = found else {
            return Err(StoreError::Changed { file: migration.file.clone() });
        };
        super::component::prebuilt_component(bytes.to_vec(), migration)
    }

    fn is_built(&self, migration: &Migration) -> Result<bool, StoreError> {
        Ok(self.migrations.iter().any(|(known, _)| known == migration))
    }

    fn component_path(&self, migration: &Migration) -> String {
        migration.file.clone()
    }
}

/// The migrations of this program: takes the paths of components, relative to this file as for [`include_bytes!`], and gives
/// [`EmbeddedMigrations`](crate::store::EmbeddedMigrations), or why one of them is none.
///
/// ```ignore
/// let migrations = host::include_migrations!["../.host/build/3f2a9c1b7d04.wasm", "../.host/build/8d1e0b5c6a73.wasm"]?;
/// let project = host::Project::from_source("[default]", "default", migrations)?;
/// ```
#[macro_export]
macro_rules! include_migrations {
    ($($path:literal),* $(,)?) => {
        $crate::store::EmbeddedMigrations::new([$(($path, &include_bytes!($path)[..])),*])
    };
}
