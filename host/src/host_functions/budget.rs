//! What a run has used so far of its time and of its statements.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use super::ComputeTime;
use super::GuestLimits;
use super::Limit;
use super::Stop;

/// The account of one run. The guest's time is what it computes, the migration's is what passes until its end.
#[derive(Debug)]
pub struct Budget {
    started: Instant,
    compute_time: ComputeTime,
    guest_time: Duration,
    migration_time: Option<Duration>,
    statements: u64,
    statements_max: u64,
    lock_wait: LockWait,
}

/// Whether a statement waited for a lock for longer than the server was told to let it: then the migration has told the server
/// otherwise, where no guard could see it. Whoever watches the session says so.
#[derive(Debug, Clone, Default)]
pub struct LockWait {
    /// The limit in milliseconds that was exceeded; 0 as long as none was.
    exceeded: Arc<AtomicU64>,
}

impl LockWait {
    /// Says that the limit, in milliseconds, was exceeded.
    pub fn exceeded(&self, milliseconds: u64) {
        self.exceeded.store(milliseconds.max(1), Ordering::SeqCst);
    }
}

impl Budget {
    /// Begins to measure.
    pub fn new(limits: &GuestLimits) -> Self {
        Self {
            started: Instant::now(),
            compute_time: ComputeTime::new(),
            guest_time: limits.guest_time,
            migration_time: limits.migration_time,
            statements: 0,
            statements_max: limits.statements,
            lock_wait: LockWait::default(),
        }
    }

    /// What to tell when a statement waited too long for a lock.
    pub fn lock_wait(&self) -> LockWait {
        self.lock_wait.clone()
    }

    /// The account of the guest's computing.
    pub(crate) fn compute_time(&self) -> &ComputeTime {
        &self.compute_time
    }

    /// Whether the migration, or the guest alone, has used up its time.
    ///
    /// # Errors
    /// [`Stop::Limit`].
    pub fn check(&self) -> Result<(), Stop> {
        self.check_at(self.started.elapsed(), self.compute_time.used())
    }

    /// Notes statements before they are sent.
    ///
    /// # Errors
    /// [`Stop::Limit`] when there were too many.
    pub fn count(&mut self, statements: u64) -> Result<(), Stop> {
        self.statements = self.statements.saturating_add(statements);
        if self.statements > self.statements_max {
            return Err(Stop::limit(Limit::Statements, self.statements_max));
        }
        Ok(())
    }

    fn check_at(&self, elapsed: Duration, computed: Duration) -> Result<(), Stop> {
        match self.lock_wait.exceeded.load(Ordering::SeqCst) {
            0 => {}
            milliseconds => return Err(Stop::limit(Limit::LockWait, milliseconds)),
        }
        if let Some(limit) = self.migration_time.filter(|limit| elapsed > *limit) {
            return Err(Stop::time(Limit::MigrationTime, limit));
        }
        if computed > self.guest_time {
            return Err(Stop::time(Limit::GuestTime, self.guest_time));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(guest_seconds: u64, migration_seconds: Option<u64>) -> Budget {
        Budget::new(&GuestLimits {
            guest_time: Duration::from_secs(guest_seconds),
            migration_time: migration_seconds.map(Duration::from_secs),
            memory_bytes: 0,
            open_handles: 0,
            call_bytes: 0,
            statements: 3,
            log_lines: 0,
            log_bytes: 0,
        })
    }

    fn exceeded(result: Result<(), Stop>) -> Option<Limit> {
        match result {
            Ok(()) => None,
            Err(Stop::Limit(exceeded)) => Some(exceeded.limit),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_passes_is_the_migrations_and_what_is_computed_the_guests() {
        let seconds = Duration::from_secs;
        let unlimited = budget(5, None);
        assert_eq!(exceeded(unlimited.check_at(seconds(1_000), seconds(5))), None);
        assert_eq!(exceeded(unlimited.check_at(seconds(1_000), seconds(6))), Some(Limit::GuestTime));
        let limited = budget(5, Some(7));
        assert_eq!(exceeded(limited.check_at(seconds(7), seconds(5))), None);
        assert_eq!(exceeded(limited.check_at(seconds(8), seconds(0))), Some(Limit::MigrationTime));
    }

    #[test]
    fn statements_are_counted_before_they_run() {
        let mut budget = budget(1, None);
        assert_eq!(exceeded(budget.count(2)), None);
        assert_eq!(exceeded(budget.count(1)), None);
        assert_eq!(exceeded(budget.count(1)), Some(Limit::Statements));
        assert_eq!(exceeded(budget.count(u64::MAX)), Some(Limit::Statements));
    }
}
