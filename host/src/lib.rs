//! Database migrations for PostgreSQL, written in any language, run in a WebAssembly sandbox.

pub mod capability;
pub mod cli;
pub mod config;
pub mod contract;
pub mod db;
pub mod error;
pub mod execute;
pub mod local;
pub mod plan;
pub mod project;
pub mod revision;
pub mod runtime;
pub mod scaffold;
pub mod sql;
pub mod store;
pub mod toolchain;
pub mod value;

pub use cap_std;
