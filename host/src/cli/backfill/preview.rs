//! `host backfill preview`: an upgrade on a sample of the rows, of which nothing stays.

use std::time::Duration;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use crate::cli::failure::CHECK_SAYS_NO;
use crate::cli::failure::Failure;
use crate::cli::report::text::count;
use crate::cli::report::text::duration;
use crate::cli::report::text::safe_line;
use crate::cli::settings::Settings;
use crate::cli::signals;
use crate::cli::times::server_timeout;
use crate::db::ShownRow;
use crate::db::statement_journal::in_short;
use crate::execute::Options;
use crate::execute::Preview;
use crate::execute::PreviewedStep;
use crate::host_functions::Change;
use crate::host_functions::TransformSample;

/// The most characters of a value that are shown.
const CHARACTERS_MAX: usize = 60;

/// The most rejected rows that are shown.
const REJECTED_SHOWN: usize = 5;

/// What stays of a transaction that was rolled back, and what it cost others.
const WHAT_STAYS: &str = "rolled back: what stays is numbers that sequences gave out, and room that vacuum takes back; the whole is estimated from these \
                          rows, on one connection";

#[derive(Debug, Clone, Args)]
pub(super) struct PreviewArguments {
    /// The target
    #[arg(default_value = "head", allow_negative_numbers = true)]
    target: String,
    /// Try ranges of at most so many rows: the first, the last, and some at random
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rows: u32,
    /// Give up on a statement that waits longer than this for a lock [default: as in host.toml]
    #[arg(long, value_name = "TIME", value_parser = server_timeout)]
    lock_timeout: Option<Duration>,
}

pub(super) async fn run(settings: &Settings, arguments: &PreviewArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let target = settings.announced_target(&project)?;
    let options = Options {
        compiler: crate::cli::worker::compiler(settings)?,
        lock_timeout: arguments.lock_timeout,
        ..settings.options()
    };
    let mut runner = settings.runner_on(&target, &project, options).await?;
    signals::listen(&project, runner.interrupt(), settings.report().clone());
    let result = runner.preview(&arguments.target, arguments.rows, &mut settings.report().observer()).await;
    runner.close().await;
    let preview = result?;
    show(settings, &preview);
    let is_fine = preview.steps.iter().all(is_fine);
    Ok(if is_fine { 0 } else { CHECK_SAYS_NO })
}

/// Whether no row was rejected, and a step without a transform did not fail.
fn is_fine(step: &PreviewedStep) -> bool {
    step.samples.iter().all(|sample| sample.rejected.is_empty()) && (step.ended.is_none() || !step.samples.is_empty())
}

fn show(settings: &Settings, preview: &Preview) {
    let report = settings.report();
    if report.is_json() {
        report.document(&document(preview));
        return;
    }
    for step in &preview.steps {
        let message = if step.message.is_empty() { String::new() } else { format!(", {}", step.message) };
        report.line(&safe_line(&format!("{}{message}", step.revision)));
        for statement in &step.left_out {
            report.line(&safe_line(&format!("  left out, it cannot run in a transaction: {statement}")));
        }
        for sample in &step.samples {
            lines(sample).iter().for_each(|line| report.line(&safe_line(line)));
        }
        if let Some(why) = &step.ended {
            let what = if step.samples.is_empty() {
                "it fails"
            } else {
                "what comes behind it fails on the rows as they were"
            };
            report.line(&safe_line(&format!("  {what}: {}", in_short(why))));
        }
        if step.samples.is_empty() && step.ended.is_none() {
            report.line("  it rewrites no table by a transform");
        }
    }
    for revision in &preview.not_reached {
        report.line(&format!("{revision} is not tried: the step before it did not come to its end"));
    }
    match preview.steps.len() {
        0 => report.note("nothing to do"),
        _ => report.note(WHAT_STAYS),
    }
}

/// What is told of a transform.
fn lines(sample: &TransformSample) -> Vec<String> {
    let verb = if sample.inserts { "inserts into" } else { "updates" };
    let how_much = if sample.is_all { "all of it".to_owned() } else { count(sample.ranges.into(), "range") };
    let mut lines = vec![format!(
        "  '{}' {verb} {}: {} read in {how_much}, {} written in {}",
        sample.transform,
        sample.target,
        count(sample.rows, "row"),
        count(sample.written, "row"),
        duration(milliseconds(sample.took)),
    )];
    for change in &sample.shown {
        lines.extend(of_change(sample, change));
    }
    if !sample.rejected.is_empty() {
        lines.push(format!("    {} rejected:", count(u64::try_from(sample.rejected.len()).unwrap_or(u64::MAX), "row")));
        for row in sample.rejected.iter().take(REJECTED_SHOWN) {
            lines.push(format!("      {}: {}", row.shown_key(), in_short(&row.message)));
        }
    }
    let estimate = Estimate::of(sample);
    let mut parts = vec![format!("about {}", count(estimate.rows, "row")), duration(estimate.milliseconds)];
    parts.extend(estimate.wal_bytes.map(|bytes| format!("{} of WAL", about(bytes))));
    parts.extend(estimate.growth_bytes.map(|bytes| format!("{} more for the table until vacuum", about(bytes))));
    lines.push(format!("    the whole: {}", parts.join(", ")));
    lines
}

/// A row before and after, value by value where they differ.
fn of_change(sample: &TransformSample, change: &Change) -> Vec<String> {
    if let Some(source) = &change.source {
        let mut lines = vec![format!("    {}: {}", change.key, cut(source))];
        lines.extend(change.after.iter().map(|row| {
            let values = sample.columns.iter().zip(row).map(|(column, value)| format!("{column} = {}", text(value)));
            format!("      -> {}", values.collect::<Vec<_>>().join(", "))
        }));
        return lines;
    }
    let after = change.after.first();
    let differences: Vec<String> = sample
        .columns
        .iter()
        .enumerate()
        .filter_map(|(index, column)| {
            let value = |row: Option<&ShownRow>| row.and_then(|row| row.get(index).cloned()).flatten();
            let (before, after) = (value(change.before.as_ref()), value(after));
            (before != after).then(|| format!("{column}: {} -> {}", text(&before), text(&after)))
        })
        .collect();
    match differences.is_empty() {
        true => vec![format!("    {}: unchanged", change.key)],
        false => vec![format!("    {}: {}", change.key, differences.join(", "))],
    }
}

fn text(value: &Option<String>) -> String {
    value.as_ref().map_or_else(|| "NULL".to_owned(), |value| format!("'{}'", cut(value)))
}

fn cut(value: &str) -> String {
    if value.chars().count() <= CHARACTERS_MAX {
        return value.to_owned();
    }
    value.chars().take(CHARACTERS_MAX).chain(['…']).collect()
}

/// `120 MiB`, rounded down to its unit.
fn about(bytes: u64) -> String {
    let units = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(size, _)| bytes >= *size);
    unit.map_or_else(|| format!("{bytes} bytes"), |(size, name)| format!("{} {name}", bytes / size))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What the whole takes, as far as a sample tells.
struct Estimate {
    rows: u64,
    milliseconds: u64,
    wal_bytes: Option<u64>,
    growth_bytes: Option<u64>,
}

impl Estimate {
    fn of(sample: &TransformSample) -> Self {
        let extent = sample.extent;
        let rows = if sample.is_all { sample.rows } else { extent.rows.max(sample.rows) };
        let of_whole = |part: u128| {
            let whole = part.saturating_mul(u128::from(rows)).checked_div(u128::from(sample.rows)).unwrap_or(0);
            u64::try_from(whole).unwrap_or(u64::MAX)
        };
        // Each row that is updated is written a second time; how large a new one is nobody knows yet.
        let known = extent.target_rows.filter(|known| *known > 0 && !sample.inserts);
        let growth = known.map(|known| {
            let row = u128::from(extent.target_bytes) / u128::from(known);
            of_whole(row.saturating_mul(u128::from(sample.written)))
        });
        Self {
            rows,
            milliseconds: of_whole(sample.took.as_millis()),
            wal_bytes: sample.wal_bytes.map(|bytes| of_whole(bytes.into())),
            growth_bytes: growth,
        }
    }
}

fn document(preview: &Preview) -> Value {
    let steps = preview.steps.iter().map(|step| {
        json!({
            "revision": step.revision,
            "message": step.message,
            "transforms": step.samples.iter().map(transform).collect::<Vec<_>>(),
            "left_out": step.left_out,
            "ended": step.ended,
        })
    });
    json!({ "steps": steps.collect::<Vec<_>>(), "not_reached": preview.not_reached })
}

fn transform(sample: &TransformSample) -> Value {
    let estimate = Estimate::of(sample);
    let row = |row: &ShownRow| -> Value {
        sample.columns.iter().cloned().zip(row.iter().map(|value| json!(value))).collect()
    };
    let shown = sample.shown.iter().map(|change| {
        json!({
            "key": change.key,
            "before": change.before.as_ref().map(row),
            "source": change.source.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
            "after": change.after.iter().map(row).collect::<Vec<_>>(),
        })
    });
    let rejected = sample.rejected.iter().map(|row| json!({ "key": row.shown_key(), "message": row.message }));
    json!({
        "transform": sample.transform,
        "table": sample.target,
        "ranges": sample.ranges,
        "is_all": sample.is_all,
        "rows_read": sample.rows,
        "rows_written": sample.written,
        "milliseconds": milliseconds(sample.took),
        "rows": shown.collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
        "estimate": {
            "rows": estimate.rows,
            "milliseconds": estimate.milliseconds,
            "wal_bytes": estimate.wal_bytes,
            "table_bytes": estimate.growth_bytes,
        },
    })
}
