//! Migrations with `transaction = "none"`: each statement for itself, a journal, and a rerun that goes on where the last
//! one ended, however that was.

use std::process::Child;
use std::process::Stdio;

use rustix::process::Signal;

use crate::harness::Output;
use crate::harness::TestDatabase;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// What an undisturbed upgrade of [`indexes`] leaves.
const ALL_INDEXES: &str = "table_a_id t table_a_name t";

const INDEXES: &str = "SELECT string_agg(relname || ' ' || CASE WHEN indisvalid THEN 't' ELSE 'f' END, ' ' ORDER BY relname) \
                       FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = 'table_a'::regclass";

impl TestProject {
    /// Writes a migration in SQL without a transaction, `migrations/<id>.sql`, and builds it.
    fn non_transactional(&self, id: &str, revises: &str, upgrade: &str, downgrade: &str) {
        self.write(
            &format!("migrations/{id}.sql"),
            &format!(
                "-- /// migration\n-- revision = \"{id}\"\n-- revises = [\"{revises}\"]\n-- message = \"migration {id}\"\n\
                 -- transaction = \"none\"\n-- ///\n-- upgrade\n{upgrade};\n-- downgrade\n{downgrade};\n"
            ),
        );
        self.host(&["build"]).success();
    }
}

/// `a` makes a table with ten rows; `b` does what is given, without a transaction.
fn project(upgrade: &str, downgrade: &str) -> TestProject {
    let project = TestProject::new();
    project.sql(
        "a",
        None,
        "CREATE TABLE table_a (id int, name text);\nINSERT INTO table_a SELECT n, 'name ' || n FROM generate_series(1, 10) n",
        "DROP TABLE table_a",
    );
    project.non_transactional("b", "a", upgrade, downgrade);
    project.host(&["upgrade", "a"]).success();
    project
}

/// Counts the runs of each statement, so that none runs twice, around two concurrent indexes.
fn indexes() -> TestProject {
    project(
        "UPDATE table_a SET name = name || '!';\n\
         CREATE INDEX CONCURRENTLY table_a_id ON table_a (id);\n\
         UPDATE table_a SET name = name || '!';\n\
         CREATE INDEX CONCURRENTLY table_a_name ON table_a (lower(name)) WHERE id > 0;\n\
         UPDATE table_a SET name = name || '!'",
        "DROP INDEX CONCURRENTLY table_a_name;\nDROP INDEX CONCURRENTLY table_a_id;\n\
         UPDATE table_a SET name = rtrim(name, '!')",
    )
}

/// Asserts that everything is applied exactly once and nothing is left over.
fn assert_indexes_done(project: &TestProject) {
    assert_eq!(project.database.query(INDEXES), ALL_INDEXES);
    assert_eq!(project.database.query("SELECT name FROM table_a WHERE id = 1"), "name 1!!!");
    assert_finished(project, "b");
}

fn assert_finished(project: &TestProject, head: &str) {
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), head);
    assert_eq!(project.database.query("SELECT count(*) FROM host_journal"), "0");
    project.host(&["current"]).success();
}

/// The journal in short: `1 finished, 2 started`.
fn journal(database: &TestDatabase) -> String {
    database.query("SELECT string_agg(position || ' ' || state, ', ' ORDER BY revision, position) FROM host_journal")
}

/// Another session with an open transaction, for which a concurrent build waits.
struct OpenTransaction(Child);

impl OpenTransaction {
    fn begin(database: &TestDatabase) -> Self {
        use std::io::Write as _;
        let mut psql = database.psql().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("psql runs");
        let input = psql.stdin.as_mut().expect("a pipe");
        input.write_all(b"BEGIN; INSERT INTO table_a VALUES (0, 'open');\n").expect("statements to send");
        database.wait_until("SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'");
        Self(psql)
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("psql ends");
    }
}

const WAITS: &str = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
                     AND query ILIKE 'CREATE INDEX CONCURRENTLY%'";

/// Kills a runner while its concurrent build waits for another transaction, and lets the server notice.
fn killed_in_a_build() -> TestProject {
    let project = indexes();
    let open = OpenTransaction::begin(&project.database);
    let runner = project.start(&["upgrade", "head"]);
    project.database.wait_until(WAITS);
    runner.signal(Signal::KILL);
    assert_eq!(runner.wait().code, -9);
    if crate::harness::server_version() < 14 {
        // Such a server notices at the end of the statement only.
        project.database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'CREATE INDEX CONCURRENTLY%'",
        );
    }
    // The lock is held as long as the server works for the dead client.
    project.database.wait_until("SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'");
    open.end();
    assert_eq!(journal(&project.database), "1 finished, 2 started");
    project
}

#[test]
fn statements_that_cannot_run_in_a_transaction_run() {
    let project = indexes();
    assert_output!(project.host(&["upgrade", "head"]).success());
    assert_indexes_done(&project);
    assert_eq!(project.database.query("SELECT statements, rows FROM host_log WHERE revision = 'b'"), "5|30");
    assert_output!(project.host(&["downgrade", "a"]).success());
    assert_eq!(project.database.query(INDEXES), "");
    assert_finished(&project, "a");
}

#[test]
fn all_that_postgresql_refuses_in_a_transaction() {
    let project = project(
        "CREATE TYPE mood AS ENUM ('sad');\nALTER TYPE mood ADD VALUE 'glad';\nCREATE TABLE moods (mood mood);\n\
         INSERT INTO moods VALUES ('glad');\nVACUUM moods;\nVACUUM FULL;\nCLUSTER;\n\
         CREATE UNIQUE INDEX CONCURRENTLY table_a_id ON table_a (id);\nREINDEX TABLE CONCURRENTLY table_a;\nREINDEX INDEX table_a_id;\n\
         DROP INDEX CONCURRENTLY table_a_id;\n\
         CREATE TABLE parts (id int) PARTITION BY RANGE (id);\nCREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);\n\
         ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY;\nREFRESH MATERIALIZED VIEW CONCURRENTLY names",
        "DROP TABLE moods, parts, parts_1;\nDROP TYPE mood",
    );
    project.database.query(
        "CREATE MATERIALIZED VIEW names AS SELECT DISTINCT name FROM table_a; CREATE UNIQUE INDEX ON names (name)",
    );
    if !crate::harness::server_has(14, "DETACH CONCURRENTLY") {
        // A statement that an earlier server does not know is corrected and run again.
        let _ = project.host(&["upgrade", "head"]).with_code(1);
        let text = std::fs::read_to_string(project.path("migrations/b.sql")).expect("the migration");
        project.write("migrations/b.sql", &text.replace("parts_1 CONCURRENTLY", "parts_1"));
        project.host(&["build"]).success();
    }
    project.host(&["upgrade", "head"]).success();
    assert_finished(&project, "b");
    project.host(&["downgrade", "a"]).success();
    assert_finished(&project, "a");
}

#[test]
fn a_failure_in_the_middle_and_a_correction() {
    let project = project(
        "UPDATE table_a SET name = name || '!';\nCREATE INDEX CONCURRENTLY table_a_id ON table_a (id);\n\
         UPDATE table_a SET nam = 'x';\nUPDATE table_a SET name = name || '?'",
        "SELECT 1",
    );
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(journal(&project.database), "1 finished, 2 finished, 3 failed");
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
    let log = "SELECT revision, direction, outcome, error FROM host_log ORDER BY id DESC LIMIT 1";
    assert_eq!(
        project.database.query(log),
        "b|upgrade|failed|column \"nam\" of relation \"table_a\" does not exist (42703)"
    );
    // As it is, it fails again at the same place.
    let again = project.host(&["upgrade", "head"]).with_code(1);
    assert!(again.stdout.contains("resuming at statement 3"), "{}", again.stable());
    project.non_transactional(
        "b",
        "a",
        "UPDATE table_a SET name = name || '!';\nCREATE INDEX CONCURRENTLY table_a_id ON table_a (id);\n\
         UPDATE table_a SET name = name || '+';\nUPDATE table_a SET name = name || '?'",
        "SELECT 1",
    );
    assert_output!(project.host(&["upgrade", "head"]).success());
    assert_eq!(project.database.query("SELECT name FROM table_a WHERE id = 1"), "name 1!+?");
    assert_finished(&project, "b");
}

#[test]
fn a_failure_of_the_first_statement_leaves_nothing() {
    let project = project("UPDATE table_a SET nam = 'x';\nVACUUM", "SELECT 1");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(journal(&project.database), "");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_failure_as_json() {
    let project = project("UPDATE table_a SET name = 'x';\nUPDATE table_a SET nam = 'x'", "SELECT 1");
    let output = project.host(&["--json", "upgrade", "head"]).with_code(1);
    let error = output.json_lines().pop().expect("a last line")["error"].clone();
    assert_eq!(error["kind"], "statement-failed");
    assert_eq!((&error["statements_done"], &error["statement_number"]), (&1.into(), &2.into()));
    assert_eq!(error["unfinished"], true);
    let current = project.host(&["--json", "current"]).success().json();
    assert_eq!(current["up_to_date"], false);
    assert_eq!(current["unfinished"][0]["next_statement"], 2);
    assert_eq!(current["unfinished"][0]["state"], "failed");
}

#[test]
fn a_unique_index_that_cannot_be_built_is_tidied_up() {
    let project = project("CREATE UNIQUE INDEX CONCURRENTLY table_a_name ON table_a (name)", "SELECT 1");
    project.database.query("UPDATE table_a SET name = 'same'");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query(INDEXES), "table_a_name f");
    assert_output!(project.host(&["current"]).success());
    project.database.query("UPDATE table_a SET name = 'name ' || id");
    assert_output!(project.host(&["upgrade", "head"]).success());
    assert_eq!(project.database.query(INDEXES), "table_a_name t");
    assert_finished(&project, "b");
}

#[test]
fn a_runner_killed_in_a_concurrent_build() {
    let project = killed_in_a_build();
    assert_eq!(project.database.query(INDEXES), "table_a_id f");
    assert_output!(project.host(&["current", "--check-heads"]).with_code(3));
    assert_output!(project.host(&["history"]).success());
    assert_output!(project.host(&["upgrade", "head", "--dry-run"]).success());
    assert!(project.host(&["log"]).success().stderr.contains("the upgrade of b is unfinished"));
    assert_output!(project.host(&["upgrade", "head"]).success());
    assert_indexes_done(&project);
}

/// An index that is invalid because a session is still building it is no leftover.
#[test]
fn an_index_that_is_being_built_is_left_alone() {
    let project = killed_in_a_build();
    project.database.query("DROP INDEX CONCURRENTLY table_a_id");
    let open = OpenTransaction::begin(&project.database);
    let mut builder = project.database.psql();
    builder.args(["-c", "CREATE INDEX CONCURRENTLY table_a_id ON table_a (id)"]);
    let mut builder = builder.spawn().expect("psql runs");
    project.database.wait_until(WAITS);
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("a session is still working on index public.table_a_id"), "{}", output.stable());
    assert!(output.stderr.contains("wait until it ends"), "{}", output.stable());
    open.end();
    assert!(builder.wait().expect("psql ends").success(), "nobody dropped the index while it was being built");
    project.host(&["upgrade", "head"]).success();
    assert_indexes_done(&project);
}

#[test]
fn nothing_else_runs_before_an_unfinished_step() {
    let project = killed_in_a_build();
    assert_output!(project.refuses(1, &["downgrade", "base"]));
    assert_output!(project.refuses(1, &["stamp", "b"]));
    let _ = project.refuses(1, &["stamp", "a"]);
    assert_output!(project.refuses(1, &["upgrade", "head", "--resume-from", "3"]));
    assert_output!(project.refuses(1, &["upgrade", "head", "--mark-done", "3"]));
    // The operator undoes it by hand.
    project.database.query("DROP INDEX table_a_id");
    assert_output!(project.host(&["stamp", "a", "--forget-unfinished"]).success());
    assert_finished(&project, "a");
    project.host(&["downgrade", "base"]).success();
    assert_output!(project.refuses(1, &["upgrade", "head", "--mark-done", "1"]));
}

#[test]
fn a_transaction_that_was_asked_for_later() {
    let project = killed_in_a_build();
    let file = std::fs::read_to_string(project.path("migrations/b.sql")).expect("a file");
    let in_a_transaction = file.replace("-- transaction = \"none\"\n", "").replace(" CONCURRENTLY", "");
    project.write("migrations/b.sql", &in_a_transaction);
    project.host(&["build"]).success();
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_build_whose_end_was_not_seen() {
    let project = indexes();
    project.host(&["upgrade", "head"]).success();
    // What a host that was killed between the end of the build and its own note would have left.
    for _ in 0..2 {
        took_back(&project, 4);
        project.database.query("UPDATE table_a SET name = rtrim(name, '!') || '!!'");
        let output = project.host(&["upgrade", "head"]).success();
        assert!(output.stdout.contains("index public.table_a_name is complete"), "{}", output.stable());
        assert_indexes_done(&project);
    }
}

#[test]
fn a_valid_index_with_another_definition_is_left_alone() {
    let project = indexes();
    project.host(&["upgrade", "head"]).success();
    took_back(&project, 4);
    project.database.query("DROP INDEX table_a_name; CREATE INDEX table_a_name ON table_a (id, name)");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query(INDEXES), ALL_INDEXES);
    // It is as good as the other one.
    assert_output!(project.host(&["upgrade", "head", "--mark-done", "4"]).success());
    assert_finished(&project, "b");
}

#[test]
fn an_invalid_index_of_somebody_else_is_left_alone() {
    let project = project("CREATE INDEX CONCURRENTLY IF NOT EXISTS table_a_name ON table_a (name)", "SELECT 1");
    project.database.query("UPDATE table_a SET name = 'same'");
    let mut psql = project.database.psql();
    assert!(
        !psql
            .args(["-c", "CREATE UNIQUE INDEX CONCURRENTLY table_a_name ON table_a (name)"])
            .output()
            .expect("psql")
            .status
            .success()
    );
    // Twice: the first try leaves nothing that would make it the host's own.
    for _ in 0..2 {
        assert_output!(project.host(&["upgrade", "head"]).with_code(1));
        assert_eq!(project.database.query(INDEXES), "table_a_name f");
    }
    // Nor does a valid one that was there before become the host's own.
    project.database.query("DROP INDEX table_a_name; CREATE INDEX table_a_name ON table_a (id)");
    project.non_transactional("b", "a", "CREATE INDEX CONCURRENTLY table_a_name ON table_a (name)", "SELECT 1");
    for _ in 0..2 {
        let output = project.host(&["upgrade", "head"]).with_code(1);
        assert!(output.stderr.contains("already exists"), "{}", output.stable());
        assert_eq!(
            project.database.query("SELECT pg_get_indexdef('table_a_name'::regclass)"),
            "CREATE INDEX table_a_name ON public.table_a USING btree (id)"
        );
    }
}

#[test]
fn a_dropped_index_whose_end_was_not_seen() {
    let project = indexes();
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "a"]).success();
    project.database.query("INSERT INTO host_version VALUES ('b') ON CONFLICT DO NOTHING; DELETE FROM host_version WHERE version_num = 'a'");
    for (position, index) in [(1, "table_a_name"), (2, "table_a_id")] {
        insert_row(
            &project,
            "downgrade",
            position,
            &format!("DROP INDEX CONCURRENTLY {index}"),
            if position == 1 { "finished" } else { "started" },
        );
    }
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.host(&["current", "--check-heads"]).with_code(3));
    project.host(&["downgrade", "b-1"]).success();
    assert_finished(&project, "a");
}

#[test]
fn a_run_that_ended_before_its_bookkeeping() {
    let project = indexes();
    project.host(&["upgrade", "head"]).success();
    took_back(&project, 5);
    project.database.query("UPDATE host_journal SET state = 'finished'");
    project.host(&["upgrade", "head"]).success();
    assert_indexes_done(&project);
}

#[test]
fn a_migration_in_a_compiled_language() {
    let project = TestProject::with_guest("non_transactional");
    for how in ["write", "swallow", "message"] {
        let output = project.host(&["-x", &format!("fail={how}"), "upgrade", "head"]).with_code(1);
        assert_output!(output);
        assert_eq!(project.database.query("SELECT count(*) FROM nights"), "1000");
    }
    assert!(journal(&project.database).ends_with("9 finished, 10 failed"), "{}", journal(&project.database));
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*), min(note), max(note) FROM nights"), "990|x|x");
    assert_finished(&project, "5d1f0c7a9e33");
    project.host(&["downgrade", "base"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('nights'), count(*) FROM host_journal"), "|0");
}

#[test]
fn a_script_of_a_compiled_migration_needs_no_rows() {
    let project = TestProject::with_guest("non_transactional");
    let output = project.host(&["upgrade", "head", "--sql"]).with_code(1);
    assert!(output.stderr.contains("cannot be written as a script"), "{}", output.stable());
}

#[test]
fn a_statement_in_doubt_needs_a_decision() {
    for (option, name) in [("--mark-done", "name 1+"), ("--resume-from", "name 1?+")] {
        let project = project("SELECT no()", "SELECT 1");
        let _ = project.host(&["upgrade", "head"]).with_code(1);
        let statements = "VACUUM;\nUPDATE table_a SET name = name || '?';\nUPDATE table_a SET name = name || '+'";
        project.non_transactional("b", "a", statements, "SELECT 1");
        insert_row(&project, "upgrade", 1, "VACUUM", "finished");
        // One that the server had refused in a transaction, and about which the host knows nothing more.
        insert_row(&project, "upgrade", 2, "UPDATE table_a SET name = name || '?'", "started");
        project.database.query("UPDATE host_journal SET alone = true");
        assert_output!(project.host(&["upgrade", "head"]).with_code(1));
        assert_eq!(journal(&project.database), "1 finished, 2 started");
        project.host(&["upgrade", "head", option, "2"]).success();
        assert_eq!(project.database.query("SELECT name FROM table_a WHERE id = 1"), name);
        assert_finished(&project, "b");
    }
}

#[test]
fn an_edited_statement_that_was_done() {
    let project = project("UPDATE table_a SET name = name || '!';\nUPDATE table_a SET nam = 'x'", "SELECT 1");
    let _ = project.host(&["upgrade", "head"]).with_code(1);
    project.non_transactional(
        "b",
        "a",
        "UPDATE table_a SET name = name || '?';\nUPDATE table_a SET name = name || '+'",
        "SELECT 1",
    );
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query("SELECT name FROM table_a WHERE id = 1"), "name 1!");
    project.host(&["upgrade", "head", "--resume-from", "1"]).success();
    assert_eq!(project.database.query("SELECT name FROM table_a WHERE id = 1"), "name 1!?+");
    assert_finished(&project, "b");
}

#[test]
fn an_edited_statement_that_is_left_out() {
    let project = project("UPDATE table_a SET name = name || '!';\nUPDATE table_a SET nam = 'x'", "SELECT 1");
    let _ = project.host(&["upgrade", "head"]).with_code(1);
    project.non_transactional(
        "b",
        "a",
        "UPDATE table_a SET name = name || '?';\nUPDATE table_a SET name = name || '+'",
        "SELECT 1",
    );
    project.host(&["upgrade", "head", "--mark-done", "1"]).success();
    assert_eq!(project.database.query("SELECT name FROM table_a WHERE id = 1"), "name 1!+");
    assert_finished(&project, "b");
}

#[test]
fn a_migration_that_became_shorter() {
    let project = project("UPDATE table_a SET name = name || '!';\nVACUUM;\nUPDATE table_a SET nam = 'x'", "SELECT 1");
    let _ = project.host(&["upgrade", "head"]).with_code(1);
    project.non_transactional("b", "a", "UPDATE table_a SET name = name || '!'", "SELECT 1");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    project.host(&["upgrade", "head", "--resume-from", "2"]).success();
    assert_finished(&project, "b");
}

#[test]
fn settings_hold_for_later_statements_and_for_reruns() {
    let project = project(
        "CREATE SCHEMA other;\nSET search_path = other;\nCREATE TABLE table_b (id int);\nINSERT INTO public.table_x VALUES (1);\n\
         INSERT INTO table_b VALUES (1)",
        "DROP SCHEMA other CASCADE",
    );
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("statements 1 to 3 are done and stay, statement 4 failed"), "{}", output.stable());
    project.database.query("CREATE TABLE table_x (id int)");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM other.table_b"), "1");
    // The tables of the host are where they were.
    assert_finished(&project, "b");
}

#[test]
fn what_would_have_no_effect_is_refused_when_it_is_built() {
    for statement in
        ["SET LOCAL work_mem = '1MB'", "CREATE TEMP TABLE t (id int)", "CREATE INDEX CONCURRENTLY ON table_a (id)"]
    {
        let project = TestProject::new();
        project.write(
            "migrations/b.sql",
            &format!(
                "-- /// migration\n-- revision = \"b\"\n-- transaction = \"none\"\n-- ///\n-- upgrade\nSELECT 1;\n{statement};\n"
            ),
        );
        assert_output!(project.refuses(1, &["build"]));
    }
}

#[test]
fn time_limits_hold_but_not_for_concurrent_builds() {
    let project = project(
        "CREATE INDEX CONCURRENTLY table_a_id ON table_a (id);\nALTER TABLE table_a ADD COLUMN more int",
        "SELECT 1",
    );
    project.write("host.toml", "[default]\n[default.limits]\nlock-timeout = '100ms'\nlock-retries = 0\n");
    let open = OpenTransaction::begin(&project.database);
    let runner = project.start(&["upgrade", "head"]);
    project.database.wait_until(WAITS);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(project.database.query(WAITS), "t", "it still waits");
    open.end();
    let _ = runner.wait().success();
    project.host(&["stamp", "a"]).success();
    project.database.query("DROP INDEX table_a_id; ALTER TABLE table_a DROP COLUMN more");
    project.non_transactional("b", "a", "ALTER TABLE table_a ADD COLUMN more int", "SELECT 1");
    let open = OpenTransaction::begin(&project.database);
    let output = project.host(&["upgrade", "head"]).with_code(1);
    open.end();
    assert!(output.stderr.contains("55P03"), "{}", output.stable());
}

#[test]
fn an_interrupt_in_a_concurrent_build() {
    let project = indexes();
    let open = OpenTransaction::begin(&project.database);
    let runner = project.start(&["upgrade", "head"]);
    project.database.wait_until(WAITS);
    runner.signal(Signal::INT);
    let output = runner.wait().with_code(130);
    open.end();
    assert_output!(output);
    assert_eq!(journal(&project.database), "1 finished, 2 failed");
    project.host(&["upgrade", "head"]).success();
    assert_indexes_done(&project);
}

#[test]
fn a_connection_that_is_cut_in_a_statement() {
    let project =
        project("UPDATE table_a SET name = name || '!';\nSELECT cut() FROM table_a WHERE id = 1;\nVACUUM", "SELECT 1");
    project.database.query(
        "CREATE FUNCTION cut() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN pg_terminate_backend(pg_backend_pid()); END $$",
    );
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(journal(&project.database), "1 finished");
    project.database.query("DELETE FROM table_a WHERE id = 1");
    project.host(&["upgrade", "head"]).success();
    assert_finished(&project, "b");
}

#[test]
fn a_script_has_the_statements_between_transactions() {
    let project = indexes();
    let output = project.host(&["upgrade", "--sql", "a:b"]).success().without_digests();
    assert_output!(output);
    let mut psql = project.database.psql();
    std::fs::write(project.path("script.sql"), &output.stdout).expect("written");
    let ran = psql.arg("-f").arg(project.path("script.sql")).output().expect("psql runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(project.database.query(INDEXES), ALL_INDEXES);
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
}

#[test]
fn a_journal_with_another_name_and_a_foreign_table() {
    let project = indexes();
    project.database.query("CREATE SCHEMA ops; DROP TABLE host_journal; CREATE TABLE host_journal (id int)");
    let output: Output = project.host(&["upgrade", "head"]).with_code(1);
    assert_output!(output);
    project.write("host.toml", "[default]\njournal-table = \"ops.journal\"\n");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM ops.journal"), "0");
}

#[test]
fn what_belongs_to_the_host_is_watched_in_each_statement() {
    let touch = "CREATE FUNCTION touch(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; END $$";
    for (deed, told) in [
        ("DELETE FROM host_journal", "table public.host_journal was written to"),
        ("DELETE FROM host_version", "table public.host_version was written to"),
        ("SET client_encoding = LATIN1", "client_encoding was UTF8 and is LATIN1"),
        ("SET lock_timeout = 7", "lock_timeout was"),
    ] {
        let project = project(&format!("ANALYZE table_a;\nSELECT touch('{deed}')"), "SELECT 1");
        project.database.query(touch);
        let output = project.host(&["upgrade", "head"]).with_code(1);
        let text = output.stable();
        assert!(text.contains(told.trim_start_matches("table ").trim_start_matches("public.")), "{text}");
        assert!(text.contains("statement 1 is done and stays, statement 2 failed"), "{text}");
        assert_eq!(journal(&project.database), "1 finished");
    }
}

#[test]
fn statements_run_under_the_role_and_bookkeeping_does_not() {
    let project = project(
        "CREATE TABLE mine (id int);\nINSERT INTO mine SELECT n FROM generate_series(1, 9) n;\n\
         CREATE INDEX CONCURRENTLY mine_id ON mine (id);\nVACUUM mine",
        "DROP INDEX CONCURRENTLY mine_id;\nDROP TABLE mine",
    );
    project.database.query("GRANT ALL ON SCHEMA public TO restricted");
    project.write("host.toml", "[default]\nrole = \"restricted\"\n");
    project.host(&["upgrade", "head"]).success();
    let owners = "SELECT string_agg(relname || ' ' || relowner::regrole, ', ' ORDER BY relname) FROM pg_class WHERE relname IN ('mine', 'mine_id', 'host_journal')";
    assert_eq!(project.database.query(owners), "host_journal host, mine restricted, mine_id restricted");
    assert_finished(&project, "b");
    project.host(&["downgrade", "b-1"]).success();
    assert_finished(&project, "a");
}

/// Makes it look as if a statement had been begun and its end not been seen, with all those before it done.
fn took_back(project: &TestProject, position: u32) {
    project.database.query("DELETE FROM host_version; INSERT INTO host_version VALUES ('a')");
    let text = std::fs::read_to_string(project.path("migrations/b.sql")).expect("a file");
    let sections = host::sql::sections(&text).expect("sections");
    let statements = host::sql::split(&text[sections.upgrade]).expect("statements");
    for (index, statement) in statements.iter().enumerate().take(position as usize) {
        let number = u32::try_from(index).expect("few") + 1;
        insert_row(project, "upgrade", number, statement.text, if number == position { "started" } else { "finished" });
    }
}

fn insert_row(project: &TestProject, direction: &str, position: u32, statement: &str, state: &str) {
    let digest = host::db::statement_journal::digest(statement, [&[][..]]).expect("a digest");
    let command = host::sql::name_of(statement);
    let alone = matches!(host::sql::execution_mode(statement), host::sql::ExecutionMode::Autocommit(_));
    project.database.query(&format!(
        "INSERT INTO host_journal (revision, direction, position, digest, statement, command, alone, state, rows, clock_micros, started_at) \
         VALUES ('b', '{direction}', {position}, '{digest}', '{}', '{command}', {alone}, '{state}', 0, 0, now())",
        statement.replace('\'', "''")
    ));
}
