//! Projects of Alembic: what is read again, and what makes a component out of date.

use super::*;
use crate::config::AlembicProject;
use crate::worker::Worker;

const FILES: &[(&str, &str)] = &[
    (
        "alembic.ini",
        "[alembic]\nscript_location = db\nprepend_sys_path = .\nsqlalchemy.url = postgresql://me:secret@db/x\n",
    ),
    ("db/env.py", "from shop.models import Base\nfrom alembic import context\n"),
    ("db/helpers.py", ""),
    ("db/versions/a.py", "revision = 'a'\ndown_revision = None\n"),
    ("db/versions/b.py", "\"\"\"Second\"\"\"\nfrom shop.later import x\nrevision = 'b'\ndown_revision = 'a'\n"),
    ("db/versions/c.py", "revision = 'c'\ndown_revision = 'b'\nold = 'b.view'\n"),
    ("shop/__init__.py", ""),
    ("shop/later.py", "x = 1\n"),
    ("shop/models.py", "import os\nBase = 1\n"),
    ("shop/unused.py", ""),
];

fn project() -> TempDir {
    let folder = cap_tempfile::tempdir(ambient_authority()).unwrap();
    for (path, text) in FILES {
        folder.create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
        folder.write(path, text).unwrap();
    }
    folder
}

/// The store of a project, with a program that reads Python, or without one.
fn store(folder: &TempDir, program: Option<&str>) -> Store {
    let project = AlembicProject {
        config: "alembic.ini".to_owned(),
        section: "alembic".to_owned(),
        include: vec!["shop".to_owned()],
        env: true,
    };
    Store::open(folder.try_clone().unwrap(), "migrations")
        .with_trust(trust(1))
        .with_alembic(Some(&project), program.map(Worker::new))
}

#[test]
fn only_what_changed_is_read_by_a_worker() {
    let folder = project();
    let first = store(&folder, None).scan().unwrap();
    assert_eq!(
        first.iter().map(|migration| migration.file.as_str()).collect::<Vec<_>>(),
        ["db/versions/a.py", "db/versions/b.py", "db/versions/c.py"]
    );
    age_index(&folder);
    // A program that is not there: nothing has to be read.
    let nobody = store(&folder, Some("/nowhere/host"));
    assert_eq!(nobody.scan().unwrap(), first);
    folder.write("shop/models.py", "import os\nBase = 2\n").unwrap();
    assert!(
        error_of(&nobody).contains("shop/models.py: it cannot be read: cannot start the process"),
        "{}",
        error_of(&nobody)
    );
    let second = store(&folder, None).scan().unwrap();
    for (before, now) in first.iter().zip(&second) {
        assert_eq!(before.source_digest, now.source_digest);
        assert_ne!(before.lock_digest, now.lock_digest, "env.py of all of them imports it");
    }
}

#[test]
fn what_one_revision_imports_is_its_own() {
    let folder = project();
    let before = store(&folder, None).scan().unwrap();
    folder.write("shop/later.py", "x = 2\n").unwrap();
    folder.write("shop/unused.py", "x = 2\n").unwrap();
    let now = store(&folder, None).scan().unwrap();
    let changed: Vec<_> = before.iter().zip(&now).map(|(before, now)| before.lock_digest != now.lock_digest).collect();
    // The third names an object of the second.
    assert_eq!(changed, [false, true, true]);
    folder.write("alembic.ini", FILES[0].1.replace("db/x", "db/y")).unwrap();
    assert_eq!(store(&folder, None).scan().unwrap(), now, "the url does not go into components");
    folder.write("alembic.ini", format!("{}more = 1\n", FILES[0].1)).unwrap();
    assert!(
        store(&folder, None).scan().unwrap().iter().zip(&now).all(|(one, other)| one.lock_digest != other.lock_digest)
    );
}

#[test]
fn the_document_has_what_a_revision_needs() {
    let folder = project();
    let store = store(&folder, None);
    let migrations = store.scan().unwrap();
    let files = |migration: &Migration| -> Vec<String> {
        let text = store.alembic_document(migration).unwrap();
        assert!(!text.contains("secret"), "{text}");
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        document["files"].as_object().unwrap().keys().cloned().collect()
    };
    let shared = ["db/env.py", "db/helpers.py", "shop/__init__.py", "shop/models.py"];
    let with = |more: &[&str]| {
        let mut all: Vec<_> = shared.iter().chain(more).map(|path| (*path).to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(files(&migrations[0]), with(&["db/versions/a.py"]));
    assert_eq!(files(&migrations[1]), with(&["db/versions/b.py", "shop/later.py"]));
    assert_eq!(files(&migrations[2]), with(&["db/versions/b.py", "db/versions/c.py", "shop/later.py"]));
    folder.write("shop/later.py", "x = 2\n").unwrap();
    // Texts that were read are kept; those of another scan are not.
    store.scan().unwrap();
    assert!(store.alembic_document(&migrations[1]).unwrap().contains("x = 2"));
}

#[test]
fn a_component_needs_no_seal_and_has_to_have_the_text_of_now() {
    let folder = project();
    let store = store(&folder, None);
    let migrations = store.scan().unwrap();
    let migration = &migrations[0];
    let made = |text: &str| {
        let manifest = Manifest {
            metadata: migration.metadata.clone(),
            source_digest: migration.source_digest,
            lock_digest: migration.lock_digest,
            language: Language::Alembic,
            file: migration.file.clone(),
            runtime: Some("alembic-0123".to_owned()),
            ..manifest("a", None)
        };
        let mut bytes = wasm_encoder::Component::new().finish();
        add_manifest(&mut bytes, &manifest, Some(text)).unwrap();
        store.write_component(&migration.metadata.revision, &bytes).unwrap();
    };
    let text = store.alembic_document(migration).unwrap();
    made(&text);
    assert!(store.is_built(migration).unwrap());
    assert!(!folder.exists(".host/build/a.seal"));
    made(&text.replace("down_revision = None", "down_revision = None\\nimport evil"));
    assert!(matches!(store.component(migration), Err(StoreError::OtherSource { .. })));
    made(&text);
    folder.write("shop/models.py", "Base = 2\n").unwrap();
    let now = store.scan().unwrap();
    assert!(matches!(store.component(&now[0]), Err(StoreError::Stale { .. })));
    // Taken elsewhere as it is, it is known by its revision file.
    let bytes = folder.read(".host/build/a.wasm").unwrap();
    let (_folder, prebuilt) = super::project(&[("migrations/a.wasm", &bytes)]);
    assert_eq!(prebuilt.scan().unwrap()[0].source_digest, migration.source_digest);
}
