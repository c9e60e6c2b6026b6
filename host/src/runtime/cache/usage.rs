//! How much is in a cache, and keeping it below a size.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use cap_std::fs::Dir;
use cap_std::time::SystemTime;

use super::entry::is_entry;
use super::entry::is_new;
use super::whole;

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
    kind: Kind,
}

enum Kind {
    /// An entry, and the note that it is whole, if there is one.
    Entry { note: Option<String> },
    /// A file that is not an entry yet.
    New,
    /// A note without an entry.
    Note,
}

impl File {
    fn is_entry(&self) -> bool {
        matches!(self.kind, Kind::Entry { .. })
    }
}

impl CacheUsage {
    fn add(&mut self, file: &File) {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(file.bytes);
    }
}

pub(super) fn usage(folder: &Dir) -> io::Result<CacheUsage> {
    let mut usage = CacheUsage::default();
    files(folder)?.iter().filter(|file| file.is_entry()).for_each(|file| usage.add(file));
    Ok(usage)
}

/// Removes the entries that were not used for the longest time until the rest fits; `but` stays, whatever its size.
pub(super) fn prune(folder: &Dir, bytes: u64, but: Option<&str>) -> io::Result<Pruned> {
    let mut files = files(folder)?;
    files.sort_by_key(|file| file.used);
    // Nobody needs the clock for it: what was used last was used just now, or a while ago.
    let newest = files.last().map(|file| file.used);
    let mut pruned = Pruned::default();
    files.iter().filter(|file| file.is_entry()).for_each(|file| pruned.left.add(file));
    for file in &files {
        let excess = pruned.left.bytes > bytes || (bytes == 0 && but.is_none());
        let goes = match &file.kind {
            Kind::Entry { .. } => excess && but != Some(file.name.as_str()),
            Kind::Note => true,
            Kind::New => {
                newest.and_then(|newest| newest.duration_since(file.used).ok()).is_some_and(|age| age > ABANDONED)
            }
        };
        if !goes {
            continue;
        }
        // Another process may have been faster.
        let removed = folder.remove_file(&file.name).is_ok();
        if let Kind::Entry { note } = &file.kind
            && removed
        {
            if let Some(note) = note {
                let _ = folder.remove_file(note);
            }
            pruned.removed.add(file);
            pruned.left.entries -= 1;
            pruned.left.bytes -= file.bytes;
        }
    }
    Ok(pruned)
}

/// All files of the cache. An entry was used when the last of its two files was.
fn files(folder: &Dir) -> io::Result<Vec<File>> {
    let (mut files, mut notes) = (Vec::new(), HashMap::new());
    for entry in folder.entries()? {
        let entry = entry?;
        // The folder may hold anything else, if somebody says so.
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let note_of = whole::entry_of(name);
        let kind = if is_entry(name) {
            Kind::Entry { note: None }
        } else if is_new(name) {
            Kind::New
        } else if note_of.is_some() {
            Kind::Note
        } else {
            continue;
        };
        // What vanishes while the folder is read is not there.
        let Ok(metadata) = entry.metadata() else { continue };
        let Ok(used) = metadata.modified() else { continue };
        if metadata.is_file() {
            let file = File { name: name.to_owned(), bytes: metadata.len(), used, kind };
            match note_of {
                Some(of) => drop(notes.insert(of, file)),
                None => files.push(file),
            }
        }
    }
    for file in &mut files {
        if let Kind::Entry { note } = &mut file.kind
            && let Some(found) = notes.remove(&file.name)
        {
            file.used = file.used.max(found.used);
            *note = Some(found.name);
        }
    }
    files.extend(notes.into_values());
    Ok(files)
}
