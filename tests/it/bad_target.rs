//! Targets that name nothing, too much, or no place that can be reached; and plans that are refused before they begin.

use crate::harness::TestProject;
use crate::harness::assert_output;

#[test]
fn an_unknown_target() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["upgrade", "3f2a9c1b7d04"]));
    assert_output!(project.refuses(1, &["upgrade", "x"]));
}

#[test]
fn an_ambiguous_prefix() {
    let project = with_long_ids();
    assert_output!(project.refuses(1, &["upgrade", "3f2a"]));
}

#[test]
fn a_prefix_is_enough_where_it_is_unique() {
    let project = with_long_ids();
    project.host(&["build"]).success();
    project.host(&["upgrade", "3f2a9"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "3f2a9c1b7d04");
}

#[test]
fn an_unknown_branch() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["upgrade", "billing@head"]));
}

#[test]
fn one_head_where_there_are_two() {
    let project = TestProject::with_three_tables();
    project.sql("d", Some("b"), "SELECT 1", "SELECT 1");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_target_that_does_not_fit_the_grammar() {
    let project = TestProject::with_three_tables();
    for target in ["", "a@b@c", "@head", "a+", "a-b", "head+x", "+99999999999999999999"] {
        let output = project.refuses(2, &["upgrade", target]);
        assert!(output.stderr.contains(&format!("identified by '{target}'")), "{}", output.stable());
    }
    assert_output!(project.refuses(2, &["upgrade", ""]));
    assert_output!(project.refuses(2, &["upgrade", "a:c"]));
    assert_output!(project.refuses(2, &["upgrade", "current"]));
}

#[test]
fn more_steps_up_than_there_are() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["upgrade", "+4"]));
    assert_output!(project.refuses(1, &["upgrade", "b+2"]));
    assert_output!(project.refuses(1, &["upgrade", "-1"]));
    assert_output!(project.refuses(1, &["upgrade", "+0"]));
}

#[test]
fn more_steps_down_than_there_are() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    assert_output!(project.refuses(1, &["downgrade", "-3"]));
    assert_output!(project.refuses(1, &["downgrade", "+1"]));
}

#[test]
fn a_downgrade_to_what_is_not_applied() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["downgrade", "a"]));
    assert_output!(project.refuses(1, &["downgrade", "-1"]));
    project.host(&["upgrade", "b"]).success();
    assert_output!(project.refuses(1, &["downgrade", "head"]));
    assert_output!(project.refuses(1, &["downgrade", "c"]));
}

#[test]
fn a_downgrade_to_where_the_database_is() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "head"]).success();
    assert_output!(project.host(&["downgrade", "head"]).success());
    assert_output!(project.host(&["downgrade", "heads"]).success());
}

#[test]
fn a_downgrade_of_a_database_with_nothing_applied() {
    let project = TestProject::with_three_tables();
    let before = project.contents();
    assert_output!(project.host(&["downgrade", "base"]).success());
    project.contents().assert_same(&before, "");
}

#[test]
fn a_downgrade_over_a_migration_without_a_way_back() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    let text = "-- /// migration\n-- revision = \"b\"\n-- revises = \"a\"\n-- ///\n-- upgrade\nCREATE TABLE table_b (id int);\n";
    project.write("migrations/b.sql", text);
    project.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    // `c` could be taken back, but nothing runs before the whole plan is known to be possible.
    assert_output!(project.refuses(1, &["downgrade", "base"]));
    project.host(&["downgrade", "b"]).success();
}

#[test]
fn a_downgrade_over_a_migration_that_says_that_it_is_irreversible() {
    let project = TestProject::new();
    let text = "-- /// migration\n-- revision = \"a\"\n-- irreversible = true\n-- ///\n-- upgrade\nCREATE TABLE table_a (id int);\n-- downgrade\n";
    project.write("migrations/a.sql", text);
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_output!(project.refuses(1, &["downgrade", "base"]));
}

#[test]
fn a_downgrade_of_three_of_which_the_middle_one_is_irreversible() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    let text = "-- /// migration\n-- revision = \"b\"\n-- revises = [\"a\"]\n-- irreversible = true\n-- ///\n\
                -- upgrade\nCREATE TABLE table_b (id int);\n-- downgrade\n";
    project.write("migrations/b.sql", text);
    project.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    // Not even the first step is taken, which could be.
    assert_output!(project.refuses(1, &["downgrade", "base"]));
    project.host(&["downgrade", "b"]).success();
}

#[test]
fn an_applied_migration_that_was_changed() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    project.sql("a", None, "CREATE TABLE table_a (id bigint)", "DROP TABLE table_a");
    project.host(&["build"]).success();
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.host(&["history"]).success());
    let marks: Vec<_> = project.host(&["--json", "history"]).success().json()["history"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|revision| (revision["revision"].to_string(), revision["changed"].to_string()))
        .collect();
    let expected = [("\"c\"", "false"), ("\"b\"", "false"), ("\"a\"", "true")];
    assert_eq!(marks, expected.map(|(revision, changed)| (revision.to_owned(), changed.to_owned())));
    assert_output!(project.host(&["upgrade", "head", "--allow-changed"]).success());
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
}

#[test]
fn a_changed_message_is_no_change_of_a_migration() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    let path = project.path("migrations/a.sql");
    let text = std::fs::read_to_string(&path).expect("a source").replace("migration a", "the table a");
    std::fs::write(path, text).expect("a source");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_downgrade_that_takes_along_another_branch() {
    let project = TestProject::with_three_tables();
    let text = "-- /// migration\n-- revision = \"x\"\n-- branch-labels = \"billing\"\n-- depends-on = \"b\"\n-- ///\n-- upgrade\n-- downgrade\n";
    project.write("migrations/x.sql", text);
    project.host(&["build"]).success();
    project.host(&["upgrade", "heads"]).success();
    assert_output!(project.refuses(1, &["downgrade", "a"]));
    project.host(&["downgrade", "a", "--all-branches"]).success();
}

#[test]
fn stamps_that_make_no_sense() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["stamp", "3f2a9c1b7d04"]));
    assert_output!(project.refuses(1, &["stamp", "a", "b"]));
    assert_output!(project.refuses(2, &["stamp", "+1"]));
}

#[test]
fn ranges_that_make_no_sense() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(2, &["history", "-r", "a"]));
    assert_output!(project.refuses(1, &["history", "-r", "c:a"]));
    assert_output!(project.refuses(1, &["history", "-r", "a:nothing"]));
}

/// Two migrations whose ids begin alike.
fn with_long_ids() -> TestProject {
    let project = TestProject::new();
    project.sql("3f2a9c1b7d04", None, "SELECT 1", "SELECT 1");
    project.sql("3f2a81e6c5bb", Some("3f2a9c1b7d04"), "SELECT 1", "SELECT 1");
    project
}
