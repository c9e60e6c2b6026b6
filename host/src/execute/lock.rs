//! Becoming the only runner, and ceasing to be it.

use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use super::error::RunError;
use super::event::Event;
use super::event::Observer;
use super::runner::Runner;
use crate::db::DatabaseError;
use crate::revision::RevisionId;

/// How often a runner that waits asks for the lock.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// How often a runner that waits says so.
const LOCK_REPORT: Duration = Duration::from_secs(5);

impl Runner<'_> {
    /// Becomes the only runner, or gives up after a while.
    pub(super) async fn lock(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        self.look_around(observer).await?;
        let limit = self.options.wait.unwrap_or(self.project.environment().limits.wait);
        let started = Instant::now();
        let mut reported: Option<Instant> = None;
        let mut known = String::new();
        while !self.database()?.try_lock().await? {
            let waited = started.elapsed();
            if waited >= limit || reported.is_none_or(|reported| reported.elapsed() >= LOCK_REPORT) {
                let holder = self.database()?.lock_holder().await?.unwrap_or_else(|| "which has just ended".to_owned());
                if waited >= limit {
                    return Err(DatabaseError::Locked { holder, waited_seconds: waited.as_secs() }.into());
                }
                known.clone_from(&holder);
                observer.observe(Event::Waiting { holder, seconds: waited.as_secs() });
                reported = Some(Instant::now());
            }
            let interrupt = self.interrupt.clone();
            tokio::select! {
                () = tokio::time::sleep(LOCK_POLL) => {}
                () = interrupt.ending() => return Err(DatabaseError::Cancelled { holder: known }.into()),
            }
        }
        Ok(())
    }

    /// Refuses a database that cannot be migrated safely, before anything is locked.
    async fn look_around(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        let reach = self.database()?.look_around().await?;
        let Some(machine) = reach.machine else { return Ok(()) };
        let user = reach.user;
        let text = format!(
            "database user '{user}' {machine}: a migration could reach files and programs of the server's machine; \
             a user without such rights is safer"
        );
        observer.observe(Event::Note { text });
        Ok(())
    }

    /// Gives the lock back; the end of the session would free it, too. With `heads`, these have to be in the version table.
    ///
    /// # Errors
    /// [`DatabaseError::HeadsMoved`] when they are not. What else fails here changes nothing any more.
    pub(super) async fn unlock(&mut self, heads: Option<&BTreeSet<RevisionId>>) -> Result<(), DatabaseError> {
        let Some(database) = &mut self.database else { return Ok(()) };
        match database.unlock(heads).await {
            Err(error @ DatabaseError::HeadsMoved { .. }) => Err(error),
            _ => Ok(()),
        }
    }
}
