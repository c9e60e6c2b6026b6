//! One server for all tests, one database for each.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use host::local::Cluster;
use host::local::Status;

use super::superuser::SUPERUSER;
use super::superuser::let_in;

/// A password for the role `with_password`, the only one that the server asks for one.
pub(crate) const PASSWORD: &str = "right horse";

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The server of this run. It stays, so that the next run finds it; `scripts/test` stops it.
struct Server {
    cluster: Cluster,
    data_folder: PathBuf,
    socket_folder: PathBuf,
}

/// An empty database of its own, dropped with the value.
pub(crate) struct TestDatabase {
    name: String,
    /// As whom migrations run and tests ask: its owner.
    user: &'static str,
}

impl TestDatabase {
    pub(crate) fn new() -> Self {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("it_{}_{number}", std::process::id());
        server().psql(SUPERUSER, "host", &format!("CREATE DATABASE {name} OWNER host"));
        if server_version() < 15 {
            // As it is from 15 on.
            server().psql(
                SUPERUSER,
                &name,
                "ALTER SCHEMA public OWNER TO host; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            );
        }
        Self { name, user: "host" }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The database's owner, as whom migrations run.
    pub(crate) fn user(&self) -> &str {
        self.user
    }

    pub(crate) fn url(&self) -> String {
        self.url_for(self.user)
    }

    /// From now on migrations run, and tests ask, as the superuser.
    pub(crate) fn become_superuser(&mut self) {
        self.user = SUPERUSER;
    }

    /// The url for another role.
    pub(crate) fn url_for(&self, user: &str) -> String {
        self.url_of(user, &self.name)
    }

    /// The url of another database of the same server.
    pub(crate) fn url_of(&self, user: &str, database: &str) -> String {
        let socket: String =
            server().socket_folder.to_str().expect("a UTF-8 path").bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("postgres://{user}@localhost:5432/{database}?host={socket}&sslmode=disable")
    }

    /// The folder of the server's socket.
    pub(crate) fn socket_folder(&self) -> String {
        server().socket_folder.to_string_lossy().into_owned()
    }

    /// What psql prints for a statement of the database's owner, as whom migrations run: rows in lines, fields separated by `|`.
    pub(crate) fn query(&self, sql: &str) -> String {
        server().psql(self.user, &self.name, sql)
    }

    /// The same for a statement of the superuser.
    pub(crate) fn admin(&self, sql: &str) -> String {
        server().psql(SUPERUSER, &self.name, sql)
    }

    /// Lets nobody connect any more, not even the superuser. Sessions that are open stay.
    pub(crate) fn refuse_connections(&self) {
        server().psql(SUPERUSER, "host", &format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name));
    }

    /// psql on this database, for tests that need a second session.
    pub(crate) fn psql(&self) -> Command {
        server().psql_command(self.user, &self.name)
    }

    /// Schema and data of the database, as pg_dump writes them; rows are sorted, because two equal tables may keep theirs in
    /// different places.
    pub(crate) fn dump(&self, options: &[&str]) -> String {
        let output = Command::new("pg_dump")
            .args(["--no-owner", "--dbname", &self.url()])
            .args(options)
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

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let mut command = server().psql_command(SUPERUSER, "host");
        // A test that failed may leave a session; the next run begins with other names anyway.
        let _ = command.args(["-c", &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)]).output();
    }
}

/// The server's major version.
pub(crate) fn server_version() -> u32 {
    static VERSION: OnceLock<u32> = OnceLock::new();
    let ask = || server().psql(SUPERUSER, "host", "SHOW server_version_num").parse::<u32>().expect("a number") / 10_000;
    *VERSION.get_or_init(ask)
}

/// Whether the server is at least of this version; otherwise the test says that it leaves something out.
#[expect(clippy::print_stderr, reason = "what a test leaves out is told")]
pub(crate) fn server_has(version: u32, what: &str) -> bool {
    let has = server_version() >= version;
    if !has {
        eprintln!("skipped: {what} came with PostgreSQL {version}, and the server is {}", server_version());
    }
    has
}

/// Whether the test runs as root, who alone can do this; otherwise it says that it leaves something out.
#[expect(clippy::print_stderr, reason = "what a test leaves out is told")]
pub(crate) fn is_root(what: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can {what}");
    }
    is_root
}

/// Whether the machine's pg_dump can read the server; otherwise the test says that it leaves something out.
#[expect(clippy::print_stderr, reason = "what a test leaves out is told")]
pub(crate) fn can_dump() -> bool {
    let output = Command::new("pg_dump").arg("--version").output().expect("pg_dump runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let version = text.split_whitespace().nth(2).and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    let can = version.expect("a version") >= server_version();
    if !can {
        eprintln!("skipped: {} cannot dump a server of version {}", text.trim(), server_version());
    }
    can
}

/// What the server has logged so far.
pub(crate) fn server_log() -> String {
    let log = server().data_folder.join("server.log");
    std::fs::read_to_string(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display()))
}

impl Server {
    fn psql_command(&self, user: &str, database: &str) -> Command {
        let mut command = self.cluster.psql_command().expect("psql is there");
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "--dbname"])
            .arg(format!("host={} port=5432 user={user} dbname={database}", self.socket_folder.display()));
        command
    }

    fn psql(&self, user: &str, database: &str, sql: &str) -> String {
        let output = self.psql_command(user, database).args(["-c", sql]).output().expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }
}

fn server() -> &'static Server {
    SERVER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder_name()).join(".host");
        std::fs::create_dir_all(&folder).expect("a folder for the server");
        let cluster = Cluster::new(&folder, server_programs(), std::env::var_os("PATH"));
        cluster.ensure_running().expect("the server starts");
        let Status::Running { data_folder, socket_folder, .. } = cluster.status().expect("a status") else {
            panic!("the server does not run");
        };
        let server = Server { cluster, data_folder, socket_folder };
        ask_for_a_password(&server);
        server
    })
}

/// The folder of server programs that `scripts/test-postgres-versions` chose; none for those of this machine.
pub(super) fn server_programs() -> Option<PathBuf> {
    std::env::var_os("HOST_TEST_PG_BIN").map(PathBuf::from)
}

/// Each version has a server of its own, in a folder that is named after that of its programs: `…/18.1.0/bin`.
fn folder_name() -> String {
    let version = server_programs().and_then(|bin| Some(bin.parent()?.file_name()?.to_str()?.to_owned()));
    version.map_or_else(|| "it-server".to_owned(), |version| format!("it-server-{version}"))
}

/// Makes the role whose password is checked. Everybody else is trusted, because only this user reaches the socket.
fn ask_for_a_password(server: &Server) {
    let_in(&server.cluster, "local all with_password scram-sha-256\n");
    let role = |definition: &str| {
        // Before 14 passwords were kept in another form.
        let sql = format!(
            "DO $$ BEGIN SET LOCAL password_encryption = 'scram-sha-256'; CREATE ROLE {definition}; \
             EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        );
        server.psql(SUPERUSER, "host", &sql);
    };
    role(&format!("with_password LOGIN PASSWORD '{PASSWORD}'"));
    role("restricted LOGIN");
    let member = "SELECT pg_has_role('host', 'restricted', 'MEMBER')";
    if server.psql(SUPERUSER, "host", member) != "t" {
        server.psql(SUPERUSER, "host", "GRANT restricted TO host");
    }
}
