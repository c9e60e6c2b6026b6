//! Which files of a project a file needs: what it imports, what that imports, and so on, as far as it lies in the project.

use std::collections::BTreeSet;
use std::collections::HashMap;

use super::paths::within;

/// Alembic itself: a folder of that name beside the settings is the project's own, and no module.
const ALEMBIC: &str = "alembic";

/// A module or package of the project that may be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Its dotted name.
    pub name: String,
    /// Whether everything below it counts, imported or not.
    pub below: bool,
}

impl Include {
    /// Reads `app`, `app.models` or `app.plugins.*`; none where that is no name of a module.
    pub fn new(text: &str) -> Option<Self> {
        let (name, below) = match text.strip_suffix(".*") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let is_word = |part: &str| {
            let first = part.chars().next();
            first.is_some_and(|first| !first.is_numeric())
                && part.chars().all(|one| one.is_alphanumeric() || one == '_')
        };
        name.split('.').all(is_word).then(|| Self { name: name.to_owned(), below })
    }

    /// Whether a module is it, lies in it, or is a package around it.
    fn covers(&self, module: &str) -> bool {
        let is_in = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        is_in(module, &self.name) || is_in(&self.name, module)
    }
}

/// What is in a project.
pub trait LookUp {
    /// Why that cannot be said.
    type Error;

    /// Whether there is a file of that path.
    fn has_file(&mut self, path: &str) -> bool;

    /// Whether there is a folder of that path.
    fn has_folder(&mut self, path: &str) -> bool;

    /// What files import, in the order of the files.
    ///
    /// # Errors
    /// Where one of them cannot be read.
    fn imports(&mut self, files: &[String]) -> Result<Vec<Vec<String>>, Self::Error>;

    /// All files of Python in a folder and below it.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn below(&mut self, folder: &str) -> Result<Vec<String>, Self::Error>;
}

/// Finds the files.
#[derive(Debug)]
pub struct Closure<'a, L> {
    look_up: L,
    /// Where modules are looked for, in this order.
    paths: &'a [String],
    include: &'a [Include],
    /// The folder of env.py, whose modules are always meant.
    scripts: &'a str,
    /// The files of the revisions by their ids.
    revisions: HashMap<&'a str, &'a str>,
    /// The files of modules that were looked for.
    known: HashMap<String, Vec<String>>,
}

impl<'a, L: LookUp> Closure<'a, L> {
    /// A search in a project.
    pub fn new(look_up: L, paths: &'a [String], include: &'a [Include], scripts: &'a str) -> Self {
        Self { look_up, paths, include, scripts, revisions: HashMap::new(), known: HashMap::new() }
    }

    /// The same where files may name these revisions, by id and file.
    #[must_use]
    pub fn with_revisions(self, revisions: HashMap<&'a str, &'a str>) -> Self {
        Self { revisions, ..self }
    }

    /// Everything that is taken in whether it is imported or not.
    ///
    /// # Errors
    /// Those of looking.
    pub fn included(&mut self) -> Result<Vec<String>, L::Error> {
        let mut all = Vec::new();
        for include in self.include.iter().filter(|include| include.below) {
            let files = self.files(&include.name);
            for path in self.paths {
                let folder = within(path, &include.name.replace('.', "/"));
                if self.look_up.has_folder(&folder) {
                    all.extend(self.look_up.below(&folder)?);
                    break;
                }
            }
            all.extend(files);
        }
        Ok(all)
    }

    /// The files that `roots` need, themselves included, without those that are in `before` or are needed only by these.
    ///
    /// # Errors
    /// Those of looking.
    pub fn of(&mut self, roots: Vec<String>, before: &BTreeSet<String>) -> Result<BTreeSet<String>, L::Error> {
        let mut all = BTreeSet::new();
        let mut new: Vec<String> = roots.into_iter().filter(|root| !before.contains(root)).collect();
        while !new.is_empty() {
            new.sort_unstable();
            new.dedup();
            let imports = self.look_up.imports(&new)?;
            all.extend(new.iter().cloned());
            let mut found = Vec::new();
            for (file, modules) in new.iter().zip(&imports) {
                for module in modules {
                    let files = self.imported(file, module);
                    found.extend(files.into_iter().filter(|found| !all.contains(found) && !before.contains(found)));
                }
            }
            new = found;
        }
        Ok(all)
    }

    fn imported(&mut self, file: &str, module: &str) -> Vec<String> {
        if let Some(revision) = module.strip_prefix('@') {
            return self.revisions.get(revision).map(|file| (*file).to_owned()).into_iter().collect();
        }
        let name = module.trim_start_matches('.');
        let dots = module.len() - name.len();
        if dots == 0 {
            return self.files(name);
        }
        let mut folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for _ in 1..dots {
            match folder.rsplit_once('/') {
                Some((above, _)) => folder = above,
                None if folder.is_empty() => return Vec::new(),
                None => folder = "",
            }
        }
        let parts: Vec<&str> = name.split('.').filter(|part| !part.is_empty()).collect();
        let folder = folder.to_owned();
        let mut files: Vec<String> = self.package_file(&folder).into_iter().collect();
        files.extend(self.walk(&folder, &parts));
        files
    }

    /// The files that importing a module by its whole name runs.
    fn files(&mut self, name: &str) -> Vec<String> {
        if let Some(files) = self.known.get(name) {
            return files.clone();
        }
        let parts: Vec<&str> = name.split('.').filter(|part| !part.is_empty()).collect();
        let mut files = Vec::new();
        if let Some(first) = parts.first().filter(|first| **first != ALEMBIC) {
            let covered = self.include.iter().any(|include| include.covers(name));
            for path in self.paths {
                let top = within(path, first);
                let in_scripts = self.is_in_scripts(&within(path, &parts.join("/")));
                if !covered && !in_scripts {
                    continue;
                }
                if self.look_up.has_file(&format!("{top}.py")) || self.look_up.has_folder(&top) {
                    files = self.walk(path, &parts);
                    break;
                }
            }
        }
        self.known.insert(name.to_owned(), files.clone());
        files
    }

    /// Whether a path lies in the folder of env.py. That folder itself is what other modules may be called, too.
    fn is_in_scripts(&self, path: &str) -> bool {
        self.scripts.is_empty()
            || path.strip_prefix(self.scripts).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The files of packages on the way from a folder down to a module, and its own.
    fn walk(&mut self, folder: &str, parts: &[&str]) -> Vec<String> {
        let (mut files, mut folder) = (Vec::new(), folder.to_owned());
        for part in parts {
            let path = within(&folder, part);
            if self.look_up.has_folder(&path) {
                files.extend(self.package_file(&path));
                folder = path;
            } else {
                // What follows is in the module.
                let file = format!("{path}.py");
                if self.look_up.has_file(&file) {
                    files.push(file);
                }
                break;
            }
        }
        files
    }

    fn package_file(&mut self, folder: &str) -> Option<String> {
        let file = within(folder, "__init__.py");
        self.look_up.has_file(&file).then_some(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A project in memory: paths with what the files import.
    struct Files(&'static [(&'static str, &'static [&'static str])]);

    impl LookUp for Files {
        type Error = String;

        fn has_file(&mut self, path: &str) -> bool {
            self.0.iter().any(|(file, _)| *file == path)
        }

        fn has_folder(&mut self, path: &str) -> bool {
            self.0.iter().any(|(file, _)| file.starts_with(&format!("{path}/")))
        }

        fn imports(&mut self, files: &[String]) -> Result<Vec<Vec<String>>, String> {
            let of = |path: &String| self.0.iter().find(|(file, _)| file == path).map(|(_, imports)| *imports);
            let found = files.iter().map(|path| of(path).ok_or_else(|| path.clone()));
            found.map(|imports| Ok(imports?.iter().map(|name| (*name).to_owned()).collect())).collect()
        }

        fn below(&mut self, folder: &str) -> Result<Vec<String>, String> {
            let is_below = |file: &str| file.starts_with(&format!("{folder}/"));
            Ok(self.0.iter().map(|(file, _)| (*file).to_owned()).filter(|file| is_below(file)).collect())
        }
    }

    const PROJECT: &[(&str, &[&str])] = &[
        ("alembic/env.py", &["alembic.context", "app.models.Base", "app.models", "os"]),
        ("alembic/versions/a.py", &["@zz", "@b", "alembic.op", "alembic", "app.later", "db.helpers.f"]),
        ("alembic/versions/b.py", &[]),
        ("app/__init__.py", &[]),
        ("app/later.py", &["..outside"]),
        ("app/models/__init__.py", &[".user", ".", "app.plain.x"]),
        ("app/models/user.py", &["..base.Base", "app.models"]),
        ("app/base.py", &["sqlalchemy.orm"]),
        ("app/plain.py", &["other"]),
        ("app/unused.py", &[]),
        ("app/plugins/a/b.py", &[]),
        ("other.py", &[]),
        ("sqlalchemy.py", &[]),
    ];

    fn closure(root: &str, include: &[&str], before: &[&str]) -> Vec<String> {
        let include: Vec<_> = include.iter().filter_map(|text| Include::new(text)).collect();
        let paths = [String::new()];
        let revisions = HashMap::from([("b", "alembic/versions/b.py")]);
        let mut closure = Closure::new(Files(PROJECT), &paths, &include, "alembic").with_revisions(revisions);
        let before = before.iter().map(|path| (*path).to_owned()).collect();
        let mut roots = closure.included().expect("files");
        roots.push(root.to_owned());
        closure.of(roots, &before).expect("files").into_iter().collect()
    }

    #[test]
    fn what_is_imported_is_followed_as_far_as_it_is_meant() {
        let all = [
            "alembic/env.py",
            "app/__init__.py",
            "app/base.py",
            "app/models/__init__.py",
            "app/models/user.py",
            "app/plain.py",
        ];
        assert_eq!(closure("alembic/env.py", &["app"], &[]), all);
        assert_eq!(closure("alembic/env.py", &[], &[]), ["alembic/env.py"]);
        let later = closure("alembic/versions/a.py", &["app"], &all);
        assert_eq!(later, ["alembic/versions/a.py", "alembic/versions/b.py", "app/later.py"]);
    }

    #[test]
    fn all_below_a_name_is_taken_where_that_is_said() {
        assert_eq!(
            closure("alembic/env.py", &["app.plugins.*"], &[]),
            ["alembic/env.py", "app/__init__.py", "app/plugins/a/b.py"]
        );
    }

    #[test]
    fn names_of_modules_are_told() {
        assert_eq!(Include::new("app.x.*"), Some(Include { name: "app.x".to_owned(), below: true }));
        for wrong in ["", "a/b", "../a", "*", ".*", "a..b", "1a", "a b"] {
            assert_eq!(Include::new(wrong), None, "{wrong}");
        }
    }
}
