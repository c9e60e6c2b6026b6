//! What is told where migrations cannot be built.

use super::failure::Failure;
use super::failure::with_causes;
use crate::toolchain::BuildError;
use crate::toolchain::BuildFailure;

/// Every migration that cannot be built, with what its tool said.
pub(super) fn of(error: &BuildError) -> Failure {
    const AGAIN: &str = "correct the source, then run `host build` again";
    let message = |failure: &BuildFailure| {
        format!("revision {} cannot be built: {}", failure.revision, with_causes(&failure.error))
    };
    if let [failure] = error.failures.as_slice() {
        let hint = failure.error.hint().unwrap_or_else(|| AGAIN.to_owned());
        return Failure::new("build-failed", message(failure), hint);
    }
    let mut text = format!("{} migrations cannot be built", error.failures.len());
    for failure in &error.failures {
        // What belongs to one of them stands further in.
        text.push_str(&format!("\n{}", message(failure).replace('\n', "\n    ")));
        if let Some(hint) = failure.error.hint().filter(|_| error.hint().is_none()) {
            text.push_str(&format!("\n  {hint}"));
        }
    }
    Failure::new("build-failed", text, error.hint().unwrap_or_else(|| AGAIN.to_owned()))
}
