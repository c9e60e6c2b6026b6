//! Setting the version table without running a migration.

use super::event::Event;
use super::event::Observer;
use super::outcome;
use super::outcome::Outcome;
use super::runner::Runner;
use super::unfinished::UnfinishedError;
use crate::db::Books;
use crate::db::DatabaseError;
use crate::db::error::TableKind;
use crate::db::history::Record;
use crate::db::transaction::Bookkeeping;
use crate::db::transaction::MayChange;
use crate::db::transaction::Opening;
use crate::error::Error;
use crate::plan;
use crate::plan::StampPlan;

impl Runner<'_> {
    /// Makes the version table say that the targets are applied, and records it in the history. With `purge` the rows that
    /// are there are deleted first, whatever they are.
    ///
    /// # Errors
    /// [`Error::Plan`] when a target is refused, or [`Error::Database`].
    pub async fn stamp(
        &mut self,
        targets: &[&str],
        purge: bool,
        observer: &mut dyn Observer,
    ) -> Result<StampPlan, Error> {
        self.lock(observer).await?;
        let result = self.stamp_locked(targets, purge, observer).await;
        let unlocked = self.unlock(None).await;
        let plan = result?;
        unlocked?;
        Ok(plan)
    }

    async fn stamp_locked(
        &mut self,
        targets: &[&str],
        purge: bool,
        observer: &mut dyn Observer,
    ) -> Result<StampPlan, Error> {
        let books = self.books_to_repair(purge).await?;
        if !(books.unreadable.is_empty() || purge) {
            let table = self.project.tables().version.to_string();
            return Err(DatabaseError::UnreadableRows { table, rows: books.unreadable }.into());
        }
        if let (Some(first), false) = (books.unfinished.first(), self.options.forget_unfinished) {
            return Err(UnfinishedError::InTheWay { unfinished: Box::new(first.clone()) }.into());
        }
        let plan = plan::stamp(self.project.graph(), &books.heads, targets, purge)?;
        for note in &plan.notes {
            observer.observe(Event::Note { text: format!("this stamp {note}") });
        }
        for unfinished in &books.unfinished {
            observer.observe(Event::Note { text: format!("forgetting that {unfinished}") });
        }
        let forgets = self.options.forget_unfinished && books.tables_exist;
        if plan.change.remove.is_empty() && plan.change.add.is_empty() && books.unreadable.is_empty() {
            if forgets {
                self.database()?.forget_all_steps().await?;
            }
            return Ok(plan);
        }
        self.database()?.check_ids_fit(&plan.change.add).await?;
        if !books.tables_exist {
            self.database()?.ensure_tables().await?;
        }
        let records = self.records(&plan);
        let opening = Opening {
            application: &format!("host {} stamp", env!("CARGO_PKG_VERSION")),
            timeouts: self.options.timeouts(&self.project.environment().limits),
            heads: &plan.heads_before,
            any_heads: purge,
            role: None,
        };
        // A purge takes every row away, also those that stay.
        let all: Vec<_> = plan.heads_after.iter().cloned().collect();
        let books = Bookkeeping {
            remove_all: purge,
            remove: &plan.change.remove,
            add: if purge { &all } else { &plan.change.add },
            records: &records,
            may_change: MayChange::default(),
        };
        let database = self.database()?;
        let begun = database.begin(&opening).await?;
        let written = async {
            database.keep_books(&begun, &books).await?;
            if forgets {
                database.forget_all_steps().await?;
            }
            database.commit().await
        };
        let mut written = written.await;
        if let (Err(DatabaseError::CommitUnknown { reason, .. }), Some(record)) = (&written, records.first()) {
            let (reason, interrupt) = (reason.clone(), self.interrupt());
            written = match outcome::settle(self.database()?, &begun, record, &interrupt).await {
                Outcome::Committed => Ok(()),
                Outcome::RolledBack => Err(DatabaseError::NotCommitted { reason }),
                Outcome::Unknown { why } => Err(DatabaseError::CommitUnknown { reason, why: Some(why) }),
            };
        }
        if let Err(error) = written {
            // The first error is the one to tell.
            let _ = self.database()?.rollback().await;
            return Err(error.into());
        }
        observer.observe(Event::Stamped {
            from: plan.heads_before.iter().cloned().collect(),
            to: plan.heads_after.iter().cloned().collect(),
        });
        Ok(plan)
    }

    /// What is applied, as far as it can be read: rows without end or without sense are what a stamp may be there to repair.
    async fn books_to_repair(&mut self, purge: bool) -> Result<Books, Error> {
        let forgets = self.options.forget_unfinished;
        let repairs = |kind: &TableKind| match kind {
            TableKind::Version => purge,
            TableKind::Journal => forgets && purge,
            TableKind::History => false,
        };
        match self.books().await {
            Err(Error::Database(
                DatabaseError::TooManyRows { kind, table, .. } | DatabaseError::ForeignTable { kind, table, .. },
            )) if repairs(&kind) => Ok(Books { tables_exist: true, unreadable: vec![table], ..Books::default() }),
            books => books,
        }
    }

    /// One row for each revision that the stamp names, or, for a stamp to base, one for each row that it takes away.
    fn records(&self, plan: &StampPlan) -> Vec<Record> {
        let named = if plan.change.add.is_empty() { &plan.change.remove } else { &plan.change.add };
        named
            .iter()
            .map(|revision| Record {
                revision: revision.to_string(),
                direction: "stamp",
                source_digest: self.project.migration(revision).map(|migration| migration.source_digest.to_string()),
                ..Record::default()
            })
            .collect()
    }
}
