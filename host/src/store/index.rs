//! Remembers what was read, so that listing migrations costs a look at each file's times instead of reading it.
//!
//! A file that was changed within the same tick of the file system's clock, without a change of size, looks unchanged.
//! So, as in git's index, an entry is trusted only if its file is clearly older than the moment before it was read.
//! An index that is missing, broken or of another version is as good as none, and one that cannot be written is not.
//! An index that came with the project could say anything: only one with the seal of this user is read, and without a key
//! there is none.
//!
//! It is read in each run, so it is in a form that is read without a copy (postcard), and an entry is not even looked into before
//! it is asked for.

use std::io::Write as _;

use cap_std::fs::Dir;
use cap_tempfile::TempFile;
use serde::Deserialize;
use serde::Serialize;

use super::BUILD_FOLDER;
use super::Key;
use super::Metadata;
use super::Migration;
use super::Store;
use super::Transaction;
use super::files;
use super::files::Fingerprint;
use super::key::Sealed;
use crate::digest::Digest;
use crate::grant::Class;
use crate::grant::Classes;
use crate::language::Language;
use crate::revision::RevisionId;

/// The name of the file in the build folder.
const INDEX_FILE: &str = "index.bin";

/// Changes whenever an older host would misread the file.
const FORMAT: u32 = 5;

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

/// A file in Python of a project of Alembic: what it imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) path: String,
    pub(super) file: Fingerprint,
    pub(super) digest: Digest,
    pub(super) imports: Vec<String>,
    /// Whether it came from the index.
    pub(super) trusted: bool,
}

/// What an earlier scan left.
#[derive(Default)]
pub(super) struct Index<'a> {
    read_nanoseconds: i64,
    /// Sorted by their names.
    rows: Rows<'a>,
    /// Sorted by their paths.
    modules: Vec<ModuleRow<'a>>,
}

/// The name of each migration with the bytes of its [`Row`].
type Rows<'a> = Vec<(&'a str, &'a [u8])>;

/// The shape of the file.
#[derive(Serialize, Deserialize)]
struct File<'a> {
    format: u32,
    host: &'a str,
    migrations: &'a str,
    /// The moment before the first file was read, by the file system's clock, in nanoseconds since 1970.
    read: i64,
    #[serde(borrow)]
    rows: Rows<'a>,
    #[serde(borrow)]
    modules: Vec<ModuleRow<'a>>,
}

/// One file in Python.
#[derive(Serialize, Deserialize)]
struct ModuleRow<'a> {
    path: &'a str,
    file: Fingerprint,
    digest: [u8; 32],
    #[serde(borrow)]
    imports: Vec<&'a str>,
}

/// One migration, each part as the file holds it.
#[derive(Serialize, Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    files: Vec<(&'a str, Fingerprint)>,
    revision: &'a str,
    #[serde(borrow)]
    revises: Vec<&'a str>,
    #[serde(borrow)]
    depends_on: Vec<&'a str>,
    #[serde(borrow)]
    branch_labels: Vec<&'a str>,
    message: &'a str,
    created: Option<&'a str>,
    transaction: Transaction,
    irreversible: bool,
    #[serde(borrow)]
    build: Vec<&'a str>,
    /// The places of the classes in the list of all; none for those that are usual.
    asks: Option<Vec<u8>>,
    language: Language,
    source_digest: [u8; 32],
    lock_digest: Option<[u8; 32]>,
}

type Files = Vec<(String, Fingerprint)>;

/// Reads the file of a project's index, and answers what stands behind its seal; nothing without a right one.
pub(super) fn read(store: &Store) -> Vec<u8> {
    let read = || {
        let key = store.trust.key.as_ref()?;
        let mut content = files::read(&store.root, &format!("{BUILD_FOLDER}/{INDEX_FILE}")).ok()?;
        let length = unsealed(key, &content)?.len();
        content.drain(..content.len() - length);
        Some(content)
    };
    read().unwrap_or_default()
}

impl<'a> Index<'a> {
    /// The index in a file's content, or an empty one.
    pub(super) fn new(content: &'a [u8], store: &Store) -> Self {
        Self::parse(content, store.name_in_index()).unwrap_or_default()
    }

    fn parse(content: &'a [u8], migrations: &str) -> Option<Self> {
        let File { format, host, migrations: folder, read, rows, modules } = postcard::from_bytes(content).ok()?;
        let fits = format == FORMAT && host == env!("CARGO_PKG_VERSION") && folder == migrations;
        let sorted = rows.is_sorted_by_key(|(name, _)| *name) && modules.is_sorted_by_key(|module| module.path);
        (fits && sorted).then_some(Self { read_nanoseconds: read, rows, modules })
    }

    /// Looks for entries.
    pub(super) fn known(&self) -> Known<'_, 'a> {
        Known { index: self, next: 0 }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.rows.binary_search_by_key(&name, |(known, _)| *known).ok()
    }

    fn row(&self, place: usize) -> Option<Row<'a>> {
        postcard::from_bytes(self.rows.get(place)?.1).ok()
    }

    /// What is known of a file in Python, if it is the same and old enough to trust that.
    pub(super) fn module(&self, path: &str, file: Fingerprint) -> Option<Module> {
        if !is_older(&[(String::new(), file)], self.read_nanoseconds) {
            return None;
        }
        let place = self.modules.binary_search_by_key(&path, |module| module.path).ok()?;
        let row = self.modules.get(place).filter(|row| row.file == file)?;
        let imports = row.imports.iter().map(|name| (*name).to_owned()).collect();
        Some(Module { path: path.to_owned(), file, digest: Digest::from_bytes(row.digest), imports, trusted: true })
    }

    /// How many entries it has.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is anything in these entries and modules that the index does not say.
    pub(super) fn is_outdated_by(&self, entries: &[Entry], modules: &[Module]) -> bool {
        let more = self.rows.len() != entries.len() || self.modules.len() != modules.len();
        more || entries.iter().any(|entry| !entry.trusted) || modules.iter().any(|module| !module.trusted)
    }

    /// Whether the index says the same of a module that it was not trusted with.
    fn knows_module(&self, module: &Module) -> bool {
        let same = |row: &&ModuleRow<'_>| {
            row.file == module.file && row.digest == *module.digest.as_bytes() && row.imports == module.imports
        };
        let place = self.modules.binary_search_by_key(&module.path.as_str(), |row| row.path).ok();
        module.trusted || place.and_then(|place| self.modules.get(place)).filter(same).is_some()
    }

    /// Whether the index says the same of an entry that it was not trusted with.
    fn knows(&self, entry: &Entry) -> bool {
        let same = |row: Row<'_>| {
            let known = row.migration(entry.migration.file.clone());
            row.has_files(&entry.files) && known.as_ref() == Some(&entry.migration)
        };
        entry.trusted || self.place(&entry.name).and_then(|place| self.row(place)).is_some_and(same)
    }
}

/// Finds entries in an index, each at once where they are asked for in the order of their names.
pub(super) struct Known<'index, 'a> {
    index: &'index Index<'a>,
    /// The place behind that of the last one.
    next: usize,
}

impl Known<'_, '_> {
    /// What is known of an entry, if its files are the same and old enough to trust that.
    pub(super) fn find(&mut self, store: &Store, name: &str, files: &[(String, Fingerprint)]) -> Option<Migration> {
        if !is_older(files, self.index.read_nanoseconds) {
            return None;
        }
        let place = match self.index.rows.get(self.next) {
            Some((known, _)) if *known == name => self.next,
            _ => self.index.place(name)?,
        };
        self.next = place + 1;
        self.index.row(place).filter(|row| row.has_files(files))?.migration(store.migration_path(name))
    }
}

impl<'a> ModuleRow<'a> {
    fn new(module: &'a Module) -> Self {
        let imports = module.imports.iter().map(String::as_str).collect();
        Self { path: &module.path, file: module.file, digest: *module.digest.as_bytes(), imports }
    }
}

impl<'a> Row<'a> {
    fn new(entry: &'a Entry) -> Self {
        // The path is the folder with the name.
        let Migration { metadata, file: _, language, source_digest, lock_digest } = &entry.migration;
        let Metadata {
            revision,
            revises,
            depends_on,
            branch_labels,
            message,
            created,
            transaction,
            irreversible,
            build,
            asks,
        } = metadata;
        let texts = |texts: &'a [String]| texts.iter().map(String::as_str).collect();
        let place = |class: Class| Class::ALL.iter().position(|known| *known == class);
        let places = || asks.iter().filter_map(place).filter_map(|place| u8::try_from(place).ok()).collect();
        Self {
            files: entry.files.iter().map(|(path, file)| (path.as_str(), *file)).collect(),
            revision: revision.as_str(),
            revises: revises.iter().map(RevisionId::as_str).collect(),
            depends_on: texts(depends_on),
            branch_labels: texts(branch_labels),
            message,
            created: created.as_deref(),
            transaction: *transaction,
            irreversible: *irreversible,
            build: texts(build),
            asks: (*asks != Classes::usual()).then(places),
            language: *language,
            source_digest: *source_digest.as_bytes(),
            lock_digest: lock_digest.as_ref().map(|digest| *digest.as_bytes()),
        }
    }

    fn has_files(&self, files: &[(String, Fingerprint)]) -> bool {
        self.files.iter().copied().eq(files.iter().map(|(path, file)| (path.as_str(), *file)))
    }

    fn migration(&self, file: String) -> Option<Migration> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let class = |place: &u8| Class::ALL.get(usize::from(*place)).copied();
        Some(Migration {
            metadata: Metadata {
                revision: RevisionId::new(self.revision).ok()?,
                revises: self.revises.iter().map(|id| RevisionId::new(*id)).collect::<Result<_, _>>().ok()?,
                depends_on: texts(&self.depends_on),
                branch_labels: texts(&self.branch_labels),
                message: self.message.to_owned(),
                created: self.created.map(str::to_owned),
                transaction: self.transaction,
                irreversible: self.irreversible,
                build: texts(&self.build),
                asks: match &self.asks {
                    Some(places) => places.iter().map(class).collect::<Option<_>>()?,
                    None => Classes::usual(),
                },
            },
            file,
            language: self.language,
            source_digest: Digest::from_bytes(self.source_digest),
            lock_digest: self.lock_digest.map(Digest::from_bytes),
        })
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
        Self { migrations: store.name_in_index(), folder: begin() }
    }

    /// Writes the entries, if that helps the next scan. Nothing is lost when it cannot be done.
    pub(super) fn write(self, index: &Index<'_>, entries: &[Entry], modules: &[Module]) {
        let Some((key, folder, time)) = self.folder else { return };
        let same = index.rows.len() == entries.len()
            && index.modules.len() == modules.len()
            && entries.iter().all(|entry| index.knows(entry))
            && modules.iter().all(|module| index.knows_module(module));
        let old = |module: &Module| is_older(&[(String::new(), module.file)], time);
        let helps = entries.iter().any(|entry| !entry.trusted && is_older(&entry.files, time))
            || modules.iter().any(|module| !module.trusted && old(module));
        if same && !helps {
            return;
        }
        if let Ok(content) = content(self.migrations, time, entries, modules) {
            let _ = replace(&folder, &sealed(key, &content));
        }
    }
}

/// What an index says that was read at this time.
fn content(migrations: &str, read: i64, entries: &[Entry], modules: &[Module]) -> postcard::Result<Vec<u8>> {
    let rows = entries.iter().map(|entry| postcard::to_allocvec(&Row::new(entry))).collect::<Result<Vec<_>, _>>()?;
    postcard::to_allocvec(&File {
        format: FORMAT,
        host: env!("CARGO_PKG_VERSION"),
        migrations,
        read,
        rows: entries.iter().zip(&rows).map(|(entry, row)| (entry.name.as_str(), row.as_slice())).collect(),
        modules: modules.iter().map(ModuleRow::new).collect(),
    })
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

/// The content of an index that was read at another time; for tests.
#[cfg(test)]
pub(super) fn read_at(content: &[u8], time: i64) -> Vec<u8> {
    let file: File<'_> = postcard::from_bytes(content).expect("an index");
    postcard::to_allocvec(&File { read: time, ..file }).expect("an index")
}

#[cfg(test)]
mod tests;
