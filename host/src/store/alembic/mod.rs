//! A project of Alembic: its revisions are the migrations, and the files that they need are found by what they import.
//!
//! What is applied is known by the digest of the revision file alone. Everything else that goes into a component (env.py, modules
//! of the project, Alembic's settings) has a digest beside it, [`Migration::lock_digest`]: when that changes a component is out of
//! date, and no migration is changed.

mod document;
mod find;
mod modules;
mod read;
mod settings;
mod survey;
mod write;

pub use settings::AlembicFolders;
pub use settings::alembic_file;
pub use survey::AlembicSurvey;

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;

use sha2::Digest as _;
use sha2::Sha256;

use super::Migration;
use super::Store;
use super::StoreError;
use super::index;
use super::index::Entry;
use super::index::Index;
use crate::alembic::Closure;
use crate::config::AlembicProject;
use crate::digest::Digest;
use crate::worker::Worker;
use modules::Modules;

/// How a project of Alembic is read.
#[derive(Debug)]
pub(super) struct AlembicStore {
    project: AlembicProject,
    /// What reads Python in a process of its own; none does it in this one.
    worker: Option<Worker>,
    /// What the last scan found.
    last: Mutex<Option<Arc<Scanned>>>,
}

/// What a scan found besides the migrations.
#[derive(Debug)]
pub(super) struct Scanned {
    folders: AlembicFolders,
    /// The files of all revisions, with their digests.
    digests: HashMap<String, Digest>,
    /// What each revision needs.
    shared: BTreeSet<String>,
    /// What a revision needs besides, by its file; nothing for most.
    own: HashMap<String, BTreeSet<String>>,
    /// Texts that were read for components.
    texts: Mutex<HashMap<String, Arc<str>>>,
}

impl Store {
    /// The same store over a project of Alembic. Its Python is read by `worker`, if there is one.
    #[must_use]
    pub fn with_alembic(self, project: Option<&AlembicProject>, worker: Option<Worker>) -> Self {
        let alembic = project.map(|project| AlembicStore { project: project.clone(), worker, last: Mutex::default() });
        Self { alembic, ..self }
    }

    /// The same with a program that reads Python in processes of its own.
    pub(crate) fn set_worker(&mut self, worker: Worker) {
        if let Some(alembic) = &mut self.alembic {
            alembic.worker = Some(worker);
        }
    }

    /// Whether it is a project of Alembic.
    pub fn is_alembic(&self) -> bool {
        self.alembic.is_some()
    }

    pub(super) fn scan_alembic(
        &self,
        alembic: &AlembicStore,
        counted: impl FnOnce(usize),
    ) -> Result<Vec<Migration>, Vec<StoreError>> {
        let one = |error| vec![error];
        let folders = self.alembic_folders(&alembic.project).map_err(one)?;
        let found = self.find_revisions(&folders).map_err(one)?;
        counted(found.len());
        let content = index::read(self);
        let index = Index::new(&content, self);
        let mut modules = Modules::new(self, &index, alembic.worker.as_ref());
        let roots = if alembic.project.env { self.env_files(&folders).map_err(one)? } else { Vec::new() };
        // All that is new is read at once.
        let first = found.iter().map(|(path, _)| path.clone()).chain(roots.iter().cloned());
        modules.load(&first.collect::<Vec<_>>()).map_err(one)?;
        let mut all_known = index.known();
        let (mut entries, mut order, mut problems) = (Vec::with_capacity(found.len()), Vec::new(), Vec::new());
        for (path, file) in &found {
            let files = vec![(String::new(), *file)];
            let known = all_known.find(self, path, &files).filter(|_| modules.is_trusted(path));
            let trusted = known.is_some();
            let migration = match known {
                Some(migration) => Ok(migration),
                None => modules.facts(path).and_then(|(facts, digest)| {
                    let text = self.foreign_text(path)?;
                    if Digest::of(text.as_bytes()) != digest {
                        return Err(StoreError::Changed { file: path.clone() });
                    }
                    read::migration(path, &text, &facts, digest, &folders)
                }),
            };
            match migration {
                Ok(migration) => {
                    order.push(migration.metadata.revision.clone());
                    entries.push(Entry { name: path.clone(), files, migration, trusted });
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let scanned = self.needs(folders, &mut modules, roots, &entries).map_err(one)?;
        let all = modules.finish();
        let ordered = scanned.with_digests(&alembic.project, entries.iter().map(|entry| &entry.migration));
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        if self.trust.key.is_some() && index.is_outdated_by(&entries, &all.modules) {
            all.write(self, &index, &entries);
        }
        *alembic.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::new(scanned));
        Ok(ordered)
    }

    /// What the revisions need besides their own files.
    fn needs(
        &self,
        folders: AlembicFolders,
        modules: &mut Modules<'_>,
        roots: Vec<String>,
        entries: &[Entry],
    ) -> Result<Scanned, StoreError> {
        let revisions = entries.iter().map(|entry| (entry.migration.metadata.revision.as_str(), entry.name.as_str()));
        let mut closure = Closure::new(&mut *modules, &folders.paths, &folders.include, &folders.script_location)
            .with_revisions(revisions.collect());
        let mut first = closure.included()?;
        first.extend(roots);
        let mut shared = closure.of(first, &BTreeSet::new())?;
        let mut own = HashMap::new();
        for entry in entries {
            let mut needed = closure.of(vec![entry.name.clone()], &shared)?;
            needed.remove(&entry.name);
            if !needed.is_empty() {
                own.insert(entry.name.clone(), needed);
            }
        }
        // A revision in a package that is taken in as a whole is none of the others' files.
        for entry in entries {
            shared.remove(&entry.name);
        }
        let all = shared.iter().chain(own.values().flatten()).chain(entries.iter().map(|entry| &entry.name));
        let digests = all.filter_map(|path| Some((path.clone(), modules.digest(path)?))).collect();
        Ok(Scanned { folders, digests, shared, own, texts: Mutex::default() })
    }

    /// What the last scan found.
    fn scanned(&self, alembic: &AlembicStore) -> Result<Arc<Scanned>, StoreError> {
        let last = || alembic.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(scanned) = last() {
            return Ok(scanned);
        }
        self.scan()?;
        last().ok_or_else(|| StoreError::Changed { file: alembic.project.config.clone() })
    }
}

impl Scanned {
    /// The migrations with the digest of what each one needs besides its own file.
    fn with_digests<'a>(
        &self,
        project: &AlembicProject,
        migrations: impl Iterator<Item = &'a Migration>,
    ) -> Vec<Migration> {
        let mut shared = Sha256::new();
        shared.update(self.folders.text(project.env));
        let add = |hasher: &mut Sha256, path: &String| {
            hasher.update(path);
            hasher.update([0]);
            hasher.update(self.digests.get(path).map_or(&[][..], |digest| &digest.as_bytes()[..]));
        };
        self.shared.iter().for_each(|path| add(&mut shared, path));
        let of_all = Digest::from_bytes(shared.clone().finalize().into());
        let digest = |migration: &Migration| match self.own.get(&migration.file) {
            None => of_all,
            Some(own) => {
                let mut hasher = shared.clone();
                own.iter().for_each(|path| add(&mut hasher, path));
                Digest::from_bytes(hasher.finalize().into())
            }
        };
        migrations.map(|migration| Migration { lock_digest: Some(digest(migration)), ..migration.clone() }).collect()
    }
}
