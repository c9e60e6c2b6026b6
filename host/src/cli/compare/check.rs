//! `host check`: whether the migrations make what the models say.

use clap::Args;
use host_schema::DiffOptions;

use super::ShadowArguments;
use super::Sides;
use super::diff::note_versions;
use super::list;
use super::with_shadows;
use crate::cli::failure::CHECK_SAYS_NO;
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::schema::SchemaError;
use crate::schema::Source;

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArguments {
    /// Leave out objects, schema.name with * for any characters (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    #[command(flatten)]
    shadow: ShadowArguments,
}

pub(in crate::cli) async fn run(settings: &Settings, arguments: &CheckArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let sides = Sides::new(settings, Some(&project), &arguments.exclude)?;
    let place = settings.shadow_place(Some(&project), &arguments.shadow)?;
    let (from, to) = with_shadows(settings, place, async |shadows| {
        let from = sides.load(shadows, &Source::Migrations(None)).await?;
        Ok((from, sides.models(shadows).await?))
    })
    .await?;
    note_versions(settings, &from, &to);
    let plan = host_schema::diff(&from.catalog, &to.catalog, &DiffOptions::default()).map_err(SchemaError::from)?;
    let report = settings.report();
    if report.is_json() {
        report.document(&list::document(&plan));
    } else {
        list::notes(report, &plan.rename_candidates, &plan.unmodelled);
        if plan.is_empty() {
            report.note("the migrations make what the models say");
        } else {
            report.note(
                "the models differ from what the migrations make; `host revision --autogenerate` writes the migration",
            );
            report.lines(&list::lines(&plan.changes));
        }
    }
    Ok(if plan.is_empty() { 0 } else { CHECK_SAYS_NO })
}
