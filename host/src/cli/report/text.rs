//! Text that is safe to show, and small pieces of wording.

use std::fmt::Display;

use crate::revision::is_visible;

/// Makes a text of unknown origin fit for a terminal: what is not visible is shown as an escape. Line breaks and tabs
/// stay.
pub(in crate::cli) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_visible(character) || matches!(character, '\n' | '\t') {
            safe.push(character);
        } else {
            safe.extend(character.escape_default());
        }
    }
    safe
}

/// The same on one line.
pub(in crate::cli) fn safe_line(text: &str) -> String {
    safe(text).replace('\n', "\\n")
}

/// `a, b`, or a word for nothing.
pub(in crate::cli) fn list_or<T: Display>(items: &[T], nothing: &str) -> String {
    if items.is_empty() {
        return nothing.to_owned();
    }
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `1 step`, `2 steps`.
pub(in crate::cli) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `12 ms`, `3.4 s`, `2 min 5 s`.
pub(in crate::cli) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_do_not_reach_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mred\r\u{7}\u{9b}x\nb\tc"), "a\\u{1b}[31mred\\r\\u{7}\\u{9b}x\nb\tc");
        assert_eq!(safe("\u{202e}evil"), "\\u{202e}evil");
        assert_eq!(safe_line("a\nb"), "a\\nb");
    }

    #[test]
    fn durations_read_well() {
        let texts: Vec<_> = [0, 999, 1_000, 59_940, 125_000].map(duration).into();
        assert_eq!(texts, ["0 ms", "999 ms", "1.0 s", "59.9 s", "2 min 5 s"]);
    }
}
