//! The worker's side of compiling, for a program that starts itself once more to compile.

use std::process::ExitCode;

use super::compiler;

/// Does one task of the parent and answers it. For a program whose first argument is
/// [`WORKER_ARGUMENT`](crate::worker::ARGUMENT), before it does anything else; [`Compiler`](super::Compiler) has the other
/// side.
pub fn serve_worker() -> ExitCode {
    crate::worker::serve(work)
}

/// Does a task by its name. `settings` and `input` are those of the task, `threads` on how many it may compute.
///
/// # Errors
/// Why there is no output, for the parent.
pub fn work(job: &str, settings: &str, input: &[u8], threads: usize) -> Result<Vec<u8>, String> {
    match job {
        compiler::JOB => compiler::work(settings, input, threads),
        _ => Err(format!("there is no job '{job}'")),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_job_of_another_program_is_refused() {
        assert_eq!(super::work("bake", "", &[], 1), Err("there is no job 'bake'".to_owned()));
    }
}
