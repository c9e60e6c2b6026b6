//! Rows that a transform or the server rejects, where the operator wants them skipped and written down.

use std::io::Write as _;
use std::process::Stdio;

use crate::harness::TestProject;
use crate::harness::assert_output;

const ROWS: i64 = 20_000;

/// Rejects ten rows: those whose ids 6000 divides.
const REJECTS: [&str; 2] = ["-x", "reject-each=6000"];

const SKIPS: [&str; 2] = ["--on-row-error", "skip-and-record"];

/// A project with a table, whose rows say how often each of them was rewritten.
fn with_guests() -> TestProject {
    let project = TestProject::with_guest("backfill");
    project.database.query(&format!(
        "CREATE TABLE guests (id bigint PRIMARY KEY, phone text NOT NULL, times integer NOT NULL DEFAULT 0); \
         INSERT INTO guests (id, phone) SELECT n * 3, '0 ' || n FROM generate_series(1, {ROWS}) AS n"
    ));
    project
}

fn set(project: &TestProject, lines: &str) {
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &format!("{toml}\n{lines}\n"));
}

/// How often rows were rewritten, and how many rows that often.
fn times(project: &TestProject) -> String {
    project.database.query(
        "SELECT string_agg(times || ': ' || n, ', ' ORDER BY times) FROM (SELECT times, count(*) AS n FROM guests GROUP BY times) AS t",
    )
}

/// The keys of the rows that were written down.
fn keys(project: &TestProject) -> String {
    project.database.query("SELECT string_agg(key->>'id', ' ' ORDER BY (key->>'id')::int) FROM host_rejected")
}

#[test]
fn rows_that_are_rejected_are_skipped_and_written_down() {
    for workers in ["workers=1", "workers=3"] {
        let project = with_guests();
        // The server does not take one more.
        project.database.query("ALTER TABLE guests ADD CONSTRAINT no_seven CHECK (phone <> '07')");
        let output = project.host(&[&["-x", workers], &REJECTS[..], &["upgrade", "head"], &SKIPS].concat()).success();
        assert!(output.stdout.contains("19989 rows, 11 rows skipped"), "{}", output.stable());
        assert!(output.stdout.contains("`host backfill rejected` shows them"), "{}", output.stable());
        assert_eq!(times(&project), "0: 11, 1: 19989");
        assert_eq!(keys(&project), "21 6000 12000 18000 24000 30000 36000 42000 48000 54000 60000");
        assert_eq!(project.database.query("SELECT string_agg(version_num, ',') FROM host_version"), "backfill");
        let row = project.database.query("SELECT source_row FROM host_rejected WHERE key->>'id' = '6000'");
        assert_eq!(row, r#"{"id": 6000, "phone": "0 2000", "times": 0}"#);
        if workers == "workers=1" {
            let mut said = String::new();
            for arguments in [&["backfill", "rejected"][..], &["-v", "backfill", "rejected", "--revision", "back"]] {
                said.push_str(&format!("== {}\n{}\n", arguments.join(" "), project.host(arguments).success().stable()));
            }
            insta::assert_snapshot!(said);
            let json = project.host(&["--json", "backfill", "rejected"]).success().json();
            assert_eq!(json["rejected"].as_array().map(Vec::len), Some(11));
            assert_eq!(json["rejected"][0]["key"]["id"], "21");
            let log = project.host(&["log"]).success();
            assert!(log.stdout.contains("\n    11 rows rejected and skipped\n"), "{}", log.stable());
            assert_eq!(project.host(&["--json", "log"]).success().json()["log"][0]["rows_skipped"], 11);
        }
    }
}

#[test]
fn a_table_that_another_worker_makes_at_the_same_moment_is_used() {
    let project = with_guests();
    let upgrade = [&REJECTS[..], &["upgrade", "head"], &SKIPS].concat();
    project.host(&upgrade).success();
    project.host(&["stamp", "base"]).success();
    project.database.query("ALTER TABLE host_rejected RENAME TO made; DROP TABLE begun, ended");
    let mut psql = project.database.psql().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("psql runs");
    let mut typed = psql.stdin.take().expect("its input");
    typed.write_all(b"BEGIN; CREATE TABLE host_rejected (LIKE made INCLUDING ALL);\n").expect("psql reads");
    project.database.wait_until(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE '%LIKE made%' \
         AND datname = current_database()",
    );
    let running = project.start(&upgrade);
    project.database.wait_until(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%CREATE TABLE%host_rejected%' \
         AND datname = current_database()",
    );
    typed.write_all(b"COMMIT;\n").expect("psql reads");
    drop(typed);
    assert!(psql.wait().expect("psql ends").success());
    let _ = running.wait().success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_rejected"), "10");
}

#[test]
fn more_rows_than_may_be_skipped_end_the_run() {
    let project = with_guests();
    set(&project, "[default.backfill]\non-row-error = \"skip-and-record\"\nrejected-rows = 4");
    let output = project.host(&[&REJECTS[..], &["upgrade", "head"]].concat()).with_code(1);
    // How often it tells how far it is depends on the machine.
    let said: Vec<_> =
        output.stable().lines().filter(|line| !line.starts_with("  times:")).map(str::to_owned).collect();
    insta::assert_snapshot!(said.join("\n"));
    // Of the range with one too many nothing is written, neither there nor here.
    assert_eq!(keys(&project), "6000 12000 18000 24000");
    let status = project.host(&["backfill", "status"]).success();
    assert!(status.stdout.contains(", 4 rows skipped, 1 range failed"), "{}", status.stable());
    assert_eq!(project.host(&["--json", "backfill", "status"]).success().json()["backfills"][0]["rows_skipped"], 4);
    // What was skipped stays skipped, and counts.
    let output = project.host(&[&["-x", "reject=60000", "upgrade", "head"][..], &SKIPS].concat()).with_code(1);
    assert!(output.stderr.contains("id = 60000"), "{}", output.stable());
    project.host(&["upgrade", "head"]).success();
    assert_eq!(times(&project), "0: 4, 1: 19996");
    assert_eq!(project.host(&["--json", "log", "--limit", "1"]).success().json()["log"][0]["rows_skipped"], 4);
}

/// A run that is killed has written down what its batches skipped, once.
#[test]
fn a_run_that_is_killed_skips_no_row_twice() {
    let project = with_guests();
    let arguments = [&["-x", "workers=3", "-x", "reject-each=300", "upgrade", "head"][..], &SKIPS].concat();
    for milliseconds in [300, 500, 700] {
        let mut command = project.command(&[&["-x", "slow=20000"], &arguments[..]].concat());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut host = command.spawn().expect("host starts");
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        if host.try_wait().expect("host is waited for").is_none() {
            host.kill().expect("host is killed");
        }
        host.wait().expect("host has ended");
    }
    project.host(&arguments).success();
    assert_eq!(times(&project), "0: 200, 1: 19800");
    assert_eq!(project.database.query("SELECT count(*), count(DISTINCT key) FROM host_rejected"), "200|200");
}

/// A downgrade has nothing to try again of what its upgrade skipped.
#[test]
fn a_downgrade_forgets_what_was_skipped() {
    let project = with_guests();
    project.host(&[&REJECTS[..], &["upgrade", "head"], &SKIPS].concat()).success();
    project.host(&["downgrade", "base", "--yes-on", "default"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_rejected"), "0");
}

/// Nobody who reads has rights or settings of its own; a database that never skipped a row has no such table.
#[test]
fn a_database_without_the_table_has_no_rejected_rows() {
    let project = with_guests();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('host_rejected') IS NULL"), "t");
    let output = project.host(&["backfill", "rejected"]).success();
    assert!(output.stderr.contains("no row is rejected"), "{}", output.stable());
}

/// In the transaction of a migration, where rows that a migration undoes are not written down.
#[test]
fn a_transaction_skips_rows_as_well() {
    let project = TestProject::with_guest("transforms");
    let run = |case: &str| {
        project.host(&["-x", &format!("case={case}"), "upgrade", "head", "--on-row-error", "skip-and-record"])
    };
    let output = run("rejects").success();
    assert!(output.stdout.contains("1 row skipped"), "{}", output.stable());
    assert_eq!(keys(&project), "30003");
    assert_eq!(project.database.query("SELECT message FROM host_rejected"), "this is no phone number");
    project.host(&["downgrade", "base"]).success();
    let output = run("undoes").success();
    assert!(!output.stdout.contains("skipped"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT count(*) FROM host_rejected"), "0");
}

/// With the migration as it is then. What is written leaves the table with it; what is deleted leaves it; the rest says why it is
/// rejected now.
#[test]
fn rejected_rows_are_tried_again() {
    let project = with_guests();
    project.host(&[&REJECTS[..], &["upgrade", "head"], &SKIPS].concat()).success();
    project.database.query("DELETE FROM guests WHERE id = 12000; UPDATE guests SET phone = '0 1 2' WHERE id = 18000");
    project.database.query("ALTER TABLE guests ADD CONSTRAINT no_six CHECK (phone NOT LIKE '06%') NOT VALID");
    project.database.query("UPDATE guests SET phone = '0 666' WHERE id = 6000");
    let mut said = String::new();
    // Somebody who may write to the table gains nothing by it.
    let forged = "(source || '{\"source\": \"SELECT id FROM guests; DROP TABLE guests\"}')";
    let with_source =
        |source: &str| format!("UPDATE host_rejected SET plan = (SELECT {source} FROM (SELECT plan AS source) AS p)");
    project.database.query("CREATE TABLE plans AS SELECT id, plan FROM host_rejected");
    project.database.query(&with_source(forged));
    let output = project.host(&["backfill", "retry-failed"]).with_code(1);
    said.push_str(&format!("== forged\n{}\n", output.stable()));
    project.database.query("UPDATE host_rejected AS r SET plan = p.plan FROM plans AS p WHERE p.id = r.id");
    let output = project.host(&["-x", "reject=24000", "backfill", "retry-failed"]).with_code(3);
    said.push_str(&format!("== first\n{}\n", output.stable()));
    assert_eq!(keys(&project), "6000 24000");
    assert_eq!(times(&project), "0: 2, 1: 19997");
    assert_eq!(project.database.query("SELECT phone FROM guests WHERE id = 18000"), "012");
    project.database.query("ALTER TABLE guests DROP CONSTRAINT no_six");
    let output = project.host(&["--json", "backfill", "retry-failed"]).success();
    assert_eq!(output.json_lines().last().expect("a document")["rows_written"], 2);
    said.push_str(&format!("== again\n{}\n", project.host(&["backfill", "retry-failed"]).success().stable()));
    insta::assert_snapshot!(said);
    assert_eq!((keys(&project).as_str(), times(&project).as_str()), ("", "1: 19999"));
}

/// The file of an applied migration may have changed for another reason than these rows.
#[test]
fn another_source_is_only_tried_where_it_is_named() {
    let project = with_guests();
    project.host(&[&REJECTS[..], &["upgrade", "head"], &SKIPS].concat()).success();
    let source = std::fs::read_to_string(project.path("migrations/backfill/src/lib.rs")).expect("source");
    project.write("migrations/backfill/src/lib.rs", &format!("{source}\n// Corrected.\n"));
    project.host(&["build"]).success();
    assert_output!(project.host(&["backfill", "retry-failed"]).with_code(1));
    assert_eq!(keys(&project).split(' ').count(), 10);
    project.host(&["backfill", "retry-failed", "--revision", "backfill"]).success();
    assert_eq!(times(&project), "1: 20000");
}

/// Rows and ranges of a step that is not finished.
#[test]
fn an_unfinished_step_is_tried_again_as_well() {
    let project = with_guests();
    set(&project, "[default.backfill]\non-row-error = \"skip-and-record\"\nrejected-rows = 4");
    project.host(&[&REJECTS[..], &["upgrade", "head"]].concat()).with_code(1);
    let output = project.host(&["backfill", "retry-failed"]).success();
    assert!(output.stderr.contains("4 rows written, 1 failed range can be taken again"), "{}", output.stable());
    let status = project.host(&["--json", "backfill", "status"]).success().json();
    assert_eq!(
        (&status["backfills"][0]["ranges_failed"], &status["backfills"][0]["rows_skipped"]),
        (&0.into(), &0.into())
    );
    project.host(&["upgrade", "head"]).success();
    assert_eq!(times(&project), "1: 20000");
}

/// Where the rows cannot be read any more as they were, they stay.
#[test]
fn rows_whose_table_has_changed_stay_in_the_list() {
    let project = with_guests();
    project.host(&[&REJECTS[..], &["upgrade", "head"], &SKIPS].concat()).success();
    project.database.query("ALTER TABLE guests RENAME COLUMN phone TO number");
    assert_output!(project.host(&["backfill", "retry-failed"]).with_code(1));
    assert_eq!(keys(&project).split(' ').count(), 10);
}

/// It belongs to host as the other tables do, with whatever is attached to it, and by whatever road.
#[test]
fn no_migration_touches_the_table_of_rejected_rows() {
    let skipping = || {
        let project = TestProject::new();
        project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
        project.write(
            "host.toml",
            "[default.backfill]\non-row-error = \"skip-and-record\"\n[default.grants]\nfunction = true\n",
        );
        project.host(&["build"]).success();
        project.host(&["upgrade", "head"]).success();
        project
    };
    for statement in [
        "DO $$ BEGIN EXECUTE 'DELETE FROM host_' || 'rejected'; END $$",
        "DO $$ BEGIN EXECUTE 'ALTER TABLE host_' || 'rejected ADD COLUMN x int'; END $$",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; \
         DO $$ BEGIN EXECUTE 'CREATE TRIGGER t BEFORE INSERT ON host_' || 'rejected EXECUTE FUNCTION f()'; END $$",
        "DO $$ BEGIN EXECUTE 'ALTER TABLE host_' || 'rejected RENAME TO other'; END $$",
    ] {
        let project = skipping();
        project.sql("b", Some("a"), statement, "SELECT 1");
        project.host(&["build"]).success();
        let output = project.host(&["--json", "upgrade", "head"]).with_code(1);
        let error = output.json_lines().pop().expect("a last line")["error"].take();
        assert_eq!(error["kind"], "integrity-violated", "{statement}: {}", output.stable());
        assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a", "{statement}");
    }
}

/// A table of that name that could run something with the rights of the user who logs in is not host's.
#[test]
fn a_table_with_defaults_is_not_taken_for_that_of_rejected_rows() {
    let project = with_guests();
    project.database.query("CREATE TABLE host_rejected (id uuid DEFAULT gen_random_uuid())");
    assert_output!(project.host(&[&["upgrade", "head"][..], &SKIPS].concat()).with_code(1));
    project.database.query("ALTER TABLE host_rejected ALTER COLUMN id DROP DEFAULT");
    let output = project.host(&[&["upgrade", "head"][..], &SKIPS].concat()).with_code(1);
    assert!(output.stderr.contains("host_rejected"), "{}", output.stable());
}

#[test]
fn a_revision_that_nobody_knows_is_an_error() {
    let project = with_guests();
    project.host(&[&REJECTS[..], &["upgrade", "head"], &SKIPS].concat()).success();
    for command in ["rejected", "retry-failed"] {
        assert_output!(project.host(&["backfill", command, "--revision", "backfil1"]).with_code(2));
        // A migration that is gone may have rejected rows.
        project.database.query("UPDATE host_rejected SET revision = 'gone'");
        assert_eq!(project.host(&["backfill", "rejected", "--revision", "gone"]).success().stdout.lines().count(), 10);
        project.database.query("UPDATE host_rejected SET revision = 'backfill'");
    }
    project.host(&["backfill", "retry-failed", "--revision", "back"]).success();
    // Nothing is left, and the name is right.
    project.host(&["backfill", "rejected", "--revision", "back"]).success();
}

/// The table of rejected rows belongs to who logs in, and the rows to the role of migrations.
#[test]
fn rows_are_previewed_skipped_and_tried_again_under_the_role_of_migrations() {
    let project = with_guests();
    let (name, query) = (project.database.name(), |sql: &str| project.database.admin(sql));
    let (login, role) = (format!("{name}_login"), format!("{name}_role"));
    query(&format!(
        "CREATE ROLE {login} LOGIN; CREATE ROLE {role}; GRANT {role} TO {login}; ALTER TABLE guests OWNER TO {role}; \
         GRANT CREATE ON SCHEMA public TO {role}, {login}"
    ));
    let settings = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &settings.replace("[default]\n", &format!("[default]\nrole = \"{role}\"\n")));
    let url = project.database.url_for(&login);
    let host = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("HOST_DATABASE_URL", &url);
        project.run(command)
    };
    let preview = host(&["backfill", "preview"]);
    let untouched = query("SELECT max(times) FROM guests");
    let upgrade = host(&[&REJECTS[..], &["upgrade", "head"], &SKIPS].concat());
    let owner = query("SELECT tableowner FROM pg_tables WHERE tablename = 'host_rejected'");
    let skipped = query("SELECT count(*) FROM guests WHERE times = 0");
    let retry = host(&["backfill", "retry-failed"]);
    let rows = query("SELECT min(times), max(times), (SELECT count(*) FROM host_rejected) FROM guests");
    query(&format!("DROP OWNED BY {login}, {role} CASCADE; DROP ROLE {login}, {role}"));
    preview.success();
    upgrade.success();
    retry.success();
    assert_eq!((untouched.as_str(), owner, skipped.as_str(), rows.as_str()), ("0", login, "10", "1|1|0"));
}
