//! The language runtime of migrations in JavaScript: QuickJS without a system below it, as one component of the world
//! `script-runtime`. Each call makes an engine of its own.
//!
//! - `engine` makes the engine, and runs a source in it.
//! - `modules` says what can be imported, and what to do instead of importing the rest.
//! - `packages` has what a migration imports of npm, which the host hands over with it.
//! - `native` has the calls of the contract, as the SDK uses them (`guest-sdk/javascript/src/native.js` stands for them elsewhere).
//! - `transforms` has those of big tables that are rewritten, and `tuples` the binary form of their rows.
//! - `decode` and `encode` turn PostgreSQL's values into JavaScript's and back.
//! - `failure` tells what went wrong in the words of the migration's author.

mod bindings;
mod bulk;
mod classes;
mod clock;
mod decode;
mod encode;
mod engine;
mod failure;
mod modules;
mod native;
mod packages;
mod place;
mod rows;
mod transforms;
mod tuples;
mod types;

use bindings::exports::host::migration::script::Guest;
use bindings::host::migration::types::{Failure, Tuples};

struct Component;

bindings::export!(Component with_types_in bindings);

impl Guest for Component {
    fn check(file: String, source: String) -> Result<(), String> {
        engine::check(&file, &source)
    }

    fn upgrade(file: String, source: String) -> Result<(), Failure> {
        engine::run(&file, &source, "upgrade")
    }

    fn downgrade(file: String, source: String) -> Result<(), Failure> {
        engine::run(&file, &source, "downgrade")
    }

    fn apply(file: String, source: String, pipeline: String, input: Tuples) -> Result<Tuples, Failure> {
        engine::apply(&file, &source, &pipeline, input)
    }
}
