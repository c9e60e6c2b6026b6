//! `host backfill work`: this machine works on tables that are being rewritten batch by batch.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::report::text::count;
use crate::cli::settings::Settings;
use crate::cli::signals;
use crate::db::backfill::BackfillState;
use crate::execute::Options;
use crate::units;

#[derive(Debug, Args)]
pub(super) struct WorkArguments {
    /// Work by so many connections [default: as the migration says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    connections: Option<u32>,
    /// Wait this long for a backfill to begin, such as 30s or 10m [default: 0]
    #[arg(long, value_name = "TIME", value_parser = units::parse_time)]
    wait: Option<Duration>,
}

pub(super) async fn run(settings: &Settings, arguments: &WorkArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let target = settings.announced_target(&project)?;
    let options = Options { compiler: crate::cli::worker::compiler(settings)?, ..settings.options() };
    let mut runner = settings.runner_on(&target, &project, options).await?;
    signals::listen_between_batches(runner.interrupt(), settings.report().clone());
    let wait = arguments.wait.unwrap_or_default();
    let result = runner.work(arguments.connections, wait, &mut settings.report().observer()).await;
    runner.close().await;
    let done = result?;
    let report = settings.report();
    if report.is_json() {
        let backfills: Vec<_> = done.done.iter().map(super::document).collect();
        report.document(&json!({ "event": "finished", "backfills": backfills }));
        return Ok(0);
    }
    for status in &done.done {
        let revision = &status.backfill.step.revision;
        report.note(&match status.state {
            BackfillState::Done => {
                let rows = count(status.rows, "row");
                format!("all ranges of {revision} are done ({rows}): the upgrade goes on, or the next one does")
            }
            // The upgrade was faster than this look.
            _ => format!("all ranges of {revision} are done, and its upgrade has gone on"),
        });
    }
    if done.done.is_empty() {
        report.note(if done.is_cancelled {
            "nothing to do: the backfill was cancelled (`host backfill resume` lets it go on)"
        } else {
            "nothing to do: no table is being rewritten batch by batch"
        });
    }
    Ok(0)
}
