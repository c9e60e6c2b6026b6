//! Compiled code, kept between runs.
//!
//! This is the one module with unsafe code: reading compiled code back means running what the file says. So it is read only
//! from a folder that this host made for its own user alone, and never from anything that a user or a migration hands in.

#![expect(unsafe_code, reason = "compiled code is read back here, from a folder that only this user can write")]

use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::io::Read as _;
use std::io::Write as _;

use cap_std::fs::Dir;
use cap_std::fs::DirBuilder;
use cap_std::fs::DirBuilderExt as _;
use cap_std::fs::MetadataExt as _;
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
        let folder = project.open_dir(FOLDER).ok()?;
        let metadata = folder.dir_metadata().ok()?;
        let own = metadata.uid() == rustix::process::geteuid().as_raw();
        let closed = metadata.mode() & 0o077 == 0;
        (own && closed).then_some(Self { folder })
    }

    /// Reads compiled code back. None when there is none, or none that is whole and fits this engine.
    pub fn get(&self, engine: &Engine, component_digest: &str) -> Option<Component> {
        let mut file = self.folder.open(file_name(engine, component_digest)).ok()?;
        let metadata = file.metadata().ok()?;
        if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
            return None;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let (digest, code) = bytes.split_at_checked(DIGEST_BYTES)?;
        // A file that was cut short or changed by accident is not worth a crash.
        if sha2::Sha256::digest(code).as_slice() != digest {
            return None;
        }
        // SAFETY: the code was written by `put`, which only ever writes what this compiler made, into a folder and a file
        // that belong to this user and that nobody else can write; it is whole, and wasmtime itself refuses code that was
        // made by another version or with another configuration.
        unsafe { Component::deserialize(engine, code) }.ok()
    }

    /// Whether there is compiled code of a component. Reading it back may still fail.
    pub fn has(&self, engine: &Engine, component_digest: &str) -> bool {
        self.folder.try_exists(file_name(engine, component_digest)).unwrap_or(false)
    }

    /// Keeps compiled code. A failure costs only time later, so it is not reported.
    pub fn put(&self, engine: &Engine, component_digest: &str, component: &Component) {
        let _ = self.write(engine, component_digest, component);
    }

    fn write(&self, engine: &Engine, component_digest: &str, component: &Component) -> Option<()> {
        let code = component.serialize().ok()?;
        let mut file = cap_tempfile::TempFile::new(&self.folder).ok()?;
        file.write_all(&sha2::Sha256::digest(&code)).ok()?;
        file.write_all(&code).ok()?;
        // Renamed into place, so that a reader sees the whole file or none.
        file.replace(file_name(engine, component_digest)).ok()
    }
}

fn file_name(engine: &Engine, component_digest: &str) -> String {
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{component_digest}-{:016x}.cwasm", hasher.finish())
}
