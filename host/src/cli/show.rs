//! `host show`.

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::history;
use super::report::text::list_or;
use super::settings::Settings;
use crate::project::Project;
use crate::revision::RevisionId;

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// The revision: an id, a unique prefix, a branch label, head, heads, or current
    #[arg(allow_negative_numbers = true)]
    revision: String,
}

pub(super) async fn run(settings: &Settings, arguments: &ShowArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let ids = named(settings, &project, &arguments.revision).await?;
    let report = settings.report();
    if report.is_json() {
        let revisions: Vec<_> = ids.iter().filter_map(|id| history::document(&project, id, None)).collect();
        report.document(&json!({ "revisions": revisions }));
        return Ok(0);
    }
    for (index, id) in ids.iter().enumerate() {
        let Some(revision) = project.graph().get(id.as_str()) else { continue };
        if index > 0 {
            report.line("");
        }
        report.line(&format!("revision {id}"));
        if !revision.message.is_empty() {
            report.line(&format!("    {}", revision.message));
        }
        report.line(&format!("    revises: {}", list_or(&revision.revises, "<base>")));
        history::details(&project, revision).iter().for_each(|line| report.line(line));
        let children: Vec<_> = project.graph().children(id.as_str()).iter().map(|child| child.id.clone()).collect();
        report.line(&format!("    next: {}", list_or(&children, "none (head)")));
    }
    Ok(0)
}

/// The revisions that a target names. Only for `current` the database is asked.
pub(super) async fn named(settings: &Settings, project: &Project, target: &str) -> Result<Vec<RevisionId>, Failure> {
    let rows = if target.contains("current") {
        let mut database = settings.connect(project).await?;
        let mut applied = database.read_applied(0).await?;
        database.close().await;
        applied.heads.sort();
        applied.heads
    } else {
        Vec::new()
    };
    Ok(crate::revision::resolve_revisions(project.graph(), &rows, target)?)
}
