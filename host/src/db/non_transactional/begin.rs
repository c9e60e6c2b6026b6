//! The beginning of a step without a transaction.

use super::Facts;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::known::Known;
use crate::db::opening::Opening;
use crate::db::opening::set_timeouts;
use crate::db::statement_journal::JournalRow;
use crate::db::statement_journal::StepKey;
use crate::db::transaction::NOTICE_A_DEAD_CLIENT;
use crate::db::transaction::NOTICE_A_LOST_CLIENT;
use crate::value::quote_identifier;
use crate::value::quote_text;

impl Database {
    /// Prepares the session for a step without a transaction: as fresh as the first one, with the limits and the role of the
    /// project, with a journal. A rerun gets the time of the first run.
    ///
    /// # Errors
    /// Those of [`Database::begin`], or what the server said.
    pub async fn begin_non_transactional(
        &mut self,
        step: &StepKey,
        opening: &Opening<'_>,
    ) -> Result<(Facts, Vec<JournalRow>), DatabaseError> {
        // Whether this is the only runner, and the database where the plan takes it to be, is checked before anything is made.
        let begun = self.begin(opening).await?;
        self.refresh_session().await?;
        let past = self.read_journal(Some(step)).await?;
        let role = opening.role.map(|role| format!("; SET ROLE {}", quote_identifier(role))).unwrap_or_default();
        let notice_a_lost_client =
            if self.can_notice_a_lost_client { format!("; {NOTICE_A_LOST_CLIENT}") } else { String::new() };
        let sql = format!(
            "SET standard_conforming_strings = on; SET application_name = {}; {}; \
             {NOTICE_A_DEAD_CLIENT}{notice_a_lost_client}{role}",
            quote_text(opening.application),
            set_timeouts(opening.timeouts),
        );
        self.simple("prepare the session", sql).await?;
        let now_micros = past.first().map_or(begun.now_micros, |row| row.clock_micros);
        Ok((Facts { now_micros, search_path: begun.search_path }, past))
    }

    /// Ends whatever transaction there is, and takes back what a migration set.
    pub(super) async fn refresh_session(&mut self) -> Result<(), DatabaseError> {
        self.known = Known::default();
        self.simple("roll back", "ROLLBACK".to_owned()).await?;
        self.simple("reset what the migration set", Self::fresh_session_sql().to_owned()).await?;
        Ok(())
    }
}
