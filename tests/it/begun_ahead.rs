//! The transaction of the next step begins in the text that commits the one before it, and ends where that step is not run.

use host::Direction;
use host::Event;
use host::Options;
use host::Project;
use host::RunError;
use host::Runner;
use host::cap_std::ambient_authority;
use host::cap_std::fs::Dir;
use host::store::BuildTrust;

use crate::harness::TestProject;

/// The names of the sessions that are in a transaction and do nothing, without that of the program.
const OPEN: &str = "SELECT coalesce(string_agg(split_part(application_name, ' ', 3), ' '), '') FROM pg_stat_activity \
     WHERE datname = current_database() AND state = 'idle in transaction'";

/// Runs to a target, and notes after each step whose transaction is open. An interrupt comes after the step `until`.
fn run(
    files: &TestProject,
    direction: Direction,
    target: &str,
    until: Option<&str>,
) -> (Result<(), RunError>, Vec<String>) {
    let folder = Dir::open_ambient_dir(files.path("."), ambient_authority()).expect("the project's folder");
    let project = Project::open_with(folder, "default", BuildTrust { key: None, any: true }).expect("a project");
    let mut told = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let result = runtime.block_on(async {
        let database = project.connect(&files.database.url()).await.expect("a connection");
        let mut runner = Runner::new(&project, database, Options::default());
        let interrupt = runner.interrupt();
        let mut observer = |event: Event| {
            if let Event::StepDone { revision, .. } = event {
                told.push(format!("{revision}: {}", files.database.query(OPEN)));
                if until == Some(revision.as_str()) {
                    interrupt.request();
                }
            }
        };
        let result = runner.run(direction, target, &mut observer).await.map(drop);
        assert_eq!(files.database.query(OPEN), "");
        runner.close().await;
        result
    });
    (result, told)
}

#[test]
fn the_next_step_has_begun_when_one_is_committed() {
    let files = TestProject::with_three_tables();
    let (result, told) = run(&files, Direction::Upgrade, "head", None);
    result.expect("it runs to its end");
    assert_eq!(told, ["a: b", "b: c", "c: "]);
    let (result, told) = run(&files, Direction::Downgrade, "base", None);
    result.expect("it runs to its end");
    assert_eq!(told, ["c: b", "b: a", "a: "]);
}

#[test]
fn each_step_has_a_transaction_of_its_own() {
    let files = TestProject::with_three_tables();
    run(&files, Direction::Upgrade, "head", None).0.expect("it runs to its end");
    assert_eq!(files.database.query("SELECT count(DISTINCT xmin::text) FROM host_log"), "3");
}

#[test]
fn a_step_without_a_transaction_begins_by_itself() {
    let files = TestProject::new();
    files.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    files.write(
        "migrations/b.sql",
        "-- /// migration\n-- revision = \"b\"\n-- revises = [\"a\"]\n-- message = \"b\"\n-- transaction = \"none\"\n-- ///\n\
         -- upgrade\nCREATE INDEX CONCURRENTLY table_a_id ON table_a (id);\n\n-- downgrade\nDROP INDEX CONCURRENTLY table_a_id;\n",
    );
    files.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    files.host(&["build"]).success();
    let (result, told) = run(&files, Direction::Upgrade, "head", None);
    result.expect("it runs to its end");
    assert_eq!(told, ["a: ", "b: ", "c: "]);
}

#[test]
fn an_interrupt_between_two_steps_ends_the_transaction_of_the_second() {
    let files = TestProject::with_three_tables();
    let (result, told) = run(&files, Direction::Upgrade, "head", Some("a"));
    let error = result.expect_err("it is interrupted");
    assert_eq!((error.kind(), told), ("interrupted", vec!["a: b".to_owned()]));
    assert_eq!(files.database.query("SELECT version_num FROM host_version"), "a");
    run(&files, Direction::Upgrade, "head", None).0.expect("it goes on");
    assert_eq!(files.database.query("SELECT version_num FROM host_version"), "c");
}

/// What a step leaves behind in its session is gone in the next one, also where no round trip is between them.
#[test]
fn the_session_is_fresh_all_the_same() {
    let files = TestProject::new();
    files.write(
        "migrations/a.sql",
        "-- /// migration\n-- revision = \"a\"\n-- revises = []\n-- message = \"a\"\n-- ///\n\
         -- upgrade\nSET search_path = pg_catalog;\nCREATE TEMPORARY TABLE left_behind ();\n\n-- downgrade\nSELECT 1;\n",
    );
    files.sql(
        "b",
        Some("a"),
        "CREATE TABLE seen AS SELECT current_setting('search_path') AS path, to_regclass('left_behind')::text AS left_behind",
        "DROP TABLE seen",
    );
    files.host(&["build"]).success();
    run(&files, Direction::Upgrade, "head", None).0.expect("it runs to its end");
    assert_eq!(
        files.database.query("SELECT path || ' ' || (left_behind IS NULL)::text FROM seen"),
        "\"$user\", public true"
    );
}
