//! Python: built like every language without a compiler. Its SDK is written into the project for editors, type checkers and
//! tests; a migration runs with the one in the runtime.

use super::Support;
use super::script;
use crate::language::PYTHON_SDK_FOLDER;
use crate::store::Store;
use crate::store::StoreError;

pub(super) const SUPPORT: Support = Support { write_sdk: Some(write_sdk), ..script::SUPPORT };

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../guest-sdk/python/", $path)))),*]
    };
}

/// The files of the SDK by their paths in it.
pub(super) const SDK_FILES: &[(&str, &str)] = files![
    "host/__init__.py",
    "host/_bridge.py",
    "host/_bulk.py",
    "host/_calendar.py",
    "host/_contract.py",
    "host/_env.py",
    "host/_errors.py",
    "host/_json.py",
    "host/_lift.py",
    "host/_lower.py",
    "host/_rows.py",
    "host/_sql.py",
    "host/_transform.py",
    "host/_tuples.py",
    "host/_types.py",
    "host/py.typed",
];

/// What programs of the project use beside its migrations. Of the runtimes that of Alembic has it, too.
pub(super) const PROGRAM_FILES: &[(&str, &str)] =
    files!["host_migrate/__init__.py", "host_migrate/py.typed", "host_migrate/sqlalchemy.py"];

/// Writes those files of the SDK that are missing or different in the project.
fn write_sdk(store: &Store) -> Result<(), StoreError> {
    SDK_FILES
        .iter()
        .chain(PROGRAM_FILES)
        .try_for_each(|(path, text)| store.write_state_file(&format!("{PYTHON_SDK_FOLDER}/{path}"), text.as_bytes()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
#[expect(clippy::disallowed_methods, reason = "the test reads the SDK in this repository")]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_sdk_is_carried() {
        for (package, carried) in [("host", SDK_FILES), ("host_migrate", PROGRAM_FILES)] {
            let folder = format!("{}/../guest-sdk/python/{package}", env!("CARGO_MANIFEST_DIR"));
            let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
            let names = names.map(|name| name.into_string().unwrap()).filter(|name| name != "__pycache__");
            let mut files: Vec<_> = names.map(|name| format!("{package}/{name}")).collect();
            files.sort();
            assert_eq!(files, carried.iter().map(|(path, _)| *path).collect::<Vec<_>>());
        }
    }
}
