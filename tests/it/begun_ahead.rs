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

use crate::harness::OwnServer;
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

/// A chain of migrations from `m01` on. Each of them but those of `others` counts the prepared statements of its session.
fn long_chain(steps: usize, others: &[(usize, &str)]) -> TestProject {
    let files = TestProject::new();
    let id = |number: usize| format!("m{number:02}");
    for number in 1..=steps {
        let counts = "INSERT INTO seen SELECT count(*) FROM pg_prepared_statements";
        let other = others.iter().find(|(other, _)| *other == number).map(|(_, upgrade)| *upgrade);
        let upgrade = if number == 1 { "CREATE TABLE seen (statements int)" } else { other.unwrap_or(counts) };
        let parent = number.checked_sub(1).filter(|parent| *parent > 0).map(id);
        files.write(
            &format!("migrations/{}.sql", id(number)),
            &format!(
                "-- /// migration\n-- revision = \"{}\"\n-- revises = [{}]\n-- message = \"m\"\n-- asks = [\"data\", \"schema\", \"function\"]\n-- ///\n\
                 -- upgrade\n{upgrade};\n-- downgrade\nSELECT 1;\n",
                id(number),
                parent.map(|parent| format!("{parent:?}")).unwrap_or_default()
            ),
        );
    }
    files.host(&["build"]).success();
    files
}

const SEEN: &str = "SELECT string_agg(statements::text, ' ' ORDER BY ctid) FROM seen";

/// How many steps are recorded, in the order in which they ran.
const RECORDED: &str = "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(revision) FROM host_log WHERE outcome = 'done' \
     AND direction = 'upgrade' AND revision = 'm' || lpad(id::text, 2, '0')";

#[test]
fn a_long_run_keeps_its_statements_prepared() {
    let files = long_chain(12, &[]);
    files.host(&["upgrade", "head"]).success();
    // The first step puts its head in the place of no other, so it is not like the rest.
    assert_eq!(files.database.query(SEEN), "0 2 2 2 2 2 2 2 2 2 2");
    assert_eq!(files.database.query(RECORDED), "12 12 m12");
    files.host(&["downgrade", "base"]).success();
    assert_eq!(files.database.query("SELECT count(*) FROM host_log WHERE direction = 'downgrade'"), "12");
}

#[test]
fn a_short_run_prepares_nothing() {
    let files = long_chain(5, &[]);
    files.host(&["upgrade", "head"]).success();
    assert_eq!(files.database.query(SEEN), "0 0 0 0");
}

/// What a migration puts in the place of the host's statements is not run.
#[test]
fn statements_in_the_place_of_prepared_ones_are_not_believed() {
    let replaced = "DO $$ BEGIN \
         EXECUTE 'DEALLOCATE ALL'; \
         EXECUTE 'PREPARE host_check(xid8) AS SELECT 0'; \
         EXECUTE 'PREPARE host_rows(text, text, int8, text, text, text, text, interval, int8, int8) AS SELECT 99::int8'; END $$";
    let left = "DO $$ BEGIN EXECUTE 'PREPARE mine AS SELECT 1'; END $$";
    let gone = "DO $$ BEGIN EXECUTE 'DEALLOCATE host_rows'; END $$";
    let files = long_chain(20, &[(5, replaced), (8, left), (11, gone)]);
    files.host(&["upgrade", "head"]).success();
    assert_eq!(files.database.query(RECORDED), "20 20 m20");
    assert_eq!(files.database.query("SELECT version_num FROM host_version"), "m20");
    // What was left is gone in the next step, and a long rest of the run is worth preparing again.
    assert_eq!(files.database.query(SEEN), "0 2 2 0 2 0 2 0 0 0 0 0 0 0 0 0");
}

/// What is replaced for the sake of a change to the host's tables is found all the same.
#[test]
fn a_change_behind_replaced_statements_is_found() {
    let attack = "DO $$ BEGIN \
         EXECUTE 'DEALLOCATE ALL'; \
         EXECUTE 'PREPARE host_check(xid8) AS SELECT 0'; \
         EXECUTE 'PREPARE host_rows(text, text, int8, text, text, text, text, interval, int8, int8) AS SELECT 99::int8'; \
         EXECUTE 'DELETE FROM host_' || 'log'; END $$";
    let files = long_chain(12, &[(5, attack)]);
    let output = files.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("host_log"), "{}", output.stable());
    assert_eq!(files.database.query("SELECT version_num FROM host_version"), "m04");
    assert_eq!(files.database.query("SELECT count(*) FROM host_log WHERE outcome = 'done'"), "4");
}

/// The query of a WITH HOLD cursor runs inside of the COMMIT, behind the look at the prepared statements.
#[test]
fn what_a_commit_prepares_is_found_at_the_end_of_the_next_step() {
    let function = "CREATE FUNCTION forge() RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
         EXECUTE 'DEALLOCATE ALL'; \
         EXECUTE 'PREPARE host_check(xid8) AS SELECT 0'; \
         EXECUTE 'PREPARE host_rows(text, text, int8, text, text, text, text, interval, int8, int8) AS SELECT 99::int8'; \
         EXECUTE 'PREPARE third AS SELECT 1'; RETURN 1; END $$";
    let held = "DO $$ BEGIN EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT forge()'; END $$";
    let files = long_chain(20, &[(3, function), (4, held)]);
    files.host(&["upgrade", "head"]).success();
    assert_eq!(files.database.query(SEEN), format!("0 3 0{}", " 2".repeat(14)));
    assert_eq!(files.database.query(RECORDED), "20 20 m20");
}

/// A dead client is noticed by settings with which the session begins: no step has to say them again, and none can leave others.
#[test]
fn a_session_over_tcp_begins_with_what_notices_a_dead_client() {
    let (server, project) = (OwnServer::new(), TestProject::new());
    let url = server.start_on_tcp();
    const SETTINGS: &str = "SELECT name, setting, source FROM pg_settings WHERE name LIKE 'tcp!_%' ESCAPE '!'";
    project.sql("a", None, &format!("CREATE TABLE seen AS {SETTINGS}"), "DROP TABLE seen");
    project.sql("b", Some("a"), "SET tcp_keepalives_idle = 7200", "SELECT 1");
    project.sql("c", Some("b"), &format!("INSERT INTO seen {SETTINGS}"), "SELECT 1");
    project.host(&["build"]).success();
    project.host_with(("HOST_DATABASE_URL", &url), &["upgrade", "head"]).success();
    let seen =
        "SELECT string_agg(DISTINCT format('%s %s %s', name, setting, source), ', ') FROM seen HAVING count(*) = 8";
    assert_eq!(
        server.query_at(&url, seen),
        "tcp_keepalives_count 3 client, tcp_keepalives_idle 15 client, tcp_keepalives_interval 5 client, \
         tcp_user_timeout 30000 client"
    );
}
