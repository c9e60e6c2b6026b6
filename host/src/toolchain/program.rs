//! Programs that build: how they are run, and what is shown of their words.

use std::process::Command;
use std::process::Stdio;

use super::ToolchainError;

/// How many lines of a compiler's output are shown: enough for a few errors, and they come last.
const OUTPUT_LINES_MAX: usize = 60;

/// Runs a program that builds the migration in `folder`, and gives all that it wrote, to both outputs, when it fails.
pub(super) fn run(program: &str, command: &mut Command) -> Result<Result<(), String>, ToolchainError> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|source| ToolchainError::Start { program: program.to_owned(), source })?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if text.trim().is_empty() {
        text = output.status.to_string();
    }
    Ok(Err(text))
}

/// The end of what a compiler wrote.
pub(super) fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    let skipped = lines.len().saturating_sub(OUTPUT_LINES_MAX);
    let mut text = if skipped > 0 { format!("({skipped} lines before)\n") } else { String::new() };
    text.push_str(lines[skipped..].join("\n").trim_end());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_output_is_shown() {
        assert_eq!(last_lines("a\nb \n\n"), "a\nb");
        let long = last_lines(&"x\n".repeat(OUTPUT_LINES_MAX + 2));
        assert!(long.starts_with("(2 lines before)\nx\n"), "{long}");
    }
}
