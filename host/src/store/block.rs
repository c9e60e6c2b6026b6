//! The metadata block in the leading comment of a source, in the manner of PEP 723:
//!
//! ```sql
//! -- /// migration
//! -- revision = "3f2a9c1b7d04"
//! -- ///
//! ```

use std::ops::Range;

use super::Metadata;
use super::TOML_BYTES_MAX;
use crate::config::TomlProblem;
use crate::sql::is_conflict_marker;

/// What the first line of a block says behind the comment prefix.
const BEGIN: &str = "/// migration";

/// What its last line says.
const END: &str = "///";

/// What to do about a conflict of git.
pub(super) const CONFLICT_HINT: &str =
    "decide for one side, and remove the lines '<<<<<<<', '|||||||', '=======' and '>>>>>>>'";

/// A metadata block that was found in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The TOML text: one line for each line between the first and the last, without the comment prefix.
    pub toml: String,
    /// Its bytes in the source, from the start of the first line to the end of the last, line break included.
    pub range: Range<usize>,
    /// The line of the source in which it begins, from 1.
    pub line: usize,
}

/// Why a block cannot be read. Lines are those of the source, from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The comment ends before the block does.
    #[error("{line}: the metadata block that begins here has no last line '{prefix} {END}'")]
    Unterminated {
        /// Where it begins.
        line: usize,
        /// The comment prefix.
        prefix: &'static str,
    },
    /// The block is not in the leading comment.
    #[error(
        "{line}: the metadata block is not at the top of the file, where only comments and empty lines come before it"
    )]
    NotAtTop {
        /// Where it begins.
        line: usize,
    },
    /// A second block.
    #[error("{line}: there is a second metadata block")]
    Repeated {
        /// Where it begins.
        line: usize,
    },
    /// Its text is too large.
    #[error("{line}: the metadata block that begins here has more than {TOML_BYTES_MAX} bytes")]
    TooLarge {
        /// Where it begins.
        line: usize,
    },
    /// A line of the block is no comment.
    #[error("{line}: this line of the metadata block does not begin with '{prefix}'")]
    NotAComment {
        /// The line.
        line: usize,
        /// The comment prefix.
        prefix: &'static str,
    },
    /// git could not merge the block.
    #[error("{line}: this line is a conflict marker of git")]
    Conflict {
        /// The line.
        line: usize,
    },
    /// The text of the block is not metadata.
    #[error("{0}")]
    Toml(TomlProblem),
}

impl BlockError {
    /// What the user should do.
    pub fn hint(&self) -> String {
        match self {
            Self::Unterminated { prefix, .. } => format!("end the block with a line '{prefix} {END}'"),
            Self::NotAComment { prefix, .. } => {
                format!("begin every line from '{BEGIN}' to '{END}' with '{prefix} '")
            }
            Self::Conflict { .. } => CONFLICT_HINT.to_owned(),
            Self::NotAtTop { .. } => "move it to the top of the file".to_owned(),
            Self::Repeated { .. } => "remove one of them".to_owned(),
            Self::TooLarge { .. } => "shorten it".to_owned(),
            Self::Toml(problem) => problem.hint(),
        }
    }
}

impl Block {
    /// Looks for the block in a source whose line comments begin with `prefix` (`--`, `#` or `//`). None when there is
    /// no such block.
    ///
    /// # Errors
    /// [`BlockError`] when it has no end, stands further down, is there twice, or has a line that is no comment.
    pub fn find(source: &str, prefix: &'static str) -> Result<Option<Self>, BlockError> {
        let mut found: Option<Self> = None;
        let mut open: Option<Self> = None;
        let mut at_top = true;
        let mut offset = 0;
        for (index, text) in source.split_inclusive('\n').enumerate() {
            let (line, start) = (index + 1, offset);
            offset += text.len();
            let comment = comment(text, prefix);
            let content = comment.map(str::trim);
            if let Some(mut block) = open.take() {
                match (comment, content) {
                    (_, Some(END)) => {
                        block.range.end = offset;
                        found = Some(block);
                    }
                    (Some(comment), Some(content)) if content != BEGIN => {
                        block.toml.push_str(comment.strip_prefix(' ').unwrap_or(comment));
                        block.toml.push('\n');
                        open = Some(block);
                    }
                    (None, _) if is_conflict_marker(text) => return Err(BlockError::Conflict { line }),
                    (None, _) if ends(&source[offset..], prefix) => {
                        return Err(BlockError::NotAComment { line, prefix });
                    }
                    _ => return Err(BlockError::Unterminated { line: block.line, prefix }),
                }
            } else if found.is_none() && at_top && is_conflict_marker(text) {
                return Err(BlockError::Conflict { line });
            } else if found.is_none() && at_top && text.trim_start_matches('\u{feff}').trim() == BEGIN {
                return Err(BlockError::NotAComment { line, prefix });
            } else if content == Some(BEGIN) {
                match (&found, at_top) {
                    (Some(_), true) => return Err(BlockError::Repeated { line }),
                    (None, false) => return Err(BlockError::NotAtTop { line }),
                    // Behind the leading comment it is text of the source, in a string perhaps.
                    (Some(_), false) => break,
                    (None, true) => {
                        open = Some(Self { toml: String::new(), range: start..start, line });
                    }
                }
            } else if content.is_none() && !is_blank(text) && !(index == 0 && text.starts_with("#!")) {
                at_top = false;
                if found.is_some() {
                    break;
                }
            }
        }
        match open {
            Some(block) => Err(BlockError::Unterminated { line: block.line, prefix }),
            None => Ok(found),
        }
    }

    /// Where in the source a byte of the TOML text stands.
    pub(super) fn place_of(&self, source: &str, prefix: &str, at: usize) -> Option<usize> {
        let (mut line_start, mut toml_start) = (self.range.start, 0);
        // The first line is that of the marker.
        for (index, text) in source.get(self.range.clone())?.split_inclusive('\n').enumerate() {
            if index > 0 {
                let comment = comment(text, prefix)?;
                let content = comment.strip_prefix(' ').unwrap_or(comment);
                let end = text.trim_end_matches(['\r', '\n']).len();
                if at <= toml_start + content.len() {
                    return Some(line_start + end - content.len() + (at - toml_start));
                }
                toml_start += content.len() + 1;
            }
            line_start += text.len();
        }
        None
    }

    /// Reads the metadata.
    ///
    /// # Errors
    /// [`BlockError::Toml`], whose line is that of the source, and [`BlockError::TooLarge`].
    pub fn metadata(&self) -> Result<Metadata, BlockError> {
        if u64::try_from(self.toml.len()).is_ok_and(|bytes| bytes > TOML_BYTES_MAX) {
            return Err(BlockError::TooLarge { line: self.line });
        }
        Metadata::from_toml(&self.toml).map_err(|mut problem| {
            // Every line of the block is one line of the TOML text.
            problem.line += self.line;
            BlockError::Toml(problem)
        })
    }
}

/// Writes metadata as a block, with a line break at its end.
///
/// # Errors
/// As [`Metadata::to_toml`].
pub fn write_block(metadata: &Metadata, prefix: &str) -> Result<String, toml::ser::Error> {
    let mut block = format!("{prefix} {BEGIN}\n");
    for line in metadata.to_toml()?.lines() {
        block.push_str(&format!("{prefix} {line}\n"));
    }
    block.push_str(&format!("{prefix} {END}\n"));
    Ok(block)
}

/// Whether a block that is open ends in the rest of a source.
fn ends(rest: &str, prefix: &str) -> bool {
    let mut contents = rest.split('\n').filter_map(|line| comment(line, prefix)).map(str::trim);
    contents.find(|content| [BEGIN, END].contains(content)) == Some(END)
}

/// What a comment line says behind its prefix, without the line break.
fn comment<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let line = line.trim_start_matches('\u{feff}').trim_start();
    line.strip_prefix(prefix).map(|rest| rest.trim_end_matches(['\r', '\n']))
}

fn is_blank(line: &str) -> bool {
    line.trim_start_matches('\u{feff}').trim().is_empty()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::revision::RevisionId;

    #[test]
    fn finds_the_block() {
        for (source, prefix, toml, behind) in [
            ("-- /// migration\n-- a = 1\n-- ///\nrest", "--", "a = 1\n", "rest"),
            ("\u{feff}-- /// migration\r\n--  a = 1\r\n--\r\n-- ///\r\nrest", "--", " a = 1\n\n", "rest"),
            ("#!/usr/bin/env python\n# © us\n\n# /// migration\n#a = 1\n# ///", "#", "a = 1\n", ""),
            ("#!/usr/bin/env node\n// /// migration\n// ///\n", "//", "", ""),
            ("  -- /// migration  \n  -- /// \n\n-- upgrade\n", "--", "", "\n-- upgrade\n"),
            ("-- /// migration\n-- ///\nSELECT 1;\n-- /// migration", "--", "", "SELECT 1;\n-- /// migration"),
        ] {
            let block = Block::find(source, prefix).unwrap().unwrap();
            assert_eq!((block.toml.as_str(), &source[block.range.end..]), (toml, behind));
            assert_eq!(source[..block.range.start].lines().count() + 1, block.line);
        }
        for source in ["", "\u{feff}", "SELECT 1;", "-- ///\n", "-- /// script\n-- ///"] {
            assert_eq!(Block::find(source, "--"), Ok(None), "{source}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (source, expected) in [
            ("\n-- /// migration\n-- a = 1\n", "2: the metadata block that begins here has no last line '-- ///'"),
            ("-- /// migration\na = 1\n-- ///", "2: this line of the metadata block does not begin with '--'"),
            ("-- /// migration\n-- a = 1\n\n-- ///", "3: this line of the metadata block does not begin with '--'"),
            ("\n/// migration\na = 1\n///\n", "2: this line of the metadata block does not begin with '--'"),
            ("-- /// migration\na = 1\n", "1: the metadata block that begins here has no last line '-- ///'"),
            (
                "-- /// migration\n<<<<<<< HEAD\n-- a = 1\n=======\n-- a = 2\n>>>>>>> b\n-- ///\n",
                "2: this line is a conflict marker of git",
            ),
            ("<<<<<<< HEAD\n-- /// migration\n-- a = 1\n-- ///\n", "1: this line is a conflict marker of git"),
            (
                "-- /// migration\na = 1\n-- /// migration\n-- ///",
                "1: the metadata block that begins here has no last line '-- ///'",
            ),
            (
                "-- /// migration\n-- /// migration\n-- ///",
                "1: the metadata block that begins here has no last line '-- ///'",
            ),
            (
                "-- x\r\nSELECT 1;\r\n-- /// migration\r\n-- ///",
                "3: the metadata block is not at the top of the file, where only comments and empty lines come before it",
            ),
            ("-- /// migration\n-- ///\n\n-- upgrade\n-- /// migration\n-- ///", "5: there is a second metadata block"),
        ] {
            assert_eq!(Block::find(source, "--").unwrap_err().to_string(), expected);
        }
        let source = "-- ©\r\n\r\n-- /// migration\r\n-- revision = 'a'\r\n--\r\n-- mesage = 'b'\r\n-- ///\r\n";
        let error = Block::find(source, "--").unwrap().unwrap().metadata().unwrap_err();
        assert!(error.to_string().starts_with("6: 'mesage': unknown field `mesage`, expected one of"), "{error}");
        let source = "-- /// migration\n-- message = 'b'\n-- ///\n";
        let error = Block::find(source, "--").unwrap().unwrap().metadata().unwrap_err();
        assert_eq!(error.to_string(), "2: missing field `revision`");
    }

    proptest! {
        #[test]
        fn finding_never_panics(
            lines in proptest::collection::vec("-- /// migration|-- ///|--|-- [a-z]* = .*|\\PC*|\r", 0..8),
            end in "\n|\r\n",
        ) {
            let source = lines.join(&end);
            for prefix in ["--", "#", "//"] {
                if let Ok(Some(block)) = Block::find(&source, prefix) {
                    prop_assert!(source.get(block.range.clone()).is_some());
                    let _ = block.metadata();
                }
            }
        }

        #[test]
        fn what_is_written_is_found(message in any::<String>(), rest in "\\PC*") {
            let metadata = Metadata { message, ..Metadata::new(RevisionId::new("a").unwrap()) };
            let text = write_block(&metadata, "#").unwrap();
            let source = format!("{text}{rest}");
            if let Ok(block) = Block::find(&source, "#") {
                prop_assert_eq!(block.unwrap().metadata().unwrap(), metadata);
            }
        }

        #[test]
        fn what_is_written_ends_where_it_was_meant_to(
            lines in proptest::collection::vec("///|/// migration|[ \"\\\\'\t\r]{0,4}|\\PC{0,9}| *", 0..5),
        ) {
            let metadata = Metadata { message: lines.join("\n"), ..Metadata::new(RevisionId::new("a").unwrap()) };
            let text = write_block(&metadata, "--").unwrap();
            let block = Block::find(&text, "--").unwrap().unwrap();
            prop_assert_eq!(&block.range, &(0..text.len()));
            prop_assert_eq!(block.metadata().unwrap(), metadata);
        }
    }
}
