//! Scripts of `--sql` in the hands of others: psql without the option that makes it stop, programs that send a file whole, cut it at
//! semicolons, go on after errors, or set savepoints. What is not done is never recorded as done.

use std::process::Stdio;

use crate::harness::TestDatabase;
use crate::harness::TestProject;
use crate::harness::wire::Wire;

/// A migration `a` that makes a table with two equal rows, and `b` with the given statements.
fn project(b: &str, is_non_transactional: bool) -> TestProject {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int); INSERT INTO table_a VALUES (1), (1)", "DROP TABLE table_a");
    project.sql("b", Some("a"), b, "SELECT 1");
    if is_non_transactional {
        let text = std::fs::read_to_string(project.path("migrations/b.sql")).expect("the migration");
        project.write("migrations/b.sql", &text.replacen("-- message", "-- transaction = \"none\"\n-- message", 1));
    }
    project.sql("c", Some("b"), "CREATE TABLE table_c (id int)", "DROP TABLE table_c");
    project.host(&["build"]).success();
    project
}

fn script(project: &TestProject, range: &str) -> String {
    project.host(&["upgrade", "--sql", range]).success().stdout
}

/// Runs a script through a psql that was told nothing: exit code and standard error.
fn psql(database: &TestDatabase, script: &str, options: &[&str]) -> (Option<i32>, String) {
    use std::io::Write as _;
    let mut command = database.psql();
    command.args(["-v", "ON_ERROR_STOP=0"]).args(options).args(["-f", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("psql runs");
    child.stdin.take().expect("its input").write_all(script.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn revision(database: &TestDatabase) -> String {
    database.query("SELECT version_num FROM host_version")
}

/// The script of a person who takes the first lines away, so that psql goes on after errors.
fn going_on(script: &str) -> String {
    script.replace("\\set ON_ERROR_STOP on\n", "").replace("\\set ON_ERROR_ROLLBACK off\n", "")
}

const BROKEN_INDEX: &str =
    "UPDATE table_a SET id = 1; CREATE UNIQUE INDEX CONCURRENTLY once ON table_a (id); DELETE FROM table_a";

#[test]
fn a_failed_build_is_not_recorded_whoever_reads_the_script() {
    let left_broken = [BROKEN_INDEX.to_owned(), BROKEN_INDEX.replace("(id)", "(id) WHERE 'ä' <> E'\\n'")];
    for statements in left_broken {
        let project = project(&statements, true);
        let (first, written) = (script(&project, "base:a"), script(&project, "a:c"));
        for (options, written) in [
            (&[][..], written.clone()),
            (&[], going_on(&written)),
            (&["-v", "ON_ERROR_ROLLBACK=on"], going_on(&written)),
        ] {
            assert_eq!(psql(&project.database, &first, &[]).0, Some(0));
            let (_, told) = psql(&project.database, &written, options);
            assert!(told.contains("could not create unique index"), "{told}");
            // The last statement would have emptied the table.
            assert_eq!(revision(&project.database), "a", "{told}");
            assert_eq!(project.database.query("SELECT count(*) FROM table_a"), "2", "{told}");
            // With savepoints nothing holds the statements of a transaction together; what they do is not recorded.
            let is_untouched = project.database.query("SELECT to_regclass('table_c') IS NULL");
            assert_eq!(is_untouched, if options.is_empty() { "t" } else { "f" }, "{told}");
            project.database.query("DROP TABLE table_a; DROP TABLE IF EXISTS table_c; DELETE FROM host_version");
        }
        assert_eq!(psql(&project.database, &first, &[]).0, Some(0));
        let (code, _) = psql(&project.database, &written, &[]);
        assert_eq!(code, Some(3), "psql says so to whoever started it");
    }
}

/// An index of that name is there and broken: nothing fails, and nothing is done.
#[test]
fn an_index_that_was_broken_before_is_not_taken_for_a_new_one() {
    let statements = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS once ON table_a (id)";
    let project = project(statements, true);
    project.host(&["upgrade", "a"]).success();
    let broken = project.database.psql().args(["-c", statements]).output().expect("psql runs");
    assert!(!broken.status.success());
    let (code, told) = psql(&project.database, &script(&project, "a:c"), &[]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("statement 1 of this step is not done"), "{told}");
    assert_eq!(revision(&project.database), "a");
}

#[test]
fn each_kind_of_statement_that_stands_alone_can_be_done() {
    if !crate::harness::can_dump() {
        return;
    }
    let statements = "CREATE INDEX CONCURRENTLY one ON table_a (id); CREATE INDEX CONCURRENTLY \"zwei ä\" ON public . Table_A (id);\n\
                      SET search_path = public; REINDEX INDEX CONCURRENTLY one; DROP INDEX CONCURRENTLY one; VACUUM table_a; RESET ALL;\n\
                      INSERT INTO table_a VALUES (length(E'\\n')); SELECT 7 AS id INTO \"größe\"; ALTER TABLE table_a RENAME TO \"tabelle ä\"; VACUUM \"tabelle ä\"";
    let (online, offline) = (project(statements, true), project(statements, true));
    online.host(&["upgrade", "head"]).success();
    let (code, told) = psql(&offline.database, &script(&offline, "base:c"), &[]);
    assert_eq!(code, Some(0), "{told}");
    let state = |project: &TestProject| {
        project.database.dump(&["--exclude-table-data=*host_log*", "--exclude-table=*host_journal*"])
    };
    assert_eq!(state(&offline), state(&online));
    assert_eq!(revision(&offline.database), "c");
}

/// A statement that fails inside of a transaction, for readers that go on in each of the ways in which one can.
#[test]
fn a_failure_is_not_recorded_by_readers_that_go_on() {
    let statements =
        "INSERT INTO table_a VALUES (2); INSERT INTO table_a VALUES (1 / 0); INSERT INTO table_a VALUES (3)";
    for (name, reader) in READERS {
        let project = project(statements, false);
        let (before, rest) = (script(&project, "base:a"), script(&project, "a:c"));
        assert_eq!(psql(&project.database, &before, &[]).0, Some(0));
        reader(&project.database, &rest);
        assert_eq!(revision(&project.database), "a", "{name}");
        assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "1", "{name}");
    }
}

type Reader = fn(&TestDatabase, &str);

const READERS: [(&str, Reader); 7] = [
    ("psql", |database, script| {
        assert_eq!(psql(database, script, &[]).0, Some(3));
    }),
    ("psql that goes on", |database, script| {
        psql(database, &going_on(script), &[]);
    }),
    ("psql that goes on with savepoints", |database, script| {
        let (_, told) = psql(database, &going_on(script), &["-v", "ON_ERROR_ROLLBACK=on"]);
        assert!(told.contains("this program sets a savepoint before each statement"), "{told}");
    }),
    ("psql in single-line mode, without automatic transactions, in one transaction", |database, script| {
        psql(database, script, &["-S", "-v", "AUTOCOMMIT=off", "-1"]);
    }),
    ("a text sent whole", |database, script| {
        let mut wire = Wire::connect(&database.socket_folder(), "host", database.name());
        assert_eq!(wire.simple(script).error.expect("psql's own lines are refused").0, "42601");
        let error = wire.simple(&without_psql(script)).error.expect("the statement fails");
        assert_eq!(error.0, "22012", "{error:?}");
    }),
    ("pieces between semicolons, one after the other", |database, script| {
        let mut wire = Wire::connect(&database.socket_folder(), "host", database.name());
        for piece in script.split_inclusive(";\n") {
            wire.simple(piece);
        }
    }),
    ("pieces between semicolons, with a rollback after each error", |database, script| {
        let mut wire = Wire::connect(&database.socket_folder(), "host", database.name());
        for piece in statements_of(&without_psql(script)) {
            if wire.simple(&piece).error.is_some() {
                wire.simple("ROLLBACK");
            }
        }
    }),
];

/// The lines that the script itself says can be left out.
fn without_psql(script: &str) -> String {
    script.lines().filter(|line| !line.starts_with('\\')).map(|line| format!("{line}\n")).collect()
}

fn statements_of(script: &str) -> Vec<String> {
    host::sql::split(script).expect("plain SQL").iter().map(|statement| statement.text.to_owned()).collect()
}

/// What is plain SQL does the same where it is sent whole, whatever stands in its statements.
#[test]
fn a_script_without_statements_that_stand_alone_is_for_everybody() {
    if !crate::harness::can_dump() {
        return;
    }
    let body =
        if crate::harness::server_has(14, "BEGIN ATOMIC") { "BEGIN ATOMIC SELECT 1; END" } else { "AS 'SELECT 1;'" };
    let statements = format!(
        "INSERT INTO table_a VALUES (length(E'\\\\')); CREATE TABLE \"größe\" (\"a;b\" text DEFAULT E'\\n;:x');\n\
         CREATE FUNCTION f() RETURNS int LANGUAGE sql {body}"
    );
    let (online, offline) = (project(&statements, false), project(&statements, false));
    online.host(&["upgrade", "head"]).success();
    let written = script(&offline, "base:c");
    assert!(written.contains("without the lines that begin with a backslash"), "{written}");
    let mut wire = Wire::connect(&offline.database.socket_folder(), "host", offline.database.name());
    let answer = wire.simple(&without_psql(&written));
    assert!(answer.error.is_none(), "{answer:?}");
    let state = |project: &TestProject| project.database.dump(&["--exclude-table-data=*host_log*"]);
    assert_eq!(state(&offline), state(&online));
}

/// A script that needs psql changes nothing where psql's commands are not known, also where what fails is passed over.
#[test]
fn what_needs_psql_is_not_run_by_others() {
    let project = project(
        "CREATE INDEX CONCURRENTLY one ON table_a (id); DROP INDEX CONCURRENTLY one; CREATE INDEX CONCURRENTLY two ON table_a (id)",
        true,
    );
    project.host(&["upgrade", "a"]).success();
    let written = script(&project, "a:c");
    assert!(!written.contains("without the lines that begin with a backslash"), "{written}");
    let mut wire = Wire::connect(&project.database.socket_folder(), "host", project.database.name());
    for text in [written.as_str(), &without_psql(&written)] {
        assert!(wire.simple(text).error.is_some());
        wire.simple("ROLLBACK");
    }
    for piece in written.split_inclusive(';') {
        wire.simple(piece);
    }
    wire.simple("ROLLBACK");
    assert_eq!(project.database.query("SELECT count(*) FROM pg_index WHERE indrelid = 'table_a'::regclass"), "0");
    assert_eq!(revision(&project.database), "a");
}

/// Where host.toml names no schema, a table of the same name that is found first would be read and written instead.
#[test]
fn tables_of_the_same_name_are_told() {
    let shadows = [
        (
            "CREATE SCHEMA host; CREATE TABLE host.host_version (version_num text)",
            "host_version",
            "but there is one of that name in the schema host",
        ),
        (
            "CREATE TABLE public.host_version (version_num text PRIMARY KEY); CREATE SCHEMA host; CREATE VIEW host.host_log AS SELECT 1",
            "host_log",
            "but there is one of that name in the schema host",
        ),
        ("CREATE SCHEMA host", "host_version", "but new tables are made in the schema host"),
    ];
    for (shadow, table, told) in shadows {
        let project = project("SELECT 1", false);
        let written = script(&project, "base:c");
        project.database.query(shadow);
        for written in [written.clone(), going_on(&written)] {
            let (_, error) = psql(&project.database, &written, &[]);
            assert!(error.contains(told) && error.contains(table) && error.contains("into host.toml"), "{error}");
            assert_eq!(project.database.query("SELECT count(*) FROM pg_tables WHERE tablename ~ '^table_'"), "0");
        }
        project.write("host.toml", "[default]\nversion-table = \"public.host_version\"\nlog-table = \"public.host_log\"\njournal-table = \"public.host_journal\"\n");
        let (code, error) = psql(&project.database, &script(&project, "base:c"), &[]);
        assert_eq!(code, Some(0), "{error}");
        assert_eq!(project.database.query("SELECT version_num FROM public.host_version"), "c");
    }
}

#[test]
fn temporary_tables_are_not_taken_for_those_of_the_host() {
    let project = project("SELECT 1", false);
    project.host(&["upgrade", "a"]).success();
    let shadow = "CREATE TEMPORARY TABLE host_version (version_num text); INSERT INTO host_version VALUES ('a');\n";
    let written = script(&project, "a:c");
    let (code, error) = psql(&project.database, &format!("{shadow}{written}"), &[]);
    assert_eq!(code, Some(3));
    assert!(
        error.contains("of this script is in the schema public, but there is one of that name in the schema pg_temp_"),
        "{error}"
    );
    assert_eq!(revision(&project.database), "a");
}

/// A migration that puts functions and operators of its own in front of the server's does not reach the statements of the host.
#[test]
fn the_hosts_statements_are_not_shadowed() {
    let operators = "CREATE SCHEMA evil; CREATE FUNCTION evil.no(text, text) RETURNS bool LANGUAGE sql AS 'SELECT false';\n\
                     CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = text, RIGHTARG = text);\n\
                     CREATE OPERATOR evil.<> (FUNCTION = evil.no, LEFTARG = text, RIGHTARG = text);\n\
                     CREATE FUNCTION evil.concat(VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;\n\
                     CREATE FUNCTION evil.current_setting(text, bool) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;\n\
                     CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '1970-01-01'::timestamptz $$;\n\
                     CREATE TABLE evil.host_version (version_num text); CREATE TABLE evil.host_log (id int)";
    for is_non_transactional in [false, true] {
        let project =
            project(&format!("{operators}; SET search_path = evil, pg_catalog, public"), is_non_transactional);
        let ran = psql(&project.database, &script(&project, "base:c"), &[]);
        assert_eq!(ran, (Some(0), String::new()));
        assert_eq!(revision(&project.database), "c");
        assert_eq!(project.database.query("SELECT count(*) FROM host_log WHERE finished_at > '2020-01-01'"), "3");
        assert_eq!(project.database.query("SELECT count(*) FROM evil.host_version"), "0");
    }
}

#[test]
fn children_and_rules_of_the_hosts_tables_are_told() {
    for forged in [
        "CREATE TABLE kid () INHERITS (host_version)",
        "CREATE RULE quiet AS ON DELETE TO host_version DO INSTEAD NOTHING",
        "ALTER TABLE host_log ENABLE ROW LEVEL SECURITY",
        "CREATE TRIGGER t BEFORE INSERT ON host_log EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ] {
        let project = project("SELECT 1", false);
        project.host(&["upgrade", "a"]).success();
        let written = script(&project, "a:c");
        project.database.query(forged);
        let (code, error) = psql(&project.database, &written, &[]);
        assert_eq!(code, Some(3), "{forged}");
        assert!(error.contains("has children, rules, triggers or row security"), "{error}");
    }
}
