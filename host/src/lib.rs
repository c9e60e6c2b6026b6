//! Database migrations for PostgreSQL, written in any language, run in a WebAssembly sandbox.

pub mod local;
pub mod plan;
pub mod revision;
