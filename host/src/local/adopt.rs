//! Whether a cluster in a project's folder looks like one that host made.
//!
//! A data folder is code: its settings name programs and libraries, its links other folders, and its tables hold functions. The
//! first two can be seen, and what is not as `initdb` leaves it is refused. What is in the tables cannot: so this is a fence, and
//! the user has to know where the cluster comes from.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::error::LocalError;
use super::folder::read_small;
use super::paths::SOCKET;
use super::place::Place;

/// The files with settings (PostgreSQL manual, "Setting Parameters via the Configuration File").
const SETTINGS_FILES: [&str; 2] = ["postgresql.conf", "postgresql.auto.conf"];

/// The settings with values of any kind that `initdb` writes.
const OF_INITDB: [&str; 10] = [
    "datestyle",
    "default_text_search_config",
    "dynamic_shared_memory_type",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "log_timezone",
    "timezone",
    "password_encryption",
];

/// How many folders lie inside each other at most: `data/base/1`, `data/pg_logical/snapshots`, and some more.
const LEVELS_MAX: usize = 8;

/// Refuses a cluster that has what none has that host made.
pub(super) fn check(place: &Place) -> Result<(), LocalError> {
    check_folder(place, &place.base, LEVELS_MAX)?;
    for name in SETTINGS_FILES {
        let file = place.data().join(name);
        let text = read_small(&file).map_err(LocalError::io("read", &file))?;
        if let Some(line) = String::from_utf8_lossy(&text).lines().position(|line| !is_harmless(line)) {
            let what = format!("line {} of {name} sets what host does not set", line + 1);
            return Err(LocalError::NotAdopted { folder: place.base.clone(), what });
        }
    }
    Ok(())
}

/// Plain files and folders of one user, and nothing else: `pg_wal` and tablespaces may be links elsewhere, but not in what host
/// makes.
fn check_folder(place: &Place, folder: &Path, levels: usize) -> Result<(), LocalError> {
    let refused = |path: &Path, why: &str| {
        let name = path.strip_prefix(&place.base).unwrap_or(path);
        LocalError::NotAdopted { folder: place.base.clone(), what: format!("'{}' {why}", name.display()) }
    };
    let levels = levels.checked_sub(1).ok_or_else(|| refused(folder, "lies too deep"))?;
    for entry in fs::read_dir(folder).map_err(LocalError::io("read", folder))? {
        let entry = entry.map_err(LocalError::io("read", folder))?;
        let path = entry.path();
        let found = fs::symlink_metadata(&path).map_err(LocalError::io("look at", &path))?;
        if found.uid() != place.account.user && found.uid() != rustix::process::geteuid().as_raw() {
            return Err(refused(&path, "belongs to another user"));
        }
        if found.is_dir() {
            check_folder(place, &path, levels)?;
        } else if !found.is_file() && entry.file_name() != SOCKET {
            return Err(refused(&path, "is neither a file nor a folder"));
        } else if found.nlink() > 1 {
            return Err(refused(&path, "has another name elsewhere"));
        }
    }
    Ok(())
}

/// Whether a line of settings is one of `initdb`, or sets a number or a switch. Programs, libraries and files are named by text.
fn is_harmless(line: &str) -> bool {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return true;
    }
    let (name, rest) = line.split_once(|letter: char| letter == '=' || letter.is_whitespace()).unwrap_or((line, ""));
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    let value = rest.split('#').next().unwrap_or_default().trim();
    let value = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).unwrap_or(value);
    let is_number = || {
        let unit = value.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.').trim_start();
        unit.len() < value.len() && ["", "B", "kB", "MB", "GB", "TB", "us", "ms", "s", "min", "h", "d"].contains(&unit)
    };
    let is_switch = || ["on", "off", "true", "false", "yes", "no"].contains(&value.to_ascii_lowercase().as_str());
    OF_INITDB.contains(&name.to_ascii_lowercase().as_str()) || is_number() || is_switch()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_name_something_are_seen() {
        for line in [
            "",
            "  # archive_command = 'id'",
            "max_connections = 100\t\t\t# (change requires restart)",
            "shared_buffers = 128MB",
            "shared_buffers 128 MB",
            "DateStyle = 'iso, mdy'",
            "lc_messages = 'en_US.UTF-8'\t\t\t# locale",
            "fsync=off",
            "work_mem = '64MB' # more",
            "autovacuum_worker_slots = 16",
        ] {
            assert!(is_harmless(line), "{line}");
        }
        for line in [
            "archive_command = 'touch /tmp/x'",
            "archive_command='id'",
            "archive_command 'id'",
            "archive_command\t=\t'id' # on",
            "shared_preload_libraries = '/p/.host/postgres/data/x'",
            "Session_Preload_Libraries = x",
            "jit_provider = '../x'",
            "include 'x.conf'",
            "include_if_exists = 'x'",
            "include_dir = 'conf.d'",
            "include 1.conf",
            "datestyle'iso'",
            "ssl_passphrase_command = 'id'",
            "hba_file = 'x'",
            "dynamic_library_path = '/p'",
            "'archive_command' = on x",
            "x",
        ] {
            assert!(!is_harmless(line), "{line}");
        }
    }
}
