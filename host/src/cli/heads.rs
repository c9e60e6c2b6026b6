//! `host heads` and `host branches`.

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::report::text::list_or;
use super::settings::Settings;
use crate::revision::Graph;
use crate::revision::Revision;

#[derive(Debug, Args)]
pub(super) struct HeadsArguments {
    /// Do not count a revision as a head when another one depends on it
    #[arg(long)]
    resolve_dependencies: bool,
}

pub(super) fn run(settings: &Settings, arguments: &HeadsArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let graph = project.graph();
    let heads = if arguments.resolve_dependencies { graph.real_heads() } else { graph.heads() };
    let report = settings.report();
    if report.is_json() {
        let heads: Vec<_> = heads.iter().map(|head| document(graph, head)).collect();
        report.document(&json!({ "heads": heads }));
        return Ok(0);
    }
    for head in heads {
        let labels = list_or(&graph.labels(head.id.as_str()), "");
        let labels = if labels.is_empty() { labels } else { format!(" ({labels})") };
        report.line(&format!("{}{labels} (head){}", head.id, message(head)));
    }
    Ok(0)
}

pub(super) fn branches(settings: &Settings) -> Result<u8, Failure> {
    let project = settings.project()?;
    let graph = project.graph();
    let points = graph.branch_points();
    let report = settings.report();
    if report.is_json() {
        let points: Vec<_> = points
            .iter()
            .map(|point| {
                let mut branch = document(graph, point);
                branch["children"] =
                    json!(graph.children(point.id.as_str()).iter().map(|child| &child.id).collect::<Vec<_>>());
                branch
            })
            .collect();
        report.document(&json!({ "branches": points }));
        return Ok(0);
    }
    for point in points {
        report.line(&format!("{} (branchpoint){}", point.id, message(point)));
        for child in graph.children(point.id.as_str()) {
            let labels = list_or(&graph.labels(child.id.as_str()), "");
            let labels = if labels.is_empty() { labels } else { format!(" ({labels})") };
            report.line(&format!("    -> {}{labels}{}", child.id, message(child)));
        }
    }
    Ok(0)
}

fn message(revision: &Revision) -> String {
    if revision.message.is_empty() { String::new() } else { format!(", {}", revision.message) }
}

fn document(graph: &Graph, revision: &Revision) -> serde_json::Value {
    json!({
        "revision": revision.id,
        "revises": revision.revises,
        "message": revision.message,
        "branch_labels": graph.labels(revision.id.as_str()),
        "file": revision.file,
    })
}
