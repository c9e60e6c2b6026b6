//! How far transforms are, and what the operator wants of them.

use super::Backfill;
use super::RANGE;
use super::REST;
use super::claim::OWNER_IS_GONE;
use super::row::Rest;
use crate::db::connect::Database;
use crate::db::driver::text_field;
use crate::db::error::DatabaseError;
use crate::db::names::TableKind;
use crate::db::own_tables::Existing;
use crate::db::statement_journal::RANGES_FROM;
use crate::db::statement_journal::RUN_TRANSFORM;
use crate::db::statement_journal::StepKey;
use crate::revision::RevisionId;

/// The most transforms of unfinished steps that are read.
const TRANSFORMS_MAX: usize = 1_000;

/// How far a transform is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillStatus {
    /// Its place in the journal.
    pub backfill: Backfill,
    /// What it does, for people.
    pub label: String,
    /// What becomes of it.
    pub state: BackfillState,
    /// Rows that are written and committed.
    pub rows: u64,
    /// Ranges that are done.
    pub done: u64,
    /// Ranges that somebody works on, or worked on until the connection was lost.
    pub open: u64,
    /// Ranges that failed; the next run tries them again.
    pub failed: u64,
    /// Why the first one of these failed.
    pub error: Option<String>,
    /// From the first range's beginning to the last one's end, in milliseconds.
    pub milliseconds: u64,
}

/// What becomes of a transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackfillState {
    /// Somebody works on it.
    Running,
    /// Nobody works on it; the next upgrade does.
    Stopped,
    /// Nobody takes a range until it is resumed.
    Paused,
    /// Whoever works on it ends, and nobody begins until it is resumed.
    Cancelled,
    /// All of its ranges are done. Its step may not be.
    Done,
}

impl BackfillState {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }
}

/// What the operator wants of a transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// That nobody takes a range.
    Pause,
    /// That it goes on.
    Resume,
    /// That whoever works on it ends.
    Cancel,
}

impl Database {
    /// The transforms of unfinished steps. Never writes.
    ///
    /// # Errors
    /// [`DatabaseError`] when the journal cannot be read.
    pub async fn backfills(&mut self) -> Result<Vec<BackfillStatus>, DatabaseError> {
        if !self.are_tables_found() {
            let Existing { journal, .. } = self.find_tables().await?;
            if !journal {
                return Ok(Vec::new());
            }
        }
        let journal = self.tables().journal.quoted();
        let sql = format!(
            "SELECT revision, direction, position, statement, clock_micros FROM ONLY {journal} \
             WHERE command OPERATOR(pg_catalog.=) '{RUN_TRANSFORM}' AND position OPERATOR(pg_catalog.<) {RANGES_FROM} \
             ORDER BY revision, direction, position LIMIT {TRANSFORMS_MAX}"
        );
        let rows = self.simple("read the journal", sql).await?;
        let mut all = Vec::new();
        for row in rows {
            let field = |index| text_field(&row, index).unwrap_or_default();
            let found = (RevisionId::new(field(0)), field(2).parse(), field(4).parse());
            let (Ok(revision), Ok(position), Ok(clock_micros)) = found else {
                return Err(self.foreign_table(TableKind::Journal, "a row of a transform cannot be read".to_owned()));
            };
            let step = StepKey { revision, direction: field(1) };
            let Ok(backfill) = Backfill::new(step, position, clock_micros) else { continue };
            all.extend(self.status(backfill, field(3)).await?);
        }
        Ok(all)
    }

    async fn status(&mut self, backfill: Backfill, label: String) -> Result<Option<BackfillStatus>, DatabaseError> {
        let journal = self.tables().journal.quoted();
        let count = |what: &str| format!("pg_catalog.count(*) FILTER (WHERE {what})");
        let is = |state: &str| format!("state OPERATOR(pg_catalog.=) '{state}'");
        let sql = format!(
            "SELECT (SELECT r.statement FROM ONLY {journal} AS r WHERE {} AND r.command OPERATOR(pg_catalog.=) '{REST}'), \
             COALESCE(pg_catalog.sum(rows) FILTER (WHERE {finished}), 0), {}, {}, {}, {}, \
             pg_catalog.min(error) FILTER (WHERE {}), \
             (1000 OPERATOR(pg_catalog.*) COALESCE(pg_catalog.date_part('epoch', pg_catalog.max(finished_at) FILTER (WHERE {finished}) \
             OPERATOR(pg_catalog.-) pg_catalog.min(started_at)), 0))::pg_catalog.int8 \
             FROM ONLY {journal} AS j WHERE {} AND command OPERATOR(pg_catalog.=) '{RANGE}'",
            backfill.is_rest(),
            count(&is("finished")),
            count(&is("started")),
            count(&is("failed")),
            count(&format!(
                "{} AND finished_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp() AND NOT ({OWNER_IS_GONE})",
                is("started")
            )),
            is("failed"),
            backfill.is_range(),
            finished = is("finished"),
        );
        let rows = self.simple("read the journal", sql).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let Some(rest) = text_field(row, 0).and_then(|text| Rest::read(&text)) else { return Ok(None) };
        let number = |index| text_field(row, index).and_then(|text| text.parse().ok()).unwrap_or(0);
        let (done, open, failed, leased): (u64, u64, u64, u64) = (number(2), number(3), number(4), number(5));
        let state = match () {
            () if rest.until.is_none() && open == 0 && failed == 0 => BackfillState::Done,
            () if rest.cancelled => BackfillState::Cancelled,
            () if rest.paused => BackfillState::Paused,
            () if leased > 0 => BackfillState::Running,
            () => BackfillState::Stopped,
        };
        let (rows, error, milliseconds) = (number(1), text_field(row, 6), number(7));
        Ok(Some(BackfillStatus { backfill, label, state, rows, done, open, failed, error, milliseconds }))
    }

    /// Writes down what the operator wants of a transform. Whoever works on it learns it with the next range.
    ///
    /// # Errors
    /// [`DatabaseError`] when the journal cannot be written.
    pub async fn wish(&mut self, backfill: &Backfill, wish: Wish) -> Result<(), DatabaseError> {
        let journal = self.tables().journal.quoted();
        let doing = "write the journal";
        let select = format!("SELECT statement FROM ONLY {journal} WHERE {} FOR UPDATE", backfill.is_rest());
        let written = async {
            let rows = self.simple(doing, format!("BEGIN; {select}")).await?;
            let Some(mut rest) = rows.last().and_then(|row| text_field(row, 0)).and_then(|text| Rest::read(&text))
            else {
                return Ok(());
            };
            (rest.paused, rest.cancelled) = match wish {
                Wish::Pause => (true, false),
                Wish::Resume => (false, false),
                Wish::Cancel => (false, true),
            };
            let statement = super::plain(&rest.written());
            self.simple(
                doing,
                format!("UPDATE ONLY {journal} SET statement = {statement} WHERE {}", backfill.is_rest()),
            )
            .await
            .map(drop)
        };
        let written = written.await;
        let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.simple(doing, end.to_owned()).await?;
        written
    }
}
