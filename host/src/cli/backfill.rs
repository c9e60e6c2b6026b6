//! `host backfill`: tables that are being rewritten batch by batch.

mod preview;
mod rejected;
mod retry_failed;
mod work;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use super::failure::Failure;
use super::report::backfill::line;
use super::report::terminal::Line;
use super::report::text::count;
use super::settings::Settings;
use crate::db::backfill::BackfillStatus;
use crate::db::backfill::Wish;

#[derive(Debug, Args)]
pub(super) struct BackfillArguments {
    #[command(subcommand)]
    command: BackfillCommand,
}

#[derive(Debug, Subcommand)]
enum BackfillCommand {
    /// Show how far the tables are that are rewritten batch by batch
    Status,
    /// Help with them from this machine, beside `host upgrade` or after it, until nothing is left
    Work(work::WorkArguments),
    /// Let nobody take another batch; what is begun is finished
    Pause,
    /// Let them go on; one that nobody works on goes on with the next upgrade, or with `work`
    Resume,
    /// End those who work on them after the batch that they are at; what is committed stays
    Cancel,
    /// Try an upgrade on some rows, in a transaction that is rolled back: show them before and after, and estimate the whole
    Preview(preview::PreviewArguments),
    /// Show the rows that were rejected and skipped
    Rejected(rejected::RejectedArguments),
    /// Try again what was rejected or failed, with the migrations as they are now
    RetryFailed(retry_failed::RetryArguments),
}

pub(super) async fn run(settings: &Settings, arguments: &BackfillArguments) -> Result<u8, Failure> {
    let (wish, done) = match &arguments.command {
        BackfillCommand::Preview(arguments) => return preview::run(settings, arguments).await,
        BackfillCommand::RetryFailed(arguments) => return retry_failed::run(settings, arguments).await,
        BackfillCommand::Rejected(arguments) => return rejected::run(settings, &settings.project()?, arguments).await,
        BackfillCommand::Work(arguments) => return work::run(settings, arguments).await,
        BackfillCommand::Status => (None, ""),
        BackfillCommand::Pause => (Some(Wish::Pause), "paused"),
        BackfillCommand::Resume => (Some(Wish::Resume), "resumed"),
        BackfillCommand::Cancel => (Some(Wish::Cancel), "cancelled"),
    };
    let project = settings.project()?;
    let target = match wish {
        None => settings.target(&project)?,
        Some(_) => settings.announced_target(&project)?,
    };
    let mut runner = settings.runner_on(&target, &project, settings.options()).await?;
    let all = match wish {
        None => runner.backfills().await?,
        Some(wish) => runner.wish(wish).await?,
    };
    runner.close().await;
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({ "backfills": all.iter().map(document).collect::<Vec<_>>() }));
        return Ok(0);
    }
    for status in &all {
        report.line(&line(status));
        if let Some(error) = &status.error {
            report.lines(&Line::block(4, error).collect::<Vec<_>>());
        }
    }
    match (all.len(), wish) {
        (0, _) => report.note("no table is being rewritten batch by batch"),
        (number, Some(_)) => {
            report.note(&format!("{} {done}", count(u64::try_from(number).unwrap_or(u64::MAX), "backfill")));
        }
        _ => {}
    }
    Ok(0)
}

fn document(status: &BackfillStatus) -> Value {
    json!({
        "revision": status.backfill.step.revision,
        "direction": status.backfill.step.direction,
        "statement": status.backfill.position,
        "label": status.label,
        "state": status.state.word(),
        "rows": status.rows,
        "rows_skipped": status.rejected,
        "ranges_done": status.done,
        "ranges_open": status.open,
        "ranges_failed": status.failed,
        "rows_per_second": status.rows_per_second,
        "seconds_left": status.seconds_left,
        "waiting": status.waiting,
        "error": status.error,
    })
}
