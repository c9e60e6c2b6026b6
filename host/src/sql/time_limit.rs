//! Stricter time limits: `SET LOCAL lock_timeout` and `SET LOCAL statement_timeout` to a value that can be read here.

use super::token::TokenKind;
use super::words::Words;
use super::words::plain;
use crate::grant::TimeLimit;

/// The units of a time, the largest first, in milliseconds (PostgreSQL manual, "Setting Parameters"; their case counts).
const UNITS: [(&str, f64); 6] =
    [("d", 86_400_000.0), ("h", 3_600_000.0), ("min", 60_000.0), ("s", 1_000.0), ("ms", 1.0), ("us", 0.001)];

/// The value of a time limit as PostgreSQL reads it (`parse_int` in `guc.c`), in milliseconds; 0 is no limit. None for what is
/// no number of at least 0, and for numbers that can be written more plainly: octal and hexadecimal ones, those with an exponent.
pub fn time_limit_milliseconds(value: &str) -> Option<u64> {
    // What isspace() knows, in the locale C.
    let is_blank = |character: char| matches!(character, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let value = value.trim_matches(is_blank);
    let end = value.find(|character: char| !(character.is_ascii_digit() || character == '.')).unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let is_plain = number.starts_with(|first: char| first.is_ascii_digit())
        && number.bytes().filter(|byte| *byte == b'.').count() <= 1
        && !(number.len() > 1 && number.starts_with('0') && !number.starts_with("0."));
    let number: f64 = number.parse().ok().filter(|_| is_plain)?;
    let milliseconds = match unit.trim_start_matches(is_blank) {
        "" => number,
        unit => {
            let at = UNITS.iter().position(|(known, _)| *known == unit)?;
            // A fraction is rounded to the next smaller unit first (`convert_to_base_unit`).
            match UNITS.get(at + 1) {
                Some((_, smaller)) => (number * UNITS[at].1 / smaller).round_ties_even() * smaller,
                None => number * UNITS[at].1,
            }
        }
    };
    let milliseconds = milliseconds.round_ties_even();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within the range of the setting"
    )]
    let known = (milliseconds <= f64::from(i32::MAX)).then_some(milliseconds as u64);
    known
}

/// Which limit a statement sets for its transaction, and to how many milliseconds; none for every other statement, and for
/// another way to write it.
pub(super) fn time_limit_set(words: &Words<'_>) -> Option<(TimeLimit, u64)> {
    let limit =
        TimeLimit::ALL.into_iter().find(|limit| words.begin_with(0, &format!("SET LOCAL {}", limit.setting())))?;
    let is_value = (words.is(3, "TO") || words.raw(3) == Some("="))
        && matches!(words.kind(4), Some(TokenKind::Number | TokenKind::String))
        && words.kind(5).is_none_or(|kind| kind == TokenKind::Semicolon);
    let value = words.raw(4).filter(|_| is_value).and_then(plain)?;
    Some((limit, time_limit_milliseconds(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_postgresql_reads_them() {
        for (value, expected) in [
            ("0", Some(0)),
            ("250", Some(250)),
            (" 5s ", Some(5_000)),
            ("5 s", Some(5_000)),
            ("1.5s", Some(1_500)),
            ("1.5min", Some(90_000)),
            ("1h", Some(3_600_000)),
            ("2d", Some(172_800_000)),
            ("2147483647", Some(2_147_483_647)),
            ("0.5", Some(0)),
            ("1.5", Some(2)),
            // These two are no limit at all.
            ("400us", Some(0)),
            ("0.4ms", Some(0)),
            ("600us", Some(1)),
            // Half a millisecond is the nearest multiple of the smaller unit first.
            ("0.0006s", Some(1)),
            ("2147483648", None),
            ("1000d", None),
            ("", None),
            ("s", None),
            ("-1", None),
            ("+1", None),
            ("5S", None),
            ("5 Min", None),
            ("5m", None),
            ("5 s s", None),
            ("1e3", None),
            ("0x10", None),
            // Eight.
            ("010", None),
            ("00.5", None),
            ("1.2.3", None),
            (".5", None),
            ("1_000", None),
            ("NaN", None),
            ("inf", None),
            ("5\u{a0}s", None),
        ] {
            assert_eq!(time_limit_milliseconds(value), expected, "{value}");
        }
    }

    #[test]
    fn only_the_plain_statement_counts() {
        let (lock, statement) = (TimeLimit::Lock, TimeLimit::Statement);
        for (text, expected) in [
            ("SET LOCAL lock_timeout = '2s'", Some((lock, 2_000))),
            ("set local Lock_Timeout to 2000", Some((lock, 2_000))),
            ("SET/**/LOCAL statement_timeout='1min'", Some((statement, 60_000))),
            ("SET LOCAL lock_timeout = 0", Some((lock, 0))),
            ("SET lock_timeout = '2s'", None),
            ("SET SESSION lock_timeout = '2s'", None),
            ("SET LOCAL lock_timeout = DEFAULT", None),
            ("SET LOCAL lock_timeout = -1", None),
            ("SET LOCAL lock_timeout = 1, 2", None),
            ("SET LOCAL lock_timeout = 2 s", None),
            ("SET LOCAL lock_timeout = E'2\\x73'", None),
            ("SET LOCAL lock_timeout = U&'2s'", None),
            ("SET LOCAL lock_timeout = '1'\n'0s'", None),
            ("SET LOCAL lock_timeout = $$2s$$", None),
            ("SET LOCAL lock_timeout FROM CURRENT", None),
            ("SET LOCAL \"lock_timeout\" = '2s'", None),
            ("SET LOCAL lock_timeout.a = '2s'", None),
            ("SET LOCAL deadlock_timeout = '2s'", None),
            ("SET LOCAL idle_in_transaction_session_timeout = '2s'", None),
            ("RESET lock_timeout", None),
        ] {
            assert_eq!(time_limit_set(&Words::new(text)), expected, "{text}");
        }
    }
}
