//! The name of a revision.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

/// The longest revision id, in characters. Long enough for any readable id, short enough for a file name.
pub const REVISION_ID_CHARACTERS_MAX: usize = 128;

/// The id of one revision, such as `3f2a9c1b7d04`. Cheap to clone.
///
/// Like Alembic, it refuses the characters that the target grammar needs (`@`, `-`, `+`, `:`); beyond that it refuses
/// whitespace, characters that are not visible, path separators and a leading dot, because an id also names files and
/// lines of output, and two ids that look the same should be the same.
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
            return Err(InvalidRevisionId::TooLong { id: id.to_owned() });
        }
        let mut characters = String::new();
        if id.starts_with('.') {
            characters.push('.');
        }
        for character in id.chars() {
            let forbidden = matches!(character, '@' | '-' | '+' | ':' | '/' | '\\')
                || character.is_whitespace()
                || !is_visible(character);
            if forbidden && !characters.contains(character) {
                characters.push(character);
            }
        }
        if !characters.is_empty() {
            return Err(InvalidRevisionId::Characters {
                id: id.to_owned(),
                characters: characters.escape_debug().to_string(),
            });
        }
        if matches!(id, "head" | "heads" | "base" | "current") {
            return Err(InvalidRevisionId::Reserved { id: id.to_owned() });
        }
        Ok(Self(Arc::from(id)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character is only seen: it commands no terminal, ends no line, turns no direction of writing ("Trojan Source",
/// CVE-2021-42574), and does not hide. The joiners U+200C and U+200D count as visible: whole scripts are written with them.
pub fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            // Marks and overrides of direction; U+206A to U+206F are their deprecated companions.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Ends of lines and paragraphs.
            | '\u{2028}' | '\u{2029}'
            // No width, invisible operators, the byte order mark, annotations, tags.
            | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
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
