//! Go: a package that the standard compiler makes a reactor of WASI of.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use super::BuildOptions;
use super::Builder;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::cargo;
use super::manifest;
use super::program;
use super::program::last_lines;
use super::script::check_decided;
use super::sdk;
use super::stage::Stage;
use super::target::LockedTarget;
use super::wrap::wrap;
use crate::language::Language;
use crate::language::Source;
use crate::store::Migration;
use crate::store::Store;

pub(super) const SUPPORT: Support =
    Support { build, write_sdk: Some(|store| sdk::write(Language::Go, store)), tool: Some(tool) };

fn tool(store: &Store, options: BuildOptions<'_>) -> Result<String, ToolchainError> {
    let target = LockedTarget::open(store, options.project, options.target)?;
    Ok(Go::find(options, &target, &target.path)?.version)
}

/// Where Go's own installer puts it.
const USUAL_PROGRAM: &str = "/usr/local/go/bin/go";

/// The oldest version that can export functions to WebAssembly.
const VERSION_MIN: (u32, u32) = (1, 24);

/// What is made, beside the sources.
const OUTPUT: &str = "host-made.wasm";

/// What the compiler keeps of packages, by the digest of all that goes into them, where the user has no folder for it.
const CACHE: &str = "go-build";
/// The same for modules.
const MODULES: &str = "go";

/// The variables by which Go finds the user's folders.
const FOLDERS: [&str; 4] = ["HOME", "XDG_CACHE_HOME", "GOPATH", "GOMODCACHE"];

/// How to build: without the names of this machine's folders, without what a repository's history says, with whatever version of a
/// module go.mod and go.sum name.
const FLAGS: &str = "-trimpath -buildvcs=false";

/// How to link: without names for debuggers, and with a reference to the memory of Go's runtime, which the SDK needs.
const LINKER_FLAGS: &str = "-ldflags=-s -w -buildid= -checklinkname=0";

/// What go says when go.mod or go.sum would have to change.
const OUTDATED: [&str; 4] = [
    "missing go.sum entry",
    "updates to go.mod needed",
    "no required module provides package",
    "is not in your go.mod file",
];

/// A go that works.
#[derive(Debug)]
pub(super) struct Go {
    program: &'static str,
    version: String,
}

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    sdk::write(Language::Go, builder.store)?;
    let stage = Stage::new(builder, migration)?;
    check_main(&stage, migration)?;
    let target = builder.target()?;
    let go = match &builder.go {
        Some(go) => Rc::clone(go),
        None => Rc::clone(builder.go.insert(Rc::new(Go::find(builder.options, &target, &stage.path())?))),
    };
    let mut command = go.command(builder.options, &target, &stage.path());
    command.args(["build", "-buildmode=c-shared", LINKER_FLAGS, "-o", OUTPUT, "."]);
    if let Err(output) = program::run(go.program, &mut command)? {
        let folder = migration.file.clone();
        if OUTDATED.iter().any(|said| output.contains(said)) {
            return Err(ToolchainError::GoModules { folder, output: last_lines(&output) });
        }
        return Err(ToolchainError::Compiler { program: "go", folder, output: last_lines(&output) });
    }
    wrap(&builder.options, &migration.file, &stage.read(OUTPUT)?, &manifest(migration, &builder.options))
}

/// Refuses a source whose downgrade nobody has decided yet.
pub(super) fn check_main(stage: &Stage, migration: &Migration) -> Result<(), ToolchainError> {
    let Source::Folder { main, .. } = migration.language.profile().source else { return Ok(()) };
    if !stage.files.iter().any(|file| file == main) {
        return Ok(());
    }
    let text = stage.read(main)?;
    check_decided(migration.language, &format!("{}/{main}", migration.file), &String::from_utf8_lossy(&text))
}

impl Go {
    /// The go on `PATH`, or the one where Go's installer puts it, tried out in the folder of a migration.
    fn find(options: BuildOptions<'_>, target: &LockedTarget, folder: &Path) -> Result<Self, ToolchainError> {
        Self::find_among(&["go", USUAL_PROGRAM], options, target, folder)
    }

    /// The first of these programs that works.
    pub(super) fn find_among(
        programs: &[&'static str],
        options: BuildOptions<'_>,
        target: &LockedTarget,
        folder: &Path,
    ) -> Result<Self, ToolchainError> {
        let mut tried = Vec::new();
        for &program in programs {
            let mut go = Self { program, version: String::new() };
            match go.try_out(options, target, folder) {
                Ok(()) => return Ok(go),
                Err(why) => tried.push(format!("{program} {why}")),
            }
        }
        Err(ToolchainError::NoToolchain { language: Language::Go, tried })
    }

    /// Asks for the version that it would use here: it may get another one than itself, by what go.mod says.
    fn try_out(&mut self, options: BuildOptions<'_>, target: &LockedTarget, folder: &Path) -> Result<(), String> {
        let mut command = self.command(options, target, folder);
        let version = cargo::run(command.args(["env", "GOVERSION"])).map_err(|why| format!("says \"{why}\""))?;
        let (major, minor) = VERSION_MIN;
        if parse_version(&version).is_some_and(|found| found < VERSION_MIN) {
            return Err(format!("is {version}, and {major}.{minor} or later is needed"));
        }
        self.version = format!("{version} ({})", self.program);
        Ok(())
    }

    fn command(&self, options: BuildOptions<'_>, target: &LockedTarget, folder: &Path) -> Command {
        let mut command = options.environment.command(OsStr::new(self.program));
        command
            .current_dir(folder)
            .env("GOOS", "wasip1")
            .env("GOARCH", "wasm")
            .env("CGO_ENABLED", "0")
            .env("GOFLAGS", FLAGS)
            .env("GOWORK", "off");
        // The user's own cache and modules, as with cargo's; but not what may have come with the project.
        if !has_folders_of_user(options) {
            command
                .env("GOCACHE", target.path.join(CACHE))
                .env("GOPATH", target.path.join(MODULES))
                .env_remove("GOMODCACHE");
        }
        command
    }
}

/// Whether Go would keep things in a folder of the user's, outside of the project.
#[expect(clippy::disallowed_methods, reason = "where the folders are that Go itself uses")]
fn has_folders_of_user(options: BuildOptions<'_>) -> bool {
    let is_outside = |folder: &Path| folder.canonicalize().is_ok_and(|real| !real.starts_with(options.project));
    let named = |name: &str| options.environment.get(name).map(Path::new);
    // A folder that is not there yet lies where it will be made.
    named("HOME").is_some()
        && FOLDERS
            .iter()
            .filter_map(|name| named(name))
            .all(|folder| folder.ancestors().find(|folder| folder.exists()).is_some_and(is_outside))
}

/// The first two numbers of `go1.26.8`.
fn parse_version(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix("go")?.split(|character: char| !character.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, parsed) in
            [("go1.26.8", Some((1, 26))), ("go1.9", Some((1, 9))), ("go1.24rc1", Some((1, 24))), ("devel", None)]
        {
            assert_eq!(parse_version(version), parsed, "{version}");
        }
        assert!(parse_version("go1.9") < Some(VERSION_MIN));
    }
}
