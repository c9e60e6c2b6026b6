//! A server that may be stopped and started, apart from the one that all other tests share.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use host::local::Cluster;
use host::local::Status;
use rustix::process::Pid;
use rustix::process::Signal;

use crate::harness::SUPERUSER;
use crate::harness::let_in;

/// Far longer than a start or a stop takes.
const PATIENCE: Duration = Duration::from_secs(30);

static SERVER: OnceLock<FaultServer> = OnceLock::new();

/// The server of the fault tests.
pub(super) struct FaultServer {
    cluster: Cluster,
    socket_folder: PathBuf,
}

/// The use of the server by one test: others would not like that it is stopped in between. It runs as long as this lives.
pub(super) struct Exclusive {
    _turn: MutexGuard<'static, ()>,
}

impl Exclusive {
    pub(super) fn new() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        // A test that failed leaves nothing that would disturb the next one.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        server().start();
        Self { _turn: turn }
    }
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        let _ = server().cluster.stop();
    }
}

pub(super) fn server() -> &'static FaultServer {
    SERVER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fault-server/.host");
        std::fs::create_dir_all(&folder).expect("a folder for the server");
        let cluster = Cluster::new(&folder, None, std::env::var_os("PATH"));
        cluster.ensure_running().expect("the server starts");
        let_in(&cluster, "");
        let Status::Running { socket_folder, .. } = cluster.status().expect("a status") else {
            panic!("the server does not run");
        };
        let server = FaultServer { cluster, socket_folder };
        // What is written survives the end of all processes; only a failing machine would need more.
        let admin = server.url("host").replace("//host@", &format!("//{SUPERUSER}@"));
        server.query_at(&admin, "ALTER SYSTEM SET fsync = off");
        server.query_at(&admin, "ALTER ROLE host CREATEDB");
        server.query_at(&admin, "SELECT pg_reload_conf()");
        server
    })
}

impl FaultServer {
    pub(super) fn socket_folder(&self) -> &Path {
        &self.socket_folder
    }

    pub(super) fn url(&self, database: &str) -> String {
        let socket = self.socket_folder.to_str().expect("a UTF-8 path");
        let socket: String = socket.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("postgres://host@localhost:5432/{database}?host={socket}&sslmode=disable")
    }

    /// Ends all processes of the server at once, and waits until they are gone.
    pub(super) fn stop_immediately(&self) {
        let Some(pid) = self.pid() else { return };
        // PostgreSQL manual, "Shutting Down the Server": SIGQUIT is the immediate shutdown.
        rustix::process::kill_process(pid, Signal::QUIT).expect("a server to stop");
        let started = Instant::now();
        while self.pid().is_some() {
            assert!(started.elapsed() < PATIENCE, "the server does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts it, or waits until somebody else has.
    pub(super) fn start(&self) {
        self.cluster.ensure_running().expect("the server starts");
    }

    fn pid(&self) -> Option<Pid> {
        match self.cluster.status().expect("a status") {
            Status::Running { pid, .. } => Pid::from_raw(pid.try_into().expect("a process number")),
            _ => None,
        }
    }

    /// What psql prints for a statement: rows in lines, fields separated by `|`.
    pub(super) fn query(&self, database: &str, sql: &str) -> String {
        self.query_at(&self.url(database), sql)
    }

    /// The same for a statement of the superuser.
    pub(super) fn admin(&self, database: &str, sql: &str) -> String {
        self.query_at(&self.url(database).replace("//host@", &format!("//{SUPERUSER}@")), sql)
    }

    fn query_at(&self, url: &str, sql: &str) -> String {
        let mut command = self.cluster.psql_command().expect("psql is there");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "--dbname"]).arg(url);
        let output = command.args(["-c", sql]).output().expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }

    /// Schema and data, without the rows of the history: they have times in them.
    pub(super) fn dump(&self, database: &str) -> String {
        let output = Command::new("pg_dump")
            .args(["--no-owner", "--exclude-table-data=host_log*", "--dbname", &self.url(database)])
            .output()
            .expect("pg_dump runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let dump = String::from_utf8(output.stdout).expect("UTF-8");
        // Newer versions write a random key around the dump.
        let mut lines: Vec<&str> = dump.lines().filter(|line| !line.contains("restrict ")).collect();
        for block in lines.split_mut(|line| *line == "\\.") {
            let rows = block.iter().rposition(|line| line.starts_with("COPY ")).map_or(block.len(), |copy| copy + 1);
            block[rows..].sort_unstable();
        }
        lines.join("\n")
    }
}
