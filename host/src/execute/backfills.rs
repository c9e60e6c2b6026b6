//! Tables that are being rewritten batch by batch, from outside of the run that does it.

use super::error::RunError;
use super::runner::Runner;
use crate::db::RecordedRow;
use crate::db::backfill::BackfillStatus;
use crate::db::backfill::Wish;
use crate::revision::RevisionId;

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
