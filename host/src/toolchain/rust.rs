//! Rust: a folder with a `Cargo.toml` becomes a core module by cargo, and a component by the host.

use std::ffi::OsString;
use std::io;
use std::process::Command;
use std::process::Output;
use std::rc::Rc;

use serde::Deserialize;

use super::BuildEvent;
use super::BuildOptions;
use super::Builder;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::cargo::Cargo;
use super::cargo::TARGET;
use super::manifest;
use super::program::last_lines;
use super::progress;
use super::progress::Resolve;
use super::sdk;
use super::sdk::locks_another_sdk;
use super::target::LockedTarget;
use super::wrap::wrap;
use crate::language::Language;
use crate::language::RUST_SDK_FOLDER;
use crate::store::Migration;
use crate::store::Store;
use crate::store::StoreError;

/// The file that says which versions of its dependencies a migration is built with.
const LOCK_FILE: &str = "Cargo.lock";

/// What cargo says when a lock file would have to change and may not.
const WOULD_CHANGE_LOCK_FILE: &str = "because --locked was passed";
/// The same of earlier versions.
const NEEDS_TO_CHANGE_LOCK_FILE: &str = "but --locked was passed";

/// The separator of flags in `CARGO_ENCODED_RUSTFLAGS` (The Cargo Book, "Environment Variables").
const FLAG_SEPARATOR: &str = "\u{1f}";

/// One line of `--message-format=json-render-diagnostics` (The Cargo Book, "External tools").
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    filenames: Vec<String>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    crate_types: Vec<String>,
}

pub(super) const SUPPORT: Support =
    Support { build, write_sdk: Some(|store| sdk::write(Language::Rust, store)), tool: Some(tool) };

fn tool(store: &Store, options: BuildOptions<'_>) -> Result<String, ToolchainError> {
    let target = LockedTarget::open(store, options.project, options.target)?;
    Ok(Cargo::find(Rc::new(target), options)?.version(options))
}

fn build(builder: &mut Builder<'_>, migration: &Migration, on_event: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    sdk::write(Language::Rust, builder.store)?;
    let cargo = match builder.cargo.take() {
        Some(cargo) => cargo,
        None => Cargo::find(builder.target()?, builder.options)?,
    };
    let lock = lock(builder, migration);
    let output = forget_packages(builder, &cargo, migration, lock)
        .and_then(|packages| run_cargo(builder, &cargo, migration, lock, packages, on_event));
    let cargo = builder.cargo.insert(cargo);
    let folder = migration.file.clone();
    let name = library(&output?).ok_or(ToolchainError::NoLibrary { folder })?;
    let module = cargo.target().read(&format!("{TARGET}/release/{name}"))?;
    // cargo may have written the lock file; anything else that changed is not in the module.
    let now = builder.store.reread(migration)?;
    if now.source_digest != migration.source_digest || now.metadata != migration.metadata {
        return Err(StoreError::Changed { file: migration.file.clone() }.into());
    }
    wrap(&builder.options, &migration.file, &module, &manifest(&now, &builder.options))
}

/// The option by which cargo keeps to the lock file. Without a lock file it writes one; and when host has another version of the
/// SDK, which the author did not choose, it changes what follows from that.
fn lock(builder: &Builder<'_>, migration: &Migration) -> Option<&'static str> {
    let path = format!("{}/{LOCK_FILE}", migration.file);
    let keeps = migration.lock_digest.is_some() && !locks_another_sdk(builder.store, &path);
    keeps.then_some("--locked")
}

/// Forgets what cargo made of the packages in the project, so that it compiles them again. It knows a package by its name, and
/// takes it for unchanged by the times of its files; an archive sets times, and two migrations may have one name. The SDK stays:
/// host itself wrote its files. Answers how many packages there are to compile.
fn forget_packages(
    builder: &Builder<'_>,
    cargo: &Cargo,
    migration: &Migration,
    lock: Option<&str>,
) -> Result<usize, ToolchainError> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
        resolve: Option<Resolve>,
    }
    #[derive(Deserialize)]
    struct Package {
        id: String,
        source: Option<String>,
        manifest_path: std::path::PathBuf,
    }

    let mut command = cargo.command(builder.options);
    command.args(["metadata", "--format-version=1", "--filter-platform", TARGET]).args(lock);
    let metadata = run(builder, cargo, migration, &mut command, Command::output)?;
    let metadata: Metadata = serde_json::from_slice(&metadata)
        .map_err(|source| ToolchainError::Metadata { folder: migration.file.clone(), source })?;
    let sdk = builder.options.project.join(RUST_SDK_FOLDER).join("Cargo.toml");
    let is_own = |package: &&Package| package.source.is_none() && package.manifest_path != sdk;
    let mut command = cargo.command(builder.options);
    command.args(["clean", "--release", "--target", TARGET, "--target-dir"]).arg(&cargo.target().path);
    for package in metadata.packages.iter().filter(is_own) {
        command.args(["--package", &package.id]);
    }
    run(builder, cargo, migration, &mut command, Command::output)?;
    Ok(metadata.resolve.unwrap_or_default().packages())
}

fn run_cargo(
    builder: &Builder<'_>,
    cargo: &Cargo,
    migration: &Migration,
    lock: Option<&str>,
    packages: usize,
    on_event: OnEvent<'_>,
) -> Result<Vec<u8>, ToolchainError> {
    let mut command = cargo.command(builder.options);
    command
        .args(["build", "--lib", "--release", "--target", TARGET, "--target-dir"])
        .arg(&cargo.target().path)
        .arg("--message-format=json-render-diagnostics")
        .args(lock)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(builder, cargo));
    run(builder, cargo, migration, &mut command, |command| {
        progress::watch(command, packages, &mut |progress| on_event(BuildEvent::Compiling { migration, progress }))
    })
}

/// What cargo prints when it runs in the folder of a migration.
fn run(
    builder: &Builder<'_>,
    cargo: &Cargo,
    migration: &Migration,
    command: &mut Command,
    start: impl FnOnce(&mut Command) -> io::Result<Output>,
) -> Result<Vec<u8>, ToolchainError> {
    command.current_dir(builder.options.project.join(&migration.file));
    // A configuration file in the project could name another folder for what is not finished.
    command.env("CARGO_BUILD_BUILD_DIR", &cargo.target().path);
    let output = start(command).map_err(|source| ToolchainError::Start { program: cargo.name(), source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let text = String::from_utf8_lossy(&output.stderr);
    if [WOULD_CHANGE_LOCK_FILE, NEEDS_TO_CHANGE_LOCK_FILE].iter().any(|said| text.contains(said)) {
        return Err(ToolchainError::LockFile { folder: migration.file.clone() });
    }
    let text = last_lines(&text);
    Err(ToolchainError::Cargo { folder: migration.file.clone(), output: text })
}

/// Keeps the names of this machine's folders out of the component. Of several that match, rustc takes the last.
fn flags(builder: &Builder<'_>, cargo: &Cargo) -> OsString {
    let environment = builder.options.environment;
    let cargo_home = environment.get("CARGO_HOME").map(OsString::from).or_else(|| {
        let home = environment.get("HOME").or_else(|| environment.get("USERPROFILE"))?;
        Some(std::path::Path::new(home).join(".cargo").into_os_string())
    });
    let folders = [
        (Some(OsString::from(cargo.sysroot())), "/rust"),
        (cargo_home, "/cargo"),
        (Some(builder.options.project.as_os_str().to_owned()), "/project"),
        (Some(cargo.target().path.as_os_str().to_owned()), "/target"),
    ];
    let mut flags = OsString::new();
    for (folder, name) in folders {
        let Some(folder) = folder.filter(|folder| !folder.is_empty()) else { continue };
        if !flags.is_empty() {
            flags.push(FLAG_SEPARATOR);
        }
        flags.push("--remap-path-prefix=");
        flags.push(folder);
        flags.push("=");
        flags.push(name);
    }
    flags
}

/// The file name of the library among the things that cargo made. The package itself comes after its dependencies.
fn library(messages: &[u8]) -> Option<String> {
    messages
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .filter(|message| {
            let target = message.target.as_ref();
            target.is_some_and(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
        })
        .filter_map(|message| message.filenames.into_iter().find(|name| name.ends_with(".wasm")))
        .next_back()
        .and_then(|path| path.rsplit(['/', '\\']).next().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_found_among_the_messages() {
        let messages = concat!(
            "not json\n",
            r#"{"reason":"compiler-artifact","target":{"crate_types":["lib"]},"filenames":["/x/libdep.rlib"]}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"crate_types":["cdylib"]},"filenames":["/x/release/a.wasm"]}"#,
            "\n",
            r#"{"reason":"compiler-message","filenames":["/x/b.wasm"]}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(library(messages.as_bytes()).as_deref(), Some("a.wasm"));
        assert_eq!(library(b""), None);
    }
}
