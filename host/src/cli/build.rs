//! `host build`.

use clap::Args;
use serde_json::json;

use super::failure::CHECK_SAYS_NO;
use super::failure::Failure;
use super::failure::with_causes;
use super::report::text::count;
use super::settings::Settings;
use crate::execute::RunError;
use crate::project::Project;
use crate::runtime::LoadError;
use crate::store::BUILD_FOLDER;
use crate::store::Migration;
use crate::toolchain::BuildEvent;
use crate::toolchain::BuildFailure;
use crate::toolchain::BuildOptions;
use crate::toolchain::ProcessEnvironment;
use crate::toolchain::Summary;
use crate::worker::Cancel;

#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    /// Only these revisions
    revisions: Vec<String>,
    /// Only list what is out of date, and exit with code 3 if anything is
    #[arg(long)]
    check: bool,
    /// Also rebuild what is up to date
    #[arg(long, conflicts_with = "check")]
    force: bool,
}

pub(super) fn run(settings: &Settings, arguments: &BuildArguments) -> Result<u8, Failure> {
    if arguments.check {
        return check(settings, &settings.project()?, &arguments.revisions);
    }
    let project = settings.project_to_build()?;
    let (project, summary) = build_with(settings, project, &arguments.revisions, arguments.force)?;
    if arguments.revisions.is_empty() {
        remove_others(settings, &project)?;
    }
    finished(settings, summary);
    compile(settings, &project, &arguments.revisions)?;
    Ok(0)
}

/// Builds what is out of date. Answers the project as it is afterwards.
pub(super) fn build(settings: &Settings, project: Project) -> Result<Project, Failure> {
    let (project, summary) = build_with(settings, project, &[], false)?;
    finished(settings, summary);
    Ok(project)
}

#[expect(clippy::disallowed_methods, reason = "compilers get a path without links and the variables of this process")]
fn build_with(
    settings: &Settings,
    project: Project,
    revisions: &[String],
    force: bool,
) -> Result<(Project, Summary), Failure> {
    let report = settings.report();
    let migrations = chosen(&project, revisions)?;
    let folder = settings.project_folder()?;
    let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
    settings.keep_urls_secret(&project);
    let environment = ProcessEnvironment::new(std::env::vars_os())
        .without(project.url_variables())
        .without_values(|value| settings.report().secrets().are_in(value));
    let worker = super::worker::this_program();
    let with_compiler = migrations.iter().any(|migration| migration.language.is_compiled());
    let target = if with_compiler { super::folders::target_folder(&folder) } else { None };
    let options = BuildOptions {
        project: &folder,
        target: target.as_ref(),
        environment: &environment,
        force,
        worker: Some(&worker),
        limits: crate::execute::compile_limits(&project.environment().limits).process,
        runtimes: &super::worker::languages(settings).preferred_of_all(),
    };
    let result = crate::toolchain::build(project.store()?, &migrations, options, &mut |event| {
        match event {
        BuildEvent::Started { migration } if !report.is_json() => {
            report.progress(&format!("Building {}", migration.file));
        }
        BuildEvent::Built { migration, bytes } if report.is_json() => report.document(&json!({
            "event": "built", "revision": migration.metadata.revision, "file": migration.file, "bytes": bytes,
        })),
        BuildEvent::Failed { migration, error } if report.is_json() => report.document(&json!({
            "event": "build-failed", "revision": migration.metadata.revision, "file": migration.file, "message": with_causes(error),
        })),
        BuildEvent::Warning { migration, warning } if report.is_json() => report.document(&json!({
            "event": "build-warning", "revision": migration.metadata.revision, "file": migration.file,
            "message": warning.to_string(), "hint": warning.hint(),
        })),
        BuildEvent::Warning { migration, warning } => {
            report.note(&format!("{}: {warning}; {}", migration.file, warning.hint()));
        }
        _ => {}
    }
    });
    let summary = result.map_err(|error| failed(&error))?;
    if summary.built == 0 {
        return Ok((project, summary));
    }
    // cargo may have written lock files, by which what it built is known.
    let project = project.read_again()?;
    for before in &migrations {
        let revision = &before.metadata.revision;
        let Some(now) = project.migration(revision) else { continue };
        if before.lock_digest.is_none() || before.lock_digest == now.lock_digest {
            continue;
        }
        let lock_file = format!("{}/Cargo.lock", now.file);
        if report.is_json() {
            report.document(&json!({"event": "lock-file-updated", "revision": revision, "file": lock_file}));
        } else {
            report.note(&format!("updated '{lock_file}' for the SDK of this version of host"));
        }
    }
    Ok((project, summary))
}

fn finished(settings: &Settings, summary: Summary) {
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({"event": "finished", "built": summary.built, "fresh": summary.fresh}));
    } else {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        report.note(&format!("{} built, {} up to date", count(number(summary.built), "migration"), summary.fresh));
    }
}

/// Removes what was built of migrations that are no longer there, and says so.
fn remove_others(settings: &Settings, project: &Project) -> Result<(), Failure> {
    let report = settings.report();
    for revision in project.store()?.remove_other_components(project.migrations()).map_err(RunError::Store)? {
        let file = format!("{BUILD_FOLDER}/{revision}.wasm");
        if report.is_json() {
            report.document(&json!({"event": "removed", "revision": revision, "file": file}));
        } else {
            report.note(&format!("removed '{file}': revision {revision} is not among the migrations any more"));
        }
    }
    Ok(())
}

/// Compiles those migrations in compiled languages that have no code yet, so that what cannot be compiled is found now, and
/// a run finds the rest in the cache. Without a cache it compiles all of them each time.
fn compile(settings: &Settings, project: &Project, revisions: &[String]) -> Result<(), Failure> {
    let mut compiled = chosen(project, revisions)?;
    compiled.retain(|migration| migration.language.runtime().is_none());
    if compiled.is_empty() {
        return Ok(());
    }
    let limits = &project.environment().limits;
    let compiler = super::worker::compiler(settings)?;
    let runtime = crate::execute::runtime(&compiler, limits)?;
    let limits = crate::execute::compile_limits(limits);
    let report = settings.report();
    let mut failures = Vec::new();
    for migration in &compiled {
        let component = project.source().component(migration)?;
        let digest = component.digest.to_string();
        if runtime.has_code(&digest) {
            continue;
        }
        report.progress(&format!("Compiling {}", migration.file));
        if let Err(error) = runtime.compile(&component.bytes, &digest, limits, &Cancel::default()) {
            if report.is_json() {
                report.document(&json!({
                    "event": "build-failed", "revision": migration.metadata.revision, "file": migration.file,
                    "message": with_causes(&error),
                }));
            }
            // It is not built, as far as a run is concerned.
            project.store()?.remove_component(migration)?;
            failures.push((migration, error));
        }
    }
    let message = |(migration, error): &(&Migration, LoadError)| {
        format!("revision {} cannot be compiled: {}", migration.metadata.revision, with_causes(error))
    };
    match failures.as_slice() {
        [] => Ok(()),
        [failure] => Err(Failure::new("build-failed", message(failure), failure.1.hint())),
        several => {
            let mut text = format!("{} migrations cannot be compiled", several.len());
            for failure in several {
                text.push_str(&format!("\n{}\n  {}", message(failure), failure.1.hint()));
            }
            Err(Failure::new("build-failed", text, "correct the source, then run `host build` again"))
        }
    }
}

fn check(settings: &Settings, project: &Project, revisions: &[String]) -> Result<u8, Failure> {
    let migrations = chosen(project, revisions)?;
    let outdated = crate::toolchain::outdated(project.store()?, &migrations)?;
    let report = settings.report();
    if report.is_json() {
        let outdated: Vec<_> = outdated
            .iter()
            .map(|migration| json!({"revision": migration.metadata.revision, "file": migration.file}))
            .collect();
        report.document(&json!({ "outdated": outdated }));
    } else {
        for migration in &outdated {
            report.line(&format!("{} ({}) is not built, or out of date", migration.metadata.revision, migration.file));
        }
        if outdated.is_empty() {
            report.note("everything is up to date");
        }
    }
    Ok(if outdated.is_empty() { 0 } else { CHECK_SAYS_NO })
}

fn chosen(project: &Project, revisions: &[String]) -> Result<Vec<Migration>, Failure> {
    if revisions.is_empty() {
        return Ok(project.migrations().to_vec());
    }
    let mut migrations = Vec::new();
    for revision in revisions {
        for id in crate::revision::resolve_revisions(project.graph(), &[], revision)? {
            migrations.push(project.migration(&id).ok_or(RunError::UnknownRevision(id))?.clone());
        }
    }
    Ok(migrations)
}

/// Every migration that cannot be built, with what its tool said.
fn failed(error: &crate::toolchain::BuildError) -> Failure {
    const AGAIN: &str = "correct the source, then run `host build` again";
    let message = |failure: &BuildFailure| {
        format!("revision {} cannot be built: {}", failure.revision, with_causes(&failure.error))
    };
    if let [failure] = error.failures.as_slice() {
        let hint = failure.error.hint().unwrap_or_else(|| AGAIN.to_owned());
        return Failure::new("build-failed", message(failure), hint);
    }
    let mut text = format!("{} migrations cannot be built", error.failures.len());
    for failure in &error.failures {
        text.push_str(&format!("\n{}", message(failure)));
        if let Some(hint) = failure.error.hint().filter(|_| error.hint().is_none()) {
            text.push_str(&format!("\n  {hint}"));
        }
    }
    Failure::new("build-failed", text, error.hint().unwrap_or_else(|| AGAIN.to_owned()))
}
