//! `host backfill retry-failed`: what was rejected or failed, once more.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::rejected::Named;
use super::rejected::document;
use super::rejected::shown;
use crate::cli::failure::CHECK_SAYS_NO;
use crate::cli::failure::Failure;
use crate::cli::report::text::count;
use crate::cli::settings::Settings;
use crate::cli::signals;
use crate::db::statement_journal::in_short;
use crate::execute::Options;
use crate::execute::RetryError;
use crate::execute::RetryReport;
use crate::units;

#[derive(Debug, Clone, Args)]
pub(super) struct RetryArguments {
    /// Try those of this revision only, also when its source has changed since it was applied: its whole id, or a unique prefix
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
    /// Wait this long for another runner, such as 30s or 10m; 0 gives up at once [default: as in host.toml]
    #[arg(long, value_name = "TIME", value_parser = units::parse_time)]
    wait: Option<Duration>,
}

pub(super) async fn run(settings: &Settings, arguments: &RetryArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let named = arguments.revision.as_deref().map(|text| Named::new(&project, text)).transpose()?;
    let target = settings.announced_target(&project)?;
    let options =
        Options { wait: arguments.wait, compiler: crate::cli::worker::compiler(settings)?, ..settings.options() };
    let mut runner = settings.runner_on(&target, &project, options).await?;
    signals::listen(&project, runner.interrupt(), settings.report().clone());
    let revision = named.as_ref().map(|named| &named.revision);
    let result = runner.retry_failed(revision, &mut settings.report().observer()).await;
    runner.close().await;
    let report = result.map_err(|error| match error {
        RetryError::Run(error) => Failure::from(error),
        error => Failure::new(error.kind(), error.to_string(), error.hint().unwrap_or_default()),
    })?;
    if let (Some(named), true) = (&named, report == RetryReport::default()) {
        named.with_nothing()?;
    }
    show(settings, &report);
    Ok(if report.rejected.is_empty() { 0 } else { CHECK_SAYS_NO })
}

fn show(settings: &Settings, retried: &RetryReport) {
    let RetryReport { written, gone, rejected, ranges } = retried;
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({
            "rows_written": written,
            "gone": gone.iter().map(document).collect::<Vec<_>>(),
            "rejected": rejected.iter().map(document).collect::<Vec<_>>(),
            "ranges_freed": ranges,
        }));
        return;
    }
    for recorded in gone {
        report.line(&shown(recorded, "it is not there any more, so it leaves the list"));
    }
    for recorded in rejected {
        report.line(&shown(recorded, in_short(&recorded.row.message)));
    }
    let number = |rows: usize| count(u64::try_from(rows).unwrap_or(u64::MAX), "row");
    let mut parts = vec![format!("{} written", count(*written, "row"))];
    if !rejected.is_empty() {
        parts.push(format!("{} rejected again", number(rejected.len())));
    }
    if !gone.is_empty() {
        parts.push(format!("{} gone", number(gone.len())));
    }
    match (*written, gone.len() + rejected.len(), *ranges) {
        (0, 0, 0) => return report.note("nothing has failed"),
        (0, 0, _) => parts.clear(),
        _ => {}
    }
    if *ranges > 0 {
        parts.push(format!("{} can be taken again: `host upgrade` goes on", count(*ranges, "failed range")));
    }
    report.note(&parts.join(", "));
}
