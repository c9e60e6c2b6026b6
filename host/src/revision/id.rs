//! The name of a revision.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

/// The longest revision id, in characters. Long enough for any readable id, short enough for a file name.
pub const REVISION_ID_CHARACTERS_MAX: usize = 128;

/// The id of one revision, such as `3f2a9c1b7d04`. Cheap to clone.
///
/// Like Alembic, it refuses the characters that the target grammar needs (`@`, `-`, `+`, `:`). Beyond that it is of the visible
/// characters of ASCII, without path separators and without a leading dot: an id also names files and lines of output, and two
/// ids that look the same have to be the same. (Of characters beyond ASCII many do not show, or look like another.) New ids are
/// [plain](RevisionId::is_plain); others are there for the sake of migrations that Alembic named.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RevisionId(Arc<str>);

/// A text that cannot be a revision id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRevisionId {
    /// The text is empty.
    #[error("a revision identifier is empty")]
    Empty,
    /// The text is longer than [`REVISION_ID_CHARACTERS_MAX`].
    #[error("revision identifier '{id}' is longer than {REVISION_ID_CHARACTERS_MAX} characters")]
    TooLong {
        /// The text.
        id: String,
    },
    /// The text has characters that an id must not have.
    #[error("Character(s) '{characters}' not allowed in revision identifier '{id}'")]
    Characters {
        /// The text.
        id: String,
        /// The characters that are not allowed, each once.
        characters: String,
    },
    /// The text is a word of the target grammar.
    #[error("'{id}' cannot be a revision identifier: it is a word of the target grammar")]
    Reserved {
        /// The word.
        id: String,
    },
}

impl RevisionId {
    /// Checks a text and makes it an id.
    ///
    /// # Errors
    /// [`InvalidRevisionId`] when the text is empty, too long, a reserved word, or has forbidden characters.
    pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidRevisionId> {
        let id = id.as_ref();
        if id.is_empty() {
            return Err(InvalidRevisionId::Empty);
        }
        if id.chars().count() > REVISION_ID_CHARACTERS_MAX {
            let beginning: String = id.chars().take(REVISION_ID_CHARACTERS_MAX).collect();
            return Err(InvalidRevisionId::TooLong { id: format!("{beginning}…") });
        }
        let mut characters = String::new();
        if id.starts_with('.') {
            characters.push('.');
        }
        for character in id.chars() {
            let forbidden = !character.is_ascii_graphic() || matches!(character, '@' | '-' | '+' | ':' | '/' | '\\');
            if forbidden && !characters.contains(character) {
                characters.push(character);
            }
        }
        if !characters.is_empty() {
            return Err(InvalidRevisionId::Characters {
                id: id.to_owned(),
                // One that joins others or has no width would not be seen.
                characters: characters.chars().map(shown).collect(),
            });
        }
        if matches!(id, "head" | "heads" | "base" | "current") {
            return Err(InvalidRevisionId::Reserved { id: id.to_owned() });
        }
        Ok(Self(Arc::from(id)))
    }

    /// Whether the id is made of letters, digits, `_` and `.` only, as those of new migrations are.
    pub fn is_plain(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A character of a message about it: letters as they are, what may not be seen by its number.
fn shown(character: char) -> String {
    if character.is_alphanumeric() && is_visible(character) && !is_filler(character) {
        return character.to_string();
    }
    if character.is_ascii() { character.escape_debug().to_string() } else { character.escape_unicode().to_string() }
}

/// Letters that are blank (Unicode, Hangul fillers).
fn is_filler(character: char) -> bool {
    matches!(character, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

/// Whether a character is only seen: it commands no terminal, ends no line, turns no direction of writing ("Trojan Source",
/// CVE-2021-42574), and does not hide. The joiners U+200C and U+200D and the selectors of variants count as visible: whole scripts
/// are written with them. The others are those that Unicode calls `Default_Ignorable_Code_Point`.
pub fn is_visible(character: char) -> bool {
    !character.is_control()
        && !is_filler(character)
        && !matches!(
            character,
            // Marks and overrides of direction; U+206A to U+206F are their deprecated companions.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Ends of lines and paragraphs.
            | '\u{2028}' | '\u{2029}'
            // No width, invisible operators, the byte order mark, annotations, tags.
            | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
            // The soft hyphen, the grapheme joiner, vowels and separators without a shape, controls of notations.
            | '\u{ad}' | '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        )
}

impl fmt::Display for RevisionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for RevisionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl TryFrom<String> for RevisionId {
    type Error = InvalidRevisionId;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(id)
    }
}

impl From<RevisionId> for String {
    fn from(id: RevisionId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl std::borrow::Borrow<str> for RevisionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_of_the_visible_characters_of_ascii() {
        for id in ["3f2a9c1b7d04", "a", "A_b.c", "x!#$%&'()*,;<=>?[]^`{|}~\"", "heads_"] {
            assert_eq!(RevisionId::new(id).as_ref().map(RevisionId::as_str), Ok(id));
        }
        // Joiners, fillers, selectors, soft hyphens; letters that look like others; what an id names; what it is not.
        for (id, shown) in [
            ("a\u{200d}", "\\u{200d}"),
            ("a\u{3164}b", "\\u{3164}"),
            ("a\u{34f}", "\\u{34f}"),
            ("a\u{fe0f}", "\\u{fe0f}"),
            ("a\u{ad}b\u{ad}", "\\u{ad}"),
            ("\u{115f}", "\\u{115f}"),
            ("\u{2800}", "\\u{2800}"),
            ("\u{e0061}a", "\\u{e0061}"),
            ("\u{430}bc", "\u{430}"),
            ("\u{ff41}", "\u{ff41}"),
            ("a\u{301}", "\\u{301}"),
            ("a b\tc", " \\t"),
            ("a\u{7f}", "\\u{7f}"),
            ("a@b-c+d:e/f\\g", "@-+:/\\\\"),
            (".a", "."),
        ] {
            let Err(InvalidRevisionId::Characters { characters, .. }) = RevisionId::new(id) else { panic!("{id:?}") };
            assert_eq!(characters, shown, "{id:?}");
        }
    }

    #[test]
    fn a_long_text_is_not_repeated_as_a_whole() {
        let error = RevisionId::new("x".repeat(1 << 20)).expect_err("too long");
        assert!(error.to_string().len() < 300, "{error}");
        assert!(RevisionId::new("x".repeat(REVISION_ID_CHARACTERS_MAX)).is_ok());
    }

    #[test]
    fn what_does_not_show_is_not_visible() {
        for character in
            "\u{ad}\u{34f}\u{115f}\u{3164}\u{ffa0}\u{180e}\u{200b}\u{feff}\u{e0100}\u{202e}\u{2028}\u{1d173}".chars()
        {
            assert!(!is_visible(character), "{character:?}");
        }
        // Whole scripts are written with joiners.
        assert!("a\u{e4}\u{430}\u{200d}\u{fe0f}\u{1f600}\u{4e00} ".chars().all(is_visible));
    }
}
