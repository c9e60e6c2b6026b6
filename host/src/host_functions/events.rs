//! What a guest says while it runs, on its way to whoever watches.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;

use super::GuestLimits;
use super::Limit;
use super::Stop;
use crate::bindings::env::Level;
use crate::db::backfill::BackfillStatus;

/// What an event costs besides its text, in bytes: a flood of empty lines is a flood.
const EVENT_BYTES: u64 = 16;

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
    /// How far a table is that is rewritten batch by batch. The host says that.
    Backfill(Box<BackfillStatus>),
}

/// Where the events of one run go. Clones share one account: a guest writes through the contract and through WASI.
///
/// The queue has no bound of its own. The account is its bound: it counts everything that was ever put in.
#[derive(Debug, Clone)]
pub struct Events(Arc<Mutex<Way>>);

/// Where events go, and what was counted on the way.
#[derive(Debug, Clone)]
struct Way {
    sender: mpsc::UnboundedSender<GuestEvent>,
    account: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    lines: AtomicU64,
    bytes: AtomicU64,
    lines_max: u64,
    bytes_max: u64,
}

impl Events {
    /// Makes the way for one run, and its other end. An end that is dropped is no error: then nobody wants to know.
    pub fn new(limits: &GuestLimits) -> (Self, mpsc::UnboundedReceiver<GuestEvent>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let account = Account {
            lines: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            lines_max: limits.log_lines,
            bytes_max: limits.log_bytes,
        };
        (Self(Arc::new(Mutex::new(Way { sender, account: Arc::new(account) }))), receiver)
    }

    /// Sends what comes from now on, by any clone, the way of another run: the guest runs for that one now, and still has the
    /// streams that it opened before.
    pub(super) fn redirect(&self, to: &Self) {
        let way = to.way();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = way;
    }

    /// Whether there are clones of it.
    pub(super) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    fn way(&self) -> Way {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Passes an event on.
    ///
    /// # Errors
    /// [`Stop::Limit`] when the guest has said too much.
    pub fn emit(&self, event: GuestEvent) -> Result<(), Stop> {
        let text = match &event {
            GuestEvent::Log { message, .. } => message,
            GuestEvent::Progress { label, .. } => label,
            GuestEvent::Backfill(status) => &status.label,
        };
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(EVENT_BYTES);
        self.way().account.add(bytes)?;
        self.tell(event);
        Ok(())
    }

    /// Passes on what the host itself says, which no account counts: a backfill may take days.
    pub fn tell(&self, event: GuestEvent) {
        let _ = self.way().sender.send(event);
    }
}

impl Account {
    fn add(&self, bytes: u64) -> Result<(), Stop> {
        if self.lines.fetch_add(1, Ordering::Relaxed) >= self.lines_max {
            return Err(Stop::limit(Limit::LogLines, self.lines_max));
        }
        if self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > self.bytes_max {
            return Err(Stop::limit(Limit::LogSize, self.bytes_max));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(lines_max: u64, bytes_max: u64) -> Account {
        Account { lines: AtomicU64::new(0), bytes: AtomicU64::new(0), lines_max, bytes_max }
    }

    #[test]
    fn lines_and_bytes_are_counted() {
        let lines = account(2, 1 << 20);
        assert!(lines.add(1).is_ok() && lines.add(1).is_ok());
        assert_eq!(lines.add(1).expect_err("a third line").to_string(), "it wrote more than 2 lines into the log");
        let bytes = account(100, 2048);
        assert!(bytes.add(2048).is_ok());
        assert_eq!(bytes.add(1).expect_err("a byte more").to_string(), "it wrote more than 2 KiB into the log");
    }

    #[test]
    fn what_is_redirected_has_the_way_and_the_account_of_the_other() {
        let limits = GuestLimits { log_lines: 1, log_bytes: 1 << 10, ..limits() };
        let line = || GuestEvent::Log { level: Level::Info, message: "line".to_owned() };
        let ((old, mut before), (new, mut after)) = (Events::new(&limits), Events::new(&limits));
        let opened_before = old.clone();
        assert!(old.emit(line()).is_ok() && old.emit(line()).is_err());
        old.redirect(&new);
        assert!(opened_before.emit(line()).is_ok());
        assert!(new.emit(line()).is_err());
        assert!(before.try_recv().is_ok() && before.try_recv().is_err());
        assert!(after.try_recv().is_ok() && after.try_recv().is_err());
    }

    fn limits() -> GuestLimits {
        GuestLimits {
            guest_time: std::time::Duration::ZERO,
            migration_time: None,
            memory_bytes: 0,
            open_handles: 0,
            call_bytes: 0,
            statements: 0,
            log_lines: 0,
            log_bytes: 0,
        }
    }
}
