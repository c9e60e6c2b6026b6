//! The engine and its configuration.

use std::time::Duration;

use wasmparser::WasmFeatures;
use wasmtime::Config;
use wasmtime::Engine;
use wasmtime::WasmBacktraceDetails;

/// How often a running guest is looked at. Limits on time are this exact, and an interrupt takes this long.
pub const TICK: Duration = Duration::from_millis(10);

/// The stack of a guest, in bytes. Interpreters recurse deeply.
const STACK_BYTES: usize = 1 << 20;

/// The stack on which a guest and the host's functions that it calls run together, in bytes.
const FIBER_BYTES: usize = 4 << 20;

/// Makes an engine.
///
/// What no guest needs is off, because it could only be attacked: threads, 64-bit memories, relaxed SIMD (whose results
/// differ between machines) and the component model's concurrency (which makes every call slower). NaNs have one form, so
/// that two runs give equal results.
///
/// # Errors
/// When this machine has no compiler backend.
pub fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(true)
        .cranelift_nan_canonicalization(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable)
        .max_wasm_stack(STACK_BYTES)
        .async_stack_size(FIBER_BYTES);
    let engine = Engine::new(&config)?;
    tick(&engine)?;
    Ok(engine)
}

/// The features of WebAssembly that a guest may use: those of [`engine`].
pub fn features() -> WasmFeatures {
    WasmFeatures::default() - WasmFeatures::RELAXED_SIMD - WasmFeatures::MEMORY64 - WasmFeatures::THREADS
}

/// Lets time pass for the engine's guests, as long as the engine exists.
fn tick(engine: &Engine) -> wasmtime::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    })?;
    Ok(())
}
