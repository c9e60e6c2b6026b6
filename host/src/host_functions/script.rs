//! Reading a long script without losing sight of the limits.

use std::sync::Arc;
use std::time::Duration;

use super::ComputeTime;
use super::GuestState;
use super::compute_time::thread_time;
use crate::bindings::CallError;
use crate::sql::Refusal;
use crate::sql::SplitError;

/// A script that is read at once, in bytes: that takes milliseconds. A longer one is read on another thread first, because
/// nothing else could happen on this one: no interrupt would be heard, no limit kept.
const SHORT_BYTES_MAX: usize = 64 << 10;

/// How much of a long script is read before the time for it is counted, in bytes.
const COUNTED_BYTES: usize = 256 << 10;

/// How often the limits are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);

impl GuestState {
    /// Refuses a script that cannot be cut into statements, before the first of them is sent. The statements are not kept: a
    /// script may be a hundred megabytes of statements of two bytes, whose places would take far more than the script.
    pub(super) async fn readable(&mut self, script: &Arc<str>) -> Result<(), CallError> {
        let read = if script.len() <= SHORT_BYTES_MAX {
            crate::sql::statements(script).try_for_each(|statement| statement.map(drop))
        } else {
            let (script, compute_time) = (Arc::clone(script), self.budget.compute_time().clone());
            let mut work = tokio::task::spawn_blocking(move || read(&script, &compute_time));
            loop {
                match tokio::time::timeout(LOOK, &mut work).await {
                    Ok(Ok(read)) => break read,
                    Ok(Err(error)) => return Err(CallError::Stop(wasmtime::Error::new(error))),
                    // When the time is up, the thread is left to itself: it comes to an end.
                    Err(_) => self.check().map_err(CallError::stop)?,
                }
            }
        };
        read.map_err(|source| self.deny(Refusal::Unreadable { source }))
    }
}

/// Reads a script on a thread of its own, and counts as the guest's time what that takes.
fn read(script: &str, compute_time: &ComputeTime) -> Result<(), SplitError> {
    let mut counted = thread_time();
    let mut count = || {
        let now = thread_time();
        compute_time.add(now - counted);
        counted = now;
    };
    let mut next = COUNTED_BYTES;
    let result = crate::sql::statements(script).try_for_each(|statement| {
        let end = statement?.bytes.end;
        if end >= next {
            count();
            next = end + COUNTED_BYTES;
        }
        Ok(())
    });
    count();
    result
}
