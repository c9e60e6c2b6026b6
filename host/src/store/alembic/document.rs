//! The text that goes into the component of a revision.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::PoisonError;

use super::super::Migration;
use super::super::Store;
use super::super::StoreError;
use super::super::Transaction;
use super::AlembicFolders;
use super::Scanned;
use crate::alembic::Author;
use crate::alembic::AuthorDocument;
use crate::alembic::Document;
use crate::alembic::DocumentRevision;
use crate::alembic::SharedText;
use crate::alembic::within;
use crate::digest::Digest;
use crate::revision::RevisionId;

/// The file of a project that runs around its revisions.
const ENV: &str = "env.py";

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
        let texts = self.scanned_texts(&scanned, paths)?;
        let files: BTreeMap<&str, &str> = texts.iter().map(|(path, text)| (*path, &**text)).collect();
        let metadata = &migration.metadata;
        let shared = shared_text(&scanned.folders, alembic.project.env);
        let revision = DocumentRevision {
            revision: metadata.revision.as_str(),
            down_revision: metadata.revises.iter().map(RevisionId::as_str).collect(),
            branch_labels: &metadata.branch_labels,
            depends_on: &metadata.depends_on,
            has_no_transaction: metadata.transaction == Transaction::None,
        };
        Document::new(shared, &migration.file, revision, &files).to_json().map_err(|_| changed())
    }

    /// The text with which the runtime is asked to write a revision: with all files that env.py needs, as they were found.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when one of them is another one by now, and those of reading.
    pub fn alembic_author_document(&self, revision: &RevisionId, author: Author<'_>) -> Result<String, StoreError> {
        let file = |scanned: &Scanned| within(&scanned.folders.script_location, ENV);
        let changed = || StoreError::Changed { file: ENV.to_owned() };
        let alembic = self.alembic.as_ref().ok_or_else(changed)?;
        let scanned = self.scanned(alembic)?;
        let texts = self.scanned_texts(&scanned, scanned.shared.iter())?;
        let files: BTreeMap<&str, &str> = texts.iter().map(|(path, text)| (*path, &**text)).collect();
        let shared = shared_text(&scanned.folders, alembic.project.env);
        let revision = DocumentRevision {
            revision: revision.as_str(),
            down_revision: author.down_revision.clone(),
            branch_labels: author.branch_labels,
            depends_on: author.depends_on,
            has_no_transaction: false,
        };
        let file = file(&scanned);
        AuthorDocument::new(Document::new(shared, &file, revision, &files), author).to_json().map_err(|_| changed())
    }

    fn scanned_texts<'a>(
        &self,
        scanned: &Scanned,
        paths: impl Iterator<Item = &'a String>,
    ) -> Result<Vec<(&'a str, Arc<str>)>, StoreError> {
        paths.map(|path| Ok((path.as_str(), self.scanned_text(scanned, path)?))).collect()
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

fn shared_text(folders: &AlembicFolders, env: bool) -> SharedText<'_> {
    SharedText {
        script_location: &folders.script_location,
        version_locations: &folders.version_locations,
        config_file: &folders.settings.config_file,
        section: &folders.settings.section,
        config: &folders.settings.sections,
        env,
        paths: &folders.paths,
    }
}
