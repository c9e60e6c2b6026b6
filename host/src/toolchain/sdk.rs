//! The SDKs, carried in the host itself, so that no migration needs a published package.

use serde::Deserialize;

use crate::language::C_SDK_FOLDER;
use crate::language::GO_SDK_FOLDER;
use crate::language::Language;
use crate::language::RUST_SDK_FOLDER;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TOML_BYTES_MAX;
use crate::store::read_file_at_most;

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../guest-sdk/", $folder, "/", $path)))),*]
    };
}

/// The files of an SDK by their paths in it.
type Files = &'static [(&'static str, &'static str)];

const RUST: Files = files![
    "rust":
    "Cargo.toml",
    "src/bindings.rs",
    "src/bulk/batch.rs",
    "src/bulk/copy_in.rs",
    "src/bulk/cursor.rs",
    "src/bulk/field.rs",
    "src/bulk/mod.rs",
    "src/bulk/tuple.rs",
    "src/bulk/writer.rs",
    "src/env.rs",
    "src/error.rs",
    "src/lib.rs",
    "src/migration.rs",
    "src/row.rs",
    "src/savepoint.rs",
    "src/sql.rs",
    "src/statement.rs",
    "src/transform.rs",
    "src/transform_bindings.rs",
    "src/value/array.rs",
    "src/value/calendar.rs",
    "src/value/mod.rs",
    "src/value/range.rs",
    "src/value/row.rs",
    "src/value/scalar.rs",
    "src/value/text.rs",
    "src/value/uuid.rs",
];

/// The contract, which the Rust SDK reads from a folder of its own.
const CONTRACT: Files = &[("wit/migration.wit", include_str!("../../../wit/migration.wit"))];

const GO: Files = files![
    "go":
    "abi_wasip1.go",
    "batch.go",
    "block.go",
    "bulk.go",
    "bulk_wasip1.go",
    "calendar.go",
    "compound.go",
    "doc.go",
    "env.go",
    "errors.go",
    "go.mod",
    "log.go",
    "memory.go",
    "memory_wasip1.go",
    "operation.go",
    "outside.go",
    "param.go",
    "register.go",
    "register_wasip1.go",
    "rows.go",
    "savepoint.go",
    "scan.go",
    "sql.go",
    "statement.go",
    "text.go",
    "trace.go",
    "transform.go",
    "transform_wasip1.go",
    "trap_wasip1.s",
];

const C: Files = files![
    "c":
    "bulk.c",
    "contract.h",
    "host.c",
    "host.h",
    "host_bulk.h",
    "host_transform.h",
    "host_values.h",
    "libc.c",
    "outside.c",
    "transform.c",
    "values.c",
];

/// The files of a language's SDK by their paths in the project.
pub(super) fn files(language: Language) -> impl Iterator<Item = (String, &'static str)> {
    let (folder, files, more): (&str, Files, Files) = match language {
        Language::Rust => (RUST_SDK_FOLDER, RUST, CONTRACT),
        Language::Go => (GO_SDK_FOLDER, GO, &[]),
        Language::C => (C_SDK_FOLDER, C, &[]),
        _ => ("", &[], &[]),
    };
    files.iter().chain(more).map(move |(path, text)| (format!("{folder}/{path}"), *text))
}

/// Writes those files of a language's SDK that are missing or different in the project.
///
/// # Errors
/// Those of writing.
pub(super) fn write(language: Language, store: &Store) -> Result<(), StoreError> {
    files(language).try_for_each(|(path, text)| store.write_state_file(&path, text.as_bytes()))
}

/// Whether a lock file is that of another version of the SDK, so that cargo has to write it anew. `path` is relative to the
/// project's folder. What cannot be read is for cargo to tell.
pub(super) fn locks_another_sdk(store: &Store, path: &str) -> bool {
    let lock = read_file_at_most(store.root(), path, TOML_BYTES_MAX).ok().and_then(|lock| String::from_utf8(lock).ok());
    lock.is_some_and(|lock| is_of_another_sdk(&lock))
}

fn is_of_another_sdk(lock: &str) -> bool {
    #[derive(Deserialize)]
    struct Manifest {
        package: Package,
    }
    #[derive(Deserialize)]
    struct LockFile {
        #[serde(default)]
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        source: Option<String>,
    }

    let carried = RUST.iter().find(|(path, _)| *path == "Cargo.toml").map(|(_, text)| *text).unwrap_or_default();
    let (Ok(carried), Ok(lock)) = (toml::from_str::<Manifest>(carried), toml::from_str::<LockFile>(lock)) else {
        return false;
    };
    // What comes from a registry has a source, whatever its name is.
    let mut locked =
        lock.package.iter().filter(|package| package.name == carried.package.name && package.source.is_none());
    locked.next().is_some_and(|locked| locked.version != carried.package.version)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
#[expect(clippy::disallowed_methods, reason = "the test reads the SDK in this repository")]
mod tests {
    use cap_std::ambient_authority;
    use cap_std::fs::Dir;

    use super::*;

    fn list(folder: &Dir, path: &str, files: &mut Vec<String>) {
        for entry in folder.read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{path}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() { list(folder, &path, files) } else { files.push(path) }
        }
    }

    #[test]
    fn every_file_of_each_sdk_is_carried() {
        let carried = |files: Files| files.iter().map(|(path, _)| (*path).to_owned()).collect::<Vec<_>>();
        let found = |language: &str, inside: &[&str]| {
            let path = format!("{}/../guest-sdk/{language}", env!("CARGO_MANIFEST_DIR"));
            let folder = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
            let mut files = Vec::new();
            inside.iter().for_each(|inside| list(&folder, inside, &mut files));
            let is_test = |path: &String| path.ends_with("_test.go") || path.starts_with("./tests/");
            let mut files: Vec<_> = files.into_iter().filter(|path| !is_test(path)).collect();
            files.iter_mut().for_each(|path| *path = path.trim_start_matches("./").to_owned());
            files.sort();
            files
        };
        assert_eq!(found("rust", &["src"]), carried(RUST)[1..]);
        assert_eq!(found("go", &["."]), carried(GO));
        assert_eq!(found("c", &["."]), carried(C));
    }

    #[test]
    fn a_lock_file_of_another_sdk_is_known() {
        let lock = |name: &str, version: &str, more: &str| {
            format!("version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{more}")
        };
        let carried = env!("CARGO_PKG_VERSION");
        assert!(is_of_another_sdk(&lock("host-guest", "0.0.9", "")));
        assert!(!is_of_another_sdk(&lock("host-guest", carried, "")));
        assert!(!is_of_another_sdk(&lock("other", "0.0.9", "")));
        assert!(!is_of_another_sdk(&lock("host-guest", "0.0.9", "source = \"registry+https://github.com/x\"\n")));
        for broken in ["", "version = 4\n", "[[package", "package = 5"] {
            assert!(!is_of_another_sdk(broken), "{broken}");
        }
    }
}
