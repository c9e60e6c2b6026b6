//! What stands in the rows of a transform.

use serde::Deserialize;
use serde::Serialize;

use super::Backfill;
use super::Key;
use super::plain;

/// What no range was cut of yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rest {
    /// The key behind which it begins; none at the beginning.
    pub(super) after: Option<Vec<String>>,
    /// The greatest key when the transform began; none when nothing is left.
    pub(super) until: Option<Vec<String>>,
    /// Whether nobody is to take a range.
    #[serde(default)]
    pub(super) paused: bool,
    /// Whether it is not to go on.
    #[serde(default)]
    pub(super) cancelled: bool,
    /// What works on it: see [`super::Program::digest`].
    #[serde(default)]
    pub(super) program: String,
    /// The first key when the transform began, where the key is one number.
    #[serde(default)]
    pub(super) first: Option<String>,
    /// How many rows there were when it began, as the planner thought.
    #[serde(default)]
    pub(super) estimate: Option<u64>,
    /// For how many rows ranges were cut.
    #[serde(default)]
    pub(super) cut: u64,
    /// Before this time nobody is to take a range: microseconds since 1970-01-01 UTC by the database's clock.
    #[serde(default)]
    pub(super) not_before: i64,
    /// What holds somebody back.
    #[serde(default)]
    pub(super) held: Option<Held>,
}

/// A limit that holds somebody back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    /// Which one, for people.
    pub(super) why: String,
    /// When that was seen: microseconds since 1970-01-01 UTC by the database's clock.
    pub(super) at: i64,
}

/// The keys of a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bounds {
    /// The key behind which it begins; none at the beginning.
    pub(super) after: Option<Vec<String>>,
    /// The last key that it may have.
    pub(super) until: Vec<String>,
}

impl Rest {
    /// As it stands in the journal.
    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Which part of the rows ranges were cut for, from 0 to 1; none where nobody can say. A guess: keys need not lie evenly, and
    /// planners err.
    pub(super) fn share(&self) -> Option<f64> {
        let Some(until) = &self.until else { return Some(1.0) };
        let number = |key: &[String]| key.first().and_then(|text| text.parse::<f64>().ok());
        let by_key = || {
            let (first, after) = (self.first.as_ref()?.parse::<f64>().ok()?, number(self.after.as_ref()?)?);
            Some((after - first) / (number(until)? - first))
        };
        #[expect(clippy::cast_precision_loss, reason = "a guess")]
        let by_rows = || Some(self.cut as f64 / self.estimate.filter(|rows| *rows > 0)? as f64);
        by_key().or_else(by_rows).filter(|share| (0.0..=1.0).contains(share))
    }

    /// How many rows are left, as far as anybody can guess.
    pub(super) fn rows_left(&self) -> Option<u64> {
        if self.until.is_none() {
            return Some(0);
        }
        let share = self.share().filter(|share| *share > 0.0)?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a guess, and nothing of it is below zero"
        )]
        let left = (self.cut as f64 * (1.0 - share) / share) as u64;
        Some(left)
    }
}

impl Bounds {
    /// As they stand in the journal.
    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn keys(self) -> (Option<Key>, Key) {
        (self.after.map(Key::of_texts), Key::of_texts(self.until))
    }
}

/// The statement that inserts a row. Position, owner and end of the lease are SQL expressions.
#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
pub(super) fn insert(
    journal: &str,
    backfill: &Backfill,
    position: &str,
    command: &str,
    statement: &str,
    owner: &str,
    token: i64,
    lease_until: &str,
) -> String {
    format!(
        "INSERT INTO {journal} (revision, direction, position, digest, statement, command, alone, state, found, rows, clock_micros, \
         started_at, finished_at) VALUES ({}, {}, {position}, {owner}, {}, '{command}', false, 'started', {token}, 0, {}, \
         pg_catalog.clock_timestamp(), {lease_until})",
        plain(backfill.step.revision.as_str()),
        plain(&backfill.step.direction),
        plain(statement),
        backfill.clock_micros,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let rest = Rest {
            after: Some(vec!["it's \\ ü".to_owned()]),
            until: Some(vec!["7".to_owned()]),
            paused: true,
            held: Some(Held { why: "replication lag".to_owned(), at: 7 }),
            ..Rest::default()
        };
        assert_eq!(Rest::read(&rest.written()), Some(rest));
        let bounds = Bounds { after: None, until: vec!["1".to_owned(), String::new()] };
        assert_eq!(Bounds::read(&bounds.written()), Some(bounds));
        assert_eq!(Rest::read("{}"), Some(Rest::default()));
        assert_eq!(Bounds::read("[]"), None);
    }

    #[test]
    fn what_is_left_is_guessed_by_keys_and_otherwise_by_rows() {
        let key = |text: &str| Some(vec![text.to_owned()]);
        let rest = Rest { until: key("1100"), cut: 200, estimate: Some(800), ..Rest::default() };
        let by_key = Rest { first: Some("100".to_owned()), after: key("600"), ..rest.clone() };
        assert_eq!((by_key.share(), by_key.rows_left()), (Some(0.5), Some(200)));
        assert_eq!((rest.share(), rest.rows_left()), (Some(0.25), Some(600)));
        // More rows than the planner thought, nothing to go by, nothing cut yet, all cut.
        assert_eq!(Rest { cut: 900, ..rest.clone() }.rows_left(), None);
        assert_eq!(Rest { estimate: None, ..rest.clone() }.rows_left(), None);
        assert_eq!(Rest { cut: 0, ..rest.clone() }.rows_left(), None);
        assert_eq!(Rest { until: None, ..rest }.rows_left(), Some(0));
    }
}
