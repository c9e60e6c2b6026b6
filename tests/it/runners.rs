//! Several runners on one database, and runners that lose their lock.

use std::io::Write as _;
use std::process::Child;
use std::process::ChildStdin;
use std::process::Stdio;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

const HISTORY: &str = "SELECT string_agg(revision || ' ' || outcome, ', ' ORDER BY id) FROM host_log";
const ADVISORY_LOCKS: &str = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                              WHERE l.locktype = 'advisory' AND d.datname = current_database()";

/// A psql that goes on while the test does, and its input.
struct Session {
    child: Child,
    input: Option<ChildStdin>,
}

impl Session {
    fn new(project: &TestProject) -> Self {
        let mut child = project.database.psql().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("psql runs");
        let input = child.stdin.take();
        Self { child, input }
    }

    fn send(&mut self, sql: &str) {
        self.input.as_mut().expect("an open session").write_all(sql.as_bytes()).expect("a statement to send");
    }

    fn end(mut self) {
        drop(self.input.take());
        self.child.wait().expect("psql ends");
    }
}

/// A step that reads the table `gate`, which a test can lock to hold the step where it is.
fn with_gate(steps: &[(&str, &str)]) -> TestProject {
    let project = TestProject::new();
    project.database.query("CREATE TABLE gate (id int)");
    let mut parent = None;
    for (id, upgrade) in steps {
        project.sql(
            id,
            parent,
            &format!("CREATE TABLE table_{id} (id int);\n{upgrade}"),
            &format!("DROP TABLE table_{id}"),
        );
        parent = Some(id);
    }
    project.host(&["build"]).success();
    project
}

const PASS_THE_GATE: &str = "SELECT count(*) FROM gate";

fn close_gate(project: &TestProject) -> Session {
    let mut gate = Session::new(project);
    gate.send("BEGIN; LOCK TABLE gate;\n");
    project.database.wait_until("SELECT count(*) = 1 FROM pg_locks WHERE relation = 'gate'::regclass AND granted");
    gate
}

fn wait_at_gate(project: &TestProject) {
    project.database.wait_until("SELECT count(*) = 1 FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted");
}

#[test]
fn twenty_runners_apply_each_step_once() {
    let project = TestProject::new();
    project.database.query("CREATE TABLE effects (step text)");
    let mut parent = None;
    for id in ["a", "b", "c"] {
        project.sql(id, parent, &format!("INSERT INTO effects VALUES ('{id}');\nSELECT pg_sleep(0.1)"), "SELECT 1");
        parent = Some(id);
    }
    project.host(&["build"]).success();
    // The tables of host are not there yet: all of them begin at nothing.
    let runners: Vec<_> = (0..20).map(|_| project.start(&["upgrade", "head", "--wait", "600s"])).collect();
    let mut done = 0;
    for runner in runners {
        let output = runner.wait().with_code(0);
        done += usize::from(output.stdout.contains("Running upgrade"));
    }
    assert_eq!(done, 1, "one runner has done all of it");
    assert_eq!(project.database.query(HISTORY), "a done, b done, c done");
    assert_eq!(project.database.query("SELECT string_agg(step, ' ' ORDER BY step) FROM effects"), "a b c");
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
    assert_eq!(project.database.query(ADVISORY_LOCKS), "0");
}

#[test]
fn runners_in_both_directions_end_in_order() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "head"]).success();
    let wait = ["--wait", "600s"];
    let run = |arguments: &[&'static str]| project.start(&[arguments, &wait].concat());
    let runners: Vec<_> = (0..3).flat_map(|_| [run(&["downgrade", "base"]), run(&["upgrade", "head"])]).collect();
    for runner in runners {
        let _ = runner.wait().with_code(0);
    }
    // Whatever the order was: each direction of a step follows its other one.
    let doubled = "SELECT count(*) FROM (SELECT direction, lag(direction) OVER (PARTITION BY revision ORDER BY id) AS before \
                   FROM host_log) AS h WHERE direction = before";
    assert_eq!(project.database.query(doubled), "0");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_plan_is_compared_again_when_the_lock_is_free() {
    let project = with_gate(&[("a", PASS_THE_GATE), ("b", "")]);
    let plan = project.host(&["upgrade", "head", "--dry-run", "--json"]).success();
    project.write("plan.json", &plan.stdout);
    let gate = close_gate(&project);
    let first = project.start(&["upgrade", "a"]);
    wait_at_gate(&project);
    let second = project.start(&["apply", "plan.json"]);
    // Long enough to have compared it and to wait for the lock.
    std::thread::sleep(std::time::Duration::from_secs(1));
    gate.end();
    let _ = first.wait().with_code(0);
    let output = second.wait().with_code(1);
    assert!(output.stdout.contains("Waiting for another runner"), "{}", output.stable());
    assert!(output.stderr.contains("revisions of the database: base in the plan, a now"), "{}", output.stable());
    assert_eq!(project.database.query(HISTORY), "a done");
}

#[test]
fn nothing_to_do_needs_no_lock() {
    let project = TestProject::with_a_long_statement();
    let runner = project.start(&["upgrade", "head"]);
    project.database.wait_for_the_long_statement();
    let output = project.host(&["upgrade", "a", "--wait", "0"]).success();
    assert!(output.stdout.is_empty(), "{}", output.stable());
    runner.signal(rustix::process::Signal::INT);
    let _ = runner.wait().with_code(130);
}

#[test]
fn the_server_knows_who_is_at_work() {
    let project = TestProject::with_three_tables();
    project.sql(
        "d",
        Some("c"),
        "CREATE TABLE seen AS SELECT current_setting('application_name') AS application, \
         current_setting('client_connection_check_interval', true) AS watched",
        "DROP TABLE seen",
    );
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    let interval = if crate::harness::server_has(14, "a server that looks after its client") { "1s" } else { "" };
    let expected = format!("host {} d|{interval}", env!("CARGO_PKG_VERSION"));
    assert_eq!(project.database.query("SELECT * FROM seen"), expected);
}

#[test]
fn a_lock_that_a_migration_gives_back_is_still_held() {
    let project =
        with_gate(&[("a", &format!("DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;\n{PASS_THE_GATE}"))]);
    let gate = close_gate(&project);
    let runner = project.start(&["upgrade", "head"]);
    wait_at_gate(&project);
    let _ = project.host(&["upgrade", "head", "--wait", "0"]).with_code(4);
    gate.end();
    let _ = runner.wait().with_code(0);
    assert_eq!(project.database.query(HISTORY), "a done");
}

#[test]
fn a_lock_that_is_lost_between_two_steps() {
    let gives_back = format!("DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;\n{PASS_THE_GATE}");
    let project = with_gate(&[("a", ""), ("b", &gives_back), ("c", "")]);
    let gate = close_gate(&project);
    let runner = project.start(&["upgrade", "head"]);
    wait_at_gate(&project);
    // It waits for the lock in the server, so it is the next to have it.
    let mut other = Session::new(&project);
    let key = "SELECT DISTINCT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    other.send(&format!(
        "SET application_name = 'another runner'; SELECT pg_advisory_lock({});\n",
        project.database.query(key)
    ));
    project.database.wait_until(&format!("{} AND NOT granted", ADVISORY_LOCKS.replace("count(*)", "count(*) = 1")));
    gate.end();
    let output = runner.wait().with_code(4);
    assert_eq!(project.database.query(HISTORY), "a done, b done");
    let since = "SELECT pid, to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') FROM pg_stat_activity \
                 WHERE application_name = 'another runner' AND datname = current_database()";
    let since = project.database.query(since);
    let (pid, start) = since.split_once('|').expect("two fields");
    assert_output!(output.replace(&[(format!("process {pid}"), "process [pid]"), (start.to_owned(), "[start]")]));
    other.end();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query(HISTORY), "a done, b done, c done");
}

/// Without a transaction around the step, each of its statements looks anew whether this is the only runner.
#[test]
fn a_lock_that_is_lost_between_two_statements_without_a_transaction() {
    let project = with_gate(&[("a", "")]);
    for (id, after) in
        [("atomic", "INSERT INTO table_a VALUES (1)"), ("alone", "CREATE INDEX CONCURRENTLY made ON table_a (id)")]
    {
        project.write(
            "migrations/b.sql",
            &format!(
                "-- /// migration\n-- revision = \"{id}\"\n-- revises = [\"a\"]\n-- asks = [\"schema\", \"data\", \"function\"]\n\
                 -- transaction = \"none\"\n-- ///\n-- upgrade\nDO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;\n\
                 {PASS_THE_GATE};\n{after};\n-- downgrade\nSELECT 1;\n"
            ),
        );
        project.host(&["build"]).success();
        let gate = close_gate(&project);
        let runner = project.start(&["upgrade", "head"]);
        wait_at_gate(&project);
        // It waits for the lock in the server, so it is the next to have it.
        let mut other = Session::new(&project);
        let key = "SELECT DISTINCT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        other.send(&format!("SELECT pg_advisory_lock({});\n", project.database.query(key)));
        project.database.wait_until(&format!("{} AND NOT granted", ADVISORY_LOCKS.replace("count(*)", "count(*) = 1")));
        gate.end();
        let output = runner.wait().with_code(1);
        assert!(output.stderr.contains("lost the migration lock to another runner"), "{}", output.stable());
        assert!(output.stderr.contains("statement 3 did not finish"), "{}", output.stable());
        assert_eq!(project.database.query("SELECT to_regclass('made'), (SELECT count(*) FROM table_a)"), "|0");
        other.end();
        // With the lock it is done.
        project.host(&["upgrade", "head"]).success();
        project.host(&["stamp", "a"]).success();
        project.database.query("TRUNCATE table_a");
    }
}

/// Runs an upgrade to `head` while another program changes the version table.
fn overtaken(project: &TestProject, change: &str) -> Output {
    let gate = close_gate(project);
    let runner = project.start(&["upgrade", "head"]);
    wait_at_gate(project);
    project.database.query(change);
    gate.end();
    runner.wait().with_code(1)
}

#[test]
fn a_program_without_the_lock_that_changes_a_row() {
    let project = with_gate(&[("a", ""), ("b", PASS_THE_GATE)]);
    let output = overtaken(&project, "UPDATE host_version SET version_num = 'x'");
    assert_eq!(project.database.query("SELECT to_regclass('table_b') IS NULL"), "t");
    assert_eq!(project.database.query(HISTORY), "a done, b failed");
    assert_output!(output);
}

#[test]
fn a_program_without_the_lock_that_adds_a_row() {
    // The first step removes no row that could be missed.
    let project = with_gate(&[("a", PASS_THE_GATE)]);
    let output = overtaken(&project, "INSERT INTO host_version VALUES ('a')");
    assert_eq!(project.database.query("SELECT to_regclass('table_a') IS NULL"), "t");
    assert_eq!(project.database.query(HISTORY), "a failed");
    assert_output!(output);
}

#[test]
fn a_version_table_without_a_key_is_no_less_safe() {
    let project =
        with_gate(&[("a", &format!("DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;\n{PASS_THE_GATE}"))]);
    project.database.query("CREATE TABLE host_version (version_num text NOT NULL)");
    let gate = close_gate(&project);
    let runners: Vec<_> = (0..3).map(|_| project.start(&["upgrade", "head"])).collect();
    wait_at_gate(&project);
    gate.end();
    for runner in runners {
        let _ = runner.wait().with_code(0);
    }
    assert_eq!(project.database.query("SELECT string_agg(version_num, ' ') FROM host_version"), "a");
    assert_eq!(project.database.query(HISTORY), "a done");
}
