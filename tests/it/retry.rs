//! Locks of others: a migration that loses to one is run again, as a whole, and the operator learns what it waits for.

use std::process::Child;
use std::process::Stdio;

use crate::harness::TestProject;

/// Another session that holds a lock. It ends with the value.
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Holder {
    /// Runs statements in a session that calls itself `holder`, and waits until it sleeps.
    fn new(project: &TestProject, sql: &str) -> Self {
        let mut command = project.database.psql();
        command.env("PGAPPNAME", "holder").args(["-c", sql]).stdout(Stdio::null()).stderr(Stdio::null());
        let holder = Self(command.spawn().expect("psql starts"));
        project.database.wait_until(
            "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' \
             AND datname = current_database() AND wait_event = 'PgSleep'",
        );
        holder
    }
}

fn project(limits: &str) -> TestProject {
    let project = TestProject::new();
    project.write("host.toml", &format!("[default.limits]\n{limits}"));
    project.sql(
        "a",
        None,
        "CREATE TABLE attempts (id int GENERATED ALWAYS AS IDENTITY);\nALTER TABLE contended ADD COLUMN a int",
        "ALTER TABLE contended DROP COLUMN a",
    );
    project.database.query("CREATE TABLE contended (id int PRIMARY KEY)");
    project.host(&["build"]).success();
    project
}

#[test]
fn a_migration_that_waits_too_long_for_a_lock_is_run_again() {
    let project = project("lock-timeout = '200ms'\nlock-retries = 8\n");
    let _holder = Holder::new(&project, "BEGIN; LOCK TABLE contended; SELECT pg_sleep(1.5); COMMIT");
    let output = project.host(&["upgrade", "head"]).success();
    assert!(
        output.stdout.contains("  rolled back: canceling statement due to lock timeout (55P03); retrying in"),
        "{}",
        output.stable()
    );
    let failures = project.database.query("SELECT count(*) FILTER (WHERE outcome = 'failed'), count(*) FROM host_log");
    assert_eq!(failures, "0|1", "what a repetition got past is not recorded as a failure");
}

#[test]
fn retries_are_reported_as_json() {
    let project = project("lock-timeout = '200ms'\nlock-retries = 1\n");
    let _holder = Holder::new(&project, "BEGIN; LOCK TABLE contended; SELECT pg_sleep(60); COMMIT");
    let output = project.host(&["--json", "upgrade", "head"]).with_code(1);
    let events = output.json_lines();
    let retrying = events.iter().find(|event| event["event"] == "retrying").expect("a repetition");
    assert_eq!((retrying["repetition"].as_u64(), retrying["of"].as_u64()), (Some(1), Some(1)));
    assert_eq!(events.last().expect("a last line")["error"]["sqlstate"], "55P03");
}

#[test]
fn retries_are_bounded_and_the_last_failure_is_recorded() {
    let project = project("lock-timeout = '100ms'\nlock-retries = 1\n");
    let _holder = Holder::new(&project, "BEGIN; LOCK TABLE contended; SELECT pg_sleep(60); COMMIT");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert_eq!(output.stdout.matches("retrying").count(), 1, "{}", output.stable());
    assert_eq!(project.database.query("SELECT outcome, error LIKE '%55P03%' FROM host_log"), "failed|t");
    assert_eq!(project.database.query("SELECT to_regclass('attempts')"), "");
}

#[test]
fn the_victim_of_a_deadlock_is_run_again() {
    let mut project = TestProject::new();
    // Nobody else may set deadlock_timeout.
    project.database.become_superuser();
    project.database.query("CREATE TABLE one (id int); CREATE TABLE two (id int)");
    // The migration takes `one` and then wants `two`; the other session has `two` and then wants `one`. Whoever notices first is
    // the victim: the other session looks for deadlocks late.
    project.sql("a", None, "LOCK TABLE one;\nSELECT pg_sleep(1.5);\nLOCK TABLE two", "SELECT 1");
    project.host(&["build"]).success();
    let _holder = Holder::new(
        &project,
        "SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE two; SELECT pg_sleep(1); LOCK TABLE one; COMMIT",
    );
    let output = project.host(&["upgrade", "head"]).success();
    assert!(output.stdout.contains("rolled back: deadlock detected (40P01); retrying"), "{}", output.stable());
}

#[test]
fn a_long_wait_names_who_holds_the_lock() {
    let project = project("lock-timeout = '8s'\nlock-retries = 0\n");
    let _holder = Holder::new(&project, "BEGIN; LOCK TABLE contended; SELECT pg_sleep(60); COMMIT");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    let line = output
        .stdout
        .lines()
        .find(|line| line.contains("waiting for a lock"))
        .unwrap_or_else(|| panic!("{}", output.stable()));
    assert!(line.contains("ALTER TABLE contended ADD COLUMN a int (held by holder, process "), "{line}");
    assert!(line.contains("active for "), "{line}");
}

#[test]
fn a_long_statement_is_reported() {
    let project = TestProject::new();
    project.sql("a", None, "SELECT pg_sleep(12)", "SELECT 1");
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).success();
    assert!(output.stdout.contains("s: SELECT pg_sleep(12)"), "{}", output.stable());
}
