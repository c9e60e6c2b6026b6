//! What a person or a program reads.
//!
//! Results go to standard output, everything about the way there to standard error. With `--json` standard output holds
//! JSON and nothing else: one object a line for events, one document for listings, and `{"error": …}` for a failure.

mod activity;
mod failure;
pub(super) mod human;
mod json;
pub(super) mod text;

use std::io::IsTerminal as _;
use std::io::Write as _;
use std::process::ExitCode;

use super::failure::Failure;
use crate::execute::Event;
use crate::execute::Observer;

/// How this invocation reports.
#[derive(Clone)]
pub(super) struct Report {
    json: bool,
    quiet: bool,
    verbose: bool,
    colour: bool,
}

impl Report {
    pub(super) fn new(json: bool, quiet: bool, verbose: bool) -> Self {
        // https://no-color.org: any value but an empty one turns colour off.
        let colour = std::io::stderr().is_terminal() && super::settings::variable("NO_COLOR").is_none();
        Self { json, quiet, verbose, colour }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// A line of the result.
    pub(super) fn line(&self, text: &str) {
        // Whoever closed the pipe does not want to know more.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// A result as one JSON document.
    pub(super) fn document(&self, document: &serde_json::Value) {
        self.line(&document.to_string());
    }

    /// A word about the way, for people.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            let _ = writeln!(std::io::stderr().lock(), "note: {}", text::safe(text));
        }
    }

    /// What is being done now, for people.
    pub(super) fn progress(&self, text: &str) {
        if !self.quiet && !self.json {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Reports a failure, and gives its exit code.
    pub(super) fn failure(&self, failure: &Failure) -> ExitCode {
        if self.json {
            self.document(&json::failure(failure));
        } else {
            let text = failure::render(failure, self.colour);
            let _ = write!(std::io::stderr().lock(), "{text}");
        }
        ExitCode::from(failure.code())
    }

    /// An observer of a run.
    pub(super) fn observer(&self) -> RunObserver<'_> {
        RunObserver { report: self }
    }
}

/// Prints the events of a run as they come.
pub(super) struct RunObserver<'report> {
    report: &'report Report,
}

impl Observer for RunObserver<'_> {
    fn observe(&mut self, event: Event) {
        if self.report.json {
            self.report.document(&json::event(&event));
        } else if !self.report.quiet
            && let Some(text) = human::event(&event, self.report.verbose)
        {
            self.report.line(&text);
        }
    }
}
