//! What holds back tables that are rewritten batch by batch, and what is said about that.

use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;

use crate::backfill::ROWS;
use crate::backfill::all_once;
use crate::backfill::make_guests;
use crate::backfill::with_guests;
use crate::harness::OwnServer;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// Settings with limits.
fn limit(project: &TestProject, lines: &str) {
    let text = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    let text = text.split("[default.backfill]").next().expect("a beginning").to_owned();
    project.write("host.toml", &format!("{text}[default.backfill]\n{lines}\n"));
}

/// Waits until the backfill waits, and gives what `host backfill status` says.
fn waiting(project: &TestProject) -> String {
    waiting_at(project, &project.database.url())
}

fn waiting_at(project: &TestProject, url: &str) -> String {
    let started = Instant::now();
    loop {
        let output = project.host_with(("HOST_DATABASE_URL", url), &["--json", "backfill", "status"]).success();
        let status = &output.json()["backfills"][0];
        if status["state"] == "waiting" {
            return status["waiting"].as_str().expect("a reason").to_owned();
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{}", output.stable());
    }
}

#[test]
fn hours_hold_it_back() {
    let project = with_guests();
    let hours = "to_char(clock_timestamp() AT TIME ZONE 'Asia/Tokyo' + interval '%h', 'HH24:MI')";
    let (from, to) = (hours.replace('%', "2 "), hours.replace('%', "3 "));
    let hours = project.database.query(&format!("SELECT {from} || '-' || {to}"));
    limit(&project, &format!("hours = \"{hours} Asia/Tokyo\""));
    let said = project.path("said");
    let mut command = project.command(&["upgrade", "head"]);
    command.stdout(std::fs::File::create(&said).expect("a file"));
    let mut host = command.spawn().expect("host starts");
    let why = waiting(&project);
    assert!(why.starts_with("it is ") && why.ends_with(&format!(", hours are {hours} Asia/Tokyo")), "{why}");
    let status = project.host(&["backfill", "status"]).success();
    assert!(status.stdout.contains(": waiting, 0 rows in 0 ranges: it is "), "{}", status.stable());
    // Once a second the terminal says it.
    let line = "  times: 0 rows, waiting: it is ";
    while !std::fs::read_to_string(&said).expect("what was said").contains(line) {
        assert!(host.try_wait().expect("host is waited for").is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&host), Signal::INT).expect("a process");
    assert_eq!(host.wait().expect("host has ended").code(), Some(130));
    limit(&project, "");
    project.host(&["upgrade", "head"]).success();
    all_once(&project);
}

#[test]
fn a_time_zone_that_the_server_does_not_know_is_told() {
    let project = with_guests();
    limit(&project, "hours = \"22:00-06:00 Europe/Springfield\"");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn sessions_of_others_hold_it_back_where_they_can_be_seen() {
    let mut project = with_guests();
    limit(&project, "active-sessions = 4");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    project.database.become_superuser();
    let sleep = "SELECT pg_sleep(3600)";
    let sleepers: Vec<_> = (0..5)
        .map(|_| {
            project
                .database
                .psql()
                .args(["-c", sleep])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("psql")
        })
        .collect();
    let host = project.start(&["upgrade", "head"]);
    let why = waiting(&project);
    assert!(why.ends_with(" active sessions, limit 4"), "{why}");
    project.database.query(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = '{sleep}' AND datname = current_database()"
    ));
    for mut sleeper in sleepers {
        sleeper.wait().expect("psql ends");
    }
    host.wait().success();
    all_once(&project);
}

/// 200 ranges of 100 rows, of which each holds back the next one for a hundredth of a second, on however many connections.
#[test]
fn no_more_rows_a_second_are_written_than_may_be() {
    let project = with_guests();
    limit(&project, "rows-per-second = 10000");
    let started = Instant::now();
    let output = project.host(&["-x", "workers=1", "upgrade", "head"]).success();
    // Two seconds are long enough for a look at how far it is, also by the only worker.
    assert!(output.stdout.contains(" rows/s, about "), "{}", output.stable());
    // The least that the limit means. How much longer it takes is a matter of the machine.
    assert!(started.elapsed() >= Duration::from_millis(199 * 10), "{:?}", started.elapsed());
    all_once(&project);
}

/// A standby that receives all at once and does it late.
#[test]
fn a_standby_that_is_behind_holds_it_back() {
    let project = TestProject::with_guest("backfill");
    // Slowly, so that it is not done before anybody looks at the standby.
    limit(&project, "replication-lag = \"200ms\"\nrows-per-second = 5000");
    let server = OwnServer::new();
    server.query(&make_guests());
    let refused = project.host_with(("HOST_DATABASE_URL", &server.url()), &["upgrade", "head"]).with_code(1);
    let why = "cannot keep replication-lag of [*.backfill] in host.toml: user 'host' does not see what others do";
    assert!(refused.stderr.contains(why), "{}", refused.stable());
    server.admin("GRANT pg_monitor TO host");
    let standby = server.standby("10min");
    let mut command = project.command(&["upgrade", "head"]);
    command.env("HOST_DATABASE_URL", server.url());
    let host = project.start_command(command);
    let why = waiting_at(&project, &server.url());
    assert!(why.starts_with("replication lag ") && why.ends_with(" s, limit 0.2 s"), "{why}");
    // Without one nobody is behind.
    drop(standby);
    host.wait().success();
    assert_eq!(server.query("SELECT min(times), max(times), count(*) FROM guests"), format!("1|1|{ROWS}"));
}
