//! `host stamp`.

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::guard;
use super::guard::Consent;
use super::guard::Deed;
use super::report::terminal::Line;
use super::report::text::list_or;
use super::settings::Settings;
use super::signals;
use super::times::TimeArguments;
use crate::execute::Options;

#[derive(Debug, Args)]
pub(super) struct StampArguments {
    /// The targets: revisions, unique prefixes, branch labels, head, heads or base
    #[arg(required = true, allow_negative_numbers = true)]
    targets: Vec<String>,
    /// Delete all rows of the version table first, valid or not
    #[arg(long)]
    purge: bool,
    /// Discard an unfinished step without a transaction: the database was brought to the targets by hand
    #[arg(long)]
    forget_unfinished: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    times: TimeArguments,
}

pub(super) async fn run(settings: &Settings, arguments: &StampArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let options = Options {
        forget_unfinished: arguments.forget_unfinished,
        wait: arguments.times.wait,
        lock_timeout: arguments.times.lock_timeout,
        ..settings.options()
    };
    let target = settings.announced_target(&project)?;
    if let Some(question) = guard::check(settings, &project, &target, Deed::Stamp, &arguments.consent)? {
        let targets = list_or(&arguments.targets, "");
        let purge = if arguments.purge { "; all its rows are deleted first" } else { "" };
        let database = question.database();
        let what =
            format!("This stamp sets the version table of {database} to {targets}, and runs no migration{purge}.");
        question.ask(settings, vec![Line::new(what)])?;
    }
    let mut runner = settings.runner_on(&target, &project, options).await?;
    signals::listen(&project, runner.interrupt(), settings.report().clone());
    let targets: Vec<&str> = arguments.targets.iter().map(String::as_str).collect();
    let result = runner.stamp(&targets, arguments.purge, &mut settings.report().observer()).await;
    runner.close().await;
    let plan = result?;
    let heads: Vec<_> = plan.heads_after.iter().collect();
    if settings.report().is_json() {
        settings.report().document(&json!({"event": "finished", "heads": heads}));
    } else if plan.change.remove.is_empty() && plan.change.add.is_empty() {
        settings.report().note(&format!("nothing to do: the database is at {}", list_or(&heads, "base")));
    }
    Ok(0)
}
