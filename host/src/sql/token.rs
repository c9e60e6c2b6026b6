//! The tokens of SQL, as far as they matter for cutting text: what is quoted, what is a comment, what is a word.
//!
//! The rules are those of PostgreSQL's scanner (`src/backend/parser/scan.l`).

use std::fmt;
use std::ops::Range;

/// Something with a beginning and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Construct {
    /// `'…'`, with or without a prefix such as `E`.
    String,
    /// `$$…$$` or `$tag$…$tag$`.
    DollarQuote,
    /// `"…"`
    QuotedIdentifier,
    /// `/*…*/`
    BlockComment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Blank,
    /// Without the end of the line.
    LineComment,
    BlockComment,
    /// A string constant of any kind, with its continuations on further lines.
    String,
    /// A key word or a name without quotes.
    Word,
    QuotedIdentifier,
    Number,
    Semicolon,
    OpenParenthesis,
    CloseParenthesis,
    Comma,
    /// Not part of SQL: here psql's commands begin.
    Backslash,
    Other,
}

/// A piece of text with its place in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) bytes: Range<usize>,
}

/// Why the text cannot be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    /// A construct without an end, and the byte where it begins.
    Unterminated(Construct, usize),
    /// A NUL, and its byte. The protocol ends a text there.
    Nul(usize),
}

/// Reads the tokens of a text one by one. Together they are the whole text. After an error there are no more.
pub(super) struct Tokens<'a> {
    text: &'a str,
    start: usize,
    at: usize,
}

impl TokenKind {
    /// Whether the token is neither a blank nor a comment.
    pub(super) fn is_significant(self) -> bool {
        !matches!(self, Self::Blank | Self::LineComment | Self::BlockComment)
    }
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self::within(text, 0..text.len())
    }

    /// The tokens of a part of a text, with places in the whole. A part that the text does not have has none.
    pub(super) fn within(text: &'a str, part: Range<usize>) -> Self {
        let is_there = text.get(part.clone()).is_some();
        Self { text: if is_there { &text[..part.end] } else { "" }, start: part.start, at: part.start }
    }

    /// Goes on there, between two tokens.
    pub(super) fn go_on_at(&mut self, at: usize) {
        self.at = at.min(self.text.len());
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The first place from `at` on whose byte does not fit.
    fn skip_while(&self, at: usize, fits: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| fits(**byte)).count()
    }

    /// The kind and the end of the token at `start`, where `first` stands.
    fn read(&self, start: usize, first: u8) -> Result<(TokenKind, usize), TokenError> {
        let second = self.byte(start + 1);
        let one = |kind| Ok((kind, start + 1));
        match first {
            0 => Err(TokenError::Nul(start)),
            // Editors put a byte order mark at the beginning of a file.
            0xEF if start == self.start && self.text[start..].starts_with('\u{feff}') => {
                Ok((TokenKind::Blank, start + 3))
            }
            _ if is_blank(first) => Ok((TokenKind::Blank, self.skip_while(start, is_blank))),
            b'-' if second == Some(b'-') => Ok((TokenKind::LineComment, self.skip_while(start, is_not_line_end))),
            b'/' if second == Some(b'*') => self.block_comment(start),
            b'\'' => self.string(start, start, false),
            b'e' | b'E' if second == Some(b'\'') => self.string(start, start + 1, true),
            b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if second == Some(b'\'') => self.string(start, start + 1, false),
            b'u' | b'U' if second == Some(b'&') => match self.byte(start + 2) {
                Some(b'\'') => self.string(start, start + 2, false),
                Some(b'"') => self.quoted_identifier(start, start + 2),
                _ => Ok((TokenKind::Word, start + 1)),
            },
            b'"' => self.quoted_identifier(start, start),
            b'$' => self.dollar(start),
            b'0'..=b'9' => Ok((TokenKind::Number, self.number_end(start))),
            _ if is_word_start(first) => Ok((TokenKind::Word, self.skip_while(start, is_word_part))),
            b';' => one(TokenKind::Semicolon),
            b'(' => one(TokenKind::OpenParenthesis),
            b')' => one(TokenKind::CloseParenthesis),
            b',' => one(TokenKind::Comma),
            b'\\' => one(TokenKind::Backslash),
            _ => one(TokenKind::Other),
        }
    }

    /// `1`, `1.`, `1.5`, `1e5`. Up to PostgreSQL 14 a word may follow at once, so what belongs to the number has to be told
    /// from it: `1e5INTO` is a number and a key word.
    fn number_end(&self, start: usize) -> usize {
        let digits = |from| self.skip_while(from, |byte| byte.is_ascii_digit());
        let mut end = digits(start);
        // Two dots are no part of a number.
        if self.byte(end) == Some(b'.') && self.byte(end + 1) != Some(b'.') {
            end = digits(end + 1);
        }
        if matches!(self.byte(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(end + 1), Some(b'+' | b'-')));
            let exponent_end = digits(end + 1 + sign);
            if exponent_end > end + 1 + sign {
                end = exponent_end;
            }
        }
        end
    }

    /// Block comments nest.
    fn block_comment(&self, start: usize) -> Result<(TokenKind, usize), TokenError> {
        let mut depth = 1_usize;
        let mut at = start + 2;
        while depth > 0 {
            match (self.byte(at), self.byte(at + 1)) {
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    at += 2;
                }
                (Some(0), _) => return Err(TokenError::Nul(at)),
                (Some(_), _) => at += 1,
                (None, _) => {
                    return Err(TokenError::Unterminated(Construct::BlockComment, start));
                }
            }
        }
        Ok((TokenKind::BlockComment, at))
    }

    /// A string whose opening quote is at `quote`. After a line's end another quote continues it, and then backslashes
    /// mean what they meant before: `E'a'` and `'\''` on the next line are one string.
    fn string(&self, start: usize, quote: usize, has_escapes: bool) -> Result<(TokenKind, usize), TokenError> {
        let mut at = quote + 1;
        loop {
            match self.byte(at) {
                Some(b'\\') if has_escapes && self.byte(at + 1) != Some(0) => at += 2,
                Some(b'\'') if self.byte(at + 1) == Some(b'\'') => at += 2,
                Some(b'\'') => match self.continuation(at + 1) {
                    Some(next_quote) => at = next_quote + 1,
                    None => return Ok((TokenKind::String, at + 1)),
                },
                Some(0) => return Err(TokenError::Nul(at)),
                Some(_) => at += 1,
                None => return Err(TokenError::Unterminated(Construct::String, start)),
            }
        }
    }

    /// The quote that continues a string which ended before `at`: between the two are blanks with at least one line's
    /// end, and line comments.
    fn continuation(&self, mut at: usize) -> Option<usize> {
        let mut has_line_end = false;
        loop {
            match self.byte(at)? {
                b'\n' | b'\r' => {
                    has_line_end = true;
                    at += 1;
                }
                byte if is_blank(byte) => at += 1,
                b'-' if self.byte(at + 1) == Some(b'-') => at = self.skip_while(at, is_not_line_end),
                b'\'' if has_line_end => return Some(at),
                _ => return None,
            }
        }
    }

    fn quoted_identifier(&self, start: usize, quote: usize) -> Result<(TokenKind, usize), TokenError> {
        let mut at = quote + 1;
        loop {
            match self.byte(at) {
                Some(b'"') if self.byte(at + 1) == Some(b'"') => at += 2,
                Some(b'"') => return Ok((TokenKind::QuotedIdentifier, at + 1)),
                Some(0) => return Err(TokenError::Nul(at)),
                Some(_) => at += 1,
                None => return Err(TokenError::Unterminated(Construct::QuotedIdentifier, start)),
            }
        }
    }

    /// A dollar quote, or a parameter such as `$1`. Inside a word a dollar is part of the word.
    fn dollar(&self, start: usize) -> Result<(TokenKind, usize), TokenError> {
        let after = start + 1;
        let tag_end = match self.byte(after) {
            Some(byte) if is_word_start(byte) => self.skip_while(after, |byte| is_word_part(byte) && byte != b'$'),
            _ => after,
        };
        if self.byte(tag_end) != Some(b'$') {
            let end = self.skip_while(after, |byte| byte.is_ascii_digit());
            return Ok((TokenKind::Other, end));
        }
        let body = tag_end + 1;
        let delimiter = &self.text[start..body];
        let rest = &self.text[body..];
        let Some(length) = rest.find(delimiter) else {
            return Err(TokenError::Unterminated(Construct::DollarQuote, start));
        };
        match rest[..length].find('\0') {
            Some(nul) => Err(TokenError::Nul(body + nul)),
            None => Ok((TokenKind::String, body + length + delimiter.len())),
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Token, TokenError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let first = self.byte(start)?;
        match self.read(start, first) {
            Ok((kind, end)) => {
                self.at = end;
                Some(Ok(Token { kind, bytes: start..end }))
            }
            Err(error) => {
                self.at = self.text.len();
                Some(Err(error))
            }
        }
    }
}

impl fmt::Display for Construct {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::String => "string",
            Self::DollarQuote => "dollar-quoted string",
            Self::QuotedIdentifier => "quoted identifier",
            Self::BlockComment => "block comment",
        })
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

fn is_not_line_end(byte: u8) -> bool {
    !matches!(byte, b'\n' | b'\r' | 0)
}

/// Every byte of a character beyond ASCII can be part of a name.
fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn significant(text: &str) -> Vec<&str> {
        Tokens::new(text)
            .map_while(Result::ok)
            .filter(|token| token.kind.is_significant())
            .map(|token| &text[token.bytes])
            .collect()
    }

    #[test]
    fn quotes_and_comments() {
        let cases: [(&str, &[&str]); 27] = [
            ("a'b'", &["a", "'b'"]),
            ("'a''b'", &["'a''b'"]),
            ("'a\\' b", &["'a\\'", "b"]),
            ("E'a\\'b'", &["E'a\\'b'"]),
            ("e'\\\\' b", &["e'\\\\'", "b"]),
            ("me'\\' b", &["me", "'\\'", "b"]),
            ("E'a'\n'\\'b'", &["E'a'\n'\\'b'"]),
            ("E'a' -- c'\n \t'\\'b'", &["E'a' -- c'\n \t'\\'b'"]),
            ("E'a' /*\n*/ '\\'", &["E'a'", "'\\'"]),
            ("E'a' '\\'", &["E'a'", "'\\'"]),
            ("U&'\\' x", &["U&'\\'", "x"]),
            ("u&\"\"\"a\" u & b", &["u&\"\"\"a\"", "u", "&", "b"]),
            ("N'a' X'1f' b'0'", &["N'a'", "X'1f'", "b'0'"]),
            ("$$a$b$$ c", &["$$a$b$$", "c"]),
            ("$a$ $$ $ab$ $a$b", &["$a$ $$ $ab$ $a$", "b"]),
            ("$é$;$é$", &["$é$;$é$"]),
            ("a$$b $1 $1$$;$$", &["a$$b", "$1", "$1", "$$;$$"]),
            ("$1a$ b$", &["$1", "a$", "b$"]),
            ("/*/*;*/;*/ a /**/b", &["a", "b"]),
            ("--;\ra --;", &["a"]),
            ("1+--;\n2*/*;*/3", &["1", "+", "2", "*", "3"]),
            ("\u{feff}a\u{a0}é", &["a\u{a0}é"]),
            ("1e5INTO 1.INTO", &["1e5", "INTO", "1.", "INTO"]),
            ("1.5E-3a .5e+2b", &["1.5E-3", "a", ".", "5e+2", "b"]),
            ("1e 1e+ 1..2", &["1", "e", "1", "e", "+", "1", ".", ".", "2"]),
            ("1ea 1.e1 1.a", &["1", "ea", "1.e1", "1.", "a"]),
            ("a.1.b", &["a", ".", "1.", "b"]),
        ];
        for (text, expected) in cases {
            assert_eq!(significant(text), expected, "{text}");
        }
    }

    #[test]
    fn what_does_not_end() {
        use Construct::*;
        let cases = [
            ("a 'b", TokenError::Unterminated(String, 2)),
            ("E'\\'", TokenError::Unterminated(String, 0)),
            ("E'\\", TokenError::Unterminated(String, 0)),
            ("'a'\n'b", TokenError::Unterminated(String, 0)),
            ("a $b$ $c$", TokenError::Unterminated(DollarQuote, 2)),
            ("\"a\"\"", TokenError::Unterminated(QuotedIdentifier, 0)),
            ("U&\"a", TokenError::Unterminated(QuotedIdentifier, 0)),
            ("/* /* */", TokenError::Unterminated(BlockComment, 0)),
            ("/*/", TokenError::Unterminated(BlockComment, 0)),
            ("a\0", TokenError::Nul(1)),
            ("'\0'", TokenError::Nul(1)),
            ("-- \0", TokenError::Nul(3)),
            ("$$\0$$", TokenError::Nul(2)),
            ("E'\\\0'", TokenError::Nul(3)),
        ];
        for (text, error) in cases {
            let last = Tokens::new(text).last();
            assert_eq!(last, Some(Err(error)), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn tokens_are_the_text(text in "(['\"$/*eEuU&\\-;()\\\\ab1 \n]|\\PC){0,40}") {
            let mut end = 0;
            for token in Tokens::new(&text).map_while(Result::ok) {
                prop_assert_eq!(token.bytes.start, end);
                prop_assert!(token.bytes.end > end);
                end = token.bytes.end;
                prop_assert!(text.is_char_boundary(end));
            }
        }
    }
}
