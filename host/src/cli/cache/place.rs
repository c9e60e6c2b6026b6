//! Where compiled code is kept: the folder of this user's caches, if nobody else can have put anything there.

#![expect(
    clippy::disallowed_methods,
    reason = "the environment says where the folder is, which is outside of any project"
)]

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use cap_std::fs::DirBuilder;
use cap_std::fs::DirBuilderExt as _;
use cap_std::fs::Metadata;
use cap_std::fs::MetadataExt as _;

use crate::cli::failure::with_causes;
use crate::runtime::CompileCache;

/// The variable that names the folder.
const FOLDER_VARIABLE: &str = "HOST_CACHE_DIR";

/// The variables of the XDG Base Directory Specification that say where caches are.
const XDG_VARIABLE: &str = "XDG_CACHE_HOME";
const HOME_VARIABLE: &str = "HOME";

/// How many links are followed on the way, as many as Linux does (path_resolution(7)).
const LINKS_MAX: usize = 40;

/// Where the folder should be, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) variable: &'static str,
}

/// Why there is no folder of compiled code.
#[derive(Debug)]
pub(super) enum NoCache {
    /// No variable says where it is.
    Nowhere,
    /// Its size is 0.
    Off,
    /// It cannot be made or opened.
    Unavailable { place: Place, reason: String },
    /// Somebody else may have put something there.
    Refused { place: Place, reason: String },
}

impl NoCache {
    /// In a sentence.
    pub(super) fn reason(&self) -> String {
        let at = |place: &Place| format!("the folder {} (from {})", place.path.display(), place.variable);
        match self {
            Self::Nowhere => {
                format!("none of {FOLDER_VARIABLE}, {XDG_VARIABLE} and {HOME_VARIABLE} says where its folder is")
            }
            Self::Off => format!("{} is 0", super::SIZE_VARIABLE),
            Self::Unavailable { place, reason } => format!("{} cannot be used: {reason}", at(place)),
            Self::Refused { place, reason } => format!("{} is not trusted: {reason}", at(place)),
        }
    }
}

/// Where the folder should be. `variable` gives the value of an environment variable that is set to something.
pub(super) fn place(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Place> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(path) = variable(FOLDER_VARIABLE) {
        return Some(Place { path: path.into(), variable: FOLDER_VARIABLE });
    }
    // "If an implementation encounters a relative path … it should consider the path invalid and ignore it."
    if let Some(caches) = absolute(XDG_VARIABLE) {
        return Some(Place { path: caches.join("host"), variable: XDG_VARIABLE });
    }
    absolute(HOME_VARIABLE).map(|home| Place { path: home.join(".cache/host"), variable: HOME_VARIABLE })
}

/// Opens the folder, and makes it where it is missing. `project` is the folder of the project.
pub(super) fn open(place: Place, limit_bytes: u64, project: Option<&Dir>) -> Result<CompileCache, NoCache> {
    let opened = reach(&place.path, project).and_then(|folder| {
        CompileCache::open(folder, limit_bytes).map_err(|error| match error {
            crate::runtime::CacheRefused::Io(error) => Barrier::Io(error),
            other => Barrier::Trust(other.to_string()),
        })
    });
    opened.map_err(|barrier| match barrier {
        Barrier::Io(error) => NoCache::Unavailable { place, reason: with_causes(&error) },
        Barrier::Trust(reason) => NoCache::Refused { place, reason },
    })
}

/// What is in the way to a folder.
enum Barrier {
    Io(io::Error),
    Trust(String),
}

impl From<io::Error> for Barrier {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Goes to a folder, makes what is missing, and opens it.
fn reach(path: &Path, project: Option<&Dir>) -> Result<Dir, Barrier> {
    if !path.is_absolute() {
        return Err(Barrier::Trust("it is not an absolute path".to_owned()));
    }
    let project = project.map(Dir::dir_metadata).transpose()?;
    let root = Dir::open_ambient_dir("/", ambient_authority())?;
    let (mut reached, missing) = walk(&root, path, project.as_ref())?;
    if !missing.is_empty() {
        // XDG Base Directory Specification: what does not exist is made with permission 0700.
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        for name in missing {
            reached.push(name);
            match root.create_dir_with(&reached, &builder) {
                // Another process may have been faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
        // Whatever is there now.
        let (again, missing) = walk(&root, path, project.as_ref())?;
        if !missing.is_empty() {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        reached = again;
    }
    Ok(root.open_dir(if reached.as_os_str().is_empty() { Path::new(".") } else { &reached })?)
}

/// Follows a path from the root, and looks at each folder and each link on the way: what belongs to somebody else, or lies
/// where somebody else may put another thing in its place, is not passed; nor is the project's folder. Answers how far it
/// came, without links and relative to the root, and what is missing there.
fn walk(root: &Dir, path: &Path, project: Option<&Metadata>) -> Result<(PathBuf, VecDeque<OsString>), Barrier> {
    let mut reached = PathBuf::new();
    let mut ahead: VecDeque<OsString> = path.components().map(|part| part.as_os_str().to_owned()).collect();
    let mut links = 0;
    trust(Path::new("/"), &root.dir_metadata()?, project)?;
    while let Some(part) = ahead.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::RootDir) => reached.clear(),
            Some(Component::ParentDir) => {
                reached.pop();
            }
            Some(Component::Normal(_)) => {
                let next = reached.join(&part);
                let shown = Path::new("/").join(&next);
                let metadata = match root.symlink_metadata(&next) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        ahead.push_front(part);
                        return Ok((reached, ahead));
                    }
                    metadata => metadata?,
                };
                if metadata.is_symlink() {
                    owner(&shown, &metadata)?;
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(io::Error::from(rustix::io::Errno::LOOP).into());
                    }
                    let target = root.read_link_contents(&next)?;
                    target.components().rev().for_each(|part| ahead.push_front(part.as_os_str().to_owned()));
                } else if metadata.is_dir() {
                    trust(&shown, &metadata, project)?;
                    reached = next;
                } else {
                    return Err(io::Error::from(io::ErrorKind::NotADirectory).into());
                }
            }
            _ => {}
        }
    }
    Ok((reached, ahead))
}

/// Whether nobody but this user and root can change what lies in a folder, and it is none that is handed around.
fn trust(path: &Path, folder: &Metadata, project: Option<&Metadata>) -> Result<(), Barrier> {
    /// What others put into a folder with this bit they can take away, and nothing else (inode(7), the sticky bit).
    const STICKY: u32 = 0o1000;
    owner(path, folder)?;
    if folder.mode() & 0o022 != 0 && folder.mode() & STICKY == 0 {
        return Err(Barrier::Trust(format!(
            "others may write in {} (mode {:o})",
            path.display(),
            folder.mode() & 0o7777
        )));
    }
    if project.is_some_and(|project| (project.dev(), project.ino()) == (folder.dev(), folder.ino())) {
        return Err(Barrier::Trust("it lies in the project's folder, so it could come with the project".to_owned()));
    }
    Ok(())
}

fn owner(path: &Path, metadata: &Metadata) -> Result<(), Barrier> {
    let user = rustix::process::geteuid().as_raw();
    if [user, 0].contains(&metadata.uid()) {
        return Ok(());
    }
    Err(Barrier::Trust(format!("{} belongs to another user", path.display())))
}

#[cfg(test)]
mod tests;
