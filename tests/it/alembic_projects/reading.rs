//! What needs no runtime: beginning, reading, and what is wrong with files.

use super::INI;
use super::fill;
use super::project;
use super::revision;
use super::two_revisions;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// All files of a project with their contents, without those of host.
fn files(project: &TestProject) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &std::path::Path, into: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.file_name().is_some_and(|name| name == ".host" || name == "host.toml") {
                continue;
            }
            if path.is_dir() {
                walk(&path, into);
            } else {
                into.push((path.to_string_lossy().into_owned(), std::fs::read(&path).expect("a file")));
            }
        }
    }
    let mut all = Vec::new();
    walk(&project.path(""), &mut all);
    all.sort();
    all
}

#[test]
fn every_command_names_the_one_to_begin_with() {
    let project = project();
    for command in
        [&["history"][..], &["upgrade", "head"], &["current"], &["build"], &["validate"], &["revision", "-m", "x"]]
    {
        let output = project.host(command).with_code(1);
        assert!(
            output.stderr.contains("no host.toml, and 'alembic.ini' makes this a project of Alembic"),
            "{}",
            output.stderr
        );
        assert!(output.stderr.contains("hint: run `host init --from-alembic`"), "{}", output.stderr);
    }
    // Also from a folder in it, and where pyproject.toml has the settings.
    let output = project.host(&["-C", "alembic", "history"]).with_code(1);
    assert!(output.stderr.contains("no host.toml here or in a parent folder"), "{}", output.stderr);
    std::fs::remove_file(project.path("alembic.ini")).expect("alembic.ini");
    project.write("pyproject.toml", "[tool.alembic]\nscript_location = \"%(here)s/alembic\"\n");
    assert!(
        project.host(&["history"]).with_code(1).stderr.contains("'pyproject.toml' makes this a project of Alembic")
    );
    project.host(&["init", "--from-alembic"]).success();
    project.host(&["history", "--offline"]).success();
}

#[test]
fn beginning_writes_one_file_and_changes_none() {
    let project = project();
    two_revisions(&project);
    revision(&project, "c3", Some("b2"), "op.execute('CREATE EXTENSION citext')\nfrom shop.later import x", "pass");
    project.write("shop/__init__.py", "");
    project.write("shop/models.py", "import core.base\n");
    project.write("core/base.py", "import pydantic, os\n");
    project.write("shop/later.py", "x = 1\n");
    let env = std::fs::read_to_string(project.path("alembic/env.py")).expect("env.py");
    project.write("alembic/env.py", &format!("from shop import models\n{env}"));
    let before = files(&project);
    assert_output!(project.host(&["init", "--from-alembic"]).success());
    assert_eq!(files(&project), before);
    let text = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
    for line in [
        "config = \"alembic.ini\"",
        "include = [\"core\", \"shop\"]",
        "version-table = \"alembic_version\"",
        "grants = [\"data\", \"schema\", \"extension\"]",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("secret"), "{text}");
    assert_output!(project.host(&["--verbose", "history", "--offline"]).success());
    assert_output!(project.host(&["show", "b2"]).success());
    assert_output!(project.host(&["heads"]).success());
    assert!(project.host(&["init", "--from-alembic"]).with_code(1).stderr.contains("is already a project"));
}

#[test]
fn the_version_table_is_that_of_env_py() {
    for (configured, argument, expected) in [
        ("", None, Ok("alembic_version")),
        (", version_table='v', version_table_schema='s'", None, Ok("s.v")),
        (", version_table=f'{x}'", None, Err("alembic/env.py:3: what 'version_table' is")),
        (", version_table=f'{x}'", Some("mine.versions"), Ok("mine.versions")),
        (", **options", None, Err("alembic/env.py:3: what 'version_table' is")),
    ] {
        let project = project();
        project.write(
            "alembic/env.py",
            &format!("from alembic import context\n\ncontext.configure(connection=1{configured})\n"),
        );
        let mut arguments = vec!["init", "--from-alembic"];
        arguments.extend(argument.iter().flat_map(|table| ["--version-table", table]));
        let output = project.host(&arguments);
        match expected {
            Ok(table) => {
                output.success();
                let text = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
                assert!(text.contains(&format!("version-table = \"{table}\"\n")), "{text}");
            }
            Err(message) => {
                let stderr = output.with_code(1).stderr;
                assert!(stderr.contains(message) && stderr.contains("--version-table NAME"), "{stderr}");
                assert!(!project.path("host.toml").exists());
            }
        }
    }
}

#[test]
fn several_databases_are_told() {
    let project = project();
    project.write("alembic.ini", "[alembic]\nscript_location = alembic\ndatabases = one, two\n");
    let output = project.host(&["init", "--from-alembic"]).success();
    assert!(output.stderr.contains("env.py works on several databases (one, two)"), "{}", output.stderr);
    let output = project.host(&["revision", "-m", "x"]).with_code(1);
    assert!(output.stderr.contains("has functions for each of its databases (one, two)"), "{}", output.stderr);
}

#[test]
fn what_cannot_be_read_without_running_is_one_clear_error() {
    for (file, text, place, problem) in [
        ("x.py", "revision = f'{1}'\ndown_revision = None\n", "x.py:1", "'revision' is an f-string"),
        ("x.py", "revision = 'a'\ndown_revision = find()\n", "x.py:2", "'down_revision' is the result of a call"),
        (
            "x.py",
            "import os\nif os:\n    revision = 'a'\ndown_revision = None\n",
            "x.py:3",
            "gets its value in an `if`",
        ),
        ("x.py", "\"\"\"x\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> c\n\"\"\"\n", "x.py:2", "is a conflict marker of git"),
        ("x.py", "revision = 'a'\ndown_revision = None\nprint 'x'\n", "x.py:3", "this is Python 2"),
        ("x.py", "def x(:\n", "x.py:1", "this is no Python"),
        ("helpers.py", "x = 1\n", "helpers.py", "there is no 'revision' in it"),
        ("x.py", "revision = 'a'\n", "x.py:1", "there is no 'down_revision'"),
        ("x.py", "revision = 'a-b'\ndown_revision = None\n", "x.py:1", "not allowed in revision identifier"),
        ("x.py", "revision = 'b2'\ndown_revision = None\n", "", "b2"),
        ("x.py", "revision = 'c'\ndown_revision = 'zz'\n", "", "zz"),
        ("x.py", "revision = 'c'\ndown_revision = None\nx = '\u{e9}'\n", "", ""),
    ] {
        let project = project();
        two_revisions(&project);
        project.host(&["init", "--from-alembic"]).success();
        project.write(&format!("alembic/versions/{file}"), text);
        let output = project.host(&["history", "--offline"]);
        if problem.is_empty() {
            output.success();
            continue;
        }
        let stderr = output.with_code(1).stderr;
        assert!(stderr.contains(problem) && stderr.contains("hint: "), "{text}\n{stderr}");
        assert!(stderr.contains(&format!("alembic/versions/{place}")), "{stderr}");
        assert_eq!(stderr.matches("error: ").count(), 1, "{stderr}");
        let output = project.host(&["--json", "validate"]).with_code(3);
        assert_eq!(output.json()["problems"].as_array().expect("problems").len(), 1, "{}", output.stdout);
    }
}

#[test]
fn a_file_that_kills_its_reader_is_named() {
    let project = project();
    two_revisions(&project);
    project.host(&["init", "--from-alembic"]).success();
    let deep = format!("revision = 'c'\ndown_revision = 'b2'\nx = {}1\n", "-".repeat(3_000_000));
    project.write("alembic/versions/c_deep.py", &deep);
    let stderr = project.host(&["history", "--offline"]).with_code(1).stderr;
    assert!(
        stderr.contains("alembic/versions/c_deep.py:1: it cannot be read: the parser of Python gave up on it"),
        "{stderr}"
    );
    assert!(stderr.contains("very deep nesting"), "{stderr}");
}

/// Names that Alembic leaves out, and those that it takes though they look otherwise.
#[test]
fn files_are_found_as_alembic_finds_them() {
    let project = project();
    two_revisions(&project);
    project.host(&["init", "--from-alembic"]).success();
    for name in ["__init__.py", "__init__old.py", ".#a.py", "README", "x.pyc", "__pycache__/a.py", "deep/c.py"] {
        project.write(&format!("alembic/versions/{name}"), "not Python (\n");
    }
    project.write("alembic/versions/c3.py", "down_revision = 'b2'\n");
    let stdout = project.host(&["history", "--offline"]).success().stdout;
    assert!(stdout.starts_with("b2 -> c3 (head)"), "{stdout}");
    std::fs::remove_file(project.path("alembic/versions/deep/c.py")).expect("a file");
    project.write("alembic/versions/deep/d.py", "revision = 'd4'\ndown_revision = 'c3'\n");
    project.write("alembic.ini", &INI.replace("path_separator", "recursive_version_locations = true\npath_separator"));
    assert!(project.host(&["heads"]).success().stdout.starts_with("d4"));
    project.write("alembic.ini", &INI.replace("path_separator", "sourceless = true\npath_separator"));
    assert!(project.host(&["heads"]).with_code(1).stderr.contains("it is compiled Python without its source"));
}

#[test]
fn several_folders_and_packages_are_found() {
    let project = project();
    project.write("src/shop/__init__.py", "");
    project.write("src/shop/migrations/env.py", super::ENV);
    project.write("src/shop/migrations/one/a.py", "revision = 'a1'\ndown_revision = None\nbranch_labels = ('one',)\n");
    project.write("two/b.py", "revision = 'b2'\ndown_revision = None\ndepends_on = 'a1'\n");
    project.write(
        "alembic.ini",
        "[alembic]\nscript_location = nowhere\n[second]\nscript_location = shop:migrations\n\
         version_locations = shop:migrations/one %(here)s/two\n",
    );
    let stderr = project.host(&["init", "--from-alembic"]).with_code(1).stderr;
    assert!(stderr.contains("the folder 'nowhere' of 'script_location' is not there"), "{stderr}");
    project.host(&["init", "--from-alembic", "--section", "second"]).success();
    let output = project.host(&["--json", "history", "--offline"]).success();
    let revisions: Vec<_> =
        output.json()["history"].as_array().expect("a list").iter().map(|it| it["file"].clone()).collect();
    assert_eq!(revisions, ["two/b.py", "src/shop/migrations/one/a.py"]);
}

#[test]
fn nothing_outside_of_the_project_is_read() {
    let project = project();
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("a.py"), "revision = 'a'\ndown_revision = None\n").expect("a file");
    std::os::unix::fs::symlink(outside.path(), project.path("alembic/versions")).expect("a link");
    let stderr = project.host(&["init", "--from-alembic"]).with_code(1).stderr;
    assert!(stderr.contains("'alembic/versions' is a link that points outside of the project's folder"), "{stderr}");
    let other = TestProject::new();
    fill(&other);
    other.write("alembic.ini", "[alembic]\nscript_location = ../alembic\n");
    let stderr = other.host(&["init", "--from-alembic"]).with_code(1).stderr;
    assert!(stderr.contains("alembic.ini:2: '../alembic' leads out of the project's folder"), "{stderr}");
}
