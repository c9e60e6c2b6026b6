//! Writes a new revision of Alembic.

use super::super::Store;
use super::super::StoreError;
use super::super::create_file;
use super::super::files;
use crate::alembic::within;

/// The template of new revisions, in the folder of env.py.
const TEMPLATE: &str = "script.py.mako";

/// The largest template that is read, in bytes.
const TEMPLATE_BYTES_MAX: u64 = 64 << 10;

impl Store {
    /// The project's template of new revisions, if there is one.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn alembic_template(&self, script_location: &str) -> Result<Option<String>, StoreError> {
        let path = within(script_location, TEMPLATE);
        match files::read_at_most(&self.root, &path, TEMPLATE_BYTES_MAX) {
            Ok(content) => files::text(&path, content).map(Some),
            Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a new revision file; folders on its way are made. `path` is relative to the project's folder.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is a file of that name, and those of writing it.
    pub fn create_alembic_revision(&self, path: &str, text: &str) -> Result<(), StoreError> {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.root.create_dir_all(folder).map_err(|error| StoreError::write(&self.root, folder, error))?;
        }
        create_file(&self.root, path, text.as_bytes())
    }
}
