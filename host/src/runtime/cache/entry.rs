//! One entry: a file with compiled code and a seal behind it.

use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use cap_std::fs::Dir;
use cap_std::fs::File;
use cap_std::fs::Metadata;
use cap_std::fs::MetadataExt as _;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::fs::Timespec;
use rustix::fs::Timestamps;
use rustix::fs::UTIME_NOW;
use rustix::fs::UTIME_OMIT;
use sha2::Digest as _;
use sha2::Sha256;

/// How the name of an entry ends.
pub(super) const NAME_END: &str = ".cwasm";

/// How the name of a file begins that becomes an entry when it is whole.
const NEW_NAME: &str = ".new-";

/// The length of the seal, in bytes.
pub(super) const SEAL_BYTES: usize = 32;

/// The largest entry that is read, in bytes. Compiled code has some ten times the size of its component.
const ENTRY_BYTES_MAX: u64 = 2 << 30;

/// How much of an entry is digested at a time, in bytes.
const CHUNK_BYTES: usize = 128 << 10;

/// Opens an entry, if it is a file of this user alone. A link is not followed, a pipe not waited for.
pub(super) fn open(folder: &Dir, name: &str) -> io::Result<(File, Metadata)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(folder, name, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    let own = metadata.is_file()
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.mode() & 0o077 == 0
        // Under another name it may be in anybody's reach.
        && metadata.nlink() <= 1
        && metadata.len() <= ENTRY_BYTES_MAX;
    if own { Ok((file, metadata)) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

/// Digests an entry from its beginning, and says whether it is whole. Holds only a part of it at a time.
pub(super) fn check_file(file: &mut File, metadata: &Metadata, name: &str) -> io::Result<()> {
    let mut digest = seal_of(metadata, name);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = metadata.len().saturating_sub(u64::try_from(SEAL_BYTES).unwrap_or(u64::MAX));
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let chunk = chunk.get_mut(..length).unwrap_or_default();
        file.read_exact(chunk)?;
        digest.update(&*chunk);
        left = left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
    }
    let mut seal = Vec::with_capacity(SEAL_BYTES);
    file.take(u64::try_from(SEAL_BYTES + 1).unwrap_or(u64::MAX)).read_to_end(&mut seal)?;
    check(digest, &seal)
}

/// Reads the code of an entry of any size into memory.
pub(super) fn copy(folder: &Dir, name: &str) -> io::Result<Vec<u8>> {
    let (file, metadata) = open(folder, name)?;
    copy_file(file, &metadata, name)
}

/// The same for one that is open, and notes that it was used.
pub(super) fn copy_file(mut file: File, metadata: &Metadata, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    // No more than there was when its size was looked at.
    (&mut file).take(metadata.len() + 1).read_to_end(&mut bytes)?;
    let length = bytes.len().checked_sub(SEAL_BYTES).ok_or(io::ErrorKind::UnexpectedEof)?;
    let seal = bytes.split_off(length);
    check(seal_of(metadata, name).chain_update(&bytes), &seal)?;
    note_use(&file);
    Ok(bytes)
}

fn check(digest: Sha256, seal: &[u8]) -> io::Result<()> {
    if digest.finalize().as_slice() == seal { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// The time of the last change says when it was used. Where it cannot be set it says when it was made.
pub(super) fn note_use(file: &File) {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let as_it_is = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let _ = rustix::fs::futimens(file, &Timestamps { last_access: as_it_is, last_modification: now });
}

/// Writes an entry. A reader sees the whole file or none; of two writers the last one stays.
pub(super) fn write(folder: &Dir, name: &str, code: &[u8]) -> io::Result<()> {
    place(folder, name, |file| {
        let seal = seal_of(&file.metadata()?, name).chain_update(code).finalize();
        file.write_all(code)?;
        file.write_all(&seal)?;
        Ok(true)
    })
}

/// Makes a file under another name, and gives it this one when it was written, if it is to stay.
pub(super) fn place(folder: &Dir, name: &str, write: impl FnOnce(&mut File) -> io::Result<bool>) -> io::Result<()> {
    let temporary = format!("{NEW_NAME}{:016x}", getrandom::u64().map_err(io::Error::other)?);
    let written = create(folder, &temporary).and_then(|mut file| write(&mut file));
    let placed = written.and_then(|stays| {
        if !stays {
            return folder.remove_file(&temporary);
        }
        // A folder of this name is nothing that was written here.
        if folder.symlink_metadata(name).is_ok_and(|metadata| metadata.is_dir()) {
            let _ = folder.remove_dir(name);
        }
        folder.rename(&temporary, folder, name)
    });
    if placed.is_err() {
        let _ = folder.remove_file(&temporary);
    }
    placed
}

fn create(folder: &Dir, temporary: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let file = File::from(rustix::fs::openat(folder, temporary, flags, mode)?);
    // Whatever the umask took away.
    rustix::fs::fchmod(&file, mode)?;
    Ok(file)
}

/// Begins the digest behind the code. It covers the code, the entry's name, so that the code of one component is not taken
/// for that of another, and the file: its number and when it was made, which nobody can choose (inode(7), statx(2)). So an
/// entry is worth nothing in any other file. It is no signature: whoever can write here as this user can make one.
fn seal_of(file: &Metadata, name: &str) -> Sha256 {
    let born = born(file).unwrap_or_default().as_nanos();
    Sha256::new_with_prefix(format!("{name}\0{}\0{born}\0", file.ino()))
}

/// When a file was made, where its file system knows it.
pub(super) fn born(file: &Metadata) -> Option<Duration> {
    file.created().ok()?.into_std().duration_since(UNIX_EPOCH).ok()
}

/// Whether a name is that of an entry: a digest, what it was compiled for, both hexadecimal.
pub(super) fn is_entry(name: &str) -> bool {
    let parts = name.strip_suffix(NAME_END).and_then(|name| name.split_once('-'));
    parts.is_some_and(|(digest, compiled_for)| !digest.is_empty() && is_hexadecimal(digest) && is_number(compiled_for))
}

/// Whether a name is that of a file that is not an entry yet.
pub(super) fn is_new(name: &str) -> bool {
    name.strip_prefix(NEW_NAME).is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    text.len() == 16 && is_hexadecimal(text)
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
