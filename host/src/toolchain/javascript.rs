//! JavaScript: its runtime runs the source as it is, with the packages that it imports. Here is also the SDK for editors and tests,
//! which the runtime carries itself.

use super::Builder;
use super::Bundle;
use super::IMPORTS_JOB;
use super::OnEvent;
use super::PackageBundler;
use super::Support;
use super::ToolchainError;
use super::imports;
use super::script;
use crate::language::JAVASCRIPT_SDK_FOLDER;
use crate::store::Migration;
use crate::store::NewFile;
use crate::store::Store;
use crate::store::StoreError;
use crate::worker::Cancel;
use crate::worker::Task;
use crate::worker::WorkerError;

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../guest-sdk/javascript/", $path)))),*]
    };
}

/// The files of the SDK by their paths in it.
const FILES: &[(&str, &str)] = files![
    "globals.d.ts",
    "index.d.ts",
    "package.json",
    "register.mjs",
    "resolve.mjs",
    "src/bulk.js",
    "src/calendar.js",
    "src/env.js",
    "src/errors.js",
    "src/index.js",
    "src/native.js",
    "src/sql.js",
    "src/transform.js",
    "src/values.js",
    "tsconfig.json",
];

/// What editors and tsc look for beside the migrations.
const SETTINGS: &str = "tsconfig.json";

pub(super) const SUPPORT: Support = Support { build, write_sdk: Some(write_sdk), ..script::SUPPORT };

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    let source = builder.store.text_source(migration)?;
    script::check_decided(migration.language, &migration.file, &source.text)?;
    component(builder, migration, &source.text)
}

/// The component of a text in JavaScript, with the packages that it imports.
pub(super) fn component(builder: &Builder<'_>, migration: &Migration, text: &str) -> Result<Vec<u8>, ToolchainError> {
    let bundle = bundle(builder, migration, text)?;
    script::component(builder, migration, text, bundle.as_ref())
}

/// The packages that a text imports, if it imports any that the project lists.
fn bundle(builder: &Builder<'_>, migration: &Migration, text: &str) -> Result<Option<Bundle>, ToolchainError> {
    let Some(PackageBundler { packages, bundle }) = builder.options.javascript else { return Ok(None) };
    if !packages.may_be_in(text) {
        return Ok(None);
    }
    let file = || migration.file.clone();
    let found = match builder.options.worker {
        None => imports(text.as_bytes()).map_err(WorkerError::Refused),
        Some(worker) => {
            let (input, limits) = (text.as_bytes(), builder.options.limits);
            let task = Task { job: IMPORTS_JOB, settings: "", input, limits, threads: 1 };
            worker.run(&task, &Cancel::default())
        }
    };
    let found =
        found.and_then(|found| serde_json::from_slice(&found).map_err(|error| WorkerError::Refused(error.to_string())));
    let unread = |error: WorkerError| ToolchainError::Source { file: file(), problem: super::unchecked(&error) };
    let imported = packages.of(found.map_err(unread)?);
    if imported.is_empty() {
        return Ok(None);
    }
    bundle(&imported).map(Some).map_err(|source| ToolchainError::Packages { file: file(), source: Box::new(source) })
}

/// Writes those files of the SDK that are missing or different in the project.
///
/// # Errors
/// Those of writing.
pub(super) fn write_sdk(store: &Store) -> Result<(), StoreError> {
    for (path, text) in FILES {
        store.write_state_file(&format!("{JAVASCRIPT_SDK_FOLDER}/{path}"), text.as_bytes())?;
    }
    Ok(())
}

/// Writes the settings by which an editor finds the SDK, unless there are some. They are the author's from then on.
///
/// # Errors
/// Those of writing.
pub(super) fn write_settings(store: &Store) -> Result<(), StoreError> {
    let levels = store.migrations_folder().split('/').filter(|part| !part.is_empty() && *part != ".").count();
    let base = format!("{}{JAVASCRIPT_SDK_FOLDER}/{SETTINGS}", "../".repeat(levels));
    let base = if levels == 0 { format!("./{base}") } else { base };
    let text = format!("{{\n  \"extends\": \"{base}\",\n  \"include\": [\"**/*\"]\n}}\n");
    match store.create_migration(&[NewFile { path: SETTINGS.to_owned(), text }]) {
        Ok(_) | Err(StoreError::Exists { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
#[expect(clippy::disallowed_methods, reason = "the test reads the SDK in this repository")]
mod tests {
    use cap_std::ambient_authority;
    use cap_std::fs::Dir;

    use super::*;

    #[test]
    fn every_file_of_the_sdk_is_carried() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest-sdk/javascript");
        let folder = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
        let mut files = Vec::new();
        for inside in [".", "src"] {
            for entry in folder.read_dir(inside).unwrap().map(Result::unwrap) {
                let name = entry.file_name().to_str().unwrap().to_owned();
                if entry.file_type().unwrap().is_file() && !name.starts_with('.') {
                    files.push(if inside == "." { name } else { format!("{inside}/{name}") });
                }
            }
        }
        files.sort();
        assert_eq!(files, FILES.iter().map(|(path, _)| *path).collect::<Vec<_>>());
    }
}
