//! A process of its own for work on bytes that may be hostile: with a limit on its memory, a limit on its time, and killed
//! when either is reached or nobody waits for it any more.
//!
//! Validating, compiling and encoding WebAssembly take as much time and memory as the input makes them take, and a thread
//! cannot be stopped. So the program starts itself with [`ARGUMENT`] in front: the parent ([`Worker`]) sends one task
//! through a pipe, the child ([`serve()`]) answers once through another one.

mod message;
mod run;
mod serve;

pub use run::Worker;
pub use serve::serve;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::units;

/// The first argument of a program that is started as a worker. Such a program does nothing but call [`serve()`].
pub const ARGUMENT: &str = "internal-worker";

/// One piece of work.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// What to do with the input, a word that both sides know.
    pub job: &'a str,
    /// The settings of the job, in a form that both sides know.
    pub settings: &'a str,
    /// What to work on.
    pub input: &'a [u8],
    /// What it may use.
    pub limits: Limits,
    /// On how many threads the child may compute, at least 1.
    pub threads: usize,
}

/// What a worker may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time.
    pub time: Duration,
    /// Private memory, in bytes.
    pub memory: u64,
}

impl Default for Limits {
    /// Ten minutes and 2 GiB, as where `host.toml` says nothing.
    fn default() -> Self {
        Self { time: Duration::from_secs(600), memory: 2 << 30 }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The job was done, and its answer is no. The text is the job's own.
    #[error("{0}")]
    Refused(String),
    /// It took longer than it may.
    #[error("it took more than {}", units::time(*limit))]
    Time {
        /// The limit.
        limit: Duration,
    },
    /// It needed more memory than it may.
    #[error("it needed more than {} of memory", units::size(*limit))]
    Memory {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The process cannot be started.
    #[error("cannot start the process for it ('{program}'): {reason}")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// The process ended without an answer.
    #[error("its process ended without an answer: {how}")]
    Ended {
        /// How it ended, with the last that it said.
        how: String,
    },
    /// Nobody waits for the answer any more.
    #[error("it was cancelled")]
    Cancelled,
}

/// Ends work that nobody waits for any more, from any thread.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

/// Cancels when it is dropped.
#[derive(Debug)]
pub struct CancelOnDrop(Cancel);

impl Cancel {
    /// Asks for the end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the end was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// A value that asks for the end when it is dropped, as futures are that nobody polls any more.
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests;
