//! An inert, deterministic WASI 0.2, for guests of stock toolchains, whose libraries import it even when they never use it.
//!
//! There are no files, no arguments, no environment and no sockets. Standard output and error go nowhere but into the
//! host's log. The clock stands at the beginning of the run and moves only by being read; randomness follows from the revision.

use std::time::Duration;

use wasmtime::component::HasSelf;
use wasmtime::component::Linker;
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::WasiCtxView;
use wasmtime_wasi::WasiView;

use crate::capability::Events;
use crate::capability::GuestState;
use crate::contract::env::Level;

mod clock;
mod output;
mod random;

/// What a guest gets of random bytes in one call: they are made while it waits, and nothing else happens meanwhile.
const RANDOM_BYTES_MAX: u64 = 1 << 20;

/// The interfaces of WASI 0.2 that a guest may import. None of them reaches outside the sandbox.
const PROVIDED: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Whether an import is one of the inert interfaces, in any version of WASI 0.2.
pub fn provides(import: &str) -> bool {
    import
        .split_once('@')
        .is_some_and(|(interface, version)| version.starts_with("0.2.") && PROVIDED.contains(&interface))
}

/// Makes the inert context of one run. `now_micros` counts from 1970-01-01 UTC.
pub fn context(now_micros: i64, seed: u64, events: &Events) -> WasiCtx {
    let now = Duration::from_micros(u64::try_from(now_micros).unwrap_or_default());
    let mut builder = WasiCtxBuilder::new();
    builder
        .wall_clock(clock::Stopped(now))
        .secure_random(random::Stream::new("secure", seed))
        .insecure_random(random::Stream::new("insecure", seed))
        .insecure_random_seed(u128::from(seed))
        .max_random_size(RANDOM_BYTES_MAX)
        .stdout(output::LogStream::new(events.clone(), Level::Info))
        .stderr(output::LogStream::new(events.clone(), Level::Warn))
        .allow_tcp(false)
        .allow_udp(false);
    builder.build()
}

/// Adds the inert interfaces to a linker. Sockets and HTTP are not among them.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    use wasmtime_wasi::cli::WasiCli;
    use wasmtime_wasi::cli::WasiCliView as _;
    use wasmtime_wasi::filesystem::WasiFilesystem;
    use wasmtime_wasi::filesystem::WasiFilesystemView as _;
    use wasmtime_wasi::p2::bindings::cli;
    use wasmtime_wasi::p2::bindings::clocks;
    use wasmtime_wasi::p2::bindings::filesystem;
    use wasmtime_wasi::p2::bindings::random;
    use wasmtime_wasi::random::WasiRandom;

    // Input and output, clocks and random numbers come together; the rest is added one by one.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    linker.allow_shadowing(true);
    clocks::monotonic_clock::add_to_linker::<_, HasSelf<GuestState>>(linker, |state| state)?;
    linker.allow_shadowing(false);
    cli::exit::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, |state| state.wasi.random())?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |state| state.wasi.random())?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, GuestState::filesystem)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, GuestState::filesystem)?;
    Ok(())
}
