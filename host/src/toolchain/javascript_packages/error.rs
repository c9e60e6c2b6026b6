//! Why a migration cannot have its packages.

use std::io;
use std::path::PathBuf;

/// Why a migration cannot have its packages.
#[derive(Debug, thiserror::Error)]
pub enum JavaScriptPackagesError {
    /// A dependency says something else than a name and a version.
    #[error("'{}' in [javascript] dependencies is not a package with one version", .0.escape_debug())]
    Dependency(String),
    /// A package is listed twice.
    #[error("[javascript] dependencies lists the package '{0}' twice")]
    Twice(String),
    /// There is no folder for packages.
    #[error("there is no folder for packages: {0}")]
    NoFolder(String),
    /// There is no npm that can be used.
    #[error("packages are fetched by npm 9 or later, which is not there: {0}")]
    NoNpm(String),
    /// The registry cannot be reached.
    #[error("npm cannot reach the registry:\n{0}")]
    NoNetwork(String),
    /// The registry does not have a package, or not in that version.
    #[error("npm finds no package '{0}'")]
    NotThere(String),
    /// Packages exclude each other.
    #[error("the packages exclude each other:\n{0}")]
    Conflict(String),
    /// A package, or one that it needs, does not come from the registry.
    #[error("the package '{package}' does not come from the registry, but from '{}'", from.escape_debug())]
    Foreign {
        /// Its name.
        package: String,
        /// Where it comes from.
        from: String,
    },
    /// A package needs a module of Node.
    #[error("the package '{package}' needs '{module}', a module of Node")]
    OfNode {
        /// The package.
        package: String,
        /// The module.
        module: String,
    },
    /// A package needs code for a machine.
    #[error("the package '{package}' needs '{file}', which is not JavaScript")]
    Native {
        /// The package.
        package: String,
        /// The file.
        file: String,
    },
    /// A package is for machines of another kind.
    #[error("the package '{0}' is made for another kind of machine")]
    OtherMachine(String),
    /// A package imports another one that is not there.
    #[error("the package '{package}' imports '{module}', which is not there")]
    Missing {
        /// The package.
        package: String,
        /// What it imports.
        module: String,
    },
    /// A package has no file of the name that a migration imports.
    #[error("there is no module '{0}' in its package")]
    NoModule(String),
    /// A package does not export a name.
    #[error("the package does not export '{name}': {file} has no such name")]
    NoExport {
        /// The name.
        name: String,
        /// The file that should have it.
        file: String,
    },
    /// A package reads files beyond those of packages.
    #[error("the packages are made of files that belong to none: {0}")]
    Outside(String),
    /// A program failed in another way.
    #[error("{program} failed:\n{output}")]
    Program {
        /// The program.
        program: &'static str,
        /// The end of its output.
        output: String,
    },
    /// A file cannot be written or read.
    #[error("cannot work in {}", folder.display())]
    Files {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl JavaScriptPackagesError {
    /// What the user should do.
    pub fn hint(&self) -> String {
        match self {
            Self::Dependency(_) => "write its name and version, such as \"slugify@1.6.6\" or \"@scope/name@1.2.3\"; ranges, tags, paths, \
                                    URLs and repositories are not taken"
                .to_owned(),
            Self::Twice(_) => "leave one of them".to_owned(),
            Self::NoFolder(_) => "set HOST_CACHE_DIR to a folder of yours in which nobody else can write".to_owned(),
            Self::NoNpm(_) => "install Node 18 or later with npm (Debian: nodejs npm), or build the migrations on a machine that has it: \
                               a deploy needs none"
                .to_owned(),
            Self::NoNetwork(_) => {
                "check the network; a mirror is named in your own .npmrc (registry=…) or by npm_config_registry".to_owned()
            }
            Self::NotThere(_) => "check its name and version in [javascript] dependencies of host.toml".to_owned(),
            Self::Conflict(_) => "change the versions in [javascript] dependencies of host.toml".to_owned(),
            Self::Foreign { .. } => "choose another package or version: what comes from elsewhere may be another thing tomorrow".to_owned(),
            Self::OfNode { module, .. } => format!(
                "a migration has no files, no network and none of Node's modules; choose a package without it, or one that \
                 stands in for '{module}' and has that name"
            ),
            Self::Native { .. } | Self::OtherMachine(_) => "choose a package in JavaScript only: a migration can run nothing else".to_owned(),
            Self::Missing { module, .. } => {
                format!("list '{module}' with a version in [javascript] dependencies of host.toml, too")
            }
            Self::NoModule(_) => "see the documentation of the package for what it has".to_owned(),
            Self::NoExport { .. } => "see the documentation of the package for the names that it has".to_owned(),
            Self::Outside(_) => "do not use this package: it tries to read what is yours".to_owned(),
            Self::Program { .. } | Self::Files { .. } => "see the lines above, and run the command again".to_owned(),
        }
    }
}

/// What npm's words mean.
pub(super) fn problem_of_npm(output: String) -> JavaScriptPackagesError {
    const NETWORK: [&str; 8] = [
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ENETUNREACH",
        "ENOTFOUND",
        "ERR_SOCKET_TIMEOUT",
        "ETIMEDOUT",
        "EHOSTUNREACH",
    ];
    // `npm error code E404`; before npm 10.7 `npm ERR! code E404`.
    let words = |line: &str| -> Option<String> {
        Some(line.strip_prefix("npm error ").or_else(|| line.strip_prefix("npm ERR! "))?.to_owned())
    };
    let lines: Vec<String> = output.lines().filter_map(words).collect();
    let code = lines.iter().find_map(|line| line.strip_prefix("code ")).map(str::trim).unwrap_or_default();
    if NETWORK.contains(&code) {
        return JavaScriptPackagesError::NoNetwork(output);
    }
    let between_quotes = |line: &str| line.split('\'').nth(1).map(str::to_owned);
    let missing = match code {
        "E404" => {
            lines.iter().filter(|line| line.contains("is not in this registry")).find_map(|line| between_quotes(line))
        }
        "ETARGET" => lines.iter().find_map(|line| {
            let (_, rest) = line.split_once("No matching version found for ")?;
            Some(rest.trim_end_matches('.').to_owned())
        }),
        "EBADPLATFORM" => {
            let package = lines.iter().find_map(|line| {
                let (_, rest) = line.split_once("Unsupported platform for ")?;
                Some(rest.split(": ").next().unwrap_or(rest).to_owned())
            });
            return match package {
                Some(package) => JavaScriptPackagesError::OtherMachine(package),
                None => JavaScriptPackagesError::Program { program: "npm", output },
            };
        }
        "ERESOLVE" => return JavaScriptPackagesError::Conflict(output),
        _ => None,
    };
    match missing {
        Some(package) => JavaScriptPackagesError::NotThere(package),
        None => JavaScriptPackagesError::Program { program: "npm", output },
    }
}

/// What esbuild's words mean. `entries` is the folder of what migrations import.
pub(super) fn problem_of_esbuild(output: String, entries: &str) -> JavaScriptPackagesError {
    // What is wrong with the import itself before what is wrong further in.
    let blocks: Vec<&str> = output.split("[ERROR] ").skip(1).collect();
    let place = |block: &str| -> String {
        let line = block.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        line.split(':').next().unwrap_or_default().to_owned()
    };
    let quoted = |block: &str, nth: usize| block.split('"').nth(nth).unwrap_or_default().to_owned();
    for block in blocks {
        let place = place(block);
        let package = package_of(&place);
        if block.starts_with("Could not resolve \"") {
            let module = quoted(block, 1);
            return if place.starts_with(entries) {
                JavaScriptPackagesError::NoModule(module)
            } else if block.contains("is built into node") {
                JavaScriptPackagesError::OfNode { package, module }
            } else {
                JavaScriptPackagesError::Missing { package, module }
            };
        }
        if block.starts_with("No loader is configured for ") {
            let file = block.split_once(": ").and_then(|(_, rest)| rest.lines().next()).unwrap_or_default();
            return JavaScriptPackagesError::Native { package: package_of(file), file: file.to_owned() };
        }
        if block.starts_with("No matching export in \"") {
            return JavaScriptPackagesError::NoExport { file: quoted(block, 1), name: quoted(block, 3) };
        }
    }
    JavaScriptPackagesError::Program { program: "esbuild", output }
}

/// The package that a file belongs to: `@scope/name` for `node_modules/a/node_modules/@scope/name/x.js`.
fn package_of(file: &str) -> String {
    let inside = file.rsplit_once("node_modules/").map_or(file, |(_, inside)| inside);
    let parts = if inside.starts_with('@') { 2 } else { 1 };
    inside.split('/').take(parts).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_npm_are_understood() {
        let said = |text: &str| problem_of_npm(text.to_owned());
        for (text, package) in [
            (
                "npm error code E404\nnpm error 404\nnpm error 404  'nope@1.0.0' is not in this registry.\n",
                "nope@1.0.0",
            ),
            ("npm ERR! code ETARGET\nnpm ERR! notarget No matching version found for a@9.9.9.\n", "a@9.9.9"),
        ] {
            assert_eq!(said(text).to_string(), format!("npm finds no package '{package}'"));
        }
        assert!(matches!(said("npm error code ERESOLVE\n"), JavaScriptPackagesError::Conflict(_)));
        assert!(matches!(said("npm error code ENOTFOUND\n"), JavaScriptPackagesError::NoNetwork(_)));
        assert!(matches!(said("npm error code ENOSPC\nENOTFOUND"), JavaScriptPackagesError::Program { .. }));
    }

    #[test]
    fn the_words_of_esbuild_are_understood() {
        let said = |text: &str| problem_of_esbuild(text.to_owned(), "entries/").to_string();
        let node = "X [ERROR] Could not resolve \"fs\"\n\n    node_modules/@a/b/lib/x.js:2:19:\n      2 │ require('fs')\n\n  \
                    The package \"fs\" wasn't found on the file system but is built into node.\n";
        assert_eq!(said(node), "the package '@a/b' needs 'fs', a module of Node");
        let missing = "X [ERROR] Could not resolve \"peer\"\n\n    node_modules/a/x.js:2:19:\n";
        assert_eq!(said(missing), "the package 'a' imports 'peer', which is not there");
        let module = "X [ERROR] Could not resolve \"a/none.js\"\n\n    entries/1/0.js:1:9:\n";
        assert_eq!(said(module), "there is no module 'a/none.js' in its package");
        let native = "X [ERROR] No loader is configured for \".node\" files: node_modules/a/b.node\n\n    node_modules/a/x.js:1:2:\n";
        assert_eq!(said(native), "the package 'a' needs 'node_modules/a/b.node', which is not JavaScript");
        let export =
            "X [ERROR] No matching export in \"node_modules/a/x.mjs\" for import \"y\"\n\n    entries/1/0.js:1:9:\n";
        assert_eq!(said(export), "the package does not export 'y': node_modules/a/x.mjs has no such name");
        assert!(said("X [ERROR] Unexpected \"%\"\n").starts_with("esbuild failed:"));
    }
}
