//! Where the migrations of a project come from: a [`MigrationSource`], which is the project's folder or memory
//! ([`EmbeddedMigrations`]).
//!
//! The folder ([`Store`]) finds migrations, reads what they say about themselves, keeps what was built of them, writes
//! new ones. Everything goes through one [`Dir`], so nothing outside the project is read or written.
//!
//! ```text
//! migrations/*.sql, *.wasm, folders -> scan (index) -> Migration -> build -> .host/build/<revision>.wasm -> Component
//! ```

mod alembic;
mod asks;
mod block;
mod component;
mod digest;
mod embedded;
mod error;
mod files;
mod find;
mod index;
mod key;
mod manifest;
mod metadata;
mod parts;
mod prebuilt;
mod prune;
mod read;
mod scan;
mod short;
mod source;
mod write;

pub use alembic::AlembicFolders;
pub use alembic::AlembicSurvey;
pub use alembic::alembic_file;
pub use asks::asks_line;
pub use block::Block;
pub use block::BlockError;
pub use block::write_block;
pub use component::Component;
pub use embedded::EmbeddedMigrations;
pub use error::StoreError;
pub use files::FILE_BYTES_MAX;
pub(crate) use files::TOML_BYTES_MAX;
#[cfg(feature = "schema")]
pub(crate) use files::list_paths as list_files;
#[cfg(feature = "build")]
pub(crate) use files::read as read_file;
pub(crate) use files::read_at_most as read_file_at_most;
pub use key::BuildTrust;
pub use key::Key;
pub use manifest::MANIFEST_BYTES_MAX;
pub use manifest::MANIFEST_FORMAT;
pub use manifest::MANIFEST_SECTION;
pub use manifest::Manifest;
pub use manifest::ManifestError;
pub use manifest::PACKAGES_SECTION;
pub use manifest::SOURCE_SECTION;
pub use manifest::ScriptSections;
pub use manifest::add_manifest;
pub use manifest::add_packages;
pub use manifest::read_manifest;
pub use manifest::read_source;
pub use manifest::without_sections;
pub use metadata::Metadata;
pub use metadata::Transaction;
pub use read::TextSource;
#[cfg(feature = "build")]
pub(crate) use short::shortened;
pub use source::MigrationSource;
pub use write::IGNORE_FILE;
pub use write::NewFile;
pub use write::create_file;
pub use write::ensure_ignored;
pub use write::replace_file;

use cap_std::fs::Dir;
use serde::Deserialize;
use serde::Serialize;

use crate::digest::Digest;
use crate::grant::Classes;
use crate::language::Language;
use crate::revision::Revision;

/// The folder for everything that can be made again: never committed, never needed from elsewhere.
pub const STATE_FOLDER: &str = ".host";

/// The folder of the built components.
pub const BUILD_FOLDER: &str = ".host/build";

/// The folder of the SDKs, in a folder for each language.
pub const SDK_FOLDER: &str = ".host/sdk";

/// The metadata of a migration that is a folder.
pub const FOLDER_METADATA_FILE: &str = "migration.toml";

/// A project's folder.
#[derive(Debug)]
pub struct Store {
    root: Dir,
    /// With `/` between its parts and none at its ends.
    migrations: String,
    /// The largest component that is read, in bytes.
    component_bytes_max: u64,
    trust: BuildTrust,
    alembic: Option<alembic::AlembicStore>,
}

/// One migration, as it lies in the migrations folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// What it says about itself.
    pub metadata: Metadata,
    /// The file or folder, relative to the project's, with `/` between its parts.
    pub file: String,
    /// What it is written in.
    pub language: Language,
    /// The digest of what its author wrote, without the metadata: by it, history knows whether it was changed. That of a
    /// prebuilt component is the digest of what runs: its text, or its bytes without the sections of host.
    pub source_digest: Digest,
    /// The digest of its `Cargo.lock`, if it has one. Other versions of its dependencies make its component out of date,
    /// but not another migration: the lock file changes by itself when the SDK does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_digest: Option<Digest>,
}

impl Store {
    /// A store over the project's folder. `migrations` is the folder of the migrations, relative to it; nothing is read
    /// yet.
    pub fn open(root: Dir, migrations: &str) -> Self {
        let migrations = migrations.trim_start_matches("./").trim_end_matches('/');
        let migrations = if migrations.is_empty() { "." } else { migrations };
        Self {
            root,
            migrations: migrations.to_owned(),
            component_bytes_max: FILE_BYTES_MAX,
            trust: BuildTrust::default(),
            alembic: None,
        }
    }

    /// The same with components of up to this size, in bytes. Below [`FILE_BYTES_MAX`] that is no limit: then the run
    /// says what is too large.
    #[must_use]
    pub fn with_components_of(mut self, bytes: u64) -> Self {
        self.component_bytes_max = FILE_BYTES_MAX.max(bytes);
        self
    }

    /// The same store, with another trust in what was built. [`Store::open`] trusts nothing that it cannot compare.
    #[must_use]
    pub fn with_trust(self, trust: BuildTrust) -> Self {
        Self { trust, ..self }
    }

    /// The project's folder.
    pub fn root(&self) -> &Dir {
        &self.root
    }

    /// The folder of the migrations, relative to the project's.
    pub fn migrations_folder(&self) -> &str {
        &self.migrations
    }

    /// By what the index of these migrations is known.
    pub(crate) fn name_in_index(&self) -> &str {
        if self.is_alembic() { "[alembic]" } else { &self.migrations }
    }

    /// The path of an entry of the migrations folder, relative to the project's.
    pub(crate) fn migration_path(&self, name: &str) -> String {
        if self.is_alembic() {
            // There they are known by their paths.
            return name.to_owned();
        }
        if self.migrations == "." { name.to_owned() } else { format!("{}/{name}", self.migrations) }
    }
}

impl Migration {
    /// What it asks for where so much is granted. A revision of Alembic has no place to say it, so it gets what is granted; what its
    /// SQL is seen to need it asks for all the same, so that it is refused before it runs.
    pub fn asks(&self, granted: Classes) -> Classes {
        self.metadata.asks_in(self.language, granted)
    }

    /// Whether its file has a place for what it asks for.
    pub fn can_ask(&self) -> bool {
        self.language != Language::Alembic
    }
}

impl From<&Migration> for Revision {
    fn from(migration: &Migration) -> Self {
        let metadata = &migration.metadata;
        Self {
            id: metadata.revision.clone(),
            revises: metadata.revises.clone(),
            depends_on: metadata.depends_on.clone(),
            branch_labels: metadata.branch_labels.clone(),
            message: metadata.message.clone(),
            file: migration.file.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
