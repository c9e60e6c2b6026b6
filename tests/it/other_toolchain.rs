//! Migrations in any language: a folder with the command that builds it.

use crate::harness::TestProject;
use crate::harness::guests;

/// A project with a migration whose folder has this command and these files.
fn project_with(build: &str, files: &[(&str, &str)]) -> TestProject {
    let project = TestProject::new();
    project.write("migrations/m/migration.toml", &format!("revision = \"a1\"\nmessage = \"made\"\nbuild = {build}\n"));
    for (path, text) in files {
        project.write(&format!("migrations/m/{path}"), text);
    }
    project
}

/// The module of a migration that does nothing, in a project's folder for whatever a command needs.
fn module(project: &TestProject) -> String {
    let file = project.path("elsewhere.wasm");
    std::fs::write(&file, guests::idle(1)).expect("a module");
    file.to_string_lossy().into_owned()
}

#[test]
fn a_command_builds_the_migration_in_a_copy_of_its_folder() {
    let project = project_with(r#"["sh", "build.sh", "out.wasm"]"#, &[("parts/name", "made of parts\n")]);
    let script = format!(
        "set -eu\nmkdir work\ncp parts/name work/name\ntest -e \"$HOST_SDK_DIR/c/host.h\"\ncp '{}' $1\n",
        module(&project)
    );
    project.write("migrations/m/build.sh", &script);
    project.host(&["build"]).success();
    project.host(&["build", "--check"]).success();
    project.host(&["upgrade", "head"]).success();
    assert!(!project.path("migrations/m/work").exists() && !project.path("migrations/m/out.wasm").exists());
    let history = project.host(&["--json", "history"]).success().json();
    assert_eq!(history["history"][0]["revision"], "a1");

    // What it reads and how it is built are both the migration.
    project.write("migrations/m/parts/name", "made of other parts\n");
    project.host(&["build", "--check"]).with_code(3);
    project.write("migrations/m/parts/name", "made of parts\n");
    project.host(&["build", "--check"]).success();
    project.write(
        "migrations/m/migration.toml",
        "revision = \"a1\"\nmessage = \"made\"\nbuild = [\"sh\", \"build.sh\", \"o.wasm\"]\n",
    );
    project.host(&["build", "--check"]).with_code(3);
    let history = project.host(&["--json", "history", "-i"]).success().json();
    assert_eq!(history["history"][0]["changed"], true);
}

#[test]
fn a_program_of_the_migration_itself_is_named_with_a_slash() {
    let project = project_with(r#"["./build"]"#, &[]);
    project.write("migrations/m/build", &format!("#!/bin/sh\ncp '{}' out.wasm\n", module(&project)));
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(project.path("migrations/m/build"), executable).expect("permissions");
    project.host(&["build"]).success();
}

/// A migration that is built is not built again by `upgrade`, and its command is not run for anything else.
#[test]
fn only_a_build_runs_the_command() {
    let project = project_with(r#"["sh", "build.sh"]"#, &[]);
    let script = format!("echo ran >>'{}'\ncp '{}' out.wasm\n", project.path("ran").display(), module(&project));
    project.write("migrations/m/build.sh", &script);
    project.host(&["history"]).success();
    project.host(&["upgrade", "head"]).with_code(1);
    project.host(&["status"]).success();
    assert!(!project.path("ran").exists());
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
    assert_eq!(std::fs::read_to_string(project.path("ran")).expect("it ran"), "ran\n");
}

#[test]
fn a_command_sees_no_password() {
    let project = project_with(r#"["sh", "build.sh"]"#, &[]);
    let seen = project.path("seen");
    project.write("migrations/m/build.sh", &format!("env >'{}'\ncp '{}' out.wasm\n", seen.display(), module(&project)));
    project.host_with(("PGPASSWORD", "tomato-soup"), &["build"]).success();
    let seen = std::fs::read_to_string(seen).expect("its environment");
    assert!(!seen.contains("tomato-soup") && !seen.contains("DATABASE_URL"), "{seen}");
}

#[test]
fn what_goes_wrong_is_told() {
    for (build, script, expected) in [
        (r#"["sh", "build.sh"]"#, "echo broken; exit 7\n", "`sh build.sh` cannot build 'migrations/m':\n    broken"),
        (r#"["sh", "build.sh"]"#, "exit 0\n", "`sh build.sh` made no .wasm file in 'migrations/m'"),
        (
            r#"["sh", "build.sh"]"#,
            "echo >a.wasm; echo >b.wasm\n",
            "made several .wasm files in 'migrations/m': a.wasm, b.wasm",
        ),
        (r#"["sh", "build.sh"]"#, "echo >a.wasm\n", "'migrations/m' is not a component with a migration"),
        (r#"["no-such-program"]"#, "", "cannot start 'no-such-program'"),
        (r#"[""]"#, "", "the key build of 'migrations/m/migration.toml' begins with no program"),
    ] {
        let project = project_with(build, &[("build.sh", script)]);
        let output = project.host(&["build"]).with_code(1);
        assert!(output.stderr.contains(expected), "{expected}: {}", output.stderr);
    }
}

#[test]
fn a_single_file_has_no_command() {
    let project = TestProject::new();
    let source = "-- /// migration\n-- revision = \"a1\"\n-- build = [\"make\"]\n-- ///\n-- upgrade\nSELECT 1;\n-- downgrade\nSELECT 1;\n";
    project.write("migrations/a.sql", source);
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains("'migrations/a.sql' has the key build, and is a single file"), "{}", output.stderr);
}
