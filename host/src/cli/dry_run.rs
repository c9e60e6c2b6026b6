//! `host upgrade --dry-run` and `host downgrade --dry-run`: the plan, and what would refuse it.

use super::failure::CHECK_SAYS_NO;
use super::failure::Failure;
use super::problem::Problem;
use super::report::text::count;
use super::report::text::list_or;
use super::report::text::safe_line;
use super::settings::Settings;
use super::unfinished;
use crate::execute::DryRun;
use crate::execute::Options;
use crate::plan::Direction;
use crate::project::Project;

/// Shows what would run. The exit code says whether it would begin.
pub(super) async fn run(
    settings: &Settings,
    project: &Project,
    direction: Direction,
    target: &str,
    options: Options,
) -> Result<u8, Failure> {
    // The way of the run, so that what is in its way is seen.
    let mut runner = settings.runner_on(&settings.target_to_write(project)?, project, options).await?;
    let result = runner.dry_run(direction, target).await;
    runner.close().await;
    show(settings, &result?)
}

fn show(settings: &Settings, dry_run: &DryRun) -> Result<u8, Failure> {
    let DryRun { plan, problems, unfinished, rewriting } = dry_run;
    let report = settings.report();
    let code = if problems.is_empty() { 0 } else { CHECK_SAYS_NO };
    if report.is_json() {
        let document = serde_json::to_value(plan);
        report.document(&document.map_err(|error| Failure::bug(format!("the plan cannot be written: {error}")))?);
        return Ok(code);
    }
    unfinished::note(report, unfinished);
    for step in &plan.steps {
        let message = Some(&step.message).filter(|message| !message.is_empty()).map(|message| format!(", {message}"));
        report.line(&safe_line(&format!(
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
    for revision in rewriting {
        report.note_in_result(&format!("{revision} rewrites a table: `host backfill preview` tries it on some rows"));
    }
    if plan.steps.is_empty() {
        let heads: Vec<_> = plan.heads_before.iter().collect();
        report.note(&format!("nothing to do: the database is at {}", list_or(&heads, "base")));
    }
    if !problems.is_empty() {
        let number = u64::try_from(problems.len()).unwrap_or(u64::MAX);
        let stand = if number == 1 { "stands" } else { "stand" };
        let problems: Vec<Problem> = problems.iter().map(Problem::from).collect();
        let what = format!("{} {stand} in the way of this {}", count(number, "problem"), plan.direction);
        report.problems(&what, &problems);
    }
    Ok(code)
}
