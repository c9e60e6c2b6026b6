//! Names and string constants as PostgreSQL reads them, however they are written.
//!
//! `set_config`, `SET_CONFIG`, `"set_config"`, `U&"\0073et_config"` and `U&"!0073et_config" UESCAPE '!'` are one name
//! (PostgreSQL manual, "Identifiers and Key Words" and "Constants").

use super::token::TokenKind;
use super::token::Tokens;

/// PostgreSQL cuts names off here, in bytes.
const NAME_BYTES_MAX: usize = 63;

/// The escape character of `U&` where UESCAPE names no other.
const ESCAPE: char = '\\';

/// The name that a token stands for, where it is a word or a quoted identifier. A name with `U&` is read with the escape
/// character of the UESCAPE behind it, or with a backslash. None for what cannot be read: it could be any name.
pub(super) fn name(written: &str, escape: Option<char>) -> Option<String> {
    let name = match written.as_bytes() {
        [b'u' | b'U', b'&', ..] => unicode(&inside(&written[2..], '"')?, escape.unwrap_or(ESCAPE))?,
        [b'"', ..] => inside(written, '"')?,
        _ => written.to_ascii_lowercase(),
    };
    Some(cut(name))
}

/// Whether a token is a quoted identifier whose name depends on a UESCAPE behind it.
pub(super) fn takes_uescape(written: &str) -> bool {
    matches!(written.as_bytes(), [b'u' | b'U', b'&', ..])
}

/// The one character that the string behind UESCAPE names.
pub(super) fn uescape(written: &str) -> Option<char> {
    let value = constant(written, None)?;
    let mut characters = value.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// The value of a string constant, with its continuations; none for bit strings, and where an escape cannot be read or makes
/// something that is not text.
pub(super) fn constant(written: &str, escape: Option<char>) -> Option<String> {
    match written.as_bytes() {
        [b'$', ..] => {
            let tag = written[1..].find('$')? + 2;
            written.get(tag..written.len().checked_sub(tag)?).map(str::to_owned)
        }
        [b'\'', ..] => parts(written),
        [b'n' | b'N', ..] => parts(&written[1..]),
        [b'u' | b'U', b'&', ..] => unicode(&parts(&written[2..])?, escape.unwrap_or(ESCAPE)),
        [b'e' | b'E', ..] => escaped(&written[1..]),
        _ => None,
    }
}

/// Looks for names in a text: as names, and inside of string constants, where a cast to regclass or a function could take them
/// for names. Of these, every place counts at which no longer word stands. Gives the first that is there, or what is written
/// where a name cannot be read and so could be any.
///
/// The names are as the catalogue has them. Comments do not count.
pub fn names_any(text: &str, names: &[&str]) -> Option<String> {
    let mut tokens = Tokens::new(text).map_while(Result::ok).filter(|token| token.kind.is_significant()).peekable();
    while let Some(token) = tokens.next() {
        let written = &text[token.bytes];
        let kind = token.kind;
        if !matches!(kind, TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String) {
            continue;
        }
        let mut escape = None;
        let follows = |token: &super::token::Token| text[token.bytes.clone()].eq_ignore_ascii_case("UESCAPE");
        if takes_uescape(written) && tokens.next_if(follows).is_some() {
            let Some(character) = tokens.next().and_then(|token| uescape(&text[token.bytes])) else {
                return Some(written.to_owned());
            };
            escape = Some(character);
        }
        let found = if kind == TokenKind::String {
            // A bit string has no names in it.
            if matches!(written.as_bytes(), [b'b' | b'B' | b'x' | b'X', ..]) {
                continue;
            }
            constant(written, escape).map(|value| names.iter().find(|name| mentions(&value, name)))
        } else {
            name(written, escape).map(|found| names.iter().find(|name| **name == found))
        };
        match found {
            Some(None) => {}
            Some(Some(name)) => return Some((*name).to_owned()),
            None => return Some(written.to_owned()),
        }
    }
    None
}

/// Whether a name stands in a value as a word of its own, in upper or lower case.
fn mentions(value: &str, name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
    let (value, name) = (value.to_lowercase(), name.to_lowercase());
    value
        .match_indices(&name)
        .any(|(start, _)| !value[..start].ends_with(is_part) && !value[start + name.len()..].starts_with(is_part))
}

/// The text between two quotes, with doubled ones undone.
fn inside(written: &str, quote: char) -> Option<String> {
    let inside = written.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inside.replace(&format!("{quote}{quote}"), &quote.to_string()))
}

/// The value of a string without escapes, whose parts may stand on several lines.
fn parts(written: &str) -> Option<String> {
    let mut value = String::new();
    let mut rest = written;
    loop {
        rest = rest.strip_prefix('\'')?;
        let end = end_of_part(rest, false)?;
        value.push_str(&rest[..end].replace("''", "'"));
        rest = match next_part(&rest[end + 1..]) {
            Some(next) => next,
            None => return Some(value),
        };
    }
}

/// The value of `E'…'`, without its E.
fn escaped(written: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = written;
    loop {
        rest = rest.strip_prefix('\'')?;
        let end = end_of_part(rest, true)?;
        undo_escapes(&rest[..end], &mut bytes)?;
        rest = match next_part(&rest[end + 1..]) {
            Some(next) => next,
            None => return String::from_utf8(bytes).ok(),
        };
    }
}

/// Where the quote stands that ends a part of a string.
fn end_of_part(text: &str, has_escapes: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'\\' if has_escapes => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return Some(at),
            _ => at += 1,
        }
    }
}

/// From the quote on that continues a string. The scanner has found that it does.
fn next_part(rest: &str) -> Option<&str> {
    let mut rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '\u{b}');
    while rest.starts_with("--") {
        let line_end = rest.find(['\n', '\r'])?;
        rest = rest[line_end..]
            .trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '\u{b}');
    }
    rest.starts_with('\'').then_some(rest)
}

/// Appends what a part of `E'…'` stands for (manual, "String Constants with C-Style Escapes").
fn undo_escapes(part: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let mut characters = part.chars().peekable();
    while let Some(character) = characters.next() {
        let mut push = |character: char| bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        match character {
            '\'' => {
                characters.next();
                push('\'');
            }
            '\\' => match characters.next()? {
                'b' => push('\u{8}'),
                'f' => push('\u{c}'),
                'n' => push('\n'),
                'r' => push('\r'),
                't' => push('\t'),
                'x' if characters.peek().is_some_and(char::is_ascii_hexdigit) => {
                    let digits = (0..2).map_while(|_| characters.next_if(char::is_ascii_hexdigit));
                    let value = digits.filter_map(|digit| digit.to_digit(16));
                    bytes.push(u8::try_from(value.fold(0, |value, digit| value * 16 + digit)).ok()?);
                }
                digit @ '0'..='7' => {
                    let rest = (0..2).map_while(|_| characters.next_if(|next| next.is_digit(8)));
                    let value = std::iter::once(digit).chain(rest).filter_map(|digit| digit.to_digit(8));
                    // The server keeps the lower eight bits.
                    bytes.push(u8::try_from(value.fold(0, |value, digit| value * 8 + digit) & 0xFF).ok()?);
                }
                letter @ ('u' | 'U') => {
                    let length = if letter == 'u' { 4 } else { 8 };
                    let digits: String = characters.by_ref().take(length).collect();
                    push(code_point(&digits, length)?);
                }
                other => push(other),
            },
            other => push(other),
        }
    }
    Some(())
}

/// Undoes `\XXXX`, `\+XXXXXX` and the doubled escape character. Halves of a surrogate pair count as unreadable.
fn unicode(text: &str, escape: char) -> Option<String> {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != escape {
            value.push(character);
            continue;
        }
        let rest = characters.as_str();
        if rest.starts_with(escape) {
            characters.next();
            value.push(escape);
            continue;
        }
        let length = if rest.starts_with('+') { characters.next().map_or(0, |_| 6) } else { 4 };
        let digits: String = characters.by_ref().take(length).collect();
        value.push(code_point(&digits, length)?);
    }
    Some(value)
}

fn code_point(digits: &str, length: usize) -> Option<char> {
    let is_whole = digits.len() == length && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_whole).and_then(char::from_u32)
}

/// A name as long as the catalogue can hold it.
fn cut(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_many_spellings() {
        for (written, escape, expected) in [
            ("Set_Config", None, Some("set_config")),
            ("GRÖSSE", None, Some("grÖsse")),
            ("\"Set_Config\"", None, Some("Set_Config")),
            ("\"a\"\"b\"", None, Some("a\"b")),
            ("U&\"\\0073et\\005fconfig\"", None, Some("set_config")),
            ("u&\"\\+000073et_config\"", None, Some("set_config")),
            ("U&\"!0073et_config\"", Some('!'), Some("set_config")),
            ("U&\"a\\\\b\"\"c\"", None, Some("a\\b\"c")),
            ("U&\"\\00\"", None, None),
            ("U&\"\\D83D\\DE00\"", None, None),
        ] {
            assert_eq!(name(written, escape).as_deref(), expected, "{written}");
        }
        assert_eq!(name(&"a".repeat(80), None).map(|name| name.len()), Some(NAME_BYTES_MAX));
        assert_eq!(name(&"é".repeat(80), None).map(|name| name.len()), Some(NAME_BYTES_MAX - 1));
    }

    #[test]
    fn values_of_constants() {
        for (written, expected) in [
            ("'a''b'", Some("a'b")),
            ("'a'\n  -- x'\n 'b'", Some("ab")),
            ("E'\\'\\n\\141\\x62\\u0063\\U00000064\\e'", Some("'\nabcde")),
            ("e'a'\n'\\'b'", Some("a'b")),
            ("E'a''b'", Some("a'b")),
            ("E'\\xff'", None),
            ("U&'\\0061!'", Some("a!")),
            ("$$a'b$$", Some("a'b")),
            ("$t$a$$b$t$", Some("a$$b")),
            ("N'a'", Some("a")),
            ("X'61'", None),
        ] {
            assert_eq!(constant(written, None).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn names_wherever_they_stand() {
        let names = ["host_version", "host_version_pkc"];
        for (text, expected) in [
            ("CREATE INDEX CONCURRENTLY i ON t (a)", None),
            ("CREATE INDEX CONCURRENTLY i ON Host_Version (a)", Some("host_version")),
            ("VACUUM public . \"host_version\"", Some("host_version")),
            ("VACUUM \"Host_Version\"", None),
            ("VACUUM host_versions, my_host_version -- host_version", None),
            ("REINDEX INDEX CONCURRENTLY U&\"host\\005fversion\\005fpkc\"", Some("host_version_pkc")),
            ("VACUUM U&\"host!005fversion\" UESCAPE '!'", Some("host_version")),
            ("VACUUM U&\"host!005fversion\" /**/ UESCAPE\n$$!$$", Some("host_version")),
            ("VACUUM U&\"\\x\"", Some("U&\"\\x\"")),
            ("CREATE INDEX CONCURRENTLY i ON t (f('public.host_version'::regclass))", Some("host_version")),
            ("CREATE INDEX CONCURRENTLY i ON t (f(E'host\\x5fversion'))", Some("host_version")),
            ("CREATE INDEX CONCURRENTLY i ON t (f('\"HOST_VERSION\"'))", Some("host_version")),
            ("CREATE INDEX CONCURRENTLY i ON t (f('host_'\n'version'))", Some("host_version")),
            ("CREATE INDEX CONCURRENTLY i ON t (f('my_host_version'))", None),
            ("CREATE INDEX CONCURRENTLY i ON t (b) WHERE b = B'01'", None),
        ] {
            assert_eq!(names_any(text, &names).as_deref(), expected, "{text}");
        }
    }
}
