//! The forms that a password takes when somebody quotes it: in a url, in a literal of SQL, in JSON, in a message of a program.

use std::borrow::Cow;

/// How often a sign may be repeated: four times quoted, each time doubled.
const REPEATED_MAX: usize = 16;

/// A text that must not be shown, to be found in each of its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    characters: Vec<char>,
}

impl Secret {
    pub(super) fn new(text: &str) -> Self {
        Self { characters: text.chars().collect() }
    }

    /// How many characters it has.
    pub(super) fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether it is somewhere in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        matches!(self.masked(text, ""), Cow::Owned(_))
    }

    /// Whether a text is nothing else.
    pub(super) fn is_all_of(&self, text: &str) -> bool {
        self.end_at(text) == Some(text.len())
    }

    /// The text with `mask` in the place of the secret.
    pub(super) fn masked<'a>(&self, text: &'a str, mask: &str) -> Cow<'a, str> {
        let mut masked = String::new();
        let (mut copied, mut at) = (0, 0);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            match self.end_at(rest).filter(|length| *length > 0) {
                Some(length) => {
                    masked.push_str(&text[copied..at]);
                    masked.push_str(mask);
                    at += length;
                    copied = at;
                }
                None => at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        masked.push_str(&text[copied..]);
        Cow::Owned(masked)
    }

    /// The end of the secret if the text begins with it, the furthest one.
    fn end_at(&self, text: &str) -> Option<usize> {
        self.hexadecimal(text).or_else(|| {
            // All ends of what was found so far: a quote may stand for itself or be doubled.
            let mut ends = vec![0];
            let mut next = Vec::new();
            for character in &self.characters {
                next.clear();
                for end in &ends {
                    forms(*character, &text[*end..], &mut |length| next.push(end + length));
                }
                next.sort_unstable();
                next.dedup();
                std::mem::swap(&mut ends, &mut next);
                if ends.is_empty() {
                    return None;
                }
            }
            ends.last().copied()
        })
    }

    /// Its bytes in hexadecimal digits, as `bytea` and `decode(…, 'hex')` have them.
    fn hexadecimal(&self, text: &str) -> Option<usize> {
        let mut at = 0;
        let mut buffer = [0; 4];
        for character in &self.characters {
            for byte in character.encode_utf8(&mut buffer).bytes() {
                if number(text.get(at..at + 2)?, 16)? != u32::from(byte) {
                    return None;
                }
                at += 2;
            }
        }
        Some(at)
    }
}

/// Calls `found` with the length of each form of the character with which the text begins.
fn forms(character: char, text: &str, found: &mut dyn FnMut(usize)) {
    let Some(first) = text.chars().next() else { return };
    if first == character {
        found(first.len_utf8());
        // Doubled, as often as it was quoted: '' in a literal of SQL, "" in a name, \\ in strings with escapes, %% in formats, $$ in
        // host.toml.
        if matches!(character, '\'' | '"' | '\\' | '%' | '$') {
            let repeated = text.chars().take(REPEATED_MAX).take_while(|other| *other == character).count();
            (2..=repeated).for_each(&mut *found);
        }
    }
    match first {
        '+' if character == ' ' => found(1),
        '%' => found_if(percent(character, text), found),
        '\\' => {
            let repeated = text.chars().take(REPEATED_MAX).take_while(|other| *other == '\\').count();
            for count in 1..=repeated {
                backslash(character, &text[count..], &mut |length| found(count - 1 + length));
            }
        }
        '&' => found_if(entity(character, text), found),
        _ => {}
    }
}

fn found_if(length: Option<usize>, found: &mut dyn FnMut(usize)) {
    if let Some(length) = length {
        found(length);
    }
}

/// `%2F` for each byte of the character; `%252F` where the sign itself was encoded again.
fn percent(character: char, text: &str) -> Option<usize> {
    let mut buffer = [0; 4];
    let mut at = 0;
    for byte in character.encode_utf8(&mut buffer).bytes() {
        at += text.get(at..)?.starts_with('%').then_some(1)?;
        while text.get(at..at + 2) == Some("25") && number(text.get(at..at + 2)?, 16)? != u32::from(byte) {
            at += 2;
        }
        if number(text.get(at..at + 2)?, 16)? != u32::from(byte) {
            return None;
        }
        at += 2;
    }
    Some(at)
}

/// What may follow a backslash. `text` begins behind it.
fn backslash(character: char, text: &str, found: &mut dyn FnMut(usize)) {
    let Some(first) = text.chars().next() else { return };
    let named = match first {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        other => other,
    };
    if first == character {
        let repeated = text.chars().take(REPEATED_MAX).take_while(|other| *other == character).count();
        (1..=repeated).for_each(|count| found(1 + count * first.len_utf8()));
    } else if named == character {
        found(2);
    }
    let code = u32::from(character);
    let digits =
        |from: usize, count: usize, radix: u32| text.get(from..from + count).and_then(|text| number(text, radix));
    match first {
        // JSON, SQL, Rust, C.
        'u' if text[1..].starts_with('{') => {
            if let Some(end) = text.find('}').filter(|end| *end <= 9)
                && number(&text[2..end], 16) == Some(code)
            {
                found(end + 2);
            }
        }
        'u' if digits(1, 4, 16) == Some(code) => found(6),
        'u' => {
            let mut units = [0; 2];
            if let [high, low] = *character.encode_utf16(&mut units)
                && digits(1, 4, 16) == Some(u32::from(high))
                && text.get(5..7) == Some("\\u")
                && digits(7, 4, 16) == Some(u32::from(low))
            {
                found(12);
            }
        }
        'U' if digits(1, 8, 16) == Some(code) => found(10),
        'x' if code < 128 && digits(1, 2, 16) == Some(code) => found(4),
        '0'..='7' if code < 128 && digits(0, 3, 8) == Some(code) => found(4),
        _ => {}
    }
}

/// `&amp;`, `&#39;`, `&#x27;`.
fn entity(character: char, text: &str) -> Option<usize> {
    let end = text.find(';').filter(|end| *end <= 10)?;
    let name = &text[1..end];
    let found = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => number(digits, 16),
                None => number(digits, 10),
            };
            code.and_then(char::from_u32)
        }
    };
    (found == Some(character)).then_some(end + 1)
}

/// A number without a sign.
fn number(digits: &str, radix: u32) -> Option<u32> {
    let only_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    only_digits.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_is_found() {
        let secret = Secret::new("a'b\"c\\d/\u{e4} e");
        for form in [
            "a'b\"c\\d/\u{e4} e",
            "a%27b%22c%5Cd%2F%C3%A4%20e",
            "a%27b%22c%5cd%2f%c3%a4+e",
            "%61%27%62%22%63%5c%64%2f%c3%a4%20%65",
            "a%2527b%2522c%255Cd%252F%25C3%25A4%2520e",
            "a''b\"c\\d/\u{e4} e",
            "a''b\"c\\\\d/\u{e4} e",
            "a\\'b\\\"c\\\\d\\/\u{e4} e",
            "a'b\\\"c\\\\d/\\u00e4 e",
            "a\\u0027b\\u0022c\\u005Cd/\\u00E4\\u0020e",
            "a\\x27b\\x22c\\x5cd/\\u{e4}\\040e",
            "a&#39;b&quot;c\\d/&#xe4; e",
            "61276222635c642fc3a42065",
            "a''''b\"\"c\\\\\\\\d/ä e",
            "a\\\\'b\\\\\\\"c\\d\\\\/\\\\u00e4 e",
            "61276222635C642FC3A42065",
        ] {
            assert_eq!(secret.masked(&format!("<{form}> '{form}'"), "***"), "<***> '***'", "{form}");
            assert!(secret.is_all_of(form), "{form}");
        }
        for other in ["a'b", "a'b\"c\\d/\u{e4}e", "", "%", "\\", "\\u", "\\u{", "&#;", "61276222635c642fc3a420"] {
            assert!(!secret.is_in(other), "{other}");
        }
        assert_eq!(Secret::new("\u{1f600}").masked("\\ud83d\\ude00", "***"), "***");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_but_the_secret(before in "\\PC{0,12}", after in "\\PC{0,12}", secret in "[a-z'\"\\\\%&+ ]{1,8}") {
            let masked = Secret::new(&secret).masked(&format!("{before}{secret}{after}"), "\u{0}").into_owned();
            prop_assert!(masked.contains('\u{0}'), "{}", masked);
        }

        #[test]
        fn rubbish_never_panics(text in "[%\\\\u{}x&#;0-9a-f\u{e4}'\"]{0,40}", secret in "\\PC{1,4}") {
            let _ = Secret::new(&secret).masked(&text, "***");
        }
    }
}
