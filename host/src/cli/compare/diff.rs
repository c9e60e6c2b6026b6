//! `host diff`: what is different between two schemas, as a list, as SQL or as JSON.

use clap::Args;
use host_schema::DiffOptions;
use host_schema::Plan;
use host_schema::Rename;

use super::ShadowArguments;
use super::Sides;
use super::list;
use super::with_shadows;
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::project::Project;
use crate::schema::SchemaError;
use crate::schema::Source;

/// What a source may be, at the end of a help text.
pub(super) const SOURCES: &str = "Sources: a postgres:// url, files of SQL (a path, a folder or a pattern in quotes), migrations, \
     migrations@REVISION, models (those of host.toml).";

#[derive(Debug, Args)]
#[command(after_help = SOURCES)]
pub(in crate::cli) struct DiffArguments {
    /// The schema to begin with
    #[arg(long, value_name = "SOURCE", value_parser = source)]
    from: Source,
    /// The schema to end with
    #[arg(long, value_name = "SOURCE", value_parser = source)]
    to: Source,
    /// Print the statements that turn one into the other
    #[arg(long, conflicts_with = "json")]
    sql: bool,
    #[command(flatten)]
    how: DiffHow,
    #[command(flatten)]
    shadow: ShadowArguments,
}

/// How schemas are compared.
#[derive(Debug, Args)]
pub(in crate::cli) struct DiffHow {
    /// On tables that exist, use the forms that hold no lock for long
    #[arg(long)]
    pub(in crate::cli) online: bool,
    /// Rename OLD to NEW instead of dropping one and creating the other: schema.table=schema.table, schema.table.column=… (can be repeated)
    #[arg(long, value_name = "OLD=NEW")]
    pub(in crate::cli) rename: Vec<String>,
    /// Leave out objects, schema.name with * for any characters (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) exclude: Vec<String>,
}

impl DiffHow {
    /// For the engine.
    pub(in crate::cli) fn options(&self) -> Result<DiffOptions, Failure> {
        let renames = self.rename.iter().map(|rename| rename.parse::<Rename>()).collect::<Result<Vec<_>, _>>();
        Ok(DiffOptions { online: self.online, renames: renames.map_err(SchemaError::from)? })
    }
}

/// Reads a source.
pub(super) fn source(text: &str) -> Result<Source, String> {
    text.parse()
}

pub(in crate::cli) async fn run(settings: &Settings, arguments: &DiffArguments) -> Result<u8, Failure> {
    let options = arguments.how.options()?;
    let project = project(settings, &[&arguments.from, &arguments.to])?;
    let sides = Sides::new(settings, project.as_ref(), &arguments.how.exclude)?;
    let (from, to) = if [&arguments.from, &arguments.to].into_iter().any(|source| !sides.is_url(source)) {
        let place = settings.shadow_place(project.as_ref(), &arguments.shadow)?;
        with_shadows(settings, place, async |shadows| {
            let from = sides.load(shadows, &arguments.from).await?;
            Ok((from, sides.load(shadows, &arguments.to).await?))
        })
        .await?
    } else {
        (sides.load_database(&arguments.from).await?, sides.load_database(&arguments.to).await?)
    };
    note_versions(settings, &from, &to);
    let plan = host_schema::diff(&from.catalog, &to.catalog, &options).map_err(SchemaError::from)?;
    print(settings, arguments.sql, &plan);
    Ok(0)
}

fn print(settings: &Settings, sql: bool, plan: &Plan) {
    let report = settings.report();
    if report.is_json() {
        return report.document(&list::document(plan));
    }
    list::notes(report, &plan.rename_candidates, &plan.unmodelled);
    if sql {
        return report.exactly(&plan.to_sql());
    }
    if plan.is_empty() {
        report.note("no differences");
    }
    report.lines(&list::lines(&plan.changes));
}

/// The project, where a source needs it, and otherwise if there is one.
pub(super) fn project(settings: &Settings, sources: &[&Source]) -> Result<Option<Project>, Failure> {
    if sources.iter().any(|source| matches!(source, Source::Migrations(_) | Source::Models)) {
        return settings.project().map(Some);
    }
    // Files and urls need none; what is wrong with one has nothing to do with them.
    Ok(settings.project().ok())
}

/// Says what differs between two servers beside the schemas.
pub(super) fn note_versions(settings: &Settings, from: &super::Loaded, to: &super::Loaded) {
    let report = settings.report();
    let major = |side: &super::Loaded| side.catalog.server_version() / 10_000;
    if major(from) != major(to) {
        report.note(&format!(
            "{} is on PostgreSQL {}, {} on {}: the same definition may read differently there",
            from.title,
            major(from),
            to.title,
            major(to)
        ));
    }
    for (name, version) in from.catalog.extensions() {
        let other = to.catalog.extensions().find(|(other, _)| *other == name);
        if let Some((_, other)) = other.filter(|(_, other)| *other != version) {
            report.note(&format!(
                "the extension {name} is of version {version} in {}, of {other} in {}",
                from.title, to.title
            ));
        }
    }
}
