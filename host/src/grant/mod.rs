//! What migrations ask for and what the settings grant. Pure: no I/O.
//!
//! A migration's metadata asks (`asks = ["schema", "data", "function"]`), an environment of `host.toml` grants
//! (`[prod.grants]`), both in [`Class`]es of statements. [`Grant::new`] is the only way to put the two together, and the
//! guard ([`crate::sql::check`]) lets nothing pass without a [`Grant`].

mod class;
mod time_limit;

pub use class::Class;
pub use class::Classes;
pub use class::UnknownClass;
pub use time_limit::TimeLimit;
pub use time_limit::TimeLimits;

/// What one migration may do in one environment: what it asks for, all of which is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    allowed: Classes,
    time_limits: Option<TimeLimits>,
}

/// A migration that asks for more than is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it asks for {asks}; granted: {granted}; missing: {}", self.missing())]
pub struct NotGranted {
    /// What the migration asks for.
    pub asks: Classes,
    /// What the environment grants.
    pub granted: Classes,
}

impl Grant {
    /// Puts both sides together. Whoever asks for less than is granted gets less.
    ///
    /// # Errors
    /// [`NotGranted`] when the migration asks for something that is not granted. It is not run with less: it would fail
    /// in the middle.
    pub fn new(asks: Classes, granted: Classes) -> Result<Self, NotGranted> {
        if asks.minus(granted).minus(Class::Query.into()).is_empty() {
            Ok(Self::of_asks(asks))
        } else {
            Err(NotGranted { asks, granted })
        }
    }

    /// What a migration may do where all that it asks for is granted. For checks that know no environment, such as those
    /// of a build.
    pub fn of_asks(asks: Classes) -> Self {
        Self { allowed: asks.with(Class::Query), time_limits: None }
    }

    /// The same where these limits are in force. Only then a migration may set a stricter one without [`Class::Session`].
    #[must_use]
    pub fn within(self, time_limits: TimeLimits) -> Self {
        Self { time_limits: Some(time_limits), ..self }
    }

    /// The limits in force, as far as they are known.
    pub fn time_limits(self) -> Option<TimeLimits> {
        self.time_limits
    }

    /// The classes that it may use. [`Class::Query`] is always among them.
    pub fn allowed(self) -> Classes {
        self.allowed
    }

    /// What a statement needs and this grant does not have.
    pub fn missing(self, needed: Classes) -> Classes {
        needed.minus(self.allowed)
    }
}

/// Reading and nothing else.
impl Default for Grant {
    fn default() -> Self {
        Self::of_asks(Classes::NONE)
    }
}

impl NotGranted {
    /// What it asks for in vain.
    pub fn missing(&self) -> Classes {
        self.asks.minus(self.granted).minus(Class::Query.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(index: u16) -> Classes {
        Class::ALL.into_iter().enumerate().filter(|(bit, _)| index >> bit & 1 == 1).map(|(_, class)| class).collect()
    }

    /// All pairs of asks and grants.
    #[test]
    fn a_grant_is_what_both_sides_say() {
        for asks in (0..1 << Class::ALL.len()).map(set) {
            for granted in (0..1 << Class::ALL.len()).map(set) {
                let beyond = asks.written().any(|class| !granted.contains(class));
                match Grant::new(asks, granted) {
                    Ok(grant) => {
                        assert!(!beyond, "{asks:?} {granted:?}");
                        assert_eq!(grant.allowed(), asks.with(Class::Query));
                    }
                    Err(error) => {
                        assert!(beyond, "{asks:?} {granted:?}");
                        assert!(!error.missing().is_empty() && !error.missing().contains(Class::Query));
                    }
                }
            }
        }
    }

    #[test]
    fn reading_needs_no_grant() {
        assert!(Grant::default().missing(Class::Query.into()).is_empty());
        assert_eq!(Grant::default().missing(Classes::usual()), Classes::usual().minus(Class::Query.into()));
        assert!(Grant::new(Class::Query.into(), Classes::NONE).is_ok());
    }

    #[test]
    fn both_sides_are_shown() {
        let asks = Classes::usual().with(Class::Role);
        let error = Grant::new(asks, Classes::usual()).expect_err("too much");
        assert_eq!(error.to_string(), "it asks for data, schema and role; granted: data and schema; missing: role");
        let error = Grant::new(asks, Classes::NONE).expect_err("too much");
        assert!(error.to_string().contains("; granted: nothing but query; "), "{error}");
        assert_eq!(error.missing(), asks.minus(Class::Query.into()));
    }
}
