//! Reads Python without running it: what revisions of Alembic say about themselves, what files import, and what an `env.py` sets.
//!
//! The text may be anybody's, and a parser takes as much time, memory and stack as a text makes it take. So it is the work of
//! a worker ([`READ_JOB`](super::READ_JOB)): one for all files that changed.

mod calls;
mod env;
mod imports;
mod problem;
mod revision;
mod values;

use ruff_python_parser::parse_module;

use super::PythonFacts;
use super::PythonFile;
use super::PythonProblem;
use problem::Lines;
use problem::conflict;
use problem::not_python;

/// The stack of the thread that reads, in bytes. It is reserved, not used: what is nested as deep as people write needs a thousandth.
const STACK_BYTES: usize = 256 << 20;

/// Reads files: JSON of [`PythonFile`]s to JSON of [`PythonFacts`], in the same order.
///
/// # Errors
/// Where the input is no such JSON, or the system has no thread to give.
pub fn read_job(input: &[u8]) -> Result<Vec<u8>, String> {
    let files: Vec<PythonFile> = serde_json::from_slice(input).map_err(|error| error.to_string())?;
    let facts = std::thread::scope(|scope| {
        let reading = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || files.iter().map(read_or_give_up).collect::<Vec<_>>())
            .map_err(|error| error.to_string())?;
        reading.join().map_err(|_| "reading Python failed".to_owned())
    })?;
    serde_json::to_vec(&facts).map_err(|error| error.to_string())
}

/// Reads one file. Where the parser gives up on it, such as without memory for its nesting, that is said of this file alone.
fn read_or_give_up(file: &PythonFile) -> PythonFacts {
    std::panic::catch_unwind(|| read(file)).unwrap_or_else(|_| PythonFacts {
        broken: Some(PythonProblem {
            line: 1,
            message: "it cannot be read: the parser of Python gave up on it".to_owned(),
            hint: "look for what is unusual in it: very deep nesting, or very much of it".to_owned(),
        }),
        ..PythonFacts::default()
    })
}

/// Reads one file.
pub(super) fn read(file: &PythonFile) -> PythonFacts {
    let text = file.text.as_str();
    let broken = |problem| PythonFacts { broken: Some(problem), ..PythonFacts::default() };
    if let Some(problem) = conflict(text) {
        return broken(problem);
    }
    let module = match parse_module(text) {
        Ok(parsed) => parsed.into_syntax(),
        Err(error) => return broken(not_python(text, &error)),
    };
    let lines = Lines::new(text);
    let seen = calls::look(&module.body, &lines);
    PythonFacts {
        imports: seen.imports,
        revision: Some(revision::read(&module.body, &lines, &seen.sql)),
        env: env::read(&module.body, &lines, &seen.configures),
        broken: None,
    }
}

#[cfg(test)]
mod tests;
