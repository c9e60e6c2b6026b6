//! `host doctor`: what of the languages, the cache and the server is there, and what to install for what is missing.

#![expect(clippy::disallowed_methods, reason = "compilers are tried in a folder that has a path")]

use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::cache;
use super::failure::CHECK_SAYS_NO;
use super::failure::Failure;
use super::failure::with_causes;
use super::report::text::safe_line;
use super::settings::Settings;
use crate::grant::TimeLimits;
use crate::language::Language;
use crate::project::Project;
use crate::runtime::RuntimeRegistry;
use crate::store::Migration;
use crate::store::Store;
use crate::toolchain;
use crate::toolchain::BuildOptions;
use crate::toolchain::ProcessEnvironment;
use crate::worker::Limits;

/// Why compilers are not tried outside of a project.
const NO_FOLDER: &str = "not tried: outside of a project there is no folder for it; run it in a project";

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {}

/// One thing that was looked at.
struct Finding {
    /// What it is: a language, `cache` or `server`.
    name: &'static str,
    /// Whether it can be used.
    ready: bool,
    /// Versions and places, or why it cannot be used.
    text: String,
    /// What to do about it.
    hint: Option<String>,
    /// Whether this project needs it.
    needed: bool,
}

pub(super) async fn run(settings: &Settings, _: &DoctorArguments) -> Result<u8, Failure> {
    let folder = settings.project_folder().ok();
    let project = match &folder {
        Some(_) => Some(settings.project().or_else(|failure| {
            // What is wrong with a migration is no reason to say nothing about the rest.
            settings.report().note(&format!("the migrations cannot be read: {}", failure.message()));
            settings.project_unread()
        })?),
        None => None,
    };
    let project = project.as_ref();
    // Where compilers are tried.
    let folder = std::fs::canonicalize(folder.unwrap_or_else(std::env::temp_dir)).ok();
    let environment =
        ProcessEnvironment::new(std::env::vars_os()).without_values(|value| settings.report().secrets().are_in(value));
    let languages = super::worker::languages(settings);
    let mut findings: Vec<Finding> = Vec::new();
    let has_tools = |language: &Language| !matches!(language, Language::Other | Language::Wasm);
    for language in Language::ALL.into_iter().filter(has_tools) {
        findings.push(look_at(language, &languages, project, folder.as_deref(), &environment));
    }
    if project.is_some_and(|project| !project.config().javascript_dependencies().is_empty()) {
        findings.push(npm(&environment));
    }
    findings.push(cache_finding(settings));
    findings.push(server(settings, project).await);
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({ "findings": findings.iter().map(Finding::document).collect::<Vec<_>>() }));
    } else {
        findings.iter().for_each(|finding| finding.show(settings));
    }
    let is_fine = findings.iter().all(|finding| finding.ready || !finding.needed);
    Ok(if is_fine { 0 } else { CHECK_SAYS_NO })
}

impl Finding {
    fn document(&self) -> Value {
        json!({
            "name": self.name, "ready": self.ready, "needed": self.needed, "text": self.text, "hint": self.hint,
        })
    }

    fn show(&self, settings: &Settings) {
        let state = if self.ready { "ready" } else { "missing" };
        let needed = if self.needed && !self.ready { ", and this project needs it" } else { "" };
        let report = settings.report();
        report.line(&safe_line(&format!("{:<12} {state:<8} {}{needed}", self.name, self.text)));
        if let Some(hint) = &self.hint {
            report.line(&safe_line(&format!("{:<12} {:<8} hint: {hint}", "", "")));
        }
    }
}

/// What fetches the packages of migrations in JavaScript and TypeScript.
fn npm(environment: &ProcessEnvironment) -> Finding {
    let finding = |ready, text, hint| Finding { name: "npm", ready, text, hint, needed: true };
    match toolchain::find_npm(environment) {
        Ok(version) => finding(true, format!("npm {version}, for [javascript] dependencies"), None),
        Err(error) => finding(false, error.to_string(), Some(error.hint())),
    }
}

fn look_at(
    language: Language,
    runtimes: &RuntimeRegistry,
    project: Option<&Project>,
    folder: Option<&Path>,
    environment: &ProcessEnvironment,
) -> Finding {
    // What is built needs no compiler any more.
    let needs = |project: &Project, migration: &Migration| {
        let is_built = || project.store().is_ok_and(|store| store.is_built(migration).unwrap_or(false));
        migration.language == language && (language.runtime().is_some() || !is_built())
    };
    let needed = project.is_some_and(|project| project.migrations().iter().any(|migration| needs(project, migration)));
    let finding = |ready, text, hint| Finding { name: language.name(), ready, text, hint, needed };
    if let Some(name) = language.runtime() {
        return match runtimes.find(name, None) {
            Ok(runtime) => {
                let digest = runtime.digest().to_string();
                finding(true, format!("runtime {name} {:.12} ({})", digest, runtime.place()), None)
            }
            Err(_) => {
                let missing = toolchain::no_runtime(language);
                finding(false, missing.to_string(), missing.hint())
            }
        };
    }
    match tool(language, project, folder, environment) {
        Some(Ok(tool)) => finding(true, tool, None),
        Some(Err((why, hint))) => finding(false, why, hint),
        None => finding(true, "nothing is needed".to_owned(), None),
    }
}

/// The compiler of a language, tried out.
fn tool(
    language: Language,
    project: Option<&Project>,
    folder: Option<&Path>,
    environment: &ProcessEnvironment,
) -> Option<Result<String, (String, Option<String>)>> {
    let Some(folder) = folder else { return Some(Err((NO_FOLDER.to_owned(), None))) };
    let target = super::folders::target_folder(folder);
    if project.is_none() && target.is_none() {
        return Some(Err((NO_FOLDER.to_owned(), None)));
    }
    let opened = match project.and_then(|project| project.store().ok()) {
        Some(_) => None,
        None => Some(empty_store(folder)?),
    };
    let store = opened.as_ref().or_else(|| project.and_then(|project| project.store().ok()))?;
    let options = BuildOptions {
        project: folder,
        target: target.as_ref(),
        environment,
        force: false,
        worker: None,
        limits: Limits { time: std::time::Duration::from_secs(60), memory: 1 << 30 },
        time_limits: TimeLimits::default(),
        runtimes: &Default::default(),
        python: None,
        javascript: None,
        check_source: None,
    };
    let tool = toolchain::tool(language, store, options)?;
    Some(tool.map_err(|error| (with_causes(&error), error.hint())))
}

fn empty_store(folder: &Path) -> Option<Store> {
    Some(Store::open(Dir::open_ambient_dir(folder, ambient_authority()).ok()?, "migrations"))
}

fn cache_finding(settings: &Settings) -> Finding {
    let (ready, text) = match cache::usage_line(settings) {
        Ok(line) => (true, line),
        Err(reason) => (false, reason),
    };
    let hint = (!ready).then(|| "see `host cache info`; without it each run compiles anew".to_owned());
    Finding { name: "cache", ready, text, hint, needed: false }
}

async fn server(settings: &Settings, project: Option<&Project>) -> Finding {
    let finding = |ready, text, hint, needed| Finding { name: "server", ready, text, hint, needed };
    let Some(project) = project else {
        return finding(false, "not tried: there is no project here".to_owned(), None, false);
    };
    match settings.connect(project).await {
        Ok(database) => {
            let version = database.server_version();
            let text = format!("PostgreSQL {}.{}", version / 10_000, version % 10_000);
            database.close().await;
            finding(true, text, None, true)
        }
        Err(failure) => {
            finding(false, failure.message().to_string(), failure.hint().map(|hint| hint.to_string()), true)
        }
    }
}
