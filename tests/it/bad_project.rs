//! Files that are wrong. Every one is refused with a message that names it, and nothing is changed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::harness::TestProject;
use crate::harness::assert_output;

#[test]
fn no_settings_file() {
    let project = TestProject::new();
    std::fs::remove_file(project.path("host.toml")).expect("a file to remove");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_folder_in_place_of_the_settings_file() {
    let project = TestProject::new();
    std::fs::remove_file(project.path("host.toml")).expect("a file to remove");
    std::fs::create_dir(project.path("host.toml")).expect("a folder");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_settings_file_that_is_not_text() {
    let project = TestProject::new();
    std::fs::write(project.path("host.toml"), b"[default]\nurl = \"\xFF\"\n").expect("a file");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn an_unknown_key_in_the_settings() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nurl = \"local:\"\nmigration = \"migrations\"\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_key_outside_of_a_section() {
    let project = TestProject::new();
    project.write("host.toml", "url = \"postgres://me:secret@db/shop\"\n");
    let output = project.refuses(1, &["upgrade", "head"]);
    assert!(!output.stable().contains("secret"));
    assert_output!(output);
}

#[test]
fn a_limit_that_is_out_of_range() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\n\n[default.limits]\nmemory = '8GiB'\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_limit_without_a_unit() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\n\n[default.limits]\nlock-timeout = 5000\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_limit_of_an_earlier_version() {
    let project = TestProject::new();
    project.write("host.toml", "[default.limits]\nlock-timeout-milliseconds = 5000\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn settings_that_are_not_toml() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nurl = postgres://me@db/shop\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn server_programs_that_are_not_there() {
    let project = TestProject::new();
    let start = |folder: &str| project.host_with(("HOST_PG_BIN", folder), &["local", "start"]).with_code(1);
    assert_output!(start("/nowhere"));
    assert_output!(start("bin"));
    assert_output!(start("/"));
}

#[test]
fn an_unknown_environment() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\n[staging]\n[production]\n");
    assert_output!(project.refuses(1, &["-e", "prod", "upgrade", "head"]));
}

#[test]
fn an_unset_variable_in_the_url() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nurl = \"postgres://me:${SHOP_PASSWORD}@db/shop\"\n");
    let mut command = project.command(&["upgrade", "head"]);
    command.env_remove("HOST_DATABASE_URL");
    assert_output!(project.refuses_command(1, command));
}

#[test]
fn no_url_at_all() {
    let project = TestProject::new();
    let mut command = project.command(&["upgrade", "head"]);
    command.env_remove("HOST_DATABASE_URL");
    assert_output!(project.refuses_command(1, command));
}

#[test]
fn an_unknown_key_in_a_metadata_block() {
    let project = TestProject::new();
    project.write(
        "migrations/a.sql",
        "-- Adds users.\n-- /// migration\n-- revision = \"a\"\n-- mesage = \"add users\"\n-- ///\n-- upgrade\n",
    );
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn an_unknown_key_in_the_metadata_of_a_folder() {
    let project = TestProject::new();
    project.write("migrations/a/migration.toml", "revision = \"a\"\n\n[upgrade]\nsql = \"\"\n");
    project.write("migrations/a/Cargo.toml", "");
    assert_output!(project.refuses(1, &["history"]));
}

#[test]
fn a_revision_id_that_the_target_grammar_cannot_name() {
    let project = TestProject::new();
    project.write("migrations/a.sql", "-- /// migration\n-- revision = \"add-users\"\n-- ///\n-- upgrade\n");
    assert_output!(project.refuses(1, &["history"]));
}

#[test]
fn a_source_without_a_metadata_block() {
    let project = TestProject::new();
    project.write("migrations/a.sql", "CREATE TABLE users (id int);\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_metadata_block_without_an_end() {
    let project = TestProject::new();
    project.write("migrations/a.sql", "-- /// migration\n-- revision = \"a\"\n\nCREATE TABLE users (id int);\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn two_migrations_with_one_id() {
    let project = TestProject::with_three_tables();
    project.write("migrations/copy_of_b.sql", &migration("b", "\"a\""));
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_missing_parent() {
    let project = TestProject::with_three_tables();
    project.write("migrations/d.sql", &migration("d", "\"3f2a9c1b7d04\""));
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_missing_dependency() {
    let project = TestProject::with_three_tables();
    let text =
        "-- /// migration\n-- revision = \"d\"\n-- revises = \"c\"\n-- depends-on = \"billing\"\n-- ///\n-- upgrade\n";
    project.write("migrations/d.sql", text);
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_cycle() {
    let project = TestProject::new();
    for (id, parent) in [("a", "c"), ("b", "a"), ("c", "b")] {
        project.sql(id, Some(parent), "SELECT 1", "SELECT 1");
    }
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_migration_that_revises_itself() {
    let project = TestProject::new();
    project.sql("a", Some("a"), "SELECT 1", "SELECT 1");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn one_branch_label_for_two_revisions() {
    let project = TestProject::new();
    for id in ["a", "b"] {
        let text =
            format!("-- /// migration\n-- revision = \"{id}\"\n-- branch-labels = \"billing\"\n-- ///\n-- upgrade\n");
        project.write(&format!("migrations/{id}.sql"), &text);
    }
    assert_output!(project.refuses(1, &["upgrade", "heads"]));
}

#[test]
fn a_file_name_that_is_not_utf_8() {
    let project = TestProject::with_three_tables();
    let path = project.path("migrations").join(OsStr::from_bytes(b"caf\xE9.sql"));
    std::fs::write(path, migration("d", "\"c\"")).expect("a file");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_source_that_is_not_utf_8() {
    let project = TestProject::with_three_tables();
    let mut text = migration("d", "\"c\"").into_bytes();
    text.extend(b"SELECT 'caf\xE9';\n");
    std::fs::write(project.path("migrations/d.sql"), text).expect("a file");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_folder_without_a_source() {
    let project = TestProject::with_three_tables();
    project.write("migrations/d/migration.toml", "revision = \"d\"\nrevises = \"c\"\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_pipe_in_place_of_a_source() {
    let project = TestProject::with_three_tables();
    let made = std::process::Command::new("mkfifo").arg(project.path("migrations/d.sql")).status();
    assert!(made.expect("mkfifo runs").success());
    let output = project.host(&["upgrade", "head"]).with_code(1);
    std::fs::remove_file(project.path("migrations/d.sql")).expect("a pipe to remove");
    assert_output!(output);
}

#[test]
fn a_link_out_of_the_project() {
    let project = TestProject::with_three_tables();
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(elsewhere.path().join("d.sql"), migration("d", "\"c\"")).expect("a file");
    std::os::unix::fs::symlink(elsewhere.path().join("d.sql"), project.path("migrations/d.sql")).expect("a link");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_migrations_folder_outside_of_the_project() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nmigrations = \"../migrations\"\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn no_migrations_folder() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nmigrations = \"db\"\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_file_in_place_of_the_migrations_folder() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nmigrations = \"host.toml\"\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_file_in_place_of_the_state_folder() {
    let project = TestProject::new();
    project.sql("a", None, "SELECT 1", "SELECT 1");
    project.write(".host", "not a folder\n");
    assert_output!(project.refuses(1, &["build"]));
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_named_folder_that_does_not_exist() {
    let project = TestProject::new();
    assert_output!(project.refuses(1, &["-C", "shop", "upgrade", "head"]));
}

fn migration(id: &str, revises: &str) -> String {
    format!("-- /// migration\n-- revision = \"{id}\"\n-- revises = {revises}\n-- ///\n-- upgrade\n")
}
