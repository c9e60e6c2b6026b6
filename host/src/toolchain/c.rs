//! C: the sources of a folder, which clang makes a module of, together with those of the SDK.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use super::BuildOptions;
use super::Builder;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::cargo;
use super::go::check_main;
use super::manifest;
use super::program;
use super::program::last_lines;
use super::sdk;
use super::stage::Stage;
use super::target::LockedTarget;
use super::wrap::wrap;
use crate::language::C_SDK_FOLDER;
use crate::language::Language;
use crate::store::Migration;
use crate::store::Store;
use crate::store::StoreError;

pub(super) const SUPPORT: Support =
    Support { build, write_sdk: Some(|store| sdk::write(Language::C, store)), tool: Some(tool) };

fn tool(store: &Store, options: BuildOptions<'_>) -> Result<String, ToolchainError> {
    let clang = Clang::find(options, &LockedTarget::open(store, options.project, options.target)?)?;
    let mut command = options.environment.command(clang.program.as_os_str());
    let said = cargo::run(command.arg("--version")).unwrap_or_default();
    Ok(format!("{} ({})", said.lines().next().unwrap_or_default(), clang.program.display()))
}

/// The variable that names the folder of wasi-sdk, as its own documentation has it.
const WASI_SDK: &str = "WASI_SDK_PATH";

/// Where wasi-sdk is installed usually.
const WASI_SDK_FOLDER: &str = "/opt/wasi-sdk";

/// The versions of clang that are looked for under their own names, the newest first.
const VERSIONS: std::ops::RangeInclusive<u32> = 14..=25;

/// Where Debian has the libc of WASI, which its clang does not know.
const DEBIAN: [&str; 3] = ["--sysroot=/usr", "-isystem", "/usr/include/wasm32-wasi"];

/// How to compile: a library of functions, with all that it needs, small, the same on every machine.
const FLAGS: [&str; 13] = [
    "--target=wasm32-wasi",
    "-std=gnu17",
    "-O2",
    "-Wall",
    "-Werror=implicit-function-declaration",
    "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types",
    "-mexec-model=reactor",
    "-fno-ident",
    // The names of functions stay: a trap says where it happened.
    "-Wl,--strip-debug",
    // What runs out of its stack traps then, and writes over nothing.
    "-Wl,--stack-first",
    "-Wl,-z,stack-size=1048576",
    "-I.",
];

/// What is made, beside the sources.
const OUTPUT: &str = "host-made.wasm";

/// Where tests are, which have a main of their own.
const TESTS: &str = "tests/";

/// The smallest migration: that it can be built is the only sure way to know that libc and linker are there.
const TRIAL: &str = "#include \"host.h\"\nbool upgrade(void) { return true; }\nbool downgrade(void) { return true; }\n";

/// Where it is tried to build that.
const TRIAL_FOLDER: &str = "c-trial";
const TRIAL_FILE: &str = "trial.c";

/// A clang that works.
#[derive(Debug)]
pub(super) struct Clang {
    program: PathBuf,
    /// What it has to be told to find libc.
    flags: &'static [&'static str],
}

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    sdk::write(Language::C, builder.store)?;
    let stage = Stage::new(builder, migration)?;
    check_main(&stage, migration)?;
    let clang = match &builder.clang {
        Some(clang) => Rc::clone(clang),
        None => {
            let found = Clang::find(builder.options, &*builder.target()?)?;
            Rc::clone(builder.clang.insert(Rc::new(found)))
        }
    };
    let is_source = |file: &&String| has_extension(file, "c") && !file.starts_with(TESTS);
    let sources = stage.files.iter().filter(is_source).map(PathBuf::from);
    let mut command = clang.command(builder.options, &stage.path(), &stage.path_in_project(C_SDK_FOLDER));
    command.args(sources).args(["-o", OUTPUT]);
    if let Err(output) = program::run("clang", &mut command)? {
        let output = last_lines(&output);
        return Err(ToolchainError::Compiler { program: "clang", folder: migration.file.clone(), output });
    }
    wrap(&builder.options, &migration.file, &stage.read(OUTPUT)?, &manifest(migration, &builder.options))
}

fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}

impl Clang {
    /// That of wasi-sdk, that of `PATH`, or one of a version in its name.
    fn find(options: BuildOptions<'_>, target: &LockedTarget) -> Result<Self, ToolchainError> {
        let folder = target.path.join(TRIAL_FOLDER);
        let failed = |source| StoreError::Write { path: folder.display().to_string(), source };
        target.folder.create_dir_all(TRIAL_FOLDER).map_err(failed)?;
        let trial = [(format!("{C_SDK_FOLDER}/{TRIAL_FILE}"), TRIAL)];
        for (path, text) in sdk::files(Language::C).chain(trial) {
            let name = path.rsplit('/').next().unwrap_or_default();
            target.folder.write(format!("{TRIAL_FOLDER}/{name}"), text).map_err(failed)?;
        }
        let mut tried = Vec::new();
        for program in candidates(options) {
            for flags in [&[][..], &DEBIAN[..]] {
                let clang = Self { program: program.clone(), flags };
                let mut command = clang.command(options, &folder, &folder);
                match cargo::run(command.args([TRIAL_FILE, "-o", OUTPUT])) {
                    Ok(_) => return Ok(clang),
                    Err(why) if why == cargo::NOT_FOUND => break,
                    Err(why) => tried.push(format!("{} says \"{why}\"", program.display())),
                }
            }
        }
        if tried.is_empty() {
            tried.push("there is no clang on PATH, and no wasi-sdk".to_owned());
        }
        Err(ToolchainError::NoToolchain { language: Language::C, tried })
    }

    /// The command that compiles the SDK and what is added to it, in a folder.
    fn command(&self, options: BuildOptions<'_>, folder: &Path, sdk: &Path) -> Command {
        let mut command = options.environment.command(self.program.as_os_str());
        let mut include = OsString::from("-I");
        include.push(sdk);
        // A message of the SDK's own would otherwise name a folder of this machine.
        let mut prefix = OsString::from("-ffile-prefix-map=");
        prefix.push(sdk);
        prefix.push("=host");
        command.current_dir(folder).args(FLAGS).args(self.flags).arg(include).arg(prefix);
        let names = sdk::files(Language::C).map(|(path, _)| path.rsplit('/').next().unwrap_or_default().to_owned());
        command.args(names.filter(|name| has_extension(name, "c")).map(|name| sdk.join(name)));
        command
    }
}

/// The clangs that may be there.
fn candidates(options: BuildOptions<'_>) -> Vec<PathBuf> {
    let environment = options.environment;
    let named = environment.get(WASI_SDK).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let of_wasi_sdk = named.into_iter().chain([PathBuf::from(WASI_SDK_FOLDER)]).map(|folder| folder.join("bin/clang"));
    let versioned = VERSIONS.rev().map(|version| format!("clang-{version}"));
    let on_path = ["clang".to_owned()].into_iter().chain(versioned).map(PathBuf::from);
    of_wasi_sdk.chain(on_path).collect()
}
