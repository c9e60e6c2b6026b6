//! The runtimes of languages without a compiler. One component serves every migration written in a language.

use wit_component::ComponentEncoder;
use wit_component::StringEncoding;

/// The world that a runtime is built for.
const WORLD: &str = "script-runtime";

/// The contract, as text: the host carries it so that it can make components without any file beside it.
pub const CONTRACT: &str = include_str!("../../../wit/migration.wit");

/// A runtime that the host carries itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// SQL files.
    Sql,
}

impl BuiltIn {
    /// Finds a runtime by the name that a component carries.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sql" => Some(Self::Sql),
            _ => None,
        }
    }

    /// Assembles the runtime's component.
    ///
    /// # Errors
    /// When the text in this crate and the contract do not fit together, which a test rules out.
    pub fn component(self) -> wasmtime::Result<Vec<u8>> {
        let text = match self {
            Self::Sql => include_str!("script/sql.wat"),
        };
        let mut module = wat::parse_str(text)?;
        let mut resolve = wit_parser::Resolve::default();
        let package =
            resolve.push_str("migration.wit", CONTRACT).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
        let world =
            resolve.select_world(&[package], Some(WORLD)).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
        let encode = |error: &dyn std::fmt::Display| wasmtime::Error::msg(error.to_string());
        wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(|error| encode(&error))?;
        ComponentEncoder::default()
            .validate(true)
            .module(&module)
            .and_then(|mut encoder| encoder.encode())
            .map_err(|error| encode(&format!("{error:#}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sql_runtime_fits_the_contract_and_imports_nothing_but_sql() {
        let bytes = BuiltIn::Sql.component().expect("it assembles");
        assert!(bytes.len() < 8 << 10, "{} bytes", bytes.len());
        crate::runtime::imports::check(&bytes, "script", WORLD).expect("it fits");
        let interfaces = crate::runtime::imports::interfaces(&bytes).expect("a component");
        assert_eq!(interfaces.imports, ["host:migration/types@0.1.0", "host:migration/sql@0.1.0"]);
        assert_eq!(interfaces.exports, ["host:migration/script@0.1.0"]);
    }
}
