//! Guests of tests/guests: what they may do works, what they do wrong is told and leaves nothing behind.

use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::guests;

/// Runs a guest's upgrade, which has to fail, and checks that nothing is left of it but a line in the history.
fn fails(name: &str) -> (TestProject, crate::harness::Output) {
    let project = TestProject::with_guest(name);
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0", "{}", output.stable());
    let tables = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(project.database.query(tables), "host_journal host_log host_version");
    assert_eq!(project.database.query("SELECT outcome, error IS NOT NULL FROM host_log"), "failed|t");
    (project, output)
}

#[test]
fn every_guest_has_a_test() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/it")).expect("the tests");
    let paths = files.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    let tests: String = paths.map(|path| std::fs::read_to_string(path).expect("UTF-8")).collect();
    for name in guests::names() {
        assert!(tests.contains(&format!("(\"{name}\"")), "no test runs the guest {name}");
    }
}

#[test]
fn every_type_goes_in_and_out() {
    if !crate::harness::server_has(14, "infinity as a numeric") {
        return;
    }
    let project = TestProject::with_guest("values");
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn savepoints_nest_and_end() {
    let project = TestProject::with_guest("savepoints");
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn what_is_written_depends_on_what_is_read() {
    let project = TestProject::with_guest("queries");
    project.host(&["upgrade", "head"]).success();
    let tills = "SELECT string_agg(number || ' ' || cents, ', ' ORDER BY number) FROM tills";
    assert_eq!(project.database.query(tills), "1 250, 2 500");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_prepared_statement_takes_a_thousand_rows() {
    let project = TestProject::with_guest("prepared");
    assert_output!(project.host(&["upgrade", "head"]));
    assert_eq!(project.database.query("SELECT count(*), count(note) FROM nights"), "1001|500");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_batch_is_one_text_of_which_nothing_is_the_guests() {
    // The text of the rows begins with the first one; the statement was prepared before.
    let batches = || crate::harness::server_log().matches("statement: EXECUTE host_batch_1(").count();
    let before = batches();
    let project = TestProject::with_guest("prepared");
    project.database.admin(&format!("ALTER DATABASE {} SET log_statement = 'all'", project.database.name()));
    project.host(&["upgrade", "head"]).success();
    // Only this database logs statements; what earlier runs logged does not count.
    assert_eq!(batches() - before, 1, "the server saw the batch as one text");
}

/// A column of another type is told with the statement and the line of the author's file.
#[test]
fn a_column_that_is_read_wrongly_is_told_with_its_place() {
    assert_output!(fails("misreads").1);
}

#[test]
fn log_lines_reach_the_operator_and_not_the_terminal() {
    let project = TestProject::with_guest("logs");
    let version = format!(" on {} with ", crate::harness::server_version());
    let output = project.host(&["-v", "-x", "reason=test", "upgrade", "head"]);
    assert_output!(output.replace(&[(version, " on [version] with ")]));
}

#[test]
fn log_lines_as_json_stay_one_object_a_line() {
    let project = TestProject::with_guest("logs");
    let output = project.host(&["--json", "upgrade", "head"]).success();
    let lines = output.json_lines();
    let logs: Vec<_> = lines.iter().filter(|line| line["event"] == "log").collect();
    assert_eq!(logs.len(), 10);
    assert_eq!(logs[4]["message"], "an error\nin two lines");
    assert!(!output.stdout.contains('\u{1b}'), "{}", output.stdout);
}

#[test]
fn a_panic_tells_its_message_and_place() {
    assert_output!(fails("panics").1);
}

#[test]
fn a_swallowed_error_does_not_become_a_success() {
    assert_output!(fails("swallows").1);
}

#[test]
fn a_vague_message_does_not_hide_the_statement() {
    assert_output!(fails("misreports").1);
}

#[test]
fn a_script_tells_the_place_of_its_failure() {
    assert_output!(fails("script").1);
}

#[test]
fn an_endless_loop_ends_at_its_limit() {
    let project = TestProject::with_guest("loops");
    project.write("host.toml", "[default.limits]\nguest-time = '1s'\n");
    assert_output!(project.host(&["upgrade", "head"]));
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn endless_memory_ends_at_its_limit() {
    let project = TestProject::with_guest("memory");
    project.write("host.toml", "[default.limits]\nmemory = '64MiB'\n");
    assert_output!(project.host(&["upgrade", "head"]));
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn time_in_the_database_is_not_the_guests() {
    let project = TestProject::with_guest("sleeps");
    project.write("host.toml", "[default.limits]\nguest-time = '1s'\nstatement-timeout = '2s'\n");
    // Two seconds in the server do not use up one second of computing: it is the server's own limit that ends it.
    assert_output!(project.host(&["upgrade", "head"]));
}

#[test]
fn two_runs_of_a_guest_send_the_same_component_from_the_cache() {
    let project = TestProject::with_guest("logs");
    project.host(&["upgrade", "head"]).success();
    let cached = || std::fs::read_dir(project.cache()).expect("the cache").count();
    assert_eq!(cached(), 1);
    project.host(&["downgrade", "base"]).success();
    assert_eq!(cached(), 1);
    // A damaged entry is not run; it is compiled again.
    for entry in std::fs::read_dir(project.cache()).expect("the cache") {
        std::fs::write(entry.expect("an entry").path(), b"damaged").expect("written");
    }
    project.host(&["upgrade", "head"]).success();
}
