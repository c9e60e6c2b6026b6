//! One set of checks: what an upgrade refuses before its first statement, a dry run, `host validate` and the other checks say,
//! too, and all of it at once.

use serde_json::Value;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// A project of `a`, `b` and `c`, of which `a` is applied.
fn at_a() -> TestProject {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    project
}

/// The same with something wrong everywhere: `a` was changed since it was applied, `b` asks for more than is granted, `c` was
/// changed since it was built.
fn with_everything_wrong() -> TestProject {
    let project = at_a();
    project.sql("a", None, "CREATE TABLE table_a (id int, name text)", "DROP TABLE table_a");
    project.sql("b", Some("a"), "CREATE ROLE nobody_in_particular", "DROP ROLE nobody_in_particular");
    project.host(&["build"]).success();
    project.sql("c", Some("b"), "CREATE TABLE table_c (id bigint)", "DROP TABLE table_c");
    project.write("host.toml", "[default]\n");
    project
}

/// The kinds of the problems in a list, sorted.
fn kinds(problems: &Value) -> Vec<String> {
    let problems = problems.as_array().expect("a list of problems");
    let mut kinds: Vec<String> =
        problems.iter().map(|problem| problem["kind"].as_str().expect("a kind").to_owned()).collect();
    kinds.sort();
    kinds
}

/// The kinds of what refuses a command, one or several.
fn refused_for(output: &Output) -> Vec<String> {
    let error = output.json_lines().pop().expect("a last line")["error"].clone();
    match &error["problems"] {
        Value::Null => vec![error["kind"].as_str().expect("a kind").to_owned()],
        problems => kinds(problems),
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let project = with_everything_wrong();
    let before = project.contents();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_output!(project.host(&["--json", "upgrade", "head"]).with_code(1).without_long_digests());
    assert_output!(project.host(&["upgrade", "head", "--dry-run"]).with_code(3));
    assert_output!(project.host(&["validate"]).with_code(3));
    assert_output!(project.host(&["validate", "--online"]).with_code(3));
    assert_output!(project.host(&["build", "--check"]).with_code(3));
    assert_output!(project.host(&["current", "--check-heads"]).with_code(3));
    project.contents().assert_same(&before, "a check");
}

#[test]
fn what_one_environment_grants_another_does_not() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE ROLE nobody_in_particular", "DROP ROLE nobody_in_particular");
    project.host(&["build"]).success();
    project.write("host.toml", "[default.grants]\nrole = true\n[prod.grants]\nrole = false\n");
    assert_output!(project.host(&["validate"]).success());
    assert_output!(project.host(&["-e", "prod", "validate"]).with_code(3));
    assert_output!(project.host(&["--json", "-e", "prod", "validate"]).with_code(3));
    project.host(&["build", "--check"]).success();
    assert_output!(project.host(&["-e", "prod", "build", "--check"]).with_code(3));
}

/// What is wrong, and of what kind it is.
type Case = (&'static str, fn(&TestProject), &'static [&'static str]);

const CASES: &[Case] = &[
    ("nothing", |_| {}, &[]),
    (
        "a component that is not built",
        |project| {
            std::fs::remove_file(project.path(".host/build/b.wasm")).expect("the component");
        },
        &["not-built"],
    ),
    (
        "components that are out of date",
        |project| {
            project.sql("b", Some("a"), "CREATE TABLE table_b (id bigint)", "DROP TABLE table_b");
            project.sql("c", Some("b"), "CREATE TABLE table_c (id bigint)", "DROP TABLE table_c");
        },
        &["stale-build", "stale-build"],
    ),
    (
        "an applied file that was changed",
        |project| {
            project.sql("a", None, "CREATE TABLE table_a (id bigint)", "DROP TABLE table_a");
            project.host(&["build"]).success();
        },
        &["changed-migration"],
    ),
    (
        "a row that is not among the migrations",
        |project| {
            project.database.query("UPDATE host_version SET version_num = '3f2a9c1b7d04'");
        },
        &["unknown-rows"],
    ),
    (
        "a row that cannot be an id",
        |project| {
            project.database.query("INSERT INTO host_version VALUES ('no id')");
        },
        &["database"],
    ),
    (
        "a class that is not granted",
        |project| project.write("host.toml", "[default.grants]\nschema = false\n"),
        &["not-granted", "not-granted"],
    ),
    (
        "a component that is too large",
        |project| {
            project.write("host.toml", "[default.limits]\ncomponent-size = \"1MiB\"\n");
            let text = format!("SELECT '{}'", "x".repeat(2 << 20));
            project.sql("c", Some("b"), &text, "SELECT 1");
            project.host(&["build"]).success();
        },
        &["component-refused"],
    ),
    (
        "a table that has something attached",
        |project| {
            project.database.query("CREATE TABLE kid () INHERITS (host_version)");
        },
        &["database"],
    ),
    (
        "a version table that is not host's",
        |project| {
            project.database.query("ALTER TABLE host_version ALTER COLUMN version_num TYPE char(10)");
        },
        &["database"],
    ),
    (
        "a user who may not write to two tables",
        |project| {
            project
                .database
                .query("REVOKE INSERT ON host_log FROM host; REVOKE DELETE, INSERT ON host_version FROM host");
        },
        &["database", "database"],
    ),
    (
        "a role that does not exist",
        |project| project.write("host.toml", "[default]\nrole = \"nobody_in_particular\"\n"),
        &["database"],
    ),
];

/// What an upgrade is refused for, its dry run lists, and `host validate --online`, too.
#[test]
fn no_check_says_yes_where_the_run_says_no() {
    for (what, make, expected) in CASES {
        let project = at_a();
        make(&project);
        let dry_run = project.host(&["--json", "upgrade", "head", "--dry-run"]);
        let validate = project.host(&["--json", "validate", "--online"]);
        let validated = kinds(&validate.json()["problems"]);
        let upgrade = project.host(&["--json", "upgrade", "head"]);
        if expected.is_empty() {
            assert_eq!((dry_run.code, validate.code, upgrade.code), (0, 0, 0), "{what}: {}", upgrade.stable());
            continue;
        }
        assert_eq!(upgrade.code, 1, "{what}: {}", upgrade.stable());
        assert_eq!(refused_for(&upgrade), *expected, "{what}: {}", upgrade.stable());
        assert_eq!(validate.code, 3, "{what}: {}", validate.stable());
        for kind in *expected {
            assert!(validated.contains(&(*kind).to_owned()), "{what}: {}", validate.stable());
        }
        // Where there is no plan to show, it is the error.
        let listed = if dry_run.code == 3 {
            kinds(&dry_run.json()["problems"])
        } else {
            assert_eq!(dry_run.code, 1, "{what}: {}", dry_run.stable());
            refused_for(&dry_run)
        };
        assert_eq!(listed, *expected, "{what}: {}", dry_run.stable());
        assert_eq!(project.database.query("SELECT to_regclass('table_b') IS NULL"), "t", "{what}");
    }
}

/// Alembic's column holds 32 characters.
#[test]
fn all_ids_that_do_not_fit_are_told() {
    let project = TestProject::new();
    project.database.query("CREATE TABLE host_version (version_num varchar(32) NOT NULL PRIMARY KEY)");
    let (first, second) = ("a".repeat(40), "b".repeat(40));
    project.sql(&first, None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.sql(&second, Some(&first), "CREATE TABLE table_b (id int)", "DROP TABLE table_b");
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_output!(project.host(&["upgrade", "head", "--dry-run"]).with_code(3));
    assert_output!(project.host(&["validate", "--online"]).with_code(3));
}

#[test]
fn an_unfinished_step_is_told() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.stops_half_way();
    project.sql("c", Some("a"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    let _ = project.host(&["upgrade", "b"]).with_code(1);
    assert_output!(project.host(&["validate", "--online"]).with_code(3));
    assert_output!(project.host(&["upgrade", "c", "--dry-run"]).with_code(3));
    assert_output!(project.host(&["upgrade", "c"]).with_code(1));
    // It would be finished first.
    project.host(&["upgrade", "b", "--dry-run"]).success();
}

#[test]
fn all_files_that_cannot_be_read_are_told() {
    let project = TestProject::with_three_tables();
    project.write("migrations/a.sql", "CREATE TABLE table_a ();");
    project.write("migrations/b.sql", "-- /// migration\n-- revison = \"b\"\n-- ///\n");
    assert_output!(project.host(&["validate"]).with_code(3));
    assert_output!(project.host(&["--json", "validate"]).with_code(3));
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn all_that_is_wrong_with_the_graph_is_told() {
    let project = TestProject::new();
    project.sql("a", Some("gone"), "SELECT 1", "SELECT 1");
    project.sql("b", Some("lost"), "SELECT 1", "SELECT 1");
    assert_output!(project.host(&["validate"]).with_code(3));
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

/// Whoever mistypes a target is told that, whatever else is wrong.
#[test]
fn a_target_that_makes_no_sense_stays_wrong_usage() {
    let project = with_everything_wrong();
    for command in [&["upgrade", "app@"][..], &["upgrade", "app@", "--dry-run"]] {
        let output = project.host(command).with_code(2);
        assert!(!output.stderr.contains("problems"), "{}", output.stable());
    }
}

#[test]
fn settings_that_cannot_be_read_are_no_answer() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nmigration = 'x'\n");
    assert_eq!(project.host(&["validate"]).code, 1);
    project.write("host.toml", "[default]\n");
    assert_eq!(project.host(&["-e", "prod", "validate"]).code, 1);
    let nowhere = ("HOST_DATABASE_URL", "postgres://me@localhost/shop?host=/nowhere");
    assert_eq!(project.host_with(nowhere, &["validate"]).code, 0);
    assert_eq!(project.host_with(nowhere, &["validate", "--online"]).code, 1);
}

#[test]
fn a_downgrade_is_checked_as_well() {
    let project = at_a();
    project.write(
        "migrations/b.sql",
        "-- /// migration\n-- revision = \"b\"\n-- revises = [\"a\"]\n-- ///\n-- upgrade\nCREATE TABLE table_b (id int);\n",
    );
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_output!(project.host(&["downgrade", "base", "--dry-run"]).with_code(3));
    assert_output!(project.host(&["downgrade", "base"]).with_code(1));
    // Nobody wants to go there yet.
    project.host(&["validate", "--online"]).success();
}

#[test]
fn a_plan_with_problems_is_refused_by_the_run() {
    let project = with_everything_wrong();
    let plan = project.host(&["--json", "upgrade", "head", "--dry-run"]).with_code(3);
    assert_eq!(kinds(&plan.json()["problems"]), ["changed-migration", "not-granted", "stale-build"]);
    project.write("plan.json", &plan.stdout);
    let output = project.host(&["--json", "apply", "plan.json"]).with_code(1);
    assert_eq!(refused_for(&output), ["changed-migration", "not-granted", "stale-build"], "{}", output.stable());
}

/// Problems of the moment when a plan was made are not compared.
#[test]
fn a_plan_whose_problems_are_gone_runs() {
    let project = at_a();
    project.database.query("CREATE TABLE kid () INHERITS (host_version)");
    let plan = project.host(&["--json", "upgrade", "head", "--dry-run"]).with_code(3);
    assert_eq!(kinds(&plan.json()["problems"]), ["database"]);
    project.write("plan.json", &plan.stdout);
    assert_eq!(refused_for(&project.host(&["--json", "apply", "plan.json"]).with_code(1)), ["database"]);
    project.database.query("DROP TABLE kid");
    project.host(&["apply", "plan.json"]).success();
}
