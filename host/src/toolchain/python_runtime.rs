//! A runtime of Python, or of Alembic, with packages of a project in it: made by pip and componentize-py of what host carries.
//!
//! Nothing of a package runs on this machine: pip only unpacks wheels, and their code is imported inside of the sandbox in which
//! componentize-py makes the memory of the runtime.

mod error;
mod requirement;
mod sources;

pub use error::PythonRuntimeError;

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use error::problem_of_pip;
use requirement::is_requirement;
use sources::ALEMBIC_PACKAGES;
use sources::ALEMBIC_SOURCES;
use sources::PURIFIED;
use sources::SOURCES;

use super::environment::ProcessEnvironment;
use super::python::PROGRAM_FILES;
use super::python::SDK_FILES;
use super::work_folder::WorkFolder;
use crate::bindings::CONTRACT;
use crate::digest::Digest;

/// What it is made with, with digests.
const TOOLS: &str = include_str!("../../../runtimes/python/requirements.txt");

/// The version of Python for which packages are chosen.
const PYTHON_VERSION: &str = "3.14";

/// How many lines of a program's output are shown.
const OUTPUT_LINES_MAX: usize = 20;

/// How much of the digest stands in the name, in hexadecimal digits.
const NAME_DIGITS: usize = 16;

/// What a project adds to the runtime of Python.
#[derive(Debug, Clone, Copy)]
pub struct PythonPackages<'a> {
    requirements: &'a [String],
    base: BaseRuntime,
}

/// The runtime that packages are added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseRuntime {
    /// That of Python.
    Python,
    /// That of Alembic, which has SQLAlchemy and Alembic, in the versions that the project lists.
    Alembic,
}

impl BaseRuntime {
    const fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Alembic => "alembic",
        }
    }

    const fn sources(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Python => &[],
            Self::Alembic => ALEMBIC_SOURCES,
        }
    }

    /// What it takes of the SDK besides what migrations use.
    const fn programs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Python => &[],
            Self::Alembic => PROGRAM_FILES,
        }
    }
}

impl<'a> PythonPackages<'a> {
    /// The packages that a project lists; none if it lists none.
    ///
    /// # Errors
    /// [`PythonRuntimeError::Requirement`].
    pub fn new(base: BaseRuntime, requirements: &'a [String]) -> Result<Option<Self>, PythonRuntimeError> {
        if let Some(wrong) = requirements.iter().find(|requirement| !is_requirement(requirement)) {
            return Err(PythonRuntimeError::Requirement(wrong.clone()));
        }
        Ok((!requirements.is_empty()).then_some(Self { requirements, base }))
    }

    /// The name of the runtime that has them. It follows from everything that the runtime is made of.
    pub fn runtime_name(&self) -> String {
        let mut requirements: Vec<&str> = self.requirements.iter().map(String::as_str).collect();
        requirements.sort_unstable();
        let sources = SOURCES.iter().chain(self.base.sources()).chain(SDK_FILES).chain(self.base.programs());
        let files = sources.flat_map(|(path, text)| [*path, *text]);
        let packages = if self.base == BaseRuntime::Alembic { [ALEMBIC_PACKAGES, PURIFIED].as_slice() } else { &[] };
        let all = requirements.into_iter().chain([TOOLS, CONTRACT]).chain(packages.iter().copied()).chain(files);
        // With its length before each text no two lists are the same.
        let content: String = all.map(|text| format!("{}:{text}", text.len())).collect();
        let digest = Digest::of(content.as_bytes()).to_string();
        format!("{}-{}", self.base.name(), digest.get(..NAME_DIGITS).unwrap_or_default())
    }

    /// What pip is to install: what the project lists, and what the runtime needs and the project does not name.
    fn listed(&self) -> String {
        let mut lines = self.requirements.to_vec();
        if self.base == BaseRuntime::Alembic {
            let pinned = ALEMBIC_PACKAGES.lines().filter_map(|line| line.strip_suffix(" \\"));
            let pinned = pinned.filter(|pin| !pin.starts_with(' '));
            let missing = pinned
                .filter(|pin| !self.requirements.iter().any(|own| name_of(own) == name_of(pin)))
                .map(str::to_owned);
            lines.extend(missing);
        }
        format!("{}\n", lines.join("\n"))
    }

    /// Makes the component. `on_step` is told what is being done.
    ///
    /// # Errors
    /// [`PythonRuntimeError`].
    pub fn build(
        &self,
        work: &WorkFolder,
        environment: &ProcessEnvironment,
        on_step: &mut dyn FnMut(&str),
    ) -> Result<Vec<u8>, PythonRuntimeError> {
        let maker = Maker { work, environment };
        on_step("preparing componentize-py");
        let tools = maker.tools()?;
        let name = self.runtime_name();
        maker.clear(&name)?;
        maker.write(&name, "requirements.txt", &self.listed())?;
        maker.write(&name, "packages/project_packages.py", "")?;
        maker.write(&name, "wit/migration.wit", CONTRACT)?;
        for (path, text) in SOURCES {
            maker.write(&name, &format!("runtime/{path}"), text)?;
        }
        for (path, text) in SDK_FILES.iter().chain(self.base.programs()) {
            maker.write(&name, &format!("sdk/{path}"), text)?;
        }
        for (path, text) in self.base.sources() {
            maker.write(&name, &format!("alembic/{path}"), text)?;
        }
        on_step("fetching packages");
        if self.base == BaseRuntime::Alembic {
            maker.purified(&tools, &name)?;
        }
        maker.packages(&tools, &name)?;
        on_step("importing the packages");
        let component = maker.componentize(&tools, &name, self.base)?;
        maker.clear(&name)?;
        Ok(component)
    }
}

/// Runs the programs.
struct Maker<'a> {
    work: &'a WorkFolder,
    environment: &'a ProcessEnvironment,
}

impl Maker<'_> {
    /// The programs of the environment with componentize-py, which is made once for all projects.
    fn tools(&self) -> Result<PathBuf, PythonRuntimeError> {
        let digest = Digest::of(TOOLS.as_bytes()).to_string();
        let name = format!("tools-{}", digest.get(..NAME_DIGITS).unwrap_or_default());
        let programs = self.work.path.join(&name).join("bin");
        if self.work.dir.exists(format!("{name}/complete")) {
            return Ok(programs);
        }
        self.clear(&name)?;
        self.write(&name, "requirements.txt", TOOLS)?;
        let mut python = self.command(OsStr::new("python3"));
        python.args(["-m", "venv"]).arg(self.work.path.join(&name));
        let made = python.output().map_err(|error| PythonRuntimeError::NoPython(error.to_string()))?;
        if !made.status.success() {
            return Err(PythonRuntimeError::NoPython(end_of(&made)));
        }
        let mut pip = self.command(programs.join("pip").as_os_str());
        pip.args(["install", "--require-hashes", "--only-binary", ":all:", "-r"]);
        pip.arg(self.work.path.join(&name).join("requirements.txt"));
        self.run_pip(pip)?;
        self.write(&name, "complete", "")?;
        Ok(programs)
    }

    /// Unpacks the packages and what they need. pip chooses wheels without any code for a machine only.
    fn packages(&self, tools: &Path, name: &str) -> Result<(), PythonRuntimeError> {
        let folder = self.work.path.join(name);
        let mut pip = self.command(tools.join("pip").as_os_str());
        pip.args(["install", "--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none"]);
        pip.args(["--python-version", PYTHON_VERSION, "--no-compile", "--target"]).arg(folder.join("packages"));
        if self.work.dir.exists(format!("{name}/pure")) {
            pip.arg("--find-links").arg(folder.join("pure"));
        }
        pip.arg("-r").arg(folder.join("requirements.txt"));
        self.run_pip(pip)
    }

    /// Wheels for every machine of packages that only come with compiled code, and work without it.
    fn purified(&self, tools: &Path, name: &str) -> Result<(), PythonRuntimeError> {
        let folder = self.work.path.join(name);
        self.write(name, "pure.txt", PURIFIED)?;
        self.write(name, "pure/README", "Wheels without compiled code.\n")?;
        let mut pip = self.command(tools.join("pip").as_os_str());
        pip.args(["download", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--implementation", "cp"]);
        pip.args([
            "--platform",
            "manylinux_2_28_x86_64",
            "--platform",
            "manylinux2014_x86_64",
            "--python-version",
            "3.12",
        ]);
        pip.arg("-d").arg(folder.join("compiled")).arg("-r").arg(folder.join("pure.txt"));
        self.run_pip(pip)?;
        let mut python = self.command(tools.join("python3").as_os_str());
        python.current_dir(&folder).args(["alembic/pure_wheel.py", "compiled", "pure"]);
        self.run(python, "python3")
    }

    fn componentize(&self, tools: &Path, name: &str, base: BaseRuntime) -> Result<Vec<u8>, PythonRuntimeError> {
        let folder = self.work.path.join(name);
        let mut command = self.command(tools.join("componentize-py").as_os_str());
        command.current_dir(&folder).env("VIRTUAL_ENV", tools.parent().unwrap_or(tools));
        let world = if base == BaseRuntime::Alembic { "project-runtime" } else { "script-runtime" };
        command.args(["-d", "wit", "-w", world, "componentize"]);
        if base == BaseRuntime::Alembic {
            command.args(["-p", "alembic/src"]);
        }
        command.args(["-p", "runtime/src", "-p", "sdk", "-p", "packages", "-o", "made.wasm"]);
        command.arg(if base == BaseRuntime::Alembic { "alembic_runtime" } else { "runtime" });
        self.run(command, "componentize-py").map_err(|error| match error {
            PythonRuntimeError::Program { output, .. } if output.contains("Traceback") => {
                PythonRuntimeError::Import(output)
            }
            error => error,
        })?;
        let mut strip = self.command(tools.join("python3").as_os_str());
        strip.current_dir(&folder).args(["runtime/strip.py", "made.wasm", "runtime.wasm"]);
        self.run(strip, "python3")?;
        self.work.dir.read(format!("{name}/runtime.wasm")).map_err(|source| self.files(source))
    }

    fn run_pip(&self, command: Command) -> Result<(), PythonRuntimeError> {
        self.run(command, "pip").map_err(|error| match error {
            PythonRuntimeError::Program { output, .. } => problem_of_pip(output),
            error => error,
        })
    }

    fn run(&self, mut command: Command, program: &'static str) -> Result<(), PythonRuntimeError> {
        let output = command.output().map_err(|source| self.files(source))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(PythonRuntimeError::Program { program, output: end_of(&output) })
        }
    }

    /// A program without what changes the Python that it finds.
    fn command(&self, program: &OsStr) -> Command {
        let mut command = self.environment.command(program);
        for variable in
            ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"]
        {
            command.env_remove(variable);
        }
        command
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("PIP_NO_INPUT", "1")
            .env("RUST_BACKTRACE", "0")
            .env("RUST_LIB_BACKTRACE", "0");
        command.stdin(std::process::Stdio::null());
        command
    }

    fn clear(&self, name: &str) -> Result<(), PythonRuntimeError> {
        match self.work.dir.remove_dir_all(name) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.files(source)),
            _ => Ok(()),
        }
    }

    fn write(&self, name: &str, path: &str, text: &str) -> Result<(), PythonRuntimeError> {
        let path = Path::new(name).join(path);
        let parent = path.parent().unwrap_or(Path::new(""));
        let written = self.work.dir.create_dir_all(parent).and_then(|()| self.work.dir.write(&path, text));
        written.map_err(|source| self.files(source))
    }

    fn files(&self, source: io::Error) -> PythonRuntimeError {
        PythonRuntimeError::Files { folder: self.work.path.clone(), source }
    }
}

/// The name of the package that a requirement begins with, as indexes compare it.
fn name_of(requirement: &str) -> String {
    let end = requirement.find(|letter: char| !letter.is_ascii_alphanumeric() && !"._-".contains(letter));
    let name = requirement.get(..end.unwrap_or(requirement.len())).unwrap_or_default();
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

/// The last lines of what a program wrote.
fn end_of(output: &std::process::Output) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(OUTPUT_LINES_MAX)..].join("\n")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_requirement_is_refused() {
        assert!(PythonPackages::new(BaseRuntime::Python, &[]).unwrap().is_none());
        let error = PythonPackages::new(BaseRuntime::Python, &["six".to_owned(), "-r x".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "'-r x' in [python] requirements is not a package with versions");
    }

    #[test]
    fn the_name_follows_from_the_requirements() {
        let name = |requirements: &[&str]| {
            let requirements: Vec<String> = requirements.iter().map(|text| (*text).to_owned()).collect();
            PythonPackages::new(BaseRuntime::Python, &requirements).unwrap().unwrap().runtime_name()
        };
        assert_eq!(name(&["a", "b"]), name(&["b", "a"]));
        assert_ne!(name(&["a", "b"]), name(&["ab"]));
        assert_eq!(name(&["a"]).len(), "python-".len() + NAME_DIGITS);
    }

    #[test]
    fn a_project_of_alembic_has_both_packages_in_its_own_versions() {
        let requirements = ["SQLAlchemy[asyncio]==2.0.44".to_owned(), "sqlmodel".to_owned()];
        let packages = PythonPackages::new(BaseRuntime::Alembic, &requirements).unwrap().unwrap();
        assert!(packages.runtime_name().starts_with("alembic-"));
        let listed = packages.listed();
        let names: Vec<String> = listed.lines().map(name_of).collect();
        assert_eq!(names, ["sqlalchemy", "sqlmodel", "alembic", "mako", "typing-extensions"]);
    }
}
