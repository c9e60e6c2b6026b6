//! What holds the workers of a process back, and how far they are: asked by one of them at a time, now and then.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use super::work_error::WorkError;
use crate::db::Backfill;
use crate::db::Session;
use crate::db::backfill::BackfillSettings;
use crate::db::backfill::BackfillStatus;

/// How long an answer of the server about its load holds.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// How long the others wait for an answer before one of them asks as well: the connection of who asks may hang.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// How often what holds workers back is written down anew.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// The least time between two looks at the journal, and how many times as long as a look it is: it reads the rows of all ranges.
const LOOK_EVERY: (Duration, u32) = (Duration::from_secs(1), 20);

/// What the workers of a process know together. None of them waits for a connection of another one.
#[derive(Debug, Default)]
pub struct Gate {
    load: Mutex<Load>,
    next_look: Mutex<Option<Instant>>,
    standing: Mutex<Option<BackfillStatus>>,
}

/// What the server said about its load.
#[derive(Debug, Default)]
struct Load {
    /// When that was; none before the first answer.
    answered: Option<Instant>,
    /// Since when somebody asks.
    asking: Option<Instant>,
    is_too_high: bool,
    /// When what holds the workers back was written down.
    noted: Option<Instant>,
}

impl Gate {
    /// Whether a limit of the operator holds the workers back.
    pub(super) async fn is_shut(
        &self,
        session: &mut Session,
        backfill: &Backfill,
        limits: &BackfillSettings,
    ) -> Result<bool, WorkError> {
        let noted = {
            let mut load = lock(&self.load);
            let is_fresh = load.answered.is_some_and(|answered| answered.elapsed() < ASK_EVERY);
            let is_asked = load.asking.is_some_and(|asking| asking.elapsed() < ANSWER_PATIENCE);
            if is_fresh || is_asked {
                // Before the first answer nobody begins.
                return Ok(load.is_too_high || load.answered.is_none());
            }
            load.asking = Some(Instant::now());
            load.noted
        };
        let held_back_by = session.held_back_by(limits).await;
        {
            let mut load = lock(&self.load);
            load.asking = None;
            if let Ok(held_back_by) = &held_back_by {
                load.answered = Some(Instant::now());
                load.is_too_high = held_back_by.is_some();
                load.noted = load.noted.filter(|_| load.is_too_high);
            }
        }
        let Some(why) = held_back_by? else { return Ok(false) };
        if noted.is_none_or(|noted| noted.elapsed() >= NOTE_EVERY) {
            session.note_held_back(backfill, &why).await?;
            lock(&self.load).noted = Some(Instant::now());
        }
        Ok(true)
    }

    /// Looks how far the transform is, unless somebody did so a moment ago.
    pub(super) async fn look(
        &self,
        session: &mut Session,
        backfill: &Backfill,
        label: &str,
        now: bool,
    ) -> Result<(), WorkError> {
        let (least, times) = LOOK_EVERY;
        let begun = Instant::now();
        {
            let mut next = lock(&self.next_look);
            if !now && next.is_some_and(|next| begun < next) {
                return Ok(());
            }
            *next = Some(begun + least);
        }
        let standing = session.backfill_status(backfill, label).await?;
        *lock(&self.next_look) = Some(Instant::now() + least.max(begun.elapsed() * times));
        // What is forgotten was done before.
        if standing.is_some() {
            *lock(&self.standing) = standing;
        }
        Ok(())
    }

    /// How far the transform is, as far as anybody has looked.
    pub fn standing(&self) -> Option<BackfillStatus> {
        lock(&self.standing).clone()
    }
}

/// Nothing that panics is done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
