//! What people who come from Alembic rely on, and the rough edges that they need not meet here.
//!
//! More of those are among the tests of wrong projects, targets and databases.

use serde_json::Value;
use serde_json::json;

use crate::harness::Node;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// A trunk `a b` with the branches `c1 d1` and `c2 d2`.
const BRANCHES: &str = "a; b a; c1 b #c1branch; d1 c1; c2 b #c2branch; d2 c2";

/// The same with a merge point.
const MERGED: &str = "a; b a; c1 b #c1branch; d1 c1; c2 b #c2branch; d2 c2; mm d1,d2";

/// Two lines, the second of which needs the first.
const DEPENDENT: &str = "a1 #lib1; b1 a1; c1 b1; d1 c1; a2 #app; b2 a2; c2 b2 @c1";

#[test]
fn tricky_plans_are_alembics() {
    check(
        BRANCHES,
        &[
            ("", "upgrade heads", "a b c2 d2 c1 d1 {d1 d2}"),
            ("c1", "upgrade c2branch@+1", "c2 {c1 c2}"),
            ("c1 c2", "upgrade c2branch@+1", "d2 {c1 d2}"),
            ("c1 c2", "upgrade +1", "ambiguous-current"),
            ("b", "upgrade +1", "ambiguous-walk"),
            ("b", "upgrade c2branch@head-1", "c2 {c2}"),
            ("d1 d2", "downgrade c2branch@base+2", "d2 c2 {d1}"),
            ("d1 d2", "downgrade base+2", "d1 c1 d2 c2 {b}"),
            ("d1 d2", "downgrade c2@b", "d2 c2 {d1}"),
            ("c1 d2", "downgrade c1branch@b", "c1 {d2}"),
            ("d1 d2", "downgrade c1branch@-3", "d1 c1 d2 c2 b {a}"),
            ("d1", "downgrade c2", "not-applied"),
            ("d1", "upgrade b", "{d1}"),
            ("d1", "downgrade d1", "{d1}"),
            ("d1 d2", "downgrade c1branch@base", "d1 c1 d2 c2 b a {}"),
            ("b d1", "upgrade heads", "overlapping-rows"),
        ],
    );
    check(
        MERGED,
        &[
            ("d1 c2", "upgrade mm", "d2 mm {mm}"),
            ("mm", "downgrade c2", "mm d2 {c2 d1}"),
            ("mm", "downgrade -1", "ambiguous-walk"),
            ("mm", "downgrade c1branch@-1", "ambiguous-walk"),
        ],
    );
    check(
        DEPENDENT,
        &[
            ("a2", "upgrade c2", "a1 b1 c1 b2 c2 {c2}"),
            ("c2 d1", "downgrade lib1@-1", "d1 {c2}"),
            ("c2", "downgrade lib1@base", "c2 c1 b1 a1 {b2}"),
            ("c2", "downgrade app@base", "c2 b2 a2 {c1}"),
        ],
    );
}

fn check(graph: &str, cases: &[(&str, &str, &str)]) {
    let project = TestProject::with_graph(&Node::parse_all(graph));
    for (rows, command, expected) in cases {
        project.set_rows(rows.split_whitespace());
        let (verb, target) = command.split_once(' ').expect("a command and a target");
        let output = project.dry_run(verb, target);
        let document = output.json();
        let found = match &document["error"] {
            Value::Null => {
                format!("{}{{{}}}", words(&document["steps"], "revision", " "), words(&document["heads_after"], "", ""))
            }
            error => error["kind"].as_str().expect("a kind").to_owned(),
        };
        assert_eq!(&found, expected, "{{{rows}}} {command}");
        // What has steps is not built.
        let expected = if !document["error"].is_null() {
            1
        } else if document["steps"] == json!([]) {
            0
        } else {
            3
        };
        assert_eq!(output.code, expected, "{}", output.stable());
    }
}

/// The texts of a list, or of one key of its objects, separated by spaces.
fn words(list: &Value, key: &str, end: &str) -> String {
    let text = |item: &Value| item.get(key).unwrap_or(item).as_str().expect("a text").to_owned();
    let words: Vec<String> = list.as_array().expect("a list").iter().map(text).collect();
    if words.is_empty() { String::new() } else { words.join(" ") + end }
}

#[test]
fn a_stamp_of_a_branch_leaves_the_other_branches() {
    let project = TestProject::with_graph(&Node::parse_all(MERGED));
    project.set_rows(["c2", "d1"]);
    assert_output!(project.host(&["stamp", "c1branch@base"]));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c2");
}

/// Alembic leaves both rows, and after that no upgrade works any more.
#[test]
fn a_stamp_of_a_revision_and_its_ancestor_is_refused() {
    let project = TestProject::with_graph(&Node::parse_all(BRANCHES));
    project.set_rows(["a"]);
    assert_output!(project.host(&["stamp", "b", "d1"]).with_code(1));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
}

/// Alembic compares rows with heads, and one of these heads has no row.
#[test]
fn a_head_that_another_head_depends_on_counts_as_applied() {
    let project = TestProject::with_graph(&Node::parse_all("a; b a; x @b"));
    project.host(&["build"]).success();
    assert_output!(project.host(&["current", "--check-heads"]).with_code(3));
    project.host(&["upgrade", "heads"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "x");
    assert_output!(project.host(&["current", "--check-heads"]).success());
    // Nothing is above `b`, and it is there only because `x` needs it.
    assert_output!(project.host(&["downgrade", "b"]).with_code(1));
    project.host(&["downgrade", "x@base"]).success();
    assert_eq!(project.host(&["current", "--check-heads"]).with_code(3).stdout, "b (head)\n");
}

/// Alembic writes the file first, and then no command works until it is deleted.
#[test]
fn a_new_migration_with_a_label_or_id_that_exists_writes_nothing() {
    let project = TestProject::with_graph(&Node::parse_all(BRANCHES));
    let files = || {
        let entries = std::fs::read_dir(project.path("migrations")).expect("the migrations");
        entries.map(|entry| entry.expect("an entry").file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    let new = ["revision", "-m", "new", "--head", "d1", "--rev-id"];
    assert_output!(project.host(&[&new[..], &["e1", "--branch-label", "c2branch"]].concat()).with_code(1));
    assert_output!(project.host(&[&new[..], &["e1", "--branch-label", "d2"]].concat()).with_code(1));
    assert_output!(project.host(&[&new[..], &["c2"]].concat()).with_code(1));
    assert_eq!(files(), before);
    project.host(&["history"]).success();
}

/// Alembic takes back the other branch and the trunk without a word.
#[test]
fn a_downgrade_of_a_branch_with_a_shared_trunk_lists_the_other_branch() {
    let project = TestProject::with_graph(&Node::parse_all(BRANCHES));
    project.host(&["build"]).success();
    project.host(&["upgrade", "heads"]).success();
    assert_output!(project.host(&["downgrade", "c1branch@base", "--dry-run"]));
    let notes = project.dry_run("downgrade", "c1branch@base").with_code(3).json()["notes"].clone();
    assert_eq!(notes, json!(["also removes d2, c2 of c2branch, which the target does not name"]));
    assert_output!(project.host(&["downgrade", "c1branch@base"]).with_code(1));
    assert_eq!(project.database.query("SELECT version_num FROM host_version ORDER BY 1"), "d1\nd2");
    project.host(&["downgrade", "c1branch@base", "--all-branches"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "");
}

/// Alembic says no more than "Ambiguous walk".
#[test]
fn a_step_down_from_a_merge_names_the_ways() {
    let project = TestProject::with_graph(&Node::parse_all(MERGED));
    project.set_rows(["mm"]);
    assert_output!(project.host(&["downgrade", "-1", "--dry-run"]).with_code(1));
}

/// Alembic says "Can't locate revision" of all of these.
#[test]
fn a_refused_target_says_why_also_in_json() {
    let project = TestProject::with_graph(&Node::parse_all("3f2a9c; 3f2a81 3f2a9c #shop; 77aa #billing"));
    assert_output!(project.dry_run("upgrade", "nothing").with_code(1));
    assert_output!(project.dry_run("upgrade", "3f2a").with_code(1));
    assert_output!(project.dry_run("upgrade", "billing@3f2a81").with_code(1));
    assert_output!(project.dry_run("upgrade", "sales@head").with_code(1));
    assert_output!(project.dry_run("upgrade", "head").with_code(1));
}

/// Alembic prints absolute paths, and branches in another order each time.
#[test]
fn listings_are_the_same_on_every_machine() {
    let project = TestProject::with_graph(&Node::parse_all("a; z a; y a; x a; m y,z,x"));
    assert_output!(project.host(&["branches", "--verbose"]));
    assert_output!(project.host(&["show", "m"]));
    assert_output!(project.host(&["history", "--verbose", "-r", "m:"]));
}
