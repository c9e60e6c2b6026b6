//! The child's side: gives up what it does not need, reads one task, answers once, ends.

use std::io;
use std::io::BufRead as _;
use std::io::Read as _;
use std::io::Write as _;
use std::process::ExitCode;

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::Signal;

use super::message::LINE_BYTES_MAX;
use super::message::Request;
use super::message::Response;
use super::message::VERSION;

/// How much room is made for an input before it is there, in bytes.
const INPUT_BYTES_RESERVED: usize = 64 << 20;

/// Does one task of a parent, as the program that [`super::Worker`] starts.
///
/// `work` gets the job, its settings, the input and the number of threads that it may use; it answers the output, or why
/// there is none. Before it is called the process has given up new privileges, files of its own and core dumps, and has
/// the limits of the task. The process ends when the parent does.
pub fn serve(work: impl FnOnce(&str, &str, &[u8], usize) -> Result<Vec<u8>, String>) -> ExitCode {
    match conversation(work) {
        Ok(()) => ExitCode::SUCCESS,
        // There is nobody to tell but the parent, which notices.
        Err(_) => ExitCode::FAILURE,
    }
}

fn conversation(work: impl FnOnce(&str, &str, &[u8], usize) -> Result<Vec<u8>, String>) -> io::Result<()> {
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    (&mut stdin).take(u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX)).read_until(b'\n', &mut line)?;
    let request: Request = serde_json::from_slice(&line)?;
    if request.version != VERSION {
        return respond(&Response::OtherVersion(VERSION.to_owned()), &[]);
    }
    restrict(&request);
    // Whoever speaks here may say any length.
    let mut input = Vec::with_capacity(request.bytes.min(INPUT_BYTES_RESERVED));
    (&mut stdin).take(u64::try_from(request.bytes).unwrap_or(u64::MAX)).read_to_end(&mut input)?;
    if input.len() != request.bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    drop(stdin);
    // Where no thread can be had for this one, none can be had for computing either.
    let watched = std::thread::Builder::new().name("parent".to_owned()).spawn(end_with_the_parent).is_ok();
    let threads = if watched { request.threads } else { 1 };
    match work(&request.job, &request.settings, &input, threads) {
        Ok(output) => respond(&Response::Done { bytes: output.len() }, &output),
        Err(reason) => respond(&Response::Refused(reason), &[]),
    }
}

/// Gives up what is not needed, before anything of the input is looked at. What a system does not have is done without:
/// the parent watches over the time in any case.
fn restrict(request: &Request) {
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
        let _ = rustix::thread::set_no_new_privs(true);
        sacrifice();
    }
    let threads = u64::try_from(request.threads).unwrap_or(u64::MAX);
    for (resource, limit) in [
        // What is written to, not what is only reserved: each thread of the C library's allocator reserves 64 MiB.
        (Resource::Data, request.memory),
        // Should the parent be stopped. It ends by SIGXCPU.
        (Resource::Cpu, request.time.as_secs().saturating_add(1).saturating_mul(threads)),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        let hard = rustix::process::getrlimit(resource).maximum;
        let limit = hard.map_or(limit, |hard| hard.min(limit));
        let _ = rustix::process::setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) });
    }
}

/// When the memory of the machine or of a container is used up, the system ends this process and not the parent
/// (proc(5), `oom_score_adj`).
#[cfg(target_os = "linux")]
fn sacrifice() {
    use rustix::fs::Mode;
    use rustix::fs::OFlags;
    if let Ok(file) = rustix::fs::open("/proc/self/oom_score_adj", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::io::write(&file, b"1000");
    }
}

/// The pipe closes when the parent has ended, however it did.
fn end_with_the_parent() {
    let mut rest = [0; 1];
    while matches!(io::stdin().lock().read(&mut rest), Ok(1..)) {}
    let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
}

fn respond(response: &Response, output: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, response)?;
    stdout.write_all(b"\n")?;
    stdout.write_all(output)?;
    stdout.flush()
}
