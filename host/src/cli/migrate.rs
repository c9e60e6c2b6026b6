//! `host upgrade` and `host downgrade`.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::report::text::count;
use super::report::text::list_or;
use super::settings::Settings;
use super::signals;
use super::times::TimeArguments;
use super::times::server_timeout;
use super::unfinished;
use crate::db::Unfinished;
use crate::execute::Options;
use crate::plan::Direction;
use crate::plan::Plan;
use crate::plan::PreparedPlan;
use crate::project::Project;
use crate::runtime::Compiler;

#[derive(Debug, Args)]
#[command(
    after_help = "Targets: head, heads, base, a revision or a unique prefix of one, +N, -N, REVISION+N, REVISION-N, \
                        LABEL@head, LABEL@base, LABEL@REVISION, LABEL@+N, LABEL@-N."
)]
pub(super) struct MigrateArguments {
    /// The target
    #[arg(allow_negative_numbers = true)]
    target: String,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print an SQL script instead of running; the target may be a range FROM:TO, and no database is asked
    #[arg(long, conflicts_with_all = ["dry_run", "allow_changed"])]
    sql: bool,
    /// Pass TAG to migrations as the argument `tag`
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Build outdated migrations first
    #[arg(long, conflicts_with = "dry_run")]
    build: bool,
    /// Continue although applied migrations have changed since
    #[arg(long)]
    allow_changed: bool,
    /// Let a downgrade also remove revisions of branches that the target does not name
    #[arg(long)]
    all_branches: bool,
    /// Resume an unfinished step without a transaction at statement N, from 1; it and those after it run again
    #[arg(long, value_name = "N", conflicts_with_all = ["dry_run", "sql"], value_parser = clap::value_parser!(u32).range(1..))]
    resume_from: Option<u32>,
    /// Take statement N of an unfinished step as done and resume after it (can be repeated)
    #[arg(long, value_name = "N", conflicts_with_all = ["dry_run", "sql"], value_parser = clap::value_parser!(u32).range(1..))]
    mark_done: Vec<u32>,
    #[command(flatten)]
    times: TimeArguments,
    /// End a statement that runs longer than this (the server's statement_timeout); 0 is no limit [default: as in host.toml]
    #[arg(long, value_name = "TIME", value_parser = server_timeout)]
    statement_timeout: Option<Duration>,
}

pub(super) async fn run(
    settings: &Settings,
    direction: Direction,
    arguments: &MigrateArguments,
) -> Result<u8, Failure> {
    let project = match arguments.build {
        true => super::build::build(settings, settings.project_to_build()?)?,
        false => settings.project()?,
    };
    let mut arguments_of_run = settings.options().args;
    arguments_of_run.extend(arguments.tag.iter().map(|tag| ("tag".to_owned(), tag.clone())));
    let options = Options {
        args: arguments_of_run,
        allow_changed: arguments.allow_changed,
        all_branches: arguments.all_branches,
        wait: arguments.times.wait,
        lock_timeout: arguments.times.lock_timeout,
        statement_timeout: arguments.statement_timeout,
        resume_from: arguments.resume_from,
        mark_done: arguments.mark_done.clone(),
        compiler: if arguments.dry_run {
            Compiler { languages: super::worker::languages(settings), ..Compiler::default() }
        } else {
            super::worker::compiler(settings)?
        },
        ..settings.options()
    };
    if arguments.sql {
        return script(settings, &project, direction, &arguments.target, &options).await;
    }
    if arguments.target.contains(':') {
        return Err(Failure::usage("Range revision not allowed", "a range FROM:TO is for --sql"));
    }
    if arguments.dry_run {
        let mut runner = settings.runner(&project, options).await?;
        let plan = runner.plan(direction, &arguments.target).await?;
        let unfinished = runner.unfinished().await?;
        runner.close().await;
        show_plan(settings, &plan, &unfinished)?;
        return Ok(0);
    }
    let mut runner = settings.writing_runner(&project, options).await?;
    signals::listen(&project, runner.interrupt(), settings.report().clone());
    let result = runner.run(direction, &arguments.target, &mut settings.report().observer()).await;
    runner.close().await;
    finished(settings, &result?.plan);
    Ok(0)
}

/// Prints the script; all of it or nothing.
async fn script(
    settings: &Settings,
    project: &Project,
    direction: Direction,
    target: &str,
    options: &Options,
) -> Result<u8, Failure> {
    let (from, to) = match (target.split_once(':'), direction) {
        (Some((from, to)), _) => (if from.is_empty() { "base" } else { from }, to),
        (None, Direction::Upgrade) => ("base", target),
        (None, Direction::Downgrade) => {
            return Err(Failure::usage(
                "downgrade with --sql requires <fromrev>:<torev>",
                "say where it begins, because no database is asked: host downgrade --sql FROM:TO",
            ));
        }
    };
    let script = crate::execute::write_offline_sql(project, direction, from, to, options).await?;
    if settings.report().is_json() {
        settings.report().document(&json!({ "sql": script }));
    } else {
        settings.report().exactly(&format!("{}\n", script.trim_end()));
    }
    Ok(0)
}

pub(super) fn finished(settings: &Settings, plan: &Plan) {
    let report = settings.report();
    let heads: Vec<_> = plan.heads_after.iter().collect();
    if report.is_json() {
        report.document(&json!({
            "event": "finished",
            "direction": plan.direction.name(),
            "steps": plan.steps.len(),
            "heads": heads,
        }));
    } else if plan.steps.is_empty() {
        report.note(&format!("nothing to do: the database is at {}", list_or(&heads, "base")));
    } else {
        let steps = u64::try_from(plan.steps.len()).unwrap_or(u64::MAX);
        report.note(&format!("{} done: the database is at {}", count(steps, "step"), list_or(&heads, "base")));
    }
}

fn show_plan(settings: &Settings, plan: &PreparedPlan, unfinished: &[Unfinished]) -> Result<(), Failure> {
    let report = settings.report();
    if report.is_json() {
        let document = serde_json::to_value(plan);
        report.document(&document.map_err(|error| Failure::bug(format!("the plan cannot be written: {error}")))?);
        return Ok(());
    }
    unfinished::note(report, unfinished);
    for step in &plan.steps {
        let message = Some(&step.message).filter(|message| !message.is_empty()).map(|message| format!(", {message}"));
        report.line(&super::report::text::safe_line(&format!(
            "Would run {} {} -> {}{}",
            step.direction.name(),
            list_or(&step.from, ""),
            list_or(&step.to, ""),
            message.unwrap_or_default(),
        )));
    }
    for note in &plan.notes {
        report.note_in_result(&format!("this {} {note}", plan.direction.name()));
    }
    if plan.steps.is_empty() {
        let heads: Vec<_> = plan.heads_before.iter().collect();
        report.note(&format!("nothing to do: the database is at {}", list_or(&heads, "base")));
    }
    Ok(())
}
