//! Looking at a component before it is compiled: does it want what this host has, and does it give what a migration gives?

use wasmparser::Parser;
use wasmparser::Payload;

use crate::contract;

/// The largest component that is looked at, in bytes. Compiling is not bounded by any other limit.
pub const COMPONENT_BYTES_MAX: usize = 64 << 20;

/// What a component imports and exports, by full name (`host:migration/sql@0.1.0`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// Imports, in the component's order.
    pub imports: Vec<String>,
    /// Exports, in the component's order.
    pub exports: Vec<String>,
}

/// Why a component cannot run on this host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The bytes are no component.
    #[error("it is not a valid component: {reason}")]
    NotAComponent {
        /// What is wrong.
        reason: String,
    },
    /// The component is larger than [`COMPONENT_BYTES_MAX`].
    #[error("it is {mebibytes} MiB large; the limit is {} MiB", COMPONENT_BYTES_MAX >> 20)]
    TooLarge {
        /// The size.
        mebibytes: usize,
    },
    /// The component was built for another version of the contract.
    #[error("it imports {import}, but this host provides version {} of that contract", contract::VERSION)]
    OtherContract {
        /// The import.
        import: String,
    },
    /// The component imports something that no migration gets.
    #[error("it imports {import}, which this host does not provide")]
    NotProvided {
        /// The import.
        import: String,
    },
    /// The component is no migration.
    #[error("it does not export {wanted}, so it is not built for the world {world}")]
    OtherWorld {
        /// The export that is missing.
        wanted: String,
        /// The world that a migration is built for.
        world: String,
    },
}

impl ImportError {
    /// What the operator should do.
    pub fn hint(&self) -> String {
        match self {
            Self::NotAComponent { .. } => {
                "run `host build` again; a file that was copied may have been cut short".to_owned()
            }
            Self::TooLarge { .. } => "strip the component, or split the migration".to_owned(),
            Self::OtherContract { .. } => format!(
                "build the migration with the SDK of host {}, or use a host for that version of the contract",
                env!("CARGO_PKG_VERSION")
            ),
            Self::NotProvided { import } if import.starts_with("wasi:sockets") || import.starts_with("wasi:http") => {
                "a migration has no network; build it without".to_owned()
            }
            Self::NotProvided { import } if import.starts_with("host:migration/bulk") => {
                "this version of host does not provide bulk transfer yet: use query and execute-many in batches"
                    .to_owned()
            }
            Self::NotProvided { .. } => {
                "a migration gets host:migration/{types, sql, env} and an inert subset of WASI 0.2, nothing else"
                    .to_owned()
            }
            Self::OtherWorld { .. } => "build it with a migration SDK: see `host revision --help`".to_owned(),
        }
    }
}

/// Reads the names of a component's imports and exports, without compiling or running anything.
///
/// # Errors
/// [`ImportError::NotAComponent`] and [`ImportError::TooLarge`].
pub fn interfaces(bytes: &[u8]) -> Result<Interfaces, ImportError> {
    if bytes.len() > COMPONENT_BYTES_MAX {
        return Err(ImportError::TooLarge { mebibytes: bytes.len() >> 20 });
    }
    let invalid =
        |error: wasmparser::BinaryReaderError| ImportError::NotAComponent { reason: error.message().to_owned() };
    let mut interfaces = Interfaces::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::Version { encoding, .. } if depth == 0 && encoding != wasmparser::Encoding::Component => {
                return Err(ImportError::NotAComponent { reason: "it is a core module".to_owned() });
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    interfaces.imports.push(import.map_err(invalid)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    interfaces.exports.push(export.map_err(invalid)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(interfaces)
}

/// Checks that a component wants what this host has, and exports `export` of the contract.
///
/// # Errors
/// [`ImportError`], for the first name that does not fit.
pub fn check(bytes: &[u8], export: &str, world: &str) -> Result<(), ImportError> {
    let interfaces = interfaces(bytes)?;
    for import in &interfaces.imports {
        if super::wasi::provides(import) {
            continue;
        }
        let Some((interface, version)) = contract_name(import) else {
            return Err(ImportError::NotProvided { import: import.clone() });
        };
        if !compatible(version) {
            return Err(ImportError::OtherContract { import: import.clone() });
        }
        if !matches!(interface, "types" | "sql" | "env") {
            return Err(ImportError::NotProvided { import: import.clone() });
        }
    }
    let given = interfaces
        .exports
        .iter()
        .filter_map(|name| contract_name(name))
        .any(|(interface, version)| interface == export && compatible(version));
    if given {
        return Ok(());
    }
    Err(ImportError::OtherWorld {
        wanted: format!("{}/{export}@{}", contract::PACKAGE, contract::VERSION),
        world: world.to_owned(),
    })
}

/// `host:migration/sql@0.1.0` → (`sql`, `0.1.0`).
fn contract_name(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(contract::PACKAGE)?.strip_prefix('/')?.split_once('@')
}

/// Below 1.0 the minor version counts as the major one (semantic versioning, and wasmtime's linker).
fn compatible(version: &str) -> bool {
    let series = |version: &str| version.rsplit_once('.').map(|(series, _)| series.to_owned());
    series(version) == series(contract::VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(text: &str) -> Vec<u8> {
        wat::parse_str(text).expect("valid text")
    }

    #[test]
    fn a_component_for_another_world_is_refused() {
        let bytes = component("(component)");
        let error = check(&bytes, "migration", "migration-guest").expect_err("no exports");
        assert_eq!(
            error.to_string(),
            "it does not export host:migration/migration@0.1.0, so it is not built for the world migration-guest"
        );
    }

    #[test]
    fn imports_are_judged_by_name_and_version() {
        let cases = [
            ("host:migration/sql@0.1.7", None),
            (
                "host:migration/sql@0.2.0",
                Some("it imports host:migration/sql@0.2.0, but this host provides version 0.1.0 of that contract"),
            ),
            (
                "host:migration/bulk@0.1.0",
                Some("it imports host:migration/bulk@0.1.0, which this host does not provide"),
            ),
            ("wasi:sockets/tcp@0.2.3", Some("it imports wasi:sockets/tcp@0.2.3, which this host does not provide")),
            ("wasi:cli/environment@0.2.9", None),
        ];
        for (import, expected) in cases {
            let bytes = component(&format!(
                "(component (import \"{import}\" (instance)) (instance $i) (export \"host:migration/migration@0.1.0\" (instance $i)))"
            ));
            let result = check(&bytes, "migration", "migration-guest").err().map(|error| error.to_string());
            assert_eq!(result.as_deref(), expected, "{import}");
        }
    }

    #[test]
    fn rubbish_and_core_modules_are_no_components() {
        for bytes in [b"".to_vec(), b"\0asm".to_vec(), b"rubbish".to_vec(), component("(module)")] {
            assert!(matches!(interfaces(&bytes), Err(ImportError::NotAComponent { .. })), "{bytes:?}");
        }
    }
}
