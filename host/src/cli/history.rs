//! `host history`.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::report::text::list_or;
use super::settings::Settings;
use super::unfinished;
use crate::db::AppliedState;
use crate::project::Project;
use crate::revision::Revision;
use crate::revision::RevisionId;

#[derive(Debug, Args)]
pub(super) struct HistoryArguments {
    /// Only this range, START:END, START: or :END; both ends belong to it
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    rev_range: Option<String>,
    /// Mark what is applied; without this it is marked when the database answers
    #[arg(short, long)]
    indicate_current: bool,
    /// Do not ask the database
    #[arg(long, conflicts_with = "indicate_current")]
    offline: bool,
}

pub(super) async fn run(settings: &Settings, arguments: &HistoryArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let applied = applied(settings, arguments, &project).await?;
    let rows = applied.as_ref().map(|applied| applied.heads.clone()).unwrap_or_default();
    let revisions = crate::revision::history(project.graph(), &rows, arguments.rev_range.as_deref())?;
    let marks = applied.as_ref().map(|applied| Marks::new(&project, applied));
    let report = settings.report();
    if report.is_json() {
        let revisions: Vec<_> = revisions.iter().filter_map(|id| document(&project, id, marks.as_ref())).collect();
        let mut document = json!({ "history": revisions });
        if let Some(applied) = &applied {
            document["unfinished"] = unfinished::documents(&applied.unfinished);
        }
        report.document(&document);
        return Ok(0);
    }
    for id in &revisions {
        if let Some(revision) = project.graph().get(id.as_str()) {
            report.line(&line(&project, revision, marks.as_ref()));
            if report.is_verbose() {
                details(&project, revision).iter().for_each(|line| report.line(line));
            }
        }
    }
    if let Some(applied) = &applied {
        unfinished::note(report, &applied.unfinished);
    }
    if let Some(marks) = &marks
        && !marks.unknown.is_empty()
    {
        report.note(&format!("the database is at {}, which is not among the migrations", list_or(&marks.unknown, "")));
    }
    Ok(0)
}

/// Which revisions are applied, and which of them were changed since.
pub(super) struct Marks {
    current: BTreeSet<RevisionId>,
    applied: BTreeSet<RevisionId>,
    changed: BTreeSet<RevisionId>,
    unknown: Vec<RevisionId>,
    unfinished: BTreeSet<RevisionId>,
}

impl Marks {
    fn new(project: &Project, applied: &AppliedState) -> Self {
        let graph = project.graph();
        Self {
            current: graph.effective_heads(&applied.heads).iter().map(|revision| revision.id.clone()).collect(),
            applied: graph.implied(&applied.heads),
            changed: project.changed(applied).into_iter().map(|changed| changed.revision).collect(),
            unknown: applied.heads.iter().filter(|id| graph.get(id.as_str()).is_none()).cloned().collect(),
            unfinished: applied.unfinished.iter().map(|unfinished| unfinished.step.revision.clone()).collect(),
        }
    }
}

async fn applied(
    settings: &Settings,
    arguments: &HistoryArguments,
    project: &Project,
) -> Result<Option<AppliedState>, Failure> {
    let range = arguments.rev_range.as_deref().unwrap_or_default();
    // `current` and relative ends count from what is applied.
    let needed = arguments.indicate_current
        || range.contains("current")
        || range.starts_with(['-', '+'])
        || range.contains(":-")
        || range.contains(":+");
    let database = if needed {
        Some(settings.connect(project).await?)
    } else if arguments.offline {
        None
    } else {
        settings.connect_if_there(project).await
    };
    match database {
        None => Ok(None),
        Some(mut database) => {
            let applied = project.read_applied(&mut database).await;
            database.close().await;
            match applied {
                Ok(applied) => Ok(Some(applied)),
                Err(error) if needed => Err(error.into()),
                Err(_) => Ok(None),
            }
        }
    }
}

fn line(project: &Project, revision: &Revision, marks: Option<&Marks>) -> String {
    let graph = project.graph();
    let mut text = format!("{} -> {}", list_or(&revision.revises, "<base>"), revision.id);
    let labels = graph.labels(revision.id.as_str());
    if !labels.is_empty() {
        text.push_str(&format!(" ({})", list_or(&labels, "")));
    }
    if graph.heads().iter().any(|head| head.id == revision.id) {
        text.push_str(" (head)");
    }
    if graph.children(revision.id.as_str()).len() > 1 {
        text.push_str(" (branchpoint)");
    }
    if revision.revises.len() > 1 {
        text.push_str(" (mergepoint)");
    }
    if let Some(marks) = marks {
        if marks.current.contains(&revision.id) {
            text.push_str(" (current)");
        }
        if marks.unfinished.contains(&revision.id) {
            text.push_str(" (unfinished)");
        }
        if marks.changed.contains(&revision.id) {
            text.push_str(" (changed since it was applied)");
        }
    }
    if !revision.message.is_empty() {
        text.push_str(&format!(", {}", revision.message));
    }
    text
}

pub(super) fn details(project: &Project, revision: &Revision) -> Vec<String> {
    let mut lines = vec![format!("    file: {}", revision.file)];
    if let Some(migration) = project.migration(&revision.id) {
        lines.push(format!("    language: {}", migration.language));
        lines.push(format!("    source digest: {}", migration.source_digest));
        lines.extend(migration.metadata.created.iter().map(|created| format!("    created: {created}")));
    }
    if !revision.depends_on.is_empty() {
        lines.push(format!("    depends on: {}", list_or(&revision.depends_on, "")));
    }
    lines
}

pub(super) fn document(project: &Project, id: &RevisionId, marks: Option<&Marks>) -> Option<serde_json::Value> {
    let graph = project.graph();
    let revision = graph.get(id.as_str())?;
    let migration = project.migration(id)?;
    Some(json!({
        "revision": revision.id,
        "revises": revision.revises,
        "depends_on": revision.depends_on,
        "branch_labels": graph.labels(id.as_str()),
        "message": revision.message,
        "created": migration.metadata.created,
        "file": revision.file,
        "language": migration.language.to_string(),
        "source_digest": migration.source_digest,
        "head": graph.heads().iter().any(|head| head.id == *id),
        "applied": marks.map(|marks| marks.applied.contains(id)),
        "current": marks.map(|marks| marks.current.contains(id)),
        "changed": marks.map(|marks| marks.changed.contains(id)),
    }))
}
