//! What parent and child say to each other: one line of JSON, and bytes behind it.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

/// The version of the program. Parent and child are the same file, unless it was replaced while the parent runs.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The longest line, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 64 << 10;

/// The parent's line. The input follows; the pipe stays open for as long as the parent waits.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) version: String,
    pub(super) job: String,
    pub(super) settings: String,
    /// The length of the input.
    pub(super) bytes: usize,
    /// Wall time.
    pub(super) time: Duration,
    /// Private memory, in bytes.
    pub(super) memory: u64,
    pub(super) threads: usize,
}

/// The child's line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Response {
    /// The output follows.
    Done {
        /// Its length.
        bytes: usize,
    },
    /// There is none, and why, in the words of the job.
    Refused(String),
    /// The child is another version of the program.
    OtherVersion(String),
}
