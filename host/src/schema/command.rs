//! The program of the user that prints the models.
//!
//! It runs as a compiler does: in the project's folder, with the variables and the rights of whoever called host, and only where
//! schemas are compared. A deploy never starts it.

#![expect(clippy::disallowed_methods, reason = "the models are what a program of the user prints")]

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use super::error::SchemaError;

/// The most that a program may print, in bytes.
const OUTPUT_BYTES_MAX: u64 = 64 << 20;

/// The last lines of what it says that are shown.
const LINES_SHOWN: usize = 30;

/// Runs a program with its arguments in a folder and gives what it printed on standard output. Programs in Python look for modules
/// in `python_path`. Call it where blocking is allowed.
///
/// # Errors
/// [`SchemaError::CommandNotRun`], [`SchemaError::Command`] with what it said, [`SchemaError::CommandOutput`].
pub fn run(command: &[String], folder: &Path, python_path: &OsStr) -> Result<String, SchemaError> {
    let (program, arguments) = command.split_first().map_or(("", &[][..]), |(program, rest)| (program.as_str(), rest));
    let not_run = |source| SchemaError::CommandNotRun { program: program.to_owned(), source };
    let mut prepared = Command::new(program);
    prepared.args(arguments).current_dir(folder).env("PYTHONPATH", python_path);
    prepared.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = prepared.spawn().map_err(not_run)?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(not_run(std::io::Error::other("it has no output")));
    };
    let saying = std::thread::spawn(move || read(stderr));
    let printed = read(stdout);
    let is_too_much =
        printed.as_ref().is_ok_and(|printed| u64::try_from(printed.len()).is_ok_and(|bytes| bytes > OUTPUT_BYTES_MAX));
    if is_too_much {
        // It would wait for ever for somebody who reads.
        let _ = child.kill();
    }
    let status = child.wait().map_err(not_run)?;
    let said = saying.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map_err(not_run)?;
    if is_too_much {
        return Err(SchemaError::CommandOutput { program: program.to_owned(), what: "more than 64 MiB" });
    }
    if !status.success() {
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.trim_end().lines().collect();
        let stderr = lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n");
        return Err(SchemaError::Command { program: program.to_owned(), status: status.to_string(), stderr });
    }
    let output = |what| SchemaError::CommandOutput { program: program.to_owned(), what };
    let printed = String::from_utf8(printed.map_err(not_run)?).map_err(|_| output("something that is not UTF-8"))?;
    if printed.trim().is_empty() { Err(output("nothing on standard output")) } else { Ok(printed) }
}

/// One byte more than there may be, so that it can be told.
fn read(stream: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(OUTPUT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
