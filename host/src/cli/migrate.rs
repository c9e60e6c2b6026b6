//! `host upgrade` and `host downgrade`.

use std::mem::ManuallyDrop;
use std::time::Duration;

use clap::Args;
use clap::ValueEnum;
use serde_json::json;

use super::failure::Failure;
use super::guard;
use super::guard::Consent;
use super::guard::Deed;
use super::report::text::count;
use super::report::text::list_or;
use super::settings::Settings;
use super::signals;
use super::target::Target;
use super::times::TimeArguments;
use super::times::server_timeout;
use crate::config::OnRowError;
use crate::execute::Options;
use crate::execute::RunError;
use crate::plan::Direction;
use crate::plan::Plan;
use crate::plan::PreparedPlan;
use crate::project::Project;

#[derive(Debug, Args)]
#[command(
    after_help = "Targets: head, heads, base, a revision or a unique prefix of one, +N, -N, REVISION+N, REVISION-N, \
                        LABEL@head, LABEL@base, LABEL@REVISION, LABEL@+N, LABEL@-N."
)]
pub(super) struct MigrateArguments {
    /// The target
    #[arg(allow_negative_numbers = true)]
    target: String,
    /// Show the plan, change nothing, and exit with code 3 if anything stands in its way
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
    /// What becomes of rows that a transform or the server rejects [default: as in host.toml]
    #[arg(long, value_name = "WHAT", conflicts_with = "sql")]
    on_row_error: Option<RowErrorArgument>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    times: TimeArguments,
    /// End a statement that runs longer than this (the server's statement_timeout); 0 is no limit [default: as in host.toml]
    #[arg(long, value_name = "TIME", value_parser = server_timeout)]
    statement_timeout: Option<Duration>,
}

/// [`OnRowError`] as it is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum RowErrorArgument {
    /// The first one ends the run
    Fail,
    /// They stay as they are and are written down
    SkipAndRecord,
}

impl From<RowErrorArgument> for OnRowError {
    fn from(argument: RowErrorArgument) -> Self {
        match argument {
            RowErrorArgument::Fail => Self::Fail,
            RowErrorArgument::SkipAndRecord => Self::SkipAndRecord,
        }
    }
}

pub(super) async fn run(
    settings: &Settings,
    direction: Direction,
    arguments: &MigrateArguments,
) -> Result<u8, Failure> {
    let only_reads = arguments.sql || arguments.dry_run || arguments.target.contains(':');
    let is_plain_upgrade = direction == Direction::Upgrade && !only_reads;
    let (project, connection) = match arguments.build {
        true => (super::build::build(settings, settings.project_to_build()?)?, None),
        false if is_plain_upgrade => settings.project_and_connection(arguments.times.lock_timeout).await?,
        false => (settings.project()?, None),
    };
    // The process ends with the command: giving back thousands of migrations one by one would only take time.
    let project = ManuallyDrop::new(project);
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
        on_row_error: arguments.on_row_error.map(OnRowError::from),
        compiler: super::worker::compiler(settings)?,
        ..settings.options()
    };
    // These look at all components, or show them to somebody who has to agree.
    if arguments.sql || arguments.dry_run || direction == Direction::Downgrade {
        super::build::build_alembic(settings, &project)?;
    }
    if arguments.sql {
        return script(settings, &project, direction, &arguments.target, &options).await;
    }
    if arguments.target.contains(':') {
        return Err(Failure::usage("Range revision not allowed", "a range FROM:TO is for --sql"));
    }
    if arguments.dry_run {
        return super::dry_run::run(settings, &project, direction, &arguments.target, options).await;
    }
    let target = settings.announced_target(&project)?;
    let plan = match direction {
        Direction::Downgrade => agreed(settings, &project, &target, arguments, &options).await?,
        Direction::Upgrade => None,
    };
    let mut runner = settings.runner_through(connection, &target, &project, options).await?;
    signals::listen(&project, runner.interrupt(), settings.report().clone());
    let mut observer = settings.report().observer();
    let mut result = match &plan {
        Some(plan) => runner.apply(plan, &mut observer).await,
        None => runner.run(direction, &arguments.target, &mut observer).await,
    };
    // Nothing was locked yet. Where there is nothing to do, nothing was looked at either.
    if plan.is_none()
        && result.as_ref().is_err_and(RunError::is_outdated)
        && super::build::build_alembic(settings, &project)?
    {
        result = runner.run(direction, &arguments.target, &mut observer).await;
    }
    runner.close().await;
    let plan = result?.plan;
    if !plan.steps.is_empty() {
        super::dump::after_run(settings, &project).await;
    }
    finished(settings, &plan);
    Ok(0)
}

/// The plan of a downgrade that somebody has agreed to, where that is needed: nothing else may run then.
async fn agreed(
    settings: &Settings,
    project: &Project,
    target: &Target,
    arguments: &MigrateArguments,
    options: &Options,
) -> Result<Option<PreparedPlan>, Failure> {
    let Some(question) = guard::check(settings, project, target, Deed::Downgrade, &arguments.consent)? else {
        return Ok(None);
    };
    let mut runner = settings.runner_on(target, project, options.clone()).await?;
    let plan = runner.admitted(Direction::Downgrade, &arguments.target).await;
    // Whoever thinks about it keeps no session open.
    runner.close().await;
    let plan = plan?;
    if !plan.steps.is_empty() {
        question.ask(settings, guard::downgrade_lines(project, &plan, question.database()))?;
    }
    Ok(Some(plan))
}

/// Runs all migrations on a database.
pub(super) async fn upgrade_all(settings: &Settings, project: &Project, target: &Target) -> Result<(), Failure> {
    let options = Options { compiler: super::worker::compiler(settings)?, ..settings.options() };
    let mut runner = settings.runner_on(target, project, options).await?;
    signals::listen(project, runner.interrupt(), settings.report().clone());
    super::build::build_alembic(settings, project)?;
    let result = runner.run(Direction::Upgrade, "heads", &mut settings.report().observer()).await;
    runner.close().await;
    let plan = result?.plan;
    super::dump::after_run(settings, project).await;
    finished(settings, &plan);
    Ok(())
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
