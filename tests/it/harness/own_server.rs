//! A server that belongs to one test, which may stop it or fill its disk.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use host::local::Cluster;
use host::local::Status;

use super::pooler::name_of;
use super::server::server_programs;
use super::superuser::SUPERUSER;
use super::superuser::let_in;

/// A server in a temporary folder. Gone with the value.
pub(crate) struct OwnServer {
    cluster: Cluster,
    folder: tempfile::TempDir,
}

impl OwnServer {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("host-server").tempdir().expect("a temporary folder");
        // As root the server runs as another user, who has to get here.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("permissions");
        let state = folder.path().join(".host");
        std::fs::create_dir(&state).expect("a folder");
        let server = Self { cluster: Cluster::new(&state, server_programs(), std::env::var_os("PATH")), folder };
        server.start();
        let_in(&server.cluster, "");
        server
    }

    pub(crate) fn url(&self) -> String {
        self.cluster.url().expect("a url")
    }

    /// The url of the superuser.
    pub(crate) fn superuser_url(&self) -> String {
        self.url().replace("//host@", &format!("//{SUPERUSER}@"))
    }

    /// The folder of the socket.
    pub(crate) fn socket_folder(&self) -> String {
        self.folder.path().join(".host/postgres").to_str().expect("a UTF-8 path").to_owned()
    }

    pub(crate) fn data_folder(&self) -> PathBuf {
        self.folder.path().join(".host/postgres/data")
    }

    /// The user as whom the server runs.
    fn account(&self) -> String {
        name_of(std::fs::metadata(self.data_folder()).expect("the data").uid())
    }

    pub(crate) fn start(&self) {
        self.cluster.ensure_running().expect("the server starts");
    }

    pub(crate) fn stop(&self) {
        self.cluster.stop().expect("the server stops");
        assert!(!matches!(self.cluster.status(), Ok(Status::Running { .. })));
    }

    /// Starts it by hand, so that it is no development cluster of host.
    pub(crate) fn start_as_another(&self) {
        self.start_by_hand("-c cluster_name=production -c port=5432 -c listen_addresses=");
    }

    /// Starts it by hand so that it listens on TCP, too, and answers the url there.
    pub(crate) fn start_on_tcp(&self) -> String {
        let port = free_port();
        let rules = self.data_folder().join("pg_hba.conf");
        let text = std::fs::read_to_string(&rules).expect("rules");
        std::fs::write(&rules, format!("{text}host all all 127.0.0.1/32 trust\n")).expect("rules");
        let url = self.url();
        let database = url.split('?').next().and_then(|url| url.rsplit('/').next()).expect("a database");
        self.start_by_hand(&format!("-c port={port} -c listen_addresses=127.0.0.1"));
        format!("postgres://host@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    fn start_by_hand(&self, settings: &str) {
        let mut command = self.program("pg_ctl");
        self.stop();
        let options = format!("{settings} -c unix_socket_directories={}", self.socket_folder());
        command
            .args(["start", "-s", "-w", "-l", "server.log", "-o", &options, "-D", "."])
            .current_dir(self.data_folder());
        assert!(command.status().expect("pg_ctl runs").success());
    }

    /// A program of the server, run as its user.
    fn program(&self, name: &str) -> Command {
        let program = format!("{}/{name}", self.admin("SELECT setting FROM pg_config WHERE name = 'BINDIR'"));
        if !rustix::process::getuid().is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", &self.account(), "--", &program]);
        command
    }

    /// A standby that does what it gets so much later: `10min`.
    pub(crate) fn standby(&self, delay: &str) -> Standby {
        let (socket, folder) = (self.socket_folder(), format!("{}/standby", self.socket_folder()));
        let from = format!("host={socket} user={SUPERUSER} dbname=postgres");
        let mut copy = self.program("pg_basebackup");
        copy.current_dir("/").args(["-R", "-c", "fast", "-d", &from, "-D", &folder]);
        assert!(copy.status().expect("pg_basebackup runs").success());
        let control = |arguments: &[&str]| {
            let mut command = self.program("pg_ctl");
            command.current_dir("/").args(["-w", "-D", &folder]).args(arguments);
            command
        };
        let settings = format!(
            "-c recovery_min_apply_delay={delay} -c port=5433 -c listen_addresses= -c unix_socket_directories={socket}"
        );
        let log = format!("{folder}/standby.log");
        assert!(control(&["start", "-l", &log, "-o", &settings]).status().expect("pg_ctl runs").success());
        Standby { stop: control(&["stop", "-m", "immediate"]) }
    }

    /// What psql prints for a statement of the database's owner.
    pub(crate) fn query(&self, sql: &str) -> String {
        self.query_at(&self.url(), sql)
    }

    /// What psql prints for a statement of the superuser.
    pub(crate) fn admin(&self, sql: &str) -> String {
        self.query_at(&self.superuser_url(), sql)
    }

    /// What psql prints for a statement at a url.
    pub(crate) fn query_at(&self, url: &str, sql: &str) -> String {
        let mut command = self.cluster.psql_command().expect("psql is there");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, "--dbname"]).arg(url);
        let output = command.output().expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }
}

/// A server that follows another one. Stopped with the value.
pub(crate) struct Standby {
    stop: Command,
}

impl Drop for Standby {
    fn drop(&mut self) {
        // The folder goes with that of the other one.
        let _ = self.stop.stdout(std::process::Stdio::null()).status();
    }
}

/// A port of TCP that nobody has.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("its number").port()
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // The folder goes either way.
        let _ = self.cluster.destroy();
    }
}
