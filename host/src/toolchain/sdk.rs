//! The Rust SDK, carried in the host itself, so that a migration in Rust needs no published crate.

use serde::Deserialize;

use crate::language::RUST_SDK_FOLDER;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TOML_BYTES_MAX;
use crate::store::read_file_at_most;

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../guest-sdk/rust/", $path)))),*]
    };
}

/// The files of the SDK by their paths in it.
const FILES: &[(&str, &str)] = files![
    "Cargo.toml",
    "src/bindings.rs",
    "src/env.rs",
    "src/error.rs",
    "src/lib.rs",
    "src/migration.rs",
    "src/row.rs",
    "src/savepoint.rs",
    "src/sql.rs",
    "src/statement.rs",
    "src/value/array.rs",
    "src/value/calendar.rs",
    "src/value/mod.rs",
    "src/value/range.rs",
    "src/value/row.rs",
    "src/value/scalar.rs",
    "src/value/text.rs",
    "src/value/uuid.rs",
];

/// The contract, which the SDK reads from a folder of its own.
const CONTRACT: (&str, &str) = ("wit/migration.wit", include_str!("../../../wit/migration.wit"));

/// Writes those files of the SDK that are missing or different in the project.
///
/// # Errors
/// Those of writing.
pub(super) fn write_rust_sdk(store: &Store) -> Result<(), StoreError> {
    for (path, text) in FILES.iter().chain([&CONTRACT]) {
        store.write_state_file(&format!("{RUST_SDK_FOLDER}/{path}"), text.as_bytes())?;
    }
    Ok(())
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

    let carried = FILES.iter().find(|(path, _)| *path == "Cargo.toml").map(|(_, text)| *text).unwrap_or_default();
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
    fn every_file_of_the_sdk_is_carried() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest-sdk/rust");
        let folder = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
        let mut files = vec!["Cargo.toml".to_owned()];
        list(&folder, "src", &mut files);
        files.sort();
        assert_eq!(files, FILES.iter().map(|(path, _)| *path).collect::<Vec<_>>());
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
