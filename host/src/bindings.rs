//! The contract of `wit/migration.wit` as Rust types and traits.
//!
//! Everything here is generated from the WIT files, which also hold the documentation. Plain data (values, columns, errors)
//! are used throughout the crate, so that a value is converted once, between the wire and the guest. What a guest holds
//! open ([`sql::Statement`], [`sql::Savepoint`], [`bulk::Cursor`], [`bulk::CopyInWriter`]) is only a name here; `host_functions` keeps what stands behind it.

/// A migration with a transform (world `transform-guest`), and all that any guest may import; what a component does not import it
/// need not have.
mod transform_guest {
    #![expect(missing_docs, reason = "generated; the documentation is in wit/migration.wit")]
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "transform-guest",
        imports: { default: async | trappable },
        exports: { default: async },
        trappable_error_type: { "host:migration/types.error" => super::CallError },
        additional_derives: [PartialEq],
    });
}

/// A migration (world `bulk-guest`).
mod migration_guest {
    #![expect(missing_docs, reason = "generated; the documentation is in wit/migration.wit")]
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "bulk-guest",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "host:migration/types": super::types,
            "host:migration/sql": super::sql,
            "host:migration/env": super::env,
            "host:migration/bulk": super::bulk,
        },
        additional_derives: [PartialEq],
    });
}

/// The runtime of a language (world `script-runtime`).
mod script_runtime {
    #![expect(missing_docs, reason = "generated; the documentation is in wit/migration.wit")]
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "script-runtime",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "host:migration/types": super::types,
            "host:migration/sql": super::sql,
            "host:migration/env": super::env,
            "host:migration/bulk": super::bulk,
            "host:migration/transforms": super::transforms,
        },
        additional_derives: [PartialEq],
    });
}

pub use migration_guest::BulkGuestPre as MigrationGuestPre;
pub use script_runtime::ScriptRuntime;
pub use script_runtime::ScriptRuntimePre;
pub use transform_guest::TransformGuestPre;
pub use transform_guest::host::migration::bulk;
pub use transform_guest::host::migration::env;
pub use transform_guest::host::migration::sql;
pub use transform_guest::host::migration::transforms;
pub use transform_guest::host::migration::types;

/// The contract, as text: the host carries it so that it can make components without any file beside it.
pub const CONTRACT: &str = include_str!("../../wit/migration.wit");

/// The package that the contract belongs to.
pub const PACKAGE: &str = "host:migration";

/// The version of the contract that this host provides.
pub const VERSION: &str = "0.1.0";

/// How a call of a guest ends when it does not end well.
#[derive(Debug)]
pub enum CallError {
    /// The guest is told, and may go on.
    Guest(Box<types::Error>),
    /// The guest ends here.
    Stop(wasmtime::Error),
}
