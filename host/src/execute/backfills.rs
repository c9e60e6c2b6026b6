//! Tables that are being rewritten batch by batch, from outside of the run that does it.

use super::components::StepComponent;
use super::error::RunError;
use super::runner::Runner;
use crate::config::BackfillSettings;
use crate::db::RecordedRow;
use crate::db::backfill::BackfillStatus;
use crate::db::backfill::BackfillTerms;
use crate::db::backfill::Program;
use crate::db::backfill::Wish;
use crate::digest::Digest;
use crate::revision::RevisionId;
use crate::runtime::Source;

impl Runner<'_> {
    /// How far the transforms of unfinished steps are. Never writes, and takes no lock.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn backfills(&mut self) -> Result<Vec<BackfillStatus>, RunError> {
        Ok(self.database()?.backfills().await?)
    }

    /// The rows that transforms passed over; of one revision or of all. Never writes, and takes no lock.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn rejected(&mut self, revision: Option<&RevisionId>) -> Result<Vec<RecordedRow>, RunError> {
        Ok(self.database()?.read_rejected(revision).await?)
    }

    /// Pauses, resumes or cancels all of them, and says how far they are then. Whoever works on them learns it with the next batch.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn wish(&mut self, wish: Wish) -> Result<Vec<BackfillStatus>, RunError> {
        let database = self.database()?;
        for status in database.backfills().await? {
            database.wish(&status.backfill, wish).await?;
        }
        Ok(database.backfills().await?)
    }
}

impl StepComponent {
    /// What it runs, where a language runtime runs it.
    pub(super) fn source(&self) -> Option<&Source> {
        self.script.as_ref().map(|(source, _)| source)
    }

    /// What a run with these arguments says about tables that this migration rewrites batch by batch.
    pub(super) fn backfill_terms(&self, settings: &BackfillSettings, args: &[(String, String)]) -> BackfillTerms {
        BackfillTerms { settings: settings.clone(), program: self.program(args) }
    }

    /// What makes its transforms give the same rows: its code, and what they can see of the run.
    pub(super) fn program(&self, args: &[(String, String)]) -> Program {
        // In quotes, so that nothing is the same that is not.
        let arguments = format!("{args:?}");
        Program {
            component: self.component.digest.to_string(),
            runtime: self.language.as_ref().map(|language| language.digest().to_string()),
            arguments: Digest::of(arguments.as_bytes()).to_string(),
        }
    }
}
