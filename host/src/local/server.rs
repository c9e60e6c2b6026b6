//! The server process: whether it runs, starting and stopping it.
//!
//! PostgreSQL's own `postmaster.pid` says which process serves a data folder, but after a crash it is wrong, and its
//! number may have passed to another process, which makes PostgreSQL refuse to start. So the process behind the
//! number is looked at, too.

use std::fs;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::process::Signal;

use super::error::LocalError;
use super::folder::open_file;
use super::folder::read_small;
use super::place::Place;
use super::process;
use super::programs;

/// How long a start may take, with the recovery from a crash, in seconds.
const START_SECONDS: u64 = 60;

/// How long a stop may take that ends all sessions and saves everything, in seconds.
const STOP_SECONDS: u64 = 60;

/// How long a stop may take that ends all processes at once, in seconds.
const IMMEDIATE_STOP_SECONDS: u64 = 10;

/// How long the processes of a killed server are given to notice and end, in seconds.
const ORPHANS_SECONDS: u64 = 10;

/// How often a state is looked at that is waited for.
const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// The log is begun anew at a start when it is larger, in bytes; the old one is kept beside it.
const LOG_BYTES_MAX: u64 = 16 << 20;

/// How much of the end of a log is read, in bytes.
const LOG_BYTES_READ_MAX: u64 = 64 << 10;

/// The shortest message that a server of any state replies to: its length, 8, and the code 80877103 (PostgreSQL
/// manual, "Message Formats", SSLRequest).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// How long a server on a busy machine is given for that reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// The server's complaint while processes of its killed predecessor live.
const ORPHANS_COMPLAINT: &str = "pre-existing shared memory block";

/// A server that runs.
#[derive(Debug)]
pub(super) struct Server {
    /// Its main process.
    pub(super) pid: Pid,
    /// When it started.
    pub(super) since: Option<SystemTime>,
    /// Whether it says that it accepts sessions.
    pub(super) ready: bool,
    /// Whether a client can reach it on the socket.
    pub(super) answers: bool,
    /// Whether the process can be seen from here.
    pub(super) visible: bool,
}

/// How to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopMode {
    /// End all sessions, save everything; after a minute, go on as `Immediate`.
    Clean,
    /// End all processes at once; a later start recovers.
    Immediate,
}

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
struct PidFile {
    pid: i32,
    started_seconds: Option<u64>,
    ready: bool,
}

/// The server of a cluster, if it runs. Changes nothing.
pub(super) fn observe(place: &Place) -> Option<Server> {
    let file = parse_pid_file(&read_pid_file(place)?)?;
    // A stand-alone server writes its number negative.
    let pid = Pid::from_raw(file.pid.checked_abs()?)?;
    let visible = process::is_server(pid, &place.server_name(), &place.data());
    let answers = if visible { UnixStream::connect(place.socket()).is_ok() } else { replies(place) };
    (visible || answers).then(|| Server {
        pid,
        since: file
            .started_seconds
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))),
        ready: file.ready,
        answers,
        visible,
    })
}

/// Waits for a server that runs but may still be starting. False if it ended, or will never answer because its
/// socket was removed.
pub(super) fn wait_until_ready(place: &Place) -> Result<bool, LocalError> {
    let mut last = None;
    let answer = poll(START_SECONDS, || match observe(place) {
        Some(server) if server.ready => Some(server.answers),
        Some(server) => {
            last = Some(server.pid);
            None
        }
        None => Some(false),
    });
    match (answer, last) {
        (Some(answers), _) => Ok(answers),
        (None, pid) => Err(LocalError::NotReady {
            pid: pid.map_or(0, number),
            seconds: START_SECONDS,
            log_file: place.log(),
            log: programs::last_lines(&read_log(place, 0)),
        }),
    }
}

/// Starts the server and waits until it accepts sessions. Call it under the lock, when nothing runs.
///
/// `pg_ctl` gives it a session of its own, so that it outlives host and the terminal.
pub(super) fn start(place: &Place, binaries: &Path) -> Result<(), LocalError> {
    remove_stale_files(place);
    let log_file = place.log();
    if fs::metadata(&log_file).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
        fs::rename(&log_file, log_file.with_extension("log.old")).map_err(LocalError::io("rename", &log_file))?;
    }
    let deadline = Instant::now() + Duration::from_secs(ORPHANS_SECONDS);
    loop {
        let log_length = fs::metadata(&log_file).map_or(0, |log| log.len());
        let program = binaries.join("pg_ctl");
        let mut command = programs::detached_command(&program, &place.account, &place.data());
        let seconds = START_SECONDS.to_string();
        // Relative paths: pg_ctl puts them into a shell command without escaping what is special there.
        command.args([
            "start",
            "-s",
            "-w",
            "-t",
            &seconds,
            "-D",
            ".",
            "-l",
            "server.log",
            "-o",
            &server_options(place),
        ]);
        let output = programs::run(command, "", &program, &place.account)?;
        if output.status.success() {
            return Ok(());
        }
        let log = read_log(place, log_length);
        if !log.contains(ORPHANS_COMPLAINT) || Instant::now() >= deadline {
            return Err(LocalError::Start {
                output: programs::printed(&output),
                log_file,
                log: programs::last_lines(&log),
            });
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Stops the server; false if none runs. Call it under the lock.
pub(super) fn stop(place: &Place, mode: StopMode) -> Result<bool, LocalError> {
    let Some(server) = observe(place) else { return Ok(false) };
    if !server.visible {
        return Err(LocalError::Elsewhere { socket: place.socket() });
    }
    // PostgreSQL manual, "Shutting Down the Server": SIGINT is the fast shutdown, SIGQUIT the immediate one.
    if mode == StopMode::Clean && signal_and_wait(place, server.pid, Signal::INT, STOP_SECONDS)? {
        return Ok(true);
    }
    if signal_and_wait(place, server.pid, Signal::QUIT, IMMEDIATE_STOP_SECONDS)? {
        return Ok(true);
    }
    Err(LocalError::Stop {
        pid: number(server.pid),
        seconds: IMMEDIATE_STOP_SECONDS + if mode == StopMode::Clean { STOP_SECONDS } else { 0 },
        log_file: place.log(),
        log: programs::last_lines(&read_log(place, 0)),
    })
}

/// The number of a process.
pub(super) fn number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().unsigned_abs()
}

fn signal_and_wait(place: &Place, pid: Pid, signal: Signal, seconds: u64) -> Result<bool, LocalError> {
    match rustix::process::kill_process(pid, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(errno) => return Err(LocalError::io("stop the server of", &place.base)(errno.into())),
    }
    let (name, data) = (place.server_name(), place.data());
    Ok(poll(seconds, || (!process::is_server(pid, &name, &data)).then_some(())).is_some())
}

/// Removes what keeps PostgreSQL from starting after a crash: an empty `postmaster.pid` (the machine failed before it
/// was written out), or one whose number is now another process's or a dead one's that nobody waited for. In the other
/// cases PostgreSQL itself does better, and it checks for processes of the old server in any case.
pub(super) fn remove_stale_files(place: &Place) {
    let path = pid_file(place);
    if let Some(text) = read_pid_file(place) {
        let exists = parse_pid_file(&text)
            .and_then(|file| Pid::from_raw(file.pid.checked_abs()?))
            .is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(Errno::SRCH));
        if exists {
            let _ = fs::remove_file(path);
        }
    }
    if !replies(place) {
        let _ = fs::remove_file(place.socket_lock());
    }
}

/// Whether a server replies on the socket. That somebody listens is not enough where its process cannot be seen: the
/// socket of a killed server is open for a moment longer than its process is there.
fn replies(place: &Place) -> bool {
    let ask = || -> io::Result<()> {
        let mut stream = UnixStream::connect(place.socket())?;
        stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
        stream.set_write_timeout(Some(REPLY_TIMEOUT))?;
        stream.write_all(&SSL_REQUEST)?;
        stream.read_exact(&mut [0])
    };
    ask().is_ok()
}

/// The settings that no configuration file of the cluster may change, for the shell command that pg_ctl composes.
fn server_options(place: &Place) -> String {
    let folder = place.socket_folder.to_string_lossy().replace('"', "\"\"");
    [
        "listen_addresses=".to_owned(),
        "port=5432".to_owned(),
        "unix_socket_permissions=0700".to_owned(),
        format!("unix_socket_directories=\"{folder}\""),
        format!("cluster_name={}", place.server_name()),
    ]
    .map(|setting| format!("-c '{}'", setting.replace('\'', r"'\''")))
    .join(" ")
}

fn poll<T>(seconds: u64, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        let seen = look();
        if seen.is_some() || Instant::now() >= deadline {
            return seen;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

fn pid_file(place: &Place) -> PathBuf {
    place.data().join("postmaster.pid")
}

fn read_pid_file(place: &Place) -> Option<String> {
    read_small(&pid_file(place)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads the lines that `miscadmin.h` of PostgreSQL lists: 1 process, 3 start in seconds since 1970, 8 status.
fn parse_pid_file(text: &str) -> Option<PidFile> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    Some(PidFile {
        pid: lines.first()?.parse().ok().filter(|pid| *pid != 0)?,
        started_seconds: lines.get(2).and_then(|line| line.parse().ok()),
        ready: lines.get(7) == Some(&"ready"),
    })
}

/// The log from this offset in bytes on.
fn read_log(place: &Place, offset: u64) -> String {
    let read = || -> io::Result<String> {
        let mut file = open_file(&place.log(), OFlags::RDONLY)?;
        let end = file.seek(io::SeekFrom::End(0))?;
        file.seek(io::SeekFrom::Start(offset.max(end.saturating_sub(LOG_BYTES_READ_MAX))))?;
        let mut bytes = Vec::new();
        file.take(LOG_BYTES_READ_MAX).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pid_files() {
        let running = "812\n/p/data\n1760000000\n5432\n/p\n\n  1234 5\nready   \n";
        let file = |pid, started_seconds, ready| Some(PidFile { pid, started_seconds, ready });
        for (text, expected) in [
            (running, file(812, Some(1_760_000_000), true)),
            (&running.replace("ready   ", "starting"), file(812, Some(1_760_000_000), false)),
            ("812\n", file(812, None, false)),
            ("-812\n/p/data\n", file(-812, None, false)),
            ("", None),
            ("0\n", None),
            ("\0\0\0", None),
        ] {
            assert_eq!(parse_pid_file(text), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_the_socket_folder_for_the_shell_and_for_the_server() {
        let place = Place {
            base: "/p/it's \"x\", $y".into(),
            socket_folder: "/p/it's \"x\", $y".into(),
            account: super::super::account::Account { name: "me".to_owned(), user: 1, group: 1 },
        };
        let options = server_options(&place);
        assert!(options.contains(r#"-c 'unix_socket_directories="/p/it'\''s ""x"", $y"'"#), "{options}");
    }
}
