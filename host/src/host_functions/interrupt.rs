//! A request to stop, from outside of the guest.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;

/// A request to stop, which a signal handler or another task can make at any time: now, or once the running step is done.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    inner: Arc<InterruptInner>,
}

#[derive(Debug, Default)]
struct InterruptInner {
    after_step: AtomicBool,
    requested: AtomicBool,
    notify: Notify,
}

impl Interrupt {
    /// Requests that no further step begins. The one that runs may finish.
    pub fn request_after_step(&self) {
        self.inner.after_step.store(true, Ordering::SeqCst);
        self.inner.notify.notify_waiters();
    }

    /// Whether no further step may begin.
    pub fn is_ending(&self) -> bool {
        self.inner.after_step.load(Ordering::SeqCst) || self.is_requested()
    }

    /// Waits until no further step may begin.
    pub async fn ending(&self) {
        self.wait_for(Self::is_ending).await;
    }

    /// Requests the stop: what runs is cancelled and rolled back.
    pub fn request(&self) {
        self.inner.requested.store(true, Ordering::SeqCst);
        self.inner.notify.notify_waiters();
    }

    /// Takes back what was requested: the run that it was meant for has ended.
    pub(crate) fn reset(&self) {
        self.inner.after_step.store(false, Ordering::SeqCst);
        self.inner.requested.store(false, Ordering::SeqCst);
    }

    /// Whether the stop was requested.
    pub fn is_requested(&self) -> bool {
        self.inner.requested.load(Ordering::SeqCst)
    }

    /// Waits until the stop is requested.
    pub async fn requested(&self) {
        self.wait_for(Self::is_requested).await;
    }

    async fn wait_for(&self, happened: fn(&Self) -> bool) {
        loop {
            // Registered before the flag is read, so that a request in between is not missed.
            let notified = self.inner.notify.notified();
            if happened(self) {
                return;
            }
            notified.await;
        }
    }
}
