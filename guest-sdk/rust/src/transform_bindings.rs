//! What a migration with a transform has besides, as wit-bindgen writes it; the rest is that of `bindings`. Nothing outside this crate
//! names it, but `export_transform!` does, so it is public.
#![expect(missing_docs, reason = "generated; the contract in wit/ documents each item")]

wit_bindgen::generate!({
    path: "wit",
    inline: "
        package host:transform-part;

        world transform-part {
            import host:migration/types@0.1.0;
            import host:migration/bulk@0.1.0;
            import host:migration/transforms@0.1.0;
            export host:migration/transform@0.1.0;
        }
    ",
    world: "transform-part",
    pub_export_macro: true,
    with: {
        "host:migration/types@0.1.0": crate::bindings::host::migration::types,
        "host:migration/bulk@0.1.0": crate::bindings::host::migration::bulk,
    },
    generate_all,
    additional_derives: [PartialEq],
});
