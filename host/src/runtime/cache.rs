//! Compiled code, kept between runs.
//!
//! Here is the only unsafe code of the host: reading compiled code back means running what the file says. So it is read only
//! from a folder that this host made for its own user alone, and never from anything that a user or a migration hands in.

use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::io::Read as _;
use std::io::Write as _;

use cap_std::fs::Dir;
use cap_std::fs::DirBuilder;
use cap_std::fs::DirBuilderExt as _;
use cap_std::fs::Metadata;
use cap_std::fs::MetadataExt as _;
use cap_std::fs::Permissions;
use cap_std::fs::PermissionsExt as _;
use sha2::Digest as _;
use wasmtime::Engine;
use wasmtime::component::Component;

/// The folder of compiled code, inside the project.
const FOLDER: &str = ".host/cache";

/// The length of the digest in front of the code, in bytes.
const DIGEST_BYTES: usize = 32;

/// A folder of compiled code that belongs to this user alone.
pub struct CompileCache {
    folder: Dir,
}

impl CompileCache {
    /// Opens the cache of a project and makes it where it is missing. None when it cannot be trusted or cannot be made: then
    /// components are compiled each time, which is slower and no less right.
    pub fn open(project: &Dir) -> Option<Self> {
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        // `.host` may exist already, and so may the folder itself.
        let _ = project.create_dir(".host");
        let _ = project.create_dir_with(FOLDER, &builder);
        // A link may lead to a folder that is made for something else.
        if !project.symlink_metadata(FOLDER).ok()?.is_dir() {
            return None;
        }
        let folder = project.open_dir(FOLDER).ok()?;
        (belongs_to_this_user_alone(&folder.dir_metadata().ok()?)).then_some(Self { folder })
    }

    /// Reads compiled code back. None when there is none, or none that is whole, belongs to this component, and fits this
    /// engine.
    pub fn get(&self, engine: &Engine, component_digest: &str) -> Option<Component> {
        let name = file_name(engine, component_digest);
        if !self.is_own_file(&name) {
            return None;
        }
        let mut bytes = Vec::new();
        self.folder.open(&name).ok()?.read_to_end(&mut bytes).ok()?;
        let (digest, code) = bytes.split_at_checked(DIGEST_BYTES)?;
        // A file that was cut short, changed or renamed by accident is not worth a crash.
        if seal(&name, code) != digest {
            return None;
        }
        // SAFETY: the code was written by `put`, which only ever writes what this compiler made, into a folder and a file
        // that belong to this user and that nobody else can reach; it is whole, and by its name, which the digest covers, it
        // is that of this component, compiled by this version for an engine of this configuration.
        #[expect(unsafe_code, reason = "compiled code is read back, from a folder that only this user can write")]
        let component = unsafe { Component::deserialize(engine, code) };
        component.ok()
    }

    /// Whether there is compiled code of a component. Reading it back may still fail.
    pub fn has(&self, engine: &Engine, component_digest: &str) -> bool {
        self.is_own_file(&file_name(engine, component_digest))
    }

    /// Whether there is a file of this name that belongs to this user alone. A link, a pipe or a folder is nothing that
    /// `put` writes. Nobody else can put another one in its place between this look and the next.
    fn is_own_file(&self, name: &str) -> bool {
        let metadata = self.folder.symlink_metadata(name);
        metadata.is_ok_and(|metadata| metadata.is_file() && belongs_to_this_user_alone(&metadata))
    }

    /// Keeps compiled code. A failure costs only time later, so it is not reported.
    pub fn put(&self, engine: &Engine, component_digest: &str, component: &Component) {
        let _ = self.write(engine, component_digest, component);
    }

    fn write(&self, engine: &Engine, component_digest: &str, component: &Component) -> Option<()> {
        let code = component.serialize().ok()?;
        let name = file_name(engine, component_digest);
        let mut file = cap_tempfile::TempFile::new(&self.folder).ok()?;
        // Whatever the umask says: an entry that others can write would never be read.
        file.as_file().set_permissions(Permissions::from_mode(0o600)).ok()?;
        file.write_all(&seal(&name, &code)).ok()?;
        file.write_all(&code).ok()?;
        // Renamed into place, so that a reader sees the whole file or none. Something else in its place goes.
        if self.folder.symlink_metadata(&name).is_ok_and(|metadata| metadata.is_dir()) {
            let _ = self.folder.remove_dir(&name);
        }
        file.replace(&name).ok()
    }
}

/// Whether a file or folder is this user's, and nobody else can read or write it.
fn belongs_to_this_user_alone(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
}

/// The digest in front of the code: over the name as well, so that the code of one component is not taken for that of
/// another. Against accidents only. Whoever can write here can write a digest; owner and mode are what keeps others out.
fn seal(name: &str, code: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut digest = sha2::Sha256::new();
    digest.update(name);
    digest.update([0]);
    digest.update(code);
    digest.finalize().into()
}

fn file_name(engine: &Engine, component_digest: &str) -> String {
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{component_digest}-{:016x}.cwasm", hasher.finish())
}

#[cfg(test)]
mod tests;
