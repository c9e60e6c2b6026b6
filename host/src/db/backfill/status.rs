//! How far transforms are, and what the operator wants of them.

use sqlx::postgres::PgRow;

use super::Backfill;
use super::NOW;
use super::RANGE;
use super::REST;
use super::claim::OWNER_IS_GONE;
use super::row::Held;
use super::row::Rest;
use crate::db::connect::Database;
use crate::db::driver::text_field;
use crate::db::error::DatabaseError;
use crate::db::names::TableKind;
use crate::db::own_tables::Existing;
use crate::db::session::Session;
use crate::db::session::SessionError;
use crate::db::statement_journal::RANGES_FROM;
use crate::db::statement_journal::RUN_TRANSFORM;
use crate::db::statement_journal::StepKey;
use crate::revision::RevisionId;

/// The most transforms of unfinished steps that are read.
const TRANSFORMS_MAX: usize = 1_000;

/// Over how many seconds the rows a second are counted.
const RATE_SECONDS: u32 = 60;

/// For how long what holds somebody back is believed: it is written anew as long as it does.
const HELD_MICROS_MAX: i64 = 15_000_000;

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
    /// Rows that were rejected and skipped; not counted for who works on it.
    pub rejected: u64,
    /// What holds it back.
    pub waiting: Option<String>,
    /// Rows a second that were written of late, while somebody works on it.
    pub rows_per_second: Option<u64>,
    /// How many seconds it may take from here on, while somebody works on it. A guess.
    pub seconds_left: Option<u64>,
}

/// What becomes of a transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackfillState {
    /// Somebody works on it.
    Running,
    /// Somebody would, but a limit of the operator holds it back.
    Waiting,
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
            Self::Waiting => "waiting",
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
        let sql = select(&self.tables().journal.quoted(), &backfill);
        let rows = self.simple("read the journal", sql).await?;
        let rejected = self.count_rejected(&backfill.step, Some(backfill.position)).await?;
        let status = rows.first().and_then(|row| read(row, backfill, label, BackfillState::Stopped));
        Ok(status.map(|status| BackfillStatus { rejected, ..status }))
    }

    /// Writes down what the operator wants of a transform. Whoever works on it learns it with the next range.
    ///
    /// # Errors
    /// [`DatabaseError`] when the journal cannot be written.
    pub async fn wish(&mut self, backfill: &Backfill, wish: Wish) -> Result<(), DatabaseError> {
        let change = |rest: &mut Rest, _| {
            (rest.paused, rest.cancelled) = match wish {
                Wish::Pause => (true, false),
                Wish::Resume => (false, false),
                Wish::Cancel => (false, true),
            };
        };
        self.change_rest(backfill, change).await.map(drop)
    }
}

impl Session {
    /// How far a transform is, for who works on it; none where it was forgotten.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn backfill_status(
        &mut self,
        backfill: &Backfill,
        label: &str,
    ) -> Result<Option<BackfillStatus>, SessionError> {
        let sql = select(&self.database_mut().tables().journal.quoted(), backfill);
        let rows = self.as_login(&[sql]).await?;
        // Who asks between two ranges has no lease, and works on it all the same.
        Ok(rows.last().and_then(|row| read(row, backfill.clone(), label.to_owned(), BackfillState::Running)))
    }
}

/// One row: the rest, sums and counts of the ranges, what was written of late, the time.
fn select(journal: &str, backfill: &Backfill) -> String {
    let count = |what: &str| format!("pg_catalog.count(*) FILTER (WHERE {what})");
    let is = |state: &str| format!("state OPERATOR(pg_catalog.=) '{state}'");
    let finished = is("finished");
    let since =
        format!("(pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) '{RATE_SECONDS} s'::pg_catalog.interval)");
    let lately = format!("{finished} AND finished_at OPERATOR(pg_catalog.>) {since}");
    format!(
        "SELECT (SELECT r.statement FROM ONLY {journal} AS r WHERE {} AND r.command OPERATOR(pg_catalog.=) '{REST}'), \
         COALESCE(pg_catalog.sum(rows) FILTER (WHERE {finished}), 0), {}, {}, {}, {}, pg_catalog.min(error) FILTER (WHERE {}), \
         COALESCE(pg_catalog.sum(rows) FILTER (WHERE {lately}), 0), \
         COALESCE(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) \
         GREATEST({since}, pg_catalog.min(started_at) FILTER (WHERE {lately}))), 0), {NOW} \
         FROM ONLY {journal} AS j WHERE {} AND command OPERATOR(pg_catalog.=) '{RANGE}'",
        backfill.is_rest(),
        count(&finished),
        count(&is("started")),
        count(&is("failed")),
        count(&format!(
            "{} AND finished_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp() AND NOT ({OWNER_IS_GONE})",
            is("started")
        )),
        is("failed"),
        backfill.is_range(),
    )
}

/// What [`select`] found. Without a lease, a limit or a wish of the operator the state is `otherwise`.
fn read(row: &PgRow, backfill: Backfill, label: String, otherwise: BackfillState) -> Option<BackfillStatus> {
    let rest = text_field(row, 0).and_then(|text| Rest::read(&text))?;
    let number = |index| text_field(row, index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let (done, open, failed, leased) = (number(2), number(3), number(4), number(5));
    let (rows, error, now) = (number(1), text_field(row, 6), text_field(row, 9).and_then(|text| text.parse().ok()));
    let is_fresh = |held: &&Held| now.is_some_and(|now: i64| now.saturating_sub(held.at) < HELD_MICROS_MAX);
    let held = rest.held.as_ref().filter(is_fresh);
    let state = match () {
        () if rest.until.is_none() && open == 0 && failed == 0 => BackfillState::Done,
        () if rest.cancelled => BackfillState::Cancelled,
        () if rest.paused => BackfillState::Paused,
        () if leased > 0 => BackfillState::Running,
        () if held.is_some() => BackfillState::Waiting,
        () => otherwise,
    };
    let seconds = text_field(row, 8).and_then(|text| text.parse::<f64>().ok()).filter(|seconds| *seconds > 0.0);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "for people, and nothing of it is below zero"
    )]
    let rows_per_second =
        seconds.filter(|_| state == BackfillState::Running).map(|seconds| (number(7) as f64 / seconds) as u64);
    let seconds_left =
        rows_per_second.and_then(|rate| rest.rows_left()?.checked_div(rate)).filter(|_| rest.until.is_some());
    let waiting = held.filter(|_| state == BackfillState::Waiting).map(|held| held.why.clone());
    Some(BackfillStatus {
        backfill,
        label,
        state,
        rows,
        done,
        open,
        failed,
        rejected: 0,
        error,
        waiting,
        rows_per_second,
        seconds_left,
    })
}
