//! Finding the code of an entry: a small one is copied, a large one is left where it is.

use std::io;
use std::time::Duration;

use cap_std::fs::Dir;
use cap_std::fs::File;

use super::entry;
use super::whole;

/// From this size on an entry is mapped, in bytes. Below it, reading and digesting cost less than what mapping asks of the
/// system, and a file that is cut short later harms nobody.
pub(super) const MAPPED_BYTES_MIN: u64 = 1 << 20;

/// The code of an entry that is whole.
#[derive(Debug)]
pub(crate) enum Code {
    /// A copy.
    Copy(Vec<u8>),
    /// Its file, which begins with the code.
    File(File),
}

/// Finds the code of an entry, and notes that it was used. A large one is digested only unless it was found whole before and has
/// not been changed since. `settled` is for [`whole::note`].
pub(super) fn find(folder: &Dir, name: &str, settled: Duration) -> io::Result<Code> {
    let (mut file, metadata) = entry::open(folder, name)?;
    // A file system without times of birth is one of another machine, which may change files without a word, or an old one.
    if metadata.len() < MAPPED_BYTES_MIN || entry::born(&metadata).is_none() {
        return entry::copy_file(file, &metadata, name).map(Code::Copy);
    }
    if !whole::is_known(folder, name, &metadata) {
        entry::check_file(&mut file, &metadata, name)?;
        // Its own times stay as they are, unless nothing else can say that it was used.
        if whole::note(folder, name, (&file, &metadata), settled).is_err() {
            entry::note_use(&file);
        }
    }
    Ok(Code::File(file))
}
