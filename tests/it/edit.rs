//! `host edit`, with scripts in the place of an editor.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

#[test]
fn the_editor_gets_the_file_of_the_migration() {
    let project = with_editor("printf '%s\\n' \"$@\"");
    assert_output!(edit(&project, "b"));
    assert_eq!(edited(&project, "head"), ["migrations/c.sql"]);
    assert_eq!(edited(&project, "head-1"), ["migrations/b.sql"]);
}

#[test]
fn of_a_rust_migration_it_gets_the_source() {
    let project = with_editor("printf '%s\\n' \"$@\"");
    project.write("migrations/d/migration.toml", "revision = \"d\"\nrevises = \"c\"\n");
    project.write("migrations/d/Cargo.toml", "");
    project.write("migrations/d/src/lib.rs", "");
    assert_eq!(edited(&project, "d"), ["migrations/d/src/lib.rs"]);
}

#[test]
fn current_is_what_is_applied() {
    let project = with_editor("printf '%s\\n' \"$@\"");
    assert_output!(edit(&project, "current"));
    project.host(&["upgrade", "b"]).success();
    assert_eq!(edited(&project, "current"), ["migrations/b.sql"]);
}

#[test]
fn the_exit_code_is_that_of_the_editor() {
    let project = with_editor("exit 7");
    assert_output!(edit(&project, "a"));
}

#[test]
fn visual_goes_before_editor_and_may_have_arguments() {
    let project = with_editor("printf '%s\\n' \"$1\"");
    let mut command = project.command(&["edit", "a"]);
    command.env("VISUAL", format!("{} --wait", project.path("editor").display())).env("EDITOR", "false");
    assert_eq!(project.run(command).success().stdout, "--wait\n");
}

#[test]
fn an_editor_that_is_not_there() {
    let project = TestProject::with_three_tables();
    assert_output!(project.host_with(("VISUAL", "no-such-editor -w"), &["edit", "a"]));
}

#[test]
fn a_target_that_names_no_migration() {
    let project = with_editor("exit 0");
    assert_output!(edit(&project, "base"));
    assert_output!(edit(&project, "nothing"));
}

fn with_editor(script: &str) -> TestProject {
    let project = TestProject::with_three_tables();
    project.write("editor", &format!("#!/bin/sh\n{script}\n"));
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.path("editor"), permissions).expect("a script that can be run");
    project
}

fn edit(project: &TestProject, target: &str) -> Output {
    let editor = project.path("editor");
    project.host_with(("EDITOR", editor.to_str().expect("a UTF-8 path")), &["edit", target])
}

/// What the editor was given, relative to the project.
fn edited(project: &TestProject, target: &str) -> Vec<String> {
    let output = edit(project, target).success();
    let folder = format!("{}/", project.path("").canonicalize().expect("the project's folder").display());
    output.stdout.lines().map(|line| line.strip_prefix(&folder).expect("an absolute path").to_owned()).collect()
}
