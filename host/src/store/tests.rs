#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "tests make folders of their own")]

mod alembic;
mod forged;
mod prune;

use cap_std::ambient_authority;
use cap_tempfile::TempDir;
use wasm_encoder::ComponentSection as _;

use super::*;
use crate::revision::RevisionId;

const ONE: &str = "-- /// migration\n-- revision = 'one'\n-- ///\n-- upgrade\nSELECT 1;\n";
const TWO: &str = "-- /// migration\n-- revision = 'two'\n-- revises = 'one'\n-- ///\n-- upgrade\n";
const INDEX: &str = ".host/build/index.bin";

fn project(files: &[(&str, &[u8])]) -> (TempDir, Store) {
    let folder = cap_tempfile::tempdir(ambient_authority()).unwrap();
    folder.create_dir("migrations").unwrap();
    for (path, content) in files {
        folder.create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
        folder.write(path, content).unwrap();
    }
    let store = Store::open(folder.try_clone().unwrap(), "migrations").with_trust(trust(1));
    (folder, store)
}

/// The trust of a user, each with a key of their own.
fn trust(user: u8) -> BuildTrust {
    BuildTrust { key: Some(Key::new([user; Key::BYTES])), any: false }
}

fn manifest(revision: &str, runtime: Option<&str>) -> Manifest {
    Manifest {
        format: MANIFEST_FORMAT,
        metadata: Metadata::new(RevisionId::new(revision).unwrap()),
        source_digest: Digest::of(b"source"),
        lock_digest: None,
        language: Language::Sql,
        file: "migrations/a.sql".to_owned(),
        runtime: runtime.map(str::to_owned),
        runtime_digest: None,
        sections: None,
        packages: Vec::new(),
        built_with: "0.1.0".to_owned(),
    }
}

fn component(manifest: &Manifest) -> Vec<u8> {
    let mut bytes = wasm_encoder::Component::new().finish();
    add_manifest(&mut bytes, manifest, None).unwrap();
    bytes
}

/// The component of a SQL file, as a build makes it.
fn text_component(text: &str, manifest: Manifest) -> Vec<u8> {
    let (metadata, found) = {
        let block = Block::find(text, "--").unwrap().unwrap();
        (block.metadata().unwrap(), crate::sql::sections(text).unwrap())
    };
    let ends = |range: std::ops::Range<usize>| [range.start, range.end];
    let sections = ScriptSections { upgrade: ends(found.upgrade), downgrade: found.downgrade.map(ends) };
    let manifest = Manifest { metadata, sections: Some(sections), runtime: Some("sql".to_owned()), ..manifest };
    let mut bytes = wasm_encoder::Component::new().finish();
    add_manifest(&mut bytes, &manifest, Some(text)).unwrap();
    bytes
}

fn error_of(store: &Store) -> String {
    store.scan().unwrap_err().to_string()
}

#[test]
fn finds_what_is_a_migration_by_file_name() {
    let wasm = component(&manifest("wasm", None));
    let (_folder, store) = project(&[
        ("migrations/2_two.sql", TWO.as_bytes()),
        ("migrations/1_one.sql", ONE.as_bytes()),
        ("migrations/3_rust/migration.toml", b"revision = 'rust'"),
        ("migrations/3_rust/Cargo.toml", b""),
        ("migrations/3_rust/src/lib.rs", b""),
        ("migrations/4.wasm", &wasm),
        ("migrations/5/migration.toml", b"revision = 'folder'"),
        ("migrations/5/any.wasm", b"rubbish, but that is found when it is built"),
        ("migrations/README.md", b"\xff"),
        ("migrations/.hidden.sql", b"\xff"),
        ("migrations/_draft.sql", b"\xff"),
        ("migrations/_shared/migration.toml", b"\xff"),
        ("migrations/helpers/lib.sql", b"\xff"),
    ]);
    let migrations = store.scan().unwrap();
    let found: Vec<_> = migrations
        .iter()
        .map(|migration| (migration.metadata.revision.as_str(), migration.language, migration.file.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("one", Language::Sql, "migrations/1_one.sql"),
            ("two", Language::Sql, "migrations/2_two.sql"),
            ("rust", Language::Rust, "migrations/3_rust"),
            ("wasm", Language::Wasm, "migrations/4.wasm"),
            ("folder", Language::Wasm, "migrations/5"),
        ]
    );
    assert_eq!(migrations[3].source_digest, Digest::of(&wasm_encoder::Component::new().finish()), "whatever it says");
    assert_eq!(Revision::from(&migrations[1]).revises, [RevisionId::new("one").unwrap()]);
    for migration in &migrations {
        assert_eq!(store.reread(migration).unwrap(), *migration);
    }
    assert_eq!(store.scan().unwrap(), migrations);
}

#[test]
fn says_what_is_wrong_with_a_file() {
    for (path, content, expected) in [
        ("a.sql", b"SELECT 1;".as_slice(), "'migrations/a.sql' has no metadata block"),
        ("a.sql", b"--\n--\xff", "migrations/a.sql:2: this line is not UTF-8"),
        (
            "a.sql",
            b"-- x\r\n-- /// migration\r\n-- revision = 5\r\n-- ///\r\n",
            "migrations/a.sql:3: 'revision': invalid type: integer `5`, expected a string",
        ),
        (
            "a.sql",
            b"-- /// migration\n",
            "migrations/a.sql:1: the metadata block that begins here has no last line '-- ///'",
        ),
        ("a.sql/x", b"", "'migrations/a.sql' is not a file"),
        ("a.wasm", b"\0asm\x0d\0\x01\0", "'migrations/a.wasm' carries no metadata"),
        ("a.wasm", b"rubbish", "'migrations/a.wasm' is not a component with a migration"),
        ("a/migration.toml", b"\nrevisio = 'a'", "migrations/a/migration.toml:2: 'revisio': unknown field `revisio`"),
        (
            "a/migration.toml",
            b"revision = 'a'",
            "the folder 'migrations/a' has a migration.toml, but no Cargo.toml, go.mod, migration.c or .wasm file, and no key build",
        ),
    ] {
        let (_folder, store) = project(&[(&format!("migrations/{path}"), content)]);
        let result = store.scan();
        if path == "a.sql/x" {
            // A folder is never a source file, whatever its name.
            assert_eq!(result.unwrap(), []);
            continue;
        }
        let error = result.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let (_folder, store) = project(&[
        ("migrations/a/migration.toml", b"revision = 'a'"),
        ("migrations/a/x.wasm", b""),
        ("migrations/a/y.wasm", b""),
    ]);
    assert_eq!(error_of(&store), "the folder 'migrations/a' has several .wasm files: x.wasm, y.wasm");
    let folder = cap_tempfile::tempdir(ambient_authority()).unwrap();
    for (migrations, expected) in [
        ("db/", "no migrations folder 'db'"),
        ("../db", "'../db' points outside of the project's folder"),
        ("/etc", "'/etc' points outside of the project's folder"),
    ] {
        assert_eq!(error_of(&Store::open(folder.try_clone().unwrap(), migrations)), expected);
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_shown_escaped() {
    use std::os::unix::ffi::OsStrExt as _;
    let (folder, store) = project(&[]);
    folder.write(std::path::Path::new("migrations").join(std::ffi::OsStr::from_bytes(b"\xffa\n.sql")), "").unwrap();
    assert_eq!(error_of(&store), "the name '\\xffa\\n.sql' in 'migrations' is not UTF-8");
}

#[cfg(unix)]
#[test]
fn links_work_inside_the_project_only() {
    let (folder, store) = project(&[("shared/one.sql", ONE.as_bytes())]);
    folder.symlink("../shared/one.sql", "migrations/1.sql").unwrap();
    folder.symlink_contents("/etc/hostname", "migrations/README").unwrap();
    assert_eq!(store.scan().unwrap()[0].file, "migrations/1.sql");
    folder.symlink_contents("/etc/hostname", "migrations/2.sql").unwrap();
    let error = store.scan().unwrap_err();
    assert_eq!(error.to_string(), "'migrations/2.sql' is a link that points outside of the project's folder");
    assert!(error.hint().unwrap().contains("nothing outside of the project's folder is read"));
    folder.remove_file("migrations/2.sql").unwrap();
    folder.symlink("../../../../../../etc/hostname", "migrations/2.sql").unwrap();
    assert_eq!(error_of(&store), "'migrations/2.sql' is a link that points outside of the project's folder");
}

#[test]
fn a_folder_counts_by_its_sources() {
    let files: [(&str, &[u8]); 4] = [
        ("migrations/a/migration.toml", b"revision = 'a'"),
        ("migrations/a/Cargo.toml", b"[package]\n"),
        ("migrations/a/src/lib.rs", b"fn a() {}\n"),
        ("migrations/a/blob", b"\xff\r\n"),
    ];
    let digest = |changes: &[(&str, &[u8])]| {
        let (folder, store) = project(&files);
        for (path, content) in changes {
            folder.create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
            folder.write(path, content).unwrap();
        }
        let migration = store.scan().unwrap().remove(0);
        (migration.source_digest, migration.lock_digest)
    };
    let (before, no_lock) = digest(&[]);
    assert_eq!(no_lock, None);
    for (path, content, same) in [
        ("migrations/a/migration.toml", b"revision = 'b'\nmessage = 'x'".as_slice(), true),
        ("migrations/a/src/lib.rs", b"fn a() {}\r\n", true),
        ("migrations/a/target/debug/x", b"x", true),
        ("migrations/a/.editor", b"x", true),
        ("migrations/a/src/.editor", b"x", true),
        ("migrations/a/Cargo.lock", b"x", true),
        ("migrations/a/src/lib.rs", b"fn b() {}\n", false),
        ("migrations/a/src/target/x", b"x", false),
        ("migrations/a/tests/x.rs", b"x", false),
        ("migrations/a/migration_test.go", b"x", false),
        ("migrations/a/blob", b"\xff\n", false),
        ("migrations/a/other.sql", b"", false),
    ] {
        let (after, lock) = digest(&[(path, content)]);
        assert_eq!(after == before, same, "{path}");
        assert_eq!(lock.is_some(), path.ends_with(".lock"), "{path}");
    }
}

/// The index behind its seal, which is a line.
fn index_of(folder: &TempDir) -> Vec<u8> {
    split_index(&folder.read(INDEX).unwrap()).1
}

fn split_index(index: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (seal, content) = index.split_at(index.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    (seal.to_owned(), content.to_owned())
}

/// Writes an index with the seal of this user.
fn write_index(folder: &TempDir, index: &[u8]) {
    folder.write(INDEX, super::index::sealed(&trust(1).key.unwrap(), index)).unwrap();
}

/// Lets the index look as if it had been written long after the files.
fn age_index(folder: &TempDir) {
    write_index(folder, &super::index::read_at(&index_of(folder), i64::MAX));
}

/// The same index with another revision in the place of `one`.
fn lie_of(index: &[u8]) -> Vec<u8> {
    let place = place_of(index, "one").expect("the revision");
    let mut lie = index.to_owned();
    lie[place..place + 3].copy_from_slice(b"lie");
    lie
}

/// Where a text of three letters stands in an index; the length comes before it.
fn place_of(index: &[u8], text: &str) -> Option<usize> {
    let text = [&[3], text.as_bytes()].concat();
    index.windows(text.len()).position(|part| part == text).map(|place| place + 1)
}

#[test]
fn the_index_saves_reading() {
    let (folder, store) = project(&[("migrations/1.sql", ONE.as_bytes()), ("migrations/2.sql", TWO.as_bytes())]);
    let before = store.scan().unwrap();
    assert_eq!(folder.read_to_string(".host/.gitignore").unwrap(), "*\n");

    // An index that lies proves that it, and not the file, was read. The entries are too young for that now.
    let lie = lie_of(&index_of(&folder));
    write_index(&folder, &lie);
    assert_eq!(store.scan().unwrap(), before);
    assert_eq!(place_of(&index_of(&folder), "lie"), None, "a wrong entry is written anew");
    write_index(&folder, &lie);
    age_index(&folder);
    assert_eq!(store.scan().unwrap()[0].metadata.revision.as_str(), "lie");

    // A changed file is read, the other is not; a removed one is forgotten.
    folder.write("migrations/2.sql", TWO.replace("two", "TWO")).unwrap();
    let revisions = |store: &Store| -> Vec<String> {
        store.scan().unwrap().iter().map(|migration| migration.metadata.revision.to_string()).collect()
    };
    assert_eq!(revisions(&store), ["lie", "TWO"]);
    age_index(&folder);
    folder.remove_file("migrations/1.sql").unwrap();
    assert_eq!(revisions(&store), ["TWO"]);
    assert_eq!(place_of(&index_of(&folder), "lie"), None);
}

#[test]
fn of_many_files_every_change_is_seen() {
    const FILES: usize = 1_100;
    let name = |number: usize| format!("migrations/{number:04}.sql");
    let text = |number: usize| format!("-- /// migration\n-- revision = 'r{number}'\n-- ///\n-- upgrade\nSELECT 1;\n");
    let (folder, store) = project(&[]);
    for number in 0..FILES {
        folder.write(name(number), text(number)).unwrap();
    }
    let mut counted = None;
    let mut last = store.scan_all_counting(|count| counted = Some(count)).unwrap();
    assert_eq!((counted, last.len()), (Some(FILES), FILES));
    // Without a key nothing is remembered.
    let read_anew = || Store::open(folder.try_clone().unwrap(), "migrations").scan().unwrap();
    let changes: [&dyn Fn(); 6] = [
        &|| folder.write(name(600), text(600) + "SELECT 2;\n").unwrap(),
        &|| folder.remove_file(name(7)).unwrap(),
        &|| folder.rename(name(FILES - 1), &folder, "migrations/0500a.sql").unwrap(),
        &|| folder.write("migrations/0000a.sql", text(FILES)).unwrap(),
        &|| folder.rename(name(1), &folder, name(2)).unwrap(),
        &|| {
            folder.write(name(7), text(7)).unwrap();
            folder.remove_file(name(1_000)).unwrap();
        },
    ];
    assert_eq!(last, read_anew());
    for (number, change) in changes.into_iter().enumerate() {
        age_index(&folder);
        assert_eq!(store.scan().unwrap(), last, "before change {number}");
        change();
        let now = store.scan().unwrap();
        assert_ne!(now, last, "change {number}");
        assert_eq!(now, read_anew(), "change {number}");
        last = now;
    }
}

#[test]
fn the_index_is_not_written_when_nothing_changed() {
    let (folder, store) = project(&[("migrations/1.sql", ONE.as_bytes())]);
    let before = store.scan().unwrap();
    write_index(&folder, &[&index_of(&folder)[..], b" "].concat());
    let marked = folder.read(INDEX).unwrap();
    assert_eq!(store.scan().unwrap(), before, "too young to trust, but the same");
    assert_eq!(folder.read(INDEX).unwrap(), marked);
    age_index(&folder);
    let marked = folder.read(INDEX).unwrap();
    assert_eq!(store.scan().unwrap(), before);
    assert_eq!(folder.read(INDEX).unwrap(), marked);
}

#[test]
fn an_index_that_cannot_be_used_does_no_harm() {
    let (folder, store) = project(&[("migrations/1.sql", ONE.as_bytes())]);
    let before = store.scan().unwrap();
    for broken in ["", "{", "[1,2]", "\u{0}"] {
        folder.write(INDEX, broken).unwrap();
        assert_eq!(store.scan().unwrap(), before);
        assert!(place_of(&index_of(&folder), "one").is_some());
        write_index(&folder, broken.as_bytes());
        assert_eq!(store.scan().unwrap(), before);
        assert!(place_of(&index_of(&folder), "one").is_some());
    }
    // Nothing can be written where a file is in the way of the folder, not even by root.
    folder.remove_dir_all(".host").unwrap();
    folder.write(".host", "").unwrap();
    assert_eq!(store.scan().unwrap(), before);
}

#[test]
fn an_index_that_came_with_the_project_is_not_read() {
    let (folder, store) = project(&[("migrations/1.sql", ONE.as_bytes())]);
    let before = store.scan().unwrap();
    age_index(&folder);
    let lie = lie_of(&index_of(&folder));
    let foreign = super::index::sealed(&Key::new([2; Key::BYTES]), &lie);
    let old_seal = [split_index(&folder.read(INDEX).unwrap()).0, lie.clone()].concat();
    for forged in [lie.clone(), [b"\n", &lie[..]].concat(), foreign, old_seal] {
        folder.write(INDEX, &forged).unwrap();
        assert_eq!(store.scan().unwrap(), before);
        // Without a key there is nothing to tell an index by, so there is none.
        folder.write(INDEX, &forged).unwrap();
        let keyless = Store::open(folder.try_clone().unwrap(), "migrations");
        assert_eq!(keyless.scan().unwrap(), before);
        assert_eq!(folder.read(INDEX).unwrap(), forged);
    }
    // The same lie with the right seal is believed: the test tests something.
    write_index(&folder, &lie);
    assert_eq!(store.scan().unwrap()[0].metadata.revision.as_str(), "lie");
}

#[test]
fn a_component_is_fresh_stale_or_broken() {
    let (folder, store) = project(&[("migrations/1.sql", ONE.as_bytes())]);
    let migration = store.scan().unwrap().remove(0);
    let state = |migration: &Migration| match store.component(migration) {
        Ok(_) => "fresh".to_owned(),
        Err(error) => format!("{error} | {}", error.hint().unwrap_or_default()),
    };
    assert_eq!(state(&migration), "revision one ('migrations/1.sql') is not built | run `host build`");
    assert!(!store.is_built(&migration).unwrap());

    let built = Manifest { source_digest: migration.source_digest, ..manifest("one", None) };
    let bytes = text_component(ONE, built);
    store.write_component(&migration.metadata.revision, &bytes).unwrap();
    let found = store.component(&migration).unwrap();
    assert_eq!((found.digest, found.source()), (Digest::of(&bytes), Some(ONE)));
    assert!(store.is_built(&migration).unwrap());

    let stale = "revision one ('migrations/1.sql') was changed since it was built | run `host build`";
    for changed in [
        Migration { source_digest: Digest::of(b"other"), ..migration.clone() },
        Migration { lock_digest: Some(Digest::of(b"")), ..migration.clone() },
        Migration { metadata: Metadata { message: "x".to_owned(), ..migration.metadata.clone() }, ..migration.clone() },
    ] {
        assert_eq!(state(&changed), stale);
        assert!(!store.is_built(&changed).unwrap());
    }
    folder.write(".host/build/one.wasm", "rubbish").unwrap();
    assert_eq!(state(&migration), "'.host/build/one.wasm' is not a component with a migration | run `host build`");
    folder.write(".host/build/one.wasm", wasm_encoder::Component::new().finish()).unwrap();
    assert_eq!(state(&migration), "'.host/build/one.wasm' is not a component with a migration | run `host build`");
    assert!(!store.is_built(&migration).unwrap());
}

#[test]
fn new_files_never_replace_others() {
    let (folder, store) = project(&[]);
    let file = |path: &str| NewFile { path: path.to_owned(), text: path.to_owned() };
    let created = store.create_migration(&[file("a.sql")]).unwrap();
    assert_eq!((created.as_str(), folder.read_to_string(&created).unwrap().as_str()), ("migrations/a.sql", "a.sql"));
    let rust = [file("b/Cargo.toml"), file("b/src/lib.rs")];
    assert_eq!(store.create_migration(&rust).unwrap(), "migrations/b");
    assert_eq!(folder.read_to_string("migrations/b/src/lib.rs").unwrap(), "b/src/lib.rs");
    for files in [&[file("a.sql")][..], &rust, &[file("a.sql/x")], &[file("b")]] {
        let error = store.create_migration(files).unwrap_err();
        assert!(matches!(error, StoreError::Exists { .. }), "{error}");
    }
    let left: Vec<_> = folder.read_dir("migrations").unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(store.create_migration(&[file("c/x"), file("d/x")]).is_err());
    assert!(!folder.exists("migrations/c"));
}

#[test]
fn state_files_are_written_once() {
    let (folder, store) = project(&[]);
    store.write_state_file(".host/sdk/rust/a", b"one").unwrap();
    let modified = || folder.metadata(".host/sdk/rust/a").unwrap().modified().unwrap();
    let first = modified();
    store.write_state_file(".host/sdk/rust/a", b"one").unwrap();
    assert_eq!(modified(), first);
    store.write_state_file(".host/sdk/rust/a", b"two").unwrap();
    assert_eq!(folder.read_to_string(".host/sdk/rust/a").unwrap(), "two");
    assert_eq!(folder.read_to_string(".host/.gitignore").unwrap(), "*\n");
}

#[test]
fn the_state_folder_is_ignored_once() {
    for (before, after) in
        [(None, ".host/\n"), (Some("/target"), "/target\n.host/\n"), (Some("a\n/.host\n"), "a\n/.host\n")]
    {
        let (folder, store) = project(&[]);
        if let Some(before) = before {
            folder.write(".gitignore", before).unwrap();
        }
        for _ in 0..2 {
            ensure_ignored(store.root()).unwrap();
            assert_eq!(folder.read_to_string(".gitignore").unwrap(), after);
        }
    }
}

#[test]
fn one_component_in_several_migrations_is_the_same_code() {
    let plain = wasm_encoder::Component::new().finish();
    let of = |revision: &str, bytes: Vec<u8>| {
        let file = format!("migrations/{revision}.wasm");
        let (_folder, store) = project(&[(&file, &bytes)]);
        let migration = store.scan().unwrap().remove(0);
        let component = store.component(&migration).unwrap();
        assert_eq!((component.digest, component.code_digest), (Digest::of(&bytes), Digest::of(&component.code())));
        component
    };
    let embedded = |revision: &str, behind: &[u8]| {
        let mut bytes = component(&manifest(revision, None));
        bytes.extend_from_slice(behind);
        bytes
    };
    let (one, two) = (of("one", embedded("one", b"")), of("two", embedded("two", b"")));
    assert_eq!((&*one.code(), &*two.code()), (&*plain, &*plain));
    assert_eq!(one.code_digest, two.code_digest);
    assert_ne!(one.digest, two.digest);
    // Whatever else there is belongs to the code, behind the sections of host as well.
    let mut rest = Vec::new();
    wasm_encoder::CustomSection { name: "other".into(), data: b"x".as_slice().into() }.append_to_component(&mut rest);
    let other = of("one", embedded("one", &rest));
    assert_eq!(&*other.code(), [&plain[..], &rest].concat());
    assert_ne!(other.code_digest, one.code_digest);
    // Sections at the front, as other tools write them.
    let mut front = plain[..8].to_vec();
    front.extend_from_slice(&embedded("one", b"")[plain.len()..]);
    front.extend_from_slice(&rest);
    assert_eq!(of("one", front).code_digest, other.code_digest);
}
