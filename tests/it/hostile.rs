//! Guests of tests/guests that want more than they may have, or break the rules of the sandbox. Each of them ends in a
//! rollback that the operator understands, and the host goes on with the next migration as if nothing had happened.

use std::time::Duration;
use std::time::Instant;

use host::Direction;
use host::Options;
use host::Project;
use host::RunError;
use host::Runner;
use host::Silent;
use host::cap_std::ambient_authority;
use host::cap_std::fs::Dir;
use host::store::BuildTrust;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::guests;

/// Far more than a limit of one second and a slow machine need, and far less than the attempt of the guest would take.
const SOON: Duration = Duration::from_secs(15);

/// A project with a guest, a good migration on a branch beside it, and these limits.
fn project(name: &str, limits: &str) -> TestProject {
    let project = TestProject::new();
    project.write("host.toml", &format!("[default.limits]\n{limits}"));
    project.guest(name);
    project.sql("good", None, "CREATE TABLE good ()", "DROP TABLE good");
    project.host(&["build"]).success();
    project.host(&["ensure-version"]).success();
    project
}

/// Runs a guest, which has to fail: nothing is left of it but a line in the history, and the next migration runs.
fn ends(name: &str, limits: &str) -> Output {
    ends_in(&project(name, limits), name)
}

/// The same in a project that is there already.
fn ends_in(project: &TestProject, name: &str) -> Output {
    let dump = || project.database.dump(&["--exclude-table-data=host_log*"]);
    let (before, started) = (dump(), Instant::now());
    let output = project.start(&["upgrade", &guests::revision(name)]).wait().with_code(1);
    assert!(started.elapsed() < SOON, "{:?}: {}", started.elapsed(), output.stable());
    assert_eq!(dump(), before, "{}", output.stable());
    let history = project.database.query("SELECT revision, direction, outcome, error IS NOT NULL FROM host_log");
    assert_eq!(history, format!("{}|upgrade|failed|t", guests::revision(name)));
    project.host(&["upgrade", "good"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "good");
    output
}

#[test]
fn an_endless_recursion_ends_at_its_stack() {
    assert_output!(ends("recurses", "stack = '128KiB'\n"));
}

#[test]
fn a_memory_that_grows_and_grows_ends_at_its_limit() {
    assert_output!(ends("grows", "memory = '16MiB'\n"));
}

#[test]
fn several_memories_count_together() {
    assert_output!(ends("memories", "memory = '16MiB'\n"));
}

#[test]
fn a_table_that_grows_and_grows_ends_at_its_limit() {
    assert_output!(ends("tables", ""));
}

#[test]
fn a_text_of_two_gibibytes_does_not_reach_the_host() {
    assert_output!(ends("huge_text", "memory = '4GiB'\n"));
}

#[test]
fn a_message_of_two_gibibytes_does_not_reach_the_host() {
    assert_output!(ends("huge_message", "memory = '4GiB'\n"));
}

#[test]
fn a_batch_of_millions_of_rows_does_not_reach_the_host() {
    assert_output!(ends("huge_batch", "memory = '1GiB'\n"));
}

#[test]
fn every_row_of_a_batch_is_a_statement() {
    assert_output!(ends("rows", "statements = 500\n"));
}

#[test]
fn prepared_statements_without_end_end_at_the_limit() {
    assert_output!(ends("prepares", "open-handles = 50\n"));
}

#[test]
fn savepoints_without_end_end_at_the_limit() {
    assert_output!(ends("opens", "open-handles = 50\n"));
}

#[test]
fn statements_without_end_end_at_the_limit() {
    assert_output!(ends("statements", "statements = 100\n"));
}

#[test]
fn statements_that_are_denied_count_too() {
    assert_output!(ends("insists", "statements = 100\n"));
}

#[test]
fn every_statement_of_a_script_counts() {
    assert_output!(ends("long_script", "statements = 100\n"));
}

#[test]
fn the_time_to_cut_a_script_is_the_guests() {
    assert_output!(ends("huge_script", "guest-time = '1s'\n"));
}

#[test]
fn a_flood_of_empty_lines_ends_at_the_limit() {
    let output = ends("log_lines", "log-lines = 3\n");
    assert_output!(output);
}

#[test]
fn a_flood_of_long_lines_ends_at_the_limit() {
    assert_output!(ends("log_bytes", "log-size = '256KiB'\n"));
}

#[test]
fn a_flood_of_progress_is_one_of_lines() {
    assert_output!(ends("progress", "log-lines = 3\n"));
}

#[test]
fn a_flood_on_standard_output_is_one_of_the_log() {
    let output = ends("output", "log-size = '256KiB'\n");
    let zeros = output.stdout.lines().nth(1).expect("a line of output").to_owned();
    assert_output!(output.replace(&[(zeros, "[zeros]")]));
}

#[test]
fn a_result_that_is_too_large_is_an_error_that_a_guest_can_pass_on() {
    assert_output!(ends("result", ""));
}

#[test]
fn a_result_without_end_is_stopped_on_the_server() {
    let project = project("reads", "");
    project.database.query("CREATE VIEW big AS SELECT generate_series(1, 2000000000) AS number");
    assert_output!(ends_in(&project, "reads"));
}

#[test]
fn values_that_are_not_there_take_room_too() {
    // As bytes these are next to nothing, in memory gigabytes.
    let project = project("reads", "");
    let columns: Vec<String> = (0..1_600).map(|number| format!("NULL::int AS column_{number}")).collect();
    project.database.query(&format!("CREATE VIEW big AS SELECT {} FROM generate_series(1, 90000)", columns.join(", ")));
    assert_output!(ends_in(&project, "reads"));
}

#[test]
fn a_start_function_without_end_ends_at_the_limit() {
    assert_output!(ends("start", "guest-time = '1s'\n"));
}

#[test]
fn a_trap_in_the_middle_of_an_answer() {
    assert_output!(ends("realloc_traps", ""));
}

#[test]
fn an_endless_loop_in_the_middle_of_an_answer() {
    assert_output!(ends("realloc_loops", "guest-time = '1s'\n"));
}

#[test]
fn memory_for_an_answer_that_does_not_exist() {
    assert_output!(ends("realloc_lies", ""));
}

#[test]
fn a_trap_after_a_success_is_a_failure() {
    assert_output!(ends("post_return_traps", ""));
}

#[test]
fn an_endless_loop_after_a_success_is_a_failure() {
    assert_output!(ends("post_return_loops", "guest-time = '1s'\n"));
}

#[test]
fn an_answer_outside_of_the_memory() {
    assert_output!(ends("wild_answer", ""));
}

#[test]
fn streams_without_end_end_at_the_limit() {
    assert_output!(ends("streams", "open-handles = 50\n"));
}

#[test]
fn more_random_bytes_than_there_is_memory() {
    assert_output!(ends("random", ""));
}

#[test]
fn a_wait_without_end_is_computing() {
    assert_output!(ends("waits", "guest-time = '1s'\n"));
}

#[test]
fn a_limit_is_named_in_json() {
    let project = project("statements", "statements = 100\n");
    let output = project.host(&["--json", "upgrade", &guests::revision("statements")]).with_code(1);
    let error = output.json_lines().pop().expect("a last line")["error"].clone();
    assert_eq!((&error["kind"], &error["limit"]), (&"limit-exceeded".into(), &"statements".into()));
    assert_eq!((&error["allowed"], &error["blame"]), (&100.into(), &"operator".into()));
}

#[test]
fn a_limit_of_time_has_its_unit_in_json() {
    let project = project("waits", "guest-time = '1s'\n");
    let output = project.host(&["--json", "upgrade", &guests::revision("waits")]).with_code(1);
    let error = output.json_lines().pop().expect("a last line")["error"].clone();
    assert_eq!((&error["limit"], &error["allowed"]), (&"guest-time".into(), &"1s".into()));
}

#[test]
fn an_exit_is_no_success() {
    assert_output!(ends("exits", ""));
}

#[test]
fn resources_without_end_end_at_the_limit() {
    assert_output!(ends("handles", "open-handles = 50\n"));
}

#[test]
fn one_runner_goes_on_after_each_of_them() {
    let files = TestProject::new();
    let limits = "guest-time = '1s'\nstatements = 100\nopen-handles = 50\nlog-lines = 100\nlog-size = '64KiB'\n";
    files.write("host.toml", &format!("[default.limits]\n{limits}"));
    for name in guests::texts() {
        files.guest(&name);
        files.sql(&format!("after_{name}"), None, &format!("CREATE TABLE after_{name} ()"), "SELECT 1");
    }
    files.host(&["build"]).success();
    let folder = Dir::open_ambient_dir(files.path("."), ambient_authority()).expect("the project's folder");
    let project = Project::open_with(folder, "default", BuildTrust { any: true, key: None }).expect("a project");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio.block_on(async {
        let database = project.connect(&files.database.url()).await.expect("a connection");
        let mut runner = Runner::new(&project, database, Options::default());
        for name in guests::texts() {
            let failed = runner.run(Direction::Upgrade, &guests::revision(&name), &mut Silent).await;
            assert!(matches!(failed, Err(RunError::Step(step)) if step.recorded), "{name}");
            runner.run(Direction::Upgrade, &format!("after_{name}"), &mut Silent).await.expect("the next one runs");
        }
        runner.close().await;
    });
    let count = guests::texts().len();
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'after\\_%'";
    assert_eq!(files.database.query(tables), count.to_string());
    assert_eq!(files.database.query("SELECT to_regclass('left_behind')"), "");
    let failed = "SELECT count(*) FROM host_log WHERE outcome = 'failed'";
    assert_eq!(files.database.query(failed), count.to_string());
}

#[test]
fn a_commit_is_within_the_time_of_the_migration() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\ngrants.function = true\nlimits.migration-time = '1s'\n");
    let upgrade = "CREATE TABLE slow (id int);\n\
                   CREATE FUNCTION sleeps() RETURNS trigger LANGUAGE plpgsql AS\n\
                   $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;\n\
                   CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED\n\
                   FOR EACH ROW EXECUTE FUNCTION sleeps();\n\
                   INSERT INTO slow VALUES (1)";
    project.sql("a", None, upgrade, "SELECT 1");
    project.host(&["build"]).success();
    assert_output!(project.start(&["upgrade", "head"]).wait().with_code(1));
    assert_eq!(project.database.query("SELECT to_regclass('slow'), to_regproc('sleeps')"), "|");
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn time_in_the_database_is_the_migrations() {
    assert_output!(ends("sleeps", "migration-time = '1s'\n"));
}
