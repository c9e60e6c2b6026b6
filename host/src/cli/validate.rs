//! `host validate`.

use clap::Args;
use serde_json::json;

use super::failure::CHECK_SAYS_NO;
use super::failure::Failure;
use super::problem;
use super::problem::Problem;
use super::report::text::count;
use super::settings::Settings;
use crate::error::Error;
use crate::execute::Options;
use crate::project::Project;
use crate::project::ProjectError;

#[derive(Debug, Args)]
pub(super) struct ValidateArguments {
    /// Check the database as well: what is applied, the tables of host, the rights of the user
    #[arg(long)]
    online: bool,
}

pub(super) async fn run(settings: &Settings, arguments: &ValidateArguments) -> Result<u8, Failure> {
    let project = match settings.project() {
        Ok(project) => project,
        Err(Failure::Library(error)) => match of_files(&error) {
            Some(problems) => return Ok(show(settings, arguments, None, &problems)),
            None => return Err(Failure::Library(error)),
        },
        Err(failure) => return Err(failure),
    };
    super::build::build_alembic(settings, &project)?;
    let options = Options { compiler: super::worker::compiler(settings)?, ..settings.options() };
    // First, because without it nothing can be said.
    let mut runner = match arguments.online {
        true => Some(settings.runner_on(&settings.target_to_write(&project)?, &project, options.clone()).await?),
        false => None,
    };
    let mut problems = crate::execute::check_migrations(&project, project.migrations(), &options).await?;
    if let Some(runner) = &mut runner {
        problems.extend(runner.check_database().await?);
    }
    if let Some(runner) = runner {
        runner.close().await;
    }
    let problems: Vec<Problem> = problems.iter().map(Problem::from).collect();
    Ok(show(settings, arguments, Some(&project), &problems))
}

/// What is wrong with the files of the migrations. Settings that cannot be read are no answer to the question.
fn of_files(error: &Error) -> Option<Vec<Problem>> {
    match error {
        Error::Project(error @ (ProjectError::Store(_) | ProjectError::Graph(_) | ProjectError::Several { .. })) => {
            Some(error.problems().iter().map(Problem::from).collect())
        }
        _ => None,
    }
}

/// Shows the answer, and gives the exit code.
fn show(settings: &Settings, arguments: &ValidateArguments, project: Option<&Project>, problems: &[Problem]) -> u8 {
    let report = settings.report();
    let migrations = project.map(|project| project.migrations().len());
    if report.is_json() {
        report.document(&json!({
            "valid": problems.is_empty(),
            "environment": settings.environment(),
            "online": arguments.online,
            "migrations": migrations,
            "problems": problems.iter().map(problem::document).collect::<Vec<_>>(),
        }));
    } else {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let whereto = format!("in the environment '{}'", settings.environment());
        if problems.is_empty() {
            let migrations = count(number(migrations.unwrap_or_default()), "migration");
            let rest = if arguments.online { "" } else { "; the database was not asked (--online asks it)" };
            report.note(&format!("no problem in {migrations} {whereto}{rest}"));
        } else {
            report.line(&format!("{} {whereto}:", count(number(problems.len()), "problem")));
            report.lines(&problem::lines(problems));
        }
    }
    if problems.is_empty() { 0 } else { CHECK_SAYS_NO }
}
