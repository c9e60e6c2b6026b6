//! The only way out: whatever the command line prints goes through here.
//!
//! Nothing that is printed is trusted. Messages of migrations and of the server, names of files and tables, rows that
//! somebody else wrote: each of them may carry sequences that command a terminal, or line breaks that would make a second
//! line of it, in the host's own voice. So a [`Line`] is one line whatever is in it, a JSON document is one line of visible
//! characters, and both leave without the passwords that this invocation knows of.

use std::io::BufRead as _;
use std::io::IsTerminal as _;
use std::io::Read as _;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::OnceLock;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::io::Errno;
use serde_json::Value;

use super::secrets::Secrets;
use super::text::safe;
use super::text::safe_line;
use crate::revision::is_visible;

/// Clears the line in which the cursor is (ECMA-48, EL).
const CLEAR_LINE: &str = "\u{1b}[2K";
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 1_000;

/// One line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Line {
    word: Option<Word>,
    indent: usize,
    text: String,
}

/// A word in front of a line, which only the host can set at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Word {
    /// What failed.
    Error,
    /// What to do.
    Hint,
    /// What went wrong without failing what was asked for.
    Warning,
    /// What is good to know.
    Note,
}

impl Line {
    /// A line that begins at the edge.
    pub(in crate::cli) fn new(text: impl Into<String>) -> Self {
        Self { word: None, indent: 0, text: text.into() }
    }

    /// A line that belongs to the one above it.
    pub(in crate::cli) fn indented(indent: usize, text: impl Into<String>) -> Self {
        Self { word: None, indent, text: text.into() }
    }

    /// A line with a word in front.
    pub(in crate::cli) fn with_word(word: Word, text: impl Into<String>) -> Self {
        Self { word: Some(word), indent: 0, text: text.into() }
    }

    /// The same line, indented.
    pub(in crate::cli) fn at(self, indent: usize) -> Self {
        Self { indent, ..self }
    }

    /// A text of several lines, each indented by so many blanks.
    pub(in crate::cli) fn block(indent: usize, text: &str) -> impl Iterator<Item = Self> {
        text.lines().map(move |line| Self::indented(indent, line))
    }

    /// Its text, without the word in front.
    pub(in crate::cli) fn text(&self) -> &str {
        &self.text
    }

    /// The line as it is printed, with its end.
    pub(super) fn render(&self, colour: bool, secrets: &Secrets) -> String {
        let word = match (self.word, colour) {
            (None, _) => "",
            (Some(Word::Error), false) => "error: ",
            (Some(Word::Error), true) => "\u{1b}[1;31merror\u{1b}[0m: ",
            (Some(Word::Hint), false) => "hint: ",
            (Some(Word::Hint), true) => "\u{1b}[1;36mhint\u{1b}[0m: ",
            (Some(Word::Warning), false) => "warning: ",
            (Some(Word::Warning), true) => "\u{1b}[1;33mwarning\u{1b}[0m: ",
            (Some(Word::Note), _) => "note: ",
        };
        let text = safe_line(&secrets.masked(&self.text));
        format!("{:indent$}{word}{text}\n", "", indent = self.indent)
    }
}

/// Standard output of one invocation, with what went wrong on the way there. All copies are one.
///
/// After the first failure nothing more is written: what comes behind a gap would look whole.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct StandardOutput(Arc<OnceLock<Errno>>);

impl StandardOutput {
    /// Prints lines.
    pub(super) fn print(&self, lines: &[Line], secrets: &Secrets) {
        let text: String = lines.iter().map(|line| line.render(false, secrets)).collect();
        self.write(&text);
    }

    /// Prints one JSON document, in one line.
    pub(super) fn print_json(&self, document: &Value, secrets: &Secrets) {
        self.write(&format!("{}\n", json_line(document, secrets)));
    }

    /// Prints what another program reads, SQL for example, exactly as it is. Only a terminal, which would follow the
    /// sequences in it instead of reading it, gets the escapes of [`safe`].
    pub(super) fn print_exactly(&self, text: &str) {
        if std::io::stdout().is_terminal() { self.write(&safe(text)) } else { self.write(text) }
    }

    /// Prints what clap has written, with its styles where they may be shown. It quotes nothing.
    pub(in crate::cli) fn print_styled(&self, text: &clap::builder::StyledStr, may_colour: bool) {
        let colour = may_colour && std::io::stdout().is_terminal();
        if colour { self.write(&text.ansi().to_string()) } else { self.write(&text.to_string()) }
    }

    /// Why the output is incomplete, if it is.
    pub(super) fn failure(&self) -> Option<Errno> {
        self.0.get().copied()
    }

    fn write(&self, text: &str) {
        if self.0.get().is_none()
            && let Err(error) = write_all(std::io::stdout().lock(), text.as_bytes())
        {
            // Nobody else has set it: there is one thread that prints results.
            let _ = self.0.set(error);
        }
    }
}

/// Prints lines on standard error, all of them at once. Where that fails nobody is left to be told: it stops nothing.
pub(in crate::cli) fn print_error(lines: &[Line], colour: bool, secrets: &Secrets) {
    let text: String = lines.iter().map(|line| line.render(colour, secrets)).collect();
    let _ = write_all(std::io::stderr().lock(), text.as_bytes());
}

/// Whether a line on standard error can be written over: it is a terminal that knows the sequences of ECMA-48 for that.
pub(super) fn lines_can_be_written_over() -> bool {
    errors_go_to_a_terminal() && crate::cli::process::may_write_over()
}

/// Prints a line on standard error over the one that stands there, and stays on it.
pub(super) fn print_over(line: &Line, secrets: &Secrets) {
    let text = line.render(false, secrets);
    let _ = write_all(std::io::stderr().lock(), format!("\r{CLEAR_LINE}{}", text.trim_end_matches('\n')).as_bytes());
}

/// Takes away the line that stands on standard error.
pub(super) fn clear_line() {
    let _ = write_all(std::io::stderr().lock(), format!("\r{CLEAR_LINE}").as_bytes());
}

/// Whether somebody sits there who reads a question and can answer it.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question on standard error, and reads one line of an answer. None where nothing is answered.
pub(in crate::cli) fn ask(question: &str, secrets: &Secrets) -> Option<String> {
    let _ = write_all(std::io::stderr().lock(), safe_line(&secrets.masked(question)).as_bytes());
    let mut answer = String::new();
    let read = std::io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut answer);
    if !answer.ends_with('\n') {
        // What follows begins a line of its own.
        let _ = write_all(std::io::stderr().lock(), b"\n");
    }
    read.ok()?;
    Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
}

/// Whether standard error is a terminal that may show colours.
pub(in crate::cli) fn errors_go_to_a_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes without a buffer, so that nothing is left whose failure would show only at the end. Waits for a stream that takes
/// nothing at the moment.
fn write_all(stream: impl AsFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(&stream, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                // Whatever comes of it, the next write tells.
                let _ = rustix::event::poll(&mut [PollFd::new(&stream, PollFlags::OUT)], None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The document in one line, in which nothing commands a terminal: JSON itself escapes no more than the first 32
/// characters (RFC 8259, section 7).
pub(super) fn json_line(document: &Value, secrets: &Secrets) -> String {
    let mut concealed = document.clone();
    conceal(&mut concealed, secrets);
    let mut line = String::new();
    for character in concealed.to_string().chars() {
        if is_visible(character) {
            line.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    line
}

fn conceal(value: &mut Value, secrets: &Secrets) {
    match value {
        Value::String(text) => *text = secrets.masked(text).into_owned(),
        Value::Array(values) => values.iter_mut().for_each(|value| conceal(value, secrets)),
        Value::Object(fields) => fields.values_mut().for_each(|value| conceal(value, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOSTILE: &str =
        "a\u{1b}]0;title\u{7}\r\nhint: b\u{9b}2J\u{7f}\u{85}\u{2028}\u{202e}\u{2066}\u{61c}\u{200b}\u{feff}\u{e0041}";

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        for word in [None, Some(Word::Error), Some(Word::Hint), Some(Word::Note)] {
            let line = Line { word, indent: 2, text: HOSTILE.to_owned() }.render(false, &Secrets::default());
            assert!(line.ends_with('\n'), "{line}");
            assert!(line.trim_end_matches('\n').chars().all(is_visible), "{line:?}");
        }
        assert_eq!(Line::with_word(Word::Hint, "x\ny").render(false, &Secrets::default()), "hint: x\\ny\n");
    }

    #[test]
    fn a_write_that_fails_is_told() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        assert_eq!(write_all(&writer, b"text"), Ok(()));
        drop(reader);
        assert_eq!(write_all(&writer, b"text"), Err(Errno::PIPE));
        assert_eq!(write_all(&writer, b""), Ok(()));
    }

    #[test]
    fn only_the_host_colours() {
        let line = Line::with_word(Word::Error, "\u{1b}[31mred").render(true, &Secrets::default());
        assert_eq!(line, "\u{1b}[1;31merror\u{1b}[0m: \\u{1b}[31mred\n");
    }

    #[test]
    fn json_is_one_line_of_printable_characters_and_reads_back() {
        let document =
            json!({"message": HOSTILE, "list": [HOSTILE], "number": 7, "nothing": null, "umlaut": "größe 🦀"});
        let line = json_line(&document, &Secrets::default());
        assert!(line.chars().all(is_visible), "{line}");
        assert!(line.contains("größe 🦀"), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON"), document);
    }
}
