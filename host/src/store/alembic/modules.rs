//! The files in Python of a project of Alembic: what they import, from the index or by reading them.

use std::collections::HashMap;

use super::super::Store;
use super::super::StoreError;
use super::super::files;
use super::super::files::Fingerprint;
use super::super::index::Entry;
use super::super::index::Index;
use super::super::index::IndexWriter;
use super::super::index::Module;
use crate::alembic::LookUp;
use crate::alembic::PythonFacts;
use crate::alembic::PythonFile;
use crate::alembic::within;
use crate::digest::Digest;
use crate::worker::Worker;

/// The files of one scan.
pub(super) struct Modules<'a> {
    store: &'a Store,
    index: &'a Index<'a>,
    worker: Option<&'a Worker>,
    /// The time of the index is that before the first read.
    writer: Option<IndexWriter<'a>>,
    known: HashMap<String, Module>,
    /// What was read anew.
    facts: HashMap<String, PythonFacts>,
}

/// All files of a scan, for the index.
pub(super) struct AllModules<'a> {
    writer: Option<IndexWriter<'a>>,
    pub(super) modules: Vec<Module>,
}

impl AllModules<'_> {
    /// Writes them with the migrations.
    pub(super) fn write(self, store: &Store, index: &Index<'_>, entries: &[Entry]) {
        self.writer.unwrap_or_else(|| IndexWriter::begin(store)).write(index, entries, &self.modules);
    }
}

impl<'a> Modules<'a> {
    pub(super) fn new(store: &'a Store, index: &'a Index<'a>, worker: Option<&'a Worker>) -> Self {
        Self { store, index, worker, writer: None, known: HashMap::new(), facts: HashMap::new() }
    }

    /// Makes sure that these files are known: those that changed are read, all by one worker.
    pub(super) fn load(&mut self, paths: &[String]) -> Result<(), StoreError> {
        let mut new = Vec::new();
        for path in paths {
            if self.known.contains_key(path) {
                continue;
            }
            let root = &self.store.root;
            let file = root.metadata(path).map_err(|error| StoreError::read(root, path, error))?;
            let file = Fingerprint::new(&file);
            match self.index.module(path, file) {
                Some(module) => drop(self.known.insert(path.clone(), module)),
                None => new.push((path.clone(), file)),
            }
        }
        self.read(new)
    }

    fn read(&mut self, new: Vec<(String, Fingerprint)>) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        self.writer.get_or_insert_with(|| IndexWriter::begin(self.store));
        let read = |(path, _): &(String, Fingerprint)| {
            Ok(PythonFile { path: path.clone(), text: self.store.foreign_text(path)? })
        };
        let texts = new.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        let facts = read_python(self.worker, &texts)?;
        for (((path, file), PythonFile { text, .. }), facts) in new.into_iter().zip(texts).zip(facts) {
            let digest = Digest::of(text.as_bytes());
            let imports = facts.imports.clone();
            self.known.insert(path.clone(), Module { path: path.clone(), file, digest, imports, trusted: false });
            self.facts.insert(path, facts);
        }
        Ok(())
    }

    /// Whether all that is known of a file came from the index.
    pub(super) fn is_trusted(&self, path: &str) -> bool {
        self.known.get(path).is_some_and(|module| module.trusted)
    }

    /// What a file says, read now if it was not.
    pub(super) fn facts(&mut self, path: &str) -> Result<(PythonFacts, Digest), StoreError> {
        if !self.facts.contains_key(path) {
            let file = self.known.get(path).map(|module| module.file);
            self.read(file.map(|file| (path.to_owned(), file)).into_iter().collect())?;
        }
        match (self.facts.get(path), self.digest(path)) {
            (Some(facts), Some(digest)) => Ok((facts.clone(), digest)),
            _ => Err(StoreError::Changed { file: path.to_owned() }),
        }
    }

    /// The first parts of the names that a file imports by their whole names.
    pub(super) fn imported_names(&self, path: &str) -> Vec<String> {
        let imports = self.known.get(path).map(|module| module.imports.as_slice()).unwrap_or_default();
        let whole = imports.iter().filter(|name| !name.starts_with(['.', '@']));
        whole.filter_map(|name| name.split('.').next()).map(str::to_owned).collect()
    }

    pub(super) fn digest(&self, path: &str) -> Option<Digest> {
        self.known.get(path).map(|module| module.digest)
    }

    pub(super) fn finish(self) -> AllModules<'a> {
        let mut modules: Vec<_> = self.known.into_values().collect();
        modules.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        AllModules { writer: self.writer, modules }
    }
}

impl LookUp for &mut Modules<'_> {
    type Error = StoreError;

    fn has_file(&mut self, path: &str) -> bool {
        self.store.root.is_file(path)
    }

    fn has_folder(&mut self, path: &str) -> bool {
        self.store.root.is_dir(path)
    }

    fn imports(&mut self, files: &[String]) -> Result<Vec<Vec<String>>, StoreError> {
        self.load(files)?;
        Ok(files
            .iter()
            .map(|path| self.known.get(path).map(|module| module.imports.clone()).unwrap_or_default())
            .collect())
    }

    fn below(&mut self, folder: &str) -> Result<Vec<String>, StoreError> {
        let listed = files::list(&self.store.root, folder)?;
        let python = listed.into_iter().map(|(path, _)| path).filter(|path| path.ends_with(".py"));
        Ok(python.map(|path| within(folder, &path)).collect())
    }
}

/// Reads files in a process of its own, if there is a program for it. Where that ends without an answer, the file is found that
/// it was about.
#[cfg(feature = "build")]
pub(super) fn read_python(worker: Option<&Worker>, files: &[PythonFile]) -> Result<Vec<PythonFacts>, StoreError> {
    use crate::alembic::READ_JOB;
    use crate::worker::Cancel;
    use crate::worker::Limits;
    use crate::worker::Task;
    use crate::worker::WorkerError;

    /// Far more than a project needs.
    const LIMITS: Limits = Limits { time: std::time::Duration::from_secs(60), memory: 2 << 30 };

    let problem = |place: &str, problem: String, hint: &str| StoreError::Alembic {
        place: place.to_owned(),
        problem,
        hint: hint.to_owned(),
    };
    let input = serde_json::to_vec(files).map_err(|error| problem("the revisions", error.to_string(), "report it"))?;
    let output = match worker {
        None => crate::alembic::read_job(&input).map_err(WorkerError::Refused),
        Some(worker) => {
            let task = Task { job: READ_JOB, settings: "", input: &input, limits: LIMITS, threads: 1 };
            worker.run(&task, &Cancel::default())
        }
    };
    let place = files.first().map_or("", |file| file.path.as_str());
    match output {
        Ok(output) => match serde_json::from_slice::<Vec<PythonFacts>>(&output) {
            Ok(facts) if facts.len() == files.len() => Ok(facts),
            _ => Err(problem(place, "what was read of it cannot be understood".to_owned(), "run the command again")),
        },
        Err(WorkerError::Ended { .. } | WorkerError::Time { .. } | WorkerError::Memory { .. }) if files.len() > 1 => {
            let (first, second) = files.split_at(files.len() / 2);
            let mut facts = read_python(worker, first)?;
            facts.extend(read_python(worker, second)?);
            Ok(facts)
        }
        Err(error) => Err(problem(
            place,
            format!("it cannot be read: {error}"),
            "look for what is unusual in it: very deep nesting, or very much of it",
        )),
    }
}

/// Without a parser nothing can be read.
#[cfg(not(feature = "build"))]
pub(super) fn read_python(_: Option<&Worker>, files: &[PythonFile]) -> Result<Vec<PythonFacts>, StoreError> {
    Err(StoreError::Alembic {
        place: files.first().map_or("the revisions", |file| file.path.as_str()).to_owned(),
        problem: "this program cannot read Python".to_owned(),
        hint: "compile it with the feature `build` of host, or take the built components into it".to_owned(),
    })
}
