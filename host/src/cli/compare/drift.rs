//! `host drift`: whether the live database is what its applied migrations make.

use clap::Args;
use host_schema::DiffOptions;

use super::ShadowArguments;
use super::Sides;
use super::diff::note_versions;
use super::list;
use super::with_shadows;
use crate::cli::failure::CHECK_SAYS_NO;
use crate::cli::failure::Failure;
use crate::cli::report::text::list_or;
use crate::cli::settings::Settings;
use crate::db::DatabaseError;
use crate::execute::RunError;
use crate::execute::UnfinishedError;
use crate::schema::SchemaError;

#[derive(Debug, Args)]
pub(in crate::cli) struct DriftArguments {
    /// Print the statements that would undo what was changed by hand
    #[arg(long, conflicts_with = "json")]
    sql: bool,
    /// Leave out objects, schema.name with * for any characters (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    #[command(flatten)]
    shadow: ShadowArguments,
}

pub(in crate::cli) async fn run(settings: &Settings, arguments: &DriftArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let sides = Sides::new(settings, Some(&project), &arguments.exclude)?;
    let target = settings.unpooled_target(&project)?;
    let mut database = settings.connect_to(&project, &target).await?;
    let applied = project.read_applied(&mut database).await?;
    let connector = database.connector().clone();
    database.close().await;
    if let Some(unfinished) = applied.unfinished.first() {
        let unfinished = Box::new(unfinished.clone());
        return Err(RunError::from(UnfinishedError::InTheWay { unfinished }).into());
    }
    if !applied.unreadable.is_empty() {
        let table = project.tables().version.to_string();
        return Err(DatabaseError::UnreadableRows { table, rows: applied.unreadable }.into());
    }
    let mut heads = applied.heads;
    heads.sort();
    let unknown: Vec<_> = heads.iter().filter(|id| project.graph().get(id.as_str()).is_none()).cloned().collect();
    if !unknown.is_empty() {
        return Err(Failure::new(
            "drift",
            format!("the database is at {}, which is not among the migrations", list_or(&unknown, "")),
            "get the migrations that it was upgraded with, then run the command again",
        ));
    }
    let place = settings.shadow_place(Some(&project), &arguments.shadow)?;
    let title = format!("what its migrations make, at {}", list_or(&heads, "base"));
    let owner = project.environment().role.clone().unwrap_or_else(|| connector.user().to_owned());
    let (wanted, live) = with_shadows(settings, place, async |shadows| {
        let sides = sides.with_role(&shadows.server().user, &owner);
        let wanted = sides.migrations(shadows, &heads, title).await?;
        Ok((wanted, sides.live(&connector, target.source()).await?))
    })
    .await?;
    note_versions(settings, &wanted, &live);
    // What was done by hand: from what should be to what is.
    let plan = host_schema::diff(&wanted.catalog, &live.catalog, &DiffOptions::default()).map_err(SchemaError::from)?;
    let report = settings.report();
    if report.is_json() {
        let mut document = list::document(&plan);
        document["heads"] = serde_json::json!(heads);
        report.document(&document);
    } else if plan.is_empty() {
        list::notes(report, &[], &plan.unmodelled);
        report.note(&format!("{} is what its migrations make, at {}", live.title, list_or(&heads, "base")));
    } else {
        list::notes(report, &[], &plan.unmodelled);
        report.note(&format!("{} differs from {}:", live.title, wanted.title));
        if arguments.sql {
            let back = host_schema::diff(&live.catalog, &wanted.catalog, &DiffOptions::default())
                .map_err(SchemaError::from)?;
            report.exactly(&back.to_sql());
        } else {
            report.lines(&list::lines(&plan.changes));
        }
    }
    Ok(if plan.is_empty() { 0 } else { CHECK_SAYS_NO })
}
