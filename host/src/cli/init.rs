//! `host init`.

use std::path::Path;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::report::text::safe_line;
use super::settings::Settings;
use crate::config::CONFIG_FILE;
use crate::language::Language;
use crate::scaffold;
use crate::store;

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The project's folder; it is created if there is none
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Also create a first migration in this language
    #[arg(long, value_name = "LANGUAGE", value_parser = super::revision::language_parser())]
    lang: Option<Language>,
}

pub(super) fn run(settings: &Settings, arguments: &InitArguments) -> Result<u8, Failure> {
    let folder =
        settings.named_folder().map_or_else(|| arguments.folder.clone(), |named| named.join(&arguments.folder));
    let root = make_folder(&folder)?;
    if root.symlink_metadata(CONFIG_FILE).is_ok() {
        return Err(Failure::new(
            "project-exists",
            format!("'{}' is already a project: it has a {CONFIG_FILE}", safe_line(&folder.to_string_lossy())),
            "create a migration with `host revision -m MESSAGE`, or choose another folder",
        ));
    }
    // Last of all the file that makes it a project: until it is there, the command can simply be run again.
    root.create_dir_all("migrations").map_err(|error| cannot_write(&folder.join("migrations"), &error))?;
    store::ensure_ignored(&root)?;
    store::create_file(&root, CONFIG_FILE, scaffold::HOST_TOML.as_bytes())?;
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({"event": "initialised", "folder": folder.to_string_lossy()}));
    } else {
        report.line(&format!("created {} with {CONFIG_FILE} and migrations/", folder.display()));
    }
    if let Some(language) = arguments.lang {
        super::revision::first(&settings.at(&folder), language)?;
    } else {
        report.note("next: `host revision -m \"create users\"`, edit the file, `host build`, `host upgrade head`");
    }
    Ok(0)
}

#[expect(clippy::disallowed_methods, reason = "the folder of the project that the user names")]
fn make_folder(folder: &Path) -> Result<Dir, Failure> {
    Dir::create_ambient_dir_all(folder, ambient_authority()).map_err(|error| cannot_write(folder, &error))?;
    super::settings::open_folder(folder)
}

fn cannot_write(folder: &Path, error: &std::io::Error) -> Failure {
    let in_the_way = matches!(error.kind(), std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory);
    let hint = if in_the_way {
        "a file is in its place: remove it, or choose another folder"
    } else {
        "check the permissions of the folder above, or choose another one"
    };
    Failure::new(
        "project-files",
        format!("cannot create the folder '{}': {error}", safe_line(&folder.to_string_lossy())),
        hint,
    )
}
