//! `[python] requirements`: a runtime of Python with packages of the project. pip fetches them from the package index.

use crate::harness::Output;
use crate::harness::TestProject;

/// A project that lists requirements, and has a migration that imports `six`.
fn project(requirements: &str) -> TestProject {
    let project = TestProject::with_runtime("python");
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &format!("[python]\nrequirements = {requirements}\n\n{toml}"));
    project.write(
        "migrations/a.py",
        "# /// migration\n# revision = \"a\"\n# ///\nimport host\nimport six\n\n\ndef upgrade() -> None:\n    \
         host.execute(f\"CREATE TABLE made AS SELECT '{six.__version__} {six.moves.urllib.parse.quote(chr(228))}' AS value\")\n",
    );
    project
}

/// Builds with what this machine's pip has to know: a mirror, certificates.
fn build(project: &TestProject) -> Output {
    let mut command = project.command(&["build"]);
    command.envs(std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PIP_")));
    project.run(command)
}

#[test]
fn packages_are_a_part_of_the_runtime() {
    let project = project("[\"six==1.17.0\"]");
    let output = build(&project).success();
    assert!(
        output.stderr.contains("Making a runtime of Python with six==1.17.0") || has_runtime(&project),
        "{}",
        output.stable()
    );
    assert!(has_runtime(&project));
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT value FROM made"), "1.17.0 %C3%A4");
    // It is there now, so nothing is made, and nothing has to be fetched.
    let output = project.host(&["build", "--force"]).success();
    assert!(!output.stderr.contains("Making a runtime"), "{}", output.stable());

    // Without the packages it is another runtime.
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &toml.replace("[\"six==1.17.0\"]", "[]"));
    let output = project.host(&["build"]).success();
    assert!(output.stderr.contains("Building migrations/a.py"), "{}", output.stable());
    project.database.query("DROP TABLE made; DELETE FROM host_version");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(
        output.stderr.contains("there is no module 'six' here: list it in [python] requirements"),
        "{}",
        output.stable()
    );
}

fn has_runtime(project: &TestProject) -> bool {
    project.host(&["runtime", "list"]).success().stdout.contains("python-")
}

#[test]
fn a_project_of_alembic_has_packages_and_versions_of_its_own() {
    let project = TestProject::new();
    std::fs::remove_dir(project.path("migrations")).expect("migrations");
    project.write("alembic.ini", "[alembic]\nscript_location = alembic\n");
    project.write(
        "alembic/versions/a1_x.py",
        "import alembic\nimport six\nimport sqlalchemy\nfrom alembic import op\n\nrevision = 'a1'\ndown_revision = None\n\n\ndef upgrade():\n    \
         op.execute(f\"CREATE TABLE made AS SELECT '{alembic.__version__} {sqlalchemy.__version__} {six.__version__}' AS value\")\n\n\n\
         def downgrade():\n    op.drop_table('made')\n",
    );
    let requirements = "[\"Alembic==1.13.3\", \"sqlalchemy==2.0.58\", \"six==1.17.0\"]";
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    let sections = format!(
        "[alembic]\nconfig = \"alembic.ini\"\nenv = false\n\n[python]\nrequirements = {requirements}\n\n{toml}"
    );
    project.write("host.toml", &sections);
    build(&project).success();
    assert!(project.host(&["runtime", "list"]).success().stdout.contains("alembic-"));
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT value FROM made"), "1.13.3 2.0.58 1.17.0");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn what_cannot_be_added_is_said() {
    let tries = [
        ("[\"numpy==2.3.0\"]", "pip finds no pure Python package for 'numpy==2.3.0'"),
        ("[\"six==1.17.0\", \"six==1.16.0\"]", "the requirements exclude each other"),
        ("[\"-r other.txt\"]", "'-r other.txt' in [python] requirements is not a package with versions"),
        ("[\"six @ https://example.org/six.whl\"]", "is not a package with versions"),
    ];
    for (requirements, words) in tries {
        let output = build(&project(requirements)).with_code(1);
        assert!(output.stderr.contains(words), "{requirements}: {}", output.stable());
    }
    let project = project("[\"six==1.15.0\"]");
    let mut command = project.command(&["build"]);
    command.env("PATH", project.path("nothing"));
    // The programs may be there from another test.
    command.env("HOST_CACHE_DIR", project.cache());
    let output = project.run(command).with_code(1);
    assert!(output.stderr.contains("made by Python 3.11 or later, which is not there"), "{}", output.stable());
}

#[test]
fn two_builds_at_once_make_a_runtime_once() {
    let project = project("[\"six==1.16.0\"]");
    let build = || {
        let mut command = project.command(&["build"]);
        command.envs(std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PIP_")));
        // A folder in which nothing has been prepared yet.
        command.env("HOST_CACHE_DIR", project.cache());
        project.run(command)
    };
    let outputs = std::thread::scope(|scope| {
        let builds = [scope.spawn(build), scope.spawn(build)];
        builds.map(|build| build.join().expect("a build").success())
    });
    let count = |words: &str| outputs.iter().filter(|output| output.stderr.contains(words)).count();
    assert_eq!(count("Making a runtime of Python with six==1.16.0"), 1);
}
