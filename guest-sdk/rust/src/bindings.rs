//! The contract as wit-bindgen writes it. Nothing outside this crate names it, but `export!` does, so it is public.
#![expect(missing_docs, reason = "generated; the contract in wit/ documents each item")]

wit_bindgen::generate!({
    path: "wit",
    world: "bulk-guest",
    pub_export_macro: true,
    additional_derives: [PartialEq],
});
