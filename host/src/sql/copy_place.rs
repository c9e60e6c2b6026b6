//! Where in the data of a COPY the server found something wrong.

use std::ops::Range;

/// The line of the data, in bytes and without its end, that the context of an error names: `COPY guests, line 2, column id: "x"`. The
/// words are those of the server's language.
pub fn copy_line(context: &str, data: &str) -> Option<Range<usize>> {
    // A trigger's context comes before that of the COPY.
    let said = context.lines().rev().find_map(|line| line.strip_prefix("COPY "))?;
    let number = said.match_indices(", ").find_map(|(at, comma)| number_of(&said[at + comma.len()..]))?;
    let mut lines = data.split('\n').scan(0, |offset, line| {
        let start = *offset;
        *offset += line.len() + 1;
        Some(start..start + line.trim_end_matches('\r').len())
    });
    lines.nth(number.checked_sub(1)?)
}

/// `line 2`, up to the end or a comma or colon.
fn number_of(text: &str) -> Option<usize> {
    let (word, rest) = text.split_once(' ')?;
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let ends = rest[end..].is_empty() || rest[end..].starts_with([',', ':']);
    (word.chars().all(char::is_alphabetic) && ends).then(|| rest[..end].parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let data = "1\tä\n2\tb\r\n3\tc\n";
        for (context, line) in [
            ("COPY guests, line 1, column id: \"x\"", Some("1\tä")),
            ("COPY guests, Zeile 2, Spalte id: »x«", Some("2\tb")),
            ("COPY a, b, line 3", Some("3\tc")),
            ("COPY guests, line 3: \"3, line 1\"", Some("3\tc")),
            ("PL/pgSQL function f() line 3 at RAISE\nCOPY guests, line 2: \"2\"", Some("2\tb")),
            ("COPY guests, line 9", None),
            ("COPY guests, line 0", None),
            ("COPY guests", None),
            ("SQL statement \"SELECT 1\"", None),
            ("", None),
        ] {
            assert_eq!(copy_line(context, data).map(|range| &data[range]), line, "{context}");
        }
    }
}
