//! `host ensure-version`.

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::settings::Settings;

#[derive(Debug, Args)]
pub(super) struct EnsureVersionArguments {
    /// Print the statements instead of running them
    #[arg(long)]
    sql: bool,
}

pub(super) async fn run(settings: &Settings, arguments: &EnsureVersionArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    if arguments.sql {
        let script = crate::execute::offline_tables_sql(&project.tables());
        if settings.report().is_json() {
            settings.report().document(&json!({ "sql": script }));
        } else {
            settings.report().exactly(&script);
        }
        return Ok(0);
    }
    let target = settings.target_to_write(&project)?;
    let mut runner = settings.runner_on(&target, &project, settings.options()).await?;
    let result = runner.ensure_version().await;
    runner.close().await;
    result?;
    let tables = project.tables();
    if settings.report().is_json() {
        let document = json!({
            "version_table": tables.version.to_string(),
            "log_table": tables.log.to_string(),
            "journal_table": tables.journal.to_string(),
            "database": target.document(),
        });
        settings.report().document(&document);
    } else {
        let (version, log, journal) = (tables.version, tables.log, tables.journal);
        settings.report().note(&format!("tables {version}, {log} and {journal} exist"));
    }
    Ok(0)
}
