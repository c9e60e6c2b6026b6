//! `host backfill`: tables that are being rewritten batch by batch.

mod rejected;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use super::failure::Failure;
use super::report::text::count;
use super::report::text::safe_line;
use super::settings::Settings;
use crate::db::backfill::BackfillState;
use crate::db::backfill::BackfillStatus;
use crate::db::backfill::Wish;

#[derive(Debug, Args)]
pub(super) struct BackfillArguments {
    #[command(subcommand)]
    command: BackfillCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum BackfillCommand {
    /// Show how far the tables are that are rewritten batch by batch
    Status,
    /// Let nobody take another batch; what is begun is finished
    Pause,
    /// Let them go on; one that nobody works on goes on with the next upgrade
    Resume,
    /// End those who work on them after the batch that they are at; what is committed stays
    Cancel,
    /// Show the rows that were rejected and skipped
    Rejected(rejected::RejectedArguments),
}

pub(super) async fn run(settings: &Settings, arguments: &BackfillArguments) -> Result<u8, Failure> {
    let (wish, done) = match &arguments.command {
        BackfillCommand::Rejected(arguments) => return rejected::run(settings, &settings.project()?, arguments).await,
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
            report.line(&format!("    {}", safe_line(error)));
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

/// `a1  run-transform 'phones' into guests: running, 120000 rows in 12 ranges, 8000 rows/s, about 3 min left`
fn line(status: &BackfillStatus) -> String {
    let BackfillStatus { backfill, label, state, rows, done, failed, rejected, .. } = status;
    let mut text = format!(
        "{}  {}: {}, {} in {}",
        backfill.step.revision,
        safe_line(label),
        state.word(),
        count(*rows, "row"),
        count(*done, "range")
    );
    text.push_str(&pace(status));
    if *rejected > 0 {
        text.push_str(&format!(", {} skipped", count(*rejected, "row")));
    }
    if *failed > 0 {
        text.push_str(&format!(", {} failed", count(*failed, "range")));
    }
    if let Some(why) = &status.waiting {
        text.push_str(&format!(": {}", safe_line(why)));
    }
    text
}

/// `phones: 120000 rows, 8000 rows/s, about 3 min left`
pub(super) fn standing(status: &BackfillStatus) -> String {
    let mut text = format!("{}: {}", status.label, count(status.rows, "row"));
    text.push_str(&pace(status));
    match (&status.waiting, status.state) {
        (Some(why), _) => text.push_str(&format!(", waiting: {why}")),
        (None, BackfillState::Paused) => text.push_str(", paused"),
        (None, _) => {}
    }
    text
}

/// `, 8000 rows/s, about 3 min left`, as far as that is known.
fn pace(status: &BackfillStatus) -> String {
    let mut text = status.rows_per_second.map(|rate| format!(", {rate} rows/s")).unwrap_or_default();
    if let Some(seconds) = status.seconds_left {
        text.push_str(&format!(", about {} left", about(seconds)));
    }
    text
}

/// A time that nobody knows exactly.
fn about(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        ..5 => "5 s".to_owned(),
        5..MINUTE => format!("{} s", seconds.next_multiple_of(5)),
        MINUTE..HOUR => format!("{} min", seconds.div_ceil(MINUTE)),
        HOUR..DAY => format!("{} h", seconds.div_ceil(HOUR)),
        DAY.. => format!("{} days", seconds.div_ceil(DAY)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_round() {
        let times = [0, 5, 6, 59, 60, 61, 3_599, 3_600, 90_000].map(about);
        assert_eq!(times, ["5 s", "5 s", "10 s", "60 s", "1 min", "2 min", "60 min", "1 h", "2 days"]);
    }
}
