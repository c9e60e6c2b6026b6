//! What a person or a program reads.
//!
//! Results go to standard output, everything about the way there to standard error. With `--json` standard output holds
//! JSON and nothing else: one object a line for events, one document for listings, and `{"error": …}` for a failure.
//! Everything is printed by `terminal`, which lets nothing through that would command a terminal or forge a line.

pub(super) mod backfill;
mod end;
mod failure;
pub(super) mod human;
pub(super) mod json;
mod progress;
mod secret_forms;
pub(super) mod secrets;
mod status;
pub(super) mod terminal;
pub(super) mod text;

use std::process::ExitCode;

use self::secrets::Secrets;
use self::status::Status;
use self::terminal::Line;
use self::terminal::StandardOutput;
use self::terminal::Word;

use super::failure::Failure;
use super::problem;
use super::problem::Problem;
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
    output: StandardOutput,
}

impl Report {
    pub(super) fn new(json: bool, quiet: bool, verbose: bool, secrets: Secrets) -> Self {
        let colour = terminal::errors_go_to_a_terminal() && super::process::may_colour();
        let (signal, output) = (EndingSignal::default(), StandardOutput::default());
        Self { json, quiet, verbose, colour, secrets, signal, output }
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

    /// Whether a question can be asked: on a terminal, and not of a program that reads JSON.
    pub(super) fn can_ask(&self) -> bool {
        !self.json && terminal::can_ask()
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// A line of the result. One line, whatever is in the text.
    pub(super) fn line(&self, text: &str) {
        self.output.print(&[Line::new(text)], &self.secrets);
    }

    /// A line of the result that is good to know.
    pub(super) fn note_in_result(&self, text: &str) {
        self.output.print(&[Line::with_word(Word::Note, text)], &self.secrets);
    }

    /// A result that another program reads, exactly as it is; on a terminal with escapes.
    pub(super) fn exactly(&self, text: &str) {
        self.output.print_exactly(text);
    }

    /// Lines of the result that belong together.
    pub(super) fn lines(&self, lines: &[Line]) {
        self.output.print(lines, &self.secrets);
    }

    /// Problems that were found, but end nothing: a check says no.
    pub(super) fn problems(&self, what: &str, problems: &[Problem]) {
        if !self.json {
            let mut lines = vec![Line::with_word(Word::Error, what)];
            lines.extend(problem::lines(problems));
            terminal::print_error(&lines, self.colour, &self.secrets);
        }
    }

    /// A result as one JSON document.
    pub(super) fn document(&self, document: &serde_json::Value) {
        self.output.print_json(document, &self.secrets);
    }

    /// A word about the way, for people.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            terminal::print_error(&[Line::with_word(Word::Note, text)], false, &self.secrets);
        }
    }

    /// Something that went wrong beside what was asked for, which is done.
    pub(super) fn warn(&self, text: &str, hint: Option<&str>) {
        let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
        let mut lines = vec![Line::with_word(Word::Warning, head)];
        lines.extend(Line::block(4, rest));
        lines.extend(hint.map(|hint| Line::with_word(Word::Hint, hint)));
        terminal::print_error(&lines, self.colour, &self.secrets);
    }

    /// What is being done now, for people.
    pub(super) fn progress(&self, text: &str) {
        if !self.quiet && !self.json {
            terminal::print_error(&[Line::new(text)], false, &self.secrets);
        }
    }

    /// A line for what is being done now, which changes.
    pub(super) fn status(&self) -> Status<'_> {
        Status::new(!self.quiet && !self.json, &self.secrets)
    }

    /// Help or the version, as clap writes it.
    pub(super) fn help(&self, text: &clap::builder::StyledStr) {
        self.output.print_styled(text, super::process::may_colour());
    }

    /// What is wrong with the arguments, in the words of clap, and what to do about it.
    pub(super) fn usage(&self, text: &str, hint: Option<&str>) {
        let lines: Vec<Line> = Line::block(0, text).chain(hint.map(|hint| Line::with_word(Word::Hint, hint))).collect();
        terminal::print_error(&lines, self.colour, &self.secrets);
    }

    /// Reports a failure, and gives its exit code.
    pub(super) fn failure(&self, failure: &Failure) -> u8 {
        if self.json {
            self.document(&json::failure(failure));
        }
        // A program that reads no more must not keep a person from being told.
        if !self.json || self.output.failure().is_some() {
            terminal::print_error(&failure::lines(failure), self.colour, &self.secrets);
        }
        failure.code(&self.signal)
    }

    /// The exit code of this invocation, when everything is printed: that of the command, unless it was done and its output
    /// is incomplete. Says so in any case. A reader who has gone did not want to know more.
    pub(super) fn end(&self, code: u8) -> ExitCode {
        let Some(incomplete) = self.output.failure().and_then(end::incomplete) else { return ExitCode::from(code) };
        terminal::print_error(&failure::lines(&incomplete), self.colour, &self.secrets);
        ExitCode::from(if code == 0 { incomplete.code(&self.signal) } else { code })
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
            self.report.output.print(&human::event(&event, self.report.verbose), &self.report.secrets);
        }
    }
}
