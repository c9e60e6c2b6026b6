//! What a preview learns of a transform.

use std::time::Duration;

use crate::db::Extent;
use crate::db::RejectedRow;
use crate::db::ShownRow;

/// How a transform did on a sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransformSample {
    /// The transform, for people.
    pub transform: String,
    /// The table that gets the rows, for people.
    pub target: String,
    /// Whether rows of it are updated or inserted.
    pub inserts: bool,
    /// What the server knows of the size of the whole.
    pub extent: Extent,
    /// The ranges that were tried.
    pub ranges: u32,
    /// Whether they are all there is.
    pub is_all: bool,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were written.
    pub written: u64,
    /// Rows that were rejected.
    pub rejected: Vec<RejectedRow>,
    /// How long reading, transforming and writing took.
    pub took: Duration,
    /// What the server wrote into its log meanwhile, in bytes; others write there, too.
    pub wal_bytes: Option<u64>,
    /// How many ranges the plan works on at a time.
    pub parallelism: u32,
    /// The columns that are shown.
    pub columns: Vec<String>,
    /// Some rows.
    pub shown: Vec<Change>,
}

/// A row before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its key, for people.
    pub key: String,
    /// As it was in the target; none where it was not.
    pub before: Option<ShownRow>,
    /// The row of the source, as JSON, where rows are inserted.
    pub source: Option<String>,
    /// As it was afterwards; several where one becomes several.
    pub after: Vec<ShownRow>,
}
