//! Finds a cargo whose compiler can build for WebAssembly.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::io;
use std::process::Command;
use std::rc::Rc;

use super::BuildOptions;
use super::ToolchainError;
use super::target::LockedTarget;
use crate::store::StoreError;

/// What migrations are compiled for: without any interface to a system.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Where Linux distributions put their own toolchain, which rustup's hides on `PATH`.
const SYSTEM_FOLDER: &str = "/usr/bin";

/// The variable that names the linker.
const LINKER_VARIABLE: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER";

/// The versions of LLVM's linker that are looked for, where the toolchain does not bring one.
const LINKER_VERSIONS: std::ops::RangeInclusive<u32> = 14..=25;

/// A cargo that works.
#[derive(Debug)]
pub(super) struct Cargo {
    program: OsString,
    /// Its compiler.
    rustc: OsString,
    /// The folder of the system that it lies in, if it is the one of the system.
    system_folder: Option<&'static str>,
    /// The linker, where the toolchain does not bring one.
    linker: Option<OsString>,
    /// The folder of its toolchain.
    sysroot: String,
    /// Where it puts what it makes.
    target: Rc<LockedTarget>,
}

impl Cargo {
    /// Tries the cargo of the environment, then that of the system.
    pub(super) fn find(target: Rc<LockedTarget>, options: BuildOptions<'_>) -> Result<Self, ToolchainError> {
        Self::find_with(SYSTEM_FOLDER, target, options)
    }

    /// The same where the system's own toolchain would be in this folder.
    pub(super) fn find_with(
        system_folder: &'static str,
        target: Rc<LockedTarget>,
        options: BuildOptions<'_>,
    ) -> Result<Self, ToolchainError> {
        // What the trial compiles.
        let written = target.folder.write("trial.rs", b"");
        written.map_err(|source| StoreError::Write { path: target.path.display().to_string(), source })?;
        let environment = options.environment;
        let named = |name: &str, or: &str| environment.get(name).map_or_else(|| or.into(), OsStr::to_owned);
        let system = |name: &str| OsString::from(format!("{system_folder}/{name}"));
        let mut tried = Vec::new();
        for (program, rustc, system_folder) in [
            (named("CARGO", "cargo"), named("RUSTC", "rustc"), None),
            (system("cargo"), system("rustc"), Some(system_folder)),
        ] {
            let target = Rc::clone(&target);
            let mut cargo = Self { program, rustc, system_folder, linker: None, sysroot: String::new(), target };
            match cargo.try_out(options) {
                Ok(()) => return Ok(cargo),
                Err(why) => tried.push(format!("{} says \"{why}\"", cargo.rustc.display())),
            }
        }
        Err(ToolchainError::NoCargo { target: TARGET, tried })
    }

    /// A command of this cargo.
    pub(super) fn command(&self, options: BuildOptions<'_>) -> Command {
        let mut command = self.program_of_toolchain(&self.program, options);
        if self.system_folder.is_some() || options.environment.get("RUSTC").is_some() {
            command.env("RUSTC", &self.rustc);
        }
        if let Some(linker) = &self.linker {
            command.env(LINKER_VARIABLE, linker);
        }
        command
    }

    /// What it says about its version; its name where it says nothing.
    pub(super) fn version(&self, options: BuildOptions<'_>) -> String {
        run(self.program_of_toolchain(&self.program, options).arg("--version")).unwrap_or_else(|_| self.name())
    }

    /// What to call this program in messages.
    pub(super) fn name(&self) -> String {
        self.program.display().to_string()
    }

    /// Where it puts what it makes.
    pub(super) fn target(&self) -> &LockedTarget {
        &self.target
    }

    /// The folder of the toolchain.
    pub(super) fn sysroot(&self) -> &str {
        &self.sysroot
    }

    /// Compiles and links an empty library: the only sure way to know that standard library and linker are there.
    fn try_out(&mut self, options: BuildOptions<'_>) -> Result<(), String> {
        self.sysroot = run(self.program_of_toolchain(&self.rustc, options).args(["--print", "sysroot"]))?;
        // cargo has to be there as well; what it says does not matter.
        run(self.program_of_toolchain(&self.program, options).arg("--version"))?;
        self.linker = options.environment.get(LINKER_VARIABLE).map(OsStr::to_owned);
        let first = self.link_trial(options);
        let no_linker = |why: &String| self.linker.is_none() && why.contains("linker");
        match first {
            Err(why) if no_linker(&why) => {
                self.linker = installed_linker(options);
                if self.linker.is_some() { self.link_trial(options) } else { Err(why) }
            }
            result => result,
        }
    }

    fn link_trial(&self, options: BuildOptions<'_>) -> Result<(), String> {
        let folder = &self.target.path;
        let mut command = self.program_of_toolchain(&self.rustc, options);
        command
            .args(["--edition", "2024", "--crate-name", "trial", "--crate-type", "cdylib"])
            .args(["--target", TARGET, "-o"])
            .arg(folder.join("trial.wasm"))
            .arg(folder.join("trial.rs"));
        if let Some(linker) = &self.linker {
            let mut option = OsString::from("linker=");
            option.push(linker);
            command.arg("-C").arg(option);
        }
        run(&mut command).map(|_| ())
    }

    fn program_of_toolchain(&self, program: &OsStr, options: BuildOptions<'_>) -> Command {
        let mut command = options.environment.command(program);
        command.current_dir(options.project);
        if let Some(folder) = self.system_folder {
            let mut path = OsString::from(folder);
            if let Some(others) = options.environment.path() {
                path.push(":");
                path.push(others);
            }
            command.env("PATH", path);
        }
        command
    }
}

/// The newest of LLVM's linkers for WebAssembly that is installed.
fn installed_linker(options: BuildOptions<'_>) -> Option<OsString> {
    let versioned = LINKER_VERSIONS.rev().map(|version| format!("wasm-ld-{version}"));
    ["wasm-ld".to_owned()]
        .into_iter()
        .chain(versioned)
        .map(OsString::from)
        .find(|linker| run(options.environment.command(linker).arg("--version")).is_ok())
}

/// What is said of a program that is not there.
pub(super) const NOT_FOUND: &str = "not found";

/// The output of a program, or in a few words why there is none.
pub(super) fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND.to_owned(),
        _ => error.to_string(),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = errors.lines().find(|line| !line.trim().is_empty());
    Err(first.map_or_else(|| output.status.to_string(), |line| line.trim().to_owned()))
}
