//! What a project of Alembic needs in host.toml: found out once, by `host init --from-alembic`.

use std::collections::BTreeSet;

use super::super::Store;
use super::super::StoreError;
use super::super::index::Index;
use super::modules::Modules;
use super::modules::read_python;
use super::settings::AlembicFolders;
use crate::alembic::Closure;
use crate::alembic::EnvFacts;
use crate::alembic::PythonFile;
use crate::alembic::within;
use crate::config::AlembicProject;
use crate::grant::Classes;
use crate::worker::Worker;

/// What was found.
#[derive(Debug)]
pub struct AlembicSurvey {
    /// Alembic's settings, and where everything is.
    pub folders: AlembicFolders,
    /// The file of the environment.
    pub env_file: String,
    /// What it says about the version table.
    pub env: EnvFacts,
    /// Modules and packages of the project that are imported.
    pub include: Vec<String>,
    /// Other modules that are imported, by the first part of their names.
    pub foreign: Vec<String>,
    /// How many revisions there are.
    pub revisions: usize,
    /// What these need, as far as it can be seen.
    pub needs: Classes,
}

impl Store {
    /// Looks at a project of Alembic without running anything of it.
    ///
    /// # Errors
    /// [`StoreError::Alembic`] where something cannot be read, and those of reading.
    pub fn survey_alembic(
        &self,
        project: &AlembicProject,
        worker: Option<&Worker>,
    ) -> Result<AlembicSurvey, StoreError> {
        let mut project = project.clone();
        let folders = self.alembic_folders(&project)?;
        let env_file = within(&folders.script_location, "env.py");
        let found = self.find_revisions(&folders)?;
        let mut roots = self.env_files(&folders)?;
        let text = self.foreign_text(&env_file)?;
        let facts = read_python(worker, &[PythonFile { path: env_file.clone(), text }])?.pop().unwrap_or_default();
        if let Some(problem) = facts.broken {
            return Err(StoreError::Alembic {
                place: format!("{env_file}:{}", problem.line),
                problem: problem.message,
                hint: problem.hint,
            });
        }
        let index = Index::default();
        let mut modules = Modules::new(self, &index, worker);
        let mut needs = Classes::NONE;
        let revisions: Vec<_> = found.iter().map(|(path, _)| path.clone()).collect();
        modules.load(&revisions)?;
        roots.extend(revisions);
        let mut foreign = BTreeSet::new();
        // What is imported imports more of the project.
        let (folders, files) = loop {
            let folders = self.alembic_folders(&project)?;
            let mut closure = Closure::new(&mut modules, &folders.paths, &folders.include, &folders.script_location);
            let files = closure.of(roots.clone(), &BTreeSet::new())?;
            let names: BTreeSet<String> = files.iter().flat_map(|path| modules.imported_names(path)).collect();
            let is_own = |name: &String| self.is_module_of(&folders, name);
            let (own, others): (BTreeSet<_>, BTreeSet<_>) = names.into_iter().partition(is_own);
            foreign.extend(others);
            let new: Vec<_> = own.into_iter().filter(|name| !project.include.contains(name)).collect();
            if new.is_empty() {
                break (folders, files);
            }
            project.include.extend(new);
        };
        // Helpers send SQL, too. What is wrong with a revision is told by whatever reads them next.
        for path in &files {
            if let Some(Ok(said)) = modules.facts(path)?.0.revision {
                needs = needs.union(said.needs);
            }
        }
        project.include.sort_unstable();
        Ok(AlembicSurvey {
            folders,
            env_file,
            env: facts.env,
            include: project.include,
            foreign: foreign.into_iter().collect(),
            revisions: found.len(),
            needs,
        })
    }

    /// Whether a module of this name lies in the project, beside the folder of env.py.
    fn is_module_of(&self, folders: &AlembicFolders, name: &str) -> bool {
        let base = folders.settings.config_file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let sources = within(base, "src");
        // Alembic's own name is not that of the folder.
        name != "alembic"
            && folders.paths.iter().chain([&sources]).any(|path| {
                let path = within(path, name);
                let is_package = self.root.is_dir(&path) && path != folders.script_location && self.has_python(&path);
                is_package || self.root.is_file(format!("{path}.py"))
            })
    }

    /// Whether a folder, or one right in it, has a file of Python: one that is called as a library may have anything else.
    fn has_python(&self, folder: &str) -> bool {
        let names = |folder: &str| -> Vec<String> {
            let entries = self.root.read_dir(folder).into_iter().flatten().filter_map(Result::ok);
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
        };
        let is_python = |name: &String| name.ends_with(".py");
        let inner = names(folder);
        inner.iter().any(is_python) || inner.iter().any(|name| names(&within(folder, name)).iter().any(is_python))
    }
}
