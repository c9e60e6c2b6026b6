//! `host dump`: the structure of a database as a file that makes the same database again.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::PASSWORD;
use crate::harness::TestDatabase;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::can_dump;

fn read(project: &TestProject, file: &str) -> String {
    std::fs::read_to_string(project.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn a_database_that_is_loaded_from_it_is_at_the_head() {
    if !can_dump() {
        return;
    }
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "head"]).success();
    assert_output!(project.host(&["dump"]).success());
    let first = read(&project, "schema.sql");
    assert!(first.contains("CREATE TABLE public.table_a") && first.contains("VALUES ('c');"), "{first}");
    assert!(!first.contains("restrict") && !first.contains("Dumped") && !first.contains("OWNER"), "{first}");
    // Nothing is different each time.
    assert_output!(project.host(&["dump"]).success());
    assert_eq!(read(&project, "schema.sql"), first);
    assert_eq!(project.host(&["dump", "-o", "-"]).success().stdout, first);
    assert_eq!(project.host(&["--json", "dump", "-o", "-"]).success().json()["sql"], first.as_str());

    let other = TestDatabase::new();
    let status = other.psql().args(["-f"]).arg(project.path("schema.sql")).status().expect("psql runs");
    assert!(status.success());
    let url = other.url();
    let variable = ("HOST_DATABASE_URL", url.as_str());
    project.host_with(variable, &["current", "--check-heads"]).success();
    project.host_with(variable, &["validate", "--online"]).success();
    project.host_with(variable, &["downgrade", "a"]).success();
    project.host_with(variable, &["upgrade", "head"]).success();
    project.host_with(variable, &["dump", "-o", "again.sql"]).success();
    assert_eq!(read(&project, "again.sql"), first);
}

#[test]
fn a_database_at_base_has_no_rows() {
    if !can_dump() {
        return;
    }
    let project = TestProject::with_three_tables();
    project.host(&["dump"]).success();
    assert!(!read(&project, "schema.sql").contains("host_version"));
    assert_eq!(project.database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

#[test]
fn a_run_writes_it_where_the_settings_say_so() {
    if !can_dump() {
        return;
    }
    let project = TestProject::with_three_tables();
    project.write("host.toml", "[default]\ndump = \"db/schema.sql\"\n[prod]\n");
    std::fs::create_dir(project.path("db")).expect("a folder");
    assert_output!(project.host(&["upgrade", "b"]).success());
    let at_b = read(&project, "db/schema.sql");
    assert!(at_b.contains("VALUES ('b');") && !at_b.contains("table_c"), "{at_b}");
    // Nothing to do writes nothing, and neither does another environment.
    std::fs::remove_file(project.path("db/schema.sql")).expect("the file");
    project.host(&["upgrade", "b"]).success();
    project.host(&["-e", "prod", "upgrade", "head"]).success();
    assert!(!project.path("db/schema.sql").exists());
    let output = project.host(&["--json", "downgrade", "b"]).success();
    let events: Vec<_> = output.json_lines().iter().map(|line| line["event"].clone()).collect();
    assert_eq!(events, ["database", "planned", "step-started", "step-done", "dumped", "finished"]);
    assert_eq!(read(&project, "db/schema.sql"), at_b);
    // A plan that is applied is a run, too.
    let plan = project.host(&["--json", "upgrade", "head", "--dry-run"]).success();
    project.write("plan.json", &plan.stdout);
    project.host(&["apply", "plan.json"]).success();
    assert!(read(&project, "db/schema.sql").contains("VALUES ('c');"));
}

#[test]
fn what_keeps_it_from_being_written_fails_no_run() {
    if !can_dump() {
        return;
    }
    let project = TestProject::with_three_tables();
    project.write("host.toml", "[default]\ndump = \"nowhere/schema.sql\"\n");
    let programs = tempfile::tempdir().expect("a folder without programs");
    let folder = programs.path().to_str().expect("a UTF-8 path").to_owned();
    let version = crate::harness::server_version().to_string();
    let replacements =
        [(format!("PostgreSQL {version}"), "PostgreSQL [version]"), (format!("client-{version}"), "client-[version]")];
    let output = project.host_with(("HOST_PG_BIN", &folder), &["upgrade", "a"]).success();
    assert_output!(output.replace(&replacements));
    if can_dump() {
        assert_output!(project.host(&["upgrade", "b"]).success());
    }
    let output = project.host_with(("HOST_PG_BIN", &folder), &["--json", "upgrade", "head"]).success();
    assert!(output.stdout.contains("\"event\":\"note\""), "{}", output.stable());
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
    // Whoever asks for the file alone is told that there is none.
    let output = project.host_with(("HOST_PG_BIN", &folder), &["dump"]).with_code(1);
    assert_output!(output.replace(&replacements));
    let _ = project.host_with(("HOST_PG_BIN", "bin"), &["dump"]).with_code(1);
}

/// Writes a program that writes down its arguments and its environment.
fn program(folder: &std::path::Path, version: u32, then: &str) {
    let path = folder.join("pg_dump");
    let told = folder.join("told");
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) {version}.1' && exit\n\
         {{ echo \"$@\"; env; }} > {}\n{then}\n",
        told.display()
    );
    std::fs::write(&path, text).expect("a program");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[test]
fn the_password_is_no_argument_and_nothing_else_is_handed_on() {
    let project = TestProject::with_three_tables();
    let programs = tempfile::tempdir().expect("a folder for a program");
    program(programs.path(), 99, "echo '-- a dump'");
    let url = project.database.url_for("with_password").replace("with_password@", "with_password:right%20horse@");
    project.database.admin("GRANT ALL ON SCHEMA public TO with_password");
    let mut command = project.command(&["dump", "-o", "-"]);
    command.env("HOST_DATABASE_URL", &url).env("HOST_PG_BIN", programs.path()).env("PGSERVICE", "elsewhere");
    command.env("SOMETHING_ELSE", "of the caller").env("PGPASSFILE", "/nowhere/pgpass");
    let output = project.run(command).success();
    assert_eq!(output.stdout, "-- a dump\n");
    let told = std::fs::read_to_string(programs.path().join("told")).expect("what it was told");
    let (arguments, environment) = told.split_once('\n').expect("arguments and environment");
    assert_eq!(
        arguments,
        "--schema-only --no-owner --no-privileges --encoding=UTF8 --no-password --lock-wait-timeout=10000"
    );
    let mut names: Vec<&str> = environment.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // What a shell adds by itself.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    let expected = [
        "HOME",
        "LC_ALL",
        "PATH",
        "PGDATABASE",
        "PGHOST",
        "PGPASSFILE",
        "PGPASSWORD",
        "PGPORT",
        "PGSSLMODE",
        "PGUSER",
        "TZ",
    ];
    assert_eq!(names, expected);
    assert!(environment.contains(&format!("PGPASSWORD={PASSWORD}\n")), "{environment}");
}

#[test]
fn programs_that_are_too_old_or_fail_are_told() {
    let project = TestProject::with_three_tables();
    let programs = tempfile::tempdir().expect("a folder for a program");
    let folder = programs.path().to_str().expect("a UTF-8 path").to_owned();
    let version = crate::harness::server_version().to_string();
    let replacements = [
        (folder.clone(), "[programs]"),
        (format!("PostgreSQL {version}"), "PostgreSQL [version]"),
        (format!("client-{version}"), "client-[version]"),
    ];
    program(programs.path(), 12, "exit 1");
    let output = project.host_with(("HOST_PG_BIN", &folder), &["dump"]).with_code(1);
    assert_output!(output.replace(&replacements));
    program(programs.path(), 99, "echo 'pg_dump: error: permission denied for table secret' >&2; exit 1");
    let output = project.host_with(("HOST_PG_BIN", &folder), &["dump"]).with_code(1);
    assert_output!(output.replace(&replacements));
    assert!(!project.path("schema.sql").exists());
}

#[test]
fn an_unfinished_step_is_nothing_to_dump() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.stops_half_way();
    project.host(&["build"]).success();
    let _ = project.host(&["upgrade", "b"]).with_code(1);
    let output = project.host(&["dump"]).with_code(1);
    assert!(output.stderr.contains("the upgrade of b is unfinished"), "{}", output.stable());
    assert!(!project.path("schema.sql").exists());
}
