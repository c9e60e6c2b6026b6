//! What holds the workers of a process back, and how far they are: asked by one of them at a time, now and then.

use std::sync::Mutex as StdMutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Mutex;

use super::work_error::WorkError;
use crate::db::Backfill;
use crate::db::Session;
use crate::db::backfill::BackfillSettings;
use crate::db::backfill::BackfillStatus;

/// How long an answer of the server about its load holds.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// How often what holds workers back is written down anew.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// The least time between two looks at the journal, and how many times as long as a look it is: it reads the rows of all ranges.
const LOOK_EVERY: (Duration, u32) = (Duration::from_secs(1), 20);

/// What the workers of a process know together.
#[derive(Debug, Default)]
pub struct Gate {
    asked: Mutex<Option<Asked>>,
    next_look: Mutex<Option<Instant>>,
    standing: StdMutex<Option<BackfillStatus>>,
}

/// An answer about the load of the server.
#[derive(Debug)]
struct Asked {
    at: Instant,
    held_back_by: Option<String>,
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
        let mut asked = self.asked.lock().await;
        if let Some(known) = asked.as_ref().filter(|known| known.at.elapsed() < ASK_EVERY) {
            return Ok(known.held_back_by.is_some());
        }
        let held_back_by = session.held_back_by(limits).await?;
        let mut noted = asked.as_ref().and_then(|before| before.noted);
        match &held_back_by {
            None => noted = None,
            Some(why) if noted.is_none_or(|noted| noted.elapsed() >= NOTE_EVERY) => {
                session.note_held_back(backfill, why).await?;
                noted = Some(Instant::now());
            }
            Some(_) => {}
        }
        let is_shut = held_back_by.is_some();
        *asked = Some(Asked { at: Instant::now(), held_back_by, noted });
        Ok(is_shut)
    }

    /// Looks how far the transform is, unless somebody did so a moment ago.
    pub(super) async fn look(
        &self,
        session: &mut Session,
        backfill: &Backfill,
        label: &str,
        now: bool,
    ) -> Result<(), WorkError> {
        let mut next = self.next_look.lock().await;
        if !now && next.is_some_and(|next| Instant::now() < next) {
            return Ok(());
        }
        let begun = Instant::now();
        let standing = session.backfill_status(backfill, label).await?;
        let (least, times) = LOOK_EVERY;
        *next = Some(Instant::now() + least.max(begun.elapsed() * times));
        // What is forgotten was done before.
        if standing.is_some() {
            *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
        }
        Ok(())
    }

    /// How far the transform is, as far as anybody has looked.
    pub fn standing(&self) -> Option<BackfillStatus> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
