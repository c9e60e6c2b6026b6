//! Standard output and error of a guest, line by line into the log.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::IsTerminal;
use wasmtime_wasi::cli::StdoutStream;
use wasmtime_wasi::p2::OutputStream;
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi::p2::StreamError;
use wasmtime_wasi::p2::StreamResult;

use crate::bindings::env::Level;
use crate::host_functions::Events;
use crate::host_functions::GuestEvent;
use crate::host_functions::Stop;

/// The longest line that is kept together, in bytes.
const LINE_BYTES_MAX: usize = 8 << 10;

/// A stream that writes lines into the log.
#[derive(Clone)]
pub(super) struct LogStream {
    events: Events,
    level: Level,
    /// What came after the last end of a line; shared, because a guest may open the stream more than once.
    rest: Arc<Mutex<Vec<u8>>>,
}

impl LogStream {
    pub(super) fn new(events: Events, level: Level) -> Self {
        Self { events, level, rest: Arc::default() }
    }

    fn push(&self, bytes: &[u8]) -> Result<(), Stop> {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            if *byte != b'\n' {
                rest.push(*byte);
            }
            if *byte == b'\n' || rest.len() >= LINE_BYTES_MAX {
                self.emit(&mut rest)?;
            }
        }
        Ok(())
    }

    fn emit(&self, rest: &mut Vec<u8>) -> Result<(), Stop> {
        let message = String::from_utf8_lossy(rest).into_owned();
        rest.clear();
        self.events.emit(GuestEvent::Log { level: self.level, message })
    }
}

impl Drop for LogStream {
    fn drop(&mut self) {
        // The last line may have no end.
        if Arc::strong_count(&self.rest) == 1 {
            let rest = Arc::clone(&self.rest);
            let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
            if !rest.is_empty() {
                // The guest has ended: a limit has nothing to stop any more.
                let _ = self.emit(&mut rest);
            }
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this one, which is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.push(&bytes).map_err(|stop| StreamError::Trap(wasmtime::Error::new(stop)))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LINE_BYTES_MAX)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}
