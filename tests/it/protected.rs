//! Protected environments: what may destroy data there asks for their name.

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// A project whose section `prod` is its database, at the head.
fn with_production() -> TestProject {
    let project = TestProject::with_three_tables();
    production(&project, "");
    project.host(&["-e", "prod", "upgrade", "head"]).success();
    project
}

fn production(project: &TestProject, more: &str) {
    let url = project.database.url();
    project.write("host.toml", &format!("[default]\n[prod]\nurl = \"{url}\"\n{more}[test]\n"));
}

fn heads(project: &TestProject) -> String {
    project.database.query("SELECT version_num FROM host_version")
}

/// On a terminal, with this typed.
fn typed(project: &TestProject, arguments: &[&str], text: &str) -> Output {
    project.on_a_terminal(&project.command(arguments), text)
}

#[test]
fn without_a_confirmation_nothing_destructive_runs() {
    let project = with_production();
    for arguments in [
        &["-e", "prod", "downgrade", "base"][..],
        &["-e", "prod", "stamp", "a"],
        &["-e", "prod", "stamp", "--purge", "a"],
        &["-e", "prod", "db", "drop"],
        &["-e", "prod", "db", "drop", "--yes"],
        &["-e", "prod", "db", "reset", "--yes"],
        // The same database by other ways.
        &["downgrade", "base"],
        &["-e", "test", "downgrade", "base"],
        &["--url", &project.database.url(), "downgrade", "base"],
        &["--url", &project.database.url_for("restricted"), "stamp", "a"],
    ] {
        assert_output!(project.refuses(1, arguments));
    }
    // The way past a pooler leads to the same database, whatever its name there is.
    let mut direct = project.command(&["downgrade", "base"]);
    direct.env("HOST_DIRECT_URL", "postgres://me@localhost/shop?host=/nowhere");
    assert_output!(project.refuses_command(1, direct));
    // What takes nothing away runs.
    project.host(&["-e", "prod", "downgrade", "base", "--dry-run"]).success();
    project.host(&["-e", "prod", "downgrade", "head:base", "--sql"]).success();
    project.host(&["-e", "prod", "upgrade", "head"]).success();
    project.host(&["-e", "prod", "db", "create"]).with_code(0);
    assert_eq!(heads(&project), "c");
}

#[test]
fn the_name_in_full_is_a_confirmation() {
    let project = with_production();
    assert_output!(project.host(&["-e", "prod", "downgrade", "b", "--yes-on", "prod"]));
    assert_output!(project.refuses(2, &["-e", "prod", "downgrade", "a", "--yes-on", "pro"]));
    assert_output!(project.refuses(2, &["-e", "prod", "stamp", "a", "--yes-on", "test"]));
    assert_eq!(heads(&project), "b");
    project.host(&["--url", &project.database.url(), "stamp", "a", "--yes-on", "prod"]).success();
    assert_eq!(heads(&project), "a");
    // Where nothing is protected, the name still has to be the right one.
    production(&project, "protect = false\n");
    assert_output!(project.refuses(2, &["-e", "test", "stamp", "b", "--yes-on", "staging"]));
    project.host(&["-e", "test", "stamp", "b", "--yes-on", "test"]).success();
    project.host(&["-e", "prod", "downgrade", "base"]).success();
}

#[test]
fn on_a_terminal_it_is_asked_for() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE guests (name text, phone text)", "DROP TABLE guests");
    project.sql("b", Some("a"), "CREATE SCHEMA crm", "ALTER TABLE guests DROP COLUMN phone; DROP SCHEMA crm");
    project.sql("c", Some("b"), "SELECT 1", "SELECT 1");
    project.host(&["build"]).success();
    production(&project, "");
    project.host(&["upgrade", "head"]).success();
    assert_output!(typed(&project, &["-e", "prod", "downgrade", "base"], "yes\n"));
    assert_output!(typed(&project, &["-e", "prod", "downgrade", "base"], "\n"));
    assert_eq!(heads(&project), "c");
    assert_output!(typed(&project, &["-e", "prod", "stamp", "b"], "prod\n"));
    assert_eq!(heads(&project), "b");
    assert_output!(typed(&project, &["-e", "prod", "downgrade", "base"], "prod\n"));
    assert_eq!(heads(&project), "");
    // With nothing to take back there is nothing to ask.
    assert_output!(typed(&project, &["-e", "prod", "downgrade", "base"], ""));
}

#[test]
fn a_plan_that_takes_back_asks_as_well() {
    let project = with_production();
    let plan = project.host(&["-e", "prod", "--json", "downgrade", "base", "--dry-run"]).success();
    project.write("plan.json", &plan.stdout);
    assert_output!(project.refuses(1, &["-e", "prod", "apply", "plan.json"]));
    project.host(&["-e", "prod", "apply", "plan.json", "--yes-on", "prod"]).success();
    assert_eq!(heads(&project), "");
}

#[test]
fn downgrades_can_be_forbidden() {
    let project = with_production();
    production(&project, "downgrade = \"never\"\n");
    assert_output!(project.refuses(1, &["-e", "prod", "downgrade", "base", "--yes-on", "prod"]));
    assert_output!(project.refuses(1, &["--url", &project.database.url(), "downgrade", "-1"]));
    assert_output!(project.refuses(1, &["-e", "prod", "db", "reset", "--yes-on", "prod"]));
    project.host(&["-e", "prod", "stamp", "b", "--yes-on", "prod"]).success();
    assert_eq!(heads(&project), "b");
}

#[test]
fn programs_are_told_the_kind() {
    let project = with_production();
    let lines = project.host(&["-e", "prod", "--json", "downgrade", "base"]).with_code(1).json_lines();
    assert_eq!((&lines[0]["event"], &lines[1]["error"]["kind"]), (&"database".into(), &"protected".into()));
}
