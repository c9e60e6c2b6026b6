//! The Rust SDK, carried in the host itself, so that a migration in Rust needs no published crate.

use crate::store::Store;
use crate::store::StoreError;

/// Where the SDK is put, relative to the project's folder. The `Cargo.toml` of a migration names it as a path.
pub const RUST_SDK_FOLDER: &str = ".host/sdk/rust";

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
pub fn write_rust_sdk(store: &Store) -> Result<(), StoreError> {
    for (path, text) in FILES.iter().chain([&CONTRACT]) {
        store.write_state_file(&format!("{RUST_SDK_FOLDER}/{path}"), text.as_bytes())?;
    }
    Ok(())
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
}
