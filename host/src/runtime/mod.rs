//! The sandbox: all of wasmtime's engine, from the bytes of a component to the answer of a guest.
//!
//! [`nesting`], [`imports`] and [`size`] look at a component before anything is compiled, [`strip`] leaves out what is not code,
//! [`compiler`] does all of this in a process of its own, [`engine`] and [`linker`] say what may run and what it gets,
//! [`cache`] keeps compiled code, [`registry`] finds the runtimes of languages without a compiler, [`wasi`] is the inert
//! subset of WASI for guests of stock toolchains, and [`call`] runs a guest: in a new [`Instance`] or in one that stayed.

mod apply;
mod author;
pub mod cache;
pub mod call;
mod code;
pub mod compiler;
pub mod engine;
mod error;
mod exports;
mod folder;
pub mod imports;
mod instance;
pub mod linker;
pub mod load;
pub mod nesting;
pub mod registry;
pub mod script;
pub mod size;
pub mod strip;
pub mod wasi;
pub mod worker;

pub use cache::CacheRefused;
pub use cache::CacheUsage;
pub use cache::CompileCache;
pub use cache::Pruned;
pub use call::Ending;
pub use call::Source;
pub use call::Trapped;
pub use compiler::CompileLimits;
pub use error::LoadError;
pub use folder::RUNTIME_BYTES_MAX;
pub use folder::RuntimeFolder;
pub use imports::ImportError;
pub use imports::check_runtime;
pub use instance::Instance;
pub use load::Compiler;
pub use load::Loaded;
pub use load::Runtime;
pub use registry::LanguageRuntime;
pub use registry::RuntimeRegistry;
pub use size::SizeError;
pub use worker::serve_worker;
