//! `host init`.

use std::path::Path;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use clap::Args;
use clap::builder::PossibleValue;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use serde_json::json;

use super::failure::Failure;
use super::init_alembic::AlembicArguments;
use super::report::text::safe_line;
use super::revision::Written;
use super::settings::Settings;
use crate::config::CONFIG_FILE;
use crate::language::Language;
use crate::scaffold;
use crate::scaffold::GrantSet;
use crate::store;
use crate::store::IGNORE_FILE;
use crate::store::STATE_FOLDER;
use crate::store::Store;

/// The largest `.gitignore` that is put back as it was, in bytes.
const IGNORE_FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The project's folder; it is created if there is none
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Also create a first migration in this language
    #[arg(long, value_name = "LANGUAGE", value_parser = super::revision::language_parser())]
    lang: Option<Language>,
    #[command(flatten)]
    alembic: AlembicArguments,
    /// What migrations may ask for
    #[arg(long, value_name = "SET", default_value = GrantSet::default().name(), value_parser = grants_parser())]
    grants: GrantSet,
}

/// Reads the name of a set of grants; help and completions list them.
fn grants_parser() -> impl TypedValueParser<Value = GrantSet> {
    let values = GrantSet::ALL.map(|set| PossibleValue::new(set.name()).help(set.ability()));
    PossibleValuesParser::new(values)
        .try_map(|name| GrantSet::ALL.into_iter().find(|set| set.name() == name).ok_or("no set of grants"))
}

pub(super) fn run(settings: &Settings, arguments: &InitArguments) -> Result<u8, Failure> {
    let folder =
        settings.named_folder().map_or_else(|| arguments.folder.clone(), |named| named.join(&arguments.folder));
    let made = Made::new(&folder);
    let root = make_folder(&folder)?;
    if root.symlink_metadata(CONFIG_FILE).is_ok() {
        return Err(Failure::new(
            "project-exists",
            format!("'{}' is already a project: it has a {CONFIG_FILE}", safe_line(&folder.to_string_lossy())),
            "create a migration with `host revision -m MESSAGE`, or choose another folder",
        ));
    }
    if arguments.alembic.from_alembic {
        return super::init_alembic::run(settings, &arguments.alembic, &folder, &root);
    }
    let mut made = made.look(&root);
    let first = write_project(settings, &folder, &root, arguments, &mut made).inspect_err(|_| made.remove(&root))?;
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({"event": "initialised", "folder": folder.to_string_lossy()}));
    } else {
        report.line(&format!("created {} with {CONFIG_FILE} and migrations/", folder.display()));
    }
    match first {
        Some(first) => super::revision::written(settings, &first),
        None => {
            report.note("next: `host revision -m \"create users\"`, edit the file, `host build`, `host upgrade head`")
        }
    }
    Ok(0)
}

/// Writes all files of a project, and its first migration if there is to be one.
fn write_project(
    settings: &Settings,
    folder: &Path,
    root: &Dir,
    arguments: &InitArguments,
    made: &mut Made,
) -> Result<Option<Written>, Failure> {
    // Last of all the file that makes it a project: until it is there, the command can simply be run again.
    root.create_dir_all("migrations").map_err(|error| cannot_write(&folder.join("migrations"), &error))?;
    store::ensure_ignored(root)?;
    // An editor looks for it as soon as there is a migration.
    crate::toolchain::write_all_sdks(&Store::open(super::settings::open_folder(folder)?, "migrations"))?;
    store::create_file(root, CONFIG_FILE, scaffold::host_toml(arguments.grants).as_bytes())?;
    made.is_project = true;
    arguments.lang.map(|language| super::revision::first(&settings.at(folder), language)).transpose()
}

/// What was there before, so that a command that fails leaves nothing behind.
struct Made {
    /// The folders that have to be made, the outermost first.
    folders: Vec<PathBuf>,
    /// What is not there of all that a project begins with.
    entries: Vec<&'static str>,
    /// The file that is changed where it is there.
    ignored: Option<Vec<u8>>,
    /// Whether this command made a project of the folder. Otherwise another one may have done that at the same time.
    is_project: bool,
}

/// What a project begins with besides the file that makes it one.
const ENTRIES: [&str; 3] = [STATE_FOLDER, "migrations", IGNORE_FILE];

impl Made {
    #[expect(clippy::disallowed_methods, reason = "the folder of the project that the user names")]
    fn new(folder: &Path) -> Self {
        let missing = folder.ancestors().take_while(|folder| folder.symlink_metadata().is_err());
        let mut folders: Vec<PathBuf> = missing.filter(|it| !it.as_os_str().is_empty()).map(Path::to_owned).collect();
        folders.reverse();
        Self { folders, entries: Vec::new(), ignored: None, is_project: false }
    }

    /// Looks at what is in the folder.
    fn look(self, root: &Dir) -> Self {
        let is_missing = |entry: &&str| root.symlink_metadata(entry).is_err();
        let ignored = store::read_file_at_most(root, IGNORE_FILE, IGNORE_FILE_BYTES_MAX).ok();
        Self { entries: ENTRIES.into_iter().filter(is_missing).collect(), ignored, ..self }
    }

    /// Removes what was made. What cannot be removed stays: the failure that led here is the one to tell.
    #[expect(clippy::disallowed_methods, reason = "the folder of the project that the user names")]
    fn remove(&self, root: &Dir) {
        if self.is_project {
            let _ = root.remove_file(CONFIG_FILE);
        } else if root.symlink_metadata(CONFIG_FILE).is_ok() {
            return;
        }
        for entry in &self.entries {
            let _ = match *entry {
                STATE_FOLDER => root.remove_dir_all(entry),
                // One with something in it stays.
                "migrations" => root.remove_dir(entry),
                _ => root.remove_file(entry),
            };
        }
        let changed = store::read_file_at_most(root, IGNORE_FILE, IGNORE_FILE_BYTES_MAX).ok() != self.ignored;
        if let Some(ignored) = self.ignored.as_ref().filter(|_| changed) {
            let _ = root.write(IGNORE_FILE, ignored);
        }
        for folder in self.folders.iter().rev() {
            let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else { return };
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            let _ = Dir::open_ambient_dir(parent, ambient_authority()).and_then(|parent| parent.remove_dir(name));
        }
    }
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
