//! The engine and its configuration.

use std::time::Duration;

use wasmparser::WasmFeatures;
use wasmtime::Config;
use wasmtime::Engine;
use wasmtime::WasmBacktraceDetails;

/// How often a running guest is looked at. Limits on time are this exact, and an interrupt takes this long.
pub const TICK: Duration = Duration::from_millis(10);

/// What the host's own functions need of the stack on which they run together with the guest that calls them, in bytes.
const HOST_STACK_BYTES: usize = 3 << 20;

/// What a guest may be made of: WebAssembly 2.0 without shared memory, as today's compilers write it, and multiple
/// memories, which components that were composed of others need inside.
///
/// Everything else is off, and everything that a later version of wasmtime brings is off until it stands here. Threads and
/// relaxed SIMD give other results on other machines. Garbage collection, function references, exceptions, stack switching
/// and tail calls are large, young parts of the compiler that no guest needs. 64-bit memories, custom page sizes and wide
/// arithmetic have no use. The asynchronous part of the component model makes every call slower.
pub const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Makes an engine whose guests have a stack of this size, in bytes. NaNs have one form, so that two runs give equal results.
///
/// # Errors
/// When this machine has no compiler backend.
pub fn engine(stack_bytes: usize) -> wasmtime::Result<Engine> {
    let engine = Engine::new(&configuration(stack_bytes))?;
    tick(&engine)?;
    Ok(engine)
}

/// Makes the same engine, to compile with it and not to run anything. With `parallel` it computes on the threads of a pool.
///
/// # Errors
/// As [`engine()`].
pub fn compiling(stack_bytes: usize, parallel: bool) -> wasmtime::Result<Engine> {
    Engine::new(configuration(stack_bytes).parallel_compilation(parallel))
}

fn configuration(stack_bytes: usize) -> Config {
    let mut config = Config::new();
    config
        .wasm_features(!FEATURES, false)
        .wasm_features(FEATURES, true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        // What a component says about its own source is a format of its own (DWARF), read at the worst moment, by code that
        // trusts it. The name of a function in a trap has to be enough; a panic says its place itself.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .max_wasm_stack(stack_bytes)
        .async_stack_size(stack_bytes.saturating_add(HOST_STACK_BYTES));
    config
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

#[cfg(test)]
mod tests {
    use super::*;

    const STACK_BYTES: usize = 1 << 20;

    #[test]
    fn what_is_switched_off_is_refused_by_validator_and_engine() {
        let engine = engine(STACK_BYTES).expect("an engine");
        for (feature, module) in [
            ("threads", "(module (memory 1 1 shared))"),
            ("threads", "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))"),
            ("64-bit memories", "(module (memory i64 1))"),
            (
                "relaxed SIMD",
                "(module (func (param v128) (result v128)
                    (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
            ),
            ("garbage collection", "(module (type (struct (field i32))))"),
            ("garbage collection", "(module (func (drop (ref.i31 (i32.const 0)))))"),
            ("function references", "(module (type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0))))"),
            ("exceptions", "(module (tag $t) (func (throw $t)))"),
            ("stack switching", "(module (type $f (func)) (type $c (cont $f)) (func (param (ref $c))))"),
            ("tail calls", "(module (func $f (return_call $f)))"),
            ("custom page sizes", "(module (memory 1 (pagesize 1)))"),
            (
                "wide arithmetic",
                "(module (func (param i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 0))))",
            ),
        ] {
            let bytes = wat::parse_str(format!("(component (core {}", &module[1..]) + ")").expect("valid text");
            let mut everything = wasmparser::Validator::new_with_features(WasmFeatures::all());
            everything.validate_all(&bytes).expect(feature);
            let mut validator = wasmparser::Validator::new_with_features(FEATURES);
            assert!(validator.validate_all(&bytes).is_err(), "{feature}");
            assert!(wasmtime::component::Component::new(&engine, &bytes).is_err(), "{feature}");
        }
        let asynchronous = r#"(component (import "f" (func async (result (future u8)))))"#;
        let bytes = wat::parse_str(asynchronous).expect("valid text");
        assert!(wasmparser::Validator::new_with_features(FEATURES).validate_all(&bytes).is_err());
        assert!(wasmtime::component::Component::new(&engine, &bytes).is_err());
    }
}
