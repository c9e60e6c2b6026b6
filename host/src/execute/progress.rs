//! Watching a step that takes long, through a second connection: how far it is, and that no statement waits for a lock for longer
//! than the server was told to let it.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::db::Canceller;
use crate::db::StatementProgress;
use crate::host_functions::LockWait;

/// A statement that is done sooner is not worth a word, nor a second connection.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// How often a long statement is looked at, so that a new one is noticed.
const INTERVAL: Duration = Duration::from_secs(1);

/// The longest time between two reports of the same statement, in seconds.
const REPORT_SECONDS_MAX: u64 = 60;

/// How much longer than its limit a wait for a lock may seem: the server ends it in time, unless it was told otherwise.
const LOCK_MARGIN: Duration = Duration::from_secs(2);

/// The limit on waiting for a lock, where the migration has no right to change it.
pub(super) struct LockLimit {
    /// How long one statement may wait.
    pub(super) limit: Duration,
    /// Whom to tell.
    pub(super) lock_wait: LockWait,
}

/// A wait for a lock that was seen.
struct Wait {
    /// When the statement began.
    began: String,
    since: tokio::time::Instant,
}

/// Reports on the long statements of one step. They end when this is dropped.
pub(super) struct ProgressReports {
    reports: mpsc::Receiver<StatementProgress>,
    task: JoinHandle<()>,
}

impl ProgressReports {
    /// Begins. Where no second connection can be had, it stays silent.
    pub(super) fn begin(canceller: &Canceller, lock_limit: Option<LockLimit>) -> Self {
        let canceller = canceller.clone();
        let (sender, reports) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            tokio::time::sleep(FIRST_LOOK).await;
            let Ok(mut watcher) = canceller.watcher().await else { return };
            let mut next = FIRST_LOOK.as_secs();
            let mut wait = None;
            while let Ok(progress) = watcher.look().await {
                if let Some(lock_limit) = &lock_limit
                    && waits_too_long(&mut wait, progress.as_ref(), lock_limit.limit)
                {
                    lock_limit.lock_wait.exceeded(u64::try_from(lock_limit.limit.as_millis()).unwrap_or(u64::MAX));
                    // Without a second connection the statement waits on, until the limit on the migration.
                    let _ = canceller.cancel().await;
                }
                match progress {
                    Some(progress) if progress.seconds >= next => {
                        next = next_report(progress.seconds);
                        if sender.send(progress).await.is_err() {
                            break;
                        }
                    }
                    // A new statement has begun.
                    Some(progress) if progress.seconds < FIRST_LOOK.as_secs() => next = FIRST_LOOK.as_secs(),
                    _ => {}
                }
                tokio::time::sleep(INTERVAL).await;
            }
            watcher.close().await;
        });
        Self { reports, task }
    }

    /// The next report; never, when there are no more.
    pub(super) async fn next(&mut self) -> StatementProgress {
        match self.reports.recv().await {
            Some(progress) => progress,
            None => std::future::pending().await,
        }
    }
}

impl Drop for ProgressReports {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether the statement waits for a lock, and has done so for longer than it may.
fn waits_too_long(wait: &mut Option<Wait>, progress: Option<&StatementProgress>, limit: Duration) -> bool {
    let Some(progress) = progress.filter(|progress| progress.waits_for_lock) else {
        *wait = None;
        return false;
    };
    match wait {
        Some(wait) if wait.began == progress.began => wait.since.elapsed() > limit + LOCK_MARGIN,
        _ => {
            *wait = Some(Wait { began: progress.began.clone(), since: tokio::time::Instant::now() });
            false
        }
    }
}

/// Reports come at double the time, and then every minute.
fn next_report(seconds: u64) -> u64 {
    seconds.saturating_add(seconds.clamp(FIRST_LOOK.as_secs(), REPORT_SECONDS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_become_rarer() {
        let times: Vec<u64> = std::iter::successors(Some(5), |seconds| Some(next_report(*seconds))).take(6).collect();
        assert_eq!(times, [5, 10, 20, 40, 80, 140]);
    }
}
