//! What a row of the log table says beyond its columns: where a stamp came from and went to, and what a repair accepted.
//!
//! It is one JSON object in the column `detail`, so that what is added needs no change of the table. What another version wrote
//! there and this one does not know is passed over.

use serde::Deserialize;
use serde::Serialize;

/// What a row of the log says beyond its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogDetail {
    /// Of a stamp: the rows of the version table before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Vec<String>>,
    /// Of a stamp: the rows after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
    /// Of a repair: what it accepted. The row is one of a stamp otherwise, so that any version of the host takes its digests for
    /// those of what is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired: Option<Repaired>,
    /// Of a step that is done: how many rows its transforms passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
}

/// The change of an applied migration that an operator accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repaired {
    /// The digest of the source that counted until then.
    pub source_digest_before: String,
    /// What was known of the difference, a sentence.
    pub difference: String,
}

impl LogDetail {
    /// Reads what stands in the column; nothing is known of what cannot be read.
    pub(super) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// As it stands in the column; none when there is nothing to say.
    pub(super) fn written(&self) -> Option<String> {
        if *self == Self::default() { None } else { serde_json::to_string(self).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(LogDetail::default().written(), None);
        let ids = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect());
        let stamp = LogDetail { from: ids(&["a"]), to: ids(&[]), ..LogDetail::default() };
        assert_eq!(stamp.written().as_deref(), Some(r#"{"from":["a"],"to":[]}"#));
        let repaired = Repaired { source_digest_before: "1f".to_owned(), difference: "unknown".to_owned() };
        let repair = LogDetail { repaired: Some(repaired), ..LogDetail::default() };
        for detail in [stamp, repair] {
            assert_eq!(LogDetail::read(&detail.written().expect("something")), detail);
        }
    }

    #[test]
    fn what_another_version_wrote_is_passed_over() {
        assert_eq!(LogDetail::read("no JSON"), LogDetail::default());
        assert_eq!(LogDetail::read(r#"{"later": 1}"#), LogDetail::default());
    }
}
