#![expect(clippy::unwrap_used, reason = "tests")]

mod hostile;
mod roles;

use std::ffi::OsStr;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::chown;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;

use super::account::Account;
use super::account::is_root;
use super::*;

/// A folder under `/tmp` for one test, short and open to all users as a server under another user needs it.
pub(super) struct TestFolder(PathBuf);

impl TestFolder {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = fs::canonicalize("/tmp").unwrap().join(format!("host-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn cluster(&self, project: impl AsRef<OsStr>) -> TestCluster<'_> {
        let project = self.0.join(project.as_ref());
        fs::create_dir_all(&project).unwrap();
        TestCluster { cluster: cluster(&project.join(".host"), &self.0), _folder: self }
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether the test runs as root, who alone can do this; otherwise it says that it leaves something out.
#[expect(clippy::print_stderr, reason = "what a test leaves out is told")]
fn may(what: &str) -> bool {
    if !is_root() {
        eprintln!("skipped: only root can {what}");
    }
    is_root()
}

/// A cluster that ends with its test.
struct TestCluster<'a> {
    cluster: Cluster,
    _folder: &'a TestFolder,
}

impl Deref for TestCluster<'_> {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Drop for TestCluster<'_> {
    fn drop(&mut self) {
        let _ = self.cluster.destroy();
    }
}

impl TestCluster<'_> {
    fn place(&self) -> Place {
        self.cluster.place().unwrap()
    }

    fn pid(&self) -> Pid {
        match self.status().unwrap() {
            Status::Running { pid, .. } => Pid::from_raw(pid.try_into().unwrap()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn query(&self, sql: &str) -> String {
        let output = self.psql_command().unwrap().args(["-X", "-A", "-t", "-c", sql]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn cluster(state_folder: &Path, root: &Path) -> Cluster {
    let site = Site { short_root: root.to_path_buf(), lasting_root: root.to_path_buf(), ..Site::new(state_folder) };
    Cluster {
        site,
        binaries: server_programs(),
        path: std::env::var_os("PATH"),
        extensions: Vec::new(),
        durable: false,
    }
}

/// The folder of server programs that `scripts/test-postgres-versions` chose; none for those of this machine.
fn server_programs() -> Option<PathBuf> {
    std::env::var_os("HOST_TEST_PG_BIN").map(PathBuf::from)
}

#[test]
fn lives_through_stops_and_crashes_in_an_oddly_named_folder() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("it's \"my\" $(x) ü+%");
    assert_eq!(cluster.status().unwrap(), Status::NotCreated);
    assert!(!cluster.stop().unwrap() && !cluster.destroy().unwrap());
    let url = cluster.url().unwrap();

    assert_eq!(cluster.ensure_running().unwrap(), Started::Created);
    let place = cluster.place();
    assert_eq!(place.base, folder.path().join("it's \"my\" $(x) ü+%/.host/postgres"));
    assert_eq!(fs::metadata(&place.base).unwrap().mode() & 0o777, 0o700);
    assert_eq!((cluster.url().unwrap(), &place.socket_folder), (url, &place.base));
    assert_eq!(
        cluster.query("SELECT current_user, current_database(), current_setting('server_encoding'), current_setting('listen_addresses'), current_setting('fsync')"),
        "host|host|UTF8||on"
    );
    cluster.query("CREATE TABLE kept ()");
    assert_eq!(cluster.ensure_running().unwrap(), Started::AlreadyRunning);

    assert!(cluster.stop().unwrap());
    assert_eq!(cluster.status().unwrap(), Status::Stopped);
    assert!(!cluster.stop().unwrap());

    // The machine failed: the files name a process that is another one now, or are empty.
    let pid_file = place.data().join("postmaster.pid");
    for content in [format!("{}\n", std::process::id()), String::new()] {
        for file in [&pid_file, &place.socket_lock()] {
            fs::write(file, &content).unwrap();
            chown(file, Some(place.account.user), Some(place.account.group)).unwrap();
        }
        assert_eq!(cluster.status().unwrap(), Status::Stopped);
        assert_eq!(cluster.ensure_running().unwrap(), Started::Started);
        let pid = cluster.pid();
        kill_process(pid, Signal::KILL).unwrap();
        while process::is_server(pid, &place.server_name(), &place.data()) {
            std::thread::yield_now();
        }
        assert_eq!(cluster.ensure_running().unwrap(), Started::Started);
        assert_eq!(cluster.query("SELECT count(*) FROM kept"), "0");
        cluster.stop().unwrap();
    }

    // The socket is gone, as after a cleaning of /tmp: the server is restarted.
    cluster.ensure_running().unwrap();
    fs::remove_file(place.socket()).unwrap();
    assert_eq!(cluster.ensure_running().unwrap(), Started::Started);
    assert_eq!(cluster.query("SELECT 1"), "1");

    assert!(cluster.destroy().unwrap());
    assert!(!place.base.exists());
    assert_eq!(cluster.status().unwrap(), Status::NotCreated);
}

#[test]
fn says_why_a_server_does_not_start() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("p");
    // What an initdb leaves that was killed.
    let lock = cluster.site.lock().unwrap();
    let base = cluster.site.prepare().unwrap().base;
    drop(lock);
    fs::create_dir_all(base.join("data.new-1/base")).unwrap();
    assert_eq!(cluster.status().unwrap(), Status::NotCreated);
    assert_eq!(cluster.ensure_running().unwrap(), Started::Created);
    assert!(!base.join("data.new-1").exists());
    cluster.stop().unwrap();

    let settings = base.join("data/postgresql.auto.conf");
    let good = fs::read(&settings).unwrap();
    fs::write(&settings, "work_memory = 1\n").unwrap();
    let error = cluster.ensure_running().unwrap_err();
    assert!(error.to_string().contains("unrecognized configuration parameter \"work_memory\""), "{error}");
    fs::write(&settings, good).unwrap();

    let version = base.join("data/PG_VERSION");
    fs::write(&version, "9.6\n").unwrap();
    let error = cluster.ensure_running().unwrap_err();
    assert!(
        matches!(&error, LocalError::VersionMismatch { data_version, found, .. } if data_version == "9.6" && !found.is_empty()),
        "{error}"
    );
    fs::remove_file(version).unwrap();
    let error = cluster.ensure_running().unwrap_err();
    assert!(matches!(error, LocalError::Damaged { missing: "PG_VERSION", .. }), "{error}");
}

const STATE_FOLDER: &str = "HOST_TEST_STATE_FOLDER";

/// Not a test of its own: what the processes of the next test run.
#[test]
fn child_process() {
    if let Some(state_folder) = std::env::var_os(STATE_FOLDER) {
        let state_folder = PathBuf::from(state_folder);
        let root = state_folder.ancestors().nth(2).unwrap();
        let started = cluster(&state_folder, root).ensure_running().unwrap();
        fs::write(root.join(format!("{}.txt", std::process::id())), format!("{started:?}")).unwrap();
    }
}

#[test]
fn is_made_once_by_many() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("p");
    let state_folder = &cluster.site.state_folder;
    let child = || {
        // Reads the child's output to its end: a server that held the pipe would keep it from ending.
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "local::tests::child_process", "--nocapture"])
            .env(STATE_FOLDER, state_folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        None
    };
    let thread = || Some(cluster.ensure_running().unwrap());
    let mut results: Vec<String> = std::thread::scope(|scope| {
        let children: Vec<_> = (0..4).flat_map(|_| [scope.spawn(child), scope.spawn(thread)]).collect();
        children.into_iter().filter_map(|child| child.join().unwrap()).map(|started| format!("{started:?}")).collect()
    });
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension() == Some(OsStr::new("txt")) {
            results.push(fs::read_to_string(path).unwrap());
        }
    }
    results.sort();
    let mut expected = vec!["AlreadyRunning"; 7];
    expected.push("Created");
    assert_eq!(results, expected);
}

#[test]
fn puts_the_socket_elsewhere_if_the_path_is_too_long() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("long/".repeat(20));
    assert_eq!(cluster.ensure_running().unwrap(), Started::Created);
    let place = cluster.place();
    assert!(place.base.starts_with(&cluster.site.state_folder));
    assert_eq!(place.socket_folder.parent(), Some(folder.path()));
    assert!(cluster.notes().iter().any(|note| note.contains("too long")), "{:?}", cluster.notes());
    assert_eq!(cluster.query("SELECT 1"), "1");
    assert!(cluster.destroy().unwrap());
    assert!(!place.socket_folder.exists() && !place.base.exists());
}

#[test]
fn root_puts_the_cluster_outside_of_a_closed_project() {
    if !may("keep another user out of a folder and start a server in it") {
        return;
    }
    let folder = TestFolder::new();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = folder.cluster("closed/p");
    let url = cluster.url().unwrap();
    assert_eq!(cluster.ensure_running().unwrap(), Started::Created);
    let place = cluster.place();
    assert_eq!((cluster.url().unwrap(), place.base.parent()), (url, Some(folder.path())));
    assert!(cluster.site.inside().is_file());
    assert!(cluster.notes().iter().any(|note| note.contains("/closed")), "{:?}", cluster.notes());
    assert_eq!(fs::metadata(&closed).unwrap().mode() & 0o777, 0o700);
    assert_eq!(cluster.query("SELECT 1"), "1");

    // Moved, the project does not take the cluster of whoever is at the old path.
    let copy = folder.cluster("copy");
    fs::create_dir(&copy.site.state_folder).unwrap();
    fs::copy(cluster.site.inside(), copy.site.inside()).unwrap();
    assert!(matches!(copy.ensure_running(), Err(LocalError::WrongPointer { .. })));

    assert!(cluster.destroy().unwrap());
    assert!(!place.base.exists() && !cluster.site.inside().exists());
}

#[test]
fn leaves_alone_what_it_did_not_make() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("p");
    let inside = cluster.site.inside();
    fs::create_dir_all(inside.join("mine")).unwrap();
    for result in [cluster.ensure_running().map(drop), cluster.destroy().map(drop), cluster.status().map(drop)] {
        // As root, the folder's owner is the first thing that is wrong.
        assert!(matches!(result, Err(LocalError::NotOurs { .. } | LocalError::ForeignFolder { .. })), "{result:?}");
    }
    assert!(inside.join("mine").exists());

    fs::rename(&inside, folder.path().join("moved")).unwrap();
    symlink(folder.path().join("moved"), &inside).unwrap();
    assert!(matches!(cluster.ensure_running(), Err(LocalError::NotOurs { .. })));
    fs::remove_file(&inside).unwrap();
    fs::write(&inside, "mine").unwrap();
    assert!(matches!(cluster.destroy(), Err(LocalError::NotOurs { .. })));
    assert_eq!(fs::read(&inside).unwrap(), b"mine");
}

#[test]
fn does_not_trust_a_socket_folder_of_somebody_else() {
    if !may("give a folder to another user") {
        return;
    }
    let folder = TestFolder::new();
    let cluster = folder.cluster("long/".repeat(20));
    let socket_folder = cluster.place().socket_folder;
    let stranger = Account { name: String::new(), user: 12_345, group: 12_345 };
    fs::create_dir(&socket_folder).unwrap();
    chown(&socket_folder, Some(stranger.user), Some(stranger.group)).unwrap();
    let error = cluster.ensure_running().unwrap_err();
    assert!(matches!(error, LocalError::ForeignFolder { owner: 12_345, .. }), "{error}");

    fs::remove_dir(&socket_folder).unwrap();
    symlink(folder.path(), &socket_folder).unwrap();
    let error = cluster.ensure_running().unwrap_err();
    assert!(matches!(error, LocalError::NotOurs { .. }), "{error}");
}

#[test]
fn url_encodes_the_socket_folder() {
    let place = Place {
        base: PathBuf::new(),
        socket_folder: PathBuf::from("/p q/ü+&%/.host/postgres"),
        account: Account::current(),
    };
    assert_eq!(
        url(&place),
        "postgres://host@localhost:5432/host?host=%2Fp%20q%2F%C3%BC%2B%26%25%2F.host%2Fpostgres&sslmode=disable"
    );
}
