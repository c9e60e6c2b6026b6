//! A row that a transform passed over, as it is written down.

use serde::Deserialize;
use serde::Serialize;

use crate::bindings::transforms::ApplyMode;
use crate::bindings::transforms::TransformPlan;
use crate::config::TableName;
use crate::value::plain_text;

/// The most characters that are kept of why a row was rejected.
pub(super) const MESSAGE_CHARACTERS_MAX: usize = 4_000;

/// A row that a transform passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// The number of the statement in its migration, from 1.
    pub statement: u32,
    /// The transform, for people.
    pub transform: String,
    /// The table that would have got it, for people.
    pub target: String,
    /// The columns of its key with the texts of their values, in their order.
    pub key: Vec<(String, String)>,
    /// Why it was rejected.
    pub message: String,
    /// The row of the source, as a JSON object.
    pub row: String,
    /// What it takes to try it again.
    pub plan: RejectedPlan,
}

/// What of a plan it takes to try a row again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedPlan {
    pipeline: String,
    source: String,
    pub(super) key: Vec<String>,
    schema: Option<String>,
    table: String,
    columns: Vec<String>,
    mode: String,
    batch_bytes: u32,
}

impl RejectedPlan {
    /// That of a plan and its pipeline.
    pub fn new(pipeline: &str, plan: &TransformPlan) -> Self {
        let mode = match plan.mode {
            ApplyMode::UpdateByKey => "update-by-key",
            ApplyMode::Insert => "insert",
            ApplyMode::Upsert => "upsert",
        };
        Self {
            pipeline: pipeline.to_owned(),
            source: plan.source.clone(),
            key: plan.key.clone(),
            schema: plan.into.schema.clone(),
            table: plan.into.table.clone(),
            columns: plan.into.columns.clone(),
            mode: mode.to_owned(),
            batch_bytes: plan.batch_bytes,
        }
    }

    /// Which transform of the migration it is.
    pub fn pipeline(&self) -> &str {
        &self.pipeline
    }

    /// The most bytes of a row.
    pub fn bytes_max(&self) -> usize {
        usize::try_from(self.batch_bytes).unwrap_or(usize::MAX)
    }

    /// The plan, for one row at a time.
    pub fn plan(&self) -> Option<TransformPlan> {
        let mode = match self.mode.as_str() {
            "update-by-key" => ApplyMode::UpdateByKey,
            "insert" => ApplyMode::Insert,
            "upsert" => ApplyMode::Upsert,
            _ => return None,
        };
        let into = crate::bindings::bulk::Target {
            schema: self.schema.clone(),
            table: self.table.clone(),
            columns: self.columns.clone(),
        };
        let Self { source, key, batch_bytes, .. } = self.clone();
        Some(TransformPlan {
            source,
            key,
            into,
            mode,
            batch_rows: 1,
            batch_bytes,
            parallelism: 1,
            commit_per_batch: true,
        })
    }
}

impl RejectedRow {
    /// The key for people: `id = 7`.
    pub fn shown_key(&self) -> String {
        let columns = self.key.iter().map(|(name, value)| {
            let shown: String = value.chars().take(100).collect();
            format!("{name} = {shown}")
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// The statement that writes it, in ASCII. It gives the number of the table that it went into.
    pub(super) fn insert(&self, table: &TableName, revision: &str, direction: &str) -> String {
        let json = |text: &str| format!("{}::pg_catalog.jsonb", plain_text(text));
        let key: serde_json::Map<String, serde_json::Value> =
            self.key.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let message: String = self.message.chars().take(MESSAGE_CHARACTERS_MAX).collect();
        format!(
            "INSERT INTO {} (id, revision, direction, statement, transform, target, key, message, source_row, plan, rejected_at) \
             VALUES (pg_catalog.gen_random_uuid(), {}, {}, {}, {}, {}, {}, {}, {}, {}, pg_catalog.clock_timestamp()) \
             RETURNING tableoid",
            table.quoted(),
            plain_text(revision),
            plain_text(direction),
            self.statement,
            plain_text(&self.transform),
            plain_text(&self.target),
            json(&serde_json::Value::Object(key).to_string()),
            plain_text(&message),
            json(&self.row),
            json(&serde_json::to_string(&self.plan).unwrap_or_default()),
        )
    }
}
