//! How much is in a cache, and keeping it below a size.

use std::io;
use std::time::Duration;

use cap_std::fs::Dir;
use cap_std::time::SystemTime;

use super::entry::is_entry;
use super::entry::is_new;

/// After this time a file that did not become an entry never will: whoever wrote it is gone.
const ABANDONED: Duration = Duration::from_secs(3600);

/// How much is in a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheUsage {
    /// The number of entries.
    pub entries: u64,
    /// Their size, in bytes.
    pub bytes: u64,
}

/// What was removed from a cache, and what is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// What was removed.
    pub removed: CacheUsage,
    /// What is left.
    pub left: CacheUsage,
}

/// A file in the folder. What else is there was not put there by the host, and is left alone.
struct File {
    name: String,
    bytes: u64,
    used: SystemTime,
    is_entry: bool,
}

impl CacheUsage {
    fn add(&mut self, file: &File) {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(file.bytes);
    }
}

pub(super) fn usage(folder: &Dir) -> io::Result<CacheUsage> {
    let mut usage = CacheUsage::default();
    files(folder)?.iter().filter(|file| file.is_entry).for_each(|file| usage.add(file));
    Ok(usage)
}

/// Removes the entries that were not used for the longest time until the rest fits; `but` stays, whatever its size.
pub(super) fn prune(folder: &Dir, bytes: u64, but: Option<&str>) -> io::Result<Pruned> {
    let mut files = files(folder)?;
    files.sort_by_key(|file| file.used);
    // Nobody needs the clock for it: what was used last was used just now, or a while ago.
    let newest = files.last().map(|file| file.used);
    let mut pruned = Pruned::default();
    files.iter().filter(|file| file.is_entry).for_each(|file| pruned.left.add(file));
    for file in &files {
        let excess = pruned.left.bytes > bytes || (bytes == 0 && but.is_none());
        let goes = if file.is_entry {
            excess && but != Some(file.name.as_str())
        } else {
            newest.and_then(|newest| newest.duration_since(file.used).ok()).is_some_and(|age| age > ABANDONED)
        };
        // Another process may have been faster.
        if goes && folder.remove_file(&file.name).is_ok() && file.is_entry {
            pruned.removed.add(file);
            pruned.left.entries -= 1;
            pruned.left.bytes -= file.bytes;
        }
    }
    Ok(pruned)
}

fn files(folder: &Dir) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in folder.entries()? {
        let entry = entry?;
        // The folder may hold anything else, if somebody says so.
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_entry(name) || is_new(name)) else { continue };
        // What vanishes while the folder is read is not there.
        let Ok(metadata) = entry.metadata() else { continue };
        let Ok(used) = metadata.modified() else { continue };
        if metadata.is_file() {
            files.push(File { name: name.to_owned(), bytes: metadata.len(), used, is_entry: is_entry(name) });
        }
    }
    Ok(files)
}
