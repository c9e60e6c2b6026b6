//! Packages of npm for the migrations of a project: fetched by npm, and bundled by esbuild into what the runtime of JavaScript takes.
//!
//! Nothing of a package runs on this machine: npm runs no scripts and only unpacks, and esbuild only reads. Both work in a folder of
//! the user, where no file of the project is.
//!
//! ```text
//! tools-<digest>/       esbuild, in the version of its lock file
//! set-<digest>/         package.json, package-lock.json, node_modules: for all projects that list the same
//! ```

mod dependency;
mod error;
mod imports;
mod run;

pub use dependency::Dependency;
pub use error::JavaScriptPackagesError;
pub use imports::IMPORTS_JOB;
pub use imports::PackageImport;
pub use imports::imports;
pub use run::find_npm;

use std::fmt;
use std::fmt::Write as _;

use super::environment::ProcessEnvironment;
use super::work_folder::WorkFolder;
use crate::digest::Digest;

/// What a project adds to the runtime of JavaScript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JavaScriptPackages {
    /// Sorted.
    dependencies: Vec<Dependency>,
}

/// What a migration gets of its packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The modules, as the runtime takes them before a source.
    pub modules: String,
    /// The packages that the migration imports, with their versions.
    pub packages: Vec<String>,
}

/// What is being done for packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageStep {
    /// The bundler is fetched.
    FetchingBundler,
    /// The packages are fetched.
    Fetching,
    /// They are bundled.
    Bundling,
}

impl fmt::Display for PackageStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::FetchingBundler => "fetching esbuild",
            Self::Fetching => "fetching packages",
            Self::Bundling => "bundling packages",
        })
    }
}

/// The packages of a project, and who bundles those that a migration imports.
#[derive(Clone, Copy)]
pub struct PackageBundler<'a> {
    /// The packages.
    pub packages: &'a JavaScriptPackages,
    /// Bundles what a migration imports of them.
    pub bundle: &'a dyn Fn(&[PackageImport]) -> Result<Bundle, JavaScriptPackagesError>,
}

impl fmt::Debug for PackageBundler<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PackageBundler").field("packages", self.packages).finish_non_exhaustive()
    }
}

impl JavaScriptPackages {
    /// The packages that a project lists; none if it lists none.
    ///
    /// # Errors
    /// [`JavaScriptPackagesError::Dependency`] and [`JavaScriptPackagesError::Twice`].
    pub fn new(listed: &[String]) -> Result<Option<Self>, JavaScriptPackagesError> {
        let parse =
            |text: &String| Dependency::parse(text).ok_or_else(|| JavaScriptPackagesError::Dependency(text.clone()));
        let mut dependencies: Vec<_> = listed.iter().map(parse).collect::<Result<_, _>>()?;
        dependencies.sort();
        if let Some(twice) = dependencies.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(JavaScriptPackagesError::Twice(twice[0].name.clone()));
        }
        Ok((!dependencies.is_empty()).then_some(Self { dependencies }))
    }

    /// Each of them, such as `slugify@1.6.6`.
    pub fn listed(&self) -> impl Iterator<Item = String> {
        self.dependencies.iter().map(Dependency::to_string)
    }

    /// Whether a text could import one of them.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        self.dependencies.iter().any(|dependency| text.contains(&dependency.name))
    }

    /// Those of a migration's imports that are files of these packages. (What else it imports is for the runtime to judge.)
    pub(super) fn of(&self, mut imports: Vec<PackageImport>) -> Vec<PackageImport> {
        imports.retain(|import| self.package_of(import).is_some());
        imports
    }

    fn package_of(&self, import: &PackageImport) -> Option<&Dependency> {
        self.dependencies.iter().find(|dependency| dependency.has(&import.specifier))
    }

    /// Whether packages that a component was built with are listed in these versions.
    pub(super) fn have(&self, packages: &[String]) -> bool {
        packages.iter().all(|package| self.listed().any(|listed| listed == *package))
    }

    /// The name of their folder, which follows from names and versions.
    fn folder(&self) -> String {
        let all: Vec<String> = self.listed().collect();
        format!("set-{}", short(all.join("\n").as_bytes()))
    }

    /// What npm reads.
    fn package_json(&self) -> String {
        let dependencies: serde_json::Map<_, _> = self
            .dependencies
            .iter()
            .map(|dependency| (dependency.name.clone(), dependency.version.clone().into()))
            .collect();
        serde_json::json!({ "private": true, "dependencies": dependencies }).to_string()
    }

    /// Bundles what a migration imports, which are imports of these packages. Fetches them where that was not done before.
    ///
    /// # Errors
    /// [`JavaScriptPackagesError`].
    pub fn bundle(
        &self,
        imports: &[PackageImport],
        work: &WorkFolder,
        environment: &ProcessEnvironment,
        on_step: &mut dyn FnMut(PackageStep),
    ) -> Result<Bundle, JavaScriptPackagesError> {
        let runner = run::Runner::new(work, environment);
        let bundler = runner.bundler(on_step)?;
        runner.install(self, on_step)?;
        on_step(PackageStep::Bundling);
        let entries: Vec<String> = imports.iter().map(entry).collect();
        let mut modules = runner.run_bundler(&bundler, &self.folder(), &entries)?;
        for (name, _) in &mut modules {
            let entry = name.strip_suffix(".js").and_then(|number| number.parse::<usize>().ok());
            *name = match entry.and_then(|number| imports.get(number)) {
                Some(import) => import.specifier.clone(),
                None => format!("./{name}"),
            };
        }
        let mut packages: Vec<String> =
            imports.iter().filter_map(|import| self.package_of(import)).map(Dependency::to_string).collect();
        packages.sort();
        packages.dedup();
        Ok(Bundle { modules: framed(&modules), packages })
    }
}

/// A module that has what a migration takes of another one, and nothing else, so that the rest is left out.
fn entry(import: &PackageImport) -> String {
    let from = quoted(&import.specifier);
    if import.all {
        // A module without a default has one that is undefined.
        return format!("export * from {from};\nimport * as all from {from};\nexport default all.default;\n");
    }
    if import.names.is_empty() {
        return format!("import {from};\n");
    }
    let names: Vec<String> = import.names.iter().map(|name| format!("{0} as {0}", export_name(name))).collect();
    format!("export {{ {} }} from {from};\n", names.join(", "))
}

fn export_name(name: &str) -> String {
    let is_plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// A text of JavaScript: JSON's texts are some.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Modules as the runtime takes them (`runtimes/javascript/src/packages.rs`).
fn framed(modules: &[(String, String)]) -> String {
    let mut frame = format!("\0packages {}\n", modules.len());
    for (name, text) in modules {
        // Writing into a String does not fail.
        let _ = write!(frame, "{} {}\n{name}{text}", name.len(), text.len());
    }
    frame
}

/// What a runtime without packages does not take.
pub(super) fn probe() -> String {
    format!("{}export function upgrade() {{}}\nexport function downgrade() {{}}\n", framed(&[]))
}

/// As much of a digest as stands in names.
fn short(bytes: &[u8]) -> String {
    const DIGITS: usize = 16;
    let digest = Digest::of(bytes).to_string();
    digest.get(..DIGITS).unwrap_or_default().to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn packages(listed: &[&str]) -> JavaScriptPackages {
        let listed: Vec<String> = listed.iter().map(|text| (*text).to_owned()).collect();
        JavaScriptPackages::new(&listed).unwrap().unwrap()
    }

    fn import(specifier: &str, names: &[&str], all: bool) -> PackageImport {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        PackageImport { specifier: specifier.to_owned(), names, all }
    }

    #[test]
    fn the_folder_follows_from_names_and_versions() {
        assert_eq!(packages(&["a@1.0.0", "b@1.0.0"]).folder(), packages(&["b@1.0.0", "a@1.0.0"]).folder());
        assert_ne!(packages(&["a@1.0.0"]).folder(), packages(&["a@1.0.1"]).folder());
        assert_eq!(JavaScriptPackages::new(&[]).unwrap(), None);
        let twice = JavaScriptPackages::new(&["a@1.0.0".to_owned(), "a@2.0.0".to_owned()]).unwrap_err();
        assert_eq!(twice.to_string(), "[javascript] dependencies lists the package 'a' twice");
        let wrong = JavaScriptPackages::new(&["a@^1.0.0".to_owned()]).unwrap_err();
        assert_eq!(wrong.to_string(), "'a@^1.0.0' in [javascript] dependencies is not a package with one version");
    }

    #[test]
    fn only_listed_packages_are_bundled() {
        let packages = packages(&["a@1.0.0", "@s/b@1.0.0"]);
        let imports = vec![import("host", &[], false), import("a/x", &[], false), import("ab", &[], false)];
        assert_eq!(packages.of(imports), [import("a/x", &[], false)]);
        assert!(packages.may_be_in("import '@s/b'") && !packages.may_be_in("import 'c'"));
        assert!(packages.have(&["a@1.0.0".to_owned()]) && !packages.have(&["a@1.0.1".to_owned()]));
    }

    #[test]
    fn an_entry_has_what_is_imported() {
        assert_eq!(
            entry(&import("a", &["default", "größe", "x y"], false)),
            "export { default as default, größe as größe, \"x y\" as \"x y\" } from \"a\";\n"
        );
        assert_eq!(entry(&import("a\"b", &[], false)), "import \"a\\\"b\";\n");
        assert!(entry(&import("a", &[], true)).starts_with("export * from \"a\";\n"));
    }

    #[test]
    fn a_frame_has_lengths_in_bytes() {
        let modules = [("a".to_owned(), "ä".to_owned()), ("./x.js".to_owned(), String::new())];
        assert_eq!(framed(&modules), "\0packages 2\n1 2\naä6 0\n./x.js");
    }
}
