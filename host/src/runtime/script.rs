//! The language runtimes that the host carries. One component serves every migration written in a language.

/// The interface that a language runtime exports, and the world that it is built for.
pub(super) const EXPORT: &str = "script";
pub(super) const WORLD: &str = "script-runtime";

/// The name and the component of each runtime, of each language the newest one first.
///
/// A built migration names the digest of the runtime that it was built for. So a component that gets a successor stays in
/// this list, below it.
pub(super) const BUILT_IN: &[(&str, &[u8])] = &[
    (SQL, include_bytes!("script/sql.wasm")),
    #[cfg(feature = "carried-javascript")]
    ("javascript", JAVASCRIPT),
];

/// The name of the runtime of SQL, which every host carries.
pub(super) const SQL: &str = "sql";

/// The file that `scripts/runtimes javascript` makes, named by its absolute path while host is built.
#[cfg(feature = "carried-javascript")]
const JAVASCRIPT: &[u8] = include_bytes!(env!(
    "HOST_JAVASCRIPT_RUNTIME",
    "the feature carried-javascript takes the runtime from the file that HOST_JAVASCRIPT_RUNTIME names: build it with \
     `scripts/runtimes javascript`, which prints its path"
));

/// A component begins like that; a core module has another version.
#[cfg(feature = "carried-javascript")]
const _: () = assert!(
    matches!(JAVASCRIPT, [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..]),
    "HOST_JAVASCRIPT_RUNTIME names no component: take the file that `scripts/runtimes javascript` makes"
);

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]
mod tests {
    use wit_component::ComponentEncoder;
    use wit_component::StringEncoding;

    use super::*;
    use crate::bindings::CONTRACT;
    use crate::runtime::strip::strip;

    /// Digests that stand in components that were built.
    const RELEASED: &[(&str, &str)] = &[("sql", "4ef4920b871eb67e9890f3e69bab037285924de2d01b462f02856fcc55b5b437")];

    fn assembled(text: &str) -> Vec<u8> {
        let mut module = wat::parse_str(text).unwrap();
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("migration.wit", CONTRACT).unwrap();
        let world = resolve.select_world(&[package], Some(WORLD)).unwrap();
        wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let mut encoder = ComponentEncoder::default().validate(true).module(&module).unwrap();
        encoder.encode().unwrap()
    }

    /// What is carried is what the text says, but for the names of the tools that made it. Where the text changed, the component
    /// that belongs to it is written beside the old one.
    #[test]
    fn the_sql_runtime_is_made_of_its_text() {
        let carried = BUILT_IN.iter().find(|(name, _)| *name == "sql").unwrap().1;
        let assembled = assembled(include_str!("script/sql.wat"));
        if strip(carried) != strip(&assembled) {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/runtime/script/sql.wasm.new");
            std::fs::write(path, assembled).unwrap();
            panic!("sql.wat makes another component than sql.wasm: {path} is the new one, for the top of BUILT_IN");
        }
    }

    #[test]
    fn a_runtime_that_components_name_stays() {
        let there: Vec<_> =
            BUILT_IN.iter().map(|(name, bytes)| (*name, crate::digest::Digest::of(bytes).to_string())).collect();
        for (name, digest) in RELEASED {
            assert!(there.iter().any(|(there, found)| there == name && found == digest), "{name} {digest}: {there:?}");
        }
    }

    #[test]
    fn what_is_carried_fits_the_contract() {
        for (name, bytes) in BUILT_IN {
            crate::runtime::imports::check(bytes, EXPORT, WORLD).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn the_sql_runtime_fits_the_contract_and_imports_nothing_but_sql() {
        for (name, bytes) in BUILT_IN.iter().filter(|(name, _)| *name == "sql") {
            assert!(bytes.len() < 8 << 10, "{name}: {} bytes", bytes.len());
            crate::runtime::imports::check(bytes, EXPORT, WORLD).unwrap();
            let interfaces = crate::runtime::imports::interfaces(bytes).unwrap();
            assert_eq!(interfaces.imports, ["host:migration/types@0.1.0", "host:migration/sql@0.1.0"]);
            assert_eq!(interfaces.exports, ["host:migration/script@0.1.0"]);
        }
    }
}
