//! `wit/migration.wit` as Rust types (generated).

wit_bindgen::generate!({
    path: "wit",
    world: "script-runtime",
    generate_all,
    additional_derives: [PartialEq],
});
