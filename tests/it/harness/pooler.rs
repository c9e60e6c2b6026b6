//! PgBouncer between a test and the server.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use super::TestDatabase;
use super::own_server::free_port;

/// How long PgBouncer may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A PgBouncer of its own, on a socket in a temporary folder. Killed with the value.
pub(crate) struct Pooler {
    child: Child,
    folder: tempfile::TempDir,
    database: String,
    port: u16,
}

/// The port that is the name of its socket where nothing listens on TCP.
const PORT: u16 = 6432;

impl Pooler {
    /// Starts one in front of a database. `settings` are lines of its file, such as `pool_mode = transaction`.
    pub(crate) fn new(database: &TestDatabase, settings: &str) -> Self {
        Self::start(database, settings, PORT)
    }

    /// The same, which listens on TCP, too.
    pub(crate) fn on_tcp(database: &TestDatabase, settings: &str) -> Self {
        Self::start(database, &format!("listen_addr = 127.0.0.1\n{settings}"), free_port())
    }

    fn start(database: &TestDatabase, settings: &str, port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("host-pooler").tempdir().expect("a temporary folder");
        // As root it gives up its rights, and must still be able to write here.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("permissions");
        let path = folder.path().display();
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={} port=5432\n[pgbouncer]\nlisten_port = {port}\nunix_socket_dir = {path}\n\
             auth_type = trust\nauth_file = {path}/users\nlogfile = {path}/log\n{settings}\n",
            database.socket_folder()
        );
        std::fs::write(&file, text).expect("settings");
        std::fs::write(folder.path().join("users"), "\"host\" \"\"\n\"restricted\" \"\"\n").expect("users");
        let mut command = Command::new(program());
        if rustix::process::getuid().is_root() {
            // The server's socket is for its own user alone.
            let server = std::fs::metadata(database.socket_folder()).expect("the server's folder").uid();
            command.args(["-u", &name_of(server)]);
        }
        let child = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let pooler = Self {
            child: child.expect("pgbouncer runs; scripts/setup installs it"),
            folder,
            database: database.name().to_owned(),
            port,
        };
        let started = Instant::now();
        while std::os::unix::net::UnixStream::connect(pooler.folder.path().join(format!(".s.PGSQL.{port}"))).is_err() {
            assert!(started.elapsed() < PATIENCE, "pgbouncer does not listen: {}", pooler.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        pooler
    }

    /// The url of the database through the pooler.
    pub(crate) fn url(&self) -> String {
        let socket: String = self.socket_folder().bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("postgres://host@localhost:{}/{}?host={socket}&sslmode=disable", self.port, self.database)
    }

    /// The same over TCP.
    pub(crate) fn tcp_url(&self) -> String {
        format!("postgres://host@127.0.0.1:{}/{}?sslmode=disable", self.port, self.database)
    }

    /// The folder of the pooler's socket.
    pub(crate) fn socket_folder(&self) -> String {
        self.folder.path().to_str().expect("a UTF-8 path").to_owned()
    }

    /// What a statement answers through the pooler.
    pub(crate) fn query(&self, sql: &str) -> String {
        let output = Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "--dbname", &self.url(), "-c", sql])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Debian puts it where only root's PATH leads.
fn program() -> &'static str {
    let debian = "/usr/sbin/pgbouncer";
    if Path::new(debian).exists() { debian } else { "pgbouncer" }
}

/// The name of a user of this machine.
pub(super) fn name_of(user: u32) -> String {
    let output = Command::new("id").args(["-nu", &user.to_string()]).output().expect("id runs");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}
