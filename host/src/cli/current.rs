//! `host current`.

use clap::Args;
use serde_json::json;

use super::failure::CHECK_SAYS_NO;
use super::failure::Failure;
use super::settings::Settings;
use super::unfinished;
use crate::revision::RevisionId;

#[derive(Debug, Args)]
pub(super) struct CurrentArguments {
    /// Exit with code 3 unless everything is applied, finished and unchanged
    #[arg(short, long)]
    check_heads: bool,
}

pub(super) async fn run(settings: &Settings, arguments: &CurrentArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let mut runner = settings.runner(&project, settings.options()).await?;
    let mut applied = runner.applied().await?;
    runner.close().await;
    applied.heads.sort();
    let graph = project.graph();
    let report = settings.report();
    // Compared by what is applied, not by rows: a head that another one depends on has no row of its own.
    let implied = graph.implied(&applied.heads);
    let is_applied = graph.iter().all(|revision| implied.contains(&revision.id));
    let changed = project.changed(&applied);
    let is_known = applied.heads.iter().all(|id| graph.get(id.as_str()).is_some());
    // Of an unfinished downgrade the version table says that nothing has happened. What an upgrade would refuse is not up to
    // date either.
    let is_sound = applied.unfinished.is_empty() && applied.unreadable.is_empty() && changed.is_empty() && is_known;
    let up_to_date = is_applied && is_sound;
    let is_head = |id: &RevisionId| graph.heads().iter().any(|head| head.id == *id);
    if report.is_json() {
        let rows: Vec<_> = applied
            .heads
            .iter()
            .map(|id| {
                let known = graph.get(id.as_str());
                json!({"revision": id, "head": is_head(id), "known": known.is_some(), "message": known.map(|revision| &revision.message)})
            })
            .collect();
        let changed: Vec<_> =
            changed.iter().map(|changed| json!({"revision": changed.revision, "file": changed.file})).collect();
        report.document(&json!({
            "current": rows,
            "unreadable": applied.unreadable,
            "changed": changed,
            "up_to_date": up_to_date,
            "unfinished": unfinished::documents(&applied.unfinished),
        }));
    } else {
        for id in &applied.heads {
            let mark = match graph.get(id.as_str()) {
                None => " (not among the migrations)",
                Some(_) if is_head(id) => " (head)",
                Some(_) => "",
            };
            report.line(&format!("{id}{mark}"));
            if let Some(revision) = graph.get(id.as_str()).filter(|_| report.is_verbose()) {
                report.line(&format!("    {} ({})", revision.message, revision.file));
            }
        }
        for row in &applied.unreadable {
            report.line(&format!("{row} (not a revision id; `host stamp --purge REVISION` replaces all rows)"));
        }
        if applied.heads.is_empty() && applied.unreadable.is_empty() {
            report.note("nothing is applied");
        }
        for changed in &changed {
            report.note(&format!(
                "{} ({}) was changed since it was applied; `host repair` shows how",
                changed.revision, changed.file
            ));
        }
        unfinished::note(report, &applied.unfinished);
    }
    if arguments.check_heads && !up_to_date {
        if !report.is_json() && !is_applied {
            report.note("Database is not on all head revisions; run `host upgrade heads`");
        }
        return Ok(CHECK_SAYS_NO);
    }
    Ok(0)
}
