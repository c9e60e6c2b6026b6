//! The private development cluster behind `url = "local:"`.
//!
//! A cluster lies in a folder of the user and is served by the machine's own PostgreSQL, on a Unix socket in a folder that
//! nobody else may enter. Whoever connects is an ordinary role, which owns the database. It outlives `host`, and recovers from a crash at the next start. Any number
//! of `host` processes may use this at once: a lock file lets one of them change the cluster, and the others find
//! it running. Nothing here reads the environment, and no connection is made: that is the caller's.
//!
//! | file | holds |
//! |---|---|
//! | `place`, `paths` | where a cluster lies, its lock and its marker |
//! | `folder` | making, marking and removing private folders |
//! | `account` | the user that the server runs as |
//! | `binaries` | finding `initdb`, `postgres`, `pg_ctl` |
//! | `programs` | running them as that user, in an empty environment |
//! | `create`, `server`, `process` | making the data folder, starting and stopping, recognising the process |
//! | `adopt` | looking at a cluster that lies in a project before it is taken over |
//! | `pg_dump`, `dump_text` | the structure of any database as SQL, by the program for it |
//! | `setup`, `convert` | what the superuser does: the ordinary role, extensions, clusters of earlier versions |

#![expect(clippy::disallowed_methods, reason = "a cluster is folders and processes of another user")]

mod account;
mod adopt;
mod binaries;
mod convert;
mod create;
mod dump_text;
mod error;
mod folder;
mod paths;
mod pg_dump;
mod place;
mod process;
mod programs;
mod server;
mod setup;
mod single_user;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

pub use self::dump_text::normalised;
pub use self::error::LocalError;
pub use self::pg_dump::DumpError;
pub use self::pg_dump::PgDump;
use self::place::Place;
use self::place::Site;
use self::server::StopMode;
use self::setup::Missing;

/// Variables that would keep libpq from the socket of the url, or make it refuse a server without passwords and TLS
/// (PostgreSQL manual, "Environment Variables" of libpq).
const PSQL_VARIABLES_REMOVED: [&str; 6] =
    ["PGHOSTADDR", "PGSERVICE", "PGREQUIREPEER", "PGREQUIREAUTH", "PGCHANNELBINDING", "PGTARGETSESSIONATTRS"];

/// The development cluster of one project.
#[derive(Debug)]
pub struct Cluster {
    site: Site,
    binaries: Option<PathBuf>,
    path: Option<OsString>,
    extensions: Vec<String>,
    durable: bool,
}

/// What [`Cluster::ensure_running`] had to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// The server ran.
    AlreadyRunning,
    /// The cluster was there; its server was started.
    Started,
    /// The cluster was there; its role was let make databases, and its server was started again.
    Updated,
    /// The cluster was there; extensions were made in it, and its server was started again.
    Extended,
    /// The cluster was there, made by an earlier version of host: what its superuser owned was given to the ordinary role, and
    /// its server was started.
    Converted,
    /// The cluster was made, empty, and its server started.
    Created,
}

/// The state of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// There is no cluster.
    NotCreated,
    /// The cluster is there, its server is not.
    Stopped,
    /// The server runs, or is just starting.
    Running {
        /// The number of the server's main process.
        pid: u32,
        /// The server's major version, as `15`.
        version: String,
        /// The data folder.
        data_folder: PathBuf,
        /// The folder of the socket.
        socket_folder: PathBuf,
        /// When it started, to the second.
        since: Option<SystemTime>,
    },
}

impl Cluster {
    /// The cluster of the project whose state folder this is (`.host`, which need not exist). Changes nothing.
    ///
    /// `binaries` is the folder that the user named in `HOST_PG_BIN`; `path` is the variable `PATH`.
    pub fn new(state_folder: &Path, binaries: Option<PathBuf>, path: Option<OsString>) -> Self {
        Self { site: Site::new(state_folder), binaries, path, extensions: Vec::new(), durable: true }
    }

    /// The same cluster in a folder of the user, which no project can carry. Without this it lies in the state folder, and
    /// whoever can write there can run programs as this user.
    #[must_use]
    pub fn in_folder(mut self, home: PathBuf) -> Self {
        self.site.home = Some(home);
        self
    }

    /// The same cluster with extensions that only a superuser can make, in their order.
    #[must_use]
    pub fn with_extensions(mut self, extensions: Vec<String>) -> Self {
        self.extensions = extensions;
        self
    }

    /// Makes the cluster if there is none, and starts its server if it does not run; returns when it accepts sessions.
    ///
    /// Waits for other processes that do the same. Where the server or a folder had to be put is in [`Self::notes`].
    ///
    /// # Errors
    ///
    /// No suitable server on the machine; a folder that belongs to somebody else; a server that does not start, with
    /// the end of its log.
    pub fn ensure_running(&self) -> Result<Started, LocalError> {
        setup::check_extensions(&self.extensions)?;
        if let Some(place) = self.site.find()?
            && !self.site.is_misplaced(&place)
            && server::observe(&place).is_some_and(|server| server.ready && server.answers)
            && setup::missing(&place, &self.extensions)? == Missing::Nothing
        {
            return Ok(Started::AlreadyRunning);
        }
        let _lock = self.site.lock()?;
        let place = self.site.prepare()?;
        if self.site.is_misplaced(&place) {
            return Err(LocalError::InProject { folder: place.base, home: self.site.plan()?.base });
        }
        let missing = setup::missing(&place, &self.extensions)?;
        if server::observe(&place).is_some() {
            if server::wait_until_ready(&place)? && missing == Missing::Nothing {
                return Ok(Started::AlreadyRunning);
            }
            server::stop(&place, StopMode::Clean)?;
        }
        let version = data_version(&place)?;
        let binaries = self.find_binaries(&place, version.as_deref())?;
        let (started, missing) = match (&version, missing) {
            (None, _) => {
                create::create(&place, &binaries, self.durable)?;
                (Started::Created, setup::missing(&place, &self.extensions)?)
            }
            (Some(_), Missing::Nothing) => (Started::Started, missing),
            (Some(_), Missing::Extensions) => (Started::Extended, missing),
            (Some(_), Missing::Shadows) => (Started::Updated, missing),
            (Some(_), Missing::Roles) => (Started::Converted, missing),
        };
        if missing != Missing::Nothing {
            server::remove_stale_files(&place);
            setup::complete(&place, &binaries, missing, &self.extensions)?;
        }
        server::start(&place, &binaries)?;
        Ok(started)
    }

    /// Moves a cluster that lies in the project's folder to the folder of the user, with its data; its server is stopped. False if
    /// there is none. Only for a cluster of whose origin the user is sure: what its tables hold can run programs as this user.
    ///
    /// # Errors
    ///
    /// It has settings or links that host does not make. The cluster belongs to somebody else; there is one in the folder of the user already; the two folders are on different
    /// file systems.
    pub fn adopt(&self) -> Result<bool, LocalError> {
        if self.site.find()?.is_none() {
            return Ok(false);
        }
        let _lock = self.site.lock()?;
        let Some(place) = self.site.find()?.filter(|place| self.site.is_misplaced(place)) else { return Ok(false) };
        server::stop(&place, StopMode::Clean)?;
        adopt::check(&place)?;
        // What it says of itself does not count: roles and rules of access are made anew.
        setup::forget(&place)?;
        self.site.adopt(&place)?;
        Ok(true)
    }

    /// Stops the server; sessions are ended, everything is saved. False if it did not run.
    ///
    /// # Errors
    ///
    /// The cluster belongs to somebody else, or the server does not end.
    pub fn stop(&self) -> Result<bool, LocalError> {
        if self.site.find()?.is_none() {
            return Ok(false);
        }
        let _lock = self.site.lock()?;
        match self.site.find()? {
            Some(place) => server::stop(&place, StopMode::Clean),
            None => Ok(false),
        }
    }

    /// The state of the cluster. Changes nothing and does not wait.
    ///
    /// # Errors
    ///
    /// The cluster belongs to somebody else, or is damaged.
    pub fn status(&self) -> Result<Status, LocalError> {
        let Some(place) = self.site.find()? else { return Ok(Status::NotCreated) };
        let Some(version) = data_version(&place)? else { return Ok(Status::NotCreated) };
        Ok(match server::observe(&place) {
            None => Status::Stopped,
            Some(server) => Status::Running {
                pid: server::number(server.pid),
                version,
                data_folder: place.data(),
                socket_folder: place.socket_folder,
                since: server.since,
            },
        })
    }

    /// Stops the server and removes the cluster with all its data. False if there was none.
    ///
    /// # Errors
    ///
    /// What is in its place was not made by host; or it cannot be removed, and a second call goes on.
    pub fn destroy(&self) -> Result<bool, LocalError> {
        if !self.site.state_folder.exists() {
            return Ok(false);
        }
        let _lock = self.site.lock()?;
        let Some(place) = self.site.find()? else {
            self.site.remove_pointer()?;
            return Ok(false);
        };
        server::stop(&place, StopMode::Immediate)?;
        place.remove()?;
        self.site.remove_pointer()?;
        Ok(true)
    }

    /// The url to connect to, for sqlx and libpq alike: role `host`, database `host`, no password. It is certain
    /// once the cluster exists; before that it is where the cluster would be made.
    ///
    /// # Errors
    ///
    /// The cluster belongs to somebody else; as root, the machine has no user to run it as.
    pub fn url(&self) -> Result<String, LocalError> {
        let place = self.place()?;
        if self.site.is_misplaced(&place) {
            return Err(LocalError::InProject { folder: place.base, home: self.site.plan()?.base });
        }
        Ok(url(&place))
    }

    /// What the user should know about this cluster: that it runs as another user, or that its folder or its socket
    /// is not where one would look for it. Each is a sentence without a final period.
    pub fn notes(&self) -> Vec<String> {
        self.place().map(|place| self.site.notes(&place)).unwrap_or_default()
    }

    /// A `psql` on the cluster, ready for further arguments; from the server's folder, or from `PATH`.
    ///
    /// # Errors
    ///
    /// There is no server or no `psql` on the machine.
    pub fn psql_command(&self) -> Result<Command, LocalError> {
        let place = self.place()?;
        let folder = self.find_binaries(&place, data_version(&place)?.as_deref())?;
        let on_path = self.path.iter().flat_map(std::env::split_paths).filter(|folder| folder.is_absolute());
        let program = std::iter::once(folder.clone())
            .chain(on_path)
            .map(|folder| folder.join("psql"))
            .find(|program| program.is_file())
            .ok_or(LocalError::NoPsql { folder })?;
        let mut command = Command::new(program);
        for variable in PSQL_VARIABLES_REMOVED {
            command.env_remove(variable);
        }
        command.arg("--dbname").arg(url(&place));
        Ok(command)
    }

    fn place(&self) -> Result<Place, LocalError> {
        match self.site.find()? {
            Some(place) => Ok(place),
            None => self.site.plan(),
        }
    }

    fn find_binaries(&self, place: &Place, data_version: Option<&str>) -> Result<PathBuf, LocalError> {
        let search =
            binaries::Search { given: self.binaries.as_deref(), path: self.path.as_deref(), root: Path::new("/") };
        let data = place.data();
        binaries::choose(
            search.folders(&place.account)?,
            data_version.map(|version| (data.as_path(), version)),
            |folder| binaries::server_version(folder, &place.account),
        )
    }
}

/// The content of `PG_VERSION`; none if there is no data folder.
fn data_version(place: &Place) -> Result<Option<String>, LocalError> {
    let data_folder = place.data();
    match fs::symlink_metadata(&data_folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LocalError::io("look at", &data_folder)(error)),
        Ok(found) if !found.is_dir() => return Err(LocalError::NotOurs { path: data_folder }),
        Ok(_) => {}
    }
    for missing in ["PG_VERSION", "global/pg_control"] {
        if !data_folder.join(missing).exists() {
            return Err(LocalError::Damaged { data_folder, missing });
        }
    }
    let file = data_folder.join("PG_VERSION");
    let version = folder::read_small(&file).map_err(LocalError::io("read", &file))?;
    Ok(Some(String::from_utf8_lossy(&version).trim().to_owned()))
}

/// `localhost` stands for nothing: a url must have a host, and the parameter overrides it.
fn url(place: &Place) -> String {
    let name = single_user::NAME;
    let folder = percent_encode(&place.socket_folder.to_string_lossy());
    format!("postgres://{name}@localhost:5432/{name}?host={folder}&sslmode=disable")
}

/// RFC 3986: all but the unreserved characters.
fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
