//! What stands in the rows of a transform.

use serde::Deserialize;
use serde::Serialize;

use super::Backfill;
use super::Key;
use super::plain;

/// What no range was cut of yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
            cancelled: false,
        };
        assert_eq!(Rest::read(&rest.written()), Some(rest));
        let bounds = Bounds { after: None, until: vec!["1".to_owned(), String::new()] };
        assert_eq!(Bounds::read(&bounds.written()), Some(bounds));
        assert_eq!(Rest::read("{}"), Some(Rest { after: None, until: None, paused: false, cancelled: false }));
        assert_eq!(Bounds::read("[]"), None);
    }
}
