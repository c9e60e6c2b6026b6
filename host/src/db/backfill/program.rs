//! The plan of a transform in the journal, so that other machines can work on it, and what they have to have for that.

use serde::Deserialize;
use serde::Serialize;

use super::Backfill;
use super::BackfillSettings;
use super::plain;
use crate::bindings::bulk::Target;
use crate::bindings::transforms::ApplyMode;
use crate::bindings::transforms::TransformPlan;
use crate::db::connect::Database;
use crate::db::driver::text_field;
use crate::db::error::DatabaseError;
use crate::db::statement_journal::StepKey;

/// Where the rows of plans begin among the positions of the journal: behind all ranges.
const PLANS_FROM: u32 = 2_100_000_000;

/// What the journal calls a plan.
const PLAN: &str = "PLAN";

/// What makes transforms give the same rows on all machines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The digest of the component.
    pub component: String,
    /// The digest of the runtime of its language, if that has one.
    pub runtime: Option<String>,
    /// A digest of the arguments of the run, which transforms can see. The arguments themselves may be secret.
    pub arguments: String,
}

impl Program {
    /// All of it in one line.
    pub fn digest(&self) -> String {
        [&self.component, self.runtime.as_deref().unwrap_or_default(), &self.arguments].join(" ")
    }
}

/// What a run says about the tables that it rewrites batch by batch.
#[derive(Debug, Clone)]
pub struct BackfillTerms {
    /// The settings of the project.
    pub settings: BackfillSettings,
    /// What gives the rows.
    pub program: Program,
}

/// A plan as it stands in the journal.
#[derive(Debug, Clone)]
pub struct StoredPlan {
    /// Which of its transforms the migration is to run.
    pub pipeline: String,
    /// The plan.
    pub plan: TransformPlan,
    /// The schemas in which names are looked up, as the transform sees them.
    pub search_path: Vec<String>,
    /// What gives the rows.
    pub program: Program,
}

/// The plan as JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    pipeline: String,
    source: String,
    key: Vec<String>,
    schema: Option<String>,
    table: String,
    columns: Vec<String>,
    mode: Mode,
    batch_rows: u32,
    batch_bytes: u32,
    parallelism: u32,
    search_path: Vec<String>,
    program: Program,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    UpdateByKey,
    Insert,
    Upsert,
}

impl StoredPlan {
    /// As it stands in the journal.
    fn written(&self) -> String {
        let Self { pipeline, plan, search_path, program } = self.clone();
        let written = Written {
            pipeline,
            source: plan.source,
            key: plan.key,
            schema: plan.into.schema,
            table: plan.into.table,
            columns: plan.into.columns,
            mode: match plan.mode {
                ApplyMode::UpdateByKey => Mode::UpdateByKey,
                ApplyMode::Insert => Mode::Insert,
                ApplyMode::Upsert => Mode::Upsert,
            },
            batch_rows: plan.batch_rows,
            batch_bytes: plan.batch_bytes,
            parallelism: plan.parallelism,
            search_path,
            program,
        };
        serde_json::to_string(&written).unwrap_or_default()
    }

    fn read(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let plan = TransformPlan {
            source: written.source,
            key: written.key,
            into: Target { schema: written.schema, table: written.table, columns: written.columns },
            mode: match written.mode {
                Mode::UpdateByKey => ApplyMode::UpdateByKey,
                Mode::Insert => ApplyMode::Insert,
                Mode::Upsert => ApplyMode::Upsert,
            },
            batch_rows: written.batch_rows,
            batch_bytes: written.batch_bytes,
            parallelism: written.parallelism,
            commit_per_batch: true,
        };
        let Written { pipeline, search_path, program, .. } = written;
        Some(Self { pipeline, plan, search_path, program })
    }

    /// The statement that writes it down, in place of one that is there.
    pub(super) fn write(&self, journal: &str, backfill: &Backfill) -> String {
        let StepKey { revision, direction } = &backfill.step;
        let statement = plain(&self.written());
        format!(
            "INSERT INTO {journal} AS j (revision, direction, position, digest, statement, command, alone, state, found, rows, \
             clock_micros, started_at) VALUES ({}, {}, {}, '', {statement}, '{PLAN}', false, 'started', 0, 0, {}, \
             pg_catalog.clock_timestamp()) ON CONFLICT (revision, direction, position) DO UPDATE SET statement = excluded.statement",
            plain(revision.as_str()),
            plain(direction),
            PLANS_FROM + backfill.position,
            backfill.clock_micros,
        )
    }
}

impl Database {
    /// The plan of a transform; none where an earlier version of host began it. Never writes.
    ///
    /// # Errors
    /// [`DatabaseError`] when the journal cannot be read.
    pub async fn stored_plan(&mut self, backfill: &Backfill) -> Result<Option<StoredPlan>, DatabaseError> {
        let sql = format!(
            "SELECT statement FROM ONLY {} WHERE {} AND position OPERATOR(pg_catalog.=) {}",
            self.tables().journal.quoted(),
            backfill.of_step(),
            PLANS_FROM + backfill.position,
        );
        let rows = self.simple("read the journal", sql).await?;
        Ok(rows.first().and_then(|row| text_field(row, 0)).and_then(|text| StoredPlan::read(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let target = Target { schema: Some("s".to_owned()), table: "t".to_owned(), columns: vec!["a".to_owned()] };
        for mode in [ApplyMode::UpdateByKey, ApplyMode::Insert, ApplyMode::Upsert] {
            let plan = TransformPlan {
                source: "SELECT 'it''s \\ ü'".to_owned(),
                key: vec!["id".to_owned()],
                into: target.clone(),
                mode,
                batch_rows: 7,
                batch_bytes: 8,
                parallelism: 9,
                commit_per_batch: true,
            };
            let program = Program { component: "c".to_owned(), runtime: None, arguments: "a".to_owned() };
            let stored =
                StoredPlan { pipeline: "phones\n{}".to_owned(), plan, search_path: vec!["s".to_owned()], program };
            let read = StoredPlan::read(&stored.written()).expect("a plan");
            assert_eq!(read.plan, stored.plan);
            assert_eq!(
                (read.pipeline, read.search_path, read.program),
                (stored.pipeline, stored.search_path, stored.program)
            );
        }
        assert!(StoredPlan::read("{}").is_none());
    }
}
