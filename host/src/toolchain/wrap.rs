//! Makes a component of what a compiler made, and puts into it what the host wants to know.

use wasmparser::Chunk;
use wasmparser::Parser;
use wasmparser::Payload;
use wit_component::ComponentEncoder;

use super::BuildOptions;
use super::ToolchainError;
use super::embed;
use crate::store::Manifest;
use crate::store::StoreError;
use crate::store::shortened;
use crate::store::without_sections;
use crate::worker::Cancel;
use crate::worker::Task;
use crate::worker::WorkerError;

/// The name of encoding between the processes.
pub const ENCODE_JOB: &str = "encode";

/// What a migration exports; the version is that of the contract it was built against.
const INTERFACE: &str = "host:migration/migration";

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
    let mut component = if Parser::is_core_wasm(bytes) {
        encode_apart(options, bytes).map_err(|source| match (source, foreign_import(bytes)) {
            (WorkerError::Refused(_), Some(import)) => ToolchainError::ForeignImport { file: file.to_owned(), import },
            (source, _) => ToolchainError::Wrap { file: file.to_owned(), source },
        })?
    } else {
        without_sections(bytes).map_err(corrupt)?
    };
    if !exports_migration(&component) {
        return Err(ToolchainError::NoMigration { file: file.to_owned(), interface: INTERFACE });
    }
    embed(&mut component, manifest, None)?;
    Ok(component)
}

/// Encodes in a process of its own, if there is a program for it.
fn encode_apart(options: &BuildOptions<'_>, module: &[u8]) -> Result<Vec<u8>, WorkerError> {
    let Some(worker) = options.worker else { return encode(module).map_err(WorkerError::Refused) };
    let task = Task { job: ENCODE_JOB, settings: "", input: module, limits: options.limits, threads: 1 };
    worker.run(&task, &Cancel::default())
}

/// Makes a component of a core module that carries the types of its world. Takes as much time and memory as the module makes
/// it take.
///
/// # Errors
/// Why it is no such module, with all causes.
pub fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    let encoded = ComponentEncoder::default().module(module).and_then(|encoder| encoder.validate(true).encode());
    encoded.map_err(|error| format!("{error:#}"))
}

/// The first function that a core module imports from somewhere that is no interface of the component model.
fn foreign_import(module: &[u8]) -> Option<String> {
    // Their names have a package (`wasi:cli/exit@0.2.0`), or begin with a sign (`$root`, `[export]…`).
    let of_component_model = |name: &str| name.contains(':') || name.starts_with(['$', '[']);
    let sections = Parser::new(0).parse_all(module).filter_map(Result::ok);
    let imports = sections.filter_map(|payload| match payload {
        Payload::ImportSection(imports) => Some(imports),
        _ => None,
    });
    let mut imports = imports.flat_map(|imports| imports.into_imports()).filter_map(Result::ok);
    imports.find(|import| !of_component_model(import.module)).map(|import| {
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
