//! Looking at a component before it is compiled: does it want what this host has, and does it give what a migration gives?

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::Serialize;
use wasmparser::ComponentAlias;
use wasmparser::ComponentExternalKind;
use wasmparser::ComponentOuterAliasKind;
use wasmparser::ComponentType;
use wasmparser::ComponentTypeRef;
use wasmparser::InstanceTypeDeclaration;
use wasmparser::Parser;
use wasmparser::Payload;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::component_types::ComponentItem;
use wasmparser::types::TypesRef;

use super::exports;
use super::nesting;
use super::nesting::NestingError;
use crate::bindings;
use crate::bindings::CONTRACT;
use crate::host_functions::cut;

/// The longest name of an import or export that goes into a message, in bytes. A component chooses its names.
const NAME_BYTES_MAX: usize = 500;

/// How many types, imports, exports and functions are read. What has more of one kind than this is not valid (`MAX_WASM_TYPES`
/// and its like, of wasmparser), and each takes some fifty bytes for two in the file.
const ITEMS_MAX: usize = 1_000_000;

/// What a component imports and exports, by full name (`host:migration/sql@0.1.0`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// Imports, in the component's order.
    pub imports: Vec<String>,
    /// Exports, in the component's order.
    pub exports: Vec<String>,
    /// The functions of imported interfaces, by import, in the component's order. Many imports may have one type.
    pub functions: Vec<(String, Arc<BTreeSet<String>>)>,
}

/// The functions of the contract, as (`sql`, `execute`). Later versions of the same series may have more.
static PROVIDED_FUNCTIONS: LazyLock<BTreeSet<(String, String)>> = LazyLock::new(|| {
    let mut resolve = wit_parser::Resolve::default();
    // A contract that cannot be read would not have compiled.
    let _ = resolve.push_str("migration.wit", CONTRACT);
    let interfaces = resolve.interfaces.iter().map(|(_, interface)| interface);
    let functions = interfaces.flat_map(|interface| {
        let name = interface.name.clone().unwrap_or_default();
        interface.functions.keys().map(move |function| (name.clone(), function.clone()))
    });
    functions.collect()
});

/// Why a component cannot run on this host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ImportError {
    /// The bytes are no component.
    #[error("it is not a valid component: {reason}")]
    NotAComponent {
        /// What is wrong.
        reason: String,
    },
    /// The component was built for another version of the contract.
    #[error("it imports {import}, but this host provides version {} of that contract", bindings::VERSION)]
    OtherContract {
        /// The import.
        import: String,
    },
    /// The component was built for a newer version of the contract, in which an interface has more functions.
    #[error("it imports the function '{function}' of {import}, which this host does not provide")]
    NewerContract {
        /// The interface.
        import: String,
        /// The function.
        function: String,
    },
    /// The component imports a function that an interface of WASI does not have here.
    #[error("it imports the function '{function}' of {import}, which this host does not provide")]
    UnknownWasiFunction {
        /// The interface.
        import: String,
        /// The function.
        function: String,
    },
    /// The component imports something that no migration gets.
    #[error("it imports {import}, which this host does not provide")]
    NotProvided {
        /// The import.
        import: String,
    },
    /// The component exports a `migration` or a `transform` that has not the functions of one.
    #[error("it exports {export} without the function '{function}'")]
    NoDirection {
        /// The export.
        export: String,
        /// The function.
        function: String,
    },
    /// The component exports a `migration` or a `transform` one of whose functions is not of the type that the contract says.
    #[error("it exports {export} with a function '{function}' of another type")]
    DirectionType {
        /// The export.
        export: String,
        /// The function.
        function: String,
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
            Self::OtherContract { .. } | Self::NewerContract { .. } => format!(
                "build the migration with the SDK of host {}, or use a host for that version of the contract",
                env!("CARGO_PKG_VERSION")
            ),
            Self::NotProvided { import } if import.starts_with("wasi:sockets") || import.starts_with("wasi:http") => {
                "a migration has no network; build it without".to_owned()
            }
            Self::NotProvided { import } if import.starts_with("wasi:") && import.contains("@0.3") => {
                "build it for WASI 0.2, with the target wasm32-wasip2 for example".to_owned()
            }
            Self::UnknownWasiFunction { .. } => {
                "build it for WASI 0.2 without what is new or unstable in it".to_owned()
            }
            Self::NotProvided { .. } => {
                "a migration gets host:migration/{types, sql, bulk, transforms, env} and an inert subset of WASI 0.2, nothing else"
                    .to_owned()
            }
            Self::OtherWorld { .. } | Self::NoDirection { .. } | Self::DirectionType { .. } => {
                "build it with a migration SDK: see `host revision --help`".to_owned()
            }
        }
    }
}

/// Reads the names of a component's imports and exports, without compiling or running anything.
///
/// # Errors
/// [`ImportError::NotAComponent`].
pub fn interfaces(bytes: &[u8]) -> Result<Interfaces, ImportError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(ImportError::NotAComponent { reason: "it is not WebAssembly".to_owned() });
    }
    let invalid =
        |error: wasmparser::BinaryReaderError| ImportError::NotAComponent { reason: error.message().to_owned() };
    nesting::check(bytes).map_err(|error| match error {
        NestingError::TooDeep => ImportError::NotAComponent { reason: error.to_string() },
        NestingError::Invalid(error) => invalid(error),
    })?;
    let mut interfaces = Interfaces::default();
    let mut depth = 0_usize;
    let mut items_left = ITEMS_MAX;
    let mut count = |items: usize| {
        items_left = items_left.checked_sub(items).ok_or_else(|| ImportError::NotAComponent {
            reason: format!("it has more than {ITEMS_MAX} types, imports, exports and functions"),
        })?;
        Ok(())
    };
    // The functions of each type in the component's index space of types; none for what is no type of an instance.
    let none = Arc::new(BTreeSet::new());
    let mut types: Vec<Arc<BTreeSet<String>>> = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::Version { encoding, .. } if depth == 0 && encoding != wasmparser::Encoding::Component => {
                return Err(ImportError::NotAComponent { reason: "it is a core module".to_owned() });
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentTypeSection(section) if depth == 0 => {
                for defined in section {
                    let functions = functions(&defined.map_err(invalid)?).filter(|functions| !functions.is_empty());
                    count(1 + functions.as_ref().map_or(0, BTreeSet::len))?;
                    types.push(functions.map_or_else(|| Arc::clone(&none), Arc::new));
                }
            }
            Payload::ComponentAliasSection(section) if depth == 0 => {
                for alias in section {
                    count(1)?;
                    let is_type = matches!(
                        alias.map_err(invalid)?,
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, .. }
                            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. }
                    );
                    types.extend(is_type.then(|| Arc::clone(&none)));
                }
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.map_err(invalid)?;
                    count(1)?;
                    let name = import.name.name.to_owned();
                    match import.ty {
                        ComponentTypeRef::Type(_) => types.push(Arc::clone(&none)),
                        ComponentTypeRef::Instance(index) => {
                            let index = usize::try_from(index).unwrap_or(usize::MAX);
                            interfaces
                                .functions
                                .extend(types.get(index).map(|type_| (name.clone(), Arc::clone(type_))));
                        }
                        _ => {}
                    }
                    interfaces.imports.push(name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export.map_err(invalid)?;
                    count(1)?;
                    types.extend((export.kind == ComponentExternalKind::Type).then(|| Arc::clone(&none)));
                    interfaces.exports.push(export.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(interfaces)
}

/// The functions that an instance of this type has, if it is a type of instances.
fn functions(defined: &ComponentType<'_>) -> Option<BTreeSet<String>> {
    let ComponentType::Instance(declarations) = defined else { return None };
    let function = |declaration: &InstanceTypeDeclaration<'_>| match declaration {
        InstanceTypeDeclaration::Export { name, ty: ComponentTypeRef::Func(_) } => Some(name.name.to_owned()),
        _ => None,
    };
    Some(declarations.iter().filter_map(function).collect())
}

/// Checks that a component wants what this host has, and exports `export` of the contract.
///
/// # Errors
/// [`ImportError`], for the first name that does not fit.
pub fn check(bytes: &[u8], export: &str, world: &str) -> Result<(), ImportError> {
    let interfaces = interfaces(bytes)?;
    let shown = |name: &str| cut(name.to_owned(), NAME_BYTES_MAX);
    for import in &interfaces.imports {
        if super::wasi::provides(import) {
            continue;
        }
        let Some((interface, version)) = contract_name(import) else {
            return Err(ImportError::NotProvided { import: shown(import) });
        };
        if !compatible(version) {
            return Err(ImportError::OtherContract { import: shown(import) });
        }
        if !matches!(interface, "types" | "sql" | "bulk" | "transforms" | "env") {
            return Err(ImportError::NotProvided { import: shown(import) });
        }
    }
    // Ends at the first function that is not known, so that no import takes longer than what is known.
    for (import, functions) in &interfaces.functions {
        for function in functions.iter() {
            let (import, function) = (import.as_str(), function.as_str());
            if super::wasi::functions(import).is_some_and(|provided| !provided.contains(&function)) {
                let (import, function) = (shown(import), shown(function));
                return Err(ImportError::UnknownWasiFunction { import, function });
            }
            let Some((interface, _)) = contract_name(import) else { continue };
            if !PROVIDED_FUNCTIONS.contains(&(interface.to_owned(), function.to_owned())) {
                return Err(ImportError::NewerContract { import: shown(import), function: shown(function) });
            }
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
        wanted: format!("{}/{export}@{}", bindings::PACKAGE, bindings::VERSION),
        world: world.to_owned(),
    })
}

/// Checks that a component is a language runtime that this host can run, as far as its imports and exports tell.
///
/// # Errors
/// [`ImportError`].
pub fn check_runtime(bytes: &[u8]) -> Result<(), ImportError> {
    check(bytes, super::script::EXPORT, super::script::WORLD)
}

/// Checks that the exported `migration` has its two functions, and the exported `transform` its one, of the types that the contract
/// gives them. `types` are those of the same component, validated.
///
/// # Errors
/// [`ImportError::NoDirection`] and [`ImportError::DirectionType`].
pub fn check_directions(types: TypesRef<'_>, bytes: &[u8]) -> Result<(), ImportError> {
    let exports = interfaces(bytes)?.exports;
    for (interface, expected) in [("migration", ["upgrade", "downgrade"].as_slice()), ("transform", &["apply"])] {
        let named = |name: &&String| contract_name(name).is_some_and(|(found, _)| found == interface);
        let Some(export) = exports.iter().find(named) else { continue };
        let functions = match types.component_item_for_export(export) {
            Some(ComponentItem { ty: ComponentEntityType::Instance(instance), .. }) => {
                types.get(*instance).map(|instance| &instance.exports)
            }
            _ => None,
        };
        for &function in expected {
            let (export, name) = (export.clone(), function.to_owned());
            let Some(found) = functions.and_then(|functions| functions.get(function)) else {
                return Err(ImportError::NoDirection { export, function: name });
            };
            if !exports::has_type(types, &found.ty, interface, function) {
                return Err(ImportError::DirectionType { export, function: name });
            }
        }
    }
    Ok(())
}

/// `host:migration/sql@0.1.0` → (`sql`, `0.1.0`).
fn contract_name(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(bindings::PACKAGE)?.strip_prefix('/')?.split_once('@')
}

/// Below 1.0 the minor version counts as the major one (semantic versioning, and wasmtime's linker).
fn compatible(version: &str) -> bool {
    let series = |version: &str| version.rsplit_once('.').map(|(series, _)| series.to_owned());
    series(version) == series(bindings::VERSION)
}

#[cfg(test)]
mod tests;
