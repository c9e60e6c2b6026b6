//! Commands that are still at work while the test goes on.

use std::io::Read;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Pid;
use rustix::process::Signal;

use super::Output;
use super::TestDatabase;
use super::TestProject;

/// Far longer than anything here takes, so that a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);

/// A `host` in the background. Killed with the value.
pub(crate) struct Running {
    child: Option<Child>,
    replacements: Vec<(String, &'static str)>,
}

impl TestProject {
    /// A project with the migrations `a`, which makes a table, and `b`, which makes one and then sleeps for a minute. Built.
    pub(crate) fn with_a_long_statement() -> Self {
        let project = Self::new();
        project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
        project.sql("b", Some("a"), "CREATE TABLE table_b (id int);\nSELECT pg_sleep(60)", "DROP TABLE table_b");
        project.host(&["build"]).success();
        project
    }

    /// Starts `host` and does not wait for it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_command(self.command(arguments))
    }

    /// The same for a command that was prepared.
    pub(crate) fn start_command(&self, mut command: Command) -> Running {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running { child: Some(command.spawn().expect("host starts")), replacements: self.replacements() }
    }
}

impl Running {
    /// The number of the process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("a process that was not waited for"))
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("a process to signal");
    }

    /// Waits until it ends.
    #[must_use = "compare it with a snapshot, or ask for its code"]
    pub(crate) fn wait(mut self) -> Output {
        let mut child = self.child.take().expect("a process that was not waited for");
        // Read while it runs: a pipe that nobody empties is full after 64 KiB, and then it would wait for us.
        let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
        let started = Instant::now();
        while child.try_wait().expect("a child").is_none() {
            if started.elapsed() > PATIENCE {
                child.kill().expect("a process to kill");
                panic!("host did not end in {} seconds", PATIENCE.as_secs());
            }
            std::thread::sleep(POLL);
        }
        let bytes = |thread: JoinHandle<Vec<u8>>| thread.join().expect("an output");
        let status = child.wait().expect("a status");
        let output = std::process::Output { status, stdout: bytes(stdout), stderr: bytes(stderr) };
        Output::new(output, std::mem::take(&mut self.replacements))
    }
}

/// Reads a pipe to its end.
fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.expect("a pipe").read_to_end(&mut bytes).expect("an output");
        bytes
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl TestDatabase {
    /// Waits until a query answers `t`.
    pub(crate) fn wait_until(&self, condition: &str) {
        let started = Instant::now();
        while self.query(condition) != "t" {
            assert!(started.elapsed() < PATIENCE, "still not true after {} seconds: {condition}", PATIENCE.as_secs());
            std::thread::sleep(POLL);
        }
    }

    /// Waits until the long statement of [`TestProject::with_a_long_statement`] runs.
    pub(crate) fn wait_for_the_long_statement(&self) {
        self.wait_until(&format!("SELECT count(*) = 1 {LONG_STATEMENT}"));
    }

    /// Whether the long statement still runs.
    pub(crate) fn long_statement_runs(&self) -> bool {
        self.query(&format!("SELECT count(*) > 0 {LONG_STATEMENT}")) == "t"
    }
}

/// The sessions of this database that sleep.
const LONG_STATEMENT: &str = "FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                              AND query LIKE 'SELECT pg\\_sleep(%' AND pid <> pg_backend_pid()";
