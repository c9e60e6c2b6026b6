//! Database migrations for PostgreSQL, written in any language, run in a WebAssembly sandbox.

pub mod config;
pub mod local;
pub mod plan;
pub mod revision;
pub mod scaffold;
pub mod sql;
pub mod store;
pub mod toolchain;
