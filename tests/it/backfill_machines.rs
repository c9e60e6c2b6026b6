//! Many machines that work on one backfill: killed, stopped, cut off, and with a server that is started anew. Each row is rewritten once.

use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;

use crate::backfill::ROWS;
use crate::backfill::all_once;
use crate::backfill::make_guests;
use crate::backfill::with_guests;
use crate::harness::OwnServer;
use crate::harness::Running;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::dice::Dice;
use crate::harness::network::Network;

/// What all machines are told: how many connections each has, and how slow the transform is.
const ARGUMENTS: [&str; 4] = ["-x", "workers=2", "-x", "slow=20000"];

/// The lease of these tests.
const LEASE: &str = "1s";

fn with_lease(project: &TestProject, more: &str) {
    let text = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &format!("{text}[default.backfill]\nlease = \"{LEASE}\"\n{more}"));
}

fn with_arguments(command: &[&'static str]) -> Vec<&'static str> {
    [&ARGUMENTS[..], command].concat()
}

/// Starts `host` and does not listen to it.
fn start(project: &TestProject, command: &[&'static str]) -> std::process::Child {
    let mut command = project.command(&with_arguments(command));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("host starts")
}

/// A backfill that was begun by a run that was killed.
fn begun() -> TestProject {
    let project = with_guests();
    with_lease(&project, "");
    let mut upgrade = start(&project, &["upgrade", "head"]);
    project.database.wait_until("SELECT count(*) > 0 FROM guests WHERE times > 0");
    upgrade.kill().expect("host is killed");
    upgrade.wait().expect("host has ended");
    project
}

#[test]
fn a_machine_goes_on_after_the_one_that_began() {
    let project = begun();
    let output = project.host(&with_arguments(&["backfill", "work", "--connections", "3"])).success();
    assert!(output.stdout.contains("by 3 connections"), "{}", output.stable());
    assert!(output.stderr.contains("all ranges of backfill are done (20000 rows)"), "{}", output.stable());
    let status = project.host(&["--json", "backfill", "status"]).success();
    assert_eq!(status.json()["backfills"][0]["state"], "done");
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
    // The one that takes the lock says that it is done.
    let output = project.host(&["upgrade", "head"]).success();
    assert!(output.stdout.contains("20000 rows"), "{}", output.stable());
    all_once(&project);
    assert_output!(project.host(&["backfill", "work", "--wait", "1ms"]).success());
}

#[test]
fn what_gives_other_rows_may_not_work() {
    let project = begun();
    assert_output!(project.host(&["-x", "workers=2", "backfill", "work"]).with_code(1));
    project.database.query(
        "UPDATE host_journal SET statement = replace(statement, '\"component\":\"', '\"component\":\"0') WHERE command = 'PLAN'",
    );
    assert_output!(project.host(&with_arguments(&["backfill", "work"])).with_code(1));
    // Somebody who may write to the journal gains nothing by it.
    let written = |before: &str, after: &str| {
        project.database.query(&format!(
            "UPDATE host_journal SET statement = replace(statement, '{before}', '{after}') WHERE command = 'PLAN'"
        ));
    };
    written("\"component\":\"0", "\"component\":\"");
    for (honest, forged) in
        [("FROM guests", "FROM guests; DROP TABLE guests"), ("\"batch_rows\":100,", "\"batch_rows\":0,")]
    {
        written(honest, forged);
        assert_output!(project.host(&with_arguments(&["backfill", "work"])).with_code(1));
        written(forged, honest);
    }
    project.host(&["backfill", "cancel"]).success();
    assert_output!(project.host(&with_arguments(&["backfill", "work"])).success());
    project.host(&["backfill", "resume"]).success();
    project.host(&with_arguments(&["upgrade", "head"])).success();
    all_once(&project);
}

/// A correction counts from the next upgrade on, also for those who are at work.
#[test]
fn a_machine_ends_when_another_build_or_other_arguments_count() {
    let project = begun();
    project.host(&["backfill", "pause"]).success();
    let sessions = "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'host %'";
    project.database.wait_until(&format!("SELECT count(*) = 0 {sessions}"));
    let work = project.start(&with_arguments(&["backfill", "work"]));
    // That of the process, and those by which it works once it knows that it may.
    project.database.wait_until(&format!("SELECT count(*) >= 3 {sessions}"));
    let upgrade = project.start(&["-x", "workers=1", "upgrade", "head"]);
    let output = work.wait().with_code(1);
    let why = "another build of the migration works on it by now, or a run with other arguments (-x)";
    assert!(output.stderr.contains(why), "{}", output.stable());
    project.host(&["backfill", "resume"]).success();
    upgrade.wait().success();
    all_once(&project);
}

#[test]
fn an_interrupted_machine_finishes_its_batches() {
    let project = begun();
    let before = project.database.query("SELECT count(*) FROM guests WHERE times > 0");
    let work = project.start(&with_arguments(&["backfill", "work"]));
    project.database.wait_until(&format!("SELECT count(*) > {before} FROM guests WHERE times > 0"));
    work.signal(Signal::INT);
    let output = work.wait().with_code(130);
    assert!(output.stderr.contains("interrupted; all batches that were committed stay"), "{}", output.stable());
    let half = "SELECT count(*) FROM host_journal WHERE command = 'RANGE' AND state = 'started' AND found > 1";
    assert_eq!(project.database.query(half), "0");
    project.host(&with_arguments(&["upgrade", "head"])).success();
    all_once(&project);
}

/// So slow that whoever is killed or stopped is likely to be at a range.
const SLOWLY: [&str; 4] = ["-x", "workers=2", "-x", "slow=600000"];

/// A process of eight, which is there again when it is killed.
struct Machine<'a> {
    project: &'a TestProject,
    command: &'static [&'static str],
    /// The file for what it says.
    said: String,
    host: std::process::Child,
    stopped_until: Option<Instant>,
}

impl<'a> Machine<'a> {
    fn new(project: &'a TestProject, number: usize, command: &'static [&'static str]) -> Self {
        let said = format!("said-{number}");
        Self { project, command, host: Self::start(project, command, &said), said, stopped_until: None }
    }

    fn start(project: &TestProject, command: &[&'static str], said: &str) -> std::process::Child {
        let file = std::fs::File::create(project.path(said)).expect("a file");
        let mut command = project.command(&[&SLOWLY, command].concat());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().expect("host starts")
    }

    fn succeeds(&mut self) {
        let status = self.host.wait().expect("host has ended");
        let said = std::fs::read_to_string(self.project.path(&self.said)).expect("what it said");
        assert!(status.success(), "{status}: {said}");
    }

    fn signal(&self, signal: Signal) {
        // It may have ended by itself.
        let _ = rustix::process::kill_process(rustix::process::Pid::from_child(&self.host), signal);
    }

    fn kill(&mut self) {
        let _ = self.host.kill();
        self.host.wait().expect("host has ended");
        self.stopped_until = None;
        self.host = Self::start(self.project, self.command, &self.said);
    }

    fn stop_for(&mut self, time: Duration) {
        self.signal(Signal::STOP);
        self.stopped_until = Some(Instant::now() + time);
    }

    fn wake_in_time(&mut self, now: Instant) {
        if self.stopped_until.is_some_and(|until| until <= now) {
            self.signal(Signal::CONT);
            self.stopped_until = None;
        }
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        let _ = self.host.kill();
        let _ = self.host.wait();
    }
}

/// Ends what runs beside, also when a test fails.
struct EndsWith<'a>(&'a AtomicBool);

impl Drop for EndsWith<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What an application does meanwhile, and what is to be found of it.
#[derive(Default)]
struct Application {
    visits: usize,
    inserted: usize,
    deleted: usize,
}

impl Application {
    /// Until it is told to end.
    fn run(&mut self, project: &TestProject, ended: &AtomicBool) {
        while !ended.load(Ordering::Relaxed) {
            let number = 1 + self.visits * 37 % 20_000;
            let id = 3 * number;
            let done = project.database.query(&format!(
                "WITH u AS (UPDATE guests SET visits = visits + 1 WHERE id = {id} RETURNING 1) SELECT count(*) FROM u"
            ));
            self.visits += done.parse::<usize>().expect("a number");
            self.inserted += 1;
            project
                .database
                .query(&format!("INSERT INTO guests (id, phone) VALUES ({}, 'new one')", 100_000 + self.inserted));
            // None that has visits, so that their sum stays.
            let done = project.database.query(&format!(
                "WITH d AS (DELETE FROM guests WHERE id = {} AND visits = 0 AND id <= 60000 RETURNING 1) SELECT count(*) FROM d",
                3 * (1 + self.inserted * 101 % 20_000)
            ));
            self.deleted += done.parse::<usize>().expect("a number");
        }
    }
}

#[test]
fn eight_machines_that_are_killed_and_stopped_rewrite_each_row_once() {
    const WORK: &[&str] = &["backfill", "work", "--wait", "5s"];
    const ROUNDS: usize = 30;
    let project = with_guests();
    project.database.query("ALTER TABLE guests ADD COLUMN visits integer NOT NULL DEFAULT 0");
    with_lease(&project, "");
    let (mut dice, ended, mut application) = (Dice(20_261_201), AtomicBool::new(false), Application::default());
    let (mut kills, mut stops, mut taken_over) = (0, 0, 0);
    std::thread::scope(|scope| {
        let _ends = EndsWith(&ended);
        let mut machines = vec![Machine::new(&project, 0, &["upgrade", "head"])];
        machines.extend((1..8).map(|number| Machine::new(&project, number, WORK)));
        project.database.wait_until("SELECT count(*) > 0 FROM guests WHERE times > 0");
        // What is inserted from now on lies above the greatest key when the transform began.
        scope.spawn(|| application.run(&project, &ended));
        for _ in 0..ROUNDS {
            let count = machines.len();
            let machine = &mut machines[dice.below(count)];
            if dice.below(2) == 0 {
                machine.kill();
                kills += 1;
            } else if machine.stopped_until.is_none() {
                // Up to more than twice as long as a lease.
                machine.stop_for(Duration::from_millis(500 + 100 * u64::try_from(dice.below(20)).expect("small")));
                stops += 1;
            }
            std::thread::sleep(Duration::from_millis(150));
            machines.iter_mut().for_each(|machine| machine.wake_in_time(Instant::now()));
            let ranges = "SELECT count(*) FROM host_journal WHERE command = 'RANGE' AND found > 1";
            taken_over = taken_over.max(project.database.query(ranges).parse().expect("a number"));
        }
        machines.iter_mut().for_each(|machine| machine.wake_in_time(Instant::now() + Duration::from_secs(60)));
        machines[1..].iter_mut().for_each(Machine::succeeds);
        machines[0].host.wait().expect("host has ended");
    });
    assert!(kills > 5 && stops > 5 && taken_over > 0, "{kills} {stops} {taken_over}");
    // The one that upgrades may have been killed last.
    project.host(&with_arguments(&["upgrade", "head"])).success();
    let query = |sql: &str| project.database.query(sql);
    let old = "FROM guests WHERE id <= 60000";
    assert_eq!(
        query(&format!("SELECT min(times), max(times), count(*) {old}")),
        format!("1|1|{}", 20_000 - application.deleted)
    );
    assert_eq!(query(&format!("SELECT count(*) {old} AND phone <> '0' || id / 3")), "0");
    assert_eq!(query("SELECT sum(visits) FROM guests"), application.visits.to_string());
    let new = "SELECT count(*) FROM guests WHERE id > 100000 AND times = 0 AND phone = 'new one'";
    assert_eq!(query(new), application.inserted.to_string());
    assert_eq!(query("SELECT string_agg(version_num, ',') FROM host_version"), "backfill");
    assert_eq!(query("SELECT count(*) FROM host_journal"), "0");
}

#[test]
fn a_machine_whose_network_is_cut_goes_on() {
    let project = begun();
    let network = Network::before(&project.database.socket_folder());
    let url = network.url(project.database.name());
    let text = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    // What is swallowed is noticed by a second connection that looks for the first one.
    project.write("host.toml", &format!("{text}[default.limits]\nsilence = \"300ms\"\n"));
    let work: Vec<Running> = (0..2)
        .map(|_| {
            project.start(&with_arguments(&["--url", Box::leak(url.clone().into_boxed_str()), "backfill", "work"]))
        })
        .collect();
    let mut harmed = 0;
    for round in 0..4 {
        let done = project.database.query("SELECT count(*) FROM guests WHERE times > 0");
        project
            .database
            .wait_until(&format!("SELECT count(*) >= least({done} + 300, {ROWS}) FROM guests WHERE times > 0"));
        harmed += if round == 2 { network.swallow() } else { network.cut() };
    }
    for work in work {
        work.wait().success();
    }
    assert!(harmed > 4, "{harmed}");
    project.host(&with_arguments(&["upgrade", "head"])).success();
    all_once(&project);
}

#[test]
fn a_machine_goes_on_after_the_server_was_started_anew() {
    let project = TestProject::with_guest("backfill");
    with_lease(&project, "");
    let server = OwnServer::new();
    server.query(&make_guests());
    let host = |command: &[&'static str]| {
        let mut command = project.command(&with_arguments(command));
        command.env("HOST_DATABASE_URL", server.url());
        project.start_command(command)
    };
    let wait_for = |rows: &str| {
        let started = Instant::now();
        while server.query(&format!("SELECT count(*) >= least({rows}, {ROWS}) FROM guests WHERE times > 0")) != "t" {
            assert!(started.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let upgrade = host(&["upgrade", "head"]);
    wait_for("100");
    upgrade.signal(Signal::KILL);
    drop(upgrade);
    let work = host(&["backfill", "work"]);
    for _ in 0..2 {
        let done = server.query("SELECT count(*) FROM guests WHERE times > 0");
        wait_for(&format!("{done} + 300"));
        server.stop();
        server.start();
    }
    work.wait().success();
    host(&["upgrade", "head"]).wait().success();
    assert_eq!(server.query("SELECT min(times), max(times), count(*) FROM guests"), format!("1|1|{ROWS}"));
    assert_eq!(server.query("SELECT count(*) FROM host_journal"), "0");
}

/// The source of a script travels with its component, and the runtime is the same where its digest is.
#[test]
fn a_machine_works_in_python() {
    let project = TestProject::with_runtime("python");
    project.database.query(&make_guests());
    project.write("migrations/py.py", include_str!("backfill_machines/transform.py"));
    project.host(&["build"]).success();
    with_lease(&project, "rows-per-second = 2000\n");
    let mut upgrade = start(&project, &["upgrade", "head"]);
    project.database.wait_until("SELECT count(*) > 0 FROM guests WHERE times > 0");
    upgrade.kill().expect("host is killed");
    upgrade.wait().expect("host has ended");
    let settings = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &settings.replace("rows-per-second = 2000\n", ""));
    let output = project.host(&with_arguments(&["backfill", "work", "--connections", "2"])).success();
    assert!(output.stderr.contains("all ranges of py are done (20000 rows)"), "{}", output.stable());
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT min(times), max(times), count(*) FROM guests"), format!("1|1|{ROWS}"));
    assert_eq!(project.database.query("SELECT count(*) FROM guests WHERE phone <> '0' || id / 3"), "0");
}

/// The tables of host belong to who logs in, and the rows to the role of migrations.
#[test]
fn a_machine_works_under_the_role_of_migrations() {
    let project = begun();
    let (name, query) = (project.database.name(), |sql: &str| project.database.admin(sql));
    let (login, role) = (format!("{name}_login"), format!("{name}_role"));
    query(&format!(
        "CREATE ROLE {login} LOGIN; CREATE ROLE {role}; GRANT {role} TO {login}; \
         ALTER TABLE guests OWNER TO {role}; ALTER TABLE begun OWNER TO {role}; GRANT CREATE ON SCHEMA public TO {role}; \
         ALTER TABLE host_version OWNER TO {login}; ALTER TABLE host_log OWNER TO {login}; ALTER TABLE host_journal OWNER TO {login}"
    ));
    let settings = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &settings.replace("[default]\n", &format!("[default]\nrole = \"{role}\"\n")));
    let url = project.database.url_for(&login);
    let host = |command: &[&'static str]| {
        let mut command = project.command(&with_arguments(command));
        command.env("HOST_DATABASE_URL", &url);
        project.run(command)
    };
    let output = host(&["backfill", "work"]);
    let after = host(&["upgrade", "head"]);
    let rows = query("SELECT min(times), max(times), count(*) FROM guests");
    query(&format!("DROP OWNED BY {login}, {role} CASCADE; DROP ROLE {login}, {role}"));
    let output = output.success();
    assert!(output.stderr.contains("all ranges of backfill are done (20000 rows)"), "{}", output.stable());
    after.success();
    assert_eq!(rows, format!("1|1|{ROWS}"));
}

/// The rows are rewritten to the last one, but the lock of the migration went with its connection.
#[test]
fn an_upgrade_whose_own_connection_is_lost_says_so_and_the_next_one_goes_on() {
    let project = TestProject::with_guest("backfill");
    with_lease(&project, "");
    let server = OwnServer::new();
    server.query(&make_guests());
    let host = || {
        let mut command = project.command(&with_arguments(&["upgrade", "head"]));
        command.env("HOST_DATABASE_URL", server.url());
        project.start_command(command)
    };
    let upgrade = host();
    let started = Instant::now();
    while server.query("SELECT count(*) > 0 FROM guests WHERE times > 0") != "t" {
        assert!(started.elapsed() < Duration::from_secs(30));
    }
    server.stop();
    server.start();
    let output = upgrade.wait().with_code(1);
    assert!(output.stderr.contains("lost the connection to PostgreSQL"), "{}", output.stable());
    assert_eq!(server.query("SELECT min(times), max(times), count(*) FROM guests"), format!("1|1|{ROWS}"));
    host().wait().success();
    assert_eq!(server.query("SELECT min(times), max(times), count(*) FROM guests"), format!("1|1|{ROWS}"));
    assert_eq!(server.query("SELECT string_agg(version_num, ',') FROM host_version"), "backfill");
}
