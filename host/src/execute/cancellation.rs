//! Cancels what the server is doing when a run has to end: the operator wants it, or its time is up.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::db::Canceller;
use crate::host_functions::Interrupt;

/// How often a statement is cancelled until it ends: the first request may come just before the statement begins.
const INTERVAL: Duration = Duration::from_millis(300);

/// How long to wait, at the end, for a request that is still on its way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches over one run.
pub(super) struct Cancellation<'a> {
    interrupt: &'a Interrupt,
    canceller: &'a Canceller,
    deadline: Option<Instant>,
    /// When to cancel again.
    next: Option<Instant>,
    request: Option<JoinHandle<()>>,
}

impl<'a> Cancellation<'a> {
    /// Begins to watch. The run may take as long as `limit`.
    pub(super) fn new(interrupt: &'a Interrupt, canceller: &'a Canceller, limit: Option<Duration>) -> Self {
        // A moment longer, so that the guest's own account is past the limit, too, when it learns of the cancellation.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit + Duration::from_millis(1)));
        Self { interrupt, canceller, deadline, next: None, request: None }
    }

    /// Waits until it is time to cancel, and asks for it. May be dropped at any time, and called again.
    pub(super) async fn cancel_in_time(&mut self) {
        match self.next {
            Some(next) => tokio::time::sleep_until(next).await,
            None => tokio::select! {
                () = self.interrupt.requested() => {}
                () = reached(self.deadline) => {}
            },
        }
        self.next = Some(Instant::now() + INTERVAL);
        if self.request.as_ref().is_none_or(JoinHandle::is_finished) {
            let canceller = self.canceller.clone();
            // Without a second connection the statement runs on, and the guest ends at its next call.
            self.request = Some(tokio::spawn(async move {
                let _ = canceller.cancel().await;
            }));
        }
    }

    /// Watches over a piece of work until it ends.
    pub(super) async fn until<T>(mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                () = self.cancel_in_time() => {}
            }
        };
        self.end().await;
        done
    }

    /// Stops watching. A request that is still on its way must not reach what the host does next on this connection.
    pub(super) async fn end(self) {
        if let Some(mut request) = self.request
            && tokio::time::timeout(PATIENCE, &mut request).await.is_err()
        {
            request.abort();
        }
    }
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
