//! Why a rerun cannot go on with what an earlier run began.

/// Why a rerun cannot go on with what an earlier run began.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Another statement stands where one was done.
    #[error("statement {position} differs from the one that an earlier run executed")]
    Differs {
        /// Its number, from 1.
        position: u32,
        /// The beginning of the one that was done.
        done: String,
        /// The beginning of the one that stands there now.
        now: String,
    },
    /// A statement was begun, and its end cannot be known.
    #[error("an earlier run began statement {position}, and it is unknown whether it was done: {reason}")]
    InDoubt {
        /// Its number, from 1.
        position: u32,
        /// The beginning of it.
        statement: String,
        /// Why that cannot be known.
        reason: String,
    },
    /// The journal says that statements are done which the migration no longer has.
    #[error("the migration ended after statement {sent}, but an earlier run executed {done}")]
    Shorter {
        /// How many statements the migration has now.
        sent: u32,
        /// How many the earlier run had done.
        done: u32,
    },
    /// An invalid index has the name of a new one, and this migration has not begun it.
    #[error(
        "statement {position} cannot build its index: {index} exists and is invalid, because a build outside of this migration failed or is still running"
    )]
    IndexInTheWay {
        /// The number of the statement, from 1.
        position: u32,
        /// Schema and name of the index, quoted.
        index: String,
    },
    /// Another runner wrote the same row.
    #[error("another runner is executing statement {position}")]
    Overtaken {
        /// Its number, from 1.
        position: u32,
    },
}

impl JournalError {
    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Differs { .. } | Self::Shorter { .. } => "statement-differs",
            Self::InDoubt { .. } => "statement-in-doubt",
            Self::IndexInTheWay { .. } => "index-in-the-way",
            Self::Overtaken { .. } => "database",
        }
    }

    /// What the operator should do.
    pub fn hint(&self, direction: &str) -> String {
        match self {
            Self::Differs { position, .. } => format!(
                "restore the migration, run it from there on with --resume-from {position}, or leave the new statement out with --mark-done {position}; then run the {direction} again"
            ),
            Self::InDoubt { position, .. } => format!(
                "check the database: if the statement was done, continue with --mark-done {position}; otherwise undo what is left of it and continue with --resume-from {position}"
            ),
            Self::Shorter { sent, .. } => format!(
                "restore the migration and run the {direction} again, or drop the rest with --resume-from {}",
                sent.saturating_add(1)
            ),
            Self::IndexInTheWay { index, .. } => format!(
                "if nobody is building it, drop it with DROP INDEX CONCURRENTLY {index}, then run the {direction} again"
            ),
            Self::Overtaken { .. } => "check `host current`, then run the command again".to_owned(),
        }
    }
}
