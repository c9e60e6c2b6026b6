#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use super::*;

fn migration() -> Migration {
    Migration {
        metadata: Metadata::new(RevisionId::new("a").unwrap()),
        file: "migrations/a.sql".to_owned(),
        language: Language::Sql,
        source_digest: Digest::of(b""),
        lock_digest: None,
    }
}

fn store() -> Store {
    let folder = cap_tempfile::tempdir(cap_std::ambient_authority()).unwrap();
    Store::open(folder.try_clone().unwrap(), "migrations")
}

fn content(read: i64, entries: &[Entry]) -> Vec<u8> {
    super::content("migrations", read, entries, &[]).unwrap()
}

fn entry(name: &str, file: Fingerprint, migration: Migration) -> Entry {
    Entry { name: name.to_owned(), files: vec![(String::new(), file)], migration, trusted: false }
}

#[test]
fn trusts_only_what_is_the_same_and_clearly_older() {
    const TIME: i64 = 1_800_000_000_000_000_000;
    let old = Fingerprint::at(TIME - CLEARLY_OLDER_NANOSECONDS);
    let young = Fingerprint::at(TIME - CLEARLY_OLDER_NANOSECONDS + 1);
    for (written, seen, name, trusted) in [
        (old, old, "a.sql", true),
        (old, old, "b.sql", false),
        (old, Fingerprint::at(5), "a.sql", false),
        (young, young, "a.sql", false),
        (Fingerprint::at(i64::MAX), Fingerprint::at(i64::MAX), "a.sql", false),
    ] {
        let content = content(TIME, &[entry("a.sql", written, migration())]);
        let index = Index::parse(&content, "migrations").unwrap();
        let found = index.known().find(&store(), name, &[(String::new(), seen)]);
        assert_eq!(found.is_some(), trusted, "{written:?} {seen:?} {name}");
        assert!(found.is_none_or(|found| found == migration()));
    }
}

#[test]
fn keeps_all_that_was_read() {
    let file = Fingerprint::at(1);
    let everything = Metadata::from_toml(
        "revision = 'b'\nrevises = ['a', 'c']\ndepends-on = ['d']\nbranch-labels = ['e', 'f']\nmessage = 'ä'\n\
         created = '2026-01-01T00:00:00Z'\ntransaction = 'none'\nirreversible = true\nasks = ['role', 'data']\n",
    );
    let migrations: Vec<_> = Language::ALL
        .into_iter()
        .map(|language| Migration {
            metadata: everything.clone().unwrap(),
            language,
            lock_digest: Some(Digest::of(b"lock")),
            ..migration()
        })
        .chain([migration()])
        .collect();
    let entries: Vec<_> = migrations
        .iter()
        .enumerate()
        .map(|(number, migration)| entry(&format!("{number:02}"), file, migration.clone()))
        .collect();
    let content = content(i64::MAX, &entries);
    let index = Index::parse(&content, "migrations").unwrap();
    for (number, migration) in migrations.iter().enumerate() {
        let found = index.known().find(&store(), &format!("{number:02}"), &[(String::new(), file)]);
        assert_eq!(found, Some(Migration { file: format!("migrations/{number:02}"), ..migration.clone() }));
    }
    assert!(entries.iter().all(|entry| index.knows(entry)) && index.is_outdated_by(&entries, &[]));
}

#[test]
fn finds_entries_in_any_order() {
    let file = Fingerprint::at(1);
    let entries: Vec<_> = (0..5)
        .map(|number| {
            let migration = Migration { file: format!("migrations/{number}"), ..migration() };
            entry(&number.to_string(), file, migration)
        })
        .collect();
    let content = content(i64::MAX, &entries);
    let index = Index::parse(&content, "migrations").unwrap();
    let mut known = index.known();
    for name in ["0", "1", "3", "2", "2", "?", "4", "9", "0"] {
        let found = known.find(&store(), name, &[(String::new(), file)]);
        let expected = entries.iter().find(|entry| entry.name == name).map(|entry| &entry.migration);
        assert_eq!(found.as_ref(), expected, "{name}");
    }
}

#[test]
fn ignores_what_it_cannot_read() {
    let [one, other] = ["a.sql", "b.sql"].map(|name| entry(name, Fingerprint::at(1), migration()));
    let whole = content(0, &[one, other]);
    for length in 0..whole.len() {
        assert!(Index::parse(&whole[..length], "migrations").is_none(), "{length} bytes");
    }
    assert!(Index::parse(&whole, "migrations").is_some());
    assert!(Index::parse(&whole, "other").is_none());
    let changed = |change: fn(&mut File<'_>)| {
        let mut file: File<'_> = postcard::from_bytes(&whole).unwrap();
        change(&mut file);
        Index::parse(&postcard::to_allocvec(&file).unwrap(), "migrations").is_none()
    };
    assert!(changed(|file| file.format = 2));
    assert!(changed(|file| file.host = "?"));
    assert!(changed(|file| file.rows.reverse()));
    assert!(!changed(|file| file.read = 1));
}
