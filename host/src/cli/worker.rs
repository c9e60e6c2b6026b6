//! The processes in which components are looked into: this program, started once more.

#![expect(
    clippy::disallowed_methods,
    reason = "only here it is known which program this is and what it was started for"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use super::failure::Failure;
use super::settings::Settings;
use crate::alembic;
use crate::runtime;
use crate::runtime::Compiler;
use crate::runtime::RuntimeRegistry;
use crate::toolchain;
use crate::worker;
use crate::worker::Worker;

/// Whether this process was started as a worker.
pub(super) fn is_one() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == worker::ARGUMENT)
}

/// Does the work of a worker.
pub(super) fn serve() -> ExitCode {
    worker::serve(|job, settings, input, threads| match job {
        toolchain::ENCODE_JOB => toolchain::encode(settings, input),
        alembic::READ_JOB => alembic::read_job(input),
        toolchain::STRIP_JOB => toolchain::strip(settings, input),
        toolchain::IMPORTS_JOB => toolchain::imports(input),
        _ => runtime::worker::work(job, settings, input, threads),
    })
}

/// How this process compiles.
pub(super) fn compiler(settings: &Settings) -> Result<Compiler, Failure> {
    let cache = super::cache::for_run(settings)?;
    Ok(Compiler { worker: Some(this_program()), cache, languages: languages(settings) })
}

/// The language runtimes that this process has.
pub(super) fn languages(settings: &Settings) -> RuntimeRegistry {
    let of_user = super::cache::runtime_folder(settings);
    let languages = of_user.into_iter().fold(RuntimeRegistry::default(), RuntimeRegistry::with_folder);
    languages.with_folder_on_demand(super::runtime::installed_folder)
}

/// A worker that starts this program.
pub(super) fn this_program() -> Worker {
    Worker::new(path())
}

/// On Linux the running file itself, also when another one has taken its place since: of another version, or none.
#[cfg(target_os = "linux")]
fn path() -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;

    const RUNNING: &str = "/proc/self/exe";

    if std::path::Path::new(RUNNING).read_link().is_ok() {
        return PathBuf::from(RUNNING);
    }
    // Without /proc the kernel still says by which path the program was started (getauxval(3), AT_EXECFN).
    let started = PathBuf::from(std::ffi::OsStr::from_bytes(rustix::param::linux_execfn().to_bytes()));
    std::path::absolute(&started).unwrap_or(started)
}

#[cfg(not(target_os = "linux"))]
fn path() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("host"))
}
