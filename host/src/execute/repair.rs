//! Accepting that the file of an applied migration was changed: from then on the log says its digest.
//!
//! Nothing of the migration runs, and no other row changes. Whether the change is one that may be accepted is for a person to
//! decide, who is shown what is known of it.

use super::error::RunError;
use super::event::Event;
use super::event::Observer;
use super::runner::Runner;
use crate::db::AppliedState;
use crate::db::DatabaseError;
use crate::db::LogDetail;
use crate::db::LoggedDigest;
use crate::db::Repaired;
use crate::db::log::Record;
use crate::db::opening::Opening;
use crate::db::transaction::Bookkeeping;
use crate::db::transaction::Forget;
use crate::db::violation::MayChange;
use crate::digest::Digest;
use crate::revision::RevisionId;
use crate::sql::FileChange;
use crate::sql::file_change;
use crate::store::Migration;

/// What is said of a change where the text that was applied is gone.
const UNKNOWN: &str = "the text that was applied is not here any more";

/// The file of an applied migration that was changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedChange {
    /// The revision.
    pub revision: RevisionId,
    /// Its file or folder.
    pub file: String,
    /// The digest of the source that counts as applied, as the log says it.
    pub applied_digest: String,
    /// The digest of the source that is there now.
    pub source_digest: Digest,
    /// The text that was applied and the one that is there now, where the build folder still has the first one.
    pub texts: Option<(String, String)>,
    /// What changed in these texts, where they are those of a file with two directions.
    pub difference: Option<FileChange>,
}

impl AppliedChange {
    fn new(runner: &Runner<'_>, applied: &AppliedState, migration: &Migration) -> Self {
        let digests = applied.digests.get(&migration.metadata.revision);
        let applied_digest = digests.and_then(|digests| digests.source.as_ref());
        let digest = applied_digest.and_then(LoggedDigest::digest);
        let texts = digest.and_then(|digest| runner.project.source().texts(migration, digest));
        let difference = texts.as_ref().and_then(|(before, now)| file_change(before, now));
        Self {
            revision: migration.metadata.revision.clone(),
            file: migration.file.clone(),
            applied_digest: applied_digest.map(LoggedDigest::to_string).unwrap_or_default(),
            source_digest: migration.source_digest,
            texts,
            difference,
        }
    }

    /// What is known of the difference, a sentence without its end.
    pub fn summary(&self) -> String {
        match (&self.texts, &self.difference) {
            (Some(_), Some(difference)) => difference.to_string(),
            (Some(_), None) => "its text changed".to_owned(),
            (None, _) => UNKNOWN.to_owned(),
        }
    }

    /// Whether this is the same change, whatever is known of it.
    fn is(&self, other: &Self) -> bool {
        self.revision == other.revision
            && self.applied_digest == other.applied_digest
            && self.source_digest == other.source_digest
    }
}

impl Runner<'_> {
    /// The applied migrations whose files were changed since, with what is known of the changes. Never writes.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn changes(&mut self) -> Result<Vec<AppliedChange>, RunError> {
        let applied = self.applied().await?;
        Ok(self.changes_of(&applied))
    }

    fn changes_of(&self, applied: &AppliedState) -> Vec<AppliedChange> {
        let changed = self.project.changed_migrations(applied).into_iter();
        changed.map(|migration| AppliedChange::new(self, applied, migration)).collect()
    }

    /// Accepts these changes, all or none: the log gets a row for each, and what is checked from then on is the file as it is
    /// now. Takes the migration lock.
    ///
    /// # Errors
    /// [`RunError::RepairOvertaken`] when something else is applied by now, or the log says something else of it, and
    /// [`RunError::Database`].
    pub async fn repair(&mut self, changes: &[AppliedChange], observer: &mut dyn Observer) -> Result<(), RunError> {
        let result = self.repair_with_lock(changes, observer).await;
        // An application may go on with this runner.
        self.interrupt.reset();
        result
    }

    async fn repair_with_lock(
        &mut self,
        changes: &[AppliedChange],
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.lock(observer).await?;
        let result = self.repair_locked(changes, observer).await;
        let unlocked = self.unlock(None).await;
        result?;
        Ok(unlocked?)
    }

    async fn repair_locked(&mut self, changes: &[AppliedChange], observer: &mut dyn Observer) -> Result<(), RunError> {
        let applied = self.applied().await?;
        if !applied.unreadable.is_empty() {
            let table = self.project.tables().version.to_string();
            return Err(DatabaseError::UnreadableRows { table, rows: applied.unreadable }.into());
        }
        let now = self.changes_of(&applied);
        if let Some(change) = changes.iter().find(|change| !now.iter().any(|now| now.is(change))) {
            return Err(RunError::RepairOvertaken { revision: change.revision.clone() });
        }
        let records: Vec<Record> = changes.iter().map(|change| self.repair_record(change)).collect();
        let heads = applied.heads.iter().cloned().collect();
        let opening = Opening {
            application: &format!("host {} repair", env!("CARGO_PKG_VERSION")),
            timeouts: self.options.timeouts(&self.project.environment().limits),
            heads: &heads,
            any_heads: false,
            steps_after: 0,
            role: None,
        };
        let bookkeeping = Bookkeeping {
            remove_all: false,
            remove: &[],
            add: &[],
            records: &records,
            may_change: MayChange::default(),
            rejected: &[],
            forget: Forget::Nothing,
        };
        self.write_records(&opening, &bookkeeping).await?;
        for change in changes {
            observer.observe(Event::Repaired { revision: change.revision.clone(), file: change.file.clone() });
        }
        Ok(())
    }

    fn repair_record(&self, change: &AppliedChange) -> Record {
        let migration = self.project.migration(&change.revision);
        let component = migration.and_then(|migration| self.project.source().component(migration).ok());
        let repaired = Repaired { source_digest_before: change.applied_digest.clone(), difference: change.summary() };
        Record {
            revision: change.revision.to_string(),
            direction: "stamp",
            source_digest: Some(change.source_digest.to_string()),
            component_digest: component.map(|component| component.digest.to_string()),
            detail: LogDetail { repaired: Some(repaired), ..LogDetail::default() },
            ..Record::default()
        }
    }
}
