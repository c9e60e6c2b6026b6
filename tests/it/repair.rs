//! `host repair`: a changed file of an applied migration is shown, accepted and written down; and what the log says of stamps.

use host::Event;
use host::Options;
use host::Project;
use host::RunError;
use host::Runner;
use host::Silent;
use host::cap_std::ambient_authority;
use host::cap_std::fs::Dir;

use crate::harness::TestProject;
use crate::harness::assert_output;

const LOG: &str = "SELECT string_agg(direction || ' ' || revision, ', ' ORDER BY id) FROM ONLY public.host_log";

/// A project of `a`, `b` and `c`, of which `a` and `b` are applied, and a comment was put into `b` since.
fn with_a_comment() -> TestProject {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    project.sql("b", Some("a"), "-- For the guests.\nCREATE TABLE table_b (id int)", "DROP TABLE table_b");
    project
}

/// Replaces the times of the log and the digests.
fn stable(project: &TestProject, output: crate::harness::Output) -> crate::harness::Output {
    let times = project.database.query(
        "SELECT string_agg(to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), ' ') FROM host_log",
    );
    let times: Vec<_> = times.split(' ').map(|time| (time.to_owned(), "[start]")).collect();
    output.replace(&times)
}

#[test]
fn a_comment_is_accepted_and_the_upgrade_goes_on() {
    let project = with_a_comment();
    assert_output!(project.host(&["upgrade", "b"]).with_code(1));
    let before = project.contents();
    assert_output!(project.host(&["repair", "--dry-run"]).success());
    assert_output!(project.host(&["repair"]).with_code(1));
    project.contents().assert_same(&before, "nothing was accepted");
    assert_output!(project.host(&["repair", "--yes"]).success());
    assert_eq!(project.database.query(LOG), "upgrade a, upgrade b, stamp b");
    assert_output!(stable(&project, project.host(&["log"]).success()));
    let newest = project.host(&["--json", "log", "-l", "1"]).success().json()["log"][0].clone();
    assert_eq!((&newest["direction"], &newest["revision"]), (&"repair".into(), &"b".into()));
    assert_eq!(newest["difference"], "only comments or white space changed");
    let applied = project.database.query("SELECT source_digest FROM host_log WHERE id = 2");
    assert_eq!(newest["source_digest_before"], applied.as_str());
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_output!(project.host(&["repair"]).success());
    project.host(&["current", "--check-heads"]).success();
}

#[test]
fn a_downgrade_that_was_added_later_is_told_apart() {
    let project = TestProject::new();
    let upgrade = "-- /// migration\n-- revision = \"a\"\n-- ///\n-- upgrade\nCREATE TABLE table_a (id int);\n";
    project.write("migrations/a.sql", upgrade);
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    project.write("migrations/a.sql", &format!("{upgrade}-- downgrade\nDROP TABLE table_a;\n"));
    assert_output!(project.host(&["repair", "--dry-run"]).success());
    let document = project.host(&["--json", "repair", "--dry-run"]).success().json()["changes"][0].clone();
    assert_eq!((&document["upgrade"], &document["downgrade"]), (&"same".into(), &"added".into()));
    assert_eq!(document["harmless"], false);
    let output = project.host(&["--json", "repair", "--yes"]).success();
    let events: Vec<_> = output.json_lines().iter().map(|line| line["event"].clone()).collect();
    assert_eq!(events, ["database", "repaired", "finished"]);
    project.host(&["build"]).success();
    project.host(&["downgrade", "base"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('table_a') IS NULL"), "t");
}

#[test]
fn what_is_not_known_is_said() {
    let project = with_a_comment();
    project.sql("a", None, "CREATE TABLE table_a (id bigint)", "DROP TABLE table_a");
    // What was applied is gone with it.
    project.host(&["build"]).success();
    assert_output!(project.host(&["repair", "--dry-run"]).success());
    // One of them.
    project.host(&["repair", "--yes", "a"]).success();
    assert_eq!(project.database.query(LOG), "upgrade a, upgrade b, stamp a");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("a migration changed since it was applied: b ("), "{}", output.stable());
    assert_output!(project.host(&["repair", "a"]).with_code(1));
    assert_output!(project.host(&["repair", "c"]).with_code(1));
    project.host(&["repair", "--yes"]).success();
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn statements_that_changed_are_shown() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    project.sql("b", Some("a"), "CREATE TABLE table_b (id bigint)", "DROP TABLE table_b");
    assert_output!(project.host(&["repair", "--dry-run"]).success());
}

/// A text in the build folder that was not applied is none that was.
#[test]
fn the_build_folder_is_not_believed() {
    let project = with_a_comment();
    project.host(&["build"]).success();
    let output = project.host(&["--json", "repair", "--dry-run"]).success();
    assert_eq!(output.json()["changes"][0]["harmless"], serde_json::Value::Null, "{}", output.stable());
}

#[test]
fn a_repair_waits_for_the_lock() {
    let project = TestProject::with_a_long_statement();
    project.host(&["upgrade", "a"]).success();
    let runner = project.start(&["upgrade", "head"]);
    project.database.wait_for_the_long_statement();
    project.sql("a", None, "CREATE TABLE table_a (id int) -- A table.", "DROP TABLE table_a");
    let _ = project.host(&["repair", "--yes", "--wait", "0"]).with_code(4);
    runner.signal(rustix::process::Signal::INT);
    let _ = runner.wait().with_code(130);
    project.host(&["repair", "--yes"]).success();
    assert_eq!(project.database.query(LOG), "upgrade a, upgrade b, stamp a");
}

#[test]
fn what_changed_meanwhile_is_not_accepted() {
    let project = with_a_comment();
    let folder = Dir::open_ambient_dir(project.path("."), ambient_authority()).expect("the project's folder");
    let opened = Project::open(folder, "default").expect("a project");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio.block_on(async {
        let database = opened.connect(&project.database.url()).await.expect("a connection");
        let mut runner = Runner::new(&opened, database, Options::default());
        let changes = runner.changes().await.expect("the changes");
        assert_eq!(changes.len(), 1);
        project.database.query("UPDATE host_log SET source_digest = 'another' WHERE revision = 'b'");
        let error = runner.repair(&changes, &mut Silent).await.expect_err("something else is applied");
        assert!(matches!(error, RunError::RepairOvertaken { .. }), "{error}");
        let changes = runner.changes().await.expect("the changes");
        let mut events = Vec::new();
        runner.repair(&changes, &mut |event: Event| events.push(event)).await.expect("it is accepted");
        assert!(matches!(&events[..], [Event::Repaired { revision, .. }] if revision.as_str() == "b"), "{events:?}");
        assert!(runner.changes().await.expect("the changes").is_empty());
        runner.close().await;
    });
}

#[test]
fn a_log_table_of_an_earlier_version_gets_the_column() {
    let project = with_a_comment();
    project.database.query("ALTER TABLE host_log DROP COLUMN detail");
    // Reading changes nothing.
    project.host(&["log"]).success();
    project.host(&["repair", "--dry-run"]).success();
    let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'host_log'::regclass AND attname = 'detail'";
    assert_eq!(project.database.query(columns), "0");
    project.host(&["repair", "--yes"]).success();
    assert_eq!(project.database.query(columns), "1");
}

#[test]
fn the_log_says_where_a_stamp_came_from_and_went_to() {
    let project = TestProject::with_three_tables();
    project.host(&["stamp", "b"]).success();
    project.host(&["stamp", "c"]).success();
    project.host(&["stamp", "base"]).success();
    assert_output!(stable(&project, project.host(&["log"]).success()));
    let log = project.host(&["--json", "log", "-l", "2"]).success().json()["log"].clone();
    assert_eq!((&log[1]["from"], &log[1]["to"]), (&serde_json::json!(["b"]), &serde_json::json!(["c"])));
    assert_eq!((&log[0]["from"], &log[0]["to"]), (&serde_json::json!(["c"]), &serde_json::json!([])));
}
