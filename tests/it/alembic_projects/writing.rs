//! New revisions, as Alembic writes them.

use super::INI;
use super::project;
use super::two_revisions;

#[test]
fn a_new_revision_is_one_of_alembic() {
    let project = project();
    two_revisions(&project);
    project.host(&["init", "--from-alembic"]).success();
    let output = project.host(&["--json", "revision", "-m", "Add \"names\" \\ and more", "--rev-id", "c3"]).success();
    let file = output.json()["file"].as_str().expect("a file").to_owned();
    assert_eq!(file, "alembic/versions/c3_add_names_and_more.py");
    let text = std::fs::read_to_string(project.path(&file)).expect("the file");
    for line in ["\"\"\"Add \"names\" \\\\ and more", "Revises: b2", "revision: str = 'c3'", "def downgrade() -> None:"]
    {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let stdout = project.host(&["history", "--offline"]).success().stdout;
    assert!(stdout.starts_with("b2 -> c3 (head), Add \"names\" \\ and more\n"), "{stdout}");
    for option in [&["--lang", "sql"][..], &["--asks", "role"], &["--version-path", "elsewhere"], &["--rev-id", "c.4"]]
    {
        let arguments: Vec<_> = ["revision", "-m", "x"].iter().chain(option).copied().collect();
        project.host(&arguments).with_code(2);
    }
}

#[test]
fn the_templates_of_the_project_are_used() {
    let project = project();
    two_revisions(&project);
    let more = "file_template = %%(year)d/%%(month).2d-%%(rev)s\nrecursive_version_locations = true\ntimezone = Europe/Berlin\npath_separator";
    project.write("alembic.ini", &INI.replace("path_separator", more));
    project.write(
        "alembic/script.py.mako",
        "# ours: ${message}\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n",
    );
    project.host(&["init", "--from-alembic"]).success();
    let output = project.host(&["revision", "-m", "x", "--rev-id", "c3"]).success();
    assert!(
        output.stderr.contains("the times of the new file are in UTC, not in 'Europe/Berlin'"),
        "{}",
        output.stderr
    );
    let file = output.stdout.split(' ').nth(1).expect("a file").to_owned();
    assert!(file.starts_with("alembic/versions/2") && file.ends_with("-c3.py"), "{file}");
    assert_eq!(
        std::fs::read_to_string(project.path(&file)).expect("the file"),
        "# ours: x\nrevision = 'c3'\ndown_revision = 'b2'\n"
    );
    project.write("alembic/script.py.mako", "<% import os %>\n");
    let output = project.host(&["revision", "-m", "y", "--rev-id", "d4"]).success();
    assert!(output.stderr.contains("script.py.mako has more than the usual expressions"), "{}", output.stderr);
    project.write("alembic.ini", &INI.replace("path_separator", "file_template = %%(author)s\npath_separator"));
    assert!(
        project
            .host(&["revision", "-m", "z"])
            .with_code(1)
            .stderr
            .contains("'file_template' of alembic.ini cannot be filled in")
    );
}

#[test]
fn branches_merges_and_folders_are_written() {
    let project = project();
    two_revisions(&project);
    project.write("more/d.py", "revision = 'd4'\ndown_revision = None\n");
    project.write(
        "alembic.ini",
        &INI.replace("path_separator", "version_locations = alembic/versions:more\npath_separator"),
    );
    project.host(&["init", "--from-alembic"]).success();
    let stderr = project.host(&["revision", "-m", "x"]).with_code(1).stderr;
    assert!(stderr.contains("Multiple heads are present"), "{stderr}");
    let file = |arguments: &[&str]| {
        let output = project.host(&[&["--json"], arguments].concat()).success();
        output.json()["file"].as_str().expect("a file").to_owned()
    };
    assert_eq!(
        file(&["revision", "-m", "x", "--head", "d4", "--rev-id", "e5", "--branch-label", "more"]),
        "more/e5_x.py"
    );
    let stderr = project.host(&["revision", "-m", "x", "--head", "base"]).with_code(2).stderr;
    assert!(stderr.contains("please specify --version-path") && stderr.contains("alembic/versions, more"), "{stderr}");
    assert_eq!(file(&["revision", "--head", "base", "--version-path", "more", "--rev-id", "f6"]), "more/f6_.py");
    assert_eq!(file(&["merge", "b2", "e5", "--rev-id", "a7", "-m", "join"]), "alembic/versions/a7_join.py");
    let text = std::fs::read_to_string(project.path("alembic/versions/a7_join.py")).expect("the file");
    assert!(text.contains("= ('b2', 'e5')\n") && text.contains("Revises: b2, e5\n"), "{text}");
    assert!(project.host(&["branches"]).success().stdout.is_empty());
    assert_eq!(project.host(&["heads"]).success().stdout.lines().count(), 2);
}
