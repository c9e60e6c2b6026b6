//! What the guard cannot see: functions and DO blocks that reach for the transaction, the user or the tables of the host.
//!
//! Each migration here does its work first, then something that it must not do. All of it has to be gone afterwards.

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// A migration `b` between `a` and `c` that runs what is given. Built.
fn project(upgrade: &str) -> TestProject {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.sql("b", Some("a"), &format!("CREATE TABLE table_b (id int);\n{upgrade}"), "DROP TABLE table_b");
    project.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    project
}

const TABLES: &str = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname NOT LIKE 'pg\\_%' \
     AND schemaname <> 'information_schema'";

/// Runs an upgrade of which `a` stays and `b` is rolled back, recorded as what it is.
fn fails(project: &TestProject, arguments: &[&str]) -> Output {
    let output = project.host(arguments).with_code(1);
    assert_eq!(project.database.query("SELECT version_num FROM public.host_version"), "a", "{}", output.stable());
    assert_eq!(project.database.query(TABLES), "host_journal host_log host_version table_a", "{}", output.stable());
    let history = "SELECT string_agg(revision || ' ' || outcome, ', ' ORDER BY id) FROM public.host_log";
    assert_eq!(project.database.query(history), "a done, b failed", "{}", output.stable());
    output
}

/// An upgrade that is rolled back by the integrity check; gives the line that says why.
fn broken(upgrade: &str) -> String {
    why(&project(upgrade), upgrade)
}

/// The same where only a superuser can do such a thing.
fn broken_by_superuser(upgrade: &str) -> String {
    let mut project = project(upgrade);
    project.database.become_superuser();
    why(&project, upgrade)
}

fn why(project: &TestProject, upgrade: &str) -> String {
    let output = fails(project, &["--json", "upgrade", "head"]);
    let error = output.json_lines().pop().expect("a last line")["error"].take();
    assert_eq!(error["kind"], "integrity-violated", "{upgrade}: {}", output.stable());
    let message = error["message"].as_str().expect("a message");
    let (_, why) = message.split_once("belongs to host: ").unwrap_or_else(|| panic!("{message}"));
    why.to_owned()
}

/// The same statement inside a DO block, where only the server reads it.
fn block(statement: &str) -> String {
    format!("DO $$ BEGIN EXECUTE {}; END $$", quoted(statement))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[test]
fn a_row_of_the_version_table_that_a_migration_writes() {
    let project = project(&block("DELETE FROM host_version"));
    assert_output!(fails(&project, &["upgrade", "head"]));
}

#[test]
fn rows_of_the_hosts_tables_are_the_hosts() {
    for (statement, table) in [
        ("INSERT INTO host_version VALUES ('c')", "host_version"),
        ("UPDATE host_version SET version_num = 'x'", "host_version"),
        ("DELETE FROM host_log", "host_log"),
        ("UPDATE host_log SET outcome = 'failed'", "host_log"),
    ] {
        assert_eq!(broken(&block(statement)), format!("table public.{table} was written to"), "{statement}");
        // As an ordinary statement it is no different.
        assert_eq!(broken(statement), format!("table public.{table} was written to"), "{statement}");
    }
}

#[test]
fn the_shape_of_the_hosts_tables_is_the_hosts() {
    let altered = "was altered, emptied, dropped or locked";
    let trigger = "got a trigger or a foreign key, or was locked";
    for (statement, table, deed) in [
        ("TRUNCATE host_log", "host_log", altered),
        ("ALTER TABLE host_version ADD COLUMN note text", "host_version", altered),
        ("ALTER TABLE host_log RENAME TO old_history", "host_log", altered),
        ("DROP TABLE host_version; CREATE TABLE host_version (version_num text)", "host_version", altered),
        ("CREATE INDEX ON host_log (revision)", "host_log", "was locked, or got an index"),
        ("CREATE RULE quiet AS ON DELETE TO host_version DO INSTEAD NOTHING", "host_version", altered),
        ("ALTER TABLE host_version ENABLE ROW LEVEL SECURITY", "host_version", altered),
        ("CREATE TABLE child (version text REFERENCES host_version)", "host_version", trigger),
        ("LOCK TABLE host_version", "host_version", altered),
    ] {
        assert_eq!(broken(&block(statement)), format!("table public.{table} {deed}"), "{statement}");
    }
    let all = ["host_version", "host_log", "host_journal"].map(|table| format!("table public.{table} {altered}"));
    assert_eq!(broken(&block("DROP SCHEMA public CASCADE")), all.join("; "));
}

#[test]
fn a_trigger_that_writes_to_the_hosts_tables_is_seen() {
    let function = "CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS\n\
                    $$ BEGIN INSERT INTO host_version VALUES ('c'); RETURN NULL; END $$;\n";
    let on = |kind: &str| {
        format!("{function}CREATE {kind} FOR EACH ROW EXECUTE FUNCTION forge();\nINSERT INTO table_b VALUES (1)")
    };
    let written = "table public.host_version was written to";
    assert_eq!(broken(&on("TRIGGER forge AFTER INSERT ON table_b")), written);
    // It would run during COMMIT, when nobody looks any more. So it is run before.
    assert_eq!(broken(&on("CONSTRAINT TRIGGER forge AFTER INSERT ON table_b DEFERRABLE INITIALLY DEFERRED")), written);
    assert_eq!(
        broken(&format!(
            "{function}CREATE TRIGGER forge AFTER INSERT ON host_log FOR EACH ROW EXECUTE FUNCTION forge()"
        )),
        "table public.host_log got a trigger or a foreign key, or was locked"
    );
}

#[test]
fn a_schema_under_another_name_is_seen() {
    let rename = "ALTER SCHEMA public RENAME TO hidden";
    let moved = ["host_version", "host_log", "host_journal"]
        .map(|table| format!("table public.{table} was replaced by another one"))
        .join("; ");
    assert_eq!(broken(&block(rename)), moved);
    // With other tables in its place that look the same.
    let replace = format!(
        "{};\nCREATE SCHEMA public;\nCREATE TABLE public.host_version (LIKE hidden.host_version);\n\
         INSERT INTO public.host_version VALUES ('a');\n\
         CREATE TABLE public.host_log (LIKE hidden.host_log INCLUDING ALL)",
        block(rename)
    );
    assert_eq!(broken(&replace), moved);
    // A child's rows count as those of its parent.
    assert_eq!(
        broken("CREATE TABLE child () INHERITS (host_version);\nINSERT INTO child VALUES ('a');\nDO $$ BEGIN END $$"),
        "table public.host_version has the child table child"
    );
}

#[test]
fn what_is_undone_and_what_only_reads_is_no_breach() {
    for statement in [
        "SELECT count(*) FROM host_version, host_log",
        "ANALYZE",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO restricted",
        "CREATE VIEW applied AS SELECT version_num FROM host_version",
        "DO $$ BEGIN DELETE FROM host_version; RAISE 'undone'; EXCEPTION WHEN raise_exception THEN NULL; END $$",
        "CREATE FUNCTION fast() RETURNS void LANGUAGE plpgsql SET lock_timeout = '1s' AS $$ BEGIN NULL; END $$;\nSELECT fast()",
        "SET search_path TO pg_catalog",
        "SELECT set_config('search_path', '', false)",
        "CREATE TEMPORARY TABLE host_version (version_num text);\nINSERT INTO host_version VALUES ('a')",
        "CREATE FUNCTION public.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS 'SELECT ''forged''';\n\
         SET search_path TO public, pg_catalog",
    ] {
        let project = project(statement);
        project.host(&["upgrade", "head"]).success();
        assert_eq!(project.database.query("SELECT version_num FROM public.host_version"), "c", "{statement}");
        let history = "SELECT string_agg(revision || ' ' || outcome, ', ' ORDER BY id) FROM public.host_log";
        assert_eq!(project.database.query(history), "a done, b done, c done", "{statement}");
    }
}

#[test]
fn a_transaction_that_a_block_tries_to_end() {
    // The server itself refuses it inside of a transaction block.
    for statement in ["COMMIT", "ROLLBACK"] {
        let project = project(&format!("DO $$ BEGIN {statement}; END $$"));
        let output = fails(&project, &["upgrade", "head"]);
        assert!(output.stderr.contains("ERROR 2D000: invalid transaction termination"), "{}", output.stable());
    }
    let project = project(&block("COMMIT"));
    let output = fails(&project, &["upgrade", "head"]);
    assert!(output.stderr.contains("ERROR 0A000"), "{}", output.stable());
    let project = self::project("CREATE PROCEDURE leave() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;\nCALL leave()");
    let output = fails(&project, &["upgrade", "head"]);
    assert!(output.stderr.contains("ERROR 2D000: invalid transaction termination"), "{}", output.stable());
}

#[test]
fn another_user_at_the_end() {
    let became = "the current user was host and is restricted (logged in as host)";
    assert_eq!(broken(&block("SET ROLE restricted")), became);
    assert_eq!(broken(&block("SELECT set_config('role', 'restricted', true)")), became);
    let became = "the current user was host_superuser and is restricted";
    // That other user has other rights, too.
    assert!(broken_by_superuser(&block("SET SESSION AUTHORIZATION restricted")).starts_with(became));
    let text = block("SELECT set_config('session_authorization', 'restricted', false)");
    assert!(broken_by_superuser(&text).starts_with(became));
}

#[test]
fn settings_that_stand_for_limits() {
    for (name, value, before) in [
        ("lock_timeout", "0", "10s"),
        ("idle_in_transaction_session_timeout", "1h", "0"),
        ("session_replication_role", "replica", "origin"),
        ("row_security", "off", "on"),
        ("standard_conforming_strings", "off", "on"),
        ("transaction_read_only", "on", "off"),
        ("default_transaction_read_only", "on", "off"),
        ("client_encoding", "SJIS", "UTF8"),
    ] {
        let text = block(&format!("SELECT set_config('{name}', '{value}', false)"));
        let why = if name == "session_replication_role" { broken_by_superuser(&text) } else { broken(&text) };
        assert_eq!(why, format!("{name} was {before} and is {value}"));
    }
}

#[test]
fn who_asks_for_the_session_may_change_its_limits() {
    let project = project("SET lock_timeout = 0;\nSET statement_timeout = 0;\nSET SESSION row_security = off");
    project.host(&["upgrade", "head"]).success();
    // The next step has its own again.
    let next = "DO $$ BEGIN IF current_setting('lock_timeout') <> '10s' THEN RAISE 'left over'; END IF; END $$";
    project.sql("d", Some("c"), next, "SELECT 1");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    // What the host's own statements rest on is not among it.
    let encoding = block("SELECT set_config('client_encoding', 'LATIN1', false)");
    project.sql("e", Some("d"), &format!("SET lock_timeout = 0;\n{encoding}"), "SELECT 1");
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("belongs to host: client_encoding was UTF8 and is LATIN1\n"), "{}", output.stable());
}

#[test]
fn a_setting_that_is_put_back_in_time_is_no_breach() {
    let there = block("SELECT set_config('lock_timeout', '1s', true)");
    let back = block("SELECT set_config('lock_timeout', '10s', true)");
    let project = project(&format!("{there};\n{back}"));
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_broken_setting_as_people_read_it() {
    let project = project(&block("SELECT set_config('lock_timeout', '0', false)"));
    assert_output!(fails(&project, &["upgrade", "head"]));
}

/// In SJIS the last byte of such a letter takes along the quote after it, and many letters beyond ASCII do not show.
#[test]
fn an_id_beyond_ascii_is_refused() {
    for id in ["x\u{3041}';DELETE", "gr\u{f6}\u{df}e", "a\u{200d}", "a\u{3164}", "a\u{34f}", "a\u{fe0f}", "a\u{ad}"] {
        let project = TestProject::new();
        project.sql(id, None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
        let output = project.host(&["upgrade", "head"]).with_code(1);
        assert!(output.stderr.contains("not allowed in revision identifier"), "{}", output.stable());
    }
    let output = TestProject::new().host(&["revision", "-m", "new", "--rev-id", "a!b"]).with_code(2);
    assert!(output.stderr.contains("other than letters, digits"), "{}", output.stable());
}

#[test]
fn an_id_with_a_quote_is_recorded() {
    let project = TestProject::new();
    let id = "x';DELETE";
    project.sql(id, None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), id);
    project.host(&["downgrade", "base"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn prepared_statements_of_the_host_cannot_be_replaced() {
    // The driver's names can be guessed. Whatever a migration prepares under them, the bookkeeping does without.
    let fake = "DO $$ DECLARE name text; BEGIN\n\
                FOR name IN SELECT p.name FROM pg_prepared_statements p LOOP EXECUTE format('DEALLOCATE %I', name); END LOOP;\n\
                FOR number IN 1..20 LOOP EXECUTE format('PREPARE %I AS SELECT 1', 'sqlx_s_' || number); END LOOP;\nEND $$";
    let project = project(fake);
    project.host(&["upgrade", "b"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
    assert_eq!(project.database.query("SELECT count(*) FROM host_log WHERE outcome = 'done'"), "2");
}

#[test]
fn a_step_begins_on_a_fresh_session() {
    let project = TestProject::new();
    let leaves = "CREATE TEMPORARY TABLE work (id int);\nSET search_path TO pg_temp;\nSET work_mem = '1MB';\n\
                  SET myapp.mark = 'left';\nCREATE TABLE public.";
    for (id, parent) in [("a", None), ("b", Some("a"))] {
        let checks = "DO $$ BEGIN IF current_setting('work_mem') = '1MB' OR current_setting('myapp.mark', true) <> '' \
                      OR current_setting('search_path') = 'pg_temp' THEN RAISE 'left over'; END IF; END $$;\n";
        project.sql(id, parent, &format!("{checks}{leaves}table_{id} (id int)"), &format!("DROP TABLE table_{id}"));
    }
    project.host(&["build"]).success();
    // Both make the same temporary table.
    project.host(&["upgrade", "head"]).success();
}

/// A trigger that defers itself anew, so that it does something inside of the COMMIT.
fn in_commit(deed: &str) -> String {
    format!(
        "CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS\n\
         $$ BEGIN IF NEW.id = 1 THEN SET CONSTRAINTS ALL DEFERRED; INSERT INTO table_b VALUES (2);\n\
         ELSE {deed}; END IF; RETURN NULL; END $$;\n\
         CREATE CONSTRAINT TRIGGER forge AFTER INSERT ON table_b DEFERRABLE INITIALLY DEFERRED\n\
         FOR EACH ROW EXECUTE FUNCTION forge();\nINSERT INTO table_b VALUES (1)"
    )
}

#[test]
fn what_is_deferred_past_the_check_cannot_write() {
    for (deed, command) in [
        ("UPDATE host_version SET version_num = 'x'", "UPDATE"),
        ("DELETE FROM host_log", "DELETE"),
        ("INSERT INTO table_a VALUES (1)", "INSERT"),
        ("EXECUTE 'CREATE TABLE host_child () INHERITS (host_version)'", "CREATE TABLE"),
        ("EXECUTE 'GRANT ALL ON host_version TO PUBLIC'", "GRANT"),
    ] {
        assert_eq!(
            broken(&in_commit(deed)),
            format!("something was deferred into the COMMIT: cannot execute {command} in a read-only transaction"),
            "{deed}"
        );
    }
    let back = in_commit("PERFORM set_config('transaction_read_only', 'off', false); DELETE FROM host_version");
    let output = fails(&project(&back), &["upgrade", "head"]);
    assert!(output.stderr.contains("ERROR 25001: transaction read-write mode must be set"), "{}", output.stable());
    assert_output!(fails(&project(&in_commit("DELETE FROM host_version")), &["upgrade", "head"]));
}

/// A savepoint that is still open ends with the COMMIT, and with it what was set inside of it.
#[test]
fn a_savepoint_that_is_left_open_does_not_let_the_commit_write() {
    let project = TestProject::with_guest("forgets");
    let output = project.host(&["--json", "upgrade", "head"]).with_code(1);
    assert!(output.stdout.contains("cannot execute UPDATE in a read-only transaction"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
    assert_eq!(project.database.query("SELECT count(*) FROM host_log WHERE error = 'forged'"), "0");
}

/// The server runs the query of such a cursor inside of the COMMIT.
#[test]
fn a_cursor_that_outlives_the_transaction_cannot_write() {
    let forge = "CREATE FUNCTION forge() RETURNS int LANGUAGE plpgsql AS\n\
                 $$ BEGIN UPDATE host_log SET outcome = 'failed'; RETURN 1; END $$;\n";
    let held = block("DECLARE held CURSOR WITH HOLD FOR SELECT forge()");
    assert_eq!(
        broken(&format!("{forge}{held}")),
        "something was deferred into the COMMIT: cannot execute UPDATE in a read-only transaction"
    );
}

#[test]
fn constraints_and_triggers_that_are_deferred_work() {
    let project = project(
        "CREATE TABLE parent (id int PRIMARY KEY);\n\
         CREATE TABLE child (parent int REFERENCES parent ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);\n\
         CREATE TABLE log (id int);\n\
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (NEW.parent); RETURN NULL; END $$;\n\
         CREATE CONSTRAINT TRIGGER note AFTER INSERT ON child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();\n\
         CREATE TEMPORARY TABLE work (id int) ON COMMIT DROP;\n\
         CREATE TEMPORARY TABLE more (id int) ON COMMIT DELETE ROWS;\n\
         INSERT INTO work VALUES (1);\nINSERT INTO more VALUES (1);\n\
         INSERT INTO child VALUES (1);\nINSERT INTO parent VALUES (1);\nSET CONSTRAINTS ALL DEFERRED;\nINSERT INTO child VALUES (1)",
    );
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM log"), "2");
}

/// Nothing of it is undone with the session, and no lock on a table shows it.
#[test]
fn what_the_next_session_begins_with_is_no_matter_of_a_migration() {
    let why = "the defaults of new sessions were changed (ALTER ROLE … SET or ALTER DATABASE), for which a migration has to ask for role";
    let database =
        |change: &str| format!("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {change}', current_database()); END $$");
    for change in [
        "SET search_path = evil, pg_catalog",
        "SET default_transaction_read_only = on",
        "SET role = restricted",
        "CONNECTION LIMIT 0",
    ] {
        assert_eq!(broken(&database(change)), why, "{change}");
    }
    let role = |role: &str| {
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER ROLE {role} IN DATABASE %I SET work_mem = \"1MB\"', current_database()); END $$"
        )
    };
    assert_eq!(broken(&role("CURRENT_USER")), why);
    assert_eq!(broken_by_superuser(&role("ALL")), why);
    // What is asked for is granted.
    let project =
        project(&format!("ALTER ROLE host SET work_mem = '4MB';\nALTER ROLE host RESET work_mem;\n{}", role("host")));
    project.host(&["upgrade", "head"]).success();
}

/// Without them every later run would be refused.
#[test]
fn a_migration_takes_no_rights_on_the_hosts_tables_away() {
    for (statement, table) in [
        ("REVOKE UPDATE ON host_journal FROM host", "host_journal"),
        ("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM host", "host_version"),
    ] {
        let expected = format!("table public.{table} has other rights for this user than before");
        assert!(broken(&block(statement)).starts_with(&expected), "{statement}");
        assert!(broken(statement).starts_with(&expected), "{statement}");
    }
}

/// The one that is written to at the end shows by its rows that it moved; this one is not.
#[test]
fn a_journal_that_moves_is_seen() {
    let project = project(
        "ALTER SCHEMA ops RENAME TO hidden;\nCREATE SCHEMA ops;\nCREATE TABLE ops.journal (LIKE hidden.journal)",
    );
    project.database.query("CREATE SCHEMA ops");
    project.write("host.toml", "[default]\njournal-table = \"ops.journal\"\n[default.grants]\nfunction = true\n");
    let output = project.host(&["--json", "upgrade", "head"]).with_code(1);
    assert!(
        output.stdout.contains("belongs to host: table ops.journal was replaced by another one"),
        "{}",
        output.stable()
    );
}

#[test]
fn a_limit_on_waiting_that_is_changed_and_changed_back() {
    let set = |value: &str| block(&format!("SELECT set_config('lock_' || 'timeout', '{value}', false)"));
    let project = project(&format!("{};\nLOCK TABLE gate;\n{}", set("0"), set("1000")));
    project.database.query("CREATE TABLE gate (id int)");
    project.write("host.toml", "[default]\n[default.grants]\nfunction = true\n[default.limits]\nlock-timeout = '1s'\n");
    let mut psql = project.database.psql();
    let mut gate = psql
        .args(["-c", "BEGIN; LOCK TABLE gate; SELECT pg_sleep(120)"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("psql runs");
    project.database.wait_until("SELECT count(*) = 1 FROM pg_locks WHERE relation = 'gate'::regclass AND granted");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    project.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)' AND pid <> pg_backend_pid() AND datname = current_database()");
    gate.wait().expect("psql ends");
    assert!(
        output.stderr.contains("it waited for a lock for more than 1 s, after it had changed lock_timeout"),
        "{}",
        output.stable()
    );
    assert_eq!(project.database.query("SELECT version_num FROM public.host_version"), "a");
}
