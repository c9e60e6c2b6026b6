//! `[….backfill]`: how much of a server tables may take that are rewritten batch by batch.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;

use super::bounded::AtLeastOne;
use super::bounded::Count;
use super::bounded::Time;

const MINUTES_OF_HOUR: u16 = 60;
const MINUTES_OF_DAY: u16 = 24 * MINUTES_OF_HOUR;

/// A standby that is farther behind is none to wait for.
type Lag = Time<0, 86_400_000>;

/// A worker of a lease that is shorter would lose its ranges to others while it works.
type Lease = Time<1_000, 3_600_000>;

/// The longest name of a time zone. Those of the time zone database have some 30 characters.
const ZONE_BYTES_MAX: usize = 64;

/// How tables are rewritten batch by batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillSettings {
    /// The most rows a second that are written, by all machines together; 0 is no limit.
    pub rows_per_second: u32,
    /// The most client connections that may be active, besides those of the same user that work on migrations; 0 is no limit.
    pub active_sessions: u32,
    /// How far a standby may be behind; zero is no limit.
    pub replication_lag: Duration,
    /// When ranges may be begun; none is always.
    pub hours: Option<Hours>,
    /// How long a range of keys belongs to who took it, unless its connection ends before.
    pub lease: Duration,
    /// What becomes of rows that a transform or the server rejects.
    pub on_row_error: OnRowError,
    /// The most rows of one transform that are passed over.
    pub rejected_rows: u32,
}

/// What becomes of rows that a transform or the server rejects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnRowError {
    /// The first one ends the run.
    #[default]
    Fail,
    /// They stay as they are and are written down.
    SkipAndRecord,
}

/// The most rows that are passed over where the file does not say.
const REJECTED_ROWS: u32 = 1_000;

/// A part of each day, by the clock of the database: `22:00-06:00 Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    from: u16,
    to: u16,
    zone: String,
}

/// The section as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct BackfillSection {
    pub(super) rows_per_second: Option<Count>,
    pub(super) active_sessions: Option<Count>,
    pub(super) replication_lag: Option<Lag>,
    pub(super) hours: Option<AnyHours>,
    pub(super) lease: Option<Lease>,
    pub(super) on_row_error: Option<OnRowError>,
    pub(super) rejected_rows: Option<AtLeastOne>,
}

/// Hours, or an empty text for always, which takes back those of `[default]`.
#[derive(Debug, Clone)]
pub(super) struct AnyHours(pub(super) Option<Hours>);

impl BackfillSettings {
    pub(super) fn resolve(own: &BackfillSection, default: &BackfillSection) -> Self {
        Self {
            rows_per_second: own.rows_per_second.or(default.rows_per_second).map_or(0, |count| count.0),
            active_sessions: own.active_sessions.or(default.active_sessions).map_or(0, |count| count.0),
            replication_lag: own.replication_lag.or(default.replication_lag).map_or(Duration::ZERO, |time| time.0),
            hours: own.hours.clone().or_else(|| default.hours.clone()).and_then(|hours| hours.0),
            lease: own.lease.or(default.lease).map_or(Duration::from_secs(60), |time| time.0),
            on_row_error: own.on_row_error.or(default.on_row_error).unwrap_or_default(),
            rejected_rows: own.rejected_rows.or(default.rejected_rows).map_or(REJECTED_ROWS, |count| count.0),
        }
    }
}

/// What holds where nothing is written.
impl Default for BackfillSettings {
    fn default() -> Self {
        Self::resolve(&BackfillSection::default(), &BackfillSection::default())
    }
}

impl Hours {
    /// Reads `HH:MM-HH:MM`, in UTC, or the same with the name of a time zone behind a space. None where it is something else. Whether
    /// there is such a zone, only the database knows.
    pub fn read(text: &str) -> Option<Self> {
        let (hours, zone) = text.split_once(' ').unwrap_or((text, "UTC"));
        let (from, to) = hours.split_once('-')?;
        let (from, to) = (minute(from)?, minute(to)?);
        let is_zone = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
        let has_zone = zone.len() <= ZONE_BYTES_MAX
            && zone.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && zone.bytes().all(is_zone);
        (has_zone && from != to).then(|| Self { from, to, zone: zone.to_owned() })
    }

    /// The name of the time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Whether a minute of the day, from 0, is among them. The last minute is that before the end.
    pub fn has(&self, minute: u16) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = (|time: u16| time / MINUTES_OF_HOUR, |time: u16| time % MINUTES_OF_HOUR);
        let Self { from, to, zone } = self;
        write!(formatter, "{:02}:{:02}-{:02}:{:02} {zone}", hour(*from), minute(*from), hour(*to), minute(*to))
    }
}

/// A minute of the day: `06:30`. 24:00 is 00:00.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let is_written = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_written.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute).filter(|minute| *minute < MINUTES_OF_HOUR)?);
    let minutes = hour * MINUTES_OF_HOUR + minute;
    (minutes <= MINUTES_OF_DAY).then_some(minutes % MINUTES_OF_DAY)
}

impl<'de> Deserialize<'de> for AnyHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = AnyHours;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("hours such as \"22:00-06:00\" or \"22:00-06:00 Europe/Berlin\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text.is_empty() {
                    return Ok(AnyHours(None));
                }
                let hours = Hours::read(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))?;
                Ok(AnyHours(Some(hours)))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read() {
        let shown = |text: &str| Hours::read(text).map(|hours| hours.to_string());
        assert_eq!(shown("22:00-06:00").as_deref(), Some("22:00-06:00 UTC"));
        assert_eq!(shown("00:30-24:00 Europe/Berlin").as_deref(), Some("00:30-00:00 Europe/Berlin"));
        assert_eq!(shown("09:05-17:00 Etc/GMT+5").as_deref(), Some("09:05-17:00 Etc/GMT+5"));
        for text in [
            "22:00",
            "22-06",
            "22:00-22:00",
            "00:00-24:00",
            "24:01-06:00",
            "22:60-06:00",
            "+2:00-06:00",
            "22:00-06:00 ",
            "22:00-06:00 'x'",
            "22:00-06:00  UTC",
            "22:00-06:00 +02",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn hours_may_go_past_midnight() {
        let has = |text: &str, minutes: [u16; 4]| minutes.map(|minute| Hours::read(text).expect(text).has(minute));
        assert_eq!(has("22:00-06:00", [22 * 60, 0, 6 * 60 - 1, 6 * 60]), [true, true, true, false]);
        assert_eq!(has("09:00-17:00", [9 * 60 - 1, 9 * 60, 17 * 60 - 1, 17 * 60]), [false, true, true, false]);
    }
}
