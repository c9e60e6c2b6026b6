//! What the text of a migration in SQL shows, and a run would find too late: comments that only look like the beginning of a
//! section, a downgrade that nobody wrote, what cannot run in a transaction, what git left.

use host::store::Manifest;
use host::store::ScriptSections;
use host::store::add_manifest;
use host::store::read_manifest;

use crate::harness::Output;
use crate::harness::TestDatabase;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::server_has;

/// A project with one migration, `migrations/a.sql`, whose metadata has these lines besides.
fn project_with(metadata: &str, text: &str) -> TestProject {
    let project = TestProject::new();
    project.write("migrations/a.sql", &format!("-- /// migration\n-- revision = \"a\"\n{metadata}-- ///\n{text}"));
    project
}

/// A build that finds what is wrong, and leaves nothing that could run.
fn not_built(metadata: &str, text: &str) -> Output {
    let project = project_with(metadata, text);
    let output = project.refuses(1, &["build"]);
    project.host(&["build", "--check"]).with_code(3);
    output
}

const UP: &str = "CREATE TABLE guests (name text);\n";
const DOWN: &str = "DROP TABLE guests;\n";

#[test]
fn a_comment_that_looks_like_the_beginning_of_a_section() {
    assert_output!(not_built("", &format!("-- upgrade\n{UP}\n-- downgrade:\n{DOWN}")));
    assert_output!(not_built("", &format!("-- Upgrade section\n{UP}\n-- Downgrade section\n{DOWN}")));
    assert_output!(not_built("", &format!("-- upgrade\n{UP}\n/* downgrade */\n{DOWN}")));
    assert_output!(not_built("", &format!("-- migrate:up\n{UP}\n-- migrate:down\n{DOWN}")));
    assert_output!(not_built("", &format!("-- upgrade\n{UP}\n-- +goose Down\n{DOWN}")));
    let output =
        project_with("", &format!("-- upgrade\n{UP}-- dowgrade\n{DOWN}")).host(&["--json", "build"]).with_code(1);
    let line = &output.json_lines()[0];
    assert_eq!(line["event"], "build-failed", "{line}");
}

/// One that was built before host looked, or elsewhere.
#[test]
fn a_component_with_such_a_comment_does_not_run() {
    let project = project_with("", &format!("-- upgrade\n{UP}\n-- downgrade\n{DOWN}"));
    project.host(&["build"]).success();
    let bytes = std::fs::read(project.path(".host/build/a.wasm")).expect("a component");
    let mut manifest: Manifest = read_manifest(&bytes).expect("a component").expect("metadata");
    let source = host::store::read_source(&bytes).expect("a component").expect("a source");
    let source = source.replace("-- downgrade\n", "-- downgrade:\n");
    let start = manifest.sections.expect("sections").upgrade[0];
    manifest.sections = Some(ScriptSections { upgrade: [start, source.len()], downgrade: None });
    let mut changed = host::store::without_sections(&bytes).expect("a component");
    add_manifest(&mut changed, &manifest, Some(&source)).expect("sections");
    std::fs::remove_file(project.path("migrations/a.sql")).expect("a source to remove");
    std::fs::write(project.path("migrations/a.wasm"), changed).expect("a component");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_new_migration_does_not_build_until_its_downgrade_is_decided() {
    let project = TestProject::new();
    let written = project.host(&["--json", "revision", "-m", "create guests", "--rev-id", "a"]).success().json();
    let new = project.path(written["file"].as_str().expect("a path"));
    let text = std::fs::read_to_string(&new).expect("the migration");
    std::fs::remove_file(new).expect("the migration");
    let decided = |placeholder: &str, instead: &str| {
        assert!(text.contains(placeholder), "{text}");
        let text = text.replace("-- upgrade\n", &format!("-- upgrade\n{UP}")).replace(placeholder, instead);
        project.write("migrations/a.sql", &text);
    };
    decided("\n-- downgrade\n", "\n-- downgrade\n");
    assert_output!(project.refuses(1, &["build"]));
    let lines: Vec<&str> = text.lines().skip_while(|line| *line != "-- downgrade").take(2).collect();
    let both = lines.join("\n");

    // Each of the three ways out that the placeholder and the hint name.
    decided("-- downgrade\n", &format!("-- downgrade\n{DOWN}"));
    assert_output!(project.host(&["build"]).success());
    decided(&both, "-- downgrade: nothing to do");
    assert_output!(project.host(&["build"]).success());
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
    project.database.query("DROP TABLE guests");
    decided(&both, "-- downgrade: irreversible");
    assert_output!(project.host(&["build"]).success());
    project.host(&["upgrade", "head"]).success();
    assert_output!(project.host(&["downgrade", "base"]).with_code(1));
    assert_eq!(project.database.query("SELECT count(*) FROM guests"), "0");
}

#[test]
fn a_merge_needs_no_decision() {
    let project = TestProject::with_three_tables();
    project.sql("d", Some("b"), "CREATE TABLE table_d (id int)", "DROP TABLE table_d");
    project.host(&["merge", "heads", "-m", "join"]).success();
    assert!(!project.host(&["build"]).success().stderr.contains("downgrade"));
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_downgrade_without_statements_is_told() {
    let project = project_with("", &format!("-- upgrade\n{UP}\n-- downgrade\n-- there is none\n"));
    assert_output!(project.host(&["build"]).success());
    let output = project.host(&["--json", "build", "--force"]).success();
    let lines = output.json_lines();
    assert_eq!(lines[0]["event"], "build-warning", "{lines:?}");
    assert_eq!(lines[0]["revision"], "a", "{lines:?}");
    // Nothing is said of a migration that is not built again.
    assert!(!project.host(&["build"]).success().stderr.contains("a.sql"));
    for (metadata, text) in [
        ("-- irreversible = true\n", format!("-- upgrade\n{UP}-- downgrade\n")),
        ("", format!("-- upgrade\n{UP}")),
        ("", "-- upgrade\n-- downgrade\n".to_owned()),
    ] {
        let output = project_with(metadata, &text).host(&["build"]).success();
        assert!(!output.stderr.contains("downgrade"), "{}", output.stable());
    }
}

#[test]
fn sql_below_a_downgrade_that_says_it_has_none() {
    assert_output!(not_built("", &format!("-- upgrade\n{UP}\n-- downgrade: irreversible\n{DOWN}")));
}

#[test]
fn what_cannot_run_in_a_transaction() {
    let downgrade = "-- downgrade\nSELECT 1;\n";
    assert_output!(not_built("", &format!("-- upgrade\nCREATE INDEX CONCURRENTLY ON guests (name);\n{downgrade}")));
    assert_output!(not_built("", "-- upgrade\nSELECT 1;\n-- downgrade\nDROP INDEX CONCURRENTLY guests_name;\n"));
    assert_output!(not_built("", &format!("-- upgrade\nSELECT 1;\nVACUUM guests;\n{downgrade}")));
    assert_output!(not_built("", &format!("-- upgrade\nREINDEX DATABASE;\n{downgrade}")));
    let used = "ALTER TYPE mood ADD VALUE 'calm';\nUPDATE guests SET mood = 'calm';\n";
    assert_output!(not_built("", &format!("-- upgrade\n{used}{downgrade}")));
    // What is for an administrator is found, too.
    for (statement, command) in [
        ("CREATE DATABASE other", "CREATE DATABASE"),
        ("DROP TABLESPACE fast", "DROP TABLESPACE"),
        ("ALTER SYSTEM SET work_mem = '1GB'", "ALTER SYSTEM"),
    ] {
        let output = not_built("", &format!("-- upgrade\n{statement};\n{downgrade}"));
        assert!(output.stderr.contains(&format!("{command} is not allowed in a migration")), "{}", output.stable());
    }
    // What the hint says helps, and the server agrees.
    let project = project_with(
        "-- transaction = \"none\"\n",
        "-- upgrade\nCREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE guests (mood mood);\nALTER TYPE mood ADD VALUE 'calm';\n\
         INSERT INTO guests VALUES ('calm');\nCREATE INDEX CONCURRENTLY guests_mood ON guests (mood);\nVACUUM guests;\n\
         -- downgrade\nDROP TABLE guests;\nDROP TYPE mood;\n",
    );
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT mood FROM guests"), "calm");
}

/// What the server says to statements in one text.
fn answer(database: &TestDatabase, sql: &str) -> Result<(), String> {
    let output = database.psql().args(["-c", sql]).output().expect("psql runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// The server refuses what host refuses, so that nothing is refused that could run.
#[test]
fn the_server_refuses_the_same_in_a_transaction() {
    let database = &TestProject::new().database;
    database.query(
        "CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (9); \
         CREATE INDEX part_id ON part (id)",
    );
    for statement in [
        "CREATE INDEX CONCURRENTLY other ON part (id)",
        "DROP INDEX CONCURRENTLY part_id",
        "REINDEX TABLE CONCURRENTLY part",
        "REINDEX SCHEMA public",
        "VACUUM part",
        "CLUSTER",
        "CLUSTER VERBOSE",
        "CREATE SUBSCRIPTION s CONNECTION 'host=/nowhere' PUBLICATION p",
    ] {
        assert!(host::sql::refused_in_transaction(statement).is_some(), "{statement}");
        let answer = answer(database, &format!("BEGIN; {statement}; ROLLBACK"));
        let refused = answer.expect_err("the server refuses it");
        assert!(refused.contains("cannot run inside a transaction block"), "{statement}: {refused}");
    }
    for statement in ["REINDEX TABLE part", "CLUSTER part USING part_id", "ALTER TABLE parts DETACH PARTITION part"] {
        assert!(host::sql::refused_in_transaction(statement).is_none(), "{statement}");
        answer(database, &format!("BEGIN; {statement}; ROLLBACK")).expect("the server runs it");
    }
    // A value of a type that is as new as the value itself is left to the server, because some versions can use it.
    let made = "CREATE TYPE mood AS ENUM (); ALTER TYPE mood ADD VALUE 'calm'; SELECT 'calm'::mood;";
    assert_eq!(host::sql::check_new_enum_values(made, 0..made.len()), Ok(()));
    let runs = answer(database, &format!("BEGIN; {made} ROLLBACK"));
    assert_eq!(runs.is_ok(), server_has(17, "the use of a new value of a new enum"), "{runs:?}");
    database.query("CREATE TYPE mood AS ENUM ()");
    let used = "ALTER TYPE mood ADD VALUE 'warm'; SELECT 'warm'::mood;";
    host::sql::check_new_enum_values(used, 0..used.len()).expect_err("it is found");
    answer(database, &format!("BEGIN; {used} COMMIT")).expect_err("the server refuses it");
}

#[test]
fn what_git_left() {
    let conflict = "<<<<<<< HEAD\nCREATE TABLE a ();\n=======\nCREATE TABLE b ();\n>>>>>>> other\n";
    assert_output!(not_built("", &format!("-- upgrade\n{conflict}-- downgrade\n{DOWN}")));
    let project = project_with("", "-- upgrade\n");
    let metadata =
        "-- /// migration\n<<<<<<< HEAD\n-- revision = \"a\"\n=======\n-- revision = \"b\"\n>>>>>>> other\n-- ///\n";
    project.write("migrations/a.sql", &format!("{metadata}-- upgrade\n"));
    assert_output!(project.refuses(1, &["build"]));
    std::fs::remove_file(project.path("migrations/a.sql")).expect("a file");
    let toml = "<<<<<<< HEAD\nrevision = \"a\"\n=======\nrevision = \"b\"\n>>>>>>> other\n";
    project.write("migrations/a/migration.toml", toml);
    project.write("migrations/a/Cargo.toml", "");
    assert_output!(project.refuses(1, &["history"]));
}

#[test]
fn a_line_of_metadata_that_is_no_comment() {
    let project = project_with("asks = [\"schema\"]\n", "-- upgrade\n");
    assert_output!(project.refuses(1, &["history"]));
}
