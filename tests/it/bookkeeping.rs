//! Failures of the bookkeeping itself: each says what is wrong, and leaves nothing half done.

use std::io::Write as _;
use std::process::Command;
use std::process::Stdio;

use crate::harness::Output;
use crate::harness::OwnServer;
use crate::harness::TestProject;
use crate::harness::assert_output;

const TABLES: &str = "SELECT coalesce(string_agg(tablename, ' ' ORDER BY tablename), '') FROM pg_tables WHERE tablename LIKE 'table\\__'";

/// Runs something while another session holds what is given, and names that session in a stable way.
fn while_another_session(project: &TestProject, holds: &str, run: impl FnOnce() -> Output) -> Output {
    let mut other = project.database.psql().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("psql runs");
    let mut input = other.stdin.take().expect("a pipe");
    let held = format!("SET application_name = 'nightly backup'; BEGIN; {holds};\nSELECT 1 AS held;\n");
    input.write_all(held.as_bytes()).expect("statements to send");
    let session = "FROM pg_stat_activity WHERE application_name = 'nightly backup' AND datname = current_database()";
    project.database.wait_until(&format!(
        "SELECT count(*) = 1 {session} AND state = 'idle in transaction' AND query LIKE 'SELECT 1 AS held%'"
    ));
    let facts = project
        .database
        .query(&format!("SELECT pid, to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') {session}"));
    let (pid, start) = facts.split_once('|').expect("two fields");
    let output = run();
    drop(input);
    other.wait().expect("psql ends");
    output.replace(&[(format!("process {pid}"), "process [pid]"), (start.to_owned(), "[start]")])
}

fn impatient() -> TestProject {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    project.write("host.toml", "[default]\n[default.limits]\nlock-timeout = '100ms'\nlock-retries = 0\n");
    project
}

#[test]
fn a_version_table_that_is_locked() {
    let project = impatient();
    let lock = "LOCK TABLE host_version";
    assert_output!(while_another_session(&project, lock, || project.host(&["upgrade", "head"]).with_code(1)));
    assert_output!(while_another_session(&project, lock, || project.host(&["current"]).with_code(1)));
    assert_eq!(project.database.query(TABLES), "table_a");
    project.host(&["upgrade", "head"]).success();
}

/// What is applied is read while the files are.
#[test]
fn a_lock_is_waited_for_as_long_as_the_command_says_and_not_by_a_wrong_project() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    project.write("host.toml", "[default]\n[default.limits]\nlock-timeout = '1h'\n");
    let lock = "LOCK TABLE host_version";
    let locked = while_another_session(&project, lock, || {
        project.host(&["upgrade", "head", "--lock-timeout", "100ms"]).with_code(1)
    });
    assert!(locked.stderr.contains("is locked by nightly backup"), "{}", locked.stderr);
    project.write("migrations/d.sql", "");
    let wrong = while_another_session(&project, lock, || project.host(&["upgrade", "head"]).with_code(1));
    assert!(wrong.stderr.contains("error: 'migrations/d.sql'"), "{}", wrong.stderr);
}

#[test]
fn a_row_of_the_version_table_that_is_locked() {
    let project = impatient();
    let lock = "UPDATE host_version SET version_num = version_num";
    assert_output!(while_another_session(&project, lock, || project.host(&["upgrade", "head"]).with_code(1)));
    assert_eq!(project.database.query(TABLES), "table_a");
    assert_eq!(project.database.query("SELECT outcome FROM host_log WHERE revision = 'b'"), "failed");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_log_table_that_is_locked() {
    let project = impatient();
    let lock = "LOCK TABLE host_log IN SHARE MODE";
    assert_output!(while_another_session(&project, lock, || project.host(&["upgrade", "head"]).with_code(1)));
    assert_eq!(project.database.query(TABLES), "table_a");
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_lock_on_the_version_table_that_goes_away_in_time() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    let mut running = None;
    let _ = while_another_session(&project, "LOCK TABLE host_version", || {
        running = Some(project.start(&["upgrade", "head"]));
        project
            .database
            .wait_until("SELECT count(*) > 0 FROM pg_locks WHERE relation = 'host_version'::regclass AND NOT granted");
        project.host(&["--version"])
    });
    let _ = running.expect("it was started").wait().with_code(0);
    assert_eq!(project.database.query(TABLES), "table_a table_b table_c");
}

/// A session that waits for a lock on the host's tables is as well as any other: it is not lost, however long the wait is.
#[test]
fn a_long_wait_for_the_version_table_is_no_lost_connection() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    // After four looks, one each second, a connection is given up that is lost.
    project.write("host.toml", "[default.limits]\nsilence = '1s'\nlock-timeout = '30s'\n");
    let mut running = Vec::new();
    let _ = while_another_session(&project, "LOCK TABLE host_version", || {
        running = vec![project.start(&["current"]), project.start(&["upgrade", "head"])];
        project
            .database
            .wait_until("SELECT count(*) = 2 FROM pg_locks WHERE relation = 'host_version'::regclass AND NOT granted");
        std::thread::sleep(std::time::Duration::from_secs(7));
        project.host(&["--version"])
    });
    for running in running {
        let _ = running.wait().success();
    }
    assert_eq!(project.database.query(TABLES), "table_a table_b table_c");
}

#[test]
fn a_user_who_may_not_write_the_tables() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    project
        .database
        .query("GRANT CREATE ON SCHEMA public TO restricted; GRANT SELECT ON host_version, host_log TO restricted");
    let url = project.database.url_for("restricted");
    // Before the first migration runs.
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
    project.database.query("GRANT SELECT ON host_journal TO restricted");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
    let _ = project.refuses(1, &["--url", &url, "stamp", "c"]);
    project.database.query("GRANT INSERT, DELETE ON host_version TO restricted");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
    project.database.query("GRANT INSERT ON host_log TO restricted");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
    project.database.query("GRANT INSERT, UPDATE, DELETE ON host_journal TO restricted");
    project.host(&["--url", &url, "upgrade", "head"]).success();
}

#[test]
fn a_version_table_that_is_a_view() {
    let project = TestProject::with_three_tables();
    project.database.query("CREATE VIEW host_version AS SELECT 'a'::text AS version_num");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    let _ = project.refuses(1, &["stamp", "c"]);
    let _ = project.refuses(1, &["ensure-version"]);
    project.database.query("DROP VIEW host_version; CREATE VIEW host_log AS SELECT 1 AS id");
    let _ = project.refuses(1, &["upgrade", "head"]);
}

/// The file of the log table is the device that is always full, which needs no right to mount anything.
#[test]
fn a_disk_that_is_full_at_bookkeeping() {
    let server = OwnServer::new();
    let project = TestProject::with_three_tables();
    let url = server.url();
    let host = |arguments: &[&str]| project.host_with(("HOST_DATABASE_URL", &url), arguments);
    host(&["ensure-version"]).success();
    let file = server.data_folder().join(server.query("SELECT pg_relation_filepath('host_log')"));
    server.stop();
    assert_eq!(std::fs::metadata(&file).expect("the file of the table").len(), 0);
    let kept = file.with_extension("kept");
    std::fs::rename(&file, &kept).expect("a file to put away");
    std::os::unix::fs::symlink("/dev/full", &file).expect("a link");
    server.start();
    let output = host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("No space left on device (53100)"), "{}", output.stable());
    assert_eq!(server.query(TABLES), "");
    assert_eq!(server.query("SELECT count(*) FROM host_version"), "0");
    server.stop();
    std::fs::rename(&kept, &file).expect("a file to put back");
    server.start();
    host(&["upgrade", "head"]).success();
    assert_eq!(server.query(TABLES), "table_a table_b table_c");
}

#[test]
fn the_words_of_a_server_whose_disk_is_full() {
    let project = TestProject::with_three_tables();
    project.host(&["ensure-version"]).success();
    project.database.query(
        "CREATE FUNCTION full_disk() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN \
         RAISE 'could not extend file \"base/5/16385\": No space left on device' USING ERRCODE = '53100', HINT = 'Check free disk space.'; END $$; \
         ALTER TABLE host_log ADD CONSTRAINT full_disk CHECK (full_disk())",
    );
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query(TABLES), "");
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
    project.database.query("ALTER TABLE host_log DROP CONSTRAINT full_disk");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_replica() {
    let server = OwnServer::new();
    let project = TestProject::with_three_tables();
    let url = server.url();
    let host = |arguments: &[&str]| {
        let socket = server.socket_folder();
        project.host_with(("HOST_DATABASE_URL", &url), arguments).replace(&[(socket, "[socket]")])
    };
    host(&["upgrade", "a"]).success();
    server.stop();
    // With this file the server goes on recovering, and takes sessions that only read.
    std::fs::write(server.data_folder().join("standby.signal"), "").expect("a file");
    server.start();
    assert_eq!(server.query("SELECT pg_is_in_recovery()"), "t");
    assert_output!(host(&["upgrade", "head"]).with_code(1));
    let _ = host(&["stamp", "b"]).with_code(1);
    let _ = host(&["downgrade", "base"]).with_code(1);
    assert_output!(host(&["ensure-version"]));
    // What reads works, and so does an upgrade with nothing to do.
    let output = host(&["current"]).success();
    assert_eq!(output.stdout, "a\n");
    host(&["upgrade", "a"]).success();
    assert_eq!(server.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}

#[test]
fn a_server_that_restarts_during_a_step() {
    let server = OwnServer::new();
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.sql("b", Some("a"), "CREATE TABLE table_b (id int);\nSELECT count(*) FROM gate", "DROP TABLE table_b");
    project.host(&["build"]).success();
    server.query("CREATE TABLE gate (id int)");
    let gate = "BEGIN; LOCK TABLE gate; SELECT pg_sleep(60)";
    let mut holder =
        Command::new("psql").args(["-X", "-q", &server.url(), "-c", gate]).stderr(Stdio::null()).spawn().expect("psql");
    wait_until(&server, "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'gate'::regclass AND granted");
    let runner = project.start(&["--url", &server.url(), "upgrade", "head"]);
    wait_until(&server, "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted");
    server.stop();
    server.start();
    holder.wait().expect("psql ends");
    let output = runner.wait().with_code(1);
    assert_eq!(server.query(TABLES), "table_a");
    assert_eq!(server.query("SELECT version_num FROM host_version"), "a");
    assert_output!(output.replace(&[(server.socket_folder(), "[socket]")]));
    project.host(&["--url", &server.url(), "upgrade", "head"]).success();
    assert_eq!(server.query(TABLES), "table_a table_b");
}

fn wait_until(server: &OwnServer, condition: &str) {
    let started = std::time::Instant::now();
    while server.query(condition) != "t" {
        assert!(started.elapsed().as_secs() < 30, "still not true: {condition}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_superuser_is_told_so_wherever_something_runs() {
    let server = OwnServer::new();
    server.start_as_another();
    let project = TestProject::with_three_tables();
    let said = "is a superuser: a migration could reach files and programs of the server's machine";
    for url in [server.superuser_url(), project.database.url_for("host_superuser")] {
        let arguments = ["--url", &url, "upgrade", "a"];
        let output = project.host(&arguments).success();
        assert!(output.stdout.contains(said), "{}", output.stable());
        // Nothing runs, so nothing is said.
        let output = project.host(&arguments).success();
        assert!(!output.stdout.contains(said) && !output.stderr.contains(said), "{}", output.stable());
    }
}
