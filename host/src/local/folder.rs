//! Folders that host makes for one user alone, marks as its own, and removes again.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

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

/// What is in a folder.
pub(super) struct Content {
    /// The marker.
    pub(super) marker: bool,
    /// Anything else.
    pub(super) others: bool,
}

impl Content {
    /// Looks into a folder.
    pub(super) fn of(folder: &Path) -> Result<Self, LocalError> {
        let mut content = Self { marker: false, others: false };
        for entry in fs::read_dir(folder).map_err(LocalError::io("read", folder))? {
            let name = entry.map_err(LocalError::io("read", folder))?.file_name();
            if name == MARKER {
                content.marker = true;
            } else {
                content.others = true;
            }
        }
        Ok(content)
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
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(folder) => File::from(folder),
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(LocalError::NotOurs { path: path.to_path_buf() }),
        Err(errno) => return Err(LocalError::io("open", path)(errno.into())),
    };
    let owner = folder.metadata().map_err(LocalError::io("look at", path))?.uid();
    if owner != rustix::process::geteuid().as_raw() && owner != account.user {
        return Err(LocalError::ForeignFolder { folder: path.to_path_buf(), owner, expected: account.user });
    }
    let content = Content::of(path)?;
    if !content.marker {
        if content.others {
            return Err(LocalError::NotOurs { path: path.to_path_buf() });
        }
        let marker = path.join(MARKER);
        fs::write(&marker, MARKER_TEXT).map_err(LocalError::io("write", &marker))?;
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
    folder.set_permissions(fs::Permissions::from_mode(0o700)).map_err(LocalError::io("make private", path))?;
    let now = folder.metadata().map_err(LocalError::io("look at", path))?;
    Ok(now.uid() == account.user && now.mode() & 0o777 == 0o700)
}

/// As [`claim`], where there is no other folder to turn to.
pub(super) fn claim_or_fail(path: &Path, account: &Account) -> Result<(), LocalError> {
    if claim(path, account)? {
        return Ok(());
    }
    Err(LocalError::io("make private", path)(io::ErrorKind::Unsupported.into()))
}

/// Removes a folder, its marker last: after a crash on the way it is still known as host's.
pub(super) fn empty_and_remove(folder: &Path) -> Result<(), LocalError> {
    for entry in fs::read_dir(folder).map_err(LocalError::io("read", folder))? {
        let entry = entry.map_err(LocalError::io("read", folder))?;
        if entry.file_name() == MARKER {
            continue;
        }
        let path = entry.path();
        let is_folder = entry.file_type().map_err(LocalError::io("look at", &path))?.is_dir();
        let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(LocalError::io("remove", &path))?;
    }
    match fs::remove_file(folder.join(MARKER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(LocalError::io("remove", &folder.join(MARKER))(error));
        }
        _ => {}
    }
    fs::remove_dir(folder).map_err(LocalError::io("remove", folder))
}

/// Whether host made this folder.
pub(super) fn is_marked(folder: &Path) -> bool {
    folder.join(MARKER).exists()
}

/// What is at this path itself, links not followed.
pub(super) fn look(path: &Path) -> Result<Option<fs::Metadata>, LocalError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LocalError::io("look at", path)(error)),
    }
}
