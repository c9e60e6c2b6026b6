//! Three migrations, a way to go, and what has to be true after a fault on that way.

use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Pid;

use super::proxy::Fault;
use super::proxy::Harm;
use super::proxy::Moment;
use super::proxy::Proxy;
use super::proxy::Sender;
use super::server::FaultServer;
use super::server::server;
use super::wire;
use crate::harness::Output;
use crate::harness::Running;
use crate::harness::TestProject;

/// No host may be at work for longer: that would be one that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The revision of the guest that is the first migration.
const GUEST: &str = "7c31d09e52fb";

/// The way of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Upgrade,
    Downgrade,
    /// The second of the three migrations has no transaction.
    NonTransactionalUpgrade,
    NonTransactionalDowngrade,
}

/// A project, and a database before and after the undisturbed run.
pub(super) struct Scene {
    project: TestProject,
    pub(super) way: Way,
    /// Copied for each fault.
    template: String,
    expected: String,
    /// The messages of host and server in the undisturbed run.
    messages: [Vec<Vec<u8>>; 2],
}

/// What a fault led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survived {
    /// The run noticed nothing, or found its way.
    Done,
    /// The run failed, and said truly what is applied and what is not.
    Failed,
    /// The run was killed.
    Killed,
    /// The run said that it does not know.
    Unknown,
}

impl Way {
    pub(super) fn arguments(self) -> [&'static str; 3] {
        match self {
            Self::Upgrade | Self::NonTransactionalUpgrade => ["--json", "upgrade", "head"],
            Self::Downgrade | Self::NonTransactionalDowngrade => ["--json", "downgrade", "base"],
        }
    }

    fn verb(self) -> &'static str {
        self.arguments()[1]
    }

    /// The revisions in the order of the run.
    fn revisions(self) -> [&'static str; 3] {
        match self {
            Self::Upgrade => [GUEST, "b", "c"],
            Self::Downgrade => ["c", "b", GUEST],
            Self::NonTransactionalUpgrade => ["a", "b", "c"],
            Self::NonTransactionalDowngrade => ["c", "b", "a"],
        }
    }

    /// The way there, for one that leads back.
    fn there(self) -> Option<Self> {
        match self {
            Self::Upgrade | Self::NonTransactionalUpgrade => None,
            Self::Downgrade => Some(Self::Upgrade),
            Self::NonTransactionalDowngrade => Some(Self::NonTransactionalUpgrade),
        }
    }
}

impl Scene {
    /// Runs undisturbed, and writes down what is there afterwards and which messages it took.
    pub(super) fn new(way: Way) -> Self {
        let project = match way {
            Way::Upgrade | Way::Downgrade => framed(),
            Way::NonTransactionalUpgrade | Way::NonTransactionalDowngrade => non_transactional(),
        };
        project.write("host.toml", "[default.limits]\nsilence = '1s'\n");
        project.host(&["build"]).success();
        let mut scene = Self {
            project,
            way,
            template: "template0".to_owned(),
            expected: String::new(),
            messages: Default::default(),
        };
        if let Some(there) = way.there() {
            let database = scene.new_database("applied");
            scene.run(&server().url(&database), there).success();
            scene.template = database;
        }
        let database = scene.new_database("expected");
        let proxy = Proxy::start(server(), None);
        scene.run(&proxy.url(&database), way).success();
        scene.messages = proxy.messages();
        scene.expected = server().dump(&database);
        drop_database(&database);
        scene
    }

    /// Every fault of a kind: at each message. A message of the host is lost on its way, or arrives and its answer is lost.
    /// For one of the server only the first makes sense: if it arrives, the next one is the first that is lost.
    pub(super) fn faults(&self, harm: Harm) -> Vec<Fault> {
        let [host, server] = &self.messages;
        let mut faults = Vec::new();
        for number in 0..host.len() {
            faults.push(Fault { harm, sender: Sender::Host, number, moment: Moment::Before });
            // What is late is late on both sides.
            if harm != Harm::Delay {
                faults.push(Fault { harm, sender: Sender::Host, number, moment: Moment::After });
            }
        }
        faults.extend((0..server.len()).map(|number| Fault {
            harm,
            sender: Sender::Server,
            number,
            moment: Moment::Before,
        }));
        // Until the connection is there the limit is that of connecting, which is no matter of the harness to wait for.
        if harm == Harm::Drop {
            let ready = server.iter().position(|message| message[0] == wire::READY).expect("a session");
            faults.retain(|fault| fault.number > if fault.sender == Sender::Host { 0 } else { ready });
        }
        // The farewell is the last message of the host, and nobody waits for what comes after it.
        let farewell = host.len() - 1;
        faults.retain(|fault| !(fault.sender == Sender::Host && fault.number == farewell && harm == Harm::KillHost));
        faults
    }

    /// The number of messages of host and server.
    pub(super) fn messages(&self) -> [usize; 2] {
        self.messages.each_ref().map(Vec::len)
    }

    /// A fault at the COMMIT of a step, counted from 1.
    pub(super) fn at_commit(&self, step: usize, harm: Harm, moment: Moment) -> Fault {
        let mut commits = (0..self.messages[0].len()).filter(|number| wire::commits(&self.messages[0][*number]));
        let number = commits.nth(step - 1).expect("a step that commits");
        Fault { harm, sender: Sender::Host, number, moment }
    }

    /// A fault in the middle of the messages of one statement of the first step: the server has got its text, and waits for what
    /// to do with it.
    pub(super) fn in_a_statement(&self, harm: Harm) -> Fault {
        let first_step = &self.messages[0][..self.at_commit(1, harm, Moment::Before).number];
        let number = first_step.iter().rposition(|message| message[0] == wire::SYNC).expect("a statement of its own");
        Fault { harm, sender: Sender::Host, number, moment: Moment::Before }
    }

    /// Starts a run with a fault on its way, for people to read.
    pub(super) fn start(&self, database: &str, fault: Fault) -> (Running, Proxy) {
        let proxy = Proxy::start(server(), Some(fault));
        let mut command = self.project.command(&self.way.arguments()[1..]);
        command.env("HOST_DATABASE_URL", proxy.url(database));
        let running = self.project.start_command(command);
        proxy.host_is(running.pid());
        (running, proxy)
    }

    /// Starts a run straight to the server.
    pub(super) fn start_undisturbed(&self, database: &str) -> Running {
        let mut command = self.project.command(&self.way.arguments()[1..]);
        command.env("HOST_DATABASE_URL", server().url(database));
        self.project.start_command(command)
    }

    /// Runs again, straight to the server, and compares the result with that of the undisturbed run.
    pub(super) fn ends_as_undisturbed(&self, database: &str) {
        self.run(&server().url(database), self.way).success();
        assert_eq!(done(server(), database, self.way), self.way.revisions());
        assert_eq!(server().dump(database), self.expected);
        drop_database(database);
    }

    /// Runs into a fault, and checks everything. The error says what was lost.
    pub(super) fn survives(&self, fault: Fault) -> Result<Survived, String> {
        let name = format!("{:?}_{:?}_{:?}_{}", fault.harm, fault.sender, fault.moment, fault.number).to_lowercase();
        let database = self.new_database(&name);
        let result = self.survives_on(&database, fault);
        server().start();
        if result.is_ok() {
            drop_database(&database);
        }
        result.map_err(|error| format!("{:?} {fault:?} on {database}: {error}", self.way))
    }

    fn survives_on(&self, database: &str, fault: Fault) -> Result<Survived, String> {
        let proxy = Proxy::start(server(), Some(fault));
        let mut command = self.command(&proxy.url(database), self.way);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("host starts");
        proxy.host_is(Pid::from_child(&child));
        let started = Instant::now();
        while child.try_wait().expect("a child").is_none() {
            if started.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("the host hung for {} s", PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = Output::new(child.wait_with_output().expect("an output"), Vec::new());
        if !proxy.fired() {
            return Err(format!("there was no such message\n{}", output.stable()));
        }
        server().start();
        let survived =
            self.told_the_truth(database, &output).map_err(|error| format!("{error}\n{}", output.stable()))?;
        if output.code == 70 || output.stderr.contains("panicked") {
            return Err(format!("a bug\n{}", output.stable()));
        }
        let again = self.run(&server().url(database), self.way);
        if again.code != 0 {
            return Err(format!("the rerun failed\n{}\nafter\n{}", again.stable(), output.stable()));
        }
        let done = done(server(), database, self.way);
        if done != self.way.revisions() {
            return Err(format!("the history has {done:?}\n{}", output.stable()));
        }
        let found = server().dump(database);
        if found != self.expected {
            return Err(format!("the database is another one:\n{found}\ninstead of\n{}", self.expected));
        }
        Ok(survived)
    }

    /// Compares what the host said with what is there.
    fn told_the_truth(&self, database: &str, output: &Output) -> Result<Survived, String> {
        wait_until_alone(server(), database)?;
        let done = done(server(), database, self.way);
        let mut said = Vec::new();
        let mut error = None;
        for line in output.stdout.lines() {
            let line: serde_json::Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
            if line["event"] == "step-done" {
                said.push(line["revision"].as_str().unwrap_or_default().to_owned());
            }
            if line.get("error").is_some() {
                error = Some(line["error"].clone());
            }
        }
        if let Some(revision) = said.iter().find(|revision| !done.contains(revision)) {
            return Err(format!("it said that {revision} is done, and it is not"));
        }
        match (output.code, error) {
            (0, _) if done == self.way.revisions() => Ok(Survived::Done),
            (0, _) => Err(format!("it said that all is done, but that is only {done:?}")),
            // It could not say a last word, but one step may be done of which it did not hear.
            (-9, _) => Ok(Survived::Killed),
            (_, None) => Err("it failed without saying why".to_owned()),
            (_, Some(error))
                if error["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("cannot determine whether it was committed")) =>
            {
                Ok(Survived::Unknown)
            }
            (_, Some(error)) => {
                let revision = error["revision"].as_str().unwrap_or_default();
                if done.iter().any(|done| done == revision) {
                    return Err(format!("it said that {revision} is not done, and it is"));
                }
                if done != said {
                    return Err(format!("it told of {said:?}, but done are {done:?}"));
                }
                Ok(Survived::Failed)
            }
        }
    }

    pub(super) fn new_database(&self, name: &str) -> String {
        let name = format!("faults_{:?}_{name}", self.way).to_lowercase();
        drop_database(&name);
        server().query("host", &format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY file_copy", self.template));
        name
    }

    fn run(&self, url: &str, way: Way) -> Output {
        self.project.run(self.command(url, way))
    }

    fn command(&self, url: &str, way: Way) -> Command {
        let mut command = self.project.command(&way.arguments());
        command.env("HOST_DATABASE_URL", url).stdin(Stdio::null());
        command
    }
}

/// A guest with a query and a savepoint, an SQL migration with several statements, and one with DDL and data that would
/// show if it ran twice.
fn framed() -> TestProject {
    let project = TestProject::with_guest("queries");
    project.sql(
        "b",
        Some(GUEST),
        "CREATE TABLE rooms (number int PRIMARY KEY, floor int NOT NULL);\n\
             CREATE INDEX rooms_floor ON rooms (floor);\n\
             INSERT INTO rooms SELECT number, number / 100 FROM generate_series(100, 130) AS number;\n\
             CREATE TABLE counters (name text PRIMARY KEY, runs int NOT NULL);\n\
             INSERT INTO counters VALUES ('c', 0)",
        "DROP TABLE counters;\nDROP TABLE rooms",
    );
    project.sql(
        "c",
        Some("b"),
        "ALTER TABLE rooms ADD COLUMN beds int NOT NULL DEFAULT 2;\n\
             UPDATE counters SET runs = runs + 1;\n\
             UPDATE rooms SET beds = beds + 1 WHERE floor = 1",
        "UPDATE counters SET runs = runs - 1;\nALTER TABLE rooms DROP COLUMN beds",
    );
    project
}

/// In the middle a migration without a transaction: statements that can run in one and count how often they ran, and
/// statements that cannot.
fn non_transactional() -> TestProject {
    let project = TestProject::new();
    project.sql(
        "a",
        None,
        "CREATE TABLE rooms (number int NOT NULL, floor int NOT NULL);\n\
         INSERT INTO rooms SELECT number, number / 100 FROM generate_series(100, 130) AS number;\n\
         CREATE TABLE counters (name text PRIMARY KEY, runs int NOT NULL);\n\
         INSERT INTO counters VALUES ('b', 0), ('c', 0)",
        "DROP TABLE counters;\nDROP TABLE rooms",
    );
    let count = "UPDATE counters SET runs = runs + 1 WHERE name = 'b'";
    project.write(
        "migrations/b.sql",
        &format!(
            "-- /// migration\n-- revision = \"b\"\n-- revises = [\"a\"]\n-- transaction = \"none\"\n-- ///\n\
             -- upgrade\n{count};\nCREATE UNIQUE INDEX CONCURRENTLY rooms_number ON rooms (number);\n{count};\nVACUUM rooms;\n{count};\n\
             -- downgrade\n{count};\nDROP INDEX CONCURRENTLY rooms_number;\n{count};\n"
        ),
    );
    project.sql(
        "c",
        Some("b"),
        "UPDATE counters SET runs = runs + 1 WHERE name = 'c'",
        "UPDATE counters SET runs = runs + 1 WHERE name = 'c'",
    );
    project
}

fn drop_database(name: &str) {
    server().admin("host", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
}

/// The steps that the history has as done, in the order of their rows.
fn done(server: &FaultServer, database: &str, way: Way) -> Vec<String> {
    if server.query(database, "SELECT to_regclass('host_log') IS NOT NULL") != "t" {
        return Vec::new();
    }
    let sql =
        format!("SELECT revision FROM host_log WHERE outcome = 'done' AND direction = '{}' ORDER BY id", way.verb());
    server.query(database, &sql).lines().map(str::to_owned).collect()
}

/// Waits until the sessions of a host that has ended are gone.
fn wait_until_alone(server: &FaultServer, database: &str) -> Result<(), String> {
    let started = Instant::now();
    let others = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'");
    while server.query("host", &others) != "0" {
        if started.elapsed() > PATIENCE {
            return Err("a session of the host lives on".to_owned());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
