//! `host init --from-alembic`: host.toml for a project of Alembic, whose own files stay as they are.

use std::path::Path;

use cap_std::fs::Dir;
use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::report::text::count;
use super::settings::Settings;
use crate::alembic::PYPROJECT_FILE;
use crate::alembic::Setting;
use crate::config::AlembicProject;
use crate::config::CONFIG_FILE;
use crate::config::TableName;
use crate::grant::Classes;
use crate::store;
use crate::store::AlembicSurvey;
use crate::store::Store;

/// What the version table is called where env.py does not say.
const VERSION_TABLE: &str = "alembic_version";

/// What the runtime of Alembic has, besides Python's standard library; drivers stand for the connection of host, and of sqlmodel and
/// dotenv there is what revisions need.
const IN_THE_RUNTIME: [&str; 17] = [
    "alembic",
    "sqlalchemy",
    "mako",
    "markupsafe",
    "typing_extensions",
    "host",
    "psycopg",
    "psycopg2",
    "psycopg2cffi",
    "asyncpg",
    "pg8000",
    "aiopg",
    "sqlmodel",
    "dotenv",
    "greenlet",
    "__future__",
    "_typeshed",
];

/// The modules of Python's standard library.
const STANDARD_LIBRARY: &str = include_str!("standard_library.txt");

#[derive(Debug, Args)]
pub(super) struct AlembicArguments {
    /// Write host.toml for the project of Alembic that is there; its own files stay as they are
    #[arg(long, conflicts_with_all = ["lang", "grants"])]
    pub(super) from_alembic: bool,
    /// The file with Alembic's settings [default: alembic.ini, or pyproject.toml with [tool.alembic]]
    #[arg(long, value_name = "FILE", requires = "from_alembic")]
    config: Option<String>,
    /// The section of that file [default: alembic]
    #[arg(long, value_name = "NAME", requires = "from_alembic")]
    section: Option<String>,
    /// The version table of Alembic, where env.py does not say it as a text
    #[arg(long, value_name = "TABLE", requires = "from_alembic")]
    version_table: Option<String>,
}

pub(super) fn run(settings: &Settings, arguments: &AlembicArguments, folder: &Path, root: &Dir) -> Result<u8, Failure> {
    let config = match &arguments.config {
        Some(config) => config.clone(),
        None => store::alembic_file(root).ok_or_else(|| {
            Failure::new(
                "no-project",
                "there is no alembic.ini here, and no pyproject.toml with [tool.alembic]",
                "go to the folder of the project, or name the file with --config",
            )
        })?,
    };
    let section = arguments.section.clone().unwrap_or_else(|| "alembic".to_owned());
    let mut project = AlembicProject { config, section, include: Vec::new(), env: true };
    let store = Store::open(super::settings::open_folder(folder)?, ".");
    let survey = store.survey_alembic(&project, Some(&super::worker::this_program()))?;
    project.include.clone_from(&survey.include);
    let table = version_table(&survey, arguments.version_table.as_deref())?;
    let text = host_toml(&project, &table, survey.needs);
    store::create_file(root, CONFIG_FILE, text.as_bytes())?;
    let notes = notes(&survey);
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({
            "event": "initialised", "folder": folder.to_string_lossy(), "revisions": survey.revisions,
            "include": project.include, "version_table": table.to_string(), "notes": notes,
        }));
    } else {
        report.line(&format!(
            "wrote {CONFIG_FILE} for {} of Alembic in {}; nothing else was changed",
            count(u64::try_from(survey.revisions).unwrap_or(u64::MAX), "revision"),
            survey.folders.version_locations.join(", ")
        ));
        notes.iter().for_each(|note| report.note(note));
        report.note("next: `host history`, `host current`, `host upgrade head`; Alembic goes on working beside it");
    }
    Ok(0)
}

/// The version table by what was said, or by env.py.
fn version_table(survey: &AlembicSurvey, given: Option<&str>) -> Result<TableName, Failure> {
    let named = |text: &str| {
        TableName::new(text).map_err(|error| Failure::usage(error.to_string(), "name it with --version-table"))
    };
    if let Some(given) = given {
        return named(given);
    }
    let text = |setting: &Setting, key: &str| match setting {
        Setting::Absent => Ok(None),
        Setting::Text(text) => Ok(Some(text.clone())),
        Setting::Unknown { line } => Err(Failure::new(
            "unknown-version-table",
            format!(
                "{}:{line}: what '{key}' is can only be known by running this file, which host does not do",
                survey.env_file
            ),
            "name the table: `host init --from-alembic --version-table NAME`, or SCHEMA.NAME",
        )),
    };
    let name = text(&survey.env.version_table, "version_table")?.unwrap_or_else(|| VERSION_TABLE.to_owned());
    match text(&survey.env.version_table_schema, "version_table_schema")? {
        Some(schema) => named(&format!("{schema}.{name}")),
        None => named(&name),
    }
}

fn host_toml(project: &AlembicProject, table: &TableName, needs: Classes) -> String {
    let mut text = String::from(
        "# Settings of host for this project of Alembic. What Alembic's own settings say is read from them by each command.\n\n[alembic]\n",
    );
    text.push_str(&format!("config = {}\n", toml_text(&project.config)));
    if project.section != "alembic" {
        text.push_str(&format!("section = {}\n", toml_text(&project.section)));
    }
    if !project.include.is_empty() {
        let names: Vec<_> = project.include.iter().map(|name| toml_text(name)).collect();
        text.push_str(&format!(
            "# Modules of this project that env.py or revisions import.\ninclude = [{}]\n",
            names.join(", ")
        ));
    }
    text.push_str("\n[default]\n# Or \"local:\" for a private development cluster, which host starts itself.\n");
    text.push_str(&format!("url = \"${{DATABASE_URL}}\"\nversion-table = {}\n", toml_text(&table.to_string())));
    let all = Classes::usual().union(needs);
    if all != Classes::usual() {
        text.push_str(&format!(
            "# What the SQL in the revisions needs, as far as it can be read. Everything beyond it is refused.\ngrants = {}\n",
            all.as_toml()
        ));
    }
    text
}

/// A text in TOML.
fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// What whoever reads it should know.
fn notes(survey: &AlembicSurvey) -> Vec<String> {
    let settings = &survey.folders.settings;
    let mut notes = Vec::new();
    if settings.has_url {
        let config = if settings.config_file.ends_with(PYPROJECT_FILE) { "alembic.ini" } else { &settings.config_file };
        notes.push(format!(
            "sqlalchemy.url of {config} is not taken over, since it may hold a password: set DATABASE_URL, or `url` in {CONFIG_FILE}"
        ));
    }
    if !settings.databases.is_empty() {
        notes.push(format!(
            "env.py works on several databases ({}), and host on one at a time: reading commands and stamp work, but an upgrade would \
             run what is meant for each of them on the same one",
            settings.databases.join(", ")
        ));
    }
    let hooks = settings.sections.iter().find(|(name, _)| name == "post_write_hooks");
    if hooks.is_some_and(|(_, values)| values.iter().any(|(key, value)| key == "hooks" && !value.is_empty())) {
        notes.push("`host revision` does not run post_write_hooks, which are programs of this machine".to_owned());
    }
    let known = |name: &&String| {
        IN_THE_RUNTIME.contains(&name.as_str()) || STANDARD_LIBRARY.lines().any(|known| known == name.as_str())
    };
    let foreign: Vec<_> = survey.foreign.iter().filter(|name| !known(name)).map(String::as_str).collect();
    if !foreign.is_empty() {
        notes.push(format!(
            "env.py, revisions or what they import of this project import {}: where the runtime of Alembic lacks them, list their packages \
             in [python] requirements",
            foreign.join(", ")
        ));
    }
    notes
}
