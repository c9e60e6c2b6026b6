//! Steps that fail: rolled back as a whole, recorded, and explained down to the column.

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// Three statements, of which the second one fails after a line with characters of several bytes.
const FAILING: &str = "CREATE TABLE table_b (name text UNIQUE, amount int CHECK (amount > 0));\n\
                       INSERT INTO table_b VALUES ('Zoë', 1), ('Zoë', 2);\n\
                       CREATE TABLE table_never (id int)";

#[test]
fn the_second_statement_of_the_second_migration() {
    let project = failing(FAILING);
    let output = fails(&project, &["upgrade", "head"]);
    assert_output!(output);
    let log = project.host(&["log"]).success();
    assert!(log.stdout.contains("upgrade    b  failed"), "{}", log.stable());
    assert!(log.stdout.contains("duplicate key value violates unique constraint"), "{}", log.stable());
    let row = "SELECT direction, outcome, statements, rows, error FROM host_log WHERE revision = 'b'";
    assert_eq!(
        project.database.query(row),
        "upgrade|failed|1|0|duplicate key value violates unique constraint \"table_b_name_key\" (23505)"
    );
}

#[test]
fn after_a_correction_the_upgrade_goes_on_where_it_failed() {
    let project = failing(FAILING);
    fails(&project, &["upgrade", "head"]);
    project.sql("b", Some("a"), "CREATE TABLE table_b (name text)", "DROP TABLE table_b");
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).success());
}

#[test]
fn the_same_failure_as_json() {
    let project = failing(FAILING);
    let output = fails(&project, &["--json", "upgrade", "head"]);
    assert_eq!(output.stderr, "");
    let error = output.json_lines().pop().expect("a last line");
    insta::assert_snapshot!(serde_json::to_string_pretty(&error).expect("JSON"));
}

#[test]
fn the_place_is_exact_after_characters_of_several_bytes() {
    let project = failing(
        "CREATE TABLE table_b (name text);\n/* größer 🐘 */ INSERT INTO table_b SELECT '🐘', nome FROM table_b",
    );
    assert_output!(fails(&project, &["upgrade", "head"]));
}

#[test]
fn a_syntax_error() {
    let project = failing("CREATE TABLE table_b (id int);\n\nCREATE TABLE table_c (id int,);\nSELECT 1");
    assert_output!(fails(&project, &["upgrade", "head"]));
}

#[test]
fn a_failure_inside_a_function() {
    let project = failing(
        "CREATE FUNCTION check_stock(amount int) RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n  \
         RAISE EXCEPTION 'only % left', amount USING ERRCODE = 'P0042', DETAIL = 'The shelf is nearly empty.', \
         HINT = 'Order more.';\nEND $$;\nSELECT check_stock(3)",
    );
    assert_output!(fails(&project, &["upgrade", "head"]));
}

#[test]
fn a_constraint_that_is_checked_at_commit() {
    let project = failing(
        "CREATE TABLE table_b (id int PRIMARY KEY, parent int REFERENCES table_b DEFERRABLE INITIALLY DEFERRED);\n\
         INSERT INTO table_b VALUES (1, 2)",
    );
    assert_output!(fails(&project, &["upgrade", "head"]));
    let row = "SELECT outcome, error FROM host_log WHERE revision = 'b'";
    assert!(
        project.database.query(row).starts_with("failed|insert or update on table \"table_b\" violates foreign key")
    );
}

#[test]
fn a_statement_that_takes_too_long() {
    let project = failing("SELECT pg_sleep(60)");
    assert_output!(fails(&project, &["upgrade", "head", "--statement-timeout", "50ms"]));
}

#[test]
fn a_lock_that_somebody_else_holds() {
    use std::io::Write as _;
    let project = failing("ALTER TABLE table_a ADD COLUMN name text");
    project.host(&["upgrade", "a"]).success();
    project.write("host.toml", "[default]\n[default.limits]\nlock-timeout = '50ms'\nlock-retries = 0\n");
    let mut other = project.database.psql().stdin(std::process::Stdio::piped()).spawn().expect("psql runs");
    let mut input = other.stdin.take().expect("a pipe");
    input.write_all(b"BEGIN; LOCK TABLE table_a;\n").expect("a statement to send");
    project.database.wait_until("SELECT count(*) > 0 FROM pg_locks WHERE relation = 'table_a'::regclass AND granted");
    let output = fails(&project, &["upgrade", "head"]);
    drop(input);
    other.wait().expect("psql ends");
    assert_output!(output);
}

#[test]
fn a_connection_that_is_cut() {
    let project =
        failing("CREATE TABLE table_b (id int);\nDO $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
}

#[test]
fn a_connection_that_is_cut_while_the_step_commits() {
    let project = failing(
        // Host does at once what is deferred. So the trigger defers itself again.
        "CREATE TABLE table_b (id int);\n\
         CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS\n\
         $$ BEGIN IF NEW.id = 1 THEN SET CONSTRAINTS ALL DEFERRED; INSERT INTO table_b VALUES (2);\n\
         ELSE PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$;\n\
         CREATE CONSTRAINT TRIGGER hang_up AFTER INSERT ON table_b DEFERRABLE INITIALLY DEFERRED\n\
         FOR EACH ROW EXECUTE FUNCTION hang_up();\n\
         INSERT INTO table_b VALUES (1)",
    );
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
}

#[test]
fn a_failing_downgrade() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int PRIMARY KEY)", "DROP TABLE table_a");
    project.sql("b", Some("a"), "CREATE TABLE table_b (id int)", "DROP TABLE table_b;\nDROP TABLE table_x");
    project.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_output!(project.host(&["downgrade", "base"]).with_code(1));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
    assert_eq!(project.database.query("SELECT to_regclass('table_b'), to_regclass('table_c')"), "table_b|");
    let log = "SELECT direction, revision, outcome FROM host_log ORDER BY id DESC LIMIT 1";
    assert_eq!(project.database.query(log), "downgrade|b|failed");
}

#[test]
fn the_first_migration() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id itn)", "DROP TABLE table_a");
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
    assert_output!(project.host(&["current"]));
}

#[test]
fn a_message_with_control_characters_does_not_reach_the_terminal() {
    let project = failing("DO $$ BEGIN RAISE EXCEPTION E'red \\x1b[31m text\\r\\u202e'; END $$");
    let output = fails(&project, &["upgrade", "head"]);
    assert!(!output.stderr.contains(['\u{1b}', '\r', '\u{202e}']), "{}", output.stable());
    assert_output!(output);
}

/// Three migrations, of which the second one runs what is given. Built.
fn failing(upgrade: &str) -> TestProject {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.sql("b", Some("a"), upgrade, "DROP TABLE table_b");
    project.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    project
}

/// Runs an upgrade of which `a` stays and `b` is rolled back.
fn fails(project: &TestProject, arguments: &[&str]) -> Output {
    let output = project.host(arguments).with_code(1);
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
    let tables =
        "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE tablename LIKE 'table\\__%'";
    assert_eq!(project.database.query(tables), "table_a");
    let history = "SELECT string_agg(revision || ' ' || outcome, ', ' ORDER BY id) FROM host_log";
    assert_eq!(project.database.query(history), "a done, b failed");
    output
}

/// A function chooses all texts of an error. What is more than a migration may hand back must not hide what it was.
#[test]
fn an_error_without_end_keeps_its_sqlstate() {
    let project = failing(
        "DO $$ BEGIN RAISE 'begins %', repeat('x', 3000000) USING ERRCODE = 'P0123', DETAIL = repeat('d', 3000000), \
         HINT = repeat('h', 3000000), TABLE = repeat('t', 3000000), COLUMN = repeat('c', 3000000); END $$",
    );
    project.write(
        "host.toml",
        "[default.limits]\ncall-size = '1MiB'\nmemory = '8MiB'\n[default.grants]\nfunction = true\n",
    );
    let output = fails(&project, &["--json", "upgrade", "head"]);
    let error = output.json_lines().pop().expect("a last line")["error"].take();
    assert_eq!((error["kind"].as_str(), error["sqlstate"].as_str()), (Some("statement-failed"), Some("P0123")));
    assert!(output.stdout.len() < 60_000, "{} bytes", output.stdout.len());
    assert!(error["message"].as_str().expect("a message").contains("begins xxx"), "{error}");
    let row = "SELECT error LIKE 'begins xxx%' AND error LIKE '%(P0123)%' FROM host_log WHERE revision = 'b'";
    assert_eq!(project.database.query(row), "t");
}
