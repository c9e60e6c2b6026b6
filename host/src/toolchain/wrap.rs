//! Makes a component of what a compiler made, and puts into it what the host wants to know.

use wasmparser::Chunk;
use wasmparser::Parser;
use wasmparser::Payload;
use wit_component::ComponentEncoder;

use super::ToolchainError;
use crate::store::Embedded;
use crate::store::StoreError;
use crate::store::embed;
use crate::store::without_sections;

/// What a migration exports; the version is that of the contract it was built against.
const INTERFACE: &str = "host:migration/migration";

/// Wraps a core module into a component, or takes a component as it is, and embeds what is given in place of what it
/// may carry. `file` is for messages.
pub(super) fn wrap(file: &str, bytes: &[u8], embedded: &Embedded) -> Result<Vec<u8>, ToolchainError> {
    let corrupt = |source| StoreError::Corrupt { file: file.to_owned(), source };
    let mut component = if Parser::is_core_wasm(bytes) {
        encode(bytes).map_err(|source| match foreign_import(bytes) {
            Some(import) => ToolchainError::ForeignImport { file: file.to_owned(), import },
            None => ToolchainError::Wrap { file: file.to_owned(), source },
        })?
    } else {
        without_sections(bytes).map_err(corrupt)?
    };
    if !exports_migration(&component) {
        return Err(ToolchainError::NoMigration { file: file.to_owned(), interface: INTERFACE });
    }
    embed(&mut component, embedded, None).map_err(corrupt)?;
    Ok(component)
}

fn encode(module: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(ComponentEncoder::default().module(module)?.validate(true).encode()?)
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
    imports.find(|import| !of_component_model(import.module)).map(|import| format!("{}.{}", import.module, import.name))
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
