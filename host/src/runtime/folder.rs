//! Language runtimes in a folder of the user, each found by name and digest: `<name>/<sha256 of the file>.wasm`.

use std::io;
use std::io::Read as _;

use cap_std::fs::Dir;
use cap_std::fs::MetadataExt as _;
use cap_std::time::SystemTime;

use super::cache::CacheRefused;
use crate::digest::Digest;

/// The largest component of a language runtime that is read, in bytes. One with CPython in it has about 40 MB.
pub const RUNTIME_BYTES_MAX: u64 = 256 << 20;

/// What a file of a runtime ends with.
const NAME_END: &str = ".wasm";

/// The longest name of a language runtime, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// One file of a folder of language runtimes, as its name says. It is not read yet.
pub(super) struct FolderEntry {
    pub(super) name: String,
    pub(super) digest: Digest,
    /// The size of the file, in bytes.
    pub(super) bytes: u64,
}

/// A folder of language runtimes, in which nobody but this user, or whoever installed host, can have put anything.
#[derive(Debug)]
pub struct RuntimeFolder {
    folder: Dir,
    /// Where it is, in two words.
    place: &'static str,
}

impl RuntimeFolder {
    /// Takes a folder for one of language runtimes.
    ///
    /// The caller says where it is, and has to see to it that nobody else can put another folder in its place. `host` itself
    /// uses the folder `runtimes` in that of the user's caches.
    ///
    /// # Errors
    /// [`CacheRefused`] unless it belongs to this user and nobody else can write in it.
    pub fn open(folder: Dir) -> Result<Self, CacheRefused> {
        super::cache::check_owner(&folder)?;
        Ok(Self { folder, place: "cache folder" })
    }

    /// Takes a folder that was installed together with the program, by root perhaps. The caller has looked at who can write
    /// there.
    pub fn installed(folder: Dir) -> Self {
        Self { folder, place: "installed" }
    }

    /// Where it is, in two words.
    pub(super) fn place(&self) -> &'static str {
        self.place
    }

    /// Adds a runtime, and answers its digest. Whoever reads at the same time finds the whole file or none.
    ///
    /// # Errors
    /// Those of writing; `InvalidInput` for a name that no runtime can have.
    pub fn add(&self, name: &str, component: &[u8]) -> io::Result<Digest> {
        if !is_runtime_name(name) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not the name of a language runtime"));
        }
        self.folder.create_dir_all(name)?;
        let inside = self.inside(name)?;
        let digest = Digest::of(component);
        let mut file = cap_tempfile::TempFile::new(&inside)?;
        io::Write::write_all(&mut file, component)?;
        file.replace(format!("{digest}{NAME_END}"))?;
        Ok(digest)
    }

    /// Every runtime in it, sorted by name, of each name what came last first. What cannot be read is not there.
    pub(super) fn list(&self) -> Vec<FolderEntry> {
        let Ok(entries) = self.folder.entries() else { return Vec::new() };
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().to_str().map(str::to_owned)).collect();
        names.sort();
        names.iter().flat_map(|name| self.list_of(name)).collect()
    }

    /// The runtimes of a name, what came last first.
    pub(super) fn list_of(&self, name: &str) -> Vec<FolderEntry> {
        let Some(entries) = self.inside(name).ok().and_then(|inside| inside.entries().ok()) else { return Vec::new() };
        let mut found: Vec<(SystemTime, Digest, u64)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let digest = entry.file_name().to_str()?.strip_suffix(NAME_END)?.parse().ok()?;
                let metadata = entry.metadata().ok().filter(cap_std::fs::Metadata::is_file)?;
                Some((metadata.modified().ok()?, digest, metadata.size()))
            })
            .collect();
        found.sort_by(|one, other| other.cmp(one));
        let entry = |(_, digest, bytes)| FolderEntry { name: name.to_owned(), digest, bytes };
        found.into_iter().map(entry).collect()
    }

    /// The runtime of a name that has this digest, without a look at the others.
    pub(super) fn entry_of(&self, name: &str, digest: Digest) -> Option<FolderEntry> {
        let file = format!("{digest}{NAME_END}");
        let metadata = self.inside(name).ok()?.symlink_metadata(file).ok().filter(cap_std::fs::Metadata::is_file)?;
        Some(FolderEntry { name: name.to_owned(), digest, bytes: metadata.size() })
    }

    /// Reads a runtime, which has to be the one that its name says.
    pub(super) fn read(&self, name: &str, digest: &Digest) -> io::Result<Vec<u8>> {
        let inside = self.inside(name)?;
        let file = format!("{digest}{NAME_END}");
        let metadata = inside.symlink_metadata(&file)?;
        let wrong = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
        if !metadata.is_file() {
            return Err(wrong("it is not a file".to_owned()));
        }
        if metadata.len() > RUNTIME_BYTES_MAX {
            return Err(wrong(format!("it has {} bytes, more than {RUNTIME_BYTES_MAX}", metadata.len())));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        inside.open(&file)?.take(RUNTIME_BYTES_MAX).read_to_end(&mut bytes)?;
        let found = Digest::of(&bytes);
        if found == *digest { Ok(bytes) } else { Err(wrong(format!("its bytes have the digest {found}"))) }
    }

    fn inside(&self, name: &str) -> io::Result<Dir> {
        if !is_runtime_name(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.folder.open_dir(name)
    }
}

/// Whether a language runtime may have this name: lowercase letters, digits and `-`, a letter first, at most 64 bytes. It is
/// the name of a folder, too.
pub(super) fn is_runtime_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]
mod tests {
    use super::super::registry::RuntimeRegistry;
    use super::*;

    fn temporary() -> cap_tempfile::TempDir {
        cap_tempfile::TempDir::new(cap_std::ambient_authority()).unwrap()
    }

    fn put(folder: &Dir, name: &str, digest: &Digest, bytes: &[u8]) {
        folder.create_dir_all(name).unwrap();
        folder.write(format!("{name}/{digest}.wasm"), bytes).unwrap();
    }

    #[test]
    fn a_runtime_counts_only_with_its_own_digest() {
        let folder = temporary();
        let [first, second] = [&b"first"[..], b"second"].map(Digest::of);
        put(&folder, "js", &first, b"first");
        put(&folder, "js", &second, b"another");
        put(&folder, "JS", &first, b"first");
        folder.write("js/readme.txt", "text").unwrap();
        let registry = RuntimeRegistry::default();
        let registry = registry.with_folder(RuntimeFolder::open(folder.try_clone().unwrap()).unwrap());
        let found = registry.find("js", Some(&first)).unwrap();
        assert_eq!((found.place(), found.bytes()), ("cache folder", Some(5)));
        assert_eq!(found.component().unwrap().as_ref(), b"first");
        let error = registry.find("js", Some(&second)).unwrap().component().unwrap_err();
        let another = Digest::of(b"another");
        assert_eq!(
            error.to_string(),
            format!(
                "the language runtime 'js' with the digest {second} cannot be read: its bytes have the digest {another}"
            )
        );
        registry.find("js", Some(&another)).unwrap_err();
        registry.find("JS", None).unwrap_err();
        registry.find("../js", None).unwrap_err();
        let names: Vec<_> = registry.list().iter().map(|runtime| runtime.name().to_owned()).collect();
        assert_eq!(names, ["js", "js", "sql", "sql"]);
    }

    #[test]
    fn a_folder_that_others_write_in_is_refused() {
        use cap_std::fs::PermissionsExt as _;
        let folder = temporary();
        folder.set_permissions(".", cap_std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(RuntimeFolder::open(folder.try_clone().unwrap()), Err(CacheRefused::Mode { .. })));
    }
}
