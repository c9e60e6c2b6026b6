//! `host status`: one screen about a database.

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// The status with the times of the log replaced.
fn status(project: &TestProject, arguments: &[&str]) -> Output {
    let output = project.host(arguments).success();
    if project.database.query("SELECT to_regclass('host_log') IS NULL") == "t" {
        return output;
    }
    let time = project.database.query(
        "SELECT to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM host_log ORDER BY id DESC LIMIT 1",
    );
    output.replace(&[(time, "[start]")])
}

#[test]
fn a_new_database() {
    let project = TestProject::with_three_tables();
    assert_output!(status(&project, &["status"]));
    assert_eq!(project.database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

#[test]
fn a_database_on_its_way() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    assert_output!(status(&project, &["status"]));
    project.host(&["upgrade", "head"]).success();
    assert_output!(status(&project, &["status"]));
}

#[test]
fn a_database_that_needs_a_look() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    project.sql("a", None, "CREATE TABLE table_a (id bigint)", "DROP TABLE table_a");
    project.stops_half_way();
    project.host(&["build"]).success();
    let _ = project.host(&["upgrade", "b", "--allow-changed"]).with_code(1);
    assert_output!(status(&project, &["status"]));
    let document = project.host(&["--json", "status"]).success().json();
    assert_eq!(document["current"], serde_json::json!(["a"]));
    assert_eq!(document["changed"][0]["revision"], "a");
    assert_eq!(document["pending"].as_array().map(Vec::len), Some(2));
    assert_eq!((&document["last_run"]["outcome"], &document["last_run"]["revision"]), (&"failed".into(), &"b".into()));
    assert_eq!(document["unfinished"][0]["revision"], "b");
}

#[test]
fn a_database_of_somebody_else() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    project
        .database
        .query("UPDATE host_version SET version_num = '3f2a9c1b7d04'; INSERT INTO host_version VALUES ('no id')");
    assert_output!(status(&project, &["status"]));
    let document = project.host(&["--json", "status"]).success().json();
    assert_eq!(document["unknown"], serde_json::json!(["3f2a9c1b7d04"]));
}

/// The age is that of the date in the file; the oldest counts.
#[test]
fn the_age_of_what_is_pending() {
    let project = TestProject::new();
    let mut parent = String::new();
    for (id, created) in [("a", "-- created = \"2001-02-03T04:05:06Z\"\n"), ("b", "")] {
        project.write(
            &format!("migrations/{id}.sql"),
            &format!(
                "-- /// migration\n-- revision = \"{id}\"\n{parent}{created}-- message = \"migration {id}\"\n-- ///\n\
                 -- upgrade\nSELECT 1;\n-- downgrade\nSELECT 1;\n"
            ),
        );
        parent = format!("-- revises = [\"{id}\"]\n");
    }
    let output = project.host(&["status"]).success();
    let age = output.stdout.split("  a (").nth(1).and_then(|rest| rest.split(')').next()).expect("an age").to_owned();
    assert!(age.ends_with(" days ago"), "{age}");
    assert_output!(output.replace(&[(age, "[age]")]));
}

#[test]
fn only_so_many_are_listed() {
    let project = TestProject::new();
    let mut parent: Option<String> = None;
    for number in 10..24 {
        let id = format!("m{number}");
        project.sql(&id, parent.as_deref(), "SELECT 1", "SELECT 1");
        parent = Some(id);
    }
    assert_output!(project.host(&["status"]).success());
    assert!(project.host(&["-v", "status"]).success().stdout.contains("  m23, migration m23"));
}
