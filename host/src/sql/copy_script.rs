//! The data of a COPY in a script for psql.

use super::psql_safe::not_plain;
use super::token::TokenKind;
use super::token::Tokens;

/// The data as they stand in a script: what the server reads is the same, and where psql goes on after a COPY that failed, and takes
/// the data for statements, none of them is one. So nothing stays as it is that ends a statement, begins a command of psql, opens a
/// quote, a parenthesis or a comment, or names a variable: such characters are written as `\ooo` (PostgreSQL manual, "COPY", "Text
/// Format").
///
/// # Errors
/// Why a script cannot have them.
pub fn script_data(copy: &str, data: &str) -> Result<String, &'static str> {
    // COPY itself counts as not plain, because of the data that follow. Here they do, so it is looked at under another name.
    let renamed = copy.get(4..).map(|rest| format!("SHOW{rest}"));
    if renamed.is_none_or(|renamed| not_plain(&renamed).is_some()) {
        return Err("psql could read the COPY otherwise than the server");
    }
    let last = Tokens::new(copy).map_while(Result::ok).filter(|token| token.kind.is_significant()).last();
    if !last
        .is_some_and(|token| token.kind == TokenKind::Word && copy[token.bytes].to_ascii_uppercase().starts_with("STD"))
    {
        return Err("a script takes the data of a COPY as text without options");
    }
    let mut written = String::with_capacity(data.len());
    let mut characters = data.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            match character {
                '\n' | '\t' => written.push(character),
                '\r' => return Err("the data of a COPY in a script have no carriage returns"),
                _ => push(&mut written, character),
            }
            continue;
        }
        let Some(next) = characters.next() else { return Err("the data of a COPY end with a backslash") };
        match next {
            // NULL, and a mistake that the server finds.
            'N' | '.' => written.extend(['\\', next]),
            '0'..='7' => {
                let value = digits(&mut characters, u32::from(next) - u32::from('0'), 8, 2);
                octal(&mut written, value & 0xff);
            }
            'x' if characters.peek().is_some_and(char::is_ascii_hexdigit) => {
                let value = digits(&mut characters, 0, 16, 2);
                octal(&mut written, value);
            }
            'b' => octal(&mut written, 8),
            't' => octal(&mut written, 9),
            'n' | '\n' => octal(&mut written, 10),
            'v' => octal(&mut written, 11),
            'f' => octal(&mut written, 12),
            'r' | '\r' => octal(&mut written, 13),
            '\t' => octal(&mut written, 9),
            _ => push(&mut written, next),
        }
    }
    if !written.is_empty() && !written.ends_with('\n') {
        written.push('\n');
    }
    Ok(written)
}

/// The value of some more digits.
fn digits(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, first: u32, radix: u32, more: usize) -> u32 {
    let mut value = first;
    for _ in 0..more {
        let Some(digit) = characters.peek().and_then(|character| character.to_digit(radix)) else { break };
        characters.next();
        value = value * radix + digit;
    }
    value
}

/// A character that stands for itself. Only ASCII can be written otherwise: `\ooo` is a byte in the encoding of the database.
fn push(written: &mut String, character: char) {
    let stays = !character.is_ascii() || character.is_ascii_alphanumeric() || " _.,-+=!@#%^&<>?~".contains(character);
    if stays { written.push(character) } else { octal(written, u32::from(character)) }
}

fn octal(written: &mut String, byte: u32) {
    written.push_str(&format!("\\{byte:03o}"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COPY: &str = "COPY public.guests (id, name) FROM stdin";

    #[test]
    fn what_psql_could_misread_is_octal() {
        for (data, expected) in [
            ("1\tJane Doe\n2\t\\N\n", "1\tJane Doe\n2\t\\N\n"),
            ("1\tO'Hara; größer\n", "1\tO\\047Hara\\073 größer\n"),
            ("\\! rm\t\\\\ \\t\\n\\x3b\\7\\0739\\q\n", "! rm\t\\134 \\011\\012\\073\\007\\0739q\n"),
            ("a\\\nb\n", "a\\012b\n"),
            ("a\\\n", "a\\012\n"),
            ("`a` /* $$ :x (\"\n", "\\140a\\140 \\057\\052 \\044\\044 \\072x \\050\\042\n"),
            ("", ""),
        ] {
            assert_eq!(script_data(COPY, data).as_deref(), Ok(expected), "{data}");
        }
        for (copy, data) in [
            ("COPY t FROM STDIN WITH (FORMAT csv)", ""),
            ("COPY t FROM STDIN CSV", ""),
            ("COPY t FROM STDIN WHERE a = :b", ""),
            (COPY, "a\r\n"),
            (COPY, "a\\"),
        ] {
            script_data(copy, data).expect_err("a script cannot have it");
        }
    }

    proptest! {
        /// What psql would make of the data, were they no data: no statement that ends, nothing quoted, no command but numbers.
        #[test]
        fn data_are_no_statements(data in "([a-z0-9 \t\n;'\"$`:(){}\\[\\]/*|!-]|\\\\[a-zN0-9!;.\\\\]|é){0,40}") {
            if let Ok(written) = script_data(COPY, &data) {
                prop_assert!(!written.contains([';', '\'', '"', '$', '`', ':', '(', '{', '*', '|']), "{}", written);
                for (at, _) in written.match_indices('\\') {
                    let next = written[at + 1..].chars().next();
                    prop_assert!(next.is_some_and(|next| next.is_ascii_digit() || ['N', '.'].contains(&next)), "{}", written);
                }
                // Lines and fields are what they were.
                prop_assert_eq!(written.matches('\t').count() <= data.matches('\t').count(), true);
            }
        }
    }
}
