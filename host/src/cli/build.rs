//! `host build`.

use clap::Args;
use serde_json::json;

use super::failure::CHECK_SAYS_NO;
use super::failure::Failure;
use super::failure::with_causes;
use super::javascript_packages::PackageWork;
use super::problem;
use super::problem::Problem;
use super::report::text::count;
use super::settings::Settings;
use super::source_checks::SourceChecks;
use crate::config::Environment;
use crate::db::opening::Timeouts;
use crate::execute::Options;
use crate::execute::RunError;
use crate::grant::Class;
use crate::grant::Classes;
use crate::grant::Grant;
use crate::grant::TimeLimits;
use crate::language::Language;
use crate::project::Project;
use crate::runtime::LoadError;
use crate::store::BUILD_FOLDER;
use crate::store::Migration;
use crate::store::SDK_FOLDER;
use crate::store::Store;
use crate::store::asks_line;
use crate::toolchain::BuildEvent;
use crate::toolchain::BuildOptions;
use crate::toolchain::CheckSource;
use crate::toolchain::FixedAsks;
use crate::toolchain::PackageBundler;
use crate::toolchain::PackageImport;
use crate::toolchain::ProcessEnvironment;
use crate::toolchain::ScriptSource;
use crate::toolchain::Summary;
use crate::worker::Cancel;

#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    /// Only these revisions
    revisions: Vec<String>,
    /// Build nothing: list what is out of date or could not run in this environment, and exit with code 3 if anything is
    #[arg(long)]
    check: bool,
    /// Also rebuild what is up to date
    #[arg(long, conflicts_with = "check")]
    force: bool,
    /// First let migrations in SQL ask for all that their statements need, in their files
    #[arg(long, conflicts_with = "check")]
    fix_asks: bool,
    /// Only write the SDK of each language into .host/sdk, for editors
    #[arg(long, conflicts_with_all = ["revisions", "check", "force", "fix_asks"])]
    sdk: bool,
}

pub(super) async fn run(settings: &Settings, arguments: &BuildArguments) -> Result<u8, Failure> {
    if arguments.check {
        return check(settings, &settings.project()?, &arguments.revisions).await;
    }
    if arguments.sdk {
        return write_sdks(settings, &settings.project()?);
    }
    let mut project = settings.project_to_build()?;
    if arguments.fix_asks {
        project = fix_asks(settings, project, &arguments.revisions)?;
    }
    let (project, summary) = build_with(settings, project, &arguments.revisions, arguments.force)?;
    if arguments.revisions.is_empty() {
        remove_others(settings, &project)?;
    }
    finished(settings, summary);
    compile(settings, &project, &arguments.revisions)?;
    let migrations = chosen(&project, &arguments.revisions)?;
    let asking: Vec<_> =
        migrations.iter().map(|migration| (migration.file.as_str(), migration.metadata.asks)).collect();
    tell_not_granted(settings, project.environment(), &asking);
    Ok(0)
}

fn write_sdks(settings: &Settings, project: &Project) -> Result<u8, Failure> {
    crate::toolchain::write_all_sdks(project.store()?)?;
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({"event": "sdk-written", "folder": SDK_FOLDER}));
    } else {
        report.line(&format!("wrote the SDK to {SDK_FOLDER}"));
    }
    Ok(0)
}

/// Lets migrations ask for what they need. Answers the project as it is afterwards.
fn fix_asks(settings: &Settings, project: Project, revisions: &[String]) -> Result<Project, Failure> {
    let report = settings.report();
    let migrations = chosen(&project, revisions)?;
    let fixed = crate::toolchain::fix_asks(project.store()?, &migrations, time_limits(&project))
        .map_err(|error| Failure::new("project-files", with_causes(&error), error.hint().unwrap_or_default()))?;
    for FixedAsks { migration, asks } in &fixed {
        if report.is_json() {
            report.document(&json!({
                "event": "asks-written", "revision": migration.metadata.revision, "file": migration.file,
                "asks": asks.written().map(Class::word).collect::<Vec<_>>(),
            }));
        } else {
            report.line(&format!("wrote {}", asks_line(&migration.file, *asks)));
        }
    }
    if fixed.is_empty() { Ok(project) } else { Ok(project.read_again()?) }
}

/// The time limits that host.toml sets for a run.
fn time_limits(project: &Project) -> TimeLimits {
    let limits = &project.environment().limits;
    Timeouts::new(limits.lock_timeout, limits.statement_timeout).into()
}

/// Says which classes migrations ask for, by their files, that the environment does not grant: a run would refuse them.
fn tell_not_granted(settings: &Settings, environment: &Environment, asking: &[(&str, Classes)]) {
    let report = settings.report();
    let refused = |(_, asks): &&(&str, Classes)| Grant::new(*asks, environment.grants).is_err();
    let refused: Vec<_> = asking.iter().filter(refused).collect();
    let asked = refused.iter().fold(Classes::NONE, |all, (_, asks)| all.union(*asks));
    let missing = asked.minus(environment.grants.with(Class::Query));
    let ((file, _), others) = match refused.as_slice() {
        [] => return,
        [first, others @ ..] => (first, others.len()),
    };
    if report.is_json() {
        return report.document(&json!({
            "event": "not-granted", "environment": environment.name,
            "files": refused.iter().map(|(file, _)| file).collect::<Vec<_>>(),
            "classes": missing.written().map(Class::word).collect::<Vec<_>>(),
        }));
    }
    let asks = match others {
        0 => format!("{file} asks"),
        1 => format!("{file} and 1 other migration ask"),
        _ => format!("{file} and {others} other migrations ask"),
    };
    report.note(&format!(
        "{asks} for {missing}, which the environment '{0}' does not grant; to grant it, write `grants = {1}` under [{0}] in \
         host.toml, in place of its grants",
        environment.name,
        environment.grants.union(missing).as_toml(),
    ));
}

/// Builds what is out of date. Answers the project as it is afterwards.
pub(super) fn build(settings: &Settings, project: Project) -> Result<Project, Failure> {
    let (project, summary) = build_with(settings, project, &[], false)?;
    finished(settings, summary);
    Ok(project)
}

/// Builds what is out of date of a project of Alembic, whose components are made of nothing but its files, without a compiler: so
/// nobody has to ask for it. True if there was something to build.
pub(super) fn build_alembic(settings: &Settings, project: &Project) -> Result<bool, Failure> {
    if !project.store().is_ok_and(Store::is_alembic) {
        return Ok(false);
    }
    let summary = build_some(settings, project, project.migrations(), false)?;
    if summary.built > 0 {
        finished(settings, summary);
    }
    Ok(summary.built > 0)
}

fn build_with(
    settings: &Settings,
    project: Project,
    revisions: &[String],
    force: bool,
) -> Result<(Project, Summary), Failure> {
    let report = settings.report();
    let migrations = chosen(&project, revisions)?;
    let summary = build_some(settings, &project, &migrations, force)?;
    if summary.built == 0 || project.store()?.is_alembic() {
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

#[expect(clippy::disallowed_methods, reason = "compilers get a path without links and the variables of this process")]
fn build_some(
    settings: &Settings,
    project: &Project,
    migrations: &[Migration],
    force: bool,
) -> Result<Summary, Failure> {
    let report = settings.report();
    let folder = settings.project_folder()?;
    let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
    settings.keep_urls_secret(project);
    let environment = ProcessEnvironment::new(std::env::vars_os())
        .without(&project.config().url_variables())
        .without_values(|value| settings.report().secrets().are_in(value));
    let python = super::python_packages::runtime(settings, project, migrations, &environment)?;
    let worker = super::worker::this_program();
    let with_compiler = migrations.iter().any(|migration| migration.language.is_compiled());
    let target = if with_compiler { super::folders::target_folder(&folder) } else { None };
    let checks = SourceChecks::new(settings, project);
    let check_source = |source: ScriptSource<'_>| checks.check(source);
    let packages = super::javascript_packages::listed(project)?;
    let work = packages.as_ref().map(|packages| PackageWork::new(settings, packages, &environment));
    let bundle = work.as_ref().map(|work| |imports: &[PackageImport]| work.bundle(imports));
    let named = migrations.iter().filter_map(|migration| migration.language.runtime()).chain(python.as_deref());
    let options = BuildOptions {
        project: &folder,
        target: target.as_ref(),
        environment: &environment,
        force,
        worker: Some(&worker),
        limits: crate::execute::compile_limits(&project.environment().limits).process,
        time_limits: time_limits(project),
        runtimes: &super::worker::languages(settings).digests_of(named),
        python: python.as_deref(),
        javascript: packages
            .as_ref()
            .zip(bundle.as_ref())
            .map(|(packages, bundle)| PackageBundler { packages, bundle }),
        check_source: Some(CheckSource(&check_source)),
    };
    let mut status = report.status();
    let result = crate::toolchain::build(project.store()?, migrations, options, &mut |event| {
        match event {
            BuildEvent::Compiling { progress, .. } => {
                return status.show(&format!("compiled {} of {} crates", progress.done, progress.total));
            }
            _ => status.clear(),
        }
        match event {
            // Of hundreds of revisions, which take milliseconds together.
            BuildEvent::Started { migration } if migration.language == Language::Alembic => {}
            BuildEvent::Started { migration } if !report.is_json() => {
                report.progress(&format!("Building {}", migration.file));
            }
            BuildEvent::Built { migration, bytes } if report.is_json() => report.document(&json!({
                "event": "built", "revision": migration.metadata.revision, "file": migration.file, "bytes": bytes,
            })),
            BuildEvent::Failed { migration, error } if report.is_json() => report.document(&json!({
                "event": "build-failed", "revision": migration.metadata.revision, "file": migration.file,
                "message": with_causes(error),
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
    drop(status);
    let summary = result.map_err(|error| {
        // So that both lines can be written before the next build.
        let asking = error.failures.iter().filter_map(|failure| Some((failure.file.as_str(), failure.error.asks()?)));
        let asking: Vec<_> = asking.collect();
        tell_not_granted(settings, project.environment(), &asking);
        super::build_failure::of(&error)
    })?;
    Ok(summary)
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
        if runtime.has_code(&component.code_digest) {
            continue;
        }
        report.progress(&format!("Compiling {}", migration.file));
        if let Err(error) = runtime.compile(&component.code(), &component.code_digest, limits, &Cancel::default()) {
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

async fn check(settings: &Settings, project: &Project, revisions: &[String]) -> Result<u8, Failure> {
    let migrations = chosen(project, revisions)?;
    let packages = super::javascript_packages::listed(project)?;
    let outdated = crate::toolchain::outdated(project.store()?, &migrations, packages.as_ref())?;
    let options = Options { compiler: super::worker::compiler(settings)?, ..settings.options() };
    let mut problems = crate::execute::check_migrations(project, &migrations, &options).await?;
    // These are the ones that are out of date.
    problems.retain(|problem| !matches!(problem, RunError::Store(error) if error.is_outdated()));
    let problems: Vec<Problem> = problems.iter().map(Problem::from).collect();
    let report = settings.report();
    let is_fine = outdated.is_empty() && problems.is_empty();
    if report.is_json() {
        let outdated: Vec<_> = outdated
            .iter()
            .map(|migration| json!({"revision": migration.metadata.revision, "file": migration.file}))
            .collect();
        let problems: Vec<_> = problems.iter().map(problem::document).collect();
        report.document(&json!({ "outdated": outdated, "problems": problems }));
    } else {
        for migration in &outdated {
            report.line(&format!("{} ({}) is not built, or out of date", migration.metadata.revision, migration.file));
        }
        if !problems.is_empty() {
            report.line(&format!("in the environment '{}':", project.environment().name));
            report.lines(&problem::lines(&problems));
        }
        if is_fine {
            report.note("everything is up to date");
        }
    }
    Ok(if is_fine { 0 } else { CHECK_SAYS_NO })
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
