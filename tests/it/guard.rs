//! What migrations ask for, what settings grant, and the guard between them.

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
