//! Any other toolchain: the command that a migration's metadata name, in a copy of its folder.
//!
//! It is the author's program, and runs as the user who builds, as a build script of cargo's does. Nothing but a build runs it.

use std::ffi::OsString;

use super::Builder;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::manifest;
use super::program;
use super::program::last_lines;
use super::stage::Stage;
use super::wrap::wrap;
use crate::store::Migration;
use crate::store::SDK_FOLDER;

pub(super) const SUPPORT: Support = Support { build, write_sdk: None, tool: None };

/// The variable that tells the command where the SDKs are.
const SDK_VARIABLE: &str = "HOST_SDK_DIR";

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    let folder = migration.file.clone();
    let stage = Stage::new(builder, migration)?;
    let written = migration.metadata.build.join(" ");
    let mut words = migration.metadata.build.iter();
    let Some(name) = words.next().filter(|name| !name.is_empty()) else {
        return Err(ToolchainError::NoCommand { folder });
    };
    // A name with a slash is a file of the migration; any other one is looked for on PATH.
    let program = if name.contains('/') { stage.path().join(name).into_os_string() } else { OsString::from(name) };
    let mut command = builder.options.environment.command(&program);
    command.args(words).current_dir(stage.path()).env(SDK_VARIABLE, stage.path_in_project(SDK_FOLDER));
    if let Err(output) = program::run(name, &mut command)? {
        return Err(ToolchainError::Command { command: written, folder, output: last_lines(&output) });
    }
    match stage.made()?.as_slice() {
        [file] => {
            let bytes = stage.read(file)?;
            wrap(&builder.options, &folder, &bytes, &manifest(migration, &builder.options))
        }
        [] => Err(ToolchainError::NothingMade { command: written, folder }),
        several => Err(ToolchainError::SeveralMade { command: written, folder, files: several.to_vec() }),
    }
}
