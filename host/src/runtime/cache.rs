//! Compiled code, kept between runs: one folder for all projects of a user, whose entries are found by component and engine.
//!
//! Compiled code is machine code that the host runs. So an entry counts only if this host wrote it on this machine: the folder
//! and the file belong to this user alone, and the entry names the very file that it was written into. Such a file cannot
//! come with a repository, an archive, a bundle or the layer of an image: whatever is unpacked lies in another file.

mod entry;
mod find;
mod usage;
mod whole;

use std::io;
use std::time::Duration;

use cap_std::fs::Dir;
use cap_std::fs::MetadataExt as _;

pub use usage::CacheUsage;
pub use usage::Pruned;

pub(super) use find::Code;

use entry::NAME_END;

/// A folder of compiled code that belongs to this user alone.
#[derive(Debug)]
pub struct CompileCache {
    folder: Dir,
    limit_bytes: u64,
    /// See [`whole::note`].
    settled: Duration,
}

/// Why a folder is no cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheRefused {
    /// It is somebody else's.
    #[error("it belongs to another user")]
    Owner,
    /// Others may write in it.
    #[error("others than its owner may write in it (mode {mode:o})")]
    Mode {
        /// Its permissions.
        mode: u32,
    },
    /// It cannot be looked at.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CompileCache {
    /// Takes a folder as the cache. It grows to `limit_bytes` at most; what was not used for the longest time goes first.
    ///
    /// The caller says where it is, and has to see to it that nobody else can put another folder in its place, and that it
    /// is none that is handed around, such as a project's. `host` itself uses the folder of the user's caches.
    ///
    /// # Errors
    /// [`CacheRefused`] unless it belongs to this user and nobody else can write in it.
    pub fn open(folder: Dir, limit_bytes: u64) -> Result<Self, CacheRefused> {
        check_owner(&folder)?;
        Ok(Self { folder, limit_bytes, settled: whole::SETTLED })
    }

    /// The size to which it may grow, in bytes.
    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// Finds the code of an entry, and notes that it was used. None when there is none, or none that is whole, this user's, and
    /// of this name.
    pub(super) fn get(&self, name: &str) -> Option<Code> {
        find::find(&self.folder, name, self.settled).ok()
    }

    /// The same as a copy, for who cannot use the file.
    pub(super) fn copy(&self, name: &str) -> Option<Vec<u8>> {
        entry::copy(&self.folder, name).ok()
    }

    /// Whether there is an entry. Reading it may still fail.
    pub(super) fn has(&self, name: &str) -> bool {
        entry::open(&self.folder, name).is_ok()
    }

    /// Keeps an entry, and removes others where that is too much.
    pub(super) fn put(&self, name: &str, code: &[u8]) -> io::Result<()> {
        if u64::try_from(code.len()).unwrap_or(u64::MAX) > self.limit_bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        entry::write(&self.folder, name, code)?;
        // What cannot be removed now is removed another time.
        let _ = usage::prune(&self.folder, self.limit_bytes, Some(name));
        Ok(())
    }

    /// How much is in it.
    ///
    /// # Errors
    /// Those of reading the folder.
    pub fn usage(&self) -> io::Result<CacheUsage> {
        usage::usage(&self.folder)
    }

    /// Removes what was not used for the longest time, until the rest has at most `bytes`. With 0 everything goes.
    ///
    /// # Errors
    /// Those of reading the folder.
    pub fn prune(&self, bytes: u64) -> io::Result<Pruned> {
        usage::prune(&self.folder, bytes, None)
    }
}

/// Refuses a folder that does not belong to this user, or in which somebody else may write.
pub(super) fn check_owner(folder: &Dir) -> Result<(), CacheRefused> {
    let metadata = folder.dir_metadata()?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(CacheRefused::Owner);
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(CacheRefused::Mode { mode: metadata.mode() & 0o7777 });
    }
    Ok(())
}

/// The name of an entry: the component's digest, and what it was compiled for.
pub(super) fn entry_name(component_digest: &str, compiled_for: u64) -> String {
    format!("{component_digest}-{compiled_for:016x}{NAME_END}")
}

#[cfg(test)]
mod tests;
