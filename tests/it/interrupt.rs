//! Ctrl-C and SIGTERM: what runs is cancelled on the server and rolled back, or may finish, and the operator is told.

use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;

use crate::harness::Running;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// A sixth of what the statement would take, and what a hurried operator can bear.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn an_interrupt_during_a_statement() {
    let project = TestProject::with_a_long_statement();
    let runner = start(&project, &["upgrade", "head"]);
    let interrupted = Instant::now();
    runner.signal(Signal::INT);
    let output = runner.wait().with_code(130);
    assert!(interrupted.elapsed() < SOON, "{:?}", interrupted.elapsed());
    assert!(!project.database.long_statement_runs());
    assert_rolled_back(&project);
    assert_output!(output);
    let log = project.database.query("SELECT revision, outcome, error FROM host_log ORDER BY id DESC LIMIT 1");
    assert_eq!(log, "b|failed|interrupted");
}

/// The server has more rows than anybody would wait for, and a SQL file wants none of them.
#[test]
fn an_interrupt_during_a_result_that_nobody_reads() {
    let project = TestProject::new();
    project.sql(
        "a",
        None,
        "CREATE TABLE table_a ();\nSELECT * FROM generate_series(1, 2000000000)",
        "DROP TABLE table_a",
    );
    project.host(&["build"]).success();
    let runner = project.start(&["upgrade", "head"]);
    let runs = "FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT * FROM gen%'";
    project.database.wait_until(&format!("SELECT count(*) = 1 {runs}"));
    let interrupted = Instant::now();
    runner.signal(Signal::INT);
    let output = runner.wait().with_code(130);
    assert!(interrupted.elapsed() < SOON, "{:?}", interrupted.elapsed());
    assert!(output.stderr.contains("was interrupted and rolled back"), "{}", output.stable());
    assert_eq!(project.database.query(&format!("SELECT count(*) {runs}")), "0");
    assert_eq!(project.database.query("SELECT to_regclass('table_a')"), "");
}

#[test]
fn an_interrupt_during_a_statement_as_json() {
    let project = TestProject::with_a_long_statement();
    let runner = start(&project, &["--json", "upgrade", "head"]);
    runner.signal(Signal::INT);
    let output = runner.wait().with_code(130);
    assert_eq!(output.stderr, "");
    let error = output.json_lines().pop().expect("a last line");
    assert_eq!(error["error"]["kind"], "interrupted");
    assert_eq!(error["error"]["steps_done"], 1);
    assert_rolled_back(&project);
}

#[test]
fn a_termination_cancels_a_step_that_does_not_finish_within_the_grace_period() {
    let project = TestProject::with_a_long_statement();
    project.write("host.toml", "[default.limits]\ntermination-grace = '1s'\n");
    let runner = start(&project, &["upgrade", "head"]);
    runner.signal(Signal::TERM);
    assert_output!(runner.wait().with_code(143));
    assert!(!project.database.long_statement_runs());
    assert_rolled_back(&project);
}

#[test]
fn a_termination_lets_a_quick_step_finish_and_begins_no_other() {
    let project = with_a_quick_step();
    let runner = start(&project, &["upgrade", "head"]);
    runner.signal(Signal::TERM);
    assert_output!(runner.wait().with_code(143));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_termination_during_the_last_step_is_no_failure_when_it_finishes() {
    let project = with_a_quick_step();
    let runner = start(&project, &["upgrade", "b"]);
    runner.signal(Signal::TERM);
    let output = runner.wait().success();
    assert!(output.stdout.contains("done in"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
}

#[test]
fn a_second_termination_cancels() {
    let project = TestProject::with_a_long_statement();
    let runner = start(&project, &["upgrade", "head"]);
    runner.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    assert!(project.database.long_statement_runs(), "the step may go on for the grace period");
    let terminated = Instant::now();
    runner.signal(Signal::TERM);
    let output = runner.wait().with_code(143);
    assert!(terminated.elapsed() < SOON, "{:?}", terminated.elapsed());
    assert!(output.stderr.contains("was interrupted and rolled back"), "{}", output.stable());
    assert_rolled_back(&project);
}

#[test]
fn an_interrupt_within_the_grace_period_cancels() {
    let project = TestProject::with_a_long_statement();
    let runner = start(&project, &["upgrade", "head"]);
    runner.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    runner.signal(Signal::INT);
    let _ = runner.wait().with_code(130);
    assert_rolled_back(&project);
}

#[test]
fn a_termination_without_grace_cancels_at_once() {
    let project = TestProject::with_a_long_statement();
    project.write("host.toml", "[default.limits]\ntermination-grace = '0'\n");
    let runner = start(&project, &["upgrade", "head"]);
    runner.signal(Signal::TERM);
    let output = runner.wait().with_code(143);
    assert!(!output.stderr.contains("Terminating"), "{}", output.stable());
    assert_rolled_back(&project);
}

#[test]
fn a_termination_while_waiting_for_another_runner() {
    let project = TestProject::with_a_long_statement();
    let first = start(&project, &["upgrade", "head"]);
    let second = project.start(&["upgrade", "head"]);
    project.database.wait_until(
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_catalog.pg_try_advisory%'",
    );
    second.signal(Signal::TERM);
    let output = second.wait().with_code(143);
    assert!(output.stderr.contains("interrupted while waiting for another runner"), "{}", output.stable());
    first.signal(Signal::INT);
    let _ = first.wait().with_code(130);
}

#[test]
fn after_an_interrupt_the_lock_is_free() {
    let project = TestProject::with_a_long_statement();
    let runner = start(&project, &["upgrade", "head"]);
    runner.signal(Signal::INT);
    let _ = runner.wait().with_code(130);
    project.host(&["downgrade", "base", "--wait", "0"]).success();
}

#[test]
fn an_interrupt_during_a_computation() {
    let project = TestProject::with_guest("loops");
    let runner = project.start(&["upgrade", "head"]);
    project.database.wait_until(
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    );
    let interrupted = Instant::now();
    runner.signal(Signal::INT);
    let output = runner.wait().with_code(130);
    assert!(interrupted.elapsed() < SOON, "{:?}", interrupted.elapsed());
    assert!(output.stderr.contains("was interrupted and rolled back"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn an_interrupt_while_waiting_for_another_runner() {
    let project = TestProject::with_a_long_statement();
    let first = start(&project, &["upgrade", "head"]);
    let second = project.start(&["upgrade", "head"]);
    project.database.wait_until(
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_catalog.pg_try_advisory%'",
    );
    let interrupted = Instant::now();
    second.signal(Signal::INT);
    let output = second.wait().with_code(130);
    assert!(interrupted.elapsed() < SOON, "{:?}", interrupted.elapsed());
    assert!(project.database.long_statement_runs(), "the other runner goes on");
    assert!(output.stderr.contains("interrupted while waiting for another runner"), "{}", output.stable());
    first.signal(Signal::INT);
    let _ = first.wait().with_code(130);
}

#[test]
fn a_second_interrupt_ends_the_process_at_once() {
    let project = TestProject::with_a_long_statement();
    let runner = start(&project, &["upgrade", "head"]);
    // Without a second connection the statement cannot be cancelled from outside.
    project.database.refuse_connections();
    runner.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(500));
    let interrupted = Instant::now();
    runner.signal(Signal::INT);
    let output = runner.wait().with_code(130);
    assert!(interrupted.elapsed() < SOON, "{:?}", interrupted.elapsed());
    assert_output!(output);
}

#[test]
fn a_runner_that_is_killed_leaves_nothing_behind() {
    let project = TestProject::with_a_long_statement();
    let runner = start(&project, &["upgrade", "head"]);
    runner.signal(Signal::KILL);
    assert_eq!(runner.wait().code, -9);
    // The server notices that the client is gone although the statement would sleep on.
    let output = project.host(&["stamp", "a", "--purge"]).success();
    assert!(output.stderr.contains("nothing to do: the database is at a"), "{}", output.stable());
    assert!(!project.database.long_statement_runs());
    assert_rolled_back(&project);
}

/// The migrations `a`, `b`, which sleeps for two seconds, and `c`.
fn with_a_quick_step() -> TestProject {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.sql("b", Some("a"), "CREATE TABLE table_b (id int);\nSELECT pg_sleep(2)", "DROP TABLE table_b");
    project.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    project
}

/// Starts a run and waits until its long statement runs.
fn start(project: &TestProject, arguments: &[&str]) -> Running {
    let runner = project.start(arguments);
    project.database.wait_for_the_long_statement();
    runner
}

fn assert_rolled_back(project: &TestProject) {
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
    assert_eq!(project.database.query("SELECT to_regclass('table_a'), to_regclass('table_b')"), "table_a|");
}
