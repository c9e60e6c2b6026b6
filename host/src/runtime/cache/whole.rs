//! Notes of large entries that were found whole, so that none is digested in each run.
//!
//! A note lies beside its entry and holds a digest of what the system says of that file: its number, when it was made, its
//! size, and when its content and its state were changed last. The last of these is set by the system with each change,
//! and by nobody else (inode(7), "ctime"). So an entry that was written to, cut short, put in place of another one or carried
//! here has no note that fits, and is digested again. What a note cannot show is what a disk loses silently.

use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::time::Duration;

use cap_std::fs::Dir;
use cap_std::fs::File;
use cap_std::fs::Metadata;
use cap_std::fs::MetadataExt as _;
use sha2::Digest as _;

use super::entry;

/// How the name of a note ends.
const NAME_END: &str = ".whole";

/// The length of a note, in bytes.
const NOTE_BYTES: usize = 32;

/// How much older than its note the last change of an entry has to be. File systems keep times in steps of up to 2 s: what was
/// changed in the same step has the same time.
pub(super) const SETTLED: Duration = Duration::from_secs(2);

/// Whether an entry was found whole as it is now. Notes that it was used; its own times stay as they are.
pub(super) fn is_known(folder: &Dir, name: &str, entry: &Metadata) -> bool {
    let Some((mut file, _)) = note_name(name).and_then(|note| entry::open(folder, &note).ok()) else { return false };
    let mut note = Vec::with_capacity(NOTE_BYTES);
    let read = (&mut file).take(u64::try_from(NOTE_BYTES + 1).unwrap_or(u64::MAX)).read_to_end(&mut note);
    let known = read.is_ok() && note == note_of(name, entry);
    if known {
        entry::note_use(&file);
    }
    known
}

/// Notes that an entry is whole, which was digested after the system had said this of it. Does not where it may have been changed
/// since without a sign.
pub(super) fn note(folder: &Dir, name: &str, (file, entry): (&File, &Metadata), settled: Duration) -> io::Result<()> {
    let note = note_name(name).ok_or(io::ErrorKind::InvalidInput)?;
    // What a crash of the machine took from the file would not show in its times.
    file.sync_data()?;
    let content = note_of(name, entry);
    entry::place(folder, &note, |new| {
        new.write_all(&content)?;
        // By the clock of the file system, which the entry's times are of, too.
        let age = changed(&new.metadata()?).checked_sub(changed(entry));
        Ok(age.is_some_and(|age| age >= settled) && note_of(name, &file.metadata()?) == content)
    })
}

fn note_of(name: &str, entry: &Metadata) -> [u8; NOTE_BYTES] {
    let born = entry::born(entry).unwrap_or_default().as_nanos();
    let (number, size) = (entry.ino(), entry.len());
    let (seconds, nanoseconds) = (entry.mtime(), entry.mtime_nsec());
    let changed = changed(entry).as_nanos();
    let text = format!("whole\0{name}\0{number}\0{born}\0{size}\0{seconds}.{nanoseconds}\0{changed}\0");
    sha2::Sha256::digest(text).into()
}

/// When a file or what the system says of it was changed last, since 1970.
fn changed(file: &Metadata) -> Duration {
    let seconds = Duration::from_secs(u64::try_from(file.ctime()).unwrap_or_default());
    seconds + Duration::from_nanos(u64::try_from(file.ctime_nsec()).unwrap_or_default())
}

/// The name of an entry's note.
fn note_name(entry: &str) -> Option<String> {
    Some(format!("{}{NAME_END}", entry.strip_suffix(entry::NAME_END)?))
}

/// The name of a note's entry.
pub(super) fn entry_of(note: &str) -> Option<String> {
    let entry = format!("{}{}", note.strip_suffix(NAME_END)?, entry::NAME_END);
    Some(entry).filter(|entry| entry::is_entry(entry))
}
