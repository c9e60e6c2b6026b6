//! What happens during a run, for whoever watches.

use crate::db::StatementProgress;
use crate::host_functions::GuestEvent;
use crate::plan::Direction;
use crate::revision::RevisionId;

/// One thing that happened. The set is closed: a new kind is a new variant.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Another runner holds the lock; this one waits. Sent once, and again every few seconds.
    Waiting {
        /// Who holds it.
        holder: String,
        /// How long this runner has waited, in seconds.
        seconds: u64,
    },
    /// The plan is made and nothing refuses it; the first step follows.
    Planned {
        /// Which way it goes.
        direction: Direction,
        /// The number of steps.
        steps: usize,
    },
    /// A step begins.
    StepStarted {
        /// Which way it goes.
        direction: Direction,
        /// The revision that it upgrades to, or downgrades from.
        revision: RevisionId,
        /// The revisions before the step (Alembic's `a, b -> c`).
        from: Vec<RevisionId>,
        /// The revisions after the step.
        to: Vec<RevisionId>,
        /// The migration's message.
        message: String,
        /// The number of this step, from 1.
        number: usize,
        /// The number of steps of the plan.
        of: usize,
    },
    /// A step lost to a lock; it was rolled back and will be run again.
    Retrying {
        /// The revision.
        revision: RevisionId,
        /// What the server said, with its SQLSTATE.
        reason: String,
        /// The number of the coming repetition, from 1.
        repetition: u32,
        /// The number of repetitions that there may be.
        of: u32,
        /// How long it waits before, in milliseconds.
        milliseconds: u64,
    },
    /// A statement takes long. Sent a few seconds after it began, and again in growing distances.
    StatementProgress {
        /// The revision that runs.
        revision: RevisionId,
        /// What the server is doing.
        progress: StatementProgress,
    },
    /// A migration says something. Its text is not fit for a terminal as it is.
    Guest {
        /// The revision that runs.
        revision: RevisionId,
        /// What it says.
        event: GuestEvent,
    },
    /// A worker begins to work on a table that is rewritten batch by batch.
    Working {
        /// The revision that rewrites it.
        revision: RevisionId,
        /// What it does, for people.
        label: String,
        /// By how many connections.
        connections: u32,
    },
    /// A step is committed.
    StepDone {
        /// Which way it went.
        direction: Direction,
        /// The revision.
        revision: RevisionId,
        /// How long it took, in milliseconds.
        milliseconds: u64,
        /// The number of statements that it ran.
        statements: u64,
        /// The number of rows that they touched.
        rows: u64,
        /// The number of rows that transforms passed over and wrote down.
        skipped: u64,
    },
    /// The version table was set without running a migration.
    Stamped {
        /// The rows before.
        from: Vec<RevisionId>,
        /// The rows after.
        to: Vec<RevisionId>,
    },
    /// The changed file of an applied migration was accepted.
    Repaired {
        /// The revision.
        revision: RevisionId,
        /// Its file or folder.
        file: String,
    },
    /// Something that the operator should know and that stops nothing.
    Note {
        /// The note, a sentence.
        text: String,
    },
}

/// Learns what happens. A closure that takes an [`Event`] is an observer, too.
///
/// It is `Send` so that the future of a run is, and a run can be spawned on any runtime.
pub trait Observer: Send {
    /// Called for each event, in order, on the task that runs the plan: it should return soon.
    fn observe(&mut self, event: Event);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn observe(&mut self, _event: Event) {}
}

impl<F: FnMut(Event) + Send> Observer for F {
    fn observe(&mut self, event: Event) {
        self(event);
    }
}
