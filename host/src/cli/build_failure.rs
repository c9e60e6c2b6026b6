//! What is told where migrations cannot be built.

use super::failure::Failure;
use super::failure::with_causes;
use crate::toolchain::BuildError;
use crate::toolchain::BuildFailure;

/// How many of them are told one by one.
const FAILURES_SHOWN: usize = 20;

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
    let number = error.failures.len();
    let mut reasons = error.failures.iter().map(|failure| with_causes(&failure.error));
    let first = reasons.next().unwrap_or_default();
    if reasons.all(|reason| reason == first) {
        let hint = error.failures.first().and_then(|failure| failure.error.hint());
        let text = format!("{number} migrations cannot be built: {first}");
        return Failure::new("build-failed", text, hint.unwrap_or_else(|| AGAIN.to_owned()));
    }
    let mut text = format!("{number} migrations cannot be built");
    for failure in error.failures.iter().take(FAILURES_SHOWN) {
        // What belongs to one of them stands further in.
        text.push_str(&format!("\n{}", message(failure).replace('\n', "\n    ")));
        if let Some(hint) = failure.error.hint().filter(|_| error.hint().is_none()) {
            text.push_str(&format!("\n  {hint}"));
        }
    }
    if number > FAILURES_SHOWN {
        text.push_str(&format!("\nand {} more", number - FAILURES_SHOWN));
    }
    Failure::new("build-failed", text, error.hint().unwrap_or_else(|| AGAIN.to_owned()))
}
