//! The text that goes into the component of a revision.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::PoisonError;

use super::super::Migration;
use super::super::Store;
use super::super::StoreError;
use super::super::Transaction;
use super::Scanned;
use crate::alembic::Document;
use crate::alembic::DocumentRevision;
use crate::alembic::SharedText;
use crate::digest::Digest;
use crate::revision::RevisionId;

impl Store {
    /// The text that the runtime gets of a revision: with all files that it needs, as they were found.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when one of them is another one by now, and those of reading.
    pub(crate) fn alembic_document(&self, migration: &Migration) -> Result<String, StoreError> {
        let changed = || StoreError::Changed { file: migration.file.clone() };
        let alembic = self.alembic.as_ref().ok_or_else(changed)?;
        let scanned = self.scanned(alembic)?;
        let own = scanned.own.get(&migration.file);
        let paths = scanned.shared.iter().chain(own.into_iter().flatten()).chain([&migration.file]);
        let texts = paths.map(|path| Ok((path.as_str(), self.scanned_text(&scanned, path)?)));
        let texts = texts.collect::<Result<Vec<_>, StoreError>>()?;
        let files: BTreeMap<&str, &str> = texts.iter().map(|(path, text)| (*path, &**text)).collect();
        let folders = &scanned.folders;
        let metadata = &migration.metadata;
        let shared = SharedText {
            script_location: &folders.script_location,
            version_locations: &folders.version_locations,
            config_file: &folders.settings.config_file,
            section: &folders.settings.section,
            config: &folders.settings.sections,
            env: alembic.project.env,
            paths: &folders.paths,
        };
        let revision = DocumentRevision {
            revision: metadata.revision.as_str(),
            down_revision: metadata.revises.iter().map(RevisionId::as_str).collect(),
            branch_labels: &metadata.branch_labels,
            depends_on: &metadata.depends_on,
            has_no_transaction: metadata.transaction == Transaction::None,
        };
        Document::new(shared, &migration.file, revision, &files).to_json().map_err(|_| changed())
    }

    fn scanned_text(&self, scanned: &Scanned, path: &str) -> Result<Arc<str>, StoreError> {
        if let Some(text) = scanned.texts.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(Arc::clone(text));
        }
        let text = self.foreign_text(path)?;
        if scanned.digests.get(path) != Some(&Digest::of(text.as_bytes())) {
            return Err(StoreError::Changed { file: path.to_owned() });
        }
        let text: Arc<str> = text.into();
        let mut texts = scanned.texts.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(texts.entry(path.to_owned()).or_insert(text)))
    }
}
