//! The next step of a run begins in the text that ends the one before it, behind its COMMIT: a round trip less for each step.
//!
//! It is only a shortcut. Where that text cannot be sent, or the server does not like the part that begins, nothing of it is left,
//! and the step begins with a text of its own, which says what is wrong.

use std::collections::BTreeSet;

use sqlx::postgres::PgRow;

use super::connect::Database;
use super::error::DatabaseError;
use super::opening::Opening;
use super::opening::Timeouts;
use super::table_state::TableNumbers;
use super::transaction::BeginText;
use super::transaction::Begun;
use super::transaction::SessionStatements;
use crate::revision::RevisionId;

/// A transaction that has begun, and for which step.
#[derive(Debug)]
pub(super) struct BegunAhead {
    application: String,
    timeouts: Timeouts,
    heads: BTreeSet<RevisionId>,
    any_heads: bool,
    role: Option<String>,
    begun: Begun,
}

impl BegunAhead {
    fn new(opening: &Opening<'_>, begun: Begun) -> Self {
        Self {
            application: opening.application.to_owned(),
            timeouts: opening.timeouts,
            heads: opening.heads.clone(),
            any_heads: opening.any_heads,
            role: opening.role.map(str::to_owned),
            begun,
        }
    }

    fn is_of(&self, opening: &Opening<'_>) -> bool {
        let Self { application, timeouts, heads, any_heads, role, begun: _ } = self;
        *application == opening.application
            && *timeouts == opening.timeouts
            && heads == opening.heads
            && *any_heads == opening.any_heads
            && role.as_deref() == opening.role
    }
}

impl Database {
    /// The text that begins the next step, if it can stand behind a COMMIT.
    pub(super) fn begin_ahead_text(
        &self,
        next: &Opening<'_>,
        tables: TableNumbers,
        session_statements: SessionStatements,
    ) -> Option<BeginText> {
        // Otherwise the driver has to forget those that it keeps.
        if self.keeps_statements() {
            return None;
        }
        let text = self.begin_text(next, tables, session_statements);
        crate::sql::reads_alike(&text.sql).then_some(text)
    }

    /// Keeps what has begun behind a COMMIT, if it has.
    pub(super) async fn keep_begun(
        &mut self,
        next: &Opening<'_>,
        tables: TableNumbers,
        text: &BeginText,
        statements: Vec<Vec<PgRow>>,
        error: Option<DatabaseError>,
    ) {
        let begun = match error {
            None => self.read_begun(next, tables, text, statements).await.ok(),
            Some(_) => None,
        };
        match begun {
            Some(begun) => self.begun_ahead = Some(BegunAhead::new(next, begun)),
            // What is wrong will be wrong once more when the step begins.
            None => {
                let _ = self.rollback().await;
            }
        }
    }

    /// The transaction of this step, if it has begun; another one ends.
    pub(super) async fn take_begun(&mut self, opening: &Opening<'_>) -> Result<Option<Begun>, DatabaseError> {
        match self.begun_ahead.take() {
            Some(ahead) if ahead.is_of(opening) => Ok(Some(ahead.begun)),
            Some(_) => self.rollback().await.map(|()| None),
            None => Ok(None),
        }
    }

    /// Ends a transaction whose step is not run after all.
    pub(super) async fn drop_begun(&mut self) -> Result<(), DatabaseError> {
        match self.begun_ahead.take() {
            Some(_) => self.rollback().await,
            None => Ok(()),
        }
    }
}
