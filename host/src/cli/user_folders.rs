//! Folders of the user: what host keeps there can come with no project.

#![expect(clippy::disallowed_methods, reason = "folders of the user are named by the environment")]

use std::io;
use std::path::Path;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use cap_std::fs::DirBuilder;
use cap_std::fs::DirBuilderExt as _;
use cap_std::fs::MetadataExt as _;
use cap_std::fs::OpenOptions;
use cap_std::fs::OpenOptionsExt as _;

use super::failure::Failure;
use super::failure::with_causes;
use crate::store::Digest;
use crate::store::Key;
use crate::toolchain::TargetFolder;

/// The key, in the folder of the state. A new one makes everything that was built before be built again.
const KEY_FILE: &str = "key";

/// The file in a target folder that names its project.
const PROJECT_FILE: &str = "project";

/// A kind of folder, with the variables that name it (XDG Base Directory Specification).
struct Kind {
    own: &'static str,
    xdg: &'static str,
    default: &'static str,
}

const STATE: Kind = Kind { own: "HOST_STATE_DIR", xdg: "XDG_STATE_HOME", default: ".local/state" };
const CACHE: Kind = Kind { own: "HOST_CACHE_DIR", xdg: "XDG_CACHE_HOME", default: ".cache" };

impl Kind {
    /// Where the folder is, if the environment says so. Relative paths depend on where one stands, so they do not count.
    fn path(&self) -> Option<PathBuf> {
        let named = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        named(self.own)
            .or_else(|| named(self.xdg).map(|path| path.join("host")))
            .or_else(|| named("HOME").map(|home| home.join(self.default).join("host")))
    }

    /// Opens the folder, unless it lies in the project, with which it would have come.
    fn open(&self, project: &Path) -> io::Result<Dir> {
        let path = self.path().ok_or(io::ErrorKind::NotFound)?;
        let folder = Dir::open_ambient_dir(&path, ambient_authority())?;
        let project = std::fs::canonicalize(project)?;
        if std::fs::canonicalize(&path)?.starts_with(&project) {
            return Err(io::Error::other("it lies in the project's folder"));
        }
        let metadata = folder.dir_metadata()?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other("it belongs to another user"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(io::Error::other("others may write into it"));
        }
        Ok(folder)
    }

    /// The same, made if it is not there.
    fn make(&self, project: &Path) -> io::Result<Dir> {
        let path = self.path().ok_or_else(|| io::Error::other(format!("neither {} nor HOME is set", self.own)))?;
        match self.open(project) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(parent) = path.parent() {
                    Dir::create_ambient_dir_all(parent, ambient_authority())?;
                    let parent = Dir::open_ambient_dir(parent, ambient_authority())?;
                    let mut builder = DirBuilder::new();
                    match parent.create_dir_with(path.file_name().unwrap_or_default(), builder.mode(0o700)) {
                        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                        _ => {}
                    }
                }
                self.open(project)
            }
            opened => opened,
        }
    }
}

/// The key of this user, if there is one that nobody else can read.
pub(super) fn key(project: &Path) -> Option<Key> {
    read_key(&STATE.open(project).ok()?).ok()
}

/// The key of this user, made if there is none.
///
/// # Errors
/// Why there can be none.
pub(super) fn make_key(project: &Path) -> Result<Key, String> {
    let make = || {
        let folder = STATE.make(project)?;
        match read_key(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_key(&folder)?;
                read_key(&folder)
            }
            read => read,
        }
    };
    make().map_err(|error: io::Error| unusable(&error))
}

/// The folder of the development clusters.
///
/// # Errors
/// Why there can be none.
pub(super) fn clusters(project: &Path) -> Result<PathBuf, String> {
    let make = || {
        STATE.make(project)?;
        let path = STATE.path().ok_or(io::ErrorKind::NotFound)?;
        Ok(std::fs::canonicalize(path)?.join("clusters"))
    };
    make().map_err(|error: io::Error| unusable(&error))
}

fn unusable(error: &io::Error) -> String {
    let path = STATE.path();
    let place = path.map_or_else(|| "a folder for the state of host".to_owned(), |path| path.display().to_string());
    format!("{place} cannot be used: {}", with_causes(error))
}

fn read_key(folder: &Dir) -> io::Result<Key> {
    let metadata = folder.symlink_metadata(KEY_FILE)?;
    let own = metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw();
    if !own || metadata.mode() & 0o077 != 0 {
        return Err(io::Error::other("the file 'key' in it can be read by others"));
    }
    let bytes = folder.read(KEY_FILE)?;
    let bytes = bytes.try_into().map_err(|_| io::Error::other("the file 'key' in it is no key"))?;
    Ok(Key::new(bytes))
}

/// Two processes may do this at once: one of them wins, whole.
fn write_key(folder: &Dir) -> io::Result<()> {
    let mut random = [0; Key::BYTES];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let temporary = format!("{KEY_FILE}.{}", std::process::id());
    let _ = folder.remove_file(&temporary);
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = folder.open_with(&temporary, options.write(true).create_new(true).mode(0o600))?;
        io::Write::write_all(&mut file, &random)?;
        match folder.hard_link(&temporary, folder, KEY_FILE) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    };
    let written = write();
    let _ = folder.remove_file(&temporary);
    written
}

/// The folder in which cargo works for a project. What lies there is believed by its times, so it must not have come with the
/// project. Folders of projects that are gone are removed. None where there is no folder for it.
pub(super) fn target_folder(project: &Path) -> Option<TargetFolder> {
    let cache = CACHE.make(project).ok()?;
    cache.create_dir_all("target").ok()?;
    let all = cache.open_dir("target").ok()?;
    let name = Digest::of(project.as_os_str().as_encoded_bytes()).to_string()[..16].to_owned();
    remove_orphans(&all, &name);
    all.create_dir_all(&name).ok()?;
    let folder = all.open_dir(&name).ok()?;
    folder.write(PROJECT_FILE, project.as_os_str().as_encoded_bytes()).ok()?;
    let path = std::fs::canonicalize(CACHE.path()?).ok()?.join("target").join(&name);
    Some(TargetFolder::new(path, folder))
}

/// What cannot be removed is left.
fn remove_orphans(all: &Dir, own: &str) {
    let Ok(entries) = all.entries() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name == own {
            continue;
        }
        let Ok(project) = all.read_to_string(Path::new(&name).join(PROJECT_FILE)) else { continue };
        if matches!(std::fs::symlink_metadata(project), Err(error) if error.kind() == io::ErrorKind::NotFound) {
            let _ = all.remove_dir_all(&name);
        }
    }
}

/// Whether the operator vouches for components that were built elsewhere.
pub(super) fn trusts_built() -> Result<bool, Failure> {
    const VARIABLE: &str = "HOST_TRUST_BUILT";
    match super::settings::variable(VARIABLE).as_deref() {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(_) => {
            Err(Failure::usage(format!("{VARIABLE} is neither 0 nor 1"), format!("set {VARIABLE}=1, or unset it")))
        }
    }
}
