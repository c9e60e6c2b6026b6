//! Runs npm and esbuild in the work folder.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde::Deserialize;

use super::JavaScriptPackages;
use super::JavaScriptPackagesError;
use super::PackageStep;
use super::error::problem_of_esbuild;
use super::error::problem_of_npm;
use super::short;
use crate::toolchain::environment::ProcessEnvironment;
use crate::toolchain::work_folder::WorkFolder;

/// The bundler, with digests.
const BUNDLER: &[(&str, &str)] = &[
    ("package.json", include_str!("../../../../runtimes/bundler/package.json")),
    ("package-lock.json", include_str!("../../../../runtimes/bundler/package-lock.json")),
];

/// The first version of npm that writes a lock file from which one sees where a package comes from.
const NPM_MIN: u32 = 9;

/// How many lines of a program's output are shown.
const OUTPUT_LINES_MAX: usize = 20;

/// What npm is told beyond the user's own settings, which may say something else.
const NPM_OPTIONS: &[&str] = &[
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--no-global",
    "--no-workspaces",
    "--no-dry-run",
    "--package-lock",
    "--include=prod",
    "--include=optional",
    "--install-strategy=hoisted",
    // What comes from the registry has no address in the lock file then, so that one that stands there is another one.
    "--omit-lockfile-registry-resolved",
    // A repository can bring settings that name programs.
    "--git=no-git-for-packages",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--loglevel=error",
    "--color=false",
    "--progress=false",
];

/// What esbuild is told. The runtime has no system, so no module of Node is taken for one.
const BUNDLER_OPTIONS: &[&str] = &[
    "--bundle",
    "--format=esm",
    "--splitting",
    "--platform=neutral",
    "--main-fields=module,main",
    "--target=es2023",
    "--charset=utf8",
    "--define:process.env.NODE_ENV=\"production\"",
    "--tsconfig-raw={}",
    "--log-level=error",
    "--log-limit=0",
    "--color=false",
];

/// Runs the programs.
pub(super) struct Runner<'a> {
    work: &'a WorkFolder,
    environment: &'a ProcessEnvironment,
}

/// What of npm's lock file is looked at.
#[derive(Deserialize)]
struct LockFile {
    packages: serde_json::Map<String, serde_json::Value>,
}

/// What of esbuild's account of its work is looked at.
#[derive(Deserialize)]
struct Account {
    inputs: serde_json::Map<String, serde_json::Value>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(work: &'a WorkFolder, environment: &'a ProcessEnvironment) -> Self {
        Self { work, environment }
    }

    /// esbuild, which is fetched once for all projects.
    pub(super) fn bundler(&self, on_step: &mut dyn FnMut(PackageStep)) -> Result<PathBuf, JavaScriptPackagesError> {
        let all: String = BUNDLER.iter().map(|(_, text)| *text).collect();
        let name = format!("tools-{}", short(all.as_bytes()));
        if !self.is_complete(&name) {
            on_step(PackageStep::FetchingBundler);
            self.clear(&name)?;
            for (path, text) in BUNDLER {
                self.write(&name, path, text)?;
            }
            self.npm(&name, "ci")?;
            self.write(&name, "complete", "")?;
        }
        // npm takes the one package that has the program for this machine.
        let packages = format!("{name}/node_modules/@esbuild");
        let found = self.work.dir.read_dir(&packages).and_then(|mut entries| entries.next().transpose());
        let found = found.map_err(|source| self.files(source))?.ok_or_else(|| {
            let output = "there is no esbuild for this machine".to_owned();
            JavaScriptPackagesError::Program { program: "npm", output }
        })?;
        Ok(self.work.path.join(packages).join(found.file_name()).join("bin/esbuild"))
    }

    /// Unpacks the packages and what they need.
    pub(super) fn install(
        &self,
        packages: &JavaScriptPackages,
        on_step: &mut dyn FnMut(PackageStep),
    ) -> Result<(), JavaScriptPackagesError> {
        let name = packages.folder();
        if self.is_complete(&name) {
            return Ok(());
        }
        on_step(PackageStep::Fetching);
        self.clear(&name)?;
        self.write(&name, "package.json", &packages.package_json())?;
        self.npm(&name, "install")?;
        let lock = self.read(&format!("{name}/package-lock.json"))?;
        check_origins(&lock)?;
        self.write(&name, "complete", "")
    }

    /// Bundles modules, and gives the files that were made, by their names.
    pub(super) fn run_bundler(
        &self,
        bundler: &Path,
        set: &str,
        entries: &[String],
    ) -> Result<Vec<(String, String)>, JavaScriptPackagesError> {
        let all: Vec<u8> = entries.join("\0").into_bytes();
        let (sources, made) = (format!("entries/{}", short(&all)), format!("bundles/{}", short(&all)));
        self.clear(&format!("{set}/{sources}"))?;
        self.clear(&format!("{set}/{made}"))?;
        let mut command = self.command(bundler.as_os_str());
        command.current_dir(self.work.path.join(set)).args(BUNDLER_OPTIONS);
        command.arg(format!("--outbase={sources}")).arg(format!("--outdir={made}"));
        command.arg(format!("--metafile={made}/account.json"));
        for (number, entry) in entries.iter().enumerate() {
            let path = format!("{sources}/{number}.js");
            self.write(set, &path, entry)?;
            command.arg(path);
        }
        self.run(command, "esbuild").map_err(|error| match error {
            JavaScriptPackagesError::Program { output, .. } => problem_of_esbuild(output, &sources),
            error => error,
        })?;
        check_inputs(&self.read(&format!("{set}/{made}/account.json"))?)?;
        let mut files = Vec::new();
        let folder = self.work.dir.open_dir(format!("{set}/{made}")).map_err(|source| self.files(source))?;
        for entry in folder.entries().map_err(|source| self.files(source))? {
            let entry = entry.map_err(|source| self.files(source))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.ends_with(".js") {
                let text = folder.read_to_string(&name).map_err(|source| self.files(source))?;
                files.push((name, text));
            }
        }
        files.sort();
        self.clear(&format!("{set}/{sources}"))?;
        self.clear(&format!("{set}/{made}"))?;
        Ok(files)
    }

    fn npm(&self, name: &str, verb: &str) -> Result<(), JavaScriptPackagesError> {
        self.npm_version()?;
        let folder = self.work.path.join(name);
        let mut npm = self.command(OsStr::new("npm"));
        npm.current_dir(&folder).arg(verb).args(NPM_OPTIONS).arg("--prefix").arg(&folder);
        self.run(npm, "npm").map_err(|error| match error {
            JavaScriptPackagesError::Program { output, .. } => problem_of_npm(output),
            error => error,
        })
    }

    /// The version of npm, if it is one that can be used.
    fn npm_version(&self) -> Result<String, JavaScriptPackagesError> {
        npm_version(self.command(OsStr::new("npm")), &self.work.path)
    }

    fn run(&self, mut command: Command, program: &'static str) -> Result<(), JavaScriptPackagesError> {
        let output = command.output().map_err(|source| self.files(source))?;
        if output.status.success() {
            return Ok(());
        }
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // What says what is wrong stands first, at both.
        let lines: Vec<_> = text.lines().filter(|line| !line.contains("A complete log of this run")).collect();
        let kept = if program == "npm" { lines.len().min(OUTPUT_LINES_MAX) } else { lines.len() };
        Err(JavaScriptPackagesError::Program { program, output: lines[..kept].join("\n") })
    }

    fn command(&self, program: &OsStr) -> Command {
        command(self.environment, program)
    }

    fn is_complete(&self, name: &str) -> bool {
        self.work.dir.exists(format!("{name}/complete"))
    }

    fn clear(&self, name: &str) -> Result<(), JavaScriptPackagesError> {
        match self.work.dir.remove_dir_all(name) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.files(source)),
            _ => Ok(()),
        }
    }

    fn write(&self, name: &str, path: &str, text: &str) -> Result<(), JavaScriptPackagesError> {
        let path = Path::new(name).join(path);
        let parent = path.parent().unwrap_or(Path::new(""));
        let written = self.work.dir.create_dir_all(parent).and_then(|()| self.work.dir.write(&path, text));
        written.map_err(|source| self.files(source))
    }

    fn read(&self, path: &str) -> Result<String, JavaScriptPackagesError> {
        self.work.dir.read_to_string(path).map_err(|source| self.files(source))
    }

    fn files(&self, source: io::Error) -> JavaScriptPackagesError {
        JavaScriptPackagesError::Files { folder: self.work.path.clone(), source }
    }
}

/// A program without what changes the Node that it runs in.
fn command(environment: &ProcessEnvironment, program: &OsStr) -> Command {
    let mut command = environment.command(program);
    for variable in ["NODE_OPTIONS", "NODE_PATH", "NODE_ENV", "ESBUILD_BINARY_PATH"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// The version of npm, if it is one that can be used.
///
/// # Errors
/// [`JavaScriptPackagesError::NoNpm`].
pub fn find_npm(environment: &ProcessEnvironment) -> Result<String, JavaScriptPackagesError> {
    // In a project it would read settings of the project.
    npm_version(command(environment, OsStr::new("npm")), Path::new("/"))
}

fn npm_version(mut npm: Command, folder: &Path) -> Result<String, JavaScriptPackagesError> {
    let output = npm.current_dir(folder).arg("--version").output();
    let output = output.map_err(|error| JavaScriptPackagesError::NoNpm(error.to_string()))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if output.status.success() && major >= NPM_MIN => Ok(version),
        Some(_) if output.status.success() => Err(JavaScriptPackagesError::NoNpm(format!("this one is npm {version}"))),
        _ => Err(JavaScriptPackagesError::NoNpm(format!("npm --version ended with {}", output.status))),
    }
}

/// Whether all packages come from the registry.
fn check_origins(lock: &str) -> Result<(), JavaScriptPackagesError> {
    let unreadable = |error: serde_json::Error| JavaScriptPackagesError::Program {
        program: "npm",
        output: format!("its lock file cannot be read: {error}"),
    };
    let LockFile { packages } = serde_json::from_str(lock).map_err(unreadable)?;
    for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
        let from = package.get("resolved").and_then(|from| from.as_str());
        let is_link = package.get("link").is_some_and(|link| link.as_bool() == Some(true));
        let is_inside = package.get("inBundle").is_some_and(|inside| inside.as_bool() == Some(true));
        // What lies in the archive of another package has no digest of its own.
        let is_known = is_inside || package.get("integrity").is_some();
        if from.is_some() || is_link || !is_known {
            let name = path.rsplit_once("node_modules/").map_or(path.as_str(), |(_, name)| name);
            let from = from.unwrap_or("a place without a digest").to_owned();
            return Err(JavaScriptPackagesError::Foreign { package: name.to_owned(), from });
        }
    }
    Ok(())
}

/// Whether a bundle is made of files of packages only: a path in a package can lead anywhere.
fn check_inputs(account: &str) -> Result<(), JavaScriptPackagesError> {
    let unreadable = |error: serde_json::Error| JavaScriptPackagesError::Program {
        program: "esbuild",
        output: format!("its account cannot be read: {error}"),
    };
    let Account { inputs } = serde_json::from_str(account).map_err(unreadable)?;
    let is_own = |path: &String| {
        let inside = ["node_modules/", "entries/", "(disabled):"].iter().any(|start| path.starts_with(start));
        inside && !path.split('/').any(|part| part == "..")
    };
    match inputs.keys().find(|path| !is_own(path)) {
        Some(path) => Err(JavaScriptPackagesError::Outside(path.escape_debug().to_string())),
        None => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn packages_from_elsewhere_are_refused() {
        let lock = |package: &str| format!("{{\"packages\": {{\"\": {{}}, \"node_modules/a\": {package}}}}}");
        check_origins(&lock("{\"version\": \"1.0.0\", \"integrity\": \"sha512-x\"}")).unwrap();
        check_origins(&lock("{\"version\": \"1.0.0\", \"inBundle\": true}")).unwrap();
        for (package, from) in [
            ("{\"integrity\": \"sha512-x\", \"resolved\": \"https://example.org/a.tgz\"}", "https://example.org/a.tgz"),
            ("{\"resolved\": \"git+ssh://git@example.org/a.git#1\"}", "git+ssh://git@example.org/a.git#1"),
            ("{\"resolved\": \"../a\", \"link\": true}", "../a"),
            ("{\"version\": \"1.0.0\"}", "a place without a digest"),
        ] {
            let error = check_origins(&lock(package)).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the package 'a' does not come from the registry, but from '{from}'")
            );
        }
        assert!(matches!(check_origins("{}"), Err(JavaScriptPackagesError::Program { .. })));
    }

    #[test]
    fn files_of_nobody_are_refused() {
        check_inputs("{\"inputs\": {\"node_modules/a/x.js\": {}, \"entries/1/0.js\": {}}}").unwrap();
        for path in ["../../../.ssh/key.json", "/etc/x.json", "node_modules/../../x.json"] {
            let error = check_inputs(&format!("{{\"inputs\": {{\"{path}\": {{}}}}}}")).unwrap_err();
            assert!(error.to_string().contains(path), "{error}");
        }
    }
}
