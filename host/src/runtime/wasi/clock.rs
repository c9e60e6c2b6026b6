//! Clocks that tell nothing about the world outside.

use std::time::Duration;

use wasmtime::component::Resource;
use wasmtime_wasi::HostWallClock;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;

use crate::host_functions::GuestState;

/// How far the monotonic clock moves each time it is read, in nanoseconds: a loop that waits for it ends.
const STEP_NANOSECONDS: u64 = 1_000_000;

/// A wall clock that stands.
pub(super) struct Stopped(pub(super) Duration);

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

/// The monotonic clock counts how often it was read. Sleeping takes no time: a guest that waits holds locks in the database.
impl monotonic_clock::Host for GuestState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.monotonic_nanoseconds = self.monotonic_nanoseconds.wrapping_add(STEP_NANOSECONDS);
        Ok(self.monotonic_nanoseconds)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(STEP_NANOSECONDS)
    }

    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.ready_now()
    }

    fn subscribe_duration(&mut self, _duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.ready_now()
    }
}

impl GuestState {
    fn ready_now(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let ready = self.table.push(Ready)?;
        wasmtime_wasi::p2::subscribe(&mut self.table, ready)
    }
}

/// Something that nobody has to wait for.
struct Ready;

#[wasmtime_wasi::async_trait]
impl Pollable for Ready {
    async fn ready(&mut self) {}
}
