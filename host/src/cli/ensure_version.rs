//! `host ensure-version`.

use serde_json::json;

use super::failure::Failure;
use super::settings::Settings;

pub(super) async fn run(settings: &Settings) -> Result<u8, Failure> {
    let project = settings.project()?;
    let mut runner = settings.runner(&project, settings.options()).await?;
    let result = runner.ensure_version().await;
    runner.close().await;
    result?;
    let tables = project.tables();
    if settings.report().is_json() {
        let document =
            json!({"version_table": tables.version.to_string(), "history_table": tables.history.to_string()});
        settings.report().document(&document);
    } else {
        settings.report().note(&format!("tables {} and {} are there", tables.version, tables.history));
    }
    Ok(0)
}
