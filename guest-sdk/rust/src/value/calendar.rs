use std::fmt;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's first day.
const UNIX_DAYS: i64 = 10_957;

/// A date: days since 2000-01-01, in the Gregorian calendar also before it was introduced, as PostgreSQL counts.
///
/// ```
/// use host_guest::Date;
///
/// let opened = Date::from_ymd(2026, 11, 22);
/// assert_eq!(opened.to_string(), "2026-11-22");
/// assert_eq!(Date(opened.0 + 10).to_ymd(), Some((2026, 12, 2)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

/// A time of day without a zone: microseconds since midnight.
///
/// ```
/// use host_guest::Time;
///
/// assert_eq!(Time::from_hms(19, 30, 0).to_string(), "19:30:00");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// A date and a time of day without a zone: microseconds since 2000-01-01 00:00.
///
/// ```
/// use host_guest::{Date, Time, Timestamp};
///
/// let evening = Timestamp::new(Date::from_ymd(2026, 11, 22), Time::from_hms(19, 30, 0));
/// assert_eq!(evening.to_string(), "2026-11-22 19:30:00");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A point in time: microseconds since 2000-01-01 00:00 UTC.
///
/// ```
/// use host_guest::Timestamptz;
///
/// let moment = Timestamptz::from_unix_micros(946_684_800_000_000);
/// assert_eq!(moment, Timestamptz(0));
/// assert_eq!(moment.to_string(), "2000-01-01 00:00:00+00");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamptz(pub i64);

impl Date {
    /// `infinity`: later than every other date.
    pub const INFINITY: Self = Self(i32::MAX);
    /// `-infinity`: earlier than every other date.
    pub const NEG_INFINITY: Self = Self(i32::MIN);

    /// The date of a year, a month (from 1) and a day of the month (from 1). The year before 1 is 0. A day past the end of
    /// the month counts on into the next one.
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Self {
        // Years begin in March here, so that the leap day comes last. See Howard Hinnant, "chrono-Compatible Low-Level
        // Date Algorithms".
        let months = i64::from(year) * 12 + i64::from(month) - 3;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        // 730_425 is the number of days from 0000-03-01 to 2000-01-01.
        let days = year * 365 + leap_days + (month * 153 + 2) / 5 + i64::from(day) - 1 - 730_425;
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Year, month and day; nothing for the two infinities.
    pub fn to_ymd(self) -> Option<(i32, u8, u8)> {
        if self == Self::INFINITY || self == Self::NEG_INFINITY {
            return None;
        }
        let days = i64::from(self.0) + 730_425;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
        let march_month = (day_of_year * 5 + 2) / 153;
        let day = day_of_year - (march_month * 153 + 2) / 5 + 1;
        let month = (march_month + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Some((i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
    }
}

impl Time {
    /// The time of an hour, a minute and a second.
    pub fn from_hms(hour: u8, minute: u8, second: u8) -> Self {
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Self(seconds * MICROS_PER_SECOND)
    }
}

impl Timestamp {
    /// `infinity`: later than every other one.
    pub const INFINITY: Self = Self(i64::MAX);
    /// `-infinity`: earlier than every other one.
    pub const NEG_INFINITY: Self = Self(i64::MIN);

    /// A time on a date.
    pub fn new(date: Date, time: Time) -> Self {
        match date {
            Date::INFINITY => Self::INFINITY,
            Date::NEG_INFINITY => Self::NEG_INFINITY,
            Date(days) => Self((i64::from(days).saturating_mul(MICROS_PER_DAY)).saturating_add(time.0)),
        }
    }
}

impl Timestamptz {
    /// `infinity`: later than every other one.
    pub const INFINITY: Self = Self(i64::MAX);
    /// `-infinity`: earlier than every other one.
    pub const NEG_INFINITY: Self = Self(i64::MIN);

    /// The point that lies so many microseconds after 1970-01-01 00:00 UTC, as [`run_info`](crate::run_info) has it.
    pub fn from_unix_micros(micros: i64) -> Self {
        Self(micros.saturating_sub(UNIX_DAYS * MICROS_PER_DAY))
    }

    /// Microseconds since 1970-01-01 00:00 UTC.
    pub fn to_unix_micros(self) -> i64 {
        self.0.saturating_add(UNIX_DAYS * MICROS_PER_DAY)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_ymd() {
            Some((year, month, day)) if year > 0 => write!(out, "{year:04}-{month:02}-{day:02}"),
            Some((year, month, day)) => write!(out, "{:04}-{month:02}-{day:02} BC", 1 - year),
            None => out.write_str(infinity(self.0 > 0)),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(MICROS_PER_SECOND), self.0.rem_euclid(MICROS_PER_SECOND));
        write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if micros == 0 { Ok(()) } else { write!(out, ".{micros:06}") }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_moment(out, self.0, "")
    }
}

impl fmt::Display for Timestamptz {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_moment(out, self.0, "+00")
    }
}

fn write_moment(out: &mut fmt::Formatter<'_>, micros: i64, zone: &str) -> fmt::Result {
    if micros == i64::MAX || micros == i64::MIN {
        return out.write_str(infinity(micros > 0));
    }
    let days = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX);
    let (date, time) = (Date(days), Time(micros.rem_euclid(MICROS_PER_DAY)));
    match date.to_ymd() {
        Some((year, month, day)) if year <= 0 => {
            write!(out, "{:04}-{month:02}-{day:02} {time}{zone} BC", 1 - year)
        }
        _ => write!(out, "{date} {time}{zone}"),
    }
}

fn infinity(positive: bool) -> &'static str {
    if positive { "infinity" } else { "-infinity" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_postgresql() {
        // SELECT date 'X' - date '2000-01-01'
        let table = [
            ((2000, 1, 1), 0, "2000-01-01"),
            ((1999, 12, 31), -1, "1999-12-31"),
            ((2000, 2, 29), 59, "2000-02-29"),
            ((2100, 3, 1), 36_584, "2100-03-01"),
            ((1582, 10, 15), -152_384, "1582-10-15"),
            ((1, 1, 1), -730_119, "0001-01-01"),
            ((0, 12, 31), -730_120, "0001-12-31 BC"),
            ((-4712, 1, 1), -2_451_507, "4713-01-01 BC"),
            ((5_874_897, 12, 31), 2_145_031_948, "5874897-12-31"),
        ];
        for ((year, month, day), days, text) in table {
            assert_eq!(Date::from_ymd(year, month, day), Date(days), "{text}");
            assert_eq!(Date(days).to_ymd(), Some((year, month, day)), "{text}");
            assert_eq!(Date(days).to_string(), text);
        }
    }

    #[test]
    fn infinities_are_no_dates() {
        assert_eq!(Date::INFINITY.to_ymd(), None);
        assert_eq!(Date::NEG_INFINITY.to_string(), "-infinity");
        assert_eq!(Timestamp::new(Date::INFINITY, Time(5)), Timestamp::INFINITY);
        assert_eq!(Timestamptz::INFINITY.to_string(), "infinity");
    }

    #[test]
    fn moments_before_2000_print_as_they_should() {
        assert_eq!(Timestamp(-1).to_string(), "1999-12-31 23:59:59.999999");
        assert_eq!(Timestamptz::from_unix_micros(0).to_string(), "1970-01-01 00:00:00+00");
        assert_eq!(Timestamptz::from_unix_micros(42).to_unix_micros(), 42);
    }
}
