//! `host inspect`.

use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::report::json::with_snake_case_keys;
use super::report::text::list_or;
use super::report::text::safe_line;
use super::settings::Settings;
use crate::digest::Digest;
use crate::execute::RunError;
use crate::grant::Class;
use crate::grant::Classes;
use crate::grant::Grant;
use crate::grant::NotGranted;
use crate::runtime::imports;
use crate::runtime::imports::Interfaces;
use crate::store::FILE_BYTES_MAX;
use crate::store::Manifest;
use crate::store::StoreError;
use crate::store::shortened;

/// The interface for statements, of any version.
const SQL: &str = "host:migration/sql@";

/// How many names of a kind are shown, and how much of each, in bytes.
const NAMES_MAX: usize = 50;
const NAME_BYTES_MAX: usize = 500;

#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    /// A revision of the project, or a .wasm file
    what: String,
}

/// What was named.
struct Inspected {
    name: String,
    bytes: Vec<u8>,
    /// The name of the environment and what it grants, when a revision of a project was named.
    environment: Option<(String, Classes)>,
}

pub(super) fn run(settings: &Settings, arguments: &InspectArguments) -> Result<u8, Failure> {
    let Inspected { name, bytes, environment } = read(settings, &arguments.what)?;
    let refused = |reason: String| {
        Failure::new(
            "component-refused",
            format!("'{}' cannot be inspected: {reason}", safe_line(&name)),
            "name a component: a .wasm file made by `host build`",
        )
    };
    let interfaces = imports::interfaces(&bytes).map_err(|error| refused(error.to_string()))?;
    let manifest = crate::store::read_manifest(&bytes).map_err(|error| refused(super::failure::with_causes(&error)))?;
    let digest = Digest::of(&bytes);
    let script = manifest.as_ref().and_then(|manifest| manifest.runtime.clone());
    let verdict = match &script {
        Some(_) => None,
        None => imports::check(&bytes, "migration", "migration-guest").err(),
    };
    let asks = manifest.as_ref().map_or(Classes::usual(), |manifest| {
        let granted = environment.as_ref().map_or(Classes::NONE, |(_, granted)| *granted);
        manifest.metadata.asks_in(manifest.language, granted)
    });
    let sends_sql = script.is_some() || interfaces.imports.iter().any(|import| import.starts_with(SQL));
    let may = if sends_sql { Grant::of_asks(asks).allowed() } else { Classes::NONE };
    let may_not = Classes::all().minus(may);
    let refused = environment.as_ref().and_then(|(_, granted)| Grant::new(asks, *granted).err());
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({
            "file": name,
            "digest": digest,
            "bytes": bytes.len(),
            "imports": interfaces.imports,
            "exports": interfaces.exports,
            "migration": with_snake_case_keys(json!(manifest)),
            "may": words(may),
            "may_not": words(may_not),
            "not_granted": environment.as_ref().map(|_| words(refused.map_or(Classes::NONE, |error| error.missing()))),
            "runs_here": verdict.is_none() && refused.is_none(),
            "reason": verdict.map(|error| error.to_string()).or(refused.map(|error| error.to_string())),
        }));
        return Ok(0);
    }
    let lines =
        [format!("file:      {name}"), format!("digest:    {digest}"), format!("size:      {} bytes", bytes.len())];
    lines.iter().for_each(|line| report.line(&safe_line(line)));
    if let Some(manifest) = &manifest {
        metadata(manifest).iter().for_each(|line| report.line(&safe_line(line)));
    }
    if let Some((name, _)) = &environment {
        report.line(&safe_line(&format!("granted:   {}", granted(name, refused))));
    }
    report.line(&safe_line(&format!("imports:   {}", names(&interfaces.imports))));
    report.line(&safe_line(&format!("exports:   {}", names(&interfaces.exports))));
    report.line("it may:");
    abilities(&interfaces, script.as_deref(), may).iter().for_each(|line| report.line(&format!("  - {line}")));
    if sends_sql && !may_not.is_empty() {
        report.line("not allowed, because it does not ask for it:");
        may_not.iter().for_each(|class| report.line(&format!("  - {} ({class})", class.ability())));
    }
    match verdict {
        Some(error) => report.line(&format!("it cannot run on this host: {error}")),
        None => report.line("it cannot reach files, the network, the environment, the clock or other processes"),
    }
    Ok(0)
}

/// A list for people, who read no thousand names.
fn names(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_MAX).map(|name| shortened(name.clone(), NAME_BYTES_MAX)).collect();
    let more = names.len().saturating_sub(NAMES_MAX);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", list_or(&shown, "nothing"))
}

fn words(classes: Classes) -> Vec<&'static str> {
    classes.iter().map(Class::word).collect()
}

/// How the environment answers what the migration asks for.
fn granted(environment: &str, refused: Option<NotGranted>) -> String {
    match refused {
        None => format!("all that it asks for, in the environment '{environment}'"),
        Some(error) => {
            format!("{} is missing in the environment '{environment}', so it does not run there", error.missing())
        }
    }
}

/// Reads a component with the rights of this process, wherever it is. One that is larger than 64 MiB only where the project
/// allows such.
#[expect(clippy::disallowed_methods, reason = "the component lies wherever the user says")]
fn read_component(settings: &Settings, path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |why: String| {
        let message = format!("cannot read '{}': {why}", safe_line(&path.to_string_lossy()));
        Failure::new("project-files", message, "name a .wasm file or a revision")
    };
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| failed(error.to_string()))?;
    let name = path.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    let bytes_max = FILE_BYTES_MAX.max(settings.component_size_max());
    crate::store::read_file_at_most(&folder, name, bytes_max).map_err(|error| match error {
        StoreError::Read { source, .. } => failed(source.to_string()),
        StoreError::NotAFile { .. } => failed("it is not a file".to_owned()),
        other => other.into(),
    })
}

fn read(settings: &Settings, what: &str) -> Result<Inspected, Failure> {
    if Path::new(what).extension().is_some_and(|extension| extension == "wasm") {
        let bytes = read_component(settings, Path::new(what))?;
        return Ok(Inspected { name: what.to_owned(), bytes, environment: None });
    }
    let project = settings.project()?;
    let ids = crate::revision::resolve_revisions(project.graph(), &[], what)?;
    let [id] = ids.as_slice() else {
        return Err(Failure::usage(
            format!("'{}' names {} revisions", safe_line(what), ids.len()),
            "name one revision",
        ));
    };
    let migration = project.migration(id).ok_or_else(|| RunError::UnknownRevision(id.clone()))?;
    let component = project.source().component(migration)?;
    let environment = project.environment();
    Ok(Inspected {
        name: project.source().component_path(migration),
        bytes: component.bytes,
        environment: Some((environment.name.clone(), environment.grants)),
    })
}

fn metadata(manifest: &Manifest) -> Vec<String> {
    let metadata = &manifest.metadata;
    let mut lines = vec![
        format!("revision:  {}", metadata.revision),
        format!("revises:   {}", list_or(&metadata.revises, "<base>")),
        format!("message:   {}", metadata.message),
        format!("language:  {}", manifest.language),
        format!("source:    {} (digest {})", manifest.file, manifest.source_digest),
        format!("asks:      {}", metadata.asks),
        format!("built by:  host {}", manifest.built_with),
    ];
    if !manifest.packages.is_empty() {
        lines.push(format!("packages:  {}", names(&manifest.packages)));
    }
    lines
}

/// What it asks for and what it imports, in words.
fn abilities(interfaces: &Interfaces, script: Option<&str>, may: Classes) -> Vec<String> {
    let mut abilities = Vec::new();
    let statements = "one statement at a time, in the transaction that the host owns";
    let has = |prefix: &str| interfaces.imports.iter().any(|import| import.starts_with(prefix));
    match script {
        Some(language) => abilities.push(format!("run the {language} that it carries, {statements}")),
        None if has(SQL) => abilities.push(format!("run SQL, {statements}")),
        None => {}
    }
    abilities.extend(may.iter().map(|class| format!("{} ({class})", class.ability())));
    if has("host:migration/bulk") {
        abilities.push("read big tables by cursors and write them by COPY".to_owned());
    }
    if has("host:migration/transforms") {
        abilities.push("have the host rewrite big tables, and give it the rows of each batch".to_owned());
    }
    if has("host:migration/env") {
        abilities.push("write to the host's log and read the facts of its run".to_owned());
    }
    if has("wasi:") {
        abilities.push(
            "call an inert WASI: no files, no network, a clock that stands still, seeded random numbers".to_owned(),
        );
    }
    let foreign = interfaces
        .imports
        .iter()
        .filter(|import| !import.starts_with("host:migration/") && !crate::runtime::wasi::provides(import));
    let foreign: Vec<String> = foreign.map(|import| shortened(import.clone(), NAME_BYTES_MAX)).collect();
    let shown = foreign.iter().take(NAMES_MAX);
    abilities.extend(shown.map(|import| format!("call {}, which is not available to migrations", safe_line(import))));
    if let Some(more @ 1..) = foreign.len().checked_sub(NAMES_MAX) {
        abilities.push(format!("call {more} more, which are not available to migrations"));
    }
    if abilities.is_empty() {
        abilities.push("nothing: it imports no interface that does something".to_owned());
    }
    abilities
}
