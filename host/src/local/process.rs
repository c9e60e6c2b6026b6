//! Recognising the server's process: a number alone may have passed to another process.

#[cfg(target_os = "linux")]
use std::fs;
use std::path::Path;
#[cfg(not(target_os = "linux"))]
use std::process::Command;

use rustix::process::Pid;

/// Whether this process serves the data folder: by the server's name in its command line, or, if the project was
/// moved while the server ran, by the folder that it works in. A dead process that nobody waited for has neither.
pub(super) fn is_server(pid: Pid, server_name: &str, data: &Path) -> bool {
    command_line(pid)
        .is_some_and(|line| line.contains(server_name) || (line.contains("postgres") && works_in(pid, data)))
}

/// The arguments of a process, empty if it is dead.
#[cfg(target_os = "linux")]
fn command_line(pid: Pid) -> Option<String> {
    let bytes = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The arguments of a process.
#[cfg(not(target_os = "linux"))]
fn command_line(pid: Pid) -> Option<String> {
    let output = Command::new("/bin/ps")
        .args(["-ww", "-o", "command=", "-p"])
        .arg(pid.as_raw_nonzero().to_string())
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(target_os = "linux")]
fn works_in(pid: Pid, folder: &Path) -> bool {
    fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).is_ok_and(|works_in| works_in == folder)
}

#[cfg(not(target_os = "linux"))]
fn works_in(_pid: Pid, _folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_process_by_its_command_line() {
        let me = rustix::process::getpid();
        let program = std::env::args().next().unwrap_or_default();
        assert!(is_server(me, &program, Path::new("/nowhere")));
        assert!(!is_server(me, "host-000000000000", Path::new("/nowhere")));
    }
}
