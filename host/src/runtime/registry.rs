//! The language runtimes that a host has: components that run the sources of one language, found by name and digest.
//!
//! They are data. A host carries that of SQL, and that of JavaScript where it was built with it; others lie in a folder of the user
//! ([`RuntimeFolder`]), or an application brings them along ([`RuntimeRegistry::with_component`]).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;

use super::error::LoadError;
use super::folder::FolderEntry;
use super::folder::RuntimeFolder;
use super::folder::is_runtime_name;
use super::script::BUILT_IN;
use super::script::SQL;
use crate::digest::Digest;

/// One language runtime, wherever its component is.
#[derive(Clone)]
pub struct LanguageRuntime {
    name: String,
    digest: Digest,
    bytes: Option<u64>,
    place: Place,
}

/// Where the component of a language runtime is.
#[derive(Clone)]
enum Place {
    BuiltIn(&'static [u8]),
    Memory(Arc<[u8]>),
    Folder(Arc<RuntimeFolder>),
}

/// A component that the host carries. It is digested when somebody asks for a runtime of its name: it may be large.
struct Carried {
    name: &'static str,
    component: &'static [u8],
    digest: OnceLock<Digest>,
}

/// A folder of language runtimes, opened when somebody asks for a runtime that is not found elsewhere.
struct Folder {
    open: fn() -> Option<RuntimeFolder>,
    opened: OnceLock<Option<Arc<RuntimeFolder>>>,
}

/// All language runtimes of a host. The one of SQL is always among them.
#[derive(Clone)]
pub struct RuntimeRegistry {
    /// Those of the application; of each name the preferred one first.
    known: Vec<LanguageRuntime>,
    carried: Arc<[Carried]>,
    folders: Vec<Arc<Folder>>,
}

impl LanguageRuntime {
    fn in_folder(entry: FolderEntry, folder: &Arc<RuntimeFolder>) -> Self {
        let FolderEntry { name, digest, bytes } = entry;
        Self { name, digest, bytes: Some(bytes), place: Place::Folder(Arc::clone(folder)) }
    }

    /// The name by which migrations ask for it, such as `sql`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of its component.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The size of its component in bytes, where that is known without reading it.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// Where it is, in two words at most: `built in`, `application`, `cache folder`, `installed`.
    pub fn place(&self) -> &'static str {
        match &self.place {
            Place::BuiltIn(_) => "built in",
            Place::Memory(_) => "application",
            Place::Folder(folder) => folder.place(),
        }
    }

    /// Whether the host carries it itself.
    pub fn is_built_in(&self) -> bool {
        matches!(self.place, Place::BuiltIn(_))
    }

    /// Its component. What lies in a folder is read, and its digest is compared.
    ///
    /// # Errors
    /// [`LoadError::RuntimeUnreadable`].
    pub fn component(&self) -> Result<Cow<'_, [u8]>, LoadError> {
        match &self.place {
            Place::BuiltIn(bytes) => Ok(Cow::Borrowed(bytes)),
            Place::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Place::Folder(folder) => folder.read(&self.name, &self.digest).map(Cow::Owned).map_err(|error| {
                LoadError::RuntimeUnreadable { name: self.name.clone(), digest: self.digest, reason: error.to_string() }
            }),
        }
    }
}

impl fmt::Debug for LanguageRuntime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} ({})", self.name, self.digest, self.place())
    }
}

impl Carried {
    fn runtime(&self) -> LanguageRuntime {
        LanguageRuntime {
            name: self.name.to_owned(),
            digest: *self.digest.get_or_init(|| Digest::of(self.component)),
            bytes: u64::try_from(self.component.len()).ok(),
            place: Place::BuiltIn(self.component),
        }
    }
}

impl Folder {
    fn get(&self) -> Option<&Arc<RuntimeFolder>> {
        self.opened.get_or_init(|| (self.open)().map(Arc::new)).as_ref()
    }
}

impl fmt::Debug for RuntimeRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let carried: Vec<_> = self.carried.iter().map(|carried| carried.name).collect();
        formatter
            .debug_struct("RuntimeRegistry")
            .field("known", &self.known)
            .field("carried", &carried)
            .finish_non_exhaustive()
    }
}

/// What the host carries itself.
impl Default for RuntimeRegistry {
    fn default() -> Self {
        Self::carrying(BUILT_IN)
    }
}

impl RuntimeRegistry {
    fn carrying(components: &[(&'static str, &'static [u8])]) -> Self {
        let carried =
            |(name, component): &(&'static str, &'static [u8])| Carried { name, component, digest: OnceLock::new() };
        Self { known: Vec::new(), carried: components.iter().map(carried).collect(), folders: Vec::new() }
    }

    /// The registry with one more runtime: a component of the world `script-runtime`. It comes before those of its name that
    /// were added earlier.
    ///
    /// # Errors
    /// [`LoadError::Refused`] for a name that no runtime can have, which has lowercase letters, digits and `-`, a letter first, and
    /// at most 64 bytes.
    pub fn with_component(mut self, name: &str, component: impl Into<Arc<[u8]>>) -> Result<Self, LoadError> {
        if !is_runtime_name(name) {
            let reason = format!("'{}' is not the name of a language runtime", name.escape_debug());
            return Err(LoadError::Refused { reason });
        }
        let component = component.into();
        self.known.insert(
            0,
            LanguageRuntime {
                name: name.to_owned(),
                digest: Digest::of(&component),
                bytes: u64::try_from(component.len()).ok(),
                place: Place::Memory(component),
            },
        );
        Ok(self)
    }

    /// The registry with the runtimes of one more folder. They come after all others.
    #[must_use]
    pub fn with_folder(mut self, folder: RuntimeFolder) -> Self {
        let opened = OnceLock::from(Some(Arc::new(folder)));
        self.folders.push(Arc::new(Folder { open: || None, opened }));
        self
    }

    /// The same with a folder that is looked for when a runtime is not found elsewhere, which most commands never need.
    #[must_use]
    pub fn with_folder_on_demand(mut self, open: fn() -> Option<RuntimeFolder>) -> Self {
        self.folders.push(Arc::new(Folder { open, opened: OnceLock::new() }));
        self
    }

    /// Finds a runtime: the one with that digest, or, for a migration that names none, the preferred one of that name.
    /// No component is read.
    ///
    /// # Errors
    /// [`LoadError::UnknownRuntime`], which says what else is there.
    pub fn find(&self, name: &str, digest: Option<&Digest>) -> Result<LanguageRuntime, LoadError> {
        let fits =
            |runtime: &&LanguageRuntime| runtime.name == name && digest.is_none_or(|digest| *digest == runtime.digest);
        if let Some(found) = self.known.iter().find(fits) {
            return Ok(found.clone());
        }
        if let Some(found) = self.carried_of(name).find(|runtime| fits(&runtime)) {
            return Ok(found);
        }
        let mut folders = self.folders.iter().filter_map(|folder| folder.get());
        let found = folders.find_map(|folder| {
            let entry = match digest {
                Some(digest) => folder.entry_of(name, *digest),
                None => folder.list_of(name).into_iter().next(),
            };
            entry.map(|entry| LanguageRuntime::in_folder(entry, folder))
        });
        found.ok_or_else(|| LoadError::UnknownRuntime {
            name: name.to_owned(),
            digest: digest.copied(),
            there: self.of_name(name).iter().map(LanguageRuntime::digest).collect(),
        })
    }

    /// The digest of the runtime that migrations in a language are built for.
    pub fn preferred(&self, name: &str) -> Option<Digest> {
        self.find(name, None).ok().map(|runtime| runtime.digest)
    }

    /// The digests of all runtimes by their names; of each name the preferred one first.
    pub fn digests(&self) -> BTreeMap<String, Vec<Digest>> {
        let mut digests: BTreeMap<String, Vec<Digest>> = BTreeMap::new();
        for runtime in self.list() {
            digests.entry(runtime.name).or_default().push(runtime.digest);
        }
        digests
    }

    /// The same for some names. For that of SQL, which every host carries, no folder is looked at.
    pub fn digests_of<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, Vec<Digest>> {
        let mut digests: BTreeMap<String, Vec<Digest>> = BTreeMap::new();
        for name in names {
            if digests.contains_key(name) {
                continue;
            }
            let found = match name {
                SQL => self
                    .known
                    .iter()
                    .filter(|runtime| runtime.name == SQL)
                    .cloned()
                    .chain(self.carried_of(SQL))
                    .collect(),
                _ => self.of_name(name),
            };
            digests.insert(name.to_owned(), found.iter().map(LanguageRuntime::digest).collect());
        }
        digests
    }

    /// Every runtime, sorted by name; of each name the preferred one first.
    pub fn list(&self) -> Vec<LanguageRuntime> {
        let mut all = self.known.clone();
        all.extend(self.carried.iter().map(Carried::runtime));
        all.extend(self.in_folders(RuntimeFolder::list));
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    fn of_name(&self, name: &str) -> Vec<LanguageRuntime> {
        let mut found: Vec<_> = self.known.iter().filter(|runtime| runtime.name == name).cloned().collect();
        found.extend(self.carried_of(name));
        found.extend(self.in_folders(|folder| folder.list_of(name)));
        found
    }

    fn carried_of(&self, name: &str) -> impl Iterator<Item = LanguageRuntime> {
        self.carried.iter().filter(move |carried| carried.name == name).map(Carried::runtime)
    }

    fn in_folders(&self, list: impl Fn(&RuntimeFolder) -> Vec<FolderEntry>) -> Vec<LanguageRuntime> {
        let folders = self.folders.iter().filter_map(|folder| folder.get());
        folders.flat_map(|folder| in_folder(folder, list(folder))).collect()
    }
}

fn in_folder(folder: &Arc<RuntimeFolder>, entries: Vec<FolderEntry>) -> impl Iterator<Item = LanguageRuntime> {
    entries.into_iter().map(|entry| LanguageRuntime::in_folder(entry, folder))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn finds_by_name_and_digest() {
        // With one runtime, whatever else this build carries.
        let carried = RuntimeRegistry::carrying(&[("sql", &b"old"[..])]);
        let old = carried.preferred("sql").unwrap();
        let registry = carried
            .with_component("sql", b"newer".to_vec())
            .and_then(|registry| registry.with_component("js", b"first".to_vec()))
            .and_then(|registry| registry.with_component("js", b"second".to_vec()))
            .unwrap();
        let [newer, first, second] = [&b"newer"[..], b"first", b"second"].map(Digest::of);
        assert_eq!(registry.preferred("sql"), Some(newer));
        assert_eq!(registry.preferred("js"), Some(second));
        assert_eq!(registry.preferred("lua"), None);
        for (name, digest) in [("sql", old), ("sql", newer), ("js", first), ("js", second)] {
            let found = registry.find(name, Some(&digest)).unwrap();
            assert_eq!((found.name(), found.digest()), (name, digest));
        }
        let error = registry.find("js", Some(&old)).unwrap_err();
        let LoadError::UnknownRuntime { there, .. } = &error else { panic!("{error}") };
        assert_eq!(*there, [second, first]);
        assert_eq!(
            error.to_string(),
            format!("it needs the language runtime 'js' with the digest {old}, which this host does not have")
        );
        let error = registry.find("lua", None).unwrap_err();
        assert_eq!(error.to_string(), "it needs the language runtime 'lua', which this host does not have");
        let listed: Vec<_> = registry.list().into_iter().map(|runtime| (runtime.name, runtime.digest)).collect();
        let name = |name: &str, digest| (name.to_owned(), digest);
        assert_eq!(listed, [name("js", second), name("js", first), name("sql", newer), name("sql", old)]);
    }

    /// As a host that was built with the runtime of JavaScript has it, but with another component.
    #[test]
    fn what_is_carried_is_found_like_that_of_sql_and_digested_on_demand() {
        let [sql, js] = [("sql", &b"of sql"[..]), ("javascript", b"of javascript")];
        let registry = RuntimeRegistry::carrying(&[sql, js]);
        registry.find("sql", None).unwrap();
        registry.find("python", None).unwrap_err();
        assert!(registry.carried[1].digest.get().is_none(), "nobody asked for it");
        let digest = Digest::of(js.1);
        let found = registry.find("javascript", Some(&digest)).unwrap();
        assert_eq!((found.digest(), found.place(), found.is_built_in()), (digest, "built in", true));
        assert_eq!(found.component().unwrap().as_ref(), js.1);
        assert_eq!(registry.digests_of(["javascript", "javascript"]).into_values().collect::<Vec<_>>(), [[digest]]);
        // An application may bring a newer one along.
        let registry = registry.with_component("javascript", b"newer".to_vec()).unwrap();
        assert_eq!(registry.preferred("javascript"), Some(Digest::of(b"newer")));
        assert_eq!(registry.find("javascript", Some(&digest)).unwrap().place(), "built in");
    }

    #[test]
    fn a_folder_is_opened_only_for_what_is_not_found_elsewhere() {
        let registry = RuntimeRegistry::default().with_folder_on_demand(|| None);
        registry.find("sql", None).unwrap();
        registry.digests_of(["sql"]);
        assert!(registry.folders[0].opened.get().is_none());
        registry.find("python", None).unwrap_err();
        assert!(registry.folders[0].opened.get().is_some());
    }

    #[test]
    fn names_are_names_of_folders() {
        for name in ["sql", "javascript", "python-314", "a"] {
            assert!(is_runtime_name(name), "{name}");
        }
        let long = "a".repeat(65);
        for name in ["", "SQL", "1a", "-a", "../a", "a/b", "a.b", "ä", &long] {
            assert!(!is_runtime_name(name), "{name}");
            RuntimeRegistry::default().with_component(name, Vec::new()).unwrap_err();
        }
    }
}
