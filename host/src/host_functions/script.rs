//! Reading a long script without losing sight of the limits.

use std::sync::Arc;
use std::time::Duration;

use super::GuestState;
use crate::bindings::CallError;
use crate::sql::Refusal;

/// A script that is read at once, in bytes: that takes milliseconds. A longer one is read on another thread first, because
/// nothing else could happen on this one: no interrupt would be heard, no limit kept.
const SHORT_BYTES_MAX: usize = 64 << 10;

/// How often the limits are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);

impl GuestState {
    /// Refuses a script that cannot be cut into statements, before the first of them is sent. The statements are not kept: a
    /// script may be a hundred megabytes of statements of two bytes, whose places would take far more than the script.
    pub(super) async fn readable(&mut self, script: &Arc<str>) -> Result<(), CallError> {
        let read = |script: &str| crate::sql::statements(script).try_for_each(|statement| statement.map(drop));
        let read = if script.len() <= SHORT_BYTES_MAX {
            read(script)
        } else {
            let script = Arc::clone(script);
            let mut work = tokio::task::spawn_blocking(move || read(&script));
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
