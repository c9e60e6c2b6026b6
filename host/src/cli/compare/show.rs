//! `host schema show`: the tables of a schema as a tree or as a picture.

use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;
use host_schema::picture::Picture;
use host_schema::picture::dot;
use host_schema::picture::mermaid;
use host_schema::picture::svg;
use host_schema::picture::tree;

use super::ShadowArguments;
use super::Sides;
use super::diff::project;
use super::diff::source;
use super::with_shadows;
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::schema::Source;

#[derive(Debug, Args)]
pub(in crate::cli) struct SchemaArguments {
    #[command(subcommand)]
    command: SchemaCommand,
}

#[derive(Debug, Subcommand)]
enum SchemaCommand {
    /// Show the tables with their columns and foreign keys
    #[command(after_help = super::diff::SOURCES)]
    Show(ShowArguments),
}

#[derive(Debug, Args)]
struct ShowArguments {
    /// The schema to show; without it, the database of the project
    #[arg(value_name = "SOURCE", value_parser = source)]
    source: Option<Source>,
    /// How to show it: dot is for Graphviz
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    format: Format,
    /// Leave out objects, schema.name with * for any characters (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    #[command(flatten)]
    shadow: ShadowArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Tree,
    Mermaid,
    Dot,
    Svg,
}

pub(in crate::cli) async fn run(settings: &Settings, arguments: &SchemaArguments) -> Result<u8, Failure> {
    let SchemaCommand::Show(arguments) = &arguments.command;
    let loaded = match &arguments.source {
        None => {
            let project = settings.project()?;
            let sides = Sides::new(settings, Some(&project), &arguments.exclude)?;
            let target = settings.unpooled_target(&project)?;
            let database = settings.connect_to(&project, &target).await?;
            let connector = database.connector().clone();
            database.close().await;
            sides.live(&connector, target.source()).await?
        }
        Some(source) => {
            let project = project(settings, &[source])?;
            let sides = Sides::new(settings, project.as_ref(), &arguments.exclude)?;
            if sides.is_url(source) {
                sides.load_database(source).await?
            } else {
                let place = settings.shadow_place(project.as_ref(), &arguments.shadow)?;
                with_shadows(settings, place, async |shadows| sides.load(shadows, source).await).await?
            }
        }
    };
    let picture = Picture::of(&loaded.catalog);
    let report = settings.report();
    if report.is_json() {
        report.document(&serde_json::json!(picture));
        return Ok(0);
    }
    if picture.tables.is_empty() {
        report.note(&format!("{} has no tables", loaded.title));
    }
    report.exactly(&match arguments.format {
        Format::Tree => tree(&picture),
        Format::Mermaid => mermaid(&picture),
        Format::Dot => dot(&picture),
        Format::Svg => svg(&picture),
    });
    Ok(0)
}
