//! Times and sizes with their units, as options, environment variables and host.toml have them: `10s`, `512MiB`.

use std::time::Duration;

/// The units of sizes, by the bytes of one.
const SIZE_UNITS: [(&str, u64); 5] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("B", 1)];

/// The units in which times are shown, by the milliseconds of one. Days are left out: `jiff` reads none without a calendar.
const TIME_UNITS: [(&str, u128); 4] = [("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];

/// Why a text is no time or no size. Does not show the text, which may be a password in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A number stands alone, and is not 0.
    #[error("the unit is missing: write {number}{} or {number}{}", examples[0], examples[1])]
    Missing {
        /// The number.
        number: String,
        /// Two units that it may have.
        examples: [&'static str; 2],
    },
    /// It is no time.
    #[error("expected a time such as 500ms, 10s, 5m or 1h")]
    NoTime,
    /// It is less than nothing, or has a part of a millisecond.
    #[error("expected a whole number of milliseconds, from 0")]
    NoMilliseconds,
    /// It is no size.
    #[error("expected a size such as 64KiB, 512MiB or 2GiB")]
    NoSize,
    /// It is more than the type holds.
    #[error("it is too large")]
    TooLarge,
}

/// Reads a time. Only 0 needs no unit; `h`, `m`, `s` and `ms` may follow each other, and be written out.
///
/// # Errors
/// [`UnitError`].
pub fn parse_time(text: &str) -> Result<Duration, UnitError> {
    let text = text.trim();
    if is_number(text) {
        return if is_zero(text) { Ok(Duration::ZERO) } else { Err(missing(text, ["s", "ms"])) };
    }
    let time: jiff::SignedDuration = text.parse().map_err(|_| UnitError::NoTime)?;
    let time = Duration::try_from(time).map_err(|_| UnitError::NoMilliseconds)?;
    if time.subsec_nanos() % 1_000_000 == 0 { Ok(time) } else { Err(UnitError::NoMilliseconds) }
}

/// Reads a size, in bytes. Only 0 needs no unit.
///
/// # Errors
/// [`UnitError`].
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let text = text.trim();
    if is_number(text) {
        return if is_zero(text) { Ok(0) } else { Err(missing(text, ["MiB", "KiB"])) };
    }
    let with_unit = SIZE_UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?.trim_end(), *bytes)));
    let (number, bytes) = with_unit.filter(|(number, _)| is_number(number)).ok_or(UnitError::NoSize)?;
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(bytes)).ok_or(UnitError::TooLarge)
}

/// A time in the largest unit of which it has a whole number: `10 s`, `90 min`.
pub fn time(time: Duration) -> String {
    in_whole(time.as_millis(), &TIME_UNITS)
}

/// A size in the largest unit of which it has a whole number: `512 MiB`, `1536 KiB`.
pub fn size(bytes: u64) -> String {
    let units = SIZE_UNITS[..4].iter().rev().map(|(unit, bytes)| (*unit, u128::from(*bytes)));
    in_whole(u128::from(bytes), &units.chain([("bytes", 1)]).collect::<Vec<_>>())
}

/// A size in the largest unit of which there is one, with one decimal: `1.5 KiB`.
pub fn rounded_size(bytes: u64) -> String {
    match SIZE_UNITS[..4].iter().rev().find(|(_, factor)| bytes >= *factor) {
        None => format!("{bytes} bytes"),
        Some((unit, factor)) => {
            let (whole, tenth) = (bytes / factor, bytes % factor * 10 / factor);
            if tenth == 0 { format!("{whole} {unit}") } else { format!("{whole}.{tenth} {unit}") }
        }
    }
}

/// `units` from the largest to one of 1. 0 is shown in the smallest.
fn in_whole(number: u128, units: &[(&str, u128)]) -> String {
    let fitting = units.iter().find(|(_, factor)| number >= *factor && number.is_multiple_of(*factor));
    match fitting.or(units.last()) {
        Some((unit, factor)) => format!("{} {unit}", number / factor),
        None => number.to_string(),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_zero(number: &str) -> bool {
    number.bytes().all(|digit| digit == b'0')
}

fn missing(number: &str, examples: [&'static str; 2]) -> UnitError {
    UnitError::Missing { number: number.to_owned(), examples }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            (" 10 s ", 10_000),
            ("10s", 10_000),
            ("5m", 300_000),
            ("5min", 300_000),
            ("2 hours", 7_200_000),
            ("1h 30m", 5_400_000),
            ("1.5s", 1_500),
        ] {
            assert_eq!(parse_time(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "soon", "-", "1 parsec", "10MiB", "1 month", "postgres://me:secret@db/"] {
            assert_eq!(parse_time(text), Err(UnitError::NoTime), "{text}");
        }
        for text in ["-1s", "1s ago", "1us", "0.5ms", "1500ns"] {
            assert_eq!(parse_time(text), Err(UnitError::NoMilliseconds), "{text}");
        }
        let error = parse_time("600").expect_err("no unit");
        assert_eq!(error.to_string(), "the unit is missing: write 600s or 600ms");
    }

    #[test]
    fn sizes_are_read() {
        let sizes = [("0", 0), ("17B", 17), ("1KiB", 1024), (" 512 MiB ", 512 << 20), ("2GiB", 2 << 30)];
        for (text, bytes) in sizes {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "-1MiB", "+1MiB", "1.5GiB", "1GB", "1 gib", "١B", "10s"] {
            assert_eq!(parse_size(text), Err(UnitError::NoSize), "{text}");
        }
        for text in ["20000000TiB", "99999999999999999999B"] {
            assert_eq!(parse_size(text), Err(UnitError::TooLarge), "{text}");
        }
        let error = parse_size("512").expect_err("no unit");
        assert_eq!(error.to_string(), "the unit is missing: write 512MiB or 512KiB");
    }

    #[test]
    fn both_are_shown() {
        let times =
            [0, 1, 999, 1_000, 1_500, 60_000, 90_000, 5_400_000, 7_200_000].map(Duration::from_millis).map(time);
        assert_eq!(times, ["0 ms", "1 ms", "999 ms", "1 s", "1500 ms", "1 min", "90 s", "90 min", "2 h"]);
        assert_eq!(
            [0, 1023, 1024, 1536 << 10, 4 << 30].map(size),
            ["0 bytes", "1023 bytes", "1 KiB", "1536 KiB", "4 GiB"]
        );
        let rounded = [0, 1023, 1024, 1536, 1 << 30, (1 << 30) - 1, 5 << 40].map(rounded_size);
        assert_eq!(rounded, ["0 bytes", "1023 bytes", "1 KiB", "1.5 KiB", "1 GiB", "1023.9 MiB", "5 TiB"]);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(milliseconds in 0..u64::from(u32::MAX), bytes: u64) {
            let written = Duration::from_millis(milliseconds);
            prop_assert_eq!(parse_time(&time(written)), Ok(written));
            prop_assert_eq!(parse_size(&size(bytes).replace("bytes", "B")), Ok(bytes));
        }

        #[test]
        fn anything_can_be_asked(text: String) {
            let _ = parse_time(&text);
            let _ = parse_size(&text);
        }
    }
}
