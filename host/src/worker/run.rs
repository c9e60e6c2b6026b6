//! The parent's side: starts the process, feeds it, reads its answer, and ends it.

use std::io;
use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::WaitId;
use rustix::process::WaitIdOptions;

use super::ARGUMENT;
use super::Cancel;
use super::Limits;
use super::Task;
use super::WorkerError;
use super::message::LINE_BYTES_MAX;
use super::message::Request;
use super::message::Response;
use super::message::VERSION;

/// How long a request to cancel may go unnoticed.
const POLL: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// How much of what a child says on standard error is kept, in bytes.
const COMPLAINT_BYTES_MAX: usize = 8 << 10;

/// Which part of the memory of a child its output may have.
const OUTPUT_PART: u64 = 4;

/// How much is read and written at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// Starts processes for tasks, one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    program: PathBuf,
}

/// How the conversation with a child went.
enum Heard {
    /// It closed its pipes: what it wrote, and the end of what it complained about.
    All(Vec<u8>, Vec<u8>),
    /// It was ended for this reason.
    Stopped(WorkerError),
}

impl Worker {
    /// A worker that starts this program with [`ARGUMENT`]: an absolute path to a program that then calls
    /// [`super::serve()`], such as `host` of the same version.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    /// Does one task in a process of its own. Blocks until it is done, for at most the task's time.
    ///
    /// # Errors
    /// [`WorkerError`]. The process has ended in each case.
    pub fn run(&self, task: &Task<'_>, cancel: &Cancel) -> Result<Vec<u8>, WorkerError> {
        let mut child = self.start(task.threads)?;
        let deadline = Instant::now() + task.limits.time;
        let heard = converse(&mut child, task, deadline, cancel).and_then(|heard| match heard {
            // One that closes its pipes should be about to end.
            Heard::All(..) => Ok(wait(&mut child, task, deadline, cancel)?.map_or(heard, Heard::Stopped)),
            stopped => Ok(stopped),
        });
        // It may have ended by itself. Its group has what it may have started, also when it has ended: its number is its own
        // until it is waited for.
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
        let _ = child.kill();
        let status = child.wait();
        match heard.and_then(|heard| Ok((heard, status?))) {
            Ok((Heard::All(output, complaint), status)) => answer(output, &complaint, status, task.limits),
            Ok((Heard::Stopped(error), _)) => Err(error),
            Err(error) => Err(WorkerError::Ended { how: error.to_string() }),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the program starts itself")]
    fn start(&self, threads: usize) -> Result<Child, WorkerError> {
        let mut command = Command::new(&self.program);
        command
            .arg0("host")
            .arg(ARGUMENT)
            .env_clear()
            // Of the thread pool that compiles.
            .env("RAYON_NUM_THREADS", threads.to_string())
            .current_dir("/")
            // Ctrl-C is for the parent, which then ends the child.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().map_err(|error| WorkerError::Start {
            program: self.program.to_string_lossy().into_owned(),
            reason: error.to_string(),
        })
    }
}

/// Feeds a child and reads what it says until it closes its pipes, at the pace at which it does both.
fn converse(child: &mut Child, task: &Task<'_>, deadline: Instant, cancel: &Cancel) -> io::Result<Heard> {
    let (Some(mut stdin), Some(mut stdout), Some(mut stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("a pipe is missing"));
    };
    rustix::io::ioctl_fionbio(&stdin, true)?;
    rustix::io::ioctl_fionbio(&stdout, true)?;
    rustix::io::ioctl_fionbio(&stderr, true)?;
    // This process has to hold it.
    let output_max = usize::try_from(task.limits.memory / OUTPUT_PART).unwrap_or(usize::MAX);
    let line = request(task)?;
    let (mut output, mut complaint) = (Vec::new(), Vec::new());
    let mut unsent = [line.as_slice(), task.input];
    let (mut writing, mut reading, mut complaining) = (true, true, true);
    while reading || complaining {
        if let Some(error) = overdue(task, deadline, cancel) {
            return Ok(Heard::Stopped(error));
        }
        let mut waiting = Vec::with_capacity(3);
        if reading {
            waiting.push(PollFd::new(&stdout, PollFlags::IN));
        }
        if complaining {
            waiting.push(PollFd::new(&stderr, PollFlags::IN));
        }
        if writing {
            waiting.push(PollFd::new(&stdin, PollFlags::OUT));
        }
        match rustix::event::poll(&mut waiting, Some(&POLL)) {
            Err(rustix::io::Errno::INTR) => continue,
            polled => polled?,
        };
        reading = reading && read(&mut stdout, &mut output)?;
        if output.len() > output_max {
            return Ok(Heard::Stopped(WorkerError::Memory { limit: task.limits.memory }));
        }
        complaining = complaining && read(&mut stderr, &mut complaint)?;
        let surplus = complaint.len().saturating_sub(COMPLAINT_BYTES_MAX);
        complaint.drain(..surplus);
        if writing {
            writing = write(&mut stdin, &mut unsent);
        }
    }
    // Kept open until now: its end is what a child takes for the end of its parent.
    drop(stdin);
    Ok(Heard::All(output, complaint))
}

/// Waits until a child has ended, without taking its number from it. Why it has to be ended, if it does not.
fn wait(child: &mut Child, task: &Task<'_>, deadline: Instant, cancel: &Cancel) -> io::Result<Option<WorkerError>> {
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return Ok(None) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let mut pause = Duration::from_millis(1);
    loop {
        match rustix::process::waitid(WaitId::Pid(pid), options) {
            Ok(Some(_)) => return Ok(None),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(error) = overdue(task, deadline, cancel) {
            return Ok(Some(error));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Why a child has to end now, if it has to.
fn overdue(task: &Task<'_>, deadline: Instant, cancel: &Cancel) -> Option<WorkerError> {
    if cancel.is_cancelled() {
        return Some(WorkerError::Cancelled);
    }
    (Instant::now() >= deadline).then_some(WorkerError::Time { limit: task.limits.time })
}

fn request(task: &Task<'_>) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Request {
        version: VERSION.to_owned(),
        job: task.job.to_owned(),
        settings: task.settings.to_owned(),
        bytes: task.input.len(),
        time: task.limits.time,
        memory: task.limits.memory,
        threads: task.threads,
    })?;
    line.push(b'\n');
    Ok(line)
}

/// Reads what is there. Whether more may come.
fn read(pipe: &mut impl Read, into: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = vec![0; PIECE_BYTES];
    match pipe.read(&mut piece) {
        Ok(0) => Ok(false),
        Ok(count) => {
            into.extend_from_slice(&piece[..count]);
            Ok(true)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Writes what fits. Whether there is more to write. A child that does not read says on another pipe why.
fn write(pipe: &mut impl io::Write, unsent: &mut [&[u8]; 2]) -> bool {
    let Some(piece) = unsent.iter_mut().find(|piece| !piece.is_empty()) else { return false };
    match pipe.write(&piece[..piece.len().min(PIECE_BYTES)]) {
        Ok(count) => {
            *piece = &piece[count..];
            true
        }
        Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
    }
}

/// What a child that ended by itself had to say.
fn answer(mut output: Vec<u8>, complaint: &[u8], status: ExitStatus, limits: Limits) -> Result<Vec<u8>, WorkerError> {
    let end = output.iter().take(LINE_BYTES_MAX).position(|&byte| byte == b'\n');
    let response = end.and_then(|end| serde_json::from_slice(&output[..end]).ok());
    let complaint = String::from_utf8_lossy(complaint);
    match (response, end) {
        (Some(Response::Done { bytes }), Some(end)) if status.success() => {
            output.drain(..=end);
            if output.len() == bytes {
                return Ok(output);
            }
        }
        (Some(Response::Refused(reason)), _) if status.success() => return Err(WorkerError::Refused(reason)),
        (Some(Response::OtherVersion(version)), _) => {
            let how = format!("the program was replaced by version {version} while this one ({VERSION}) runs");
            return Err(WorkerError::Ended { how });
        }
        _ => {}
    }
    // The words of Rust's standard library: there is no other way to learn of it.
    let out_of_memory = complaint.contains("memory allocation of");
    if complaint.contains("has overflowed its stack") {
        return Err(WorkerError::Ended { how: "what it looked at is nested too deep for its stack".to_owned() });
    }
    Err(match status.signal().and_then(Signal::from_named_raw) {
        _ if out_of_memory => WorkerError::Memory { limit: limits.memory },
        Some(Signal::XCPU) => WorkerError::Time { limit: limits.time },
        Some(Signal::KILL) => WorkerError::Ended {
            how: "it was killed, as the system does with processes when its memory is used up".to_owned(),
        },
        _ => WorkerError::Ended { how: format!("{status}{}", last_words(&complaint)) },
    })
}

/// The end of what a child complained about, in one line.
fn last_words(complaint: &str) -> String {
    let words: String = complaint.split_whitespace().collect::<Vec<_>>().join(" ");
    let start = words.char_indices().rev().nth(400).map_or(0, |(start, _)| start);
    if words.is_empty() { String::new() } else { format!(": {}", &words[start..]) }
}
