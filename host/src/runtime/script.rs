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
    (SQL, include_bytes!("script/sql-1.wasm")),
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

    /// The world of the runtime of SQL: one that an instance stays of from one migration to the next.
    const SQL_RUNTIME: &str = "package host:sql;
        world sql-runtime { include host:migration/script-runtime@0.1.0; export host:migration/reuse@0.1.0; }";

    /// Digests that stand in components that were built.
    const RELEASED: &[(&str, &str)] = &[
        ("sql", "bbec1f221c2bf630deaad2640ec0e592d1dedf4940cc00288c2e8b1e4b87f032"),
        ("sql", "4ef4920b871eb67e9890f3e69bab037285924de2d01b462f02856fcc55b5b437"),
    ];

    fn assembled(text: &str) -> Vec<u8> {
        let mut module = wat::parse_str(text).unwrap();
        let mut resolve = wit_parser::Resolve::default();
        resolve.push_str("migration.wit", CONTRACT).unwrap();
        let package = resolve.push_str("sql.wit", SQL_RUNTIME).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
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
            let (script, others): (Vec<_>, Vec<_>) =
                interfaces.exports.iter().partition(|export| *export == "host:migration/script@0.1.0");
            assert_eq!(script.len(), 1);
            assert!(others.iter().all(|export| *export == "host:migration/reuse@0.1.0"), "{others:?}");
        }
    }

    #[test]
    fn an_instance_of_sql_is_fit_again_unless_it_has_grown() {
        let engine = wasmtime::Engine::default();
        let module = wat::parse_str(include_str!("script/sql.wat")).unwrap();
        let module = wasmtime::Module::new(&engine, module).unwrap();
        let mut store = wasmtime::Store::new(&engine, ());
        let execute = wasmtime::Func::wrap(&mut store, |_: i32, _: i32, _: i32| ());
        let instance = wasmtime::Instance::new(&mut store, &module, &[execute.into()]).unwrap();
        let name = "host:migration/reuse@0.1.0#is-fit";
        let is_fit = instance.get_typed_func::<(), i32>(&mut store, name).unwrap();
        let allocate = instance.get_typed_func::<(i32, i32, i32, i32), i32>(&mut store, "cabi_realloc").unwrap();
        let allocate = |store: &mut _, bytes| allocate.call(store, (0, 0, 1, bytes)).unwrap();
        let first = allocate(&mut store, 900 << 10);
        assert!(allocate(&mut store, 1) > first);
        assert_eq!(is_fit.call(&mut store, ()).unwrap(), 1);
        // Its memory is free again.
        assert_eq!(allocate(&mut store, 900 << 10), first);
        assert_eq!(is_fit.call(&mut store, ()).unwrap(), 1);
        allocate(&mut store, 1 << 20);
        assert_eq!(is_fit.call(&mut store, ()).unwrap(), 0);
    }
}
