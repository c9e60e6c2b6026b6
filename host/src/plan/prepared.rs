//! A plan with all that decides what it will do: for review before it runs, and for running exactly that. Pure.
//!
//! It is one JSON document. Applying it means to make it anew under the migration lock and to compare: what the document says
//! is never run itself, so a document can only be refused or fit.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use super::Direction;
use crate::digest::Digest;
use crate::grant::Classes;
use crate::revision::RevisionId;

/// The version of [`PreparedPlan`] that this host writes and reads.
pub const PLAN_FORMAT: u32 = 1;

/// A plan for one environment of a project, with the digests of what would run and the settings that it would run under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedPlan {
    /// The version of this format, [`PLAN_FORMAT`].
    pub format: u32,
    /// The version of the host that made it. Another one may apply it: a difference that matters shows elsewhere.
    pub host_version: String,
    /// Whether migrations are applied or taken back.
    pub direction: Direction,
    /// The target as it was given.
    pub target: String,
    /// The rows of the version table before the first step.
    pub heads_before: BTreeSet<RevisionId>,
    /// The rows after the last step.
    pub heads_after: BTreeSet<RevisionId>,
    /// The steps in order; empty when there is nothing to do.
    pub steps: Vec<PreparedStep>,
    /// What the user should know before it runs, in sentences.
    pub notes: Vec<String>,
    /// What would have refused it when it was made; that is found again, and not compared.
    #[serde(default)]
    pub problems: Vec<PlanProblem>,
    /// Migrations without a transaction that were begun and are not finished.
    pub unfinished: Vec<UnfinishedStep>,
    /// What was asked for besides the target.
    pub options: PlanOptions,
    /// What the environment says, with these options.
    pub settings: PlanSettings,
}

/// One migration to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedStep {
    /// The migration.
    pub revision: RevisionId,
    /// Whether it is applied or taken back.
    pub direction: Direction,
    /// What the migration does, in its author's words.
    pub message: String,
    /// The parents for an upgrade, the revision for a downgrade.
    pub from: Vec<RevisionId>,
    /// The revision for an upgrade, the parents for a downgrade.
    pub to: Vec<RevisionId>,
    /// The rows of the version table before the step.
    pub heads_before: BTreeSet<RevisionId>,
    /// The rows after it.
    pub heads_after: BTreeSet<RevisionId>,
    /// The digest of the source, without its metadata.
    pub source_digest: Digest,
    /// The digest of the component; none when it was not built, or out of date.
    pub component_digest: Option<Digest>,
    /// The language runtime that runs it, unless it has code of its own.
    pub runtime: Option<PreparedRuntime>,
    /// Whether it runs in a transaction of its own; otherwise each of its statements stands alone.
    pub transactional: bool,
    /// What it may do: what it asks for and the environment grants.
    pub permissions: Classes,
}

/// What would refuse a plan before its first statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanProblem {
    /// A stable word for programs.
    pub kind: String,
    /// What it is, a sentence.
    pub message: String,
    /// What to do about it, where there is something to say.
    pub hint: Option<String>,
}

/// The language runtime of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedRuntime {
    /// Its name, such as `sql`.
    pub name: String,
    /// The digest of its component; none when this host does not have it.
    pub digest: Option<Digest>,
}

/// A migration without a transaction that was begun and is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnfinishedStep {
    /// The migration.
    pub revision: String,
    /// `upgrade` or `downgrade`.
    pub direction: String,
    /// How many statements from the first one on are done.
    pub statements_done: u32,
    /// The number of the first one that is not done, from 1.
    pub next_statement: u32,
    /// The command of the statement that did not come to its end, if there is one.
    pub command: Option<String>,
    /// That statement, perhaps cut.
    pub statement: Option<String>,
    /// What is known of it.
    pub state: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// What was asked for besides the target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanOptions {
    /// What migrations get as the arguments of the run.
    pub args: Vec<(String, String)>,
    /// The server's `lock_timeout` in milliseconds, if it is not that of the settings.
    pub lock_timeout_milliseconds: Option<u64>,
    /// The server's `statement_timeout` in milliseconds, if it is not that of the settings.
    pub statement_timeout_milliseconds: Option<u64>,
}

/// The settings that decide what a step can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSettings {
    /// The name of the environment.
    pub environment: String,
    /// The role under which statements run, if it is not the user who logs in.
    pub role: Option<String>,
    /// The table that holds the heads.
    pub version_table: String,
    /// The table that records what ran.
    pub log_table: String,
    /// The table that holds the statements of unfinished steps.
    pub journal_table: String,
    /// The server's `lock_timeout` in milliseconds, 0 for none.
    pub lock_timeout_milliseconds: u64,
    /// The server's `statement_timeout` in milliseconds, 0 for none.
    pub statement_timeout_milliseconds: u64,
    /// How much a migration may use, by the keys of host.toml, each with its unit. In the document the keys are written as all
    /// others are: `guest_time` for `guest-time`.
    #[serde(with = "snake_case_keys")]
    pub limits: BTreeMap<String, String>,
}

/// Keys of host.toml as those of a document.
mod snake_case_keys {
    use std::collections::BTreeMap;

    use serde::Deserialize as _;
    use serde::Deserializer;
    use serde::Serializer;

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<String, String>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(map.iter().map(|(key, value)| (key.replace('-', "_"), value)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
        let map = BTreeMap::<String, String>::deserialize(from)?;
        Ok(map.into_iter().map(|(key, value)| (key.replace('_', "-"), value)).collect())
    }
}

/// Why a document is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanFormatError {
    /// It is of another version.
    #[error("it has format {format}, and this host reads format {PLAN_FORMAT}")]
    Format {
        /// The version.
        format: u64,
    },
    /// It is not what it should be.
    #[error("{0}")]
    Json(serde_json::Error),
}

impl PlanFormatError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Format { .. } => "make a new plan with this host, or apply it with the host that made it".to_owned(),
            Self::Json(_) => "make it with `host upgrade TARGET --dry-run --json`".to_owned(),
        }
    }
}

impl PreparedPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`PlanFormatError`]; also for keys that this host does not know, because they may matter.
    pub fn from_json(json: &[u8]) -> Result<Self, PlanFormatError> {
        // Read first and alone: the rest may be different in another format.
        #[derive(Deserialize)]
        struct Format {
            format: u64,
        }

        let Format { format } = serde_json::from_slice(json).map_err(PlanFormatError::Json)?;
        if format != u64::from(PLAN_FORMAT) {
            return Err(PlanFormatError::Format { format });
        }
        serde_json::from_slice(json).map_err(PlanFormatError::Json)
    }

    /// Writes the plan as one line of JSON.
    ///
    /// # Errors
    /// None that is known: it has only texts, numbers and lists.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
