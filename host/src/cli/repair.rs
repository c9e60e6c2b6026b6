//! `host repair`.

use clap::Args;
use serde_json::Value;
use serde_json::json;
use similar::TextDiff;

use super::failure::Failure;
use super::guard;
use super::guard::Consent;
use super::guard::Deed;
use super::report::terminal::Line;
use super::report::text::count;
use super::settings::Settings;
use super::signals;
use super::times::TimeArguments;
use crate::execute::AppliedChange;
use crate::execute::Options;
use crate::project::Project;

/// How many digits of a digest are shown, unless more is asked for: as in git.
const DIGEST_CHARACTERS: usize = 12;

/// How many unchanged lines stand around those that changed.
const CONTEXT_LINES: usize = 3;

#[derive(Debug, Args)]
pub(super) struct RepairArguments {
    /// Only these revisions [default: all that were changed since they were applied]
    revisions: Vec<String>,
    /// Show what was changed and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Accept without asking
    #[arg(short, long, conflicts_with = "dry_run")]
    yes: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    times: TimeArguments,
}

pub(super) async fn run(settings: &Settings, arguments: &RepairArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let options =
        Options { wait: arguments.times.wait, lock_timeout: arguments.times.lock_timeout, ..settings.options() };
    let report = settings.report();
    let (target, question) = match arguments.dry_run {
        true => (settings.target(&project)?, None),
        false => {
            let target = settings.announced_target(&project)?;
            let question = guard::check(settings, &project, &target, Deed::Repair, &arguments.consent)?;
            (target, question)
        }
    };
    let mut runner = settings.runner_on(&target, &project, options).await?;
    let changes = chosen(&project, runner.changes().await?, &arguments.revisions)?;
    if arguments.dry_run && report.is_json() {
        report.document(&json!({ "changes": changes.iter().map(document).collect::<Vec<_>>() }));
    } else if !report.is_json() {
        for change in &changes {
            report.lines(&lines(change, report.is_verbose()));
        }
    }
    let number = u64::try_from(changes.len()).unwrap_or(u64::MAX);
    if arguments.dry_run || changes.is_empty() {
        runner.close().await;
        match number {
            0 => report.note("nothing to repair: no file was changed since it was applied"),
            _ => report.note(&format!("{} would be accepted; nothing was written", count(number, "change"))),
        }
        if !arguments.dry_run {
            finished(settings, 0);
        }
        return Ok(0);
    }
    let files = count(number, "changed file");
    let stakes = vec![Line::new(format!("This accepts {files} as applied to {}", target.location()))];
    match question {
        Some(question) => question.ask(settings, stakes)?,
        None => guard::ask_for_yes(settings, stakes, arguments.yes || arguments.consent.is_given())?,
    }
    signals::listen(&project, runner.interrupt(), report.clone());
    let result = runner.repair(&changes, &mut report.observer()).await;
    runner.close().await;
    result?;
    finished(settings, changes.len());
    Ok(0)
}

fn finished(settings: &Settings, repaired: usize) {
    if settings.report().is_json() {
        settings.report().document(&json!({"event": "finished", "repaired": repaired}));
    }
}

/// The changes of these revisions, or all.
fn chosen(project: &Project, changes: Vec<AppliedChange>, revisions: &[String]) -> Result<Vec<AppliedChange>, Failure> {
    if revisions.is_empty() {
        return Ok(changes);
    }
    let mut chosen: Vec<AppliedChange> = Vec::new();
    for revision in revisions {
        for id in crate::revision::resolve_revisions(project.graph(), &[], revision)? {
            let Some(change) = changes.iter().find(|change| change.revision == id) else {
                return Err(Failure::new(
                    "not-changed",
                    format!("revision {id} is not applied, or its file was not changed since"),
                    "`host repair --dry-run` lists what was changed",
                ));
            };
            if !chosen.contains(change) {
                chosen.push(change.clone());
            }
        }
    }
    Ok(chosen)
}

/// What is known of a change, for people.
fn lines(change: &AppliedChange, verbose: bool) -> Vec<Line> {
    let digest = |digest: &str| -> String {
        if verbose { digest.to_owned() } else { digest.chars().take(DIGEST_CHARACTERS).collect() }
    };
    let mut lines = vec![
        Line::new(format!("{} ({}) was changed since it was applied", change.revision, change.file)),
        Line::indented(2, format!("applied with digest {}", digest(&change.applied_digest))),
        Line::indented(2, format!("is now      digest {}", digest(&change.source_digest.to_string()))),
        Line::indented(2, change.summary()),
    ];
    lines.extend(difference(change).iter().flat_map(|text| Line::block(4, text).collect::<Vec<_>>()));
    lines
}

/// The lines that changed, where both texts are known.
fn difference(change: &AppliedChange) -> Option<String> {
    let (before, now) = change.texts.as_ref()?;
    Some(TextDiff::from_lines(before, now).unified_diff().context_radius(CONTEXT_LINES).to_string())
}

/// The same for programs.
fn document(change: &AppliedChange) -> Value {
    json!({
        "revision": change.revision,
        "file": change.file,
        "source_digest_before": change.applied_digest,
        "source_digest": change.source_digest,
        "difference": change.summary(),
        "harmless": change.difference.map(|difference| difference.is_harmless()),
        "upgrade": change.difference.map(|difference| difference.upgrade.word()),
        "downgrade": change.difference.map(|difference| difference.downgrade.word()),
        "diff": difference(change),
    })
}
