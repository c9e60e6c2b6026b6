//! `host backfill rejected`: the rows that transforms passed over.

use clap::Args;
use serde_json::Value;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::report::terminal::Line;
use crate::cli::report::text::count;
use crate::cli::report::text::safe_line;
use crate::cli::settings::Settings;
use crate::db::RecordedRow;
use crate::db::statement_journal::in_short;
use crate::project::Project;
use crate::revision::RevisionId;

/// The most characters of a row that are shown.
const ROW_CHARACTERS_MAX: usize = 500;

#[derive(Debug, Clone, Args)]
pub(super) struct RejectedArguments {
    /// Show those of this revision only: its whole id, or a unique prefix of it
    #[arg(long, value_name = "REVISION")]
    pub(super) revision: Option<String>,
}

pub(super) async fn run(settings: &Settings, project: &Project, arguments: &RejectedArguments) -> Result<u8, Failure> {
    let named = arguments.revision.as_deref().map(|text| Named::new(project, text)).transpose()?;
    let target = settings.target(project)?;
    let mut runner = settings.runner_on(&target, project, settings.options()).await?;
    let rows = runner.rejected(named.as_ref().map(|named| &named.revision)).await;
    runner.close().await;
    let rows = rows?;
    if let (Some(named), true) = (&named, rows.is_empty()) {
        named.with_nothing()?;
    }
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({ "rejected": rows.iter().map(document).collect::<Vec<_>>() }));
        return Ok(0);
    }
    for recorded in &rows {
        let row = &recorded.row;
        report.line(&shown(recorded, in_short(&row.message)));
        if report.is_verbose() {
            if in_short(&row.message) != row.message {
                report.lines(&Line::block(4, &row.message).collect::<Vec<_>>());
            }
            let shown: String = row.row.chars().take(ROW_CHARACTERS_MAX).collect();
            report.line(&safe_line(&format!("    {shown}")));
        }
    }
    match rows.len() {
        0 => report.note("no row is rejected"),
        number => {
            let rows = count(u64::try_from(number).unwrap_or(u64::MAX), "row");
            report.note(&format!("{rows} rejected; `host backfill retry-failed` tries again"));
        }
    }
    Ok(0)
}

/// `a1  id = 7 of public.guests: this is no phone number`
pub(super) fn shown(recorded: &RecordedRow, what: &str) -> String {
    let RecordedRow { step, row, .. } = recorded;
    safe_line(&format!("{}  {} of {}: {what}", step.revision, row.shown_key(), row.target))
}

/// A revision that somebody names. One that the project does not have any more may still have rejected rows.
pub(super) struct Named {
    pub(super) revision: RevisionId,
    is_of_project: bool,
}

impl Named {
    /// The revision that a text names: its whole id, or a unique prefix of one of the project.
    pub(super) fn new(project: &Project, text: &str) -> Result<Self, Failure> {
        let ids = || project.migrations().iter().map(|migration| &migration.metadata.revision);
        let exact = RevisionId::new(text).map_err(|error| Failure::usage(error.to_string(), HINT))?;
        let mut found = ids().filter(|id| id.as_str().starts_with(text));
        let of_project = match (ids().find(|id| **id == exact), found.next(), found.next()) {
            (Some(id), ..) | (None, Some(id), None) => Some(id),
            _ => None,
        };
        Ok(Self { revision: of_project.unwrap_or(&exact).clone(), is_of_project: of_project.is_some() })
    }

    /// Where neither the project nor the database knows it, it was mistyped.
    pub(super) fn with_nothing(&self) -> Result<(), Failure> {
        if self.is_of_project {
            return Ok(());
        }
        let (name, what) = (&self.revision, "and nothing of it was rejected");
        Err(Failure::usage(format!("the project has no revision '{name}', {what}"), HINT))
    }
}

const HINT: &str =
    "name a revision as `host history` or `host backfill rejected` shows it, or a prefix that only one has";

pub(super) fn document(recorded: &RecordedRow) -> Value {
    let row = &recorded.row;
    let key: serde_json::Map<String, Value> =
        row.key.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "revision": recorded.step.revision,
        "direction": recorded.step.direction,
        "statement": row.statement,
        "transform": row.transform,
        "table": row.target,
        "key": key,
        "message": row.message,
        "row": serde_json::from_str::<Value>(&row.row).unwrap_or_default(),
        "rejected_at": recorded.rejected_at,
    })
}
