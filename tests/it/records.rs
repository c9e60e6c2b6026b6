//! Migrations that forge the host's records, by what no lock shows: children, tables that are found earlier, what stays in the
//! session, statements that run alone.

use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::server_has;

const HISTORY: &str = "SELECT string_agg(revision || ' ' || outcome, ', ' ORDER BY id) FROM ONLY public.host_log";

/// A project of `a`, `b` and `c`; `b` does what is given. Built.
fn project(upgrade: &str) -> TestProject {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.sql("b", Some("a"), upgrade, "SELECT 1");
    project.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    project
}

/// The message of the failure of `b`, as JSON has it.
fn message_of(project: &TestProject, arguments: &[&str]) -> (String, String) {
    let output = project.host(arguments).with_code(1);
    let error = output.json_lines().pop().expect("a last line")["error"].take();
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    (text("kind"), text("message"))
}

#[test]
fn children_of_the_hosts_tables_are_rolled_back() {
    for (table, what) in [("host_version", "the child table kid"), ("host_log", "the child table kid")] {
        let project = project(&format!("CREATE TABLE kid () INHERITS ({table})"));
        let (kind, message) = message_of(&project, &["--json", "upgrade", "head"]);
        assert_eq!(kind, "integrity-violated");
        assert!(message.ends_with(&format!("table public.{table} has {what}")), "{message}");
        assert_eq!(project.database.query("SELECT to_regclass('kid') IS NULL"), "t");
        assert_eq!(project.database.query(HISTORY), "a done, b failed");
    }
}

/// Dumps leave out what is part of an extension. With a filter the server refuses every UPDATE of the journal.
#[test]
fn what_is_attached_without_a_strong_lock_is_rolled_back() {
    let mut attacks = vec![(
        "CREATE EXTENSION hstore;\nALTER EXTENSION hstore ADD TABLE host_log",
        "table public.host_log has an extension that it is part of",
    )];
    if server_has(15, "a publication with a filter") {
        attacks.push((
            "CREATE PUBLICATION quiet FOR TABLE host_journal WHERE (state <> 'started')",
            "table public.host_journal has a publication with a filter or a list of columns",
        ));
    }
    for (statement, what) in attacks {
        let project = project(statement);
        let (kind, message) = message_of(&project, &["--json", "upgrade", "head"]);
        assert_eq!((kind.as_str(), message.ends_with(what)), ("integrity-violated", true), "{statement}: {message}");
        assert_eq!(project.database.query(HISTORY), "a done, b failed");
    }
    // What is replicated as it is stays so.
    let project = project("CREATE PUBLICATION all_of_it FOR TABLE host_version, host_log, host_journal");
    project.host(&["upgrade", "head"]).success();
}

/// All of these take the lock that a plain ANALYZE takes, too.
#[test]
fn what_is_changed_under_the_lock_of_an_analyze_is_rolled_back() {
    for (statement, what) in [
        ("COMMENT ON TABLE host_log IS 'forged'", "host_log has another comment than before"),
        ("COMMENT ON COLUMN host_version.version_num IS 'x'", "host_version has another comment than before"),
        ("COMMENT ON TABLE host_journal IS NULL", "host_journal has another comment than before"),
        ("ALTER TABLE host_log SET (autovacuum_enabled = off)", "host_log has other storage parameters"),
        (
            "ALTER TABLE host_log SET (toast.autovacuum_enabled = off)",
            "host_log has other storage parameters of its TOAST table than before",
        ),
        (
            "ALTER TABLE host_log ALTER COLUMN revision SET STATISTICS 0",
            "host_log has other options or statistics targets of columns than before",
        ),
        (
            "ALTER TABLE host_log ALTER COLUMN revision SET (n_distinct = 1)",
            "host_log has other options or statistics targets of columns than before",
        ),
        ("ALTER TABLE host_log CLUSTER ON host_log_pkey", "host_log has another index to be clustered by than before"),
        ("CREATE STATISTICS quiet ON revision, direction FROM host_log", "host_log has the statistics object quiet"),
    ] {
        let project = project(&format!("DO $$ BEGIN EXECUTE '{}'; END $$", statement.replace('\'', "''")));
        project.host(&["upgrade", "a"]).success();
        project.database.query("COMMENT ON TABLE host_journal IS 'of the operator'");
        let (kind, message) = message_of(&project, &["--json", "upgrade", "head"]);
        assert_eq!((kind.as_str(), message.ends_with(what)), ("integrity-violated", true), "{statement}: {message}");
        assert_eq!(project.database.query(HISTORY), "a done, b failed");
    }
}

/// What looks like one of these, and is none, goes the slow way and is recorded.
#[test]
fn what_only_looks_like_a_change_is_recorded() {
    let comments = "DO $$ BEGIN COMMENT ON TABLE host_log IS 'x'; COMMENT ON TABLE host_log IS NULL; END $$";
    let undone = "DO $$ BEGIN ALTER TABLE host_log SET (fillfactor = 50); RAISE 'no'; \
                  EXCEPTION WHEN raise_exception THEN NULL; END $$";
    for statement in [
        "ANALYZE",
        comments,
        undone,
        "GRANT SELECT ON host_version, host_log TO PUBLIC",
        "LOCK TABLE host_log IN ROW SHARE MODE",
    ] {
        let project = project(statement);
        project.host(&["upgrade", "head"]).success();
        assert_eq!(project.database.query(HISTORY), "a done, b done, c done", "{statement}");
        let ids = "SELECT string_agg(id::text, ' ' ORDER BY id) FROM host_log";
        assert_eq!(project.database.query(ids), "1 2 3", "{statement}");
    }
}

/// Whoever records a failure does not wait for the lock of runners, so the number of a row may be taken.
#[test]
fn a_number_that_somebody_else_takes_is_no_obstacle() {
    use std::io::Write as _;
    let project = project("SELECT count(*) FROM gate");
    project.database.query("CREATE TABLE gate (id int)");
    let mut other = project.database.psql().stdin(std::process::Stdio::piped()).spawn().expect("psql runs");
    let mut input = other.stdin.take().expect("a pipe");
    input.write_all(b"BEGIN; LOCK TABLE gate;\n").expect("a statement to send");
    project.database.wait_until("SELECT count(*) > 0 FROM pg_locks WHERE relation = 'gate'::regclass AND granted");
    let running = project.start(&["upgrade", "head"]);
    project.database.wait_until("SELECT count(*) = 1 FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted");
    let columns = "started_at, finished_at, statements, rows, database_user, host_version";
    let taken = format!(
        "INSERT INTO host_log (id, revision, direction, outcome, {columns}) \
         SELECT id + 1, revision, direction, 'failed', {columns} FROM host_log;\nCOMMIT;\n"
    );
    input.write_all(taken.as_bytes()).expect("a statement to send");
    drop(input);
    other.wait().expect("psql ends");
    running.wait().success();
    assert_eq!(project.database.query(HISTORY), "a done, a failed, b done, c done");
}

#[test]
fn what_others_attached_stops_a_run_before_its_first_step() {
    let function = "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$";
    for (statement, what) in [
        ("CREATE TABLE kid () INHERITS (host_version)", "table public.host_version has the child table kid"),
        ("CREATE TABLE kid () INHERITS (host_journal)", "table public.host_journal has the child table kid"),
        (
            "CREATE RULE quiet AS ON DELETE TO host_version DO INSTEAD NOTHING",
            "table public.host_version has the rule quiet",
        ),
        (
            "CREATE TRIGGER quiet BEFORE INSERT ON host_log FOR EACH ROW EXECUTE FUNCTION nothing()",
            "table public.host_log has the trigger quiet",
        ),
        ("CREATE POLICY quiet ON host_version USING (false)", "table public.host_version has the policy quiet"),
        ("ALTER TABLE host_version ENABLE ROW LEVEL SECURITY", "table public.host_version has row security"),
        (
            "CREATE STATISTICS quiet ON revision, direction FROM host_log",
            "table public.host_log has the statistics object quiet",
        ),
        (
            "CREATE EXTENSION hstore; ALTER EXTENSION hstore ADD TABLE host_version",
            "table public.host_version has an extension that it is part of",
        ),
        (
            "CREATE PUBLICATION quiet FOR TABLE host_journal WHERE (state <> 'started')",
            "table public.host_journal has a publication with a filter or a list of columns",
        ),
    ] {
        if statement.contains("PUBLICATION") && !server_has(15, "a publication with a filter") {
            continue;
        }
        let project = project("CREATE TABLE table_b (id int)");
        project.host(&["upgrade", "a"]).success();
        project.database.query(function);
        project.database.query(statement);
        let (kind, message) = message_of(&project, &["--json", "upgrade", "head"]);
        assert_eq!((kind.as_str(), message.contains(what)), ("database", true), "{statement}: {message}");
        assert_eq!(project.database.query("SELECT to_regclass('table_b') IS NULL"), "t", "{statement}");
    }
    let project = project("CREATE TABLE table_b (id int)");
    project.host(&["upgrade", "a"]).success();
    project.database.query("CREATE TABLE kid () INHERITS (host_version)");
    assert_output!(project.host(&["upgrade", "head"]));
}

#[test]
fn rows_of_children_count_nowhere() {
    let project = project("CREATE TABLE table_b (id int)");
    project.host(&["upgrade", "a"]).success();
    project.database.query(
        "CREATE TABLE kid () INHERITS (host_version); INSERT INTO kid VALUES ('c'); INSERT INTO kid VALUES ('not an id');
         CREATE TABLE past () INHERITS (host_log);
         INSERT INTO past SELECT * FROM host_log; UPDATE past SET source_digest = 'forged', id = 1000",
    );
    assert!(project.host(&["current"]).success().stdout.starts_with("a\n"));
    assert_eq!(project.host(&["--json", "log"]).success().stdout.matches("\"revision\"").count(), 1);
    // A run would be refused for them, and they count for nothing in what it would be.
    let plan = project.host(&["--json", "upgrade", "head", "--dry-run"]).with_code(3).json();
    assert_eq!(plan["heads_before"], serde_json::json!(["a"]));
}

#[test]
fn a_table_that_is_found_earlier_is_refused() {
    let project = project(
        "CREATE SCHEMA host;\nCREATE TABLE host.host_version (version_num text);\nINSERT INTO host.host_version VALUES ('c')",
    );
    // The names stand with their schema for the rest of the run.
    project.host(&["upgrade", "b"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM public.host_version"), "b");
    assert_output!(project.host(&["upgrade", "head"]));
    for command in [&["current"][..], &["stamp", "a"], &["upgrade", "head", "--dry-run"], &["ensure-version"]] {
        let output = project.host(command);
        assert_ne!(output.code, 0, "{command:?}");
        assert!(output.stderr.contains("found 2 tables that could be the version table"), "{}", output.stable());
    }
    assert_eq!(project.database.query("SELECT version_num FROM public.host_version"), "b");
    // Whoever says which one it is, goes on.
    project.write("host.toml", "[default]\nversion-table = \"public.host_version\"\nlog-table = \"public.host_log\"\n");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM public.host_version"), "c");
}

#[test]
fn a_schema_that_is_searched_first_hides_no_history() {
    let project = project(
        "CREATE SCHEMA host;\nCREATE TABLE host.host_log (LIKE public.host_log);\nCREATE VIEW host.host_journal AS SELECT 1",
    );
    project.host(&["upgrade", "b"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("tables that could be the log table"), "{}", output.stable());
}

#[test]
fn the_journal_belongs_to_the_host_from_the_beginning() {
    let forged = "INSERT INTO host_journal (revision, direction, position, digest, statement, command, alone, state, rows, \
                  clock_micros, started_at) VALUES ('c', 'upgrade', 1, '', '', '', false, 'marked', 0, 0, now())";
    for statement in
        [forged.to_owned(), "DROP TABLE host_journal".to_owned(), "CREATE INDEX ON host_journal (rows)".to_owned()]
    {
        let project = project(&statement);
        let (kind, message) = message_of(&project, &["--json", "upgrade", "head"]);
        assert_eq!(kind, "integrity-violated", "{message}");
        assert!(message.contains("table public.host_journal "), "{message}");
    }
}

#[test]
fn no_sequence_remembers_what_was_rolled_back() {
    let project = project("CREATE TABLE table_b (id int)");
    project.host(&["upgrade", "a"]).success();
    let sequences = "SELECT count(*) FROM pg_class WHERE relkind = 'S'";
    assert_eq!(project.database.query(sequences), "0");
    // A history of an earlier version has one.
    project.database.query("ALTER TABLE host_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY");
    project.host(&["upgrade", "b"]).success();
    assert_eq!(project.database.query(sequences), "0");
    assert_eq!(project.database.query("SELECT string_agg(id::text, ' ' ORDER BY id) FROM host_log"), "1 2");
}

#[test]
fn nothing_stays_in_the_session_for_the_next_migration() {
    let project = TestProject::new();
    // What the driver, the host or an honest migration could call something, and settings that decide how a transaction begins.
    let leaves = "SELECT pg_advisory_lock(7);\nDECLARE open CURSOR FOR SELECT 1;\n\
                  SET default_transaction_read_only = on;\nSET enable_seqscan = off;\n\
                  DO $$ BEGIN FOR number IN 0..40 LOOP EXECUTE format('DEALLOCATE ALL'); END LOOP; \
                  FOR number IN 0..40 LOOP EXECUTE format('PREPARE %I AS SELECT 1', 'sqlx_s_' || number); \
                  EXECUTE format('PREPARE %I AS SELECT 1', 'host_batch_' || number); END LOOP; END $$";
    project.sql("a", None, leaves, "SELECT 1");
    let looks = "DO $$ DECLARE prepared int; locks int; BEGIN SELECT count(*) INTO prepared FROM pg_prepared_statements \
                 WHERE from_sql; SELECT count(*) INTO locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() \
                 AND objid = 7; IF prepared + locks > 0 THEN RAISE 'left over: % %', prepared, locks; END IF; END $$;\n\
                 CREATE TABLE table_b (id int, name text);\nSELECT 'a', 2, now();\nSHOW search_path";
    project.sql("b", Some("a"), looks, "DROP TABLE table_b");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query(HISTORY), "a done, b done");
}

#[test]
fn a_row_that_is_no_id_is_shown_and_replaced_by_a_stamp() {
    let project = project("CREATE TABLE table_b (id int)");
    project.host(&["upgrade", "a"]).success();
    project.database.query("INSERT INTO host_version VALUES ('no id'), (repeat('x', 100000))");
    let output = project.host(&["current"]).success();
    assert!(output.stdout.contains("no id (not a revision id"), "{}", output.stable());
    project.host(&["current", "--check-heads"]).with_code(3);
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("has invalid rows: 'no id', 'xxxx"), "{}", output.stable());
    assert!(output.stderr.contains("hint: `host stamp --purge REVISION`"), "{}", output.stable());
    project.host(&["stamp", "a"]).with_code(1);
    project.host(&["stamp", "--purge", "a"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
}

#[test]
fn rows_without_end_are_an_error_and_a_stamp_repairs_them() {
    let project = project("CREATE TABLE table_b (id int)");
    project.host(&["upgrade", "a"]).success();
    project.database.query("INSERT INTO host_version SELECT 'row_' || n FROM generate_series(1, 20000) n");
    for command in [&["current"][..], &["upgrade", "head"]] {
        let output = project.host(command);
        assert_ne!(output.code, 0);
        assert!(output.stderr.contains("has more than 10000 rows"), "{}", output.stable());
    }
    project.host(&["stamp", "--purge", "a"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
}

#[test]
fn a_text_without_end_is_cut() {
    let project = project("DO $$ BEGIN RAISE EXCEPTION '%', repeat('x', 50000000); END $$");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("P0001") && output.stderr.len() < 200_000, "{} bytes", output.stderr.len());
    let kept: usize = project.database.query("SELECT max(length(error)) FROM host_log").parse().expect("a length");
    assert!(kept < 10_000, "{kept}");
}

/// A project whose migration `b` has no transaction.
fn non_transactional(upgrade: &str) -> TestProject {
    let project = TestProject::new();
    project.sql(
        "a",
        None,
        "CREATE TABLE table_a (id int);\nINSERT INTO table_a VALUES (1);\n\
         CREATE FUNCTION wipe() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.host_log; END $$;\n\
         CREATE FUNCTION evil(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS\n\
         $$ BEGIN PERFORM public.wipe(); RETURN $1; END $$",
        "DROP TABLE table_a",
    );
    project.write(
        "migrations/b.sql",
        &format!(
            "-- /// migration\n-- revision = \"b\"\n-- revises = [\"a\"]\n-- message = \"migration b\"\n\
             -- transaction = \"none\"\n-- ///\n-- upgrade\n{upgrade};\n-- downgrade\nSELECT 1;\n"
        ),
    );
    project.host(&["build"]).success();
    project.host(&["upgrade", "a"]).success();
    project
}

#[test]
fn what_a_statement_did_that_runs_alone_is_told() {
    let project =
        non_transactional("CREATE INDEX CONCURRENTLY harmless ON table_a (evil(id));\nUPDATE table_a SET id = 2");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
    // What comes after it was not begun.
    assert_eq!(project.database.query("SELECT id FROM table_a"), "1");
}

/// It is committed when it can be looked at, and its locks are gone.
#[test]
fn what_a_statement_that_runs_alone_attached_is_told() {
    for (deed, what) in [
        ("ALTER EXTENSION hstore ADD TABLE public.host_log", "has an extension that it is part of"),
        ("CREATE TABLE public.kid () INHERITS (public.host_version)", "has the child table kid"),
        ("REVOKE DELETE ON public.host_journal FROM host", "has other rights for this user than before"),
        (
            "ALTER ROLE host IN DATABASE {} SET search_path = evil, pg_catalog",
            "the defaults of new sessions were changed",
        ),
    ] {
        let project = non_transactional("CREATE INDEX CONCURRENTLY harmless ON table_a (evil(id))");
        let deed = deed.replace("{}", project.database.name());
        project.database.query(&format!(
            "CREATE EXTENSION hstore; CREATE OR REPLACE FUNCTION wipe() RETURNS void LANGUAGE plpgsql AS \
             $$ BEGIN IF to_regclass('public.done') IS NULL THEN CREATE TABLE public.done (); EXECUTE '{deed}'; END IF; END $$"
        ));
        let (kind, message) = message_of(&project, &["--json", "upgrade", "head"]);
        assert_eq!((kind.as_str(), message.contains(what)), ("integrity-violated", true), "{deed}: {message}");
    }
}

#[test]
fn a_statement_that_runs_alone_names_no_table_of_the_host() {
    for statement in [
        "CREATE INDEX CONCURRENTLY trap ON host_version ((1 / (length(version_num) - 1)))",
        "CREATE INDEX CONCURRENTLY trap ON public.\"host_log\" (id)",
        "CREATE INDEX CONCURRENTLY trap ON U&\"host\\005fjournal\" (rows)",
        "REINDEX INDEX CONCURRENTLY host_version_pkc",
        "DROP INDEX CONCURRENTLY Host_Log_PKEY",
        "REINDEX INDEX CONCURRENTLY host_log_revision_id_key",
        "VACUUM FULL host_log",
    ] {
        let project = non_transactional("SELECT 1");
        let text = project.path("migrations/b.sql");
        let migration = std::fs::read_to_string(&text)
            .expect("the migration")
            .replace("SELECT 1;\n-- down", &format!("{statement};\n-- down"));
        std::fs::write(&text, migration).expect("written");
        project.host(&["build"]).success();
        let output = project.host(&["upgrade", "head"]).with_code(1);
        assert!(
            output.stderr.contains("it names a table of host, or an index of one"),
            "{statement}: {}",
            output.stable()
        );
        assert_eq!(project.database.query("SELECT to_regclass('trap') IS NULL, count(*) FROM host_journal"), "t|0");
    }
}
