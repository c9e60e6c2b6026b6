//! What `pg_dump` says of shadow databases, as a second opinion.

#![expect(clippy::disallowed_methods, reason = "pg_dump lies where PATH says")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use host_schema::ReadOptions;

use crate::cli::settings::Settings;
use crate::db::Connector;
use crate::local::PgDump;
use crate::local::normalised;

/// How long it waits for a lock. Nobody else works on a shadow.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Variables of this process that it needs: where passwords are that the url does not name.
const VARIABLES: [&str; 2] = ["HOME", "PGPASSFILE"];

/// A `pg_dump` for the server of the shadows.
pub(super) struct Dumper {
    program: PgDump,
    /// The tables of host.
    without: Vec<(String, String)>,
    verbose: Option<Settings>,
}

impl Dumper {
    /// Finds the program; none where there is none for servers of this version, or where something is left out of what is read
    /// that it would write all the same.
    pub(super) fn find(settings: &Settings, server: u32, read: &ReadOptions) -> Option<Self> {
        if !read.exclude.is_empty() {
            return None;
        }
        let binaries = std::env::var_os("HOST_PG_BIN").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let program = PgDump::find(binaries.as_deref(), std::env::var_os("PATH").as_deref(), server).ok()?;
        let without = read.own_tables.clone();
        Some(Self { program, without, verbose: settings.report().is_verbose().then(|| settings.clone()) })
    }

    /// The structure of a database as SQL; none where it could not be dumped.
    pub(super) fn dump(&self, connector: &Connector) -> Option<String> {
        let own = VARIABLES.into_iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let of_connector = connector.libpq_variables().into_iter().map(|(name, value)| (name.into(), value.into()));
        let variables: Vec<(OsString, OsString)> = own.chain(of_connector).collect();
        match self.program.structure_without(&self.without, &variables, LOCK_TIMEOUT) {
            Ok(text) => Some(normalised(&text)),
            Err(error) => {
                if let Some(settings) = &self.verbose {
                    settings.report().note(&format!("a shadow database is not compared by pg_dump: {error}"));
                }
                None
            }
        }
    }
}
