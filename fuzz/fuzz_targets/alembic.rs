#![no_main]

#[path = "../bodies/alembic.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
