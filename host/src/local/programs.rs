//! Running PostgreSQL's programs: as the right user, and in an environment that holds nothing of the caller's.

use std::ffi::OsStr;
use std::io;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use super::account::Account;
use super::account::is_root;
use super::error::LocalError;

/// How many lines of a program's output or a log an error shows.
const LINES_SHOWN_MAX: usize = 20;

/// Closes what the caller left open for its children, so that a server that stays behind does not hold a lock or a
/// pipe of the caller's for ever. POSIX shells redirect single digits only.
const CLOSE_AND_RUN: &str = r#"exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec "$@""#;

/// A command that runs `program` in `folder` as `account`.
///
/// The environment is emptied: the server outlives host, and should not keep its passwords; and PG* variables would
/// change what the programs do. The supplementary groups of root are dropped together with its user.
pub(super) fn command(program: &Path, account: &Account, folder: &Path) -> Command {
    let mut command = Command::new(program);
    prepare(&mut command, account, folder);
    command
}

/// As [`command`], for a program that leaves a process behind.
pub(super) fn detached_command(program: &Path, account: &Account, folder: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args([OsStr::new("-c"), OsStr::new(CLOSE_AND_RUN), OsStr::new("sh"), program.as_os_str()]);
    prepare(&mut command, account, folder);
    command
}

/// Runs a command to its end. `program` is only what the error names.
pub(super) fn run(mut command: Command, input: &str, program: &Path, account: &Account) -> Result<Output, LocalError> {
    let failed =
        |source: io::Error| LocalError::Spawn { program: program.to_path_buf(), user: account.name.clone(), source };
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that ends without reading its input says why on its own.
        match pipe.write_all(input.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(failed(error)),
            _ => {}
        }
    }
    child.wait_with_output().map_err(failed)
}

/// What a program printed, errors last, cut to its last lines.
pub(super) fn printed(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    let text = last_lines(&text.join("\n"));
    if text.is_empty() { output.status.to_string() } else { text }
}

/// The last lines of a text that are not empty.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let start = lines.len().saturating_sub(LINES_SHOWN_MAX);
    lines.get(start..).unwrap_or_default().join("\n")
}

fn prepare(command: &mut Command, account: &Account, folder: &Path) {
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if is_root() {
        command.uid(account.user).gid(account.group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_lines() {
        assert_eq!(last_lines(""), "");
        assert_eq!(last_lines("a\n\n  \nb\n"), "a\nb");
        let many: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        let kept = last_lines(&many.join("\n"));
        assert!(kept.starts_with("30\n") && kept.ends_with("\n49"), "{kept}");
    }
}
