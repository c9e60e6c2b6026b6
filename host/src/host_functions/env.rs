//! The interface `env`: the log, progress, the facts of the run.

use super::GuestEvent;
use super::GuestState;
use super::Panic;
use crate::bindings::env::Host;
use crate::bindings::env::Level;
use crate::bindings::env::RunInfo;

impl Host for GuestState {
    async fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.emit(GuestEvent::Log { level, message })
    }

    async fn progress(&mut self, label: String, done: u64, total: Option<u64>) -> wasmtime::Result<()> {
        self.emit(GuestEvent::Progress { label, done, total })
    }

    async fn report_panic(&mut self, message: String, backtrace: Option<String>) -> wasmtime::Result<()> {
        self.trace.panicked(Panic { message, backtrace });
        Ok(())
    }

    async fn run(&mut self) -> wasmtime::Result<RunInfo> {
        Ok(self.run.clone())
    }
}

/// What a guest reads that is no part of a run: one that looks at a source, for example.
pub fn no_run() -> RunInfo {
    RunInfo {
        revision: String::new(),
        server_version: 0,
        search_path: Vec::new(),
        dry_run: true,
        now_micros: 0,
        seed: 0,
        args: Vec::new(),
    }
}
