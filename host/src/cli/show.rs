//! `host show`.

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::history;
use super::report::text::list_or;
use super::report::text::safe_line;
use super::settings::Settings;
use crate::error::Error;

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// The revision: an id, a unique prefix, a branch label, head, heads, or current
    #[arg(allow_negative_numbers = true)]
    revision: String,
}

pub(super) async fn run(settings: &Settings, arguments: &ShowArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    // Only `current` is a matter of the database.
    let rows = if arguments.revision.contains("current") {
        let mut database = settings.connect(&project).await?;
        let books = database.read_books().await?;
        database.close().await;
        books.heads
    } else {
        Vec::new()
    };
    let ids = crate::revision::resolve_revisions(project.graph(), &rows, &arguments.revision).map_err(Error::Target)?;
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
        report.line(&safe_line(&format!("    {}", revision.message)));
        report.line(&format!("    revises: {}", list_or(&revision.revises, "<base>")));
        report.line(&history::details(&project, revision));
        let children: Vec<_> = project.graph().children(id.as_str()).iter().map(|child| child.id.clone()).collect();
        report.line(&format!("    next: {}", list_or(&children, "none (head)")));
    }
    Ok(0)
}
