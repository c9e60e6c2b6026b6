//! Cutting a long script without losing sight of the limits.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::CallError;
use super::GuestState;
use crate::sql::Refusal;

/// A script that is cut at once, in bytes: that takes milliseconds. A longer one goes to another thread, because nothing
/// else could happen on this one: no interrupt would be heard, no limit kept.
const SHORT_BYTES_MAX: usize = 64 << 10;

/// How often the limits are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);

impl GuestState {
    /// The statements of a script, as places in it.
    pub(super) async fn split(&mut self, script: &Arc<str>) -> Result<Vec<Range<usize>>, CallError> {
        let cut = |script: &str| {
            crate::sql::split(script)
                .map(|statements| statements.into_iter().map(|statement| statement.bytes).collect())
        };
        let split = if script.len() <= SHORT_BYTES_MAX {
            cut(script)
        } else {
            let script = Arc::clone(script);
            let mut work = tokio::task::spawn_blocking(move || cut(&script));
            loop {
                match tokio::time::timeout(LOOK, &mut work).await {
                    Ok(Ok(split)) => break split,
                    Ok(Err(error)) => return Err(CallError::Stop(wasmtime::Error::new(error))),
                    // When the time is up, the thread is left to itself: it comes to an end.
                    Err(_) => self.check().map_err(CallError::stop)?,
                }
            }
        };
        split.map_err(|source| self.deny(Refusal::Unreadable { source }))
    }
}
