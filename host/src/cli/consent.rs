//! Asking the person at the terminal before something is written that only a person can answer for.

use std::io::BufRead as _;
use std::io::IsTerminal as _;
use std::io::Read as _;

use super::failure::Failure;
use super::settings::Settings;

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 100;

/// Whether it may be done: `--yes` was given, or the person at the terminal says so.
///
/// # Errors
/// There is nobody to ask.
pub(super) fn is_given(settings: &Settings, yes: bool, question: &str) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    let is_seen = std::io::stdin().is_terminal() && super::report::terminal::errors_go_to_a_terminal();
    if settings.report().is_json() || !is_seen {
        return Err(Failure::usage(
            "this asks for a confirmation, and there is no terminal to ask on",
            "look at it with --dry-run, then run it with --yes",
        ));
    }
    settings.report().ask(&format!("{question} [y/N]"));
    let mut answer = String::new();
    // What cannot be read is no yes.
    let _ = std::io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut answer);
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
