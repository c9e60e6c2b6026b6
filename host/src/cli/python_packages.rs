//! The runtime of Python, or of Alembic, with the packages that `[python] requirements` lists: made once, kept in the folder of this user.

use std::path::Path;

use super::failure::Failure;
use super::failure::with_causes;
use super::folders;
use super::folders::Missing;
use super::settings::Settings;
use crate::language::Language;
use crate::project::Project;
use crate::runtime::RuntimeFolder;
use crate::store::Migration;
use crate::toolchain::BaseRuntime;
use crate::toolchain::ProcessEnvironment;
use crate::toolchain::PythonPackages;
use crate::toolchain::PythonRuntimeError;
use crate::toolchain::WorkFolder;

/// The name of the runtime that the project's migrations in Python run in, if that is one of its own. It is made where it is not
/// there yet.
pub(super) fn runtime(
    settings: &Settings,
    project: &Project,
    migrations: &[Migration],
    environment: &ProcessEnvironment,
) -> Result<Option<String>, Failure> {
    let has = |language| migrations.iter().any(|migration| migration.language == language);
    // A project of Alembic has revisions of Alembic only.
    let base = if has(Language::Alembic) {
        BaseRuntime::Alembic
    } else if has(Language::Python) {
        BaseRuntime::Python
    } else {
        return Ok(None);
    };
    own_runtime(settings, project, base, environment)
}

/// The name of the runtime that a project of Alembic runs in. One with packages of its own is made where it is not there yet.
#[expect(clippy::disallowed_methods, reason = "programs get the variables of this process")]
pub(super) fn alembic_runtime(settings: &Settings, project: &Project) -> Result<String, Failure> {
    settings.keep_urls_secret(project);
    let environment = ProcessEnvironment::new(std::env::vars_os())
        .without(&project.config().url_variables())
        .without_values(|value| settings.report().secrets().are_in(value));
    let own = own_runtime(settings, project, BaseRuntime::Alembic, &environment)?;
    Ok(own.unwrap_or_else(|| Language::Alembic.name().to_owned()))
}

fn own_runtime(
    settings: &Settings,
    project: &Project,
    base: BaseRuntime,
    environment: &ProcessEnvironment,
) -> Result<Option<String>, Failure> {
    let Some(packages) =
        PythonPackages::new(base, project.config().python_requirements()).map_err(|error| failure(&error))?
    else {
        return Ok(None);
    };
    let name = packages.runtime_name();
    if super::worker::languages(settings).find(&name, None).is_ok() {
        return Ok(Some(name));
    }
    let folder = settings.project_folder()?;
    let opened = |folder: Result<folders::Folder, folders::NoFolder>| {
        folder.map_err(|no_folder| {
            Failure::new(
                "no-cache",
                format!("there is no folder for language runtimes: {}", no_folder.reason()),
                "set HOST_CACHE_DIR to a folder of yours in which nobody else can write",
            )
        })
    };
    let runtimes = opened(folders::runtimes(Some(&folder), Missing::Make))?;
    let work = opened(folders::python(Some(&folder), Missing::Make))?;
    let report = settings.report();
    let progress = |text: &str| {
        if !report.is_json() {
            report.progress(text);
        }
    };
    let work_path = work.path.clone();
    let work =
        WorkFolder::take(work.dir, work.path, || progress("Waiting for another host that makes a runtime of Python"))
            .map_err(|error| cannot_write(&work_path, &error.to_string()))?;
    // Whoever had it may have made this very runtime.
    if super::worker::languages(settings).find(&name, None).is_ok() {
        return Ok(Some(name));
    }
    let language = if base == BaseRuntime::Alembic { "Alembic" } else { "Python" };
    progress(&format!("Making a runtime of {language} with {}", project.config().python_requirements().join(", ")));
    let mut status = report.status();
    let component =
        packages.build(&work, environment, &mut |step| status.show(step)).map_err(|error| failure(&error))?;
    drop(status);
    let unwritable = |reason: String| cannot_write(&runtimes.path, &reason);
    let folder = RuntimeFolder::open(runtimes.dir).map_err(|error| unwritable(error.to_string()))?;
    folder.add(&name, &component).map_err(|error| unwritable(with_causes(&error)))?;
    Ok(Some(name))
}

fn failure(error: &PythonRuntimeError) -> Failure {
    Failure::new("python-packages", with_causes(error), error.hint())
}

fn cannot_write(folder: &Path, reason: &str) -> Failure {
    Failure::new("cache", format!("cannot write into {}: {reason}", folder.display()), "see `host cache info`")
}
