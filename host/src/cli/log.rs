//! `host log`.

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::report::terminal::Line;
use super::report::text::count;
use super::report::text::duration;
use super::report::text::list_or;
use super::settings::Settings;
use super::unfinished;
use crate::db::LogRow;

#[derive(Debug, Args)]
pub(super) struct LogArguments {
    /// Only the newest N entries
    #[arg(short, long, value_name = "N", value_parser = at_least_one)]
    limit: Option<u32>,
}

/// Elsewhere 0 is no limit, and it could as well mean no entries: so it is neither.
fn at_least_one(text: &str) -> Result<u32, &'static str> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a number of entries, at least 1; without this option all are shown"),
        Ok(number) => Ok(number),
    }
}

pub(super) async fn run(settings: &Settings, arguments: &LogArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let mut runner = settings.runner(&project, settings.options()).await?;
    let rows = runner.log(arguments.limit).await?;
    let unfinished = runner.unfinished().await?;
    runner.close().await;
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({
            "log": rows.iter().map(document).collect::<Vec<_>>(),
            "unfinished": unfinished::documents(&unfinished),
        }));
        return Ok(0);
    }
    for row in &rows {
        report.line(&line(row));
        if report.is_verbose() {
            report.line(&format!("    source digest: {}", row.source_digest.as_deref().unwrap_or("none")));
            report.line(&format!("    component digest: {}", row.component_digest.as_deref().unwrap_or("none")));
            if let Some(digest) = &row.runtime_digest {
                report.line(&format!("    runtime digest: {digest}"));
            }
            report.line(&format!("    host {}", row.host_version));
        }
        if let (Some(from), Some(to)) = (&row.detail.from, &row.detail.to) {
            report.line(&format!("    from {} to {}", list_or(from, "base"), list_or(to, "base")));
        }
        if let Some(skipped) = row.detail.skipped {
            report.line(&format!("    {} rejected and skipped", count(skipped, "row")));
        }
        if let Some(repaired) = &row.detail.repaired {
            report.line(&format!("    accepted a changed file: {}", repaired.difference));
        }
        if let Some(error) = &row.error {
            report.lines(&Line::block(4, error).collect::<Vec<_>>());
        }
    }
    if rows.is_empty() {
        report.note("nothing has run on this database yet");
    }
    unfinished::note(report, &unfinished);
    Ok(0)
}

fn line(row: &LogRow) -> String {
    let milliseconds = u64::try_from(row.milliseconds).unwrap_or_default();
    let number = |number: i64| u64::try_from(number).unwrap_or_default();
    format!(
        "{}  {:<9}  {}  {:<6}  {}, {}, {}, by {}",
        row.started_at,
        what(row),
        row.revision,
        row.outcome,
        duration(milliseconds),
        count(number(row.statements), "statement"),
        count(number(row.rows), "row"),
        row.database_user,
    )
}

/// What was done: a repair is one kind of stamp in the table, so that any version of host can read it.
pub(super) fn what(row: &LogRow) -> &str {
    if row.detail.repaired.is_some() { "repair" } else { &row.direction }
}

pub(super) fn document(row: &LogRow) -> serde_json::Value {
    json!({
        "id": row.id,
        "revision": row.revision,
        "direction": what(row),
        "outcome": row.outcome,
        "source_digest": row.source_digest,
        "component_digest": row.component_digest,
        "runtime_digest": row.runtime_digest,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "milliseconds": row.milliseconds,
        "statements": row.statements,
        "rows": row.rows,
        "rows_skipped": row.detail.skipped.unwrap_or(0),
        "database_user": row.database_user,
        "host_version": row.host_version,
        "error": row.error,
        "from": row.detail.from,
        "to": row.detail.to,
        "source_digest_before": row.detail.repaired.as_ref().map(|repaired| &repaired.source_digest_before),
        "difference": row.detail.repaired.as_ref().map(|repaired| &repaired.difference),
    })
}
