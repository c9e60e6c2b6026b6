//! The roles of a cluster, and what only a superuser can make in its database.
//!
//! Migrations run as an ordinary role that owns the database. The superuser cannot log in: `pg_hba.conf` refuses it, also from
//! within the server, whose processes belong to the same user of the machine as host. What it has to do, it does in the
//! stand-alone server, while no other runs (PostgreSQL manual, "postgres", "Single-User Mode").

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::OFlags;

use super::convert;
use super::error::LocalError;
use super::folder::open_file;
use super::folder::read_small;
use super::folder::replace;
use super::place::Place;
use super::single_user::FIRST_NORMAL_OID;
use super::single_user::NAME;
use super::single_user::ROLE_OPTIONS;
use super::single_user::TEMPLATE;
use super::single_user::own_schema_public;
use super::single_user::run_alone;

/// The file that says what was set up, beside the data folder.
const RECORD: &str = "SETUP";

/// Its first line. Changes when every cluster has to be set up again.
const RECORD_HEAD: &str = "roles 2";

/// The same of versions whose role could not make databases.
const RECORD_HEAD_WITHOUT_SHADOWS: &str = "roles 1";

/// Who may connect: only this user of the machine reaches the socket.
const PG_HBA: &str = "# Written by host. The superuser works in single-user mode only.\n\
                      local all  host trust\n\
                      local all  all  reject\n";

/// Extensions that reach files, programs or other servers for whoever may call or use them, besides the untrusted languages and
/// the foreign data wrappers. A list of those that are known, and no wall.
const REACHING: [&str; 12] = [
    "adminpack",
    "aws_commons",
    "aws_lambda",
    "aws_s3",
    "dblink",
    "http",
    "orafce",
    "pg_cron",
    "pg_curl",
    "pg_net",
    "plr",
    "plsh",
];

/// The longest name, in bytes (PostgreSQL manual, "Identifiers and Key Words").
const NAME_BYTES_MAX: usize = 63;

/// What of a cluster is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nothing.
    Nothing,
    /// Extensions that were named since.
    Extensions,
    /// The right to make databases, which earlier versions did not give.
    Shadows,
    /// All of it: an earlier version of host made the cluster.
    Roles,
}

/// Refuses names that are none, and extensions that would take migrations out of the database.
pub(super) fn check_extensions(extensions: &[String]) -> Result<(), LocalError> {
    for name in extensions {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(letters) {
            return Err(LocalError::ExtensionName { name: name.clone() });
        }
        let untrusted_language = name.starts_with("pl") && name.ends_with('u');
        if untrusted_language || name.ends_with("_fdw") || REACHING.contains(&name.as_str()) {
            return Err(LocalError::ExtensionReaches { name: name.clone() });
        }
    }
    Ok(())
}

/// What is missing in a cluster that exists.
pub(super) fn missing(place: &Place, extensions: &[String]) -> Result<Missing, LocalError> {
    let done = match read_record(place)? {
        Record::None => return Ok(Missing::Roles),
        Record::WithoutShadows => return Ok(Missing::Shadows),
        Record::Extensions(done) => done,
    };
    Ok(if extensions.iter().all(|name| done.contains(name)) { Missing::Nothing } else { Missing::Extensions })
}

/// Makes what is missing. Call it under the lock, when no server runs.
pub(super) fn complete(
    place: &Place,
    binaries: &Path,
    missing: Missing,
    extensions: &[String],
) -> Result<(), LocalError> {
    if missing == Missing::Roles {
        convert::convert(place, binaries)?;
    }
    if missing == Missing::Shadows {
        run_alone(place, binaries, "data", "postgres", &[format!("ALTER ROLE {NAME} {ROLE_OPTIONS};")])?;
    }
    if matches!(missing, Missing::Roles | Missing::Shadows) {
        run_alone(place, binaries, "data", TEMPLATE, &[own_schema_public()])?;
        write_hba(&place.data())?;
        write_record(place, &[])?;
    }
    let mut done = match read_record(place)? {
        Record::Extensions(done) => done,
        Record::None | Record::WithoutShadows => Vec::new(),
    };
    for name in extensions {
        if done.contains(name) {
            continue;
        }
        let command = format!("CREATE EXTENSION IF NOT EXISTS \"{name}\" SCHEMA public;");
        for database in [NAME, TEMPLATE] {
            run_alone(place, binaries, "data", database, std::slice::from_ref(&command)).map_err(
                |error| match error {
                    LocalError::Create { output, .. } => {
                        LocalError::Extension { name: name.clone(), output: complaint(&output) }
                    }
                    other => other,
                },
            )?;
        }
        done.push(name.clone());
        write_record(place, &done)?;
    }
    Ok(())
}

/// What the stand-alone server complained about, of all that it printed.
fn complaint(output: &str) -> String {
    let parts = ["FATAL:", "DETAIL:"].map(|level| output.lines().find_map(|line| line.split_once(level)));
    let parts: Vec<&str> = parts.into_iter().flatten().map(|(_, text)| text.trim()).collect();
    if parts.is_empty() { output.to_owned() } else { parts.join("; ") }
}

/// Makes role and database in the data folder of a new cluster, which has this name in the base folder.
pub(super) fn make_role(place: &Place, binaries: &Path, data: &str) -> Result<(), LocalError> {
    let commands = [
        leave_numbers_of_initdb(),
        format!("CREATE ROLE {NAME} {ROLE_OPTIONS};"),
        format!("CREATE DATABASE {NAME} OWNER {NAME};"),
    ];
    run_alone(place, binaries, data, "postgres", &commands)?;
    run_alone(place, binaries, data, NAME, &[own_schema_public()])?;
    run_alone(place, binaries, data, TEMPLATE, &[own_schema_public()])?;
    write_hba(&place.base.join(data))?;
    write_record(place, &[])
}

/// The stand-alone server counts on from the numbers of initdb, and what has such a number is part of the system for pg_dump. So
/// what is left of them is used up, which takes some thousand large objects. (pg_resetwal could set the counter, but not every
/// distribution of the server has it.)
fn leave_numbers_of_initdb() -> String {
    format!(
        "DO $do$ DECLARE made oid; BEGIN LOOP made := lo_create(0); PERFORM lo_unlink(made); \
         EXIT WHEN made >= {FIRST_NORMAL_OID}; END LOOP; END $do$;"
    )
}

/// In place, because the file belongs to the server's user.
fn write_hba(data: &Path) -> Result<(), LocalError> {
    let file = data.join("pg_hba.conf");
    let written = open_file(&file, OFlags::WRONLY).and_then(|mut opened| {
        opened.set_len(0)?;
        io::Write::write_all(&mut opened, PG_HBA.as_bytes())
    });
    written.map_err(LocalError::io("write", &file))
}

fn record(place: &Place) -> PathBuf {
    place.base.join(RECORD)
}

/// What was set up.
enum Record {
    /// Nothing that is known of: an earlier version of host made the cluster.
    None,
    /// The roles, of which that of the migrations cannot make databases yet.
    WithoutShadows,
    /// All of it, and these extensions.
    Extensions(Vec<String>),
}

fn read_record(place: &Place) -> Result<Record, LocalError> {
    let file = record(place);
    let text = match read_small(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Record::None),
        read => String::from_utf8_lossy(&read.map_err(LocalError::io("read", &file))?).into_owned(),
    };
    let mut lines = text.lines();
    Ok(match lines.next() {
        Some(RECORD_HEAD) => {
            Record::Extensions(lines.filter_map(|line| line.strip_prefix("extension ")).map(str::to_owned).collect())
        }
        Some(RECORD_HEAD_WITHOUT_SHADOWS) => Record::WithoutShadows,
        _ => Record::None,
    })
}

/// Forgets what was set up, so that all of it is done again.
pub(super) fn forget(place: &Place) -> Result<(), LocalError> {
    let file = record(place);
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(LocalError::io("remove", &file)(error)),
        _ => Ok(()),
    }
}

fn write_record(place: &Place, extensions: &[String]) -> Result<(), LocalError> {
    let file = record(place);
    let mut text = format!("{RECORD_HEAD}\n");
    for name in extensions {
        text.push_str(&format!("extension {name}\n"));
    }
    replace(&file, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_takes_migrations_out_of_the_database() {
        let check = |name: &str| check_extensions(&[name.to_owned()]);
        for name in ["postgis", "pg_stat_statements", "uuid-ossp", "plpgsql", "ltree"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["dblink", "file_fdw", "adminpack", "plpython3u", "plperlu", "pltclu"] {
            assert!(matches!(check(name), Err(LocalError::ExtensionReaches { .. })), "{name}");
        }
        for name in ["", "a\"; DROP", "a b", "a\nb", "\u{fc}", &"x".repeat(64)] {
            assert!(matches!(check(name), Err(LocalError::ExtensionName { .. })), "{name}");
        }
    }
}
