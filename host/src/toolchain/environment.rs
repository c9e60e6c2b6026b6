//! The environment variables that compilers get.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

/// The environment variables of a process. Handed in, so that only the command line reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessEnvironment {
    variables: BTreeMap<OsString, OsString>,
}

/// The variables of cargo that say where things come from. The others say how to build, and that is the host's to say:
/// the same source has to give the same component.
const CARGO_SOURCES: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_RESOLVER_",
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
];

/// The variables of Go that say where things come from.
const GO_SOURCES: [&str; 11] = [
    "GOAUTH",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTOOLCHAIN",
];

/// The variables by which a compiler of C finds other files than it would by itself.
const OF_C: [&str; 6] =
    ["CCC_OVERRIDE_OPTIONS", "COMPILER_PATH", "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "SOURCE_DATE_EPOCH"];

impl ProcessEnvironment {
    /// These variables.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self { variables: variables.into_iter().collect() }
    }

    /// The same without some variables: those that say how to reach the database. A compiler needs no database, and what it
    /// runs, build scripts of dependencies for example, must not see a password. What every program needs stays.
    #[must_use]
    pub fn without<'a>(mut self, names: impl IntoIterator<Item = &'a String>) -> Self {
        for name in names.into_iter().filter(|name| !matches!(name.as_str(), "PATH" | "HOME")) {
            self.variables.remove(OsStr::new(name));
        }
        self
    }

    /// The same without those whose value is secret, whatever their name is. What every program needs stays.
    #[must_use]
    pub fn without_values(mut self, is_secret: impl Fn(&str) -> bool) -> Self {
        self.variables.retain(|name, value| {
            matches!(name.to_str(), Some("PATH" | "HOME")) || !is_secret(&value.to_string_lossy())
        });
        self
    }

    /// The value of a variable, or none if it is not set or empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// `PATH` without its relative folders, or none if nothing is left. (An empty one would be the current folder.)
    pub(super) fn path(&self) -> Option<OsString> {
        let folders = self.get("PATH")?.as_bytes().split(|&byte| byte == b':');
        let absolute: Vec<&[u8]> = folders.filter(|folder| folder.starts_with(b"/")).collect();
        Some(OsString::from_vec(absolute.join(&b':'))).filter(|path| !path.is_empty())
    }

    /// A program with these variables, but without those that change what a compiler makes and those of the database. It is looked
    /// for on `PATH`, but not in folders of it that are relative: compilers run in the folders of migrations.
    #[expect(clippy::disallowed_methods, reason = "the one place where compilers are started")]
    pub(super) fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        command.envs(self.variables.iter().filter(|(name, _)| is_passed_on(name)));
        command.env("CARGO_TERM_COLOR", "never");
        match self.path() {
            Some(path) => command.env("PATH", path),
            None => command.env_remove("PATH"),
        };
        command
    }
}

fn is_passed_on(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return true };
    // libpq's variables; of the host itself only the url is secret.
    let of_database =
        name.starts_with("PG") || matches!(name, "DATABASE_URL" | "HOST_DATABASE_URL" | "HOST_DIRECT_URL");
    let of_cargo = name.starts_with("CARGO");
    let of_rustc = ["RUSTC", "RUSTFLAGS", "RUSTDOC"].iter().any(|start| name.starts_with(start));
    // Go's own names have no underscore, which tells them from those of others.
    let of_go = name.starts_with("CGO_") || (name.starts_with("GO") && !name.contains('_'));
    let changes_go = of_go && !GO_SOURCES.contains(&name);
    !of_database
        && !of_rustc
        && !changes_go
        && !OF_C.contains(&name)
        && (!of_cargo || CARGO_SOURCES.iter().any(|start| name.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_looked_for_in_absolute_folders_only() {
        for (path, expected) in [
            ("/usr/bin:/bin", Some("/usr/bin:/bin")),
            (".:/usr/bin::bin:/bin:", Some("/usr/bin:/bin")),
            (".", None),
            ("", None),
        ] {
            let environment = ProcessEnvironment::new([("PATH".into(), path.into())]);
            assert_eq!(environment.path().as_deref(), expected.map(OsStr::new), "{path}");
        }
    }

    #[test]
    fn passes_on_what_does_not_change_the_component_and_is_not_secret() {
        for (name, passed) in [
            ("PATH", true),
            ("HOME", true),
            ("RUSTUP_TOOLCHAIN", true),
            ("CARGO_HOME", true),
            ("CARGO_HTTP_CAINFO", true),
            ("CARGO_REGISTRIES_MINE_INDEX", true),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", true),
            ("GOPROXY", true),
            ("GOOGLE_CLOUD_PROJECT", true),
            ("GOFLAGS", false),
            ("GOCACHEPROG", false),
            ("GOEXPERIMENT", false),
            ("CGO_CFLAGS", false),
            ("CPATH", false),
            ("WASI_SDK_PATH", true),
            ("DATABASE_URL", false),
            ("HOST_DATABASE_URL", false),
            ("HOST_DIRECT_URL", false),
            ("PGPASSWORD", false),
            ("PGSERVICEFILE", false),
            ("CARGO", false),
            ("CARGO_ENCODED_RUSTFLAGS", false),
            ("CARGO_MANIFEST_DIR", false),
            ("CARGO_PROFILE_RELEASE_LTO", false),
            ("CARGO_TARGET_DIR", false),
            ("RUSTC", false),
            ("RUSTC_WRAPPER", false),
            ("RUSTC_BOOTSTRAP", false),
            ("RUSTFLAGS", false),
        ] {
            assert_eq!(is_passed_on(OsStr::new(name)), passed, "{name}");
        }
    }
}
