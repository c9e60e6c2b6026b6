//! What belongs to one run of one guest.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Notify;
use tokio::sync::mpsc;
use wasmtime::component::ResourceTable;

use super::CallError;
use super::Journal;
use crate::contract::env::Level;
use crate::contract::env::RunInfo;
use crate::db::DatabaseError;
use crate::db::GuestSession;
use crate::grant::Grant;

/// Why the host ends a guest. Never shown to the guest, so that no handler in it can swallow it.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The guest computed for too long.
    #[error("it computed for more than {seconds} s (time in the database does not count)")]
    GuestTime {
        /// The limit.
        seconds: u64,
    },
    /// The guest asked for too much memory.
    #[error("it asked for more than {mebibytes} MiB of memory")]
    Memory {
        /// The limit.
        mebibytes: u64,
    },
    /// The operator interrupted the run.
    #[error("interrupted")]
    Interrupted,
    /// The connection is gone, or bookkeeping is impossible.
    #[error(transparent)]
    Database(DatabaseError),
}

/// Something that a guest says while it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum GuestEvent {
    /// A line for the log.
    Log {
        /// How important it is.
        level: Level,
        /// The line, as the guest wrote it: not fit for a terminal.
        message: String,
    },
    /// How far a long piece of work is.
    Progress {
        /// What is being done.
        label: String,
        /// How much is done.
        done: u64,
        /// How much there is, where that is known.
        total: Option<u64>,
    },
}

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

/// How long a guest has computed. Time spent in the database is not the guest's.
#[derive(Debug)]
pub struct Budget {
    started: Instant,
    in_database: Duration,
    limit: Duration,
}

impl Budget {
    /// Begins to measure.
    pub fn new(limit: Duration) -> Self {
        Self { started: Instant::now(), in_database: Duration::ZERO, limit }
    }

    /// Notes time spent in the database.
    pub fn spent_in_database(&mut self, time: Duration) {
        self.in_database += time;
    }

    /// Whether the guest has used up its time.
    ///
    /// # Errors
    /// [`Stop::GuestTime`].
    pub fn check(&self) -> Result<(), Stop> {
        let computed = self.started.elapsed().saturating_sub(self.in_database);
        if computed > self.limit { Err(Stop::GuestTime { seconds: self.limit.as_secs() }) } else { Ok(()) }
    }
}

/// The data of a guest's store: everything that the host does for it, it does through this.
pub struct GuestState {
    pub(crate) session: GuestSession,
    pub(crate) run: RunInfo,
    pub(crate) grant: Grant,
    pub(crate) journal: Journal,
    pub(crate) budget: Budget,
    pub(crate) interrupt: Interrupt,
    pub(crate) table: ResourceTable,
    pub(crate) wasi: wasmtime_wasi::WasiCtx,
    pub(crate) memory_bytes_max: usize,
    /// The guest's monotonic clock.
    pub(crate) monotonic_nanoseconds: u64,
    pub(super) events: mpsc::UnboundedSender<GuestEvent>,
}

impl GuestState {
    /// Puts together what a run needs.
    pub fn new(
        session: GuestSession,
        run: RunInfo,
        budget: Budget,
        interrupt: Interrupt,
        wasi: wasmtime_wasi::WasiCtx,
        memory_bytes_max: usize,
        events: mpsc::UnboundedSender<GuestEvent>,
    ) -> Self {
        Self {
            session,
            run,
            grant: Grant::default(),
            journal: Journal::default(),
            budget,
            interrupt,
            table: ResourceTable::new(),
            wasi,
            memory_bytes_max,
            monotonic_nanoseconds: 0,
            events,
        }
    }

    /// Lets the guest do what it asks for. Without this it may read.
    #[must_use]
    pub fn granting(self, grant: Grant) -> Self {
        Self { grant, ..self }
    }

    /// Gives back the session and what was written down.
    pub fn into_parts(self) -> (GuestSession, Journal) {
        (self.session, self.journal)
    }

    pub(super) fn emit(&self, event: GuestEvent) {
        // Without a receiver nobody wants to know.
        let _ = self.events.send(event);
    }

    /// Refuses to start anything new once the operator wants to stop.
    pub(super) fn check_interrupt(&self) -> Result<(), CallError> {
        if self.interrupt.is_requested() { Err(CallError::stop(Stop::Interrupted)) } else { Ok(()) }
    }
}

impl wasmtime::ResourceLimiter for GuestState {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.memory_bytes_max {
            let mebibytes = u64::try_from(self.memory_bytes_max >> 20).unwrap_or(u64::MAX);
            return Err(wasmtime::Error::new(Stop::Memory { mebibytes }));
        }
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        // A table entry is a pointer; a quarter of a million of them is far beyond any real component.
        Ok(desired <= 1 << 18)
    }
}
