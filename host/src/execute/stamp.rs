//! Setting the version table without running a migration.

use std::collections::BTreeSet;

use super::error::RunError;
use super::event::Event;
use super::event::Observer;
use super::in_doubt_commit;
use super::in_doubt_commit::CommitStatus;
use super::runner::Runner;
use super::unfinished::UnfinishedError;
use crate::db::AppliedState;
use crate::db::DatabaseError;
use crate::db::LogDetail;
use crate::db::log::Record;
use crate::db::names::TableKind;
use crate::db::opening::Opening;
use crate::db::transaction::Bookkeeping;
use crate::db::transaction::Forget;
use crate::db::violation::MayChange;
use crate::plan;
use crate::plan::StampPlan;
use crate::revision::RevisionId;

impl Runner<'_> {
    /// Makes the version table say that the targets are applied, and records it in the history. With `purge` the rows that
    /// are there are deleted first, whatever they are.
    ///
    /// # Errors
    /// [`RunError::Plan`] when a target is refused, or [`RunError::Database`].
    pub async fn stamp(
        &mut self,
        targets: &[&str],
        purge: bool,
        observer: &mut dyn Observer,
    ) -> Result<StampPlan, RunError> {
        let result = self.stamp_with_lock(targets, purge, observer).await;
        // An application may go on with this runner.
        self.interrupt.reset();
        result
    }

    async fn stamp_with_lock(
        &mut self,
        targets: &[&str],
        purge: bool,
        observer: &mut dyn Observer,
    ) -> Result<StampPlan, RunError> {
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
    ) -> Result<StampPlan, RunError> {
        let applied = self.applied_to_repair(purge).await?;
        if !(applied.unreadable.is_empty() || purge) {
            let table = self.project.tables().version.to_string();
            return Err(DatabaseError::UnreadableRows { table, rows: applied.unreadable }.into());
        }
        if let (Some(first), false) = (applied.unfinished.first(), self.options.forget_unfinished) {
            return Err(UnfinishedError::InTheWay { unfinished: Box::new(first.clone()) }.into());
        }
        let plan = plan::stamp(self.project.graph(), &applied.heads, targets, purge)?;
        for note in &plan.notes {
            observer.observe(Event::Note { text: format!("this stamp {note}") });
        }
        for unfinished in &applied.unfinished {
            observer.observe(Event::Note { text: format!("forgetting that {unfinished}") });
        }
        let forgets = self.options.forget_unfinished && applied.tables_exist;
        if plan.change.remove.is_empty() && plan.change.add.is_empty() && applied.unreadable.is_empty() {
            if forgets {
                self.database()?.forget_all_steps().await?;
            }
            return Ok(plan);
        }
        self.database()?.check_ids_fit(&plan.change.add).await?;
        if !applied.tables_exist {
            self.database()?.ensure_tables().await?;
        }
        let records = self.records(&plan);
        let opening = Opening {
            application: &format!("host {} stamp", env!("CARGO_PKG_VERSION")),
            timeouts: self.options.timeouts(&self.project.environment().limits),
            heads: &plan.heads_before,
            any_heads: purge,
            steps_after: 0,
            role: None,
        };
        // A purge takes every row away, also those that stay.
        let all: Vec<_> = plan.heads_after.iter().cloned().collect();
        let bookkeeping = Bookkeeping {
            remove_all: purge,
            remove: &plan.change.remove,
            add: if purge { &all } else { &plan.change.add },
            records: &records,
            may_change: MayChange::default(),
            rejected: &[],
            forget: if forgets { Forget::Everything } else { Forget::Nothing },
        };
        self.write_records(&opening, &bookkeeping).await?;
        observer.observe(Event::Stamped {
            from: plan.heads_before.iter().cloned().collect(),
            to: plan.heads_after.iter().cloned().collect(),
        });
        Ok(plan)
    }

    /// Writes rows of the version table and the log in a transaction of its own, and finds out what became of it where the
    /// connection was lost. The migration lock is held.
    pub(super) async fn write_records(
        &mut self,
        opening: &Opening<'_>,
        bookkeeping: &Bookkeeping<'_>,
    ) -> Result<(), DatabaseError> {
        let interrupt = self.interrupt();
        let database = self.database()?;
        let begun = database.begin(opening).await?;
        let mut written = database.finish(&begun, bookkeeping, None).await;
        if let (Err(DatabaseError::CommitUnknown { reason, .. }), Some(record)) =
            (&written, bookkeeping.records.first())
        {
            let reason = reason.clone();
            written = match in_doubt_commit::settle(database, &begun, record, &interrupt).await {
                CommitStatus::Committed => Ok(()),
                CommitStatus::RolledBack => Err(DatabaseError::NotCommitted { reason }),
                CommitStatus::Unknown { why } => Err(DatabaseError::CommitUnknown { reason, why: Some(why) }),
            };
        }
        if written.is_err() {
            // The first error is the one to tell.
            let _ = database.rollback().await;
        }
        written
    }

    /// What is applied, as far as it can be read: rows without end or without sense are what a stamp may be there to repair.
    async fn applied_to_repair(&mut self, purge: bool) -> Result<AppliedState, RunError> {
        let forgets = self.options.forget_unfinished;
        let repairs = |kind: &TableKind| match kind {
            TableKind::Version => purge,
            TableKind::Journal => forgets && purge,
            TableKind::Log | TableKind::Rejected => false,
        };
        match self.applied().await {
            Err(RunError::Database(
                DatabaseError::TooManyRows { kind, table, .. } | DatabaseError::ForeignTable { kind, table, .. },
            )) if repairs(&kind) => {
                Ok(AppliedState { tables_exist: true, unreadable: vec![table], ..AppliedState::default() })
            }
            applied => applied,
        }
    }

    /// One row for each revision that the stamp names, or, for a stamp to base, one for each row that it takes away.
    fn records(&self, plan: &StampPlan) -> Vec<Record> {
        let named = if plan.change.add.is_empty() { &plan.change.remove } else { &plan.change.add };
        let ids = |rows: &BTreeSet<RevisionId>| Some(rows.iter().map(ToString::to_string).collect());
        let detail = LogDetail { from: ids(&plan.heads_before), to: ids(&plan.heads_after), ..LogDetail::default() };
        named
            .iter()
            .map(|revision| Record {
                revision: revision.to_string(),
                direction: "stamp",
                source_digest: self.project.migration(revision).map(|migration| migration.source_digest.to_string()),
                detail: detail.clone(),
                ..Record::default()
            })
            .collect()
    }
}
