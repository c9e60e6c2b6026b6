//! Problems that were found together: as lines for people and as documents for programs.

use serde_json::Value;
use serde_json::json;

use super::failure::with_causes;
use super::report::terminal::Line;
use super::report::terminal::Word;
use crate::error::Error;
use crate::execute::RunError;
use crate::project::ProjectError;

/// How far what belongs to a problem is indented.
const INDENT: usize = 2;

/// How far the further lines of a message are indented: deeper than anything that the host says itself.
const QUOTE_INDENT: usize = 6;

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    kind: &'static str,
    message: String,
    hint: Option<String>,
    /// The migration that it is about, with its file or folder.
    migration: Option<(String, String)>,
}

impl From<&RunError> for Problem {
    fn from(error: &RunError) -> Self {
        Self {
            kind: error.kind(),
            message: with_causes(error),
            hint: error.hint(),
            migration: error.migration().map(|(revision, file)| (revision.to_string(), file.to_owned())),
        }
    }
}

impl From<&ProjectError> for Problem {
    fn from(error: &ProjectError) -> Self {
        Self { kind: error.kind(), message: with_causes(error), hint: error.hint(), migration: None }
    }
}

/// The problems that an error consists of, where there are several.
pub(super) fn several(error: &Error) -> Option<Vec<Problem>> {
    let problems: Vec<Problem> = match error {
        Error::Run(error) => error.problems().iter().map(Problem::from).collect(),
        Error::Project(error) => error.problems().iter().map(Problem::from).collect(),
        Error::Place(_) => Vec::new(),
    };
    if problems.len() > 1 { Some(problems) } else { None }
}

/// The lines of some problems. Where the same is to be done about several that follow each other, it is said once, after them.
pub(super) fn lines(problems: &[Problem]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, problem) in problems.iter().enumerate() {
        let (head, rest) = problem.message.split_once('\n').unwrap_or((&problem.message, ""));
        lines.push(Line::indented(INDENT, head));
        lines.extend(Line::block(QUOTE_INDENT, rest));
        let is_said_later = problems.get(index + 1).is_some_and(|next| next.hint == problem.hint);
        if let (Some(hint), false) = (&problem.hint, is_said_later) {
            lines.push(Line::with_word(Word::Hint, hint).at(2 * INDENT));
        }
    }
    lines
}

/// A problem for programs.
pub(super) fn document(problem: &Problem) -> Value {
    let (revision, file) = problem.migration.clone().unzip();
    json!({
        "kind": problem.kind, "message": problem.message, "hint": problem.hint, "revision": revision, "file": file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_about_several_is_said_once() {
        let problem = |message: &str, hint: Option<&str>| Problem {
            kind: "stale-build",
            message: message.to_owned(),
            hint: hint.map(str::to_owned),
            migration: None,
        };
        let problems = [
            problem("a", Some("build")),
            problem("b\nquoted", Some("build")),
            problem("c", None),
            problem("d", Some("x")),
        ];
        let expected = vec![
            Line::indented(2, "a"),
            Line::indented(2, "b"),
            Line::indented(6, "quoted"),
            Line::with_word(Word::Hint, "build").at(4),
            Line::indented(2, "c"),
            Line::indented(2, "d"),
            Line::with_word(Word::Hint, "x").at(4),
        ];
        assert_eq!(lines(&problems), expected);
    }
}
