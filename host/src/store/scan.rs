//! Reads the migrations that were found, or takes them from the index.

use std::num::NonZeroUsize;

use super::Migration;
use super::Store;
use super::StoreError;
use super::files::Fingerprint;
use super::find::Found;
use super::find::Kind;
use super::find::Listed;
use super::index;
use super::index::Entry;
use super::index::Index;
use super::index::IndexWriter;
use super::parts::in_parts;

/// How many entries a thread looks at before it takes more. It takes less time to start a thread.
const ENTRIES_PER_PART: NonZeroUsize = NonZeroUsize::new(500).expect("it is not zero");

impl Store {
    /// All migrations, sorted by file name. Files that did not change since the last time are not read again.
    ///
    /// A migration is a source file with a metadata block, a `.wasm` file with embedded metadata, or a folder with a
    /// `migration.toml`. Names that begin with `.` or `_` and files of any other kind are left out.
    ///
    /// # Errors
    /// The first one, in the order of the file names: a folder or file that cannot be read, leads out of the project, has
    /// no or wrong metadata, or a name that is not UTF-8.
    pub fn scan(&self) -> Result<Vec<Migration>, StoreError> {
        self.scan_all().map_err(|mut problems| problems.swap_remove(0))
    }

    /// The same, with everything that is wrong, at least one thing.
    ///
    /// # Errors
    /// As [`Store::scan`], for every file.
    pub fn scan_all(&self) -> Result<Vec<Migration>, Vec<StoreError>> {
        self.scan_all_counting(|_| ())
    }

    /// The same. `counted` learns early, before any file is looked at, how many migrations there are at most.
    ///
    /// # Errors
    /// As [`Store::scan_all`].
    pub(crate) fn scan_all_counting(&self, counted: impl FnOnce(usize)) -> Result<Vec<Migration>, Vec<StoreError>> {
        if let Some(folder) = &self.alembic {
            return self.scan_alembic(folder, counted);
        }
        let (listed, content) = self.list_and_load(counted);
        let mut listed = listed.map_err(|error| vec![error])?;
        let index = Index::new(&content, self);
        // With thousands of files, looking at them is most of what a command costs that has nothing to do.
        let mut known: Vec<Option<Migration>> = listed.iter().map(|_| None).collect();
        let mut pairs: Vec<_> = listed.iter_mut().zip(&mut known).collect();
        let parts = in_parts(&mut pairs, ENTRIES_PER_PART, |part| self.look_at_part(part, &index));
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>().map_err(|error| vec![error])?;
        let count = parts.iter().flatten().flatten().count();
        if index.len() == count && known.iter().flatten().count() == count {
            // In the same memory.
            return Ok(known.into_iter().flatten().collect());
        }
        let found = parts.into_iter().flatten().zip(known).filter_map(|(found, known)| Some((found?, known)));
        let mut entries = Vec::with_capacity(count);
        let (mut writer, mut problems) = (None, Vec::new());
        for (Found { name, kind, files }, known) in found {
            let trusted = known.is_some();
            let migration = match known {
                Some(migration) => migration,
                None => {
                    // The time of the index is that before the first read.
                    writer.get_or_insert_with(|| IndexWriter::begin(self));
                    match self.read_found(&name, kind, &files) {
                        Ok(migration) => migration,
                        Err(problem) => {
                            problems.push(problem);
                            continue;
                        }
                    }
                }
            };
            entries.push(Entry { name, files, migration, trusted });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if self.trust.key.is_some() && index.is_outdated_by(&entries, &[]) {
            let writer = writer.unwrap_or_else(|| IndexWriter::begin(self));
            writer.write(&index, &entries, &[]);
        }
        Ok(entries.into_iter().map(|entry| entry.migration).collect())
    }

    /// Looks at entries, which come in the order of their names. Beside each that is a migration goes what the index knows of it.
    fn look_at_part(
        &self,
        pairs: &mut [(&mut Listed, &mut Option<Migration>)],
        index: &Index<'_>,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let mut all_known = index.known();
        let look_at = |(listed, known): &mut (&mut Listed, &mut Option<Migration>)| {
            let found = self.look_at(listed)?;
            **known = found.as_ref().and_then(|found| all_known.find(self, &found.name, &found.files));
            Ok(found)
        };
        pairs.iter_mut().map(look_at).collect()
    }

    /// Lists the migrations and reads the index side by side.
    fn list_and_load(&self, counted: impl FnOnce(usize)) -> (Result<Vec<Listed>, StoreError>, Vec<u8>) {
        std::thread::scope(|scope| {
            let loading = std::thread::Builder::new().spawn_scoped(scope, || index::read(self));
            let listed = self.list(counted);
            let content = match loading {
                Ok(loading) => loading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => index::read(self),
            };
            (listed, content)
        })
    }

    fn read_found(&self, name: &str, kind: Kind, files: &[(String, Fingerprint)]) -> Result<Migration, StoreError> {
        let path = self.migration_path(name);
        match kind {
            Kind::Text(language) => self.read_text(&path, language),
            Kind::Component => self.read_prebuilt(&path),
            Kind::Folder => self.read_folder(&path, files.iter().map(|(path, _)| path.as_str())),
        }
    }
}
