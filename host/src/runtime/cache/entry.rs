//! One entry: a file with a seal in front of the code.

use std::io;
use std::io::Read as _;
use std::io::Write as _;
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

/// How the name of an entry ends.
pub(super) const NAME_END: &str = ".cwasm";

/// How the name of a file begins that becomes an entry when it is whole.
const NEW_NAME: &str = ".new-";

/// The length of the seal, in bytes.
pub(super) const SEAL_BYTES: usize = 32;

/// The largest entry that is read, in bytes. Compiled code has some ten times the size of its component.
const ENTRY_BYTES_MAX: u64 = 2 << 30;

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

/// Reads the code of an entry, and notes that it was used.
pub(super) fn read(folder: &Dir, name: &str) -> io::Result<Vec<u8>> {
    let (mut file, metadata) = open(folder, name)?;
    let mut seal = [0; SEAL_BYTES];
    file.read_exact(&mut seal)?;
    let length = metadata.len().saturating_sub(u64::try_from(SEAL_BYTES).unwrap_or(u64::MAX));
    let mut code = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // No more than there was when its size was looked at.
    (&mut file).take(length + 1).read_to_end(&mut code)?;
    if self::seal(&metadata, name, &code) != seal {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // The time of the last change says when it was used. Where it cannot be set it says when it was made.
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let as_it_is = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let _ = rustix::fs::futimens(&file, &Timestamps { last_access: as_it_is, last_modification: now });
    Ok(code)
}

/// Writes an entry. A reader sees the whole file or none; of two writers the last one stays.
pub(super) fn write(folder: &Dir, name: &str, code: &[u8]) -> io::Result<()> {
    let temporary = format!("{NEW_NAME}{:016x}", getrandom::u64().map_err(io::Error::other)?);
    let written = write_new(folder, &temporary, name, code).and_then(|()| {
        // A folder of this name is nothing that was written here.
        if folder.symlink_metadata(name).is_ok_and(|metadata| metadata.is_dir()) {
            let _ = folder.remove_dir(name);
        }
        folder.rename(&temporary, folder, name)
    });
    if written.is_err() {
        let _ = folder.remove_file(&temporary);
    }
    written
}

fn write_new(folder: &Dir, temporary: &str, name: &str, code: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let mut file = File::from(rustix::fs::openat(folder, temporary, flags, mode)?);
    // Whatever the umask took away.
    rustix::fs::fchmod(&file, mode)?;
    let seal = seal(&file.metadata()?, name, code);
    file.write_all(&seal)?;
    file.write_all(code)
}

/// The digest in front of the code. It covers the code, the entry's name, so that the code of one component is not taken
/// for that of another, and the file: its number and when it was made, which nobody can choose (inode(7), statx(2)). So an
/// entry is worth nothing in any other file. It is no signature: whoever can write here as this user can make one.
fn seal(file: &Metadata, name: &str, code: &[u8]) -> [u8; SEAL_BYTES] {
    let made = file.created().ok().and_then(|made| made.into_std().duration_since(UNIX_EPOCH).ok());
    let mut digest = sha2::Sha256::new();
    digest.update(format!("{name}\0{}\0{}\0", file.ino(), made.unwrap_or_default().as_nanos()));
    digest.update(code);
    digest.finalize().into()
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
