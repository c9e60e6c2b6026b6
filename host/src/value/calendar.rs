//! PostgreSQL's dates and times as numbers and as text.
//!
//! The text is ISO 8601 with years BC, which every DateStyle reads the same way (manual, "Date/Time Input").

use super::error::EncodeError;

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
const DAY: i64 = 86_400 * SECOND;
/// The first date, 4714-11-24 BC, in days since 2000-01-01.
const DATE_MIN: i32 = -2_451_545;
/// The last date, 5874897-12-31.
const DATE_MAX: i32 = 2_145_031_948;
/// The first timestamp, 4714-11-24 00:00 BC, in microseconds since 2000-01-01.
const TIMESTAMP_MIN: i64 = -211_813_488_000_000_000;
/// The last timestamp, at the end of 294276.
const TIMESTAMP_MAX: i64 = 9_223_371_331_199_999_999;
/// Offsets stay below sixteen hours on either side.
const OFFSET_SECONDS_MAX: i32 = 16 * 3600 - 1;
/// Days from 0000-03-01 to 2000-01-01. A year that begins in March has its leap day at the end.
const MARCH_OF_YEAR_ZERO_TO_2000: i64 = 730_425;
/// Days in 400 years, after which the calendar repeats.
const DAYS_IN_ERA: i64 = 146_097;

/// Refuses days that are not a date. The smallest and the largest number are infinities.
pub(super) fn check_date(days: i32) -> Result<(), EncodeError> {
    let finite = (DATE_MIN..=DATE_MAX).contains(&days);
    check(finite || days == i32::MIN || days == i32::MAX, "date", days)
}

/// Refuses microseconds that are not a timestamp. The smallest and the largest number are infinities.
pub(super) fn check_timestamp(micros: i64) -> Result<(), EncodeError> {
    let finite = (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&micros);
    check(finite || micros == i64::MIN || micros == i64::MAX, "timestamp", micros)
}

/// Refuses microseconds outside the day. PostgreSQL knows 24:00.
pub(super) fn check_time(micros: i64) -> Result<(), EncodeError> {
    check((0..=DAY).contains(&micros), "time", micros)
}

/// Refuses offsets of sixteen hours and more.
pub(super) fn check_offset(seconds: i32) -> Result<(), EncodeError> {
    let range = -OFFSET_SECONDS_MAX..=OFFSET_SECONDS_MAX;
    check(range.contains(&seconds), "a time zone's offset", seconds)
}

/// A date as text, or an error where there is no such date.
pub(super) fn date_text(days: i32) -> Result<String, EncodeError> {
    check_date(days)?;
    Ok(match days {
        i32::MIN => "-infinity".to_owned(),
        i32::MAX => "infinity".to_owned(),
        _ => {
            let (date, era) = day_text(i64::from(days));
            format!("{date}{era}")
        }
    })
}

/// A timestamp as text; `zone` is what stands after the time, such as `+00`.
pub(super) fn timestamp_text(micros: i64, zone: &str) -> Result<String, EncodeError> {
    check_timestamp(micros)?;
    Ok(match micros {
        i64::MIN => "-infinity".to_owned(),
        i64::MAX => "infinity".to_owned(),
        _ => {
            let (date, era) = day_text(micros.div_euclid(DAY));
            let clock = clock_text(micros.rem_euclid(DAY).unsigned_abs());
            format!("{date} {clock}{zone}{era}")
        }
    })
}

/// A time of day as text.
pub(super) fn time_text(micros: i64) -> Result<String, EncodeError> {
    check_time(micros)?;
    Ok(clock_text(micros.unsigned_abs()))
}

/// An offset as text, with seconds only where there are some.
pub(super) fn offset_text(seconds: i32) -> Result<String, EncodeError> {
    check_offset(seconds)?;
    let sign = if seconds < 0 { '-' } else { '+' };
    let total = seconds.unsigned_abs();
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60);
    Ok(match (minutes, rest) {
        (0, 0) => format!("{sign}{hours:02}"),
        (_, 0) => format!("{sign}{hours:02}:{minutes:02}"),
        _ => format!("{sign}{hours:02}:{minutes:02}:{rest:02}"),
    })
}

/// Hours, minutes, seconds and as many digits of a fraction as there are. Hours may have more than two digits.
pub(super) fn clock_text(micros: u64) -> String {
    let second = SECOND.unsigned_abs();
    let (seconds, fraction) = (micros / second, micros % second);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{hours:02}:{minutes:02}:{rest:02}");
    if fraction != 0 {
        text.push_str(format!(".{fraction:06}").trim_end_matches('0'));
    }
    text
}

/// The day as `year-month-day`, and ` BC` where the year is one.
fn day_text(days_since_2000: i64) -> (String, &'static str) {
    let (year, month, day) = civil(days_since_2000);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

/// Year (0 is 1 BC), month and day in the proleptic Gregorian calendar.
fn civil(days_since_2000: i64) -> (i64, i64, i64) {
    let days = days_since_2000 + MARCH_OF_YEAR_ZERO_TO_2000;
    let era = days.div_euclid(DAYS_IN_ERA);
    let day_of_era = days.rem_euclid(DAYS_IN_ERA);
    // The last day of the 400 years, and of each four, is a leap day and must not begin a new year.
    let century = (day_of_era / 36_524).min(3);
    let day_of_century = day_of_era - century * 36_524;
    let four_years = day_of_century / 1461;
    let day_of_four = day_of_century - four_years * 1461;
    let year_of_four = (day_of_four / 365).min(3);
    let day_of_year = day_of_four - year_of_four * 365;
    // From March on, the months' lengths repeat every five: 31 30 31 30 31, 153 days.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (month, next_year) = if month_from_march < 10 { (month_from_march + 3, 0) } else { (month_from_march - 9, 1) };
    let year = era * 400 + century * 100 + four_years * 4 + year_of_four + next_year;
    (year, month, day)
}

fn check(in_range: bool, type_name: &'static str, value: impl ToString) -> Result<(), EncodeError> {
    if in_range {
        return Ok(());
    }
    Err(EncodeError::OutOfRange { type_name: type_name.to_owned(), value: value.to_string() })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let cases = [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (60, "2000-03-01"),
            (365, "2000-12-31"),
            (-1, "1999-12-31"),
            (-36_524 + 59, "1900-03-01"),
            (-36_524 + 58, "1900-02-28"),
            (-730_119, "0001-01-01"),
            (-730_120, "0001-12-31 BC"),
            (-730_485, "0001-01-01 BC"),
            (DATE_MIN, "4714-11-24 BC"),
            (DATE_MAX, "5874897-12-31"),
            (i32::MIN, "-infinity"),
            (i32::MAX, "infinity"),
        ];
        for (days, text) in cases {
            assert_eq!(date_text(days).unwrap(), text);
        }
        assert!(date_text(DATE_MIN - 1).is_err());
        assert!(date_text(DATE_MAX + 1).is_err());
    }

    #[test]
    fn timestamps() {
        let cases = [
            (0, "2000-01-01 00:00:00"),
            (-1, "1999-12-31 23:59:59.999999"),
            (100_000, "2000-01-01 00:00:00.1"),
            (TIMESTAMP_MIN, "4714-11-24 00:00:00 BC"),
            (TIMESTAMP_MAX, "294276-12-31 23:59:59.999999"),
            (i64::MIN, "-infinity"),
            (i64::MAX, "infinity"),
        ];
        for (micros, text) in cases {
            assert_eq!(timestamp_text(micros, "").unwrap(), text);
        }
        assert_eq!(timestamp_text(TIMESTAMP_MIN, "+00").unwrap(), "4714-11-24 00:00:00+00 BC");
        assert!(timestamp_text(TIMESTAMP_MIN - 1, "").is_err());
        assert!(timestamp_text(TIMESTAMP_MAX + 1, "").is_err());
    }

    #[test]
    fn times_and_offsets() {
        assert_eq!(time_text(DAY).unwrap(), "24:00:00");
        assert!(time_text(DAY + 1).is_err());
        assert!(time_text(-1).is_err());
        let cases = [(0, "+00"), (3600, "+01"), (-12_600, "-03:30"), (57_599, "+15:59:59")];
        for (seconds, text) in cases {
            assert_eq!(offset_text(seconds).unwrap(), text);
        }
        assert!(offset_text(57_600).is_err());
        assert!(offset_text(i32::MIN).is_err());
    }
}
