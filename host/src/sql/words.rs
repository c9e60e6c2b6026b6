//! The first words of a statement, which tell its command.

use std::ops::Range;

use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;

/// How many tokens of a statement's beginning are looked at. The longest head is that of an ALTER of a qualified name.
const HEAD_TOKENS_MAX: usize = 24;

/// The tokens that a statement begins with, without comments, blanks, and parentheses before the first word.
pub(super) struct Words<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut tokens = Vec::with_capacity(HEAD_TOKENS_MAX);
        let significant = Tokens::new(text).map_while(Result::ok).filter(|token| token.kind.is_significant());
        let head = significant.skip_while(|token| token.kind == TokenKind::OpenParenthesis).take(HEAD_TOKENS_MAX);
        tokens.extend(head);
        Self { text, tokens }
    }

    /// The word without quotes at a place.
    pub(super) fn at(&self, place: usize) -> Option<&'a str> {
        let token = self.tokens.get(place)?;
        (token.kind == TokenKind::Word).then(|| &self.text[token.bytes.clone()])
    }

    /// Whether that word stands there, in upper or lower case.
    pub(super) fn is(&self, place: usize, word: &str) -> bool {
        self.at(place).is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    /// Whether one of these words stands there.
    pub(super) fn is_any(&self, place: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(place, word))
    }

    /// Whether the words of a phrase stand there, one after the other.
    pub(super) fn begin_with(&self, place: usize, phrase: &str) -> bool {
        phrase.split(' ').zip(place..).all(|(word, place)| self.is(place, word))
    }

    pub(super) fn kind(&self, place: usize) -> Option<TokenKind> {
        self.tokens.get(place).map(|token| token.kind)
    }

    /// Where a token stands, in bytes.
    pub(super) fn bytes(&self, place: usize) -> Option<Range<usize>> {
        self.tokens.get(place).map(|token| token.bytes.clone())
    }

    /// The token as it is written.
    pub(super) fn raw(&self, place: usize) -> Option<&'a str> {
        self.bytes(place).map(|bytes| &self.text[bytes])
    }

    /// The place after a name with its schema and database, or None when there is none.
    pub(super) fn after_name(&self, mut place: usize) -> Option<usize> {
        loop {
            match self.kind(place)? {
                TokenKind::Word | TokenKind::QuotedIdentifier => place += 1,
                _ => return None,
            }
            if self.raw(place) != Some(".") {
                return Some(place);
            }
            place += 1;
        }
    }
}

/// What a name or a string constant stands for, when it can be told without undoing escapes.
pub(super) fn plain(written: &str) -> Option<&str> {
    let inside = match written.as_bytes() {
        [b'"', inside @ .., b'"'] | [b'\'', inside @ .., b'\''] => &written[1..inside.len() + 1],
        [b'$', ..] => return None,
        _ if written.contains(['"', '\'']) => return None,
        _ => return Some(written),
    };
    // With a quote inside it is doubled, or a second part of the constant follows.
    (!inside.contains(['"', '\''])).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_only() {
        for (written, expected) in [
            ("Abc", Some("Abc")),
            ("\"a b\"", Some("a b")),
            ("'a'", Some("a")),
            ("''", Some("")),
            ("\"a\"\"b\"", None),
            ("'a'\n'b'", None),
            ("E'a'", None),
            ("U&\"a\"", None),
            ("u&'a'", None),
            ("$$a$$", None),
        ] {
            assert_eq!(plain(written), expected, "{written}");
        }
    }

    #[test]
    fn heads() {
        let words = Words::new("( (/* a */ Alter -- b\n TABLE a.\"B\".c RENAME");
        assert!(words.begin_with(0, "ALTER TABLE") && !words.begin_with(0, "ALTER TABLE A B"));
        assert_eq!(words.after_name(2), Some(7));
        assert!(words.is(7, "rename") && !words.is(4, "B"));
        assert_eq!(words.after_name(3), None);
        assert_eq!(words.after_name(8), None);
    }
}
