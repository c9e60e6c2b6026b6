//! Folders that host makes for one user alone, marks as its own, and removes again.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use cap_std::fs::Dir;
use cap_std::fs::MetadataExt as _;
use cap_std::fs::OpenOptions;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::account::Account;
use super::account::is_root;
use super::error::LocalError;

/// The name of the marker file.
const MARKER: &str = "CREATED_BY_HOST";
const MARKER_TEXT: &str =
    "host made this folder for a local development cluster, and `host local destroy` removes it.\n";

/// The longest small file that is read, in bytes.
const SMALL_FILE_BYTES_MAX: u64 = 64 << 10;

/// What is in a folder.
pub(super) struct Content {
    /// The marker.
    pub(super) marker: bool,
    /// Anything else.
    pub(super) others: bool,
}

impl Content {
    /// Looks into the folder that is at this path itself, links not followed.
    pub(super) fn of(path: &Path) -> Result<Self, LocalError> {
        Self::of_opened(&open(path)?, path)
    }

    fn of_opened(folder: &Dir, path: &Path) -> Result<Self, LocalError> {
        let mut content = Self { marker: false, others: false };
        for entry in folder.entries().map_err(LocalError::io("read", path))? {
            let entry = entry.map_err(LocalError::io("read", path))?;
            if entry.file_name() != MARKER {
                content.others = true;
            } else if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                content.marker = true;
            }
        }
        Ok(content)
    }
}

/// Opens the folder that is at this path itself. Everything in it is then reached through what this returns: where somebody else
/// could put a link in its place, a second look at the path would be one at another folder.
fn open(path: &Path) -> Result<Dir, LocalError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(folder) => Ok(Dir::from_std_file(File::from(folder))),
        Err(Errno::NOTDIR | Errno::LOOP) => Err(LocalError::NotOurs { path: path.to_path_buf() }),
        Err(errno) => Err(LocalError::io("open", path)(errno.into())),
    }
}

/// Makes a folder that only `account` may enter, and marks it. False if the file system keeps no owners or modes.
///
/// A folder that is there already is taken only if it belongs to `account` and is host's or empty: anybody can make
/// one under `/tmp`, whose names are no secret. From the check on, the folder is worked on by its handle.
pub(super) fn claim(path: &Path, account: &Account) -> Result<bool, LocalError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(LocalError::io("create", path)(error));
        }
        _ => {}
    }
    let folder = open(path)?;
    check_owner(&folder, path, account)?;
    let content = Content::of_opened(&folder, path)?;
    if !content.marker {
        if content.others {
            return Err(LocalError::NotOurs { path: path.to_path_buf() });
        }
        let marker = folder.open_with(MARKER, OpenOptions::new().write(true).create_new(true));
        let written = marker.and_then(|mut marker| marker.write_all(MARKER_TEXT.as_bytes()));
        written.map_err(LocalError::io("write", &path.join(MARKER)))?;
    }
    if is_root()
        && let Err(error) = std::os::unix::fs::fchown(&folder, Some(account.user), Some(account.group))
    {
        return if error.kind() == io::ErrorKind::PermissionDenied {
            Ok(false)
        } else {
            Err(LocalError::io("give away", path)(error))
        };
    }
    rustix::fs::fchmod(&folder, Mode::RWXU).map_err(|errno| LocalError::io("make private", path)(errno.into()))?;
    let now = folder.dir_metadata().map_err(LocalError::io("look at", path))?;
    Ok(now.uid() == account.user && now.mode() & 0o777 == 0o700)
}

fn check_owner(folder: &Dir, path: &Path, account: &Account) -> Result<(), LocalError> {
    let owner = folder.dir_metadata().map_err(LocalError::io("look at", path))?.uid();
    if owner != rustix::process::geteuid().as_raw() && owner != account.user {
        return Err(LocalError::ForeignFolder { folder: path.to_path_buf(), owner, expected: account.user });
    }
    Ok(())
}

/// As [`claim`], where there is no other folder to turn to.
pub(super) fn claim_or_fail(path: &Path, account: &Account) -> Result<(), LocalError> {
    if claim(path, account)? {
        return Ok(());
    }
    Err(LocalError::io("make private", path)(io::ErrorKind::Unsupported.into()))
}

/// Removes a folder that host made for this account with all that is in it, its marker last: after a crash on the way it is
/// still known as host's. What is not marked stays, whatever it is.
pub(super) fn remove_marked(path: &Path, account: &Account) -> Result<(), LocalError> {
    let folder = open(path)?;
    check_owner(&folder, path, account)?;
    if !Content::of_opened(&folder, path)?.marker {
        return Err(LocalError::NotOurs { path: path.to_path_buf() });
    }
    for entry in folder.entries().map_err(LocalError::io("read", path))? {
        let entry = entry.map_err(LocalError::io("read", path))?;
        let name = entry.file_name();
        if name == MARKER {
            continue;
        }
        let is_folder = entry.file_type().map_err(LocalError::io("look at", &path.join(&name)))?.is_dir();
        let removed = if is_folder { folder.remove_dir_all(&name) } else { folder.remove_file(&name) };
        removed.map_err(LocalError::io("remove", &path.join(&name)))?;
    }
    remove_empty(path)
}

/// Removes a folder in which there is nothing but the marker, if that.
pub(super) fn remove_empty(path: &Path) -> Result<(), LocalError> {
    let folder = open(path)?;
    if Content::of_opened(&folder, path)?.others {
        return Err(LocalError::NotOurs { path: path.to_path_buf() });
    }
    match folder.remove_file(MARKER) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(LocalError::io("remove", &path.join(MARKER))(error));
        }
        _ => {}
    }
    fs::remove_dir(path).map_err(LocalError::io("remove", path))
}

/// Reads a small file. Neither a link is followed nor a pipe waited for, and no more is read than such a file has: what lies in
/// a project came from anywhere, and what lies in a cluster belongs to the user of its server.
pub(super) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_file(path, OFlags::RDONLY)?.take(SMALL_FILE_BYTES_MAX).read_to_end(&mut content)?;
    Ok(content)
}

/// Opens a plain file that is at this path itself.
pub(super) fn open_file(path: &Path, access: OFlags) -> io::Result<File> {
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    // Another name of the file may lie anywhere.
    if found.is_file() && std::os::unix::fs::MetadataExt::nlink(&found) <= 1 {
        Ok(file)
    } else {
        Err(io::Error::other("it is no plain file"))
    }
}

/// Writes a file beside its place and renames it, so that a crash leaves the old one or the new one. Whatever was in either
/// place is replaced, and nothing behind it written to.
pub(super) fn replace(path: &Path, content: &str) -> Result<(), LocalError> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(LocalError::io("remove", &new)(error)),
        _ => {}
    }
    let file = File::options().write(true).create_new(true).open(&new);
    file.and_then(|mut file| file.write_all(content.as_bytes())).map_err(LocalError::io("write", &new))?;
    fs::rename(&new, path).map_err(LocalError::io("create", path))
}

/// What is at this path itself, links not followed.
pub(super) fn look(path: &Path) -> Result<Option<fs::Metadata>, LocalError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LocalError::io("look at", path)(error)),
    }
}
