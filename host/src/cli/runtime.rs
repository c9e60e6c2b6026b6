//! `host runtime`: the language runtimes of this user.

#![expect(clippy::disallowed_methods, reason = "the file of a runtime lies anywhere")]

use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::Subcommand;
use serde_json::json;

use super::cache::runtime_document;
use super::cache::runtime_line;
use super::failure::Failure;
use super::failure::with_causes;
use super::folders;
use super::folders::Missing;
use super::settings::Settings;
use crate::runtime::RUNTIME_BYTES_MAX;
use crate::runtime::RuntimeFolder;
use crate::toolchain;
use crate::worker::Cancel;
use crate::worker::Limits;
use crate::worker::Task;

/// The world of the contract that a language runtime is built for.
const WORLD: &str = "script-runtime";

/// What making a component of a core module may use: far more than that of a language takes.
const ENCODE_LIMITS: Limits = Limits { time: Duration::from_secs(120), memory: 4 << 30 };

#[derive(Debug, Args)]
pub(super) struct RuntimeArguments {
    #[command(subcommand)]
    command: RuntimeCommand,
}

#[derive(Debug, Subcommand)]
enum RuntimeCommand {
    /// List the runtimes that this host has
    List,
    /// Copy a runtime into the folder of this user, where every project finds it
    Add {
        /// The name by which components ask for it, such as python
        name: String,
        /// Its WebAssembly: a component, or a core module built for the world script-runtime
        file: PathBuf,
    },
}

pub(super) fn run(settings: &Settings, arguments: &RuntimeArguments) -> Result<u8, Failure> {
    match &arguments.command {
        RuntimeCommand::List => list(settings),
        RuntimeCommand::Add { name, file } => add(settings, name, file),
    }
}

/// The runtimes that were installed with this program.
pub(super) fn installed_folder() -> Option<RuntimeFolder> {
    Some(RuntimeFolder::installed(folders::installed_runtimes()?.dir))
}

fn list(settings: &Settings) -> Result<u8, Failure> {
    let runtimes = super::worker::languages(settings).list();
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({ "runtimes": runtimes.iter().map(runtime_document).collect::<Vec<_>>() }));
    } else {
        runtimes.iter().for_each(|runtime| report.line(&runtime_line(runtime)));
    }
    Ok(0)
}

fn add(settings: &Settings, name: &str, file: &Path) -> Result<u8, Failure> {
    let project = settings.project_folder().ok().filter(|folder| super::settings::open_folder(folder).is_ok());
    let bytes = read(file)?;
    let component = component(file, bytes)?;
    let folder = folders::runtimes(project.as_deref(), Missing::Make).map_err(|no_folder| {
        Failure::new(
            "no-cache",
            format!("there is no folder for language runtimes: {}", no_folder.reason()),
            "set HOST_CACHE_DIR to a folder of yours in which nobody else can write",
        )
    })?;
    let path = folder.path;
    let refused = |reason: String| {
        Failure::new("cache", format!("cannot write into {}: {reason}", path.display()), "see `host cache info`")
    };
    let folder = RuntimeFolder::open(folder.dir).map_err(|error| refused(error.to_string()))?;
    let digest = folder.add(name, &component).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => Failure::usage(
            format!("'{}' is not the name of a language runtime", name.escape_debug()),
            "a name has lowercase letters, digits and '-', a letter first, and at most 64 characters",
        ),
        _ => refused(with_causes(&error)),
    })?;
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({"event": "runtime-added", "name": name, "digest": digest, "bytes": component.len()}));
    } else {
        report.line(&format!("added {name} {digest}"));
    }
    Ok(0)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            "runtime",
            format!("cannot read '{}': {error}", file.display()),
            "name the .wasm file of a language runtime",
        )
    };
    let mut bytes = Vec::new();
    std::fs::File::open(file).map_err(failed)?.take(RUNTIME_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= RUNTIME_BYTES_MAX) {
        return Ok(bytes);
    }
    Err(Failure::new(
        "runtime",
        format!("'{}' has more than {} MiB", file.display(), RUNTIME_BYTES_MAX >> 20),
        "build it without what it does not need",
    ))
}

/// The component of a runtime, which is one this host could run.
fn component(file: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let refused = |reason: String| {
        Failure::new(
            "runtime",
            format!("'{}' is not a language runtime: {reason}", file.display()),
            "build it for the world script-runtime of this version's contract",
        )
    };
    let component = if wasmparser::Parser::is_core_wasm(&bytes) {
        let task =
            Task { job: toolchain::ENCODE_JOB, settings: WORLD, input: &bytes, limits: ENCODE_LIMITS, threads: 1 };
        super::worker::this_program().run(&task, &Cancel::default()).map_err(|error| refused(with_causes(&error)))?
    } else {
        bytes
    };
    crate::runtime::check_runtime(&component).map_err(|error| refused(error.to_string()))?;
    Ok(component)
}
