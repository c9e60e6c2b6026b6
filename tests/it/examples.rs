//! The projects in examples/ do what their READMEs say.

use std::path::Path;
use std::process::Stdio;

use crate::harness::TestProject;

/// A copy of an example, so that nothing is built into the repository.
fn example(name: &str) -> TestProject {
    copied(name, TestProject::new())
}

/// The files of an example in a project, built.
fn copied(name: &str, project: TestProject) -> TestProject {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    copy(&project, &folder.join("host.toml"), "host.toml");
    copy(&project, &folder.join("migrations"), "migrations");
    project.host(&["build"]).success();
    project
}

fn copy(project: &TestProject, from: &Path, to: &str) {
    if !from.is_dir() {
        let text = std::fs::read_to_string(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        return project.write(to, &text);
    }
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name");
        copy(project, &path, &format!("{to}/{name}"));
    }
}

#[test]
fn the_smallest_project_goes_up_and_down() {
    let project = example("sql");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(
        project.database.query("SELECT body FROM notes WHERE words @@ to_tsquery('semicolon')"),
        "the first note; with a semicolon"
    );
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn branches_are_upgraded_one_by_one_and_merged() {
    let project = example("branches");
    project.host(&["upgrade", "billing@202"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "202");
    project.host(&["upgrade", "heads"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "400");
    let output = project.host(&["downgrade", "billing@base", "--dry-run"]).with_code(3);
    assert!(output.stdout.contains("also removes"), "{}", output.stdout);
    project.host(&["downgrade", "billing@base", "--dry-run", "--all-branches"]).success();
    project.host(&["downgrade", "billing@base"]).with_code(1);
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_project_of_alembic_runs_as_it_is() {
    let project = TestProject::with_runtime("alembic");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/alembic-project");
    for name in ["alembic.ini", "alembic", "blog", "host.toml"] {
        copy(&project, &folder.join(name), name);
    }
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT slug FROM post ORDER BY id"), "hello-world\na-second-one");
    assert_eq!(project.database.query("SELECT version_num FROM alembic_version"), "9a8b7c6d5e4f");
    project.host(&["downgrade", "base"]).success();
    let anew = TestProject::with_runtime("alembic");
    for name in ["alembic.ini", "alembic", "blog"] {
        copy(&anew, &folder.join(name), name);
    }
    std::fs::remove_file(anew.path("host.toml")).expect("host.toml");
    std::fs::remove_dir(anew.path("migrations")).expect("migrations");
    anew.host(&["init", "--from-alembic"]).success();
    let written = std::fs::read_to_string(anew.path("host.toml")).expect("host.toml");
    assert!(written.contains("include = [\"blog\"]"), "{written}");
}

#[test]
fn a_database_of_alembic_is_continued() {
    let project = example("alembic");
    let before = include_str!("../../examples/alembic/before.sql");
    project.database.query(before);
    let current = project.host(&["current"]).success();
    assert_eq!(current.stdout, "1975ea83b712\n");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM alembic_version"), "ae1027a6acf8");
    assert_eq!(project.database.query("SELECT string_agg(revision, ' ') FROM host_log"), "ae1027a6acf8");
}

#[test]
fn phone_numbers_are_normalised_in_python() {
    let project = copied("python", TestProject::with_runtime("python"));
    project.host(&["upgrade", "head"]).success();
    assert_eq!(
        project.database.query("SELECT string_agg(concat(name, phone), ' ' ORDER BY id) FROM guests"),
        "Ada+49301234567 Grace+15550102030 Alan"
    );
    project.host(&["downgrade", "-1"]).success();
    assert_eq!(project.database.query("SELECT phone FROM guests WHERE name = 'Ada'"), "030 1234-567");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_migration_in_go_fills_a_table_from_a_file_that_it_embeds() {
    let project = example("go");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT price FROM dishes WHERE name LIKE 'Fish;%'"), "14.80");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_migration_in_c_calls_a_routine_of_its_own() {
    let project = example("c");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT card FROM members WHERE name = 'Ben'"), "12345678127");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn names_are_split_in_javascript_and_in_typescript() {
    for name in ["javascript", "typescript"] {
        let project = copied(name, TestProject::with_runtime("javascript"));
        project.host(&["upgrade", "head"]).success();
        assert_eq!(
            project.database.query("SELECT string_agg(concat(given, '/', family), ' ' ORDER BY id) FROM guests"),
            "Ada/Lovelace Anna/van der Berg Zoë/"
        );
        project.host(&["downgrade", "base"]).success();
    }
}

/// The arguments of a service of the example's compose.yaml: a list that is JSON as well.
fn composed(service: &str) -> Vec<String> {
    let file = include_str!("../../examples/backfill/compose.yaml");
    let lines = file.lines().skip_while(|line| *line != format!("  {service}:"));
    let command = lines.filter_map(|line| line.trim().strip_prefix("command: ")).next().expect("a command");
    serde_json::from_str(command).expect("a list")
}

/// The arguments of the worker of the Job for Kubernetes, written in the same way.
fn job() -> Vec<String> {
    let file = include_str!("../../deploy/kubernetes/backfill.yaml");
    let arguments = file.lines().find_map(|line| line.trim().strip_prefix("args: ")).expect("arguments");
    serde_json::from_str(arguments).expect("a list")
}

#[test]
fn a_table_is_rewritten_by_what_its_containers_run() {
    let project = example("backfill");
    let file = "migrations/202601010900_create_guests.sql";
    let text = std::fs::read_to_string(project.path(file)).expect("the migration");
    project.write(file, &text.replace("1000000", "20000"));
    project.host(&["build"]).success();
    let deployed = project.path("deploy/migrations");
    std::fs::create_dir_all(&deployed).expect("a folder");
    for entry in
        std::fs::read_dir(project.path(".host/build")).expect("components").map(|entry| entry.expect("an entry"))
    {
        if entry.path().extension().is_some_and(|extension| extension == "wasm") {
            std::fs::copy(entry.path(), deployed.join(entry.file_name())).expect("a component");
        }
    }
    copy(&project, &project.path("host.toml"), "deploy/host.toml");
    let folder = project.path("deploy");
    let start = |arguments: Vec<String>, url: &str| {
        let mut command = project.command(&["--dir", folder.to_str().expect("UTF-8")]);
        // The whole table may be done before the others have looked once.
        command.args(arguments.into_iter().map(|word| word.replace("5m", "5s").replace("10m", "5s")));
        command.env_remove("HOST_DATABASE_URL").env(url, project.database.url());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("host starts")
    };
    let workers = [start(composed("worker"), "DATABASE_URL"), start(job(), "HOST_DATABASE_URL")];
    let upgrade = start(composed("upgrade"), "DATABASE_URL");
    for runner in [upgrade].into_iter().chain(workers) {
        let output = runner.wait_with_output().expect("host runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let digits =
        "SELECT count(*), count(*) FILTER (WHERE digits = regexp_replace(phone, '[^0-9]', '', 'g')) FROM guests";
    assert_eq!(project.database.query(digits), "20000|20000");
}
