//! Offline scripts: what psql makes of them is what an online run makes.

use std::process::Stdio;

use crate::harness::Output;
use crate::harness::TestDatabase;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::own_project;

/// Runs a script through psql, as a database administrator would.
fn run_script(database: &TestDatabase, script: &str) -> std::process::Output {
    use std::io::Write as _;
    let mut psql = database.psql();
    let mut child = psql
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("psql runs");
    child.stdin.take().expect("its input").write_all(script.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn succeeds(database: &TestDatabase, script: &str) {
    let output = run_script(database, script);
    assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
}

/// Schema and data without the history, whose times differ.
fn state(database: &TestDatabase) -> String {
    database.dump(&["--exclude-table-data=host_log*", "--exclude-table-data=*host_log*"])
}

/// `host` on the repository's own project, without a database unless one is given.
fn demonstration(arguments: &[&str], database: Option<&TestDatabase>) -> Output {
    let mut command = own_project::command(arguments);
    command.env(
        "HOST_DATABASE_URL",
        database.map_or_else(|| "postgres://nobody@192.0.2.1/none".to_owned(), TestDatabase::url),
    );
    Output::new(command.output().expect("host runs"), Vec::new())
}

#[test]
fn the_demonstration_project_gives_the_same_database_offline() {
    if !crate::harness::can_dump() {
        return;
    }
    let (online, offline) = (TestDatabase::new(), TestDatabase::new());
    demonstration(&["build"], None).success();
    // Migrations in other languages need rows, so the script covers what lies before and between them.
    let (before, last) = ("694f7be04349", "286662dbc27f");
    demonstration(&["upgrade", before], Some(&online)).success();
    let script = demonstration(&["upgrade", "--sql", before], None);
    succeeds(&offline, &script.stdout);
    assert_eq!(state(&offline), state(&online));
    let rows = "SELECT string_agg(revision || ' ' || direction || ' ' || source_digest || ' ' || component_digest, E'\\n' ORDER BY id) FROM host_log";
    assert_eq!(offline.query(rows), online.query(rows));

    // Online goes on where the script ended, and a script goes on after it.
    let after = "de20f792776b";
    demonstration(&["upgrade", after], Some(&online)).success();
    demonstration(&["upgrade", after], Some(&offline)).success();
    demonstration(&["upgrade", last], Some(&online)).success();
    succeeds(&offline, &demonstration(&["upgrade", "--sql", &format!("{after}:{last}")], None).stdout);
    assert_eq!(state(&offline), state(&online));

    demonstration(&["downgrade", after], Some(&online)).success();
    succeeds(&offline, &demonstration(&["downgrade", "--sql", &format!("{last}:{after}")], None).stdout);
    assert_eq!(state(&offline), state(&online));
}

#[test]
fn a_script_needs_no_database_and_names_each_step() {
    let project = TestProject::with_three_tables();
    let output =
        project.host_with(("HOST_DATABASE_URL", "postgres://nobody@192.0.2.1/none"), &["upgrade", "--sql", "head"]);
    let output = output.success();
    for id in ["a", "b", "c"] {
        let component = std::fs::read(project.path(&format!(".host/build/{id}.wasm"))).expect("built");
        let digest = host::digest::Digest::of(&component).to_string();
        assert!(output.stdout.contains(&digest), "the component's digest is in the script");
    }
    assert_output!(project.host(&["downgrade", "--sql", "b:a"]).without_digests());
}

#[test]
fn a_script_stops_on_a_database_that_is_elsewhere() {
    let project = TestProject::with_three_tables();
    let script = project.host(&["upgrade", "--sql", "b:c"]).success();
    project.host(&["upgrade", "a"]).success();
    let output = run_script(&project.database, &script.stdout);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("this script begins at b, and the database is not there"), "{message}");
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
    let twice = project.host(&["upgrade", "--sql", "base:a"]).success();
    let output = run_script(&project.database, &twice.stdout);
    assert!(String::from_utf8_lossy(&output.stderr).contains("which is applied already"));
}

#[test]
fn parameters_become_exact_literals() {
    let project = TestProject::with_guest("prepared");
    // The guest writes a thousand rows by a prepared statement, and then reads: the script is refused with the call's name.
    assert_output!(project.host(&["upgrade", "--sql", "head"]));
}

#[test]
fn a_downgrade_needs_to_know_where_it_begins() {
    let project = TestProject::with_three_tables();
    assert_output!(project.host(&["downgrade", "--sql", "base"]));
}

#[test]
fn a_range_is_for_scripts() {
    let project = TestProject::with_three_tables();
    assert_output!(project.host(&["upgrade", "a:b"]));
}

#[test]
fn the_tables_can_be_made_by_hand() {
    let project = TestProject::with_three_tables();
    let output = project.host(&["ensure-version", "--sql"]).success();
    succeeds(&project.database, &output.stdout);
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
    project.host(&["upgrade", "head"]).success();
}

/// psql reads backslashes in strings as the session says, and its own commands between them. A migration must not make it take
/// the inside of a string for a command: that would run on the operator's machine.
#[test]
fn a_script_runs_no_command_of_psql() {
    let project = TestProject::new();
    let proof = project.path("proof");
    // Backslashes that count, and a client encoding in which the second byte of a letter and the quote behind it are one.
    for (setting, value, letter) in [("standard_conforming_strings", "off", "\\"), ("client_encoding", "SJIS", "ぁ")] {
        let switch = format!(
            "DO $$ BEGIN PERFORM set_config('{}' || '{}', '{value}', false); END $$",
            &setting[..5],
            &setting[5..]
        );
        let hidden = format!("SELECT '{letter}' AS one, ' \\! touch {} \n' AS two", proof.display());
        let upgrade = format!("{switch};\n{hidden};\nCREATE TABLE table_a AS {hidden}");
        project.sql("a", None, &upgrade, "DROP TABLE table_a");
        project.host(&["build"]).success();
        let script = project.host(&["upgrade", "head", "--sql"]).success();
        let output = run_script(&project.database, &script.stdout);
        assert!(!proof.exists(), "psql ran a command of the migration:\n{}", script.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(project.database.query("SELECT one FROM table_a"), letter);
        let back = project.host(&["downgrade", "a:base", "--sql"]).success();
        assert!(run_script(&project.database, &back.stdout).status.success());
    }
}
