//! Reading files and folders of the project, with limits.

use std::io::Read as _;

use cap_std::fs::Dir;
use cap_std::fs::File;
use cap_std::fs::Metadata;
use cap_std::fs::OpenOptions;
use serde::Deserialize;
use serde::Serialize;

use super::StoreError;

/// The largest file that is read, in bytes, but for components, which have a limit of their own where it is larger. A Python
/// runtime with everything in it is about 40 MB.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The largest file or block of settings or metadata, in bytes. A reader of TOML may take forty times as much memory.
pub(crate) const TOML_BYTES_MAX: u64 = 1024 * 1024;

/// How many files and folders a folder of one migration may have, links counted as what they lead to: a few that lead back
/// are many ways around.
const FOLDER_ENTRIES_MAX: usize = 10_000;

/// How many folders may lie inside each other. Also ends circles of symbolic links.
const FOLDER_LEVELS_MAX: usize = 16;

/// What tells whether a file is still the same without reading it: size in bytes, times of the last change of content and
/// of anything in nanoseconds since 1970, and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint(u64, i64, i64, u64);

impl Fingerprint {
    #[cfg(unix)]
    pub(super) fn new(metadata: &Metadata) -> Self {
        use cap_std::fs::MetadataExt as _;
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self(
            metadata.len(),
            nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            metadata.ino(),
        )
    }

    #[cfg(not(unix))]
    pub(super) fn new(metadata: &Metadata) -> Self {
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| time.into_std().duration_since(std::time::UNIX_EPOCH).ok())
            .and_then(|since| i64::try_from(since.as_nanos()).ok())
            .unwrap_or(i64::MAX);
        Self(metadata.len(), modified, modified, 0)
    }

    /// When anything about the file was last changed. Unlike the time of its content, nobody can set this one.
    pub(super) fn changed_nanoseconds(&self) -> i64 {
        self.2
    }

    /// The same file with other times; for tests of the index.
    #[cfg(test)]
    pub(super) fn at(nanoseconds: i64) -> Self {
        Self(1, nanoseconds, nanoseconds, 1)
    }
}

/// Reads a file.
pub(crate) fn read(root: &Dir, path: &str) -> Result<Vec<u8>, StoreError> {
    read_at_most(root, path, FILE_BYTES_MAX)
}

/// Reads a file that may have at most so many bytes.
pub(crate) fn read_at_most(root: &Dir, path: &str, bytes_max: u64) -> Result<Vec<u8>, StoreError> {
    let failed = |error| StoreError::read(root, path, error);
    let file = open(root, path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(StoreError::NotAFile { path: path.to_owned() });
    }
    let mut content = Vec::with_capacity(usize::try_from(metadata.len().min(bytes_max)).unwrap_or(0));
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    let bytes = metadata.len().max(u64::try_from(content.len()).unwrap_or(u64::MAX));
    if bytes > bytes_max {
        return Err(StoreError::TooLarge { path: path.to_owned(), bytes, bytes_max });
    }
    Ok(content)
}

/// Opens a file for reading. Without waiting: a pipe would otherwise hold host until somebody writes into it.
fn open(root: &Dir, path: &str) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    root.open_with(path, &options)
}

/// Takes bytes for text.
pub(super) fn text(file: &str, content: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(content).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
        StoreError::TextNotUtf8 { file: file.to_owned(), line }
    })
}

/// The paths of [`list`] alone.
#[cfg(feature = "schema")]
pub(crate) fn list_paths(root: &Dir, folder: &str) -> Result<Vec<String>, StoreError> {
    Ok(list(root, folder)?.into_iter().map(|(path, _)| path).collect())
}

/// All files of a folder and of those inside it, sorted by their paths relative to it. Leaves out names that begin with
/// a dot, and the folder `target` at the top, where cargo builds.
pub(super) fn list(root: &Dir, folder: &str) -> Result<Vec<(String, Fingerprint)>, StoreError> {
    let (mut files, mut entries_left) = (Vec::new(), FOLDER_ENTRIES_MAX);
    list_into(root, folder, "", FOLDER_LEVELS_MAX, &mut entries_left, &mut files)?;
    files.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}

fn list_into(
    root: &Dir,
    folder: &str,
    inside: &str,
    levels: usize,
    entries_left: &mut usize,
    files: &mut Vec<(String, Fingerprint)>,
) -> Result<(), StoreError> {
    let too_large = || StoreError::FolderTooLarge { folder: folder.to_owned() };
    let levels = levels.checked_sub(1).ok_or_else(too_large)?;
    let path = if inside.is_empty() { folder.to_owned() } else { format!("{folder}/{inside}") };
    let failed = |error| StoreError::read(root, &path, error);
    for entry in root.read_dir(&path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        *entries_left = entries_left.checked_sub(1).ok_or_else(too_large)?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let name = utf8_name(&path, &name)?;
        let relative = if inside.is_empty() { name.to_owned() } else { format!("{inside}/{name}") };
        let metadata = followed(root, || format!("{path}/{name}"), &entry)?;
        if metadata.is_dir() {
            if relative != "target" {
                list_into(root, folder, &relative, levels, entries_left, files)?;
            }
        } else if metadata.is_file() {
            files.push((relative, Fingerprint::new(&metadata)));
        } else {
            return Err(StoreError::NotAFile { path: format!("{folder}/{relative}") });
        }
    }
    Ok(())
}

/// What an entry of a folder is, or what it points to. `path` is where it lies in the root.
pub(super) fn followed(
    root: &Dir,
    path: impl Fn() -> String,
    entry: &cap_std::fs::DirEntry,
) -> Result<Metadata, StoreError> {
    let failed = |error| StoreError::read(root, &path(), error);
    let metadata = entry.metadata().map_err(failed)?;
    // Through the root, so that a link may lead to any place inside the project.
    if metadata.is_symlink() { root.metadata(path()).map_err(failed) } else { Ok(metadata) }
}

pub(super) fn utf8_name<'a>(folder: &str, name: &'a std::ffi::OsStr) -> Result<&'a str, StoreError> {
    name.to_str().ok_or_else(|| not_utf8(folder, name))
}

pub(super) fn not_utf8(folder: &str, name: &std::ffi::OsStr) -> StoreError {
    StoreError::NameNotUtf8 { folder: folder.to_owned(), name: name.as_encoded_bytes().escape_ascii().to_string() }
}
