//! The runtimes of languages without a compiler. One component serves every migration written in a language.

/// The world that a runtime is built for.
#[cfg(test)]
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

    /// The runtime's component. A test compares it with its text, `script/sql.wat`.
    pub fn component(self) -> &'static [u8] {
        match self {
            Self::Sql => include_bytes!("script/sql.wasm"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]
mod tests {
    use wit_component::ComponentEncoder;
    use wit_component::StringEncoding;

    use super::*;

    fn assembled(text: &str) -> Vec<u8> {
        let mut module = wat::parse_str(text).unwrap();
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("migration.wit", CONTRACT).unwrap();
        let world = resolve.select_world(&[package], Some(WORLD)).unwrap();
        wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
    }

    #[test]
    fn the_sql_runtime_is_made_of_its_text() {
        let assembled = assembled(include_str!("script/sql.wat"));
        if BuiltIn::Sql.component() != assembled {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/runtime/script/sql.wasm.new");
            std::fs::write(path, assembled).unwrap();
            panic!("sql.wat makes another component than sql.wasm: {path} is what it makes");
        }
    }

    #[test]
    fn the_sql_runtime_fits_the_contract_and_imports_nothing_but_sql() {
        let bytes = BuiltIn::Sql.component();
        assert!(bytes.len() < 8 << 10, "{} bytes", bytes.len());
        crate::runtime::imports::check(bytes, "script", WORLD).expect("it fits");
        let interfaces = crate::runtime::imports::interfaces(bytes).expect("a component");
        assert_eq!(interfaces.imports, ["host:migration/types@0.1.0", "host:migration/sql@0.1.0"]);
        assert_eq!(interfaces.exports, ["host:migration/script@0.1.0"]);
    }
}
