//! What one step of a run finds out and the next ones need not ask again.
//!
//! Nothing here is believed without a look: at the end of each step the server compares the tables and the settings with it
//! (`fast_commit`), and where something differs, a look at everything decides.

use super::integrity::TransactionState;
use super::opening::Opening;
use super::opening::Timeouts;
use super::prepared_end::PreparedEnd;
use super::table_state::TableDetails;
use super::table_state::TableState;

/// What is known, as far as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) tables: Option<KnownTables>,
    pub(super) session: Option<KnownSession>,
    /// The number of the last row of the log table, which this run has written.
    pub(super) last_log_id: Option<i64>,
    /// The statements that end a step, while the session keeps them prepared.
    pub(super) prepared: Option<PreparedEnd>,
}

/// The host's tables, as they were before the first step or after the last look at them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownTables {
    pub(super) states: Vec<TableState>,
    pub(super) details: Vec<TableDetails>,
}

/// What a step begins with on a session that is made as fresh as a new one.
#[derive(Debug, Clone)]
pub(super) struct KnownSession {
    timeouts: Timeouts,
    role: Option<String>,
    /// When the server read its settings: until it reads them again, a fresh session has the same ones.
    loaded: String,
    state: TransactionState,
}

impl KnownSession {
    pub(super) fn new(opening: &Opening<'_>, loaded: String, state: TransactionState) -> Self {
        Self { timeouts: opening.timeouts, role: opening.role.map(str::to_owned), loaded, state }
    }

    /// Whether it is known of a step that begins like this.
    pub(super) fn is_of(&self, opening: &Opening<'_>) -> bool {
        self.timeouts == opening.timeouts && self.role.as_deref() == opening.role
    }

    /// The state in this transaction, unless the server has read its settings again.
    pub(super) fn state(&self, loaded: &str, transaction: &str) -> Option<TransactionState> {
        (self.loaded == loaded).then(|| self.state.in_transaction(transaction.to_owned()))
    }
}
