//! The two directions in a migration file in SQL.

use std::ops::Range;

use super::position::place_of_byte;
use super::split::Piece;
use super::split::Pieces;
use super::split::SplitError;
use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;

pub(super) const UPGRADE: &str = "upgrade";
pub(super) const DOWNGRADE: &str = "downgrade";

/// How a comment begins that stands for a downgrade which is still to be written.
const PLACEHOLDER: &str = "TODO";

/// How a comment begins that says what a person has to decide before the migration can be built.
const DECISION: &str = "decide:";

/// Where the two directions stand in a file, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sections {
    /// What follows `-- upgrade`.
    pub upgrade: Range<usize>,
    /// What follows `-- downgrade`. None where the file has no such line, or says `-- downgrade: irreversible`: the migration is
    /// irreversible. An empty section is something else: there is nothing to do.
    pub downgrade: Option<Range<usize>>,
    /// What the marker says in place of SQL.
    pub said: Option<Said>,
}

/// What the marker of the downgrade says in place of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// `-- downgrade: nothing to do`
    NothingToDo,
    /// `-- downgrade: irreversible`
    Irreversible,
}

impl Said {
    const ALL: [Self; 2] = [Self::NothingToDo, Self::Irreversible];

    fn words(self) -> &'static str {
        match self {
            Self::NothingToDo => "nothing to do",
            Self::Irreversible => "irreversible",
        }
    }
}

impl Sections {
    /// The line of a comment that begins with TODO, in a downgrade that has no statement: nobody has decided yet what the
    /// downgrade does. The template of a new migration has one.
    pub fn undecided(&self, source: &str) -> Option<u32> {
        let section = self.downgrade.clone().filter(|section| !has_statement(source, section))?;
        let is_placeholder = |token: &Token| {
            let says = source[token.bytes.clone()].strip_prefix("--").map(str::trim_start);
            says.is_some_and(|says| says.starts_with(PLACEHOLDER))
        };
        let mut comments = Tokens::within(source, section).map_while(Result::ok);
        comments.find(is_placeholder).map(|token| place_of_byte(source, token.bytes.start).line)
    }

    /// The first comment of either direction that begins with `decide:`, with its line and what stands behind that: somebody has to
    /// decide something there, and then to remove it.
    pub fn to_decide<'a>(&self, source: &'a str) -> Option<(u32, &'a str)> {
        let mut parts: Vec<Range<usize>> =
            std::iter::once(self.upgrade.clone()).chain(self.downgrade.clone()).collect();
        parts.sort_by_key(|part| part.start);
        let comments = parts.into_iter().flat_map(|part| Tokens::within(source, part).map_while(Result::ok));
        let mut decisions = comments.filter(|token| token.kind == TokenKind::LineComment).filter_map(|token| {
            let what = source[token.bytes.clone()].strip_prefix("--")?.trim_start().strip_prefix(DECISION)?;
            Some((place_of_byte(source, token.bytes.start).line, what.trim()))
        });
        decisions.next()
    }

    /// Whether the upgrade does something, the downgrade does nothing, and nothing says that this is meant.
    pub fn is_silent(&self, source: &str) -> bool {
        let empty = |section: &Range<usize>| !has_statement(source, section);
        self.said.is_none() && self.downgrade.as_ref().is_some_and(empty) && !empty(&self.upgrade)
    }
}

fn has_statement(source: &str, section: &Range<usize>) -> bool {
    let mut tokens = Tokens::within(source, section.clone()).map_while(Result::ok);
    tokens.any(|token| token.kind.is_significant() && token.kind != TokenKind::Semicolon)
}

/// A file without a clear division.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// The file has neither marker.
    #[error("the file has no line '-- upgrade'")]
    NoMarker,
    /// The file has only the way back.
    #[error("the file has a line '-- downgrade' (line {line}), but no line '-- upgrade'")]
    NoUpgrade {
        /// The line of the marker that is there, from 1.
        line: u32,
    },
    /// There is SQL before the first marker.
    #[error("line {line} stands before the first of the lines '-- upgrade' and '-- downgrade'")]
    TextBeforeFirstMarker {
        /// The line, from 1.
        line: u32,
    },
    /// A marker is there twice.
    #[error("the line '-- {marker}' appears twice, in lines {first} and {second}")]
    DuplicateMarker {
        /// `upgrade` or `downgrade`.
        marker: &'static str,
        /// The line of the first one, from 1.
        first: u32,
        /// The line of the second one, from 1.
        second: u32,
    },
    /// The marker says that there is no SQL, and below it there is some.
    #[error("line {line} says '-- downgrade: {}', but there is SQL below it", said.words())]
    TextBelow {
        /// The line of the marker, from 1.
        line: u32,
        /// What it says.
        said: Said,
    },
    /// The file cannot be read as SQL.
    #[error("{source}")]
    Unreadable {
        /// What is wrong with it.
        #[source]
        source: SplitError,
    },
}

impl SectionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoMarker | Self::NoUpgrade { .. } => {
                "put a line '-- upgrade' before the SQL that upgrades, and a line '-- downgrade' before the SQL that undoes it"
            }
            Self::TextBeforeFirstMarker { .. } => "move the SQL below one of these lines",
            Self::DuplicateMarker { .. } => "keep one of them, with all of the SQL for that direction",
            Self::TextBelow { .. } => "write '-- downgrade' in its place, or remove the SQL",
            Self::Unreadable { source } => return source.hint(),
        };
        Some(hint.to_owned())
    }
}

/// Divides a file at its lines `-- upgrade` and `-- downgrade`, in either order. Case and blanks do not count, but the
/// comment must be alone on its line. Inside a string or a block comment it is no marker. Before the first one there may
/// only be comments. In place of SQL, the downgrade may say that there is none: `-- downgrade: nothing to do` or
/// `-- downgrade: irreversible`.
///
/// # Errors
/// [`SectionError`] when a marker is missing or there twice, when there is SQL below one that says that there is none, or when
/// something quoted does not end.
pub fn sections(source: &str) -> Result<Sections, SectionError> {
    let mut markers: Vec<Marker> = Vec::new();
    for piece in Pieces::within(source, 0..source.len()) {
        let Piece::Token(token) = piece.map_err(|error| SectionError::Unreadable { source: error })? else { continue };
        if token.kind == TokenKind::LineComment {
            markers.extend(Marker::read(source, &token.bytes));
        } else if token.kind.is_significant() && markers.is_empty() {
            // A file without any marker is better told so.
            if !has_marker_after(source, token.bytes.end) {
                return Err(SectionError::NoMarker);
            }
            return Err(SectionError::TextBeforeFirstMarker { line: place_of_byte(source, token.bytes.start).line });
        }
    }
    let upgrade = find(source, &markers, UPGRADE)?;
    let downgrade = find(source, &markers, DOWNGRADE)?;
    let upgrade = match (upgrade, &downgrade) {
        (Some(upgrade), _) => upgrade.bytes,
        (None, Some(downgrade)) => return Err(SectionError::NoUpgrade { line: downgrade.line }),
        (None, None) => return Err(SectionError::NoMarker),
    };
    let Some(Section { line, said, bytes }) = downgrade else {
        return Ok(Sections { upgrade, downgrade: None, said: None });
    };
    if let Some(said) = said.filter(|_| has_statement(source, &bytes)) {
        return Err(SectionError::TextBelow { line, said });
    }
    let downgrade = (said != Some(Said::Irreversible)).then_some(bytes);
    Ok(Sections { upgrade, downgrade, said })
}

/// Whether a line comment begins a section.
pub(super) fn is_marker(source: &str, comment: &Range<usize>) -> bool {
    Marker::read(source, comment).is_some()
}

/// A line that begins a section.
struct Marker {
    name: &'static str,
    said: Option<Said>,
    /// The whole line, with its end.
    bytes: Range<usize>,
}

impl Marker {
    /// The marker that a line comment is, if it is one.
    fn read(source: &str, comment: &Range<usize>) -> Option<Self> {
        let words = source[comment.clone()].strip_prefix("--")?.trim();
        let (name, said) = Self::of_words(words)?;
        let before = source[..comment.start].trim_start_matches('\u{feff}');
        let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
        if !line.trim().is_empty() {
            return None;
        }
        let rest = &source[comment.end..];
        let line_end = ["\r\n", "\n", "\r"].into_iter().find(|line_end| rest.starts_with(line_end)).map_or(0, str::len);
        Some(Self { name, said, bytes: comment.start - line.len()..comment.end + line_end })
    }

    fn of_words(words: &str) -> Option<(&'static str, Option<Said>)> {
        if let Some(name) = [UPGRADE, DOWNGRADE].into_iter().find(|name| words.eq_ignore_ascii_case(name)) {
            return Some((name, None));
        }
        let (name, said) = words.split_once(':')?;
        let same = |known: &&Said| said.split_whitespace().map(str::to_ascii_lowercase).eq(known.words().split(' '));
        let said = Said::ALL.iter().find(same)?;
        name.trim_end().eq_ignore_ascii_case(DOWNGRADE).then_some((DOWNGRADE, Some(*said)))
    }
}

/// A marker's line, what it says, and what stands below it.
struct Section {
    line: u32,
    said: Option<Said>,
    bytes: Range<usize>,
}

/// The section with that name, up to the next marker.
fn find(source: &str, markers: &[Marker], name: &'static str) -> Result<Option<Section>, SectionError> {
    let line = |marker: &Marker| place_of_byte(source, marker.bytes.end.saturating_sub(1)).line;
    let mut found = markers.iter().enumerate().filter(|(_, marker)| marker.name == name);
    let Some((index, marker)) = found.next() else {
        return Ok(None);
    };
    if let Some((_, second)) = found.next() {
        return Err(SectionError::DuplicateMarker { marker: name, first: line(marker), second: line(second) });
    }
    let end = markers.get(index + 1).map_or(source.len(), |next| next.bytes.start);
    Ok(Some(Section { line: line(marker), said: marker.said, bytes: marker.bytes.end..end }))
}

fn has_marker_after(source: &str, start: usize) -> bool {
    // From here on the scanner stands between two tokens, so that it reads the rest as it would read the whole.
    Tokens::new(&source[start..]).map_while(Result::ok).filter(|token| token.kind == TokenKind::LineComment).any(
        |token| {
            let bytes = start + token.bytes.start..start + token.bytes.end;
            Marker::read(source, &bytes).is_some()
        },
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files() {
        let cases = [
            ("-- upgrade\nA;\n-- downgrade\nB;", "A;\n", Some("B;")),
            ("-- downgrade\nB;\n-- upgrade\nA;", "A;", Some("B;\n")),
            ("-- upgrade\nA", "A", None),
            ("-- upgrade\n-- downgrade", "", Some("")),
            ("-- upgrade", "", None),
            ("\u{feff}-- upgrade\r\nA\r\n--DOWNGRADE \r\n", "A\r\n", Some("")),
            ("-- a\n/* b */\n \t--  Upgrade\t\nA\n  -- downgrade\n", "A\n", Some("")),
            ("-- upgrade\nA; -- downgrade\n", "A; -- downgrade\n", None),
            (
                "-- upgrade\n'\n-- downgrade\n' $$\n-- downgrade\n$$ /*\n-- downgrade\n*/",
                "'\n-- downgrade\n' $$\n-- downgrade\n$$ /*\n-- downgrade\n*/",
                None,
            ),
            ("-- upgrade now\n-- upgrade\n", "", None),
            (
                "-- upgrade\nCOPY t FROM stdin;\nIt's\n-- downgrade\n\\.\n-- downgrade\nCOPY t FROM stdin;\n\\.\n",
                "COPY t FROM stdin;\nIt's\n-- downgrade\n\\.\n",
                Some("COPY t FROM stdin;\n\\.\n"),
            ),
        ];
        for (source, upgrade, downgrade) in cases {
            let sections = sections(source).unwrap();
            assert_eq!(&source[sections.upgrade], upgrade, "{source}");
            let found = sections.downgrade.map(|bytes| &source[bytes]);
            assert_eq!(found, downgrade, "{source}");
        }
    }

    #[test]
    fn a_downgrade_may_say_that_it_has_no_sql() {
        for (source, downgrade, said) in [
            ("-- upgrade\nA;\n-- downgrade: nothing to do\n-- b\n", Some("-- b\n"), Some(Said::NothingToDo)),
            ("-- upgrade\nA;\n--DOWNGRADE :  Nothing  To do \n", Some(""), Some(Said::NothingToDo)),
            ("-- upgrade\nA;\n-- downgrade: irreversible\n", None, Some(Said::Irreversible)),
            ("-- downgrade: irreversible\n-- upgrade\nA;\n", None, Some(Said::Irreversible)),
            // This is a remark for the markers; elsewhere it is refused.
            ("-- upgrade\nA;\n-- downgrade: nothing\n", None, None),
        ] {
            let sections = sections(source).unwrap();
            assert!(source[sections.upgrade].starts_with("A;"), "{source}");
            assert_eq!(sections.downgrade.map(|bytes| &source[bytes]), downgrade, "{source}");
            assert_eq!(sections.said, said, "{source}");
        }
    }

    #[test]
    fn what_has_to_be_decided_is_a_comment_of_a_direction() {
        for (source, expected) in [
            ("-- upgrade\n-- decide: which value\nA;\n-- downgrade\nB;", Some((2, "which value"))),
            ("-- upgrade\nA;\n-- downgrade\nB; --decide:now", Some((4, "now"))),
            ("-- downgrade\n-- decide: 1\nB;\n-- upgrade\n-- decide: 2\nA;", Some((2, "1"))),
            ("-- decide: nothing\n-- upgrade\nA;", None),
            ("-- upgrade\n'\n-- decide: x\n';\n-- to decide: y\n", None),
        ] {
            assert_eq!(sections(source).unwrap().to_decide(source), expected, "{source}");
        }
    }

    #[test]
    fn a_downgrade_is_undecided_or_silent() {
        for (source, undecided, silent) in [
            ("-- upgrade\nA;\n-- downgrade\n\n--TODO: undo it\n", Some(5), true),
            ("-- upgrade\n\n-- downgrade\n-- TODO\n", Some(4), false),
            ("-- upgrade\nA;\n-- downgrade\n-- TODO\nB;\n", None, false),
            ("-- upgrade\nA;\n-- downgrade\n;-- todo\n/* TODO */\n", None, true),
            ("-- upgrade\n-- TODO\n-- downgrade\n", None, false),
            ("-- upgrade\nA;\n-- downgrade: nothing to do\n", None, false),
            ("-- upgrade\nA;\n-- downgrade: irreversible\n", None, false),
            ("-- upgrade\nA;\n", None, false),
        ] {
            let sections = sections(source).unwrap();
            assert_eq!((sections.undecided(source), sections.is_silent(source)), (undecided, silent), "{source}");
        }
    }

    #[test]
    fn what_is_wrong() {
        let cases = [
            ("", "the file has no line '-- upgrade'"),
            ("SELECT 1; -- upgrade", "the file has no line '-- upgrade'"),
            ("\n-- downgrade", "the file has a line '-- downgrade' (line 2), but no line '-- upgrade'"),
            (
                "-- a\nSELECT 1;\n-- upgrade",
                "line 2 stands before the first of the lines '-- upgrade' and '-- downgrade'",
            ),
            ("-- upgrade\nA\r\n-- downgrade\n-- UPGRADE\n", "the line '-- upgrade' appears twice, in lines 1 and 4"),
            (
                "-- upgrade\nA;\n-- downgrade: Nothing to do\n;\nB;",
                "line 3 says '-- downgrade: nothing to do', but there is SQL below it",
            ),
            (
                "-- downgrade: irreversible\nB;\n-- upgrade\n",
                "line 1 says '-- downgrade: irreversible', but there is SQL below it",
            ),
            ("-- downgrade: irreversible\n", "the file has a line '-- downgrade' (line 1), but no line '-- upgrade'"),
            (
                "-- upgrade\n-- downgrade\n-- downgrade: irreversible\n",
                "the line '-- downgrade' appears twice, in lines 2 and 3",
            ),
            ("-- upgrade\n$$ -- downgrade", "unterminated dollar-quoted string at line 2, column 1"),
        ];
        for (source, message) in cases {
            let error = sections(source).unwrap_err();
            assert_eq!(error.to_string(), message, "{source:?}");
            assert!(error.hint().is_some());
        }
    }

    proptest! {
        #[test]
        fn sections_are_slices(source in "(-- upgrade\n|--downgrade|: irreversible|-- TODO|\n|'|\\$\\$|/\\*|\\*/|a;|é| ){0,12}") {
            if let Ok(sections) = sections(&source) {
                prop_assert!(source.get(sections.upgrade.clone()).is_some());
                if let Some(downgrade) = sections.downgrade.clone() {
                    prop_assert!(source.get(downgrade).is_some());
                    let _ = (sections.undecided(&source), sections.is_silent(&source));
                }
            }
        }
    }
}
