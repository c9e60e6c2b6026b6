//! Components that say something else than what they are.

use cap_tempfile::TempDir;

use super::*;

const GOOD: &str =
    "-- /// migration\n-- revision = 'one'\n-- ///\n-- upgrade\nSELECT 1; /*\n-- upgrade\nDROP TABLE users; -- */\n";

fn first(store: &Store) -> Migration {
    store.scan().unwrap().remove(0)
}

fn error_of(store: &Store) -> String {
    let error = store.component(&first(store)).unwrap_err();
    assert!(!store.is_built(&first(store)).unwrap(), "a build makes it anew");
    format!("{error} | {}", error.hint().unwrap_or_default())
}

fn sql_project() -> (TempDir, Store, Manifest) {
    let (folder, store) = project(&[("migrations/1.sql", GOOD.as_bytes())]);
    let honest = Manifest { source_digest: first(&store).source_digest, ..manifest("one", None) };
    store.write_component(&honest.metadata.revision, &text_component(GOOD, honest.clone())).unwrap();
    assert_eq!(store.component(&first(&store)).unwrap().source(), Some(GOOD));
    (folder, store, honest)
}

#[test]
fn another_text_does_not_run_under_the_digest_of_a_file() {
    let (folder, store, honest) = sql_project();
    let expected = "'.host/build/one.wasm' says that it was built from 'migrations/1.sql' (revision one), but it was built \
                    from something else | run `host build`";
    let write = |bytes: &[u8]| folder.write(".host/build/one.wasm", bytes).unwrap();
    write(&text_component(&GOOD.replace("SELECT 1", "SELECT 2"), honest.clone()));
    assert_eq!(error_of(&store), expected);
    write(&text_component(&format!("{GOOD} "), honest.clone()));
    assert_eq!(error_of(&store), expected);

    // The same text, of which another part would run; and code that would run in its place.
    let sections = |upgrade: [usize; 2], downgrade| Manifest {
        sections: Some(ScriptSections { upgrade, downgrade }),
        runtime: Some("sql".to_owned()),
        ..honest.clone()
    };
    let comment = GOOD.find("DROP").unwrap();
    let code = wasm_encoder::Component::new().finish();
    for (forged, source) in [
        (sections([comment, comment + 17], None), Some(GOOD)),
        (sections([0, GOOD.len()], Some([comment, comment + 17])), Some(GOOD)),
        (Manifest { runtime: Some("sql".to_owned()), sections: None, ..honest.clone() }, Some(GOOD)),
        (Manifest { runtime: Some("perl".to_owned()), ..honest.clone() }, Some(GOOD)),
        (honest.clone(), Some(GOOD)),
        (honest.clone(), None),
    ] {
        let mut bytes = code.clone();
        add_manifest(&mut bytes, &forged, source).unwrap();
        write(&bytes);
        assert_eq!(error_of(&store), expected, "{forged:?}");
    }
}

/// A component with some code of its own.
fn code(number: u8) -> Vec<u8> {
    wat::parse_str(format!("(component (core module (func (result i32) (i32.const {number}))))")).unwrap()
}

fn with_metadata(code: &[u8], manifest: &Manifest) -> Vec<u8> {
    let mut bytes = code.to_vec();
    add_manifest(&mut bytes, manifest, None).unwrap();
    bytes
}

#[test]
fn a_prebuilt_component_counts_by_its_bytes() {
    let said = manifest("one", None);
    let (folder, store) = project(&[("migrations/1.wasm", &with_metadata(&code(1), &said))]);
    let migration = first(&store);
    assert_eq!(migration.source_digest, Digest::of(&code(1)));
    assert_eq!(store.component(&migration).unwrap().bytes, with_metadata(&code(1), &said));
    assert!(!folder.exists(".host/build/one.wasm"));

    // Other code that says the same about itself is another migration; another message is not.
    folder.write("migrations/1.wasm", with_metadata(&code(2), &said)).unwrap();
    assert!(matches!(store.component(&migration), Err(StoreError::Changed { .. })));
    assert_eq!(first(&store).source_digest, Digest::of(&code(2)));
    let mut reworded = said.clone();
    reworded.metadata.message = "x".to_owned();
    folder.write("migrations/1.wasm", with_metadata(&code(1), &reworded)).unwrap();
    assert_eq!(first(&store).source_digest, migration.source_digest);
}

#[test]
fn a_prebuilt_text_counts_as_its_file_would() {
    let lie = Manifest { source_digest: Digest::of(b"innocent"), ..manifest("one", None) };
    let (folder, store) = project(&[("migrations/1.sql", GOOD.as_bytes())]);
    let file = first(&store).source_digest;
    folder.remove_file("migrations/1.sql").unwrap();
    folder.write("migrations/1.wasm", text_component(GOOD, lie.clone())).unwrap();
    assert_eq!(first(&store).source_digest, file);
    assert_eq!(store.component(&first(&store)).unwrap().source(), Some(GOOD));

    // Metadata and places come from the text, or not at all.
    let comment = GOOD.find("DROP").unwrap();
    let sections = Some(ScriptSections { upgrade: [comment, comment + 17], downgrade: None });
    let mut bytes = wasm_encoder::Component::new().finish();
    add_manifest(&mut bytes, &Manifest { runtime: Some("sql".to_owned()), sections, ..lie.clone() }, Some(GOOD))
        .unwrap();
    folder.write("migrations/1.wasm", &bytes).unwrap();
    let error = store.component(&first(&store)).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { source: ManifestError::OtherText, .. }), "{error}");
    let metadata = Metadata { irreversible: true, ..lie.metadata.clone() };
    let mut bytes = wasm_encoder::Component::new().finish();
    add_manifest(&mut bytes, &Manifest { runtime: Some("sql".to_owned()), metadata, ..lie }, Some(GOOD)).unwrap();
    folder.write("migrations/1.wasm", &bytes).unwrap();
    let error = store.scan().unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { source: ManifestError::OtherText, .. }), "{error}");
}

#[test]
fn a_component_in_a_folder_is_compared_with_what_was_built_of_it() {
    let (folder, store) = project(&[
        ("migrations/1/migration.toml", b"revision = 'one'"),
        ("migrations/1/m.wasm", &with_metadata(&code(1), &manifest("other", None))),
    ]);
    let migration = first(&store);
    assert_eq!(migration.source_digest, Digest::of(&code(1)), "whatever it says about itself");
    let said = Manifest { source_digest: migration.source_digest, ..manifest("one", None) };
    // No seal is needed where one can look.
    folder.create_dir_all(".host/build").unwrap();
    folder.write(".host/build/one.wasm", with_metadata(&code(1), &said)).unwrap();
    store.component(&migration).unwrap();
    folder.write(".host/build/one.wasm", with_metadata(&code(2), &said)).unwrap();
    assert!(error_of(&store).contains("was built from something else"));
}

#[test]
fn what_a_compiler_made_has_to_be_sealed_by_this_user() {
    let (folder, store) = project(&[
        ("migrations/1/migration.toml", b"revision = 'one'"),
        ("migrations/1/Cargo.toml", b"[package]"),
        ("migrations/1/src/lib.rs", b"fn a() {}"),
    ]);
    let migration = first(&store);
    let said = Manifest { source_digest: migration.source_digest, language: Language::Rust, ..manifest("one", None) };
    let (built, seal) = (".host/build/one.wasm", ".host/build/one.seal");
    store.write_component(&migration.metadata.revision, &with_metadata(&code(1), &said)).unwrap();
    store.component(&migration).unwrap();
    let (good, good_seal) = (folder.read(built).unwrap(), folder.read(seal).unwrap());

    // Swapped, with the seal of the other component, of another user, of another revision, or with none.
    folder.write(built, with_metadata(&code(2), &said)).unwrap();
    let expected = "'.host/build/one.wasm' (revision one) was not built here, so nothing shows that it was built from \
                    'migrations/1' | run `host build`; to deploy";
    assert!(error_of(&store).starts_with(expected), "{}", error_of(&store));
    let stranger = Store::open(folder.try_clone().unwrap(), "migrations").with_trust(trust(2));
    stranger.write_component(&migration.metadata.revision, &with_metadata(&code(2), &said)).unwrap();
    assert!(error_of(&store).starts_with(expected));
    folder.remove_file(seal).unwrap();
    assert!(error_of(&store).starts_with(expected));
    folder.write(built, &good).unwrap();
    assert!(error_of(&store).starts_with(expected));
    folder.write(seal, "x".repeat(1 << 20)).unwrap();
    assert!(error_of(&store).starts_with(expected));
    folder.write(seal, &good_seal).unwrap();
    store.component(&migration).unwrap();

    // The seal is for this source.
    folder.write("migrations/1/src/lib.rs", "fn b() {}").unwrap();
    assert!(matches!(store.component(&migration), Err(StoreError::Changed { .. })), "an index that lies helps nobody");
    assert!(matches!(store.component(&first(&store)), Err(StoreError::Stale { .. })));
    let other = Manifest { source_digest: first(&store).source_digest, ..said.clone() };
    folder.write(built, with_metadata(&code(1), &other)).unwrap();
    assert!(error_of(&store).starts_with(expected));

    // Without a key nothing is known, unless the operator vouches for it.
    let open = |trust| Store::open(folder.try_clone().unwrap(), "migrations").with_trust(trust);
    let error = open(BuildTrust::default()).component(&first(&store)).unwrap_err();
    assert!(error.hint().unwrap().contains("HOST_STATE_DIR"), "{error}");
    open(BuildTrust { any: true, key: None }).component(&first(&store)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_holds_nobody() {
    let (folder, store, _) = sql_project();
    let migration = first(&store);
    for path in [".host/build/one.wasm", ".host/build/index.bin"] {
        let _ = folder.remove_file(path);
        rustix::fs::mkfifoat(&*folder, path, rustix::fs::Mode::RWXU).unwrap();
    }
    assert_eq!(first(&store), migration);
    assert!(matches!(store.component(&migration), Err(StoreError::NotAFile { .. })));
    rustix::fs::mkfifoat(&*folder, ".gitignore", rustix::fs::Mode::RWXU).unwrap();
    assert!(matches!(ensure_ignored(store.root()), Err(StoreError::NotAFile { .. })));
}
