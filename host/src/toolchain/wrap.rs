//! Makes a component of what a compiler made, and puts into it what the host wants to know.
//!
//! A core module need not carry the types of its world (Go writes none): then they are those of the contract. What it imports of
//! WASI's first preview (`wasi_snapshot_preview1`), wasmtime's adapter makes of WASI 0.2.

use std::borrow::Cow;
use wasmparser::Chunk;
use wasmparser::Parser;
use wasmparser::Payload;

use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1;
use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as PREVIEW1_ADAPTER;
use wit_component::ComponentEncoder;
use wit_component::StringEncoding;

use super::BuildOptions;
use super::ToolchainError;
use super::embed;
use crate::bindings::CONTRACT;
use crate::store::Manifest;
use crate::store::StoreError;
use crate::store::shortened;
use crate::store::without_sections;
use crate::worker::Cancel;
use crate::worker::Task;
use crate::worker::WorkerError;

/// The name of encoding between the processes.
pub const ENCODE_JOB: &str = "encode";

/// The world of the contract that a migration is built for, where its module does not say.
const MIGRATION_WORLD: &str = "bulk-guest";

/// The same of one that rewrites tables: of those it imports [`TRANSFORMS`].
const TRANSFORM_WORLD: &str = "transform-guest";

/// The interface of tables that are rewritten.
const TRANSFORMS: &str = "host:migration/transforms";

/// What a migration exports; the version is that of the contract it was built against.
const INTERFACE: &str = "host:migration/migration";

/// How the name of the section begins in which a toolchain writes the types of a world (wit-component, `metadata`).
const TYPES_SECTION: &str = "component-type";

/// The longest name in a message, in bytes.
const IMPORT_BYTES_MAX: usize = 200;

/// Wraps a core module into a component, or takes a component as it is, and embeds what is given in place of what it
/// may carry. `file` is for messages.
pub(super) fn wrap(
    options: &BuildOptions<'_>,
    file: &str,
    bytes: &[u8],
    manifest: &Manifest,
) -> Result<Vec<u8>, ToolchainError> {
    let corrupt = |source| StoreError::Corrupt { file: file.to_owned(), source };
    let no_migration = || ToolchainError::NoMigration { file: file.to_owned(), interface: INTERFACE };
    let mut component = if Parser::is_core_wasm(bytes) {
        if !carries_types(bytes) && !exports_directions(bytes) && foreign_import(bytes).is_none() {
            return Err(no_migration());
        }
        encode_apart(options, bytes).map_err(|source| match (source, foreign_import(bytes)) {
            (WorkerError::Refused(_), Some(import)) => ToolchainError::ForeignImport { file: file.to_owned(), import },
            (source, _) => ToolchainError::Wrap { file: file.to_owned(), source },
        })?
    } else {
        without_sections(bytes).map_err(corrupt)?
    };
    if !exports_migration(&component) {
        return Err(no_migration());
    }
    embed(&mut component, manifest, None)?;
    Ok(component)
}

/// Encodes in a process of its own, if there is a program for it.
fn encode_apart(options: &BuildOptions<'_>, module: &[u8]) -> Result<Vec<u8>, WorkerError> {
    let world =
        if imports(module).any(|import| is_of(TRANSFORMS, import.module)) { TRANSFORM_WORLD } else { MIGRATION_WORLD };
    let Some(worker) = options.worker else { return encode(world, module).map_err(WorkerError::Refused) };
    let task = Task { job: ENCODE_JOB, settings: world, input: module, limits: options.limits, threads: 1 };
    worker.run(&task, &Cancel::default())
}

/// Makes a component of a core module. `world` is the one of the contract that it is built for, where it does not say so itself.
/// Takes as much time and memory as the module makes it take.
///
/// # Errors
/// Why it is no such module, with all causes.
pub fn encode(world: &str, module: &[u8]) -> Result<Vec<u8>, String> {
    let typed = if carries_types(module) { Cow::Borrowed(module) } else { Cow::Owned(with_types(world, module)?) };
    let mut encoder = ComponentEncoder::default().validate(true).module(&typed).map_err(with_causes)?;
    if imports(module).any(|import| import.module == PREVIEW1) {
        encoder = encoder.adapter(PREVIEW1, PREVIEW1_ADAPTER).map_err(with_causes)?;
    }
    encoder.encode().map_err(with_causes)
}

/// The module with the types of a world of the contract.
fn with_types(world: &str, module: &[u8]) -> Result<Vec<u8>, String> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("migration.wit", CONTRACT).map_err(with_causes)?;
    let world = resolve.select_world(&[package], Some(world)).map_err(with_causes)?;
    let mut typed = module.to_vec();
    wit_component::embed_component_metadata(&mut typed, &resolve, world, StringEncoding::UTF8).map_err(with_causes)?;
    Ok(typed)
}

fn with_causes(error: impl std::fmt::Display) -> String {
    format!("{error:#}")
}

/// Whether a core module says which world it is built for.
fn carries_types(module: &[u8]) -> bool {
    Parser::new(0).parse_all(module).filter_map(Result::ok).any(|payload| match payload {
        Payload::CustomSection(section) => section.name().starts_with(TYPES_SECTION),
        _ => false,
    })
}

/// Whether a core module exports a function of the interface that a migration exports (component model, "Canonical ABI":
/// `<interface>@<version>#<function>`).
fn exports_directions(module: &[u8]) -> bool {
    Parser::new(0).parse_all(module).filter_map(Result::ok).any(|payload| match payload {
        Payload::ExportSection(exports) => exports.into_iter().flatten().any(|export| is_of(INTERFACE, export.name)),
        _ => false,
    })
}

/// Whether a name is that of an interface with some version, or of something in it.
fn is_of(interface: &str, name: &str) -> bool {
    name.strip_prefix(interface).is_some_and(|rest| rest.starts_with('@'))
}

/// The imports of a core module, as far as they can be read.
fn imports(module: &[u8]) -> impl Iterator<Item = wasmparser::Import<'_>> {
    let sections = Parser::new(0).parse_all(module).filter_map(Result::ok);
    let imports = sections.filter_map(|payload| match payload {
        Payload::ImportSection(imports) => Some(imports),
        _ => None,
    });
    imports.flat_map(|imports| imports.into_imports()).filter_map(Result::ok)
}

/// The first function that a core module imports from somewhere that is no interface of the component model.
fn foreign_import(module: &[u8]) -> Option<String> {
    // Their names have a package (`wasi:cli/exit@0.2.0`), or begin with a sign (`$root`, `[export]…`).
    let of_component_model = |name: &str| name.contains(':') || name.starts_with(['$', '[']);
    imports(module).find(|import| !of_component_model(import.module) && import.module != PREVIEW1).map(|import| {
        // Names are as long as somebody makes them.
        let name = |name: &str| shortened(name.to_owned(), IMPORT_BYTES_MAX);
        format!("{}.{}", name(import.module), name(import.name))
    })
}

/// Whether a component has the export that makes it a migration. Whether the export is right is for the runtime to find
/// out; this only tells early that somebody built something else.
fn exports_migration(component: &[u8]) -> bool {
    let is_interface = |name: &str| name.split('@').next() == Some(INTERFACE);
    let mut parser = Parser::new(0);
    let mut rest = component;
    let mut found = false;
    while let Ok(Chunk::Parsed { consumed, payload }) = parser.parse(rest, true) {
        let mut behind = consumed;
        match payload {
            Payload::ComponentExportSection(exports) => {
                found |= exports.into_iter().flatten().any(|export| is_interface(export.name.name));
            }
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                behind += unchecked_range.len();
            }
            Payload::End(_) => break,
            _ => {}
        }
        rest = rest.get(behind..).unwrap_or_default();
    }
    found
}
