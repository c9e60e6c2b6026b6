//! Remembers what was read, so that listing migrations costs a look at each file's times instead of reading it.
//!
//! A file that was changed within the same tick of the file system's clock, without a change of size, looks unchanged.
//! So, as in git's index, an entry is trusted only if its file is clearly older than the moment before it was read.
//! An index that is missing, broken or of another version is as good as none, and one that cannot be written is not.
//! An index that came with the project could say anything: only one with the seal of this user is read, and without a key
//! there is none.

use std::collections::HashMap;
use std::io::Write as _;

use cap_std::fs::Dir;
use cap_tempfile::TempFile;
use serde::Deserialize;
use serde::Serialize;

use super::BUILD_FOLDER;
use super::Key;
use super::Migration;
use super::Store;
use super::files;
use super::files::Fingerprint;
use super::key::Sealed;

/// The name of the file in the build folder.
const INDEX_FILE: &str = "index.json";

/// Changes whenever an older host would misread the file.
const FORMAT: u32 = 2;

/// How much older than the index a file has to be. The coarsest file system that is in use (FAT) has ticks of 2 s.
const CLEARLY_OLDER_NANOSECONDS: i64 = 2_000_000_000;

/// One migration with the files that it was read from.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) files: Files,
    pub(super) migration: Migration,
    /// Whether it came from the index.
    pub(super) trusted: bool,
}

/// What an earlier scan left.
#[derive(Default)]
pub(super) struct Index {
    read_nanoseconds: i64,
    entries: HashMap<String, (Files, Migration)>,
    taken: usize,
}

/// The shape of the file: owned when it is read, borrowed when it is written.
#[derive(Serialize, Deserialize)]
struct File<Name, Entry> {
    format: u32,
    host: Name,
    migrations: Name,
    /// The moment before the first file was read, by the file system's clock, in nanoseconds since 1970.
    read: i64,
    entries: Vec<Entry>,
}

type Files = Vec<(String, Fingerprint)>;

impl Index {
    /// Reads the index of a project, or starts an empty one.
    pub(super) fn load(store: &Store) -> Self {
        let load = || {
            let key = store.trust.key.as_ref()?;
            let content = files::read(&store.root, &format!("{BUILD_FOLDER}/{INDEX_FILE}")).ok()?;
            Self::parse(unsealed(key, &content)?, store.migrations_folder())
        };
        load().unwrap_or_default()
    }

    fn parse(content: &[u8], migrations: &str) -> Option<Self> {
        let file: File<String, (String, Files, Migration)> = serde_json::from_slice(content).ok()?;
        if file.format != FORMAT || file.host != env!("CARGO_PKG_VERSION") || file.migrations != migrations {
            return None;
        }
        let entries = file.entries.into_iter().map(|(name, files, migration)| (name, (files, migration))).collect();
        Some(Self { read_nanoseconds: file.read, entries, taken: 0 })
    }

    /// What is known of an entry, if its files are the same and old enough to trust that.
    pub(super) fn take(&mut self, name: &str, files: &[(String, Fingerprint)]) -> Option<Migration> {
        if !is_older(files, self.read_nanoseconds) {
            return None;
        }
        let (known, _) = self.entries.get(name)?;
        if known != files {
            return None;
        }
        self.taken += 1;
        self.entries.remove(name).map(|(_, migration)| migration)
    }

    /// Whether there is anything in these entries that the index does not say.
    pub(super) fn is_outdated_by(&self, entries: &[Entry]) -> bool {
        let gone = self.entries.len() + self.taken != entries.len();
        gone || entries.iter().any(|entry| !entry.trusted)
    }

    /// Whether the index says the same of an entry that it was not trusted with.
    fn knows(&self, entry: &Entry) -> bool {
        entry.trusted
            || self
                .entries
                .get(&entry.name)
                .is_some_and(|(files, migration)| *files == entry.files && *migration == entry.migration)
    }
}

/// An index about to be written. Its time is that of its beginning, so it has to begin before anything is read.
pub(super) struct IndexWriter<'store> {
    migrations: &'store str,
    /// The key, the build folder and the clock of its file system, or none when it cannot be written.
    folder: Option<(&'store Key, Dir, i64)>,
}

impl<'store> IndexWriter<'store> {
    pub(super) fn begin(store: &'store Store) -> Self {
        let now = |folder: &Dir| {
            let file = TempFile::new(folder).ok()?;
            let metadata = file.as_file().metadata().ok()?;
            Some(Fingerprint::new(&metadata).changed_nanoseconds())
        };
        let begin = || {
            let key = store.trust.key.as_ref()?;
            let folder = store.build_folder().ok()?;
            let time = now(&folder)?;
            Some((key, folder, time))
        };
        Self { migrations: store.migrations_folder(), folder: begin() }
    }

    /// Writes the entries, if that helps the next scan. Nothing is lost when it cannot be done.
    pub(super) fn write(self, index: &Index, entries: &[Entry]) {
        let Some((key, folder, time)) = self.folder else { return };
        let same = index.entries.len() + index.taken == entries.len() && entries.iter().all(|entry| index.knows(entry));
        let helps = entries.iter().any(|entry| !entry.trusted && is_older(&entry.files, time));
        if same && !helps {
            return;
        }
        let file = File {
            format: FORMAT,
            host: env!("CARGO_PKG_VERSION"),
            migrations: self.migrations,
            read: time,
            entries: entries.iter().map(|entry| (entry.name.as_str(), &entry.files, &entry.migration)).collect(),
        };
        if let Ok(content) = serde_json::to_vec(&file) {
            let _ = replace(&folder, &sealed(key, &content));
        }
    }
}

/// The content with its seal in a line before it.
pub(super) fn sealed(key: &Key, content: &[u8]) -> Vec<u8> {
    let mut all = key.seal(Sealed::Index, &[content]).into_bytes();
    all.push(b'\n');
    all.extend_from_slice(content);
    all
}

/// The content behind its seal, if that is right.
fn unsealed<'a>(key: &Key, all: &'a [u8]) -> Option<&'a [u8]> {
    let end = all.iter().position(|&byte| byte == b'\n')?;
    let seal = str::from_utf8(&all[..end]).ok()?;
    let content = &all[end + 1..];
    key.is_seal(seal, Sealed::Index, &[content]).then_some(content)
}

fn replace(folder: &Dir, content: &[u8]) -> std::io::Result<()> {
    let mut file = TempFile::new(folder)?;
    file.write_all(content)?;
    file.replace(INDEX_FILE)
}

fn is_older(files: &[(String, Fingerprint)], time: i64) -> bool {
    files.iter().all(|(_, file)| file.changed_nanoseconds().saturating_add(CLEARLY_OLDER_NANOSECONDS) <= time)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::Metadata;
    use super::*;
    use crate::digest::Digest;
    use crate::language::Language;
    use crate::revision::RevisionId;

    fn index(read: i64, file: Fingerprint) -> Index {
        let migration = Migration {
            metadata: Metadata::new(RevisionId::new("a").unwrap()),
            file: "migrations/a.sql".to_owned(),
            language: Language::Sql,
            source_digest: Digest::of(b""),
            lock_digest: None,
        };
        let files = vec![(String::new(), file)];
        let content = serde_json::to_vec(&File {
            format: FORMAT,
            host: env!("CARGO_PKG_VERSION"),
            migrations: "migrations",
            read,
            entries: vec![("a.sql", files, migration)],
        });
        Index::parse(&content.unwrap(), "migrations").unwrap()
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
            let taken = index(TIME, written).take(name, &[(String::new(), seen)]);
            assert_eq!(taken.is_some(), trusted, "{written:?} {seen:?} {name}");
        }
    }

    #[test]
    fn ignores_what_it_cannot_read() {
        for content in [
            "",
            "[]",
            "{\"format\":1}",
            r#"{"format":1,"host":"0.1.0","migrations":"migrations","read":0,"entries":[]}"#,
            r#"{"format":2,"host":"?","migrations":"migrations","read":0,"entries":[]}"#,
        ] {
            assert!(Index::parse(content.as_bytes(), "migrations").is_none(), "{content}");
        }
        let format =
            format!(r#"{{"format":2,"host":"{}","migrations":"m","read":0,"entries":[]}}"#, env!("CARGO_PKG_VERSION"));
        assert!(Index::parse(format.as_bytes(), "m").is_some());
        assert!(Index::parse(format.as_bytes(), "other").is_none());
    }
}
