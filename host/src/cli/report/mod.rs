//! What a person or a program reads.
//!
//! Results go to standard output, everything about the way there to standard error. With `--json` standard output holds
//! JSON and nothing else: one object a line for events, one document for listings, and `{"error": …}` for a failure.
//! Everything is printed by `terminal`, which lets nothing through that would command a terminal or forge a line.

mod failure;
pub(super) mod human;
pub(super) mod json;
mod progress;
mod secret_forms;
pub(super) mod secrets;
pub(super) mod terminal;
pub(super) mod text;

use std::process::ExitCode;

use self::secrets::Secrets;
use self::terminal::Line;
use self::terminal::Word;

use super::failure::Failure;
use super::signals::EndingSignal;
use crate::execute::Event;
use crate::execute::Observer;

/// How this invocation reports.
#[derive(Clone)]
pub(super) struct Report {
    json: bool,
    quiet: bool,
    verbose: bool,
    colour: bool,
    secrets: Secrets,
    signal: EndingSignal,
}

impl Report {
    pub(super) fn new(json: bool, quiet: bool, verbose: bool, secrets: Secrets) -> Self {
        // https://no-color.org: any value but an empty one turns colour off.
        let colour = terminal::errors_go_to_a_terminal() && super::settings::variable("NO_COLOR").is_none();
        Self { json, quiet, verbose, colour, secrets, signal: EndingSignal::default() }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// What is never printed.
    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The signal that ends this invocation, which decides the exit code.
    pub(super) fn signal(&self) -> &EndingSignal {
        &self.signal
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// A line of the result. One line, whatever is in the text.
    pub(super) fn line(&self, text: &str) {
        terminal::print(&[Line::new(text)], &self.secrets);
    }

    /// A result as one JSON document.
    pub(super) fn document(&self, document: &serde_json::Value) {
        terminal::print_json(document, &self.secrets);
    }

    /// A word about the way, for people.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            terminal::print_error(&[Line::with_word(Word::Note, text)], false, &self.secrets);
        }
    }

    /// What is being done now, for people.
    pub(super) fn progress(&self, text: &str) {
        if !self.quiet && !self.json {
            terminal::print_error(&[Line::new(text)], false, &self.secrets);
        }
    }

    /// Reports a failure, and gives its exit code.
    pub(super) fn failure(&self, failure: &Failure) -> ExitCode {
        if self.json {
            self.document(&json::failure(failure));
        } else {
            terminal::print_error(&failure::lines(failure), self.colour, &self.secrets);
        }
        ExitCode::from(failure.code(&self.signal))
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
        } else if !self.report.quiet {
            terminal::print(&human::event(&event, self.report.verbose), &self.report.secrets);
        }
    }
}
