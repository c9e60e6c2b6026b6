//! What a transform has committed so far.

use super::RANGE;
use crate::db::connect::Database;
use crate::db::driver::text_field;
use crate::db::error::DatabaseError;
use crate::db::statement_journal::StepKey;
use crate::db::transaction::no_answer;
use crate::value::quote_text;

impl Database {
    /// How many rows the transforms of an unfinished step have rewritten and committed, in this run and in earlier ones.
    ///
    /// # Errors
    /// [`DatabaseError`] when the journal cannot be read.
    pub async fn rows_rewritten(&mut self, step: &StepKey) -> Result<u64, DatabaseError> {
        let doing = "read the journal";
        let sql = format!(
            "SELECT COALESCE(pg_catalog.sum(rows), 0) FROM ONLY {} WHERE revision OPERATOR(pg_catalog.=) {}::pg_catalog.text \
             AND direction OPERATOR(pg_catalog.=) {}::pg_catalog.text AND command OPERATOR(pg_catalog.=) '{RANGE}' \
             AND state OPERATOR(pg_catalog.=) 'finished'",
            self.tables().journal.quoted(),
            quote_text(step.revision.as_str()),
            quote_text(&step.direction),
        );
        let rows = self.simple(doing, sql).await?;
        let sum = rows.first().and_then(|row| text_field(row, 0)).and_then(|text| text.parse().ok());
        sum.ok_or_else(|| no_answer(doing))
    }
}
