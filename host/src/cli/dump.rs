//! `host dump`: the structure of the database as a file, and the same after a run.

#![expect(clippy::disallowed_methods, reason = "the file lies wherever the user says, and pg_dump where PATH says")]

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::failure::with_causes;
use super::report::text::safe_line;
use super::settings::Settings;
use super::settings::open_folder;
use crate::db::DatabaseError;
use crate::db::version_rows::insert_versions;
use crate::execute::RunError;
use crate::execute::UnfinishedError;
use crate::local::DumpError;
use crate::local::PgDump;
use crate::local::normalised;
use crate::project::Project;
use crate::value::quote_text;

/// The file where neither an option nor host.toml names one.
const FILE: &str = "schema.sql";

/// What stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// Variables of this process that pg_dump needs: where passwords and certificates are that the url does not name.
const VARIABLES: [&str; 7] =
    ["HOME", "PGPASSFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL", "PGSSLCRLDIR"];

#[derive(Debug, Args)]
pub(super) struct DumpArguments {
    /// Write to this file; - is standard output [default: `dump` of host.toml, else schema.sql in the project]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) async fn run(settings: &Settings, arguments: &DumpArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let text = dumped(settings, &project).await?;
    let report = settings.report();
    match &arguments.output {
        Some(file) if file.as_os_str() == STANDARD_OUTPUT => {
            if report.is_json() {
                report.document(&json!({ "sql": text }));
            } else {
                report.exactly(&text);
            }
        }
        Some(file) => written(settings, write_anywhere(file, &text)?, &file.to_string_lossy()),
        None => {
            let file = project.environment().dump.clone().unwrap_or_else(|| FILE.to_owned());
            written(settings, write_in_project(settings, &file, &text)?, &file);
        }
    }
    Ok(0)
}

/// Writes the file that host.toml names, after a run that changed the database. The run is done, whatever becomes of the file.
pub(super) async fn after_run(settings: &Settings, project: &Project) {
    let Some(file) = &project.environment().dump else { return };
    let result = match dumped(settings, project).await {
        Ok(text) => write_in_project(settings, file, &text),
        Err(failure) => Err(failure),
    };
    match result {
        Ok(is_new) => written(settings, is_new, file),
        Err(failure) => {
            let text = format!(
                "the migrations are done, but the schema file '{file}' could not be written: {}",
                failure.message()
            );
            if settings.report().is_json() {
                settings.report().document(&json!({"event": "note", "text": text}));
            } else {
                settings.report().warn(&text, failure.hint().as_deref());
            }
        }
    }
}

/// Says what became of the file.
fn written(settings: &Settings, is_new: bool, file: &str) {
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({"event": "dumped", "file": file, "changed": is_new}));
    } else if is_new {
        report.note(&format!("wrote {}", safe_line(file)));
    } else {
        report.note(&format!("{} is up to date", safe_line(file)));
    }
}

/// The structure of the database, and where it is.
async fn dumped(settings: &Settings, project: &Project) -> Result<String, Failure> {
    // What a dump locks and reads belongs to one session, which a pooler may not give.
    let mut database = settings.connect_to(project, &settings.unpooled_target(project)?).await?;
    let before = project.read_applied(&mut database).await?;
    if let Some(unfinished) = before.unfinished.first() {
        // Where it is loaded, nothing would say so.
        let unfinished = Box::new(unfinished.clone());
        return Err(RunError::from(UnfinishedError::InTheWay { unfinished }).into());
    }
    if !before.unreadable.is_empty() {
        let table = database.tables().version.to_string();
        return Err(DatabaseError::UnreadableRows { table, rows: before.unreadable }.into());
    }
    let server = database.server_version() / 10_000;
    let binaries = std::env::var_os("HOST_PG_BIN").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let program = PgDump::find(binaries.as_deref(), std::env::var_os("PATH").as_deref(), server)?;
    let own = VARIABLES.into_iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
    let variables: Vec<(OsString, OsString)> = own
        .chain(database.connector().libpq_variables().into_iter().map(|(name, value)| (name.into(), value.into())))
        .collect();
    let lock_timeout = project.environment().limits.lock_timeout;
    // A second thread waits for the program, so that signals are heard meanwhile.
    let dump = tokio::task::spawn_blocking(move || program.structure(&variables, lock_timeout)).await;
    let dump = dump.map_err(|error| Failure::bug(format!("pg_dump was not waited for: {error}")))??;
    let after = project.read_applied(&mut database).await?;
    let version = database.tables().version.clone();
    database.close().await;
    if before.heads != after.heads {
        return Err(Failure::new(
            "dump",
            "another runner changed the database while it was dumped; nothing was written",
            "run the command again",
        ));
    }
    let mut text = normalised(&dump);
    let mut heads = after.heads;
    heads.sort();
    if !heads.is_empty() {
        let rows = insert_versions(&version, &heads, quote_text);
        text.push_str(&format!("\n--\n-- What is applied: the rows of the version table of host\n--\n\n{rows};\n"));
    }
    Ok(text)
}

/// Writes a file of the project. False if it is there already, with this content.
fn write_in_project(settings: &Settings, file: &str, text: &str) -> Result<bool, Failure> {
    write(&open_folder(&settings.project_folder()?)?, file, text)
}

/// Writes a file with the rights of this process, wherever it is.
fn write_anywhere(file: &Path, text: &str) -> Result<bool, Failure> {
    let shown = safe_line(&file.to_string_lossy());
    let hint = "name a file in a folder that exists, with -o";
    let failed = |why: String| Failure::new("dump", format!("cannot write '{shown}': {why}"), hint);
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| failed(error.to_string()))?;
    let name = file.file_name().and_then(std::ffi::OsStr::to_str);
    write(&folder, name.ok_or_else(|| failed("it is not the name of a file".to_owned()))?, text)
}

fn write(folder: &Dir, file: &str, text: &str) -> Result<bool, Failure> {
    Ok(crate::store::replace_file(folder, file, text.as_bytes())?)
}

impl From<DumpError> for Failure {
    fn from(error: DumpError) -> Self {
        Self::new("dump", with_causes(&error), error.hint())
    }
}
