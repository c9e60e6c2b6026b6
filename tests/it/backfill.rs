//! Tables that are rewritten batch by batch, on several connections, each batch committed by itself.

use std::time::Duration;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

pub(crate) const ROWS: &str = "20000";

/// A project with a table, whose rows say how often each of them was rewritten.
pub(crate) fn with_guests() -> TestProject {
    let project = TestProject::with_guest("backfill");
    project.database.query(&make_guests());
    project
}

/// The statements that make the table.
pub(crate) fn make_guests() -> String {
    format!(
        "CREATE TABLE guests (id bigint PRIMARY KEY, phone text NOT NULL, times integer NOT NULL DEFAULT 0); \
         INSERT INTO guests (id, phone) SELECT n * 3, '0 ' || n FROM generate_series(1, {ROWS}) AS n"
    )
}

/// How often rows were rewritten, and how many rows that often.
fn times(project: &TestProject) -> String {
    project.database.query("SELECT string_agg(times || ': ' || n, ', ' ORDER BY times) FROM (SELECT times, count(*) AS n FROM guests GROUP BY times) AS t")
}

/// How often it tells how far it is depends on the machine.
fn without_progress(output: &Output) -> String {
    output.stable().lines().filter(|line| !line.starts_with("  times:")).map(|line| format!("{line}\n")).collect()
}

pub(crate) fn all_once(project: &TestProject) {
    assert_eq!(times(project), format!("1: {ROWS}"));
    assert_eq!(project.database.query("SELECT count(*) FROM guests WHERE phone <> '0' || id / 3"), "0");
    assert_eq!(project.database.query("SELECT string_agg(version_num, ',') FROM host_version"), "backfill");
    assert_eq!(project.database.query("SELECT count(*) FROM host_journal"), "0");
}

#[test]
fn every_row_is_rewritten_once() {
    for workers in ["1", "3"] {
        let project = with_guests();
        let output = project.host(&["-x", &format!("workers={workers}"), "upgrade", "head"]).success();
        assert!(output.stdout.contains("20000 rows"), "{}", output.stable());
        all_once(&project);
    }
}

/// Batches that were committed stay, and the next run does the rest.
#[test]
fn a_row_that_is_rejected_stops_it_and_the_next_run_goes_on() {
    let project = with_guests();
    let output = project.host(&["-x", "reject=30003", "upgrade", "head"]).with_code(1);
    insta::assert_snapshot!(without_progress(&output));
    let status = project.host(&["status"]);
    assert!(status.stdout.contains("unfinished") || status.stderr.contains("unfinished"), "{}", status.stable());
    assert_eq!(times(&project), "0: 10000, 1: 10000");
    project.host(&["-x", "workers=2", "upgrade", "head"]).success();
    all_once(&project);
}

/// What is committed is told, also where no other statement came before.
#[test]
fn batches_that_stay_are_told() {
    let project = with_guests();
    let output = project.host(&["-x", "alone=1", "-x", "reject=30003", "upgrade", "head"]).with_code(1);
    insta::assert_snapshot!(without_progress(&output));
    let output = project.host(&["--json", "-x", "alone=1", "-x", "reject=30003", "upgrade", "head"]).with_code(1);
    let last = output.stdout.lines().last().unwrap_or_default();
    assert!(last.contains("\"unfinished\":true") && last.contains("\"rows_rewritten\":10000"), "{}", output.stable());
    project.host(&["-x", "alone=1", "upgrade", "head"]).success();
    all_once(&project);
}

/// A run that is killed leaves whole batches, whenever that is.
#[test]
fn a_run_that_is_killed_goes_on_where_it_was() {
    let project = with_guests();
    let mut kills = 0;
    for milliseconds in [300, 500, 700, 900] {
        let mut command = project.command(&["-x", "workers=3", "-x", "slow=20000", "upgrade", "head"]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut host = command.spawn().expect("host starts");
        std::thread::sleep(Duration::from_millis(milliseconds));
        if host.try_wait().expect("host is waited for").is_none() {
            host.kill().expect("host is killed");
            kills += 1;
        }
        host.wait().expect("host has ended");
        let rewritten = project.database.query("SELECT max(times) FROM guests");
        assert!(rewritten == "0" || rewritten == "1", "{}", times(&project));
    }
    assert!(kills > 0);
    project.host(&["-x", "workers=3", "upgrade", "head"]).success();
    all_once(&project);
}

/// What others change meanwhile is neither lost nor overwritten.
#[test]
fn rows_that_others_change_meanwhile_keep_their_changes() {
    let project = with_guests();
    project.database.query("ALTER TABLE guests ADD COLUMN visits integer NOT NULL DEFAULT 0");
    let mut command = project.command(&["-x", "workers=2", "-x", "slow=2000", "upgrade", "head"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut host = command.spawn().expect("host starts");
    let mut rounds = 0;
    let status = loop {
        // One row each time: who changes several in another order may be the one that a deadlock ends.
        let id = 3 * (1 + rounds * 37 % 20_000);
        project.database.query(&format!("UPDATE guests SET visits = visits + 1 WHERE id = {id}"));
        rounds += 1;
        if let Some(status) = host.try_wait().expect("host is waited for") {
            break status;
        }
    };
    assert!(status.success(), "{status}");
    all_once(&project);
    assert_eq!(project.database.query("SELECT sum(visits) FROM guests"), rounds.to_string());
}

#[test]
fn a_migration_with_a_transaction_cannot_commit_batches() {
    let project = with_guests();
    project.write("migrations/backfill/migration.toml", "revision = \"backfill\"\n");
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

/// Who was stopped for longer than a lease does not write a range that somebody else has by then.
#[test]
fn a_late_worker_does_not_write_its_range() {
    let project = with_guests();
    let mut command = project.command(&["-x", "workers=3", "-x", "slow=20000", "upgrade", "head"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut host = command.spawn().expect("host starts");
    let id = host.id().to_string();
    let signal = |name: &str| {
        let sent = std::process::Command::new("kill").args([name, &id]).status();
        assert!(sent.expect("kill runs").success());
    };
    let leased = "command = 'RANGE' AND state = 'started'";
    // Until the first range is done.
    let done = "SELECT count(*) FROM guests WHERE times > 0";
    while project.database.query(done) == "0" {
        assert!(host.try_wait().expect("host is waited for").is_none(), "it has ended already");
    }
    // Several times, because a worker may be anywhere.
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(150));
        signal("-STOP");
        // As it is when another one takes the ranges, and ends as well. Who takes one passes over those that are locked: a
        // worker that was stopped while it commits has its range until the server ends its session.
        project.database.query(&format!(
            "UPDATE host_journal SET found = found + 1, finished_at = clock_timestamp() - interval '1 s' WHERE position IN \
             (SELECT position FROM host_journal WHERE {leased} FOR UPDATE SKIP LOCKED)"
        ));
        signal("-CONT");
    }
    let ended = host.wait_with_output().expect("host has ended");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    all_once(&project);
}

#[test]
fn the_operator_pauses_resumes_and_cancels() {
    let project = with_guests();
    project.host(&["-x", "reject=30003", "upgrade", "head"]).with_code(1);
    let mut said = String::new();
    for command in ["status", "pause", "cancel"] {
        let output = project.host(&["backfill", command]).success();
        said.push_str(&format!("== {command}\n{}\n", output.stable()));
    }
    let output = project.host(&["upgrade", "head"]).with_code(1);
    said.push_str(&format!("== upgrade\n{}\n", output.stable()));
    let output = project.host(&["--json", "backfill", "resume"]).success();
    said.push_str(&format!("== resume\n{}\n", output.stable()));
    insta::assert_snapshot!(said);
    project.host(&["upgrade", "head"]).success();
    all_once(&project);
    let output = project.host(&["--json", "backfill", "status"]).success();
    assert_eq!(output.json()["backfills"].as_array().map(Vec::len), Some(0));
}

#[test]
fn another_transform_in_its_place_is_refused() {
    let project = with_guests();
    project.host(&["-x", "reject=30003", "upgrade", "head"]).with_code(1);
    project.database.query("UPDATE host_journal SET digest = 'another' WHERE command = 'RUN-TRANSFORM'");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}
