//! What migrations ask for, what settings grant, and the guard between them.

use std::os::unix::fs::PermissionsExt as _;

use host::store::Manifest;
use host::store::add_manifest;
use host::store::read_manifest;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

const FUNCTION: &str = "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'";

/// Runs a command that is refused before anything is written.
fn refused(project: &TestProject, arguments: &[&str]) -> Output {
    let output = project.host(arguments).with_code(1);
    let objects = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(project.database.query(objects), "0", "{}", output.stable());
    output
}

/// `a` makes a table, `b` asks for what the text says.
fn project_asking(asks: &str, upgrade: &str) -> TestProject {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.write(
        "migrations/b.sql",
        &format!(
            "-- /// migration\n-- revision = \"b\"\n-- revises = \"a\"\n-- message = \"migration b\"\n{asks}-- ///\n\
             -- upgrade\n{upgrade};\n-- downgrade\nSELECT 1;\n"
        ),
    );
    project
}

#[test]
fn what_is_not_granted_is_refused_before_the_first_step() {
    let project = project_asking("-- asks = [\"schema\", \"function\", \"role\"]\n", FUNCTION);
    project.write("host.toml", "[default.grants]\nfunction = true\n\n[prod.grants]\nfunction = false\n");
    project.host(&["build"]).success();
    assert_output!(refused(&project, &["upgrade", "head"]));
    assert_output!(refused(&project, &["-e", "prod", "upgrade", "head"]));
    // The step before it can run.
    project.host(&["upgrade", "a"]).success();
}

#[test]
fn less_can_be_granted_than_is_usual() {
    let project = project_asking("-- asks = \"schema\"\n", "CREATE TABLE table_b (id int)");
    project.write("host.toml", "[default.grants]\ndata = false\n");
    project.host(&["build"]).success();
    // `a` does not say what it asks for.
    assert_output!(refused(&project, &["upgrade", "head"]));
}

#[test]
fn what_is_granted_runs() {
    let project = project_asking("-- asks = [\"function\"]\n", FUNCTION);
    project.write("host.toml", "[default]\ngrants.function = true\n");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT one()"), "1");
}

#[test]
fn a_statement_that_was_not_asked_for_cannot_be_built() {
    let project = project_asking("", &format!("CREATE TABLE table_b (id int);\n{FUNCTION}"));
    assert_output!(refused(&project, &["build"]));
}

#[test]
fn a_command_that_nobody_knows_cannot_be_built() {
    let project = project_asking("", "CREATE TABEL table_b (id int)");
    assert_output!(refused(&project, &["build"]));
}

#[test]
fn an_unknown_class() {
    let project = project_asking("-- asks = [\"schema\", \"functions\"]\n", FUNCTION);
    assert_output!(refused(&project, &["upgrade", "head"]));
}

#[test]
fn an_unknown_grant() {
    let project = TestProject::with_three_tables();
    project.write("host.toml", "[default.grants]\nsuperuser = true\n");
    assert_output!(refused(&project, &["upgrade", "head"]));
}

/// All classes that a file needs are told at once, in both directions, and what the environment does not grant of them. Then the
/// lines that are told are enough.
#[test]
fn everything_that_is_missing_is_told_by_one_build() {
    let upgrade = "CREATE TABLE table_b (id int);\nCREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';\n\
                   CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2';\nALTER TABLE table_b OWNER TO CURRENT_USER;\n\
                   SET LOCAL lock_timeout = '2s';\nSELECT set_config('lock_timeout', '3s', true)";
    let project = project_asking("", upgrade);
    let downgrade =
        "DROP FUNCTION one();\nDROP FUNCTION two();\nDROP TABLE table_b;\nREVOKE ALL ON table_a FROM PUBLIC";
    let text = std::fs::read_to_string(project.path("migrations/b.sql")).expect("the file");
    project.write("migrations/b.sql", &text.replace("-- downgrade\nSELECT 1", &format!("-- downgrade\n{downgrade}")));
    project.write("host.toml", "[default]\n");
    let output = refused(&project, &["build"]);
    assert_output!(output);

    // Both lines, as they are told.
    let line = |before: &str| {
        let (_, rest) = output.stderr.split_once(&format!("write `{before}")).expect("a line to write");
        format!("{before}{}\n", rest.split('`').next().expect("its end"))
    };
    let text = std::fs::read_to_string(project.path("migrations/b.sql")).expect("the file");
    project.write("migrations/b.sql", &text.replace("-- ///\n", &format!("{}-- ///\n", line("-- asks"))));
    project.write("host.toml", &format!("[default]\n{}", line("grants")));
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_build_writes_what_a_file_has_to_ask_for() {
    let project =
        project_asking("-- asks = [ 'schema' ] # tables\n", &format!("CREATE TABLE table_b (id int);\n{FUNCTION}"));
    let file = "migrations/b.sql";
    let text = std::fs::read_to_string(project.path(file)).expect("the file");
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    project.write(file, &windows);
    project.write("host.toml", "[default]\n");
    let rights = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(project.path(file), rights.clone()).expect("rights to set");
    assert_output!(project.host(&["build", "--fix-asks"]));
    let expected = windows.replace("[ 'schema' ]", "[ 'schema', \"function\" ]");
    assert_eq!(std::fs::read_to_string(project.path(file)).expect("the file"), expected);
    assert_eq!(std::fs::metadata(project.path(file)).expect("the file").permissions().mode() & 0o777, rights.mode());

    // There is nothing more to write.
    let again = project.host(&["build", "--fix-asks"]).success();
    assert_eq!(again.stdout, "");
    assert_eq!(std::fs::read_to_string(project.path(file)).expect("the file"), expected);
    project.write("host.toml", "[default.grants]\nfunction = true\n");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_build_tells_programs_what_it_wrote() {
    let project = project_asking("", FUNCTION);
    project.write("host.toml", "[default]\n");
    let lines = project.host(&["--json", "build", "--fix-asks"]).success().json_lines();
    let event = |name: &str| lines.iter().find(|line| line["event"] == name).cloned().unwrap_or_default();
    let written = serde_json::json!({
        "event": "asks-written", "revision": "b", "file": "migrations/b.sql", "asks": ["data", "schema", "function"],
    });
    assert_eq!(event("asks-written"), written);
    let missing = serde_json::json!({
        "event": "not-granted", "environment": "default", "files": ["migrations/b.sql"], "classes": ["function"],
    });
    assert_eq!(event("not-granted"), missing);
}

/// A link is followed, not replaced, and what does not need anything is not written.
#[test]
fn a_file_behind_a_link_is_written_where_it_is() {
    let project = project_asking("", FUNCTION);
    std::fs::create_dir(project.path("shared")).expect("a folder");
    std::fs::rename(project.path("migrations/b.sql"), project.path("shared/b.sql")).expect("a rename");
    std::os::unix::fs::symlink("../shared/b.sql", project.path("migrations/b.sql")).expect("a link");
    let before = std::fs::read(project.path("migrations/a.sql")).expect("the file");
    project.host(&["build", "--fix-asks"]).success();
    assert!(project.path("migrations/b.sql").is_symlink());
    let text = std::fs::read_to_string(project.path("shared/b.sql")).expect("the file");
    assert!(text.contains("-- asks = [\"data\", \"schema\", \"function\"]\n-- ///\n"), "{text}");
    assert_eq!(std::fs::read(project.path("migrations/a.sql")).expect("the file"), before);
}

/// Each refusal as a person reads it.
#[test]
fn refusals_name_the_real_reason() {
    let project = project_asking(
        "",
        "BEGIN;\nCOMMIT;\nALTER TABLE a OWNER TO b;\nALTER ROLE a SET work_mem = '1GB';\n\
         ALTER DATABASE a SET work_mem = '1GB';\nALTER DATABASE a RENAME TO b;\n\
         SELECT set_config('statement_timeout', '0', true);\nSELECT set_config('role', 'a', true);\n\
         SELECT set_config(name, 'a', true) FROM pg_settings;\nSET LOCAL lock_timeout = '1min';\n\
         SET LOCAL statement_timeout = 0;\nSET lock_timeout = '1s';\nRESET lock_timeout;\n\
         CREATE SCHEMA AUTHORIZATION a;\nSELECT nextval('a'), pg_notify('a', 'b');\nINSERT INTO a VALUES (nextval('a'));\n\
         SELECT query_to_xml('', true, true, '')",
    );
    assert_output!(refused(&project, &["build"]));
}

/// For each of these alone, with its hint.
#[test]
fn hints_of_refusals() {
    for statement in [
        "COMMIT",
        "ALTER TABLE a OWNER TO b",
        "ALTER DATABASE a SET work_mem = '1GB'",
        "SET lock_timeout = '1s'",
        "SET LOCAL lock_timeout = '1min'",
        "PREPARE a AS SELECT 1",
    ] {
        assert_output!(refused(&project_asking("", statement), &["build"]));
    }
}

const LIMITS: &str = "SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout')";

/// Also where a function does it. The limit that counts is the one in force, which may be an option.
#[test]
fn a_stricter_time_limit_needs_no_class() {
    let upgrade = format!(
        "SET LOCAL lock_timeout = '2s';\nSET LOCAL statement_timeout = '1 min';\nCREATE TABLE table_b AS {LIMITS} AS limits"
    );
    let project = project_asking("", &upgrade);
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head", "--lock-timeout", "1s"]).with_code(1);
    assert!(
        output.stderr.contains("SET LOCAL lock_timeout to more than 1 s is of the class session"),
        "{}",
        output.stable()
    );
    assert_eq!(project.database.query("SELECT to_regclass('table_a') IS NULL"), "t", "nothing ran");
    project.host(&["upgrade", "head", "--lock-timeout", "2s"]).success();
    assert_eq!(project.database.query("SELECT limits FROM table_b"), "2s 1min");
    project.host(&["downgrade", "a"]).success();

    let longer = project_asking("", "SET LOCAL lock_timeout = '20s'");
    longer.write("host.toml", "[default.limits]\nlock-timeout = \"30s\"\n");
    longer.host(&["build"]).success();
    longer.host(&["upgrade", "head"]).success();
}

/// A limit that a function made stricter, however it did that, may stay; a longer one, none, or another setting may not.
#[test]
fn what_a_function_does_with_time_limits_is_checked_at_the_end() {
    let migration = |statement: &str| {
        let text = format!("DO $$ BEGIN {statement}; END $$");
        let project = project_asking("-- asks = [\"function\"]\n", &text);
        project.host(&["build"]).success();
        project
    };
    for statement in [
        "SET LOCAL lock_timeout = '9s'",
        "SET lock_timeout = '10s'; SET statement_timeout = '1h'",
        "PERFORM set_config('statement_timeout', '59999ms', false), set_config('lock_timeout', '1000', false)",
    ] {
        let project = migration(statement);
        let output = project.host(&["upgrade", "head"]).success();
        assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b", "{}", output.stable());
    }
    for (statement, why) in [
        ("SET LOCAL lock_timeout = '11s'", "lock_timeout was 10s and is 11s"),
        ("SET LOCAL lock_timeout = 0", "lock_timeout was 10s and is 0"),
        ("SET LOCAL lock_timeout = '400us'", "lock_timeout was 10s and is 0"),
        (
            "SET LOCAL lock_timeout = '1s'; SET idle_in_transaction_session_timeout = '1s'",
            "idle_in_transaction_session_timeout",
        ),
        ("SET LOCAL statement_timeout = '1h'; SET LOCAL row_security = off", "row_security was on and is off"),
    ] {
        let output = migration(statement).host(&["upgrade", "head"]).with_code(1);
        assert!(output.stderr.contains(why), "{}", output.stable());
    }
}

/// Whoever writes components need not keep to what `host build` checks.
#[test]
fn a_script_in_a_component_is_checked_before_the_first_step() {
    let project = project_asking("", "CREATE TABLE table_b (id int)");
    project.host(&["build"]).success();
    let path = project.path(".host/build/b.wasm");
    let bytes = std::fs::read(&path).expect("a component");
    let manifest: Manifest = read_manifest(&bytes).expect("a component").expect("metadata");
    let source = host::store::read_source(&bytes).expect("a component").expect("a source");
    let statement = "CREATE TABLE table_b (id int)";
    let other = format!("{:1$}", "CREATE ROLE somebody", statement.len());
    let source = source.replace(statement, &other);
    let mut changed = host::store::without_sections(&bytes).expect("a component");
    add_manifest(&mut changed, &manifest, Some(&source)).expect("sections");
    // In the build folder it would be compared with its source.
    std::fs::remove_file(project.path("migrations/b.sql")).expect("a source to remove");
    std::fs::write(project.path("migrations/b.wasm"), changed).expect("a component");
    assert_output!(refused(&project, &["upgrade", "head"]));
    assert_output!(refused(&project, &["upgrade", "head", "--sql"]));
}

#[test]
fn a_script_for_psql_goes_through_the_same_guard() {
    let project = project_asking("-- asks = [\"role\"]\n", "CREATE ROLE nobody_at_all");
    project.write("host.toml", "[default]\n");
    project.host(&["build"]).success();
    assert_output!(refused(&project, &["upgrade", "head", "--sql"]));
    project.write("host.toml", "[default.grants]\nrole = true\n");
    let script = project.host(&["upgrade", "head", "--sql"]).success();
    assert!(script.stdout.contains("CREATE ROLE nobody_at_all;"), "{}", script.stable());
}

#[test]
fn a_guest_gets_through_with_nothing_that_it_did_not_ask_for() {
    let project = TestProject::with_guest("denied");
    assert_output!(project.host(&["upgrade", "head"]));
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
    let json = project.host(&["--json", "upgrade", "head"]).with_code(1);
    let error = json.json_lines().pop().expect("a last line");
    assert_eq!(error["error"]["kind"], "call-refused", "{error}");
}

#[test]
fn inspect_says_what_a_component_could_do() {
    let project = project_asking("-- asks = [\"schema\", \"function\"]\n", FUNCTION);
    project.write("host.toml", "[default]\n\n[prod.grants]\nfunction = true\n");
    project.host(&["build"]).success();
    let stable = |arguments: &[&str]| {
        let output = project.host(arguments).success();
        let digests = output.stdout.split_whitespace().map(|word| word.trim_end_matches(')'));
        let digests: Vec<_> =
            digests.filter(|word| word.len() == 64).map(|word| (word.to_owned(), "[digest]")).collect();
        output.replace(&digests)
    };
    assert_output!(stable(&["inspect", "b"]));
    assert_output!(stable(&["-e", "prod", "inspect", "b"]));
    let json = project.host(&["--json", "inspect", "b"]).success().json();
    assert_eq!(json["may"], serde_json::json!(["query", "schema", "function"]));
    assert_eq!(json["may_not"][0], "data");
    assert_eq!(json["not_granted"], serde_json::json!(["function"]));
    assert_eq!((&json["runs_here"], json["reason"].is_string()), (&serde_json::json!(false), true));
    let json = project.host(&["--json", "inspect", ".host/build/a.wasm"]).success().json();
    assert_eq!((&json["not_granted"], &json["runs_here"]), (&serde_json::Value::Null, &serde_json::json!(true)));
}

/// As docs/from-alembic.md says: a schema of pg_dump, without psql's lines and without timeouts, is a migration.
#[test]
fn a_dump_of_a_schema_can_be_a_migration() {
    if !crate::harness::can_dump() {
        return;
    }
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "head"]).success();
    project.database.query("CREATE VIEW one AS SELECT 1 AS one; CREATE INDEX i ON table_a (id)");
    let dump = project.database.dump(&[
        "--schema-only",
        "--no-privileges",
        "-T",
        "host_version",
        "-T",
        "host_log",
        "-T",
        "host_journal",
    ]);
    let foreign =
        |line: &&str| line.starts_with('\\') || line.starts_with("SET row_security") || line.contains("timeout =");
    let schema: Vec<&str> = dump.lines().filter(|line| !foreign(line)).collect();
    assert!(schema.iter().any(|line| line.starts_with("SET standard_conforming_strings")), "{dump}");
    let other = TestProject::new();
    let metadata = "-- /// migration\n-- revision = \"a\"\n-- ///\n-- upgrade\n";
    other.write("migrations/a.sql", &format!("{metadata}{}\n", schema.join("\n")));
    other.host(&["build"]).success();
    other.host(&["upgrade", "head"]).success();
    assert_eq!(other.database.query("SELECT one FROM one"), "1");
}
