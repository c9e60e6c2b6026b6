//! The language runtimes that a host has: components that run the sources of one language, found by name and digest.
//!
//! They are data. A host carries that of SQL; others lie in a folder of the user ([`RuntimeFolder`]), or an application
//! brings them along ([`RuntimeRegistry::with_component`]).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::error::LoadError;
use super::folder::FolderEntry;
use super::folder::RuntimeFolder;
use super::folder::is_runtime_name;
use super::script::BUILT_IN;
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

/// All language runtimes of a host. The one of SQL is always among them.
#[derive(Debug, Clone)]
pub struct RuntimeRegistry {
    /// Of each name the preferred one first.
    known: Vec<LanguageRuntime>,
    folders: Vec<Arc<RuntimeFolder>>,
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

/// What the host carries itself.
impl Default for RuntimeRegistry {
    fn default() -> Self {
        let built_in = |(name, bytes): &(&str, &'static [u8])| LanguageRuntime {
            name: (*name).to_owned(),
            digest: Digest::of(bytes),
            bytes: u64::try_from(bytes.len()).ok(),
            place: Place::BuiltIn(bytes),
        };
        Self { known: BUILT_IN.iter().map(built_in).collect(), folders: Vec::new() }
    }
}

impl RuntimeRegistry {
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
        self.folders.push(Arc::new(folder));
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
        let there = self.of_name(name);
        let found = there.iter().find(fits).cloned();
        found.ok_or_else(|| LoadError::UnknownRuntime {
            name: name.to_owned(),
            digest: digest.copied(),
            there: there.iter().map(LanguageRuntime::digest).collect(),
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

    /// Every runtime, sorted by name; of each name the preferred one first.
    pub fn list(&self) -> Vec<LanguageRuntime> {
        let mut all = self.known.clone();
        all.extend(self.in_folders(RuntimeFolder::list));
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    fn of_name(&self, name: &str) -> Vec<LanguageRuntime> {
        let mut found: Vec<_> = self.known.iter().filter(|runtime| runtime.name == name).cloned().collect();
        found.extend(self.in_folders(|folder| folder.list_of(name)));
        found
    }

    fn in_folders(&self, list: impl Fn(&RuntimeFolder) -> Vec<FolderEntry>) -> Vec<LanguageRuntime> {
        let of = |folder: &Arc<RuntimeFolder>| -> Vec<_> {
            list(folder).into_iter().map(|entry| LanguageRuntime::in_folder(entry, folder)).collect()
        };
        self.folders.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn finds_by_name_and_digest() {
        let old = RuntimeRegistry::default().preferred("sql").unwrap();
        let registry = RuntimeRegistry::default()
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
