//! The way to a folder of this user: nobody else may be able to put another one in its place.

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

use super::Folder;
use super::Missing;
use super::mounts;

/// How many links are followed on the way, as many as Linux does (path_resolution(7)).
const LINKS_MAX: usize = 40;

/// What is in the way to a folder.
pub(super) enum Barrier {
    Io(io::Error),
    Trust(String),
}

impl From<io::Error> for Barrier {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Goes to a folder, makes what is missing with this mode, and opens it. `project` is the folder of the project.
pub(super) fn reach(path: &Path, project: Option<&Path>, missing: Missing, mode: u32) -> Result<Folder, Barrier> {
    if !path.is_absolute() {
        return Err(Barrier::Trust("it is not an absolute path".to_owned()));
    }
    let root = Dir::open_ambient_dir("/", ambient_authority())?;
    let project_path = project.map(std::fs::canonicalize).transpose()?;
    let project = project_path.as_deref().map(|path| Dir::open_ambient_dir(path, ambient_authority())).transpose()?;
    let project = project.map(|project| project.dir_metadata()).transpose()?;
    let (mut reached, mut ahead) = walk(&root, path, project.as_ref())?;
    not_mounted_from(&root, &reached, project_path.as_deref())?;
    if !ahead.is_empty() && missing == Missing::Make {
        let mut builder = DirBuilder::new();
        builder.mode(mode);
        for name in ahead {
            reached.push(name);
            match root.create_dir_with(&reached, &builder) {
                // Another process may have been faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
        // Whatever is there now.
        (reached, ahead) = walk(&root, path, project.as_ref())?;
    }
    if !ahead.is_empty() {
        return Err(io::Error::from(io::ErrorKind::NotFound).into());
    }
    not_mounted_from(&root, &reached, project_path.as_deref())?;
    let dir = root.open_dir(if reached.as_os_str().is_empty() { Path::new(".") } else { &reached })?;
    let path = Path::new("/").join(reached);
    let metadata = dir.dir_metadata()?;
    owner(&path, &metadata)?;
    // What stands in it may not be somebody else's either, so the sticky bit does not help here.
    if metadata.mode() & 0o022 != 0 {
        return Err(others_may_write(&path, &metadata));
    }
    Ok(Folder { dir, path })
}

/// Refuses a folder that is a part of the project, mounted elsewhere.
fn not_mounted_from(root: &Dir, reached: &Path, project: Option<&Path>) -> Result<(), Barrier> {
    let Some(project) = project else { return Ok(()) };
    if mounts::lies_in(root, &Path::new("/").join(reached), project) {
        return Err(Barrier::Trust(
            "it is mounted from the project's folder, so it could come with the project".to_owned(),
        ));
    }
    Ok(())
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
        return Err(others_may_write(path, folder));
    }
    if project.is_some_and(|project| (project.dev(), project.ino()) == (folder.dev(), folder.ino())) {
        return Err(Barrier::Trust("it lies in the project's folder, so it could come with the project".to_owned()));
    }
    Ok(())
}

fn others_may_write(path: &Path, folder: &Metadata) -> Barrier {
    Barrier::Trust(format!("others may write in {} (mode {:o})", path.display(), folder.mode() & 0o7777))
}

fn owner(path: &Path, metadata: &Metadata) -> Result<(), Barrier> {
    let user = rustix::process::geteuid().as_raw();
    if [user, 0].contains(&metadata.uid()) {
        return Ok(());
    }
    Err(Barrier::Trust(format!("{} belongs to another user", path.display())))
}
