//! What is wrong with a text in Python, in plain words.

use ruff_python_parser::ParseError;
use ruff_text_size::TextSize;

use crate::alembic::PythonProblem;

/// What to do about a conflict of git.
const CONFLICT_HINT: &str = "decide for one side, and remove the lines '<<<<<<<', '|||||||', '=======' and '>>>>>>>'";

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of a place, from 1.
    pub(super) fn of(&self, place: TextSize) -> usize {
        self.0.partition_point(|start| *start <= place.to_usize())
    }
}

/// A conflict that git left. In a docstring, where it often begins, it would still be Python.
pub(super) fn conflict(text: &str) -> Option<PythonProblem> {
    let line = crate::sql::conflict_of_text(text)?;
    Some(PythonProblem {
        line: usize::try_from(line).unwrap_or(usize::MAX),
        message: "this line is a conflict marker of git".to_owned(),
        hint: CONFLICT_HINT.to_owned(),
    })
}

/// Why a text is no Python 3.
pub(super) fn not_python(text: &str, error: &ParseError) -> PythonProblem {
    let line = Lines::new(text).of(error.location.start());
    // The parser may notice it at the beginning of the next line.
    let near = [line, line.saturating_sub(1)];
    let found = near.into_iter().find(|line| is_python_2(text.lines().nth(line.saturating_sub(1)).unwrap_or_default()));
    match found {
        Some(line) => PythonProblem {
            line,
            message: "this is Python 2, which Alembic does not run any more".to_owned(),
            hint: "write it in Python 3: `print(…)`, `except Error as error`, `raise Error(…)`".to_owned(),
        },
        None => {
            let said: String = error.error.to_string().chars().filter(|character| !character.is_control()).collect();
            PythonProblem {
                line,
                message: format!("this is no Python: {said}"),
                hint: "correct the syntax; Python says the same".to_owned(),
            }
        }
    }
}

/// Whether a line, of which it is known that it is no Python 3, is Python 2.
fn is_python_2(line: &str) -> bool {
    let line = line.trim();
    let statement = |word: &str| {
        line.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with([' ', '"', '\'']) && !rest.trim_start().starts_with('('))
    };
    let handler = line.starts_with("except ") && line.contains(',') && !line.contains(" as ") && !line.contains('(');
    let raised = line.starts_with("raise ") && line.contains(", ") && !line.contains('(');
    statement("print") || statement("exec") || handler || raised || line.contains("<>") || line.contains('`')
}
