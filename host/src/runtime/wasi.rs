//! An inert, deterministic WASI 0.2, for guests of stock toolchains, whose libraries import it even when they never use it.
//!
//! There are no files, no arguments and no environment. Sockets can be asked for and are never made. Standard output and error go nowhere but into the
//! host's log. The clock stands at the beginning of the run and moves only by being read; randomness follows from the revision.

use std::time::Duration;

use wasmtime::component::HasSelf;
use wasmtime::component::Linker;
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::WasiCtxView;
use wasmtime_wasi::WasiView;

use crate::bindings::env::Level;
use crate::host_functions::Events;
use crate::host_functions::GuestState;

mod clock;
mod output;
mod random;
mod sockets;

/// The interfaces of WASI 0.2 that a guest may import, with their functions (WebAssembly/WASI, `wit` of each proposal at
/// version 0.2). None of them reaches outside the sandbox.
const PROVIDED: &[(&str, &[&str])] = &[
    ("wasi:cli/environment", &["get-environment", "get-arguments", "initial-cwd"]),
    ("wasi:cli/exit", &["exit", "exit-with-code"]),
    ("wasi:cli/stderr", &["get-stderr"]),
    ("wasi:cli/stdin", &["get-stdin"]),
    ("wasi:cli/stdout", &["get-stdout"]),
    ("wasi:cli/terminal-input", &[]),
    ("wasi:cli/terminal-output", &[]),
    ("wasi:cli/terminal-stderr", &["get-terminal-stderr"]),
    ("wasi:cli/terminal-stdin", &["get-terminal-stdin"]),
    ("wasi:cli/terminal-stdout", &["get-terminal-stdout"]),
    ("wasi:clocks/monotonic-clock", &["now", "resolution", "subscribe-instant", "subscribe-duration"]),
    ("wasi:clocks/wall-clock", &["now", "resolution"]),
    ("wasi:filesystem/preopens", &["get-directories"]),
    (
        "wasi:filesystem/types",
        &[
            "filesystem-error-code",
            "[method]descriptor.read-via-stream",
            "[method]descriptor.write-via-stream",
            "[method]descriptor.append-via-stream",
            "[method]descriptor.advise",
            "[method]descriptor.sync-data",
            "[method]descriptor.get-flags",
            "[method]descriptor.get-type",
            "[method]descriptor.set-size",
            "[method]descriptor.set-times",
            "[method]descriptor.read",
            "[method]descriptor.write",
            "[method]descriptor.read-directory",
            "[method]descriptor.sync",
            "[method]descriptor.create-directory-at",
            "[method]descriptor.stat",
            "[method]descriptor.stat-at",
            "[method]descriptor.set-times-at",
            "[method]descriptor.link-at",
            "[method]descriptor.open-at",
            "[method]descriptor.readlink-at",
            "[method]descriptor.remove-directory-at",
            "[method]descriptor.rename-at",
            "[method]descriptor.symlink-at",
            "[method]descriptor.unlink-file-at",
            "[method]descriptor.is-same-object",
            "[method]descriptor.metadata-hash",
            "[method]descriptor.metadata-hash-at",
            "[method]directory-entry-stream.read-directory-entry",
        ],
    ),
    ("wasi:io/error", &["[method]error.to-debug-string"]),
    ("wasi:io/poll", &["poll", "[method]pollable.ready", "[method]pollable.block"]),
    (
        "wasi:io/streams",
        &[
            "[method]input-stream.read",
            "[method]input-stream.blocking-read",
            "[method]input-stream.skip",
            "[method]input-stream.blocking-skip",
            "[method]input-stream.subscribe",
            "[method]output-stream.check-write",
            "[method]output-stream.write",
            "[method]output-stream.blocking-write-and-flush",
            "[method]output-stream.flush",
            "[method]output-stream.blocking-flush",
            "[method]output-stream.subscribe",
            "[method]output-stream.write-zeroes",
            "[method]output-stream.blocking-write-zeroes-and-flush",
            "[method]output-stream.splice",
            "[method]output-stream.blocking-splice",
        ],
    ),
    ("wasi:random/insecure", &["get-insecure-random-bytes", "get-insecure-random-u64"]),
    ("wasi:random/insecure-seed", &["insecure-seed"]),
    ("wasi:random/random", &["get-random-bytes", "get-random-u64"]),
    ("wasi:sockets/instance-network", &["instance-network"]),
    (
        "wasi:sockets/ip-name-lookup",
        &[
            "resolve-addresses",
            "[method]resolve-address-stream.resolve-next-address",
            "[method]resolve-address-stream.subscribe",
        ],
    ),
    ("wasi:sockets/network", &[]),
    (
        "wasi:sockets/tcp",
        &[
            "[method]tcp-socket.start-bind",
            "[method]tcp-socket.finish-bind",
            "[method]tcp-socket.start-connect",
            "[method]tcp-socket.finish-connect",
            "[method]tcp-socket.start-listen",
            "[method]tcp-socket.finish-listen",
            "[method]tcp-socket.accept",
            "[method]tcp-socket.local-address",
            "[method]tcp-socket.remote-address",
            "[method]tcp-socket.is-listening",
            "[method]tcp-socket.address-family",
            "[method]tcp-socket.set-listen-backlog-size",
            "[method]tcp-socket.keep-alive-enabled",
            "[method]tcp-socket.set-keep-alive-enabled",
            "[method]tcp-socket.keep-alive-idle-time",
            "[method]tcp-socket.set-keep-alive-idle-time",
            "[method]tcp-socket.keep-alive-interval",
            "[method]tcp-socket.set-keep-alive-interval",
            "[method]tcp-socket.keep-alive-count",
            "[method]tcp-socket.set-keep-alive-count",
            "[method]tcp-socket.hop-limit",
            "[method]tcp-socket.set-hop-limit",
            "[method]tcp-socket.receive-buffer-size",
            "[method]tcp-socket.set-receive-buffer-size",
            "[method]tcp-socket.send-buffer-size",
            "[method]tcp-socket.set-send-buffer-size",
            "[method]tcp-socket.subscribe",
            "[method]tcp-socket.shutdown",
        ],
    ),
    ("wasi:sockets/tcp-create-socket", &["create-tcp-socket"]),
    (
        "wasi:sockets/udp",
        &[
            "[method]udp-socket.start-bind",
            "[method]udp-socket.finish-bind",
            "[method]udp-socket.stream",
            "[method]udp-socket.local-address",
            "[method]udp-socket.remote-address",
            "[method]udp-socket.address-family",
            "[method]udp-socket.unicast-hop-limit",
            "[method]udp-socket.set-unicast-hop-limit",
            "[method]udp-socket.receive-buffer-size",
            "[method]udp-socket.set-receive-buffer-size",
            "[method]udp-socket.send-buffer-size",
            "[method]udp-socket.set-send-buffer-size",
            "[method]udp-socket.subscribe",
            "[method]incoming-datagram-stream.receive",
            "[method]incoming-datagram-stream.subscribe",
            "[method]outgoing-datagram-stream.check-send",
            "[method]outgoing-datagram-stream.send",
            "[method]outgoing-datagram-stream.subscribe",
        ],
    ),
    ("wasi:sockets/udp-create-socket", &["create-udp-socket"]),
];

/// How many random bytes a guest may ask for at once. Making them is the host's work, which no limit interrupts.
const RANDOM_BYTES_MAX: u64 = 1 << 20;

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Whether an import is one of the inert interfaces, in any version of WASI 0.2.
pub fn provides(import: &str) -> bool {
    functions(import).is_some()
}

/// The functions of an import, if it is one of the inert interfaces.
pub(super) fn functions(import: &str) -> Option<&'static [&'static str]> {
    let (interface, _) = import.split_once('@').filter(|(_, version)| version.starts_with("0.2."))?;
    PROVIDED.iter().find(|(provided, _)| *provided == interface).map(|(_, functions)| *functions)
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
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    builder.build()
}

/// Adds the inert interfaces to a linker. HTTP is not among them.
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
    sockets::add_to_linker(linker)
}

#[cfg(test)]
mod tests;
