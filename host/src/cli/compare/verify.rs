//! `host verify`: each migration up, down and up on a shadow.

use std::collections::BTreeMap;

use clap::Args;
use host_schema::load::Text;
use serde_json::json;

use super::ShadowArguments;
use super::Sides;
use super::with_shadows;
use crate::cli::failure::CHECK_SAYS_NO;
use crate::cli::failure::Failure;
use crate::cli::report::terminal::Line;
use crate::cli::report::text::count;
use crate::cli::report::text::safe_line;
use crate::cli::settings::Settings;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::schema::SchemaError;
use crate::schema::files;
use crate::schema::texts;
use crate::schema::verify::Verification;
use crate::schema::verify::Verified;
use crate::schema::verify::verify;

/// The folder with rows, in the project.
const SEEDS: &str = "seeds";

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArguments {
    /// Only this range, START:END, START: or :END, both ends belong to it; or one revision [default: all]
    #[arg(allow_hyphen_values = true)]
    range: Option<String>,
    /// Build outdated migrations first
    #[arg(long)]
    build: bool,
    #[command(flatten)]
    shadow: ShadowArguments,
}

pub(in crate::cli) async fn run(settings: &Settings, arguments: &VerifyArguments) -> Result<u8, Failure> {
    let project = match arguments.build {
        true => crate::cli::build::build(settings, settings.project_to_build()?)?,
        false => settings.project()?,
    };
    crate::cli::build::build_alembic(settings, &project)?;
    let revisions = chosen(&project, arguments.range.as_deref())?;
    let sides = Sides::new(settings, Some(&project), &[])?;
    let seeds = seeds(settings, &project)?;
    let (options, read) = (sides.options()?, sides.of_shadows());
    let place = settings.shadow_place(Some(&project), &arguments.shadow)?;
    let mut all: Vec<Verified> = Vec::new();
    with_shadows(settings, place, async |shadows| {
        let verification = Verification { project: &project, options: &options, read: &read, seeds: &seeds };
        let mut told = |verified: &Verified| {
            tell(settings, &project, verified);
            all.push(verified.clone());
        };
        Ok(verify(shadows, &verification, &revisions, &mut told).await?)
    })
    .await?;
    Ok(summary(settings, &all, revisions.len()))
}

/// The revisions of a range, the oldest first.
fn chosen(project: &Project, range: Option<&str>) -> Result<Vec<RevisionId>, Failure> {
    let range = match range {
        None => return Ok(project.graph().topological().iter().map(|revision| revision.id.clone()).collect()),
        Some(range) => range,
    };
    let chosen = match range.contains(':') {
        true => crate::revision::history(project.graph(), &[], Some(range))?,
        false => crate::revision::resolve_revisions(project.graph(), &[], range)?,
    };
    let order = project.graph().topological();
    Ok(order.into_iter().map(|revision| revision.id.clone()).filter(|id| chosen.contains(id)).collect())
}

/// What `seeds/REVISION.sql` brings after that revision.
fn seeds(settings: &Settings, project: &Project) -> Result<BTreeMap<RevisionId, Text>, Failure> {
    let root = project.store()?.root();
    if !root.metadata(SEEDS).is_ok_and(|found| found.is_dir()) {
        return Ok(BTreeMap::new());
    }
    let found = match files::read(root, &[SEEDS.to_owned()]) {
        Ok(found) => found,
        Err(SchemaError::NoFiles { .. }) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    let mut seeds = BTreeMap::new();
    for (path, content) in found {
        let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(".sql")).unwrap_or_default();
        let revision = project.graph().get(name).map(|revision| revision.id.clone());
        let Some(revision) = revision else {
            settings.report().note(&format!(
                "{} is not read: no revision is called {}",
                safe_line(&path),
                safe_line(name)
            ));
            continue;
        };
        seeds.insert(revision, texts::read_rows(&path, &content)?);
    }
    Ok(seeds)
}

fn tell(settings: &Settings, project: &Project, verified: &Verified) {
    let report = settings.report();
    if report.is_json() {
        return report.document(&json!({
            "event": "verified", "revision": verified.revision, "file": verified.file,
            "passed": verified.problems.is_empty(), "irreversible": verified.irreversible,
            "problems": verified.problems, "notes": verified.notes,
        }));
    }
    let message = project.graph().get(verified.revision.as_str()).map(|revision| revision.message.as_str());
    let message =
        message.filter(|message| !message.is_empty()).map(|message| format!(", {message}")).unwrap_or_default();
    let outcome = match (verified.problems.is_empty(), verified.irreversible) {
        (false, _) => "FAILED",
        (true, true) => "irreversible",
        (true, false) => "ok",
    };
    let mut lines = vec![Line::new(format!("{outcome}  {}{message}", verified.revision))];
    lines.extend(verified.problems.iter().map(|problem| Line::indented(4, problem.clone())));
    lines.extend(verified.notes.iter().map(|note| Line::indented(4, format!("note: {note}"))));
    report.lines(&lines);
}

fn summary(settings: &Settings, all: &[Verified], wanted: usize) -> u8 {
    let failed = all.iter().filter(|verified| !verified.problems.is_empty()).count();
    let irreversible = all.iter().filter(|verified| verified.irreversible && verified.problems.is_empty()).count();
    let report = settings.report();
    let left = wanted - all.len();
    if report.is_json() {
        report.document(&json!({
            "event": "finished", "verified": all.len(), "failed": failed, "irreversible": irreversible, "not_reached": left,
        }));
    } else {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let mut text = format!("{} verified", count(number(all.len()), "migration"));
        for (number, what) in [(failed, "failed"), (irreversible, "irreversible"), (left, "not reached")] {
            if number > 0 {
                text.push_str(&format!(", {number} {what}"));
            }
        }
        report.note(&text);
    }
    if failed > 0 || left > 0 { CHECK_SAYS_NO } else { 0 }
}
