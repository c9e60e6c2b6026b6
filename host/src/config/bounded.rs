//! The values of limits: numbers, times and sizes, each between two bounds, both included.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;

use crate::units;
use crate::units::UnitError;

/// Ten years: what is longer is a mistake, and could not be added to a time.
pub(super) const TIME_MAX: u64 = 87_600 * 3_600_000;

pub(super) type AnyTime = Time<0, TIME_MAX>;
pub(super) type AtLeastOne = Bounded<1, { u32::MAX }>;
pub(super) type Count = Bounded<0, { u32::MAX }>;

/// A whole number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounded<const LEAST: u32, const MOST: u32>(pub(super) u32);

/// A time with its unit; the bounds are in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time<const LEAST: u64, const MOST: u64>(pub(super) Duration);

/// A size with its unit; the bounds, and the size, are in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size<const LEAST: u64, const MOST: u64>(pub(super) u64);

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Bounded<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const LEAST: u32, const MOST: u32>;

        impl<const LEAST: u32, const MOST: u32> de::Visitor<'_> for Visitor<LEAST, MOST> {
            type Value = Bounded<LEAST, MOST>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "a whole number from {LEAST} to {MOST}")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                u32::try_from(number)
                    .ok()
                    .filter(|number| (LEAST..=MOST).contains(number))
                    .map(Bounded)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_i64(Visitor)
    }
}

impl<'de, const LEAST: u64, const MOST: u64> Deserialize<'de> for Time<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const LEAST: u64, const MOST: u64>;

        impl<const LEAST: u64, const MOST: u64> de::Visitor<'_> for Visitor<LEAST, MOST> {
            type Value = Time<LEAST, MOST>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let [least, most] = [LEAST, MOST].map(|bound| units::time(Duration::from_millis(bound)));
                write!(formatter, "a time from {least} to {most}")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let bounds = Duration::from_millis(LEAST)..=Duration::from_millis(MOST);
                match units::parse_time(text) {
                    Ok(time) if bounds.contains(&time) => Ok(Time(time)),
                    Ok(time) => Err(E::invalid_value(de::Unexpected::Other(&units::time(time)), &self)),
                    Err(error) => Err(refused(text, &error, &self)),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl<'de, const LEAST: u64, const MOST: u64> Deserialize<'de> for Size<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const LEAST: u64, const MOST: u64>;

        impl<const LEAST: u64, const MOST: u64> de::Visitor<'_> for Visitor<LEAST, MOST> {
            type Value = Size<LEAST, MOST>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "a size from {} to {}", units::size(LEAST), units::size(MOST))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                match units::parse_size(text) {
                    Ok(size) if (LEAST..=MOST).contains(&size) => Ok(Size(size)),
                    Ok(size) => Err(E::invalid_value(de::Unexpected::Other(&units::size(size)), &self)),
                    Err(error) => Err(refused(text, &error, &self)),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// A number without a unit is named, other text is left to [`super::TomlProblem`], which does not show it.
fn refused<E: de::Error>(text: &str, error: &UnitError, expected: &dyn de::Expected) -> E {
    match error {
        UnitError::Missing { number, .. } => {
            E::invalid_value(de::Unexpected::Other(&format!("`{number}` without a unit")), expected)
        }
        _ => match text.parse() {
            Ok(number) => E::invalid_value(de::Unexpected::Signed(number), expected),
            Err(_) => E::invalid_value(de::Unexpected::Str(text), expected),
        },
    }
}
