//! What can go wrong with the local cluster.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use thiserror::Error;

/// Why the local cluster could not be made, started, stopped or removed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LocalError {
    /// No folder on this machine holds `initdb`, `postgres` and `pg_ctl` that can be used.
    #[error("found no PostgreSQL server binaries on this machine; looked in {}", looked.join("; "))]
    NoBinaries {
        /// Each place, and why it was passed over if something was there.
        looked: Vec<String>,
    },

    /// The folder that the user named does not hold usable server binaries.
    #[error("HOST_PG_BIN is {}, which cannot be used for the local cluster: {problem}", folder.display())]
    GivenBinaries {
        /// The folder from `HOST_PG_BIN`.
        folder: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// The data folder belongs to another major version than all the installed servers.
    #[error(
        "{} was made by PostgreSQL {data_version}, but only these servers are installed: {}",
        data_folder.display(), found.join(", ")
    )]
    VersionMismatch {
        /// The data folder.
        data_folder: PathBuf,
        /// The content of its `PG_VERSION`.
        data_version: String,
        /// The servers found, as `15 in /usr/lib/postgresql/15/bin`.
        found: Vec<String>,
    },

    /// The version of a server binary could not be read.
    #[error("{} --version printed no version, but {output:?}", program.display())]
    UnknownVersion {
        /// The binary.
        program: PathBuf,
        /// What it printed.
        output: String,
    },

    /// `psql` is neither beside the server nor on `PATH`.
    #[error("found no psql, neither in {} nor on PATH", folder.display())]
    NoPsql {
        /// The folder of the server binaries.
        folder: PathBuf,
    },

    /// Running as root on a machine without an account that the server could run as.
    #[error("PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody")]
    NoAccount,

    /// A folder that the cluster needs belongs to somebody else.
    #[error("{} belongs to user {owner}, not to user {expected}", folder.display())]
    ForeignFolder {
        /// The folder.
        folder: PathBuf,
        /// The number of the user who owns it.
        owner: u32,
        /// The number of the user who should.
        expected: u32,
    },

    /// Something that host did not make is where the cluster belongs.
    #[error("{} is in the way: host did not make it", path.display())]
    NotOurs {
        /// The file or folder.
        path: PathBuf,
    },

    /// The user that the server runs as cannot enter a folder that it needs.
    #[error("user {user}, who owns the local cluster {}, may not enter {}", folder.display(), obstacle.display())]
    Unreachable {
        /// The folder of the cluster.
        folder: PathBuf,
        /// The folder on the way that is closed.
        obstacle: PathBuf,
        /// The name of the user.
        user: String,
    },

    /// `.host/postgres` names the cluster of another project; the project was moved or copied.
    #[error("{} names {}, which is the cluster of another project folder", file.display(), folder.display())]
    WrongPointer {
        /// The file in the project.
        file: PathBuf,
        /// The folder that it names.
        folder: PathBuf,
    },

    /// The data folder lacks a file without which no server starts.
    #[error("{} is damaged: {missing} is missing", data_folder.display())]
    Damaged {
        /// The data folder.
        data_folder: PathBuf,
        /// The file, relative to the data folder.
        missing: &'static str,
    },

    /// The operating system refused to do something with a file or folder.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },

    /// A program of PostgreSQL could not be run at all.
    #[error("cannot run {} as user {user}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The user that it was to run as.
        user: String,
        /// Why not.
        #[source]
        source: io::Error,
    },

    /// A program of PostgreSQL failed while the cluster was made.
    #[error("{} failed while creating the local cluster: {output}", program.display())]
    Create {
        /// The program.
        program: PathBuf,
        /// The last lines of what it printed.
        output: String,
    },

    /// What host.toml calls an extension is no name of one.
    #[error("'{}' is not the name of an extension", name.escape_debug())]
    ExtensionName {
        /// The name.
        name: String,
    },

    /// An extension of host.toml would take migrations out of the database.
    #[error(
        "the extension '{name}' reaches files, programs or other servers, so the development cluster does not get it"
    )]
    ExtensionReaches {
        /// The name.
        name: String,
    },

    /// An extension of host.toml could not be made.
    #[error("the extension '{name}' cannot be made in the development cluster: {output}")]
    Extension {
        /// The name.
        name: String,
        /// The last lines of what the server printed.
        output: String,
    },

    /// The cluster lies in the project's folder, where earlier versions of host made it.
    #[error(
        "the development cluster {} lies in the project's folder, so it may have come with the project; host keeps it in {} now",
        folder.display(), home.display()
    )]
    InProject {
        /// Where it is.
        folder: PathBuf,
        /// Where it should be.
        home: PathBuf,
    },

    /// The cluster in the project's folder has what none has that host made.
    #[error("cannot adopt the cluster {}: {what}", folder.display())]
    NotAdopted {
        /// Where it is.
        folder: PathBuf,
        /// What it has.
        what: String,
    },

    /// The server did not start.
    #[error("the local server did not start: {output}; its log {} ends with:\n{log}", log_file.display())]
    Start {
        /// What `pg_ctl` printed.
        output: String,
        /// The server's log.
        log_file: PathBuf,
        /// The last lines that this start wrote there.
        log: String,
    },

    /// A server that another process had started is not ready after the time it was given.
    #[error("the local server, process {pid}, is not ready after {seconds} s; its log {} ends with:\n{log}", log_file.display())]
    NotReady {
        /// The process.
        pid: u32,
        /// How long it was waited for.
        seconds: u64,
        /// The server's log.
        log_file: PathBuf,
        /// Its last lines.
        log: String,
    },

    /// The server did not stop.
    #[error("the local server, process {pid}, did not stop within {seconds} s; its log {} ends with:\n{log}", log_file.display())]
    Stop {
        /// The process.
        pid: u32,
        /// How long it was waited for.
        seconds: u64,
        /// The server's log.
        log_file: PathBuf,
        /// Its last lines.
        log: String,
    },

    /// The server answers, but its process is not visible from here, so it cannot be stopped from here.
    #[error("the server on {} runs outside of this container or process namespace", socket.display())]
    Elsewhere {
        /// The socket that it answers on.
        socket: PathBuf,
    },
}

impl LocalError {
    /// What the user should do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoBinaries { .. } => Some(
                "install a server (`apt-get install postgresql`, `dnf install postgresql-server`, `brew install postgresql`), \
                 or set HOST_PG_BIN to the folder that holds initdb and postgres"
                    .to_owned(),
            ),
            Self::GivenBinaries { .. } => {
                Some("set HOST_PG_BIN to the folder that holds initdb, postgres and pg_ctl, or unset it".to_owned())
            }
            Self::VersionMismatch { data_version, .. } => Some(format!(
                "install PostgreSQL {data_version}, or set HOST_PG_BIN to its binaries, \
                 or run `host local destroy` to begin with an empty cluster of the installed version"
            )),
            Self::NoPsql { .. } => Some(
                "install the PostgreSQL client (`apt-get install postgresql-client`), or set HOST_PG_BIN to a folder that holds \
                 psql beside the server"
                    .to_owned(),
            ),
            Self::UnknownVersion { .. } | Self::Spawn { .. } => Some(
                "repair this installation of PostgreSQL, or set HOST_PG_BIN to the folder of another one".to_owned(),
            ),
            Self::NoAccount => Some("create a user postgres, or run host as an ordinary user".to_owned()),
            Self::ForeignFolder { folder, expected, .. } => Some(format!(
                "run host as the owner of {0}, or give it away with `chown -R {expected} {0}`, or remove it",
                folder.display()
            )),
            Self::NotOurs { path } => Some(format!("move {} away", path.display())),
            Self::WrongPointer { file, .. } => Some(format!(
                "move the project back to where it was, or remove {} to begin with an empty cluster",
                file.display()
            )),
            Self::Unreachable { obstacle, .. } => Some(format!(
                "open it with `chmod a+x {}`, or run `host local destroy` and begin anew",
                obstacle.display()
            )),
            Self::Damaged { .. } => Some("run `host local destroy` to begin with an empty cluster".to_owned()),
            Self::Elsewhere { .. } => Some("stop it where it was started".to_owned()),
            Self::NotReady { .. } => Some("wait, if the log shows that it recovers from a crash, or run `host local stop`".to_owned()),
            Self::ExtensionName { .. } => {
                Some("write the names as `SELECT name FROM pg_available_extensions` shows them".to_owned())
            }
            Self::ExtensionReaches { .. } => Some(
                "take it out of `extensions` in host.toml, and use a server of your own for a project that needs it".to_owned(),
            ),
            Self::Extension { name, .. } => Some(format!(
                "install the package that brings it and put those that it requires before it, or take '{name}' out of \
                 `extensions` in host.toml"
            )),
            Self::InProject { .. } => Some(
                "if you made it, run `host local start --adopt`, which moves it there with its data; if not, or to begin anew, \
                 run `host local destroy`"
                    .to_owned(),
            ),
            Self::NotAdopted { .. } => Some(
                "if you did that yourself, undo it and try again; if not, the cluster came with the project, and could run programs as \
                 you: run `host local destroy`"
                    .to_owned(),
            ),
            Self::Io { .. }
            | Self::Create { .. }
            | Self::Start { .. }
            | Self::Stop { .. } => None,
        }
    }

    /// For `map_err`: what was tried on which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
