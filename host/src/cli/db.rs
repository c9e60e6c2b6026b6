//! `host db`.

use clap::Args;
use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::guard;
use super::guard::Consent;
use super::guard::Deed;
use super::report::terminal::Line;
use super::settings::Settings;
use super::target::Target;
use crate::db::Existing;
use crate::project::Project;

#[derive(Debug, Args)]
pub(super) struct DbArguments {
    #[command(subcommand)]
    command: DbCommand,
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Create the database if it does not exist; it belongs to the user of the url
    Create,
    /// Drop the database with all that is in it
    Drop(DropArguments),
    /// Drop the database, create it and run all migrations
    Reset {
        /// Build outdated migrations first
        #[arg(long)]
        build: bool,
        #[command(flatten)]
        drop: DropArguments,
    },
}

#[derive(Debug, Args)]
struct DropArguments {
    /// Do not ask; for a protected environment there is --yes-on
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    consent: Consent,
    /// End the sessions of others in the database
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(settings: &Settings, arguments: &DbArguments) -> Result<u8, Failure> {
    match &arguments.command {
        DbCommand::Create => {
            let project = settings.project()?;
            let target = settings.announced_target(&project)?;
            create(settings, &project, &target).await?;
        }
        DbCommand::Drop(drop) => {
            drop_database(settings, &settings.project()?, drop).await?;
        }
        DbCommand::Reset { build, drop } => {
            let project = match build {
                true => super::build::build(settings, settings.project_to_build()?)?,
                false => settings.project()?,
            };
            // What could not be run afterwards is found before anything goes.
            for migration in project.migrations() {
                project.source().component(migration)?;
            }
            let target = match drop_database(settings, &project, drop).await? {
                Some(target) => target,
                None => settings.announced_target(&project)?,
            };
            create(settings, &project, &target).await?;
            super::migrate::upgrade_all(settings, &project, &target).await?;
        }
    }
    Ok(0)
}

async fn create(settings: &Settings, project: &Project, target: &Target) -> Result<(), Failure> {
    // The cluster is made with its one database.
    let existing = match target.is_cluster() {
        true => Existing::Yes,
        false => settings.connector_of(project, target)?.create_database(project.tables()).await?,
    };
    let name = &target.location().database;
    let text = match existing {
        Existing::No => format!("created the database {name}"),
        Existing::Yes => format!("the database {name} exists already"),
    };
    say(settings, "created", &text, existing == Existing::No);
    Ok(())
}

/// Drops the database. The development cluster has no place any more afterwards.
async fn drop_database(
    settings: &Settings,
    project: &Project,
    arguments: &DropArguments,
) -> Result<Option<Target>, Failure> {
    if settings.named(project)?.is_cluster() {
        drop_cluster(settings, project, arguments)?;
        return Ok(None);
    }
    let target = settings.announced_target(project)?;
    let question = guard::check(settings, project, &target, Deed::DropDatabase, &arguments.consent)?;
    let name = &target.location().database;
    let stakes =
        vec![Line::new(format!("this drops the database {name} with all that is in it ({})", target.location()))];
    match question {
        Some(question) => question.ask(settings, stakes)?,
        None => guard::ask_for_yes(settings, stakes, arguments.yes || arguments.consent.is_given())?,
    }
    let existing = settings.connector_of(project, &target)?.drop_database(project.tables(), arguments.force).await?;
    let text = match existing {
        Existing::Yes => format!("dropped the database {name}"),
        Existing::No => format!("there is no database {name}"),
    };
    say(settings, "dropped", &text, existing == Existing::Yes);
    Ok(Some(target))
}

/// The one database of the development cluster goes with the cluster.
fn drop_cluster(settings: &Settings, project: &Project, arguments: &DropArguments) -> Result<(), Failure> {
    let question = guard::check_cluster(settings, project, Deed::DropDatabase, &arguments.consent)?;
    let stakes = super::local::stakes(&settings.cluster()?);
    match question {
        Some(question) => question.ask(settings, stakes)?,
        None if stakes.is_empty() => {}
        None => guard::ask_for_yes(settings, stakes, arguments.yes || arguments.consent.is_given())?,
    }
    let was_there = settings.cluster()?.destroy()?;
    let text =
        if was_there { "removed the development cluster and its data" } else { "there was no development cluster" };
    say(settings, "dropped", text, was_there);
    Ok(())
}

fn say(settings: &Settings, event: &str, text: &str, changed: bool) {
    let report = settings.report();
    if report.is_json() { report.document(&json!({"event": event, "changed": changed})) } else { report.line(text) }
}
