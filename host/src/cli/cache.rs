//! The cache of compiled code for this process, and `host cache`.

use std::sync::Arc;

use clap::Args;
use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::folders;
use super::folders::Missing;
use super::folders::NoFolder;
use super::folders::Place;
use super::report::text::safe_line;
use super::settings::Settings;
use super::settings::variable_os;
use crate::runtime::CompileCache;
use crate::runtime::LanguageRuntime;
use crate::runtime::RuntimeFolder;
use crate::units;

/// The variable that says how large the cache may become.
const SIZE_VARIABLE: &str = "HOST_CACHE_SIZE";

/// How large it may become where nothing says so, in bytes: the code of some hundred migrations in Rust.
const SIZE_BYTES: u64 = 1 << 30;

#[derive(Debug, Args)]
pub(super) struct CacheArguments {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// Show where the cache is, which variable says so, and how full it is
    Info,
    /// Remove what has not been used for longest
    Prune {
        /// Remove everything
        #[arg(long, conflicts_with = "to")]
        all: bool,
        /// Remove until this size is left, such as 200MiB [default: the size to which the cache may grow]
        #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
        to: Option<u64>,
    },
}

/// Why there is no cache.
enum NoCache {
    /// Its size is 0.
    Off,
    /// There is no folder for it.
    Folder(NoFolder),
}

impl NoCache {
    /// In a sentence.
    fn reason(&self) -> String {
        match self {
            Self::Off => format!("{SIZE_VARIABLE} is 0"),
            Self::Folder(no_folder) => no_folder.reason(),
        }
    }
}

pub(super) fn run(settings: &Settings, arguments: &CacheArguments) -> Result<u8, Failure> {
    let limit_bytes = limit()?;
    let opened = open(settings, limit_bytes);
    match &arguments.command {
        CacheCommand::Info => info(settings, limit_bytes, opened),
        CacheCommand::Prune { all, to } => prune(settings, opened, if *all { 0 } else { to.unwrap_or(limit_bytes) }),
    }
}

/// The cache for a command that compiles, or none. A folder that is not trusted is told, one that is just not there only
/// to those who want to know more.
pub(super) fn for_run(settings: &Settings) -> Result<Option<Arc<CompileCache>>, Failure> {
    match open(settings, limit()?) {
        Ok(cache) => Ok(Some(Arc::new(cache))),
        Err(no_cache) => {
            let surprise = matches!(&no_cache, NoCache::Folder(no_folder) if no_folder.is_surprise());
            if surprise || settings.report().is_verbose() {
                let reason = safe_line(&no_cache.reason());
                settings.report().note(&format!("compiled code is not cached: {reason}"));
            }
            Ok(None)
        }
    }
}

fn open(settings: &Settings, limit_bytes: u64) -> Result<CompileCache, NoCache> {
    if limit_bytes == 0 {
        return Err(NoCache::Off);
    }
    // A project that cannot be opened has no part in this.
    let project = settings.project_folder().ok().filter(|folder| super::settings::open_folder(folder).is_ok());
    let folder = folders::CACHE.open(project.as_deref(), Missing::Make).map_err(NoCache::Folder)?;
    CompileCache::open(folder.dir, limit_bytes).map_err(|error| {
        let place = folders::CACHE.place().unwrap_or(Place { path: folder.path, variable: SIZE_VARIABLE });
        NoCache::Folder(NoFolder::Refused { place, reason: error.to_string() })
    })
}

/// Where the cache is and how full, or why there is none.
pub(super) fn usage_line(settings: &Settings) -> Result<String, String> {
    let limit_bytes = limit().map_err(|failure| failure.message().to_string())?;
    let cache = open(settings, limit_bytes).map_err(|no_cache| no_cache.reason())?;
    let usage = cache.usage().map_err(|error| error.to_string())?;
    let place = folders::CACHE.place().map(|place| format!("{}, ", place.path.display())).unwrap_or_default();
    Ok(format!("{place}{} of at most {}", units::rounded_size(usage.bytes), units::rounded_size(limit_bytes)))
}

/// The folder of the language runtimes. None where there is none; one that is not trusted is told.
pub(super) fn runtime_folder(settings: &Settings) -> Option<RuntimeFolder> {
    let project = settings.project_folder().ok().filter(|folder| super::settings::open_folder(folder).is_ok());
    let opened = folders::runtimes(project.as_deref(), Missing::Leave).map_err(|no_folder| {
        // What is wrong with the folder around it is told with the compiled code.
        if no_folder.is_surprise() && folders::CACHE.open(project.as_deref(), Missing::Leave).is_ok() {
            let reason = safe_line(&no_folder.reason());
            settings.report().note(&format!("language runtimes of the cache folder are not used: {reason}"));
        }
    });
    RuntimeFolder::open(opened.ok()?.dir).ok()
}

fn limit() -> Result<u64, Failure> {
    let Some(text) = variable_os(SIZE_VARIABLE) else { return Ok(SIZE_BYTES) };
    units::parse_size(&text.to_string_lossy()).map_err(|error| {
        Failure::usage(
            format!("{SIZE_VARIABLE}='{}' is not a size: {error}", safe_line(&text.to_string_lossy())),
            "write it like 512MiB or 2GiB; 0 turns the cache off",
        )
    })
}

fn info(settings: &Settings, limit_bytes: u64, opened: Result<CompileCache, NoCache>) -> Result<u8, Failure> {
    let report = settings.report();
    let place = folders::CACHE.place();
    let (usage, reason) = match opened.as_ref().map(CompileCache::usage) {
        Ok(usage) => (Some(usage.map_err(|error| unreadable(&error))?), None),
        Err(no_cache) => (None, Some(no_cache.reason())),
    };
    let runtimes = super::worker::languages(settings).list();
    if report.is_json() {
        report.document(&json!({
            "folder": place.as_ref().map(|place| place.path.to_string_lossy()),
            "source": place.as_ref().map(|place| place.variable),
            "in_use": usage.is_some(),
            "reason": reason,
            "entries": usage.map(|usage| usage.entries),
            "bytes": usage.map(|usage| usage.bytes),
            "limit_bytes": limit_bytes,
            "runtimes": runtimes.iter().map(runtime_document).collect::<Vec<_>>(),
        }));
        return Ok(0);
    }
    if let Some(usage) = usage {
        if let Some(Place { path, variable }) = &place {
            report.line(&safe_line(&format!("folder:  {} (from {variable})", path.display())));
        }
        report.line(&format!("entries: {}", usage.entries));
        report.line(&format!(
            "size:    {} of at most {}",
            units::rounded_size(usage.bytes),
            units::rounded_size(limit_bytes)
        ));
    } else if let Some(reason) = reason {
        report.line(&safe_line(&format!("compiled code is not cached: {reason}")));
    }
    for runtime in &runtimes {
        report.line(&format!("runtime: {}", runtime_line(runtime)));
    }
    Ok(0)
}

/// Name, digest, place and size of a language runtime.
pub(super) fn runtime_line(runtime: &LanguageRuntime) -> String {
    let (name, digest, place) = (runtime.name(), runtime.digest(), runtime.place());
    let bytes = runtime.bytes().map(|bytes| format!(", {}", units::rounded_size(bytes))).unwrap_or_default();
    format!("{name} {digest} ({place}{bytes})")
}

pub(super) fn runtime_document(runtime: &LanguageRuntime) -> serde_json::Value {
    json!({
        "name": runtime.name(),
        "digest": runtime.digest(),
        "bytes": runtime.bytes(),
        "place": runtime.place(),
    })
}

fn prune(settings: &Settings, opened: Result<CompileCache, NoCache>, bytes: u64) -> Result<u8, Failure> {
    let cache = opened.map_err(|no_cache| {
        Failure::new(
            "no-cache",
            format!("compiled code is not cached: {}", safe_line(&no_cache.reason())),
            "see `host cache info`",
        )
    })?;
    let pruned = cache.prune(bytes).map_err(|error| unreadable(&error))?;
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({
            "removed": {"entries": pruned.removed.entries, "bytes": pruned.removed.bytes},
            "left": {"entries": pruned.left.entries, "bytes": pruned.left.bytes},
        }));
    } else {
        let entries = |number: u64| if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") };
        report.line(&format!(
            "{} removed ({}), {} left ({})",
            entries(pruned.removed.entries),
            units::rounded_size(pruned.removed.bytes),
            entries(pruned.left.entries),
            units::rounded_size(pruned.left.bytes),
        ));
    }
    Ok(0)
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::new("cache", format!("cannot read the cache of compiled code: {error}"), "see `host cache info`")
}
