//! The folder in which cargo works for a project.
//!
//! Cargo believes what lies there by its times, so it must not have come with anything. The folder names its project, and itself:
//! one that was carried here is emptied.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use cap_std::fs::Dir;
use cap_std::fs::DirBuilder;
use cap_std::fs::DirBuilderExt as _;
use cap_std::fs::File;
use rustix::fs::Mode;
use rustix::fs::OFlags;

use super::CACHE;
use super::Folder;
use super::Missing;
use super::OWN_MODE;
use super::identity;
use crate::digest::Digest;
use crate::toolchain::TargetFolder;

/// The folder in which those of all projects lie.
const ALL: &str = "target";

/// The file in a target folder that names the folder itself, in its first line, and its project behind it.
const PROJECT_FILE: &str = "project";

/// The longest file that names a project, in bytes: four times the longest path of Linux.
const PROJECT_FILE_BYTES_MAX: u64 = 16 << 10;

/// The folder for a project, or none where there can be none. Folders of projects that are gone are removed. `project` is absolute
/// and without links.
pub(in crate::cli) fn target_folder(project: &Path) -> Option<TargetFolder> {
    let Folder { dir: all, path } = CACHE
        .open(Some(project), Missing::Make)
        .and_then(|_| CACHE.open_inside(&[ALL], Some(project), Missing::Make, OWN_MODE))
        .ok()?;
    let name = name_for(project.as_os_str().as_bytes());
    remove_orphans(&all, &name);
    let folder = own(&all, &name, project).ok()?;
    Some(TargetFolder::new(path.join(&name), folder))
}

fn name_for(project: &[u8]) -> String {
    Digest::of(project).to_string()[..16].to_owned()
}

/// The folder of this name, if host made it, and a new one otherwise.
fn own(all: &Dir, name: &str, project: &Path) -> io::Result<Dir> {
    let project = project.as_os_str().as_bytes();
    if named_in(all, name).is_some_and(|named| named == project) {
        return all.open_dir(name);
    }
    match all.symlink_metadata(name) {
        Ok(found) if found.is_dir() => all.remove_dir_all(name)?,
        Ok(_) => all.remove_file(name)?,
        Err(_) => {}
    }
    // Whole under another name first: a second build may look at the same moment.
    let temporary = format!("new-{:016x}", getrandom::u64().map_err(io::Error::other)?);
    let make = || {
        let mut builder = DirBuilder::new();
        all.create_dir_with(&temporary, builder.mode(OWN_MODE))?;
        let folder = all.open_dir(&temporary)?;
        let mut content = format!("{}\n", identity(&folder.dir_metadata()?)).into_bytes();
        content.extend_from_slice(project);
        folder.write(PROJECT_FILE, content)?;
        all.rename(&temporary, all, name)
    };
    if let Err(error) = make() {
        let _ = all.remove_dir_all(&temporary);
        if named_in(all, name).is_none_or(|named| named != project) {
            return Err(error);
        }
    }
    all.open_dir(name)
}

/// The project that a folder names, if host made that folder.
fn named_in(all: &Dir, name: &str) -> Option<Vec<u8>> {
    let is_folder = all.symlink_metadata(name).ok()?.is_dir();
    let folder = is_folder.then(|| all.open_dir(name).ok()).flatten()?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(&folder, PROJECT_FILE, flags, Mode::empty()).ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut content = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, PROJECT_FILE_BYTES_MAX), &mut content).ok()?;
    let end = content.iter().position(|&byte| byte == b'\n')?;
    let project = content.split_off(end + 1);
    let own = content[..end] == *identity(&folder.dir_metadata().ok()?).as_bytes() && name == name_for(&project);
    own.then_some(project)
}

/// Removes folders that host made for projects that are not there any more. What cannot be removed is left.
fn remove_orphans(all: &Dir, own: &str) {
    let Ok(entries) = all.entries() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| *name != own) else { continue };
        let Some(project) = named_in(all, name) else { continue };
        let project = Path::new(std::ffi::OsStr::from_bytes(&project));
        let gone = matches!(std::fs::symlink_metadata(project), Err(error) if error.kind() == io::ErrorKind::NotFound);
        if project.is_absolute() && gone {
            let _ = all.remove_dir_all(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;

    use super::*;

    struct Folders(tempfile::TempDir, Dir);

    impl Folders {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("a folder");
            Self(folder, dir)
        }

        fn make(&self, project: &str) -> String {
            let name = name_for(project.as_bytes());
            own(&self.1, &name, Path::new(project)).expect("a folder");
            name
        }

        fn put(&self, path: &str, content: impl AsRef<[u8]>) {
            let path = self.0.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, content).expect("a file");
        }
    }

    #[test]
    fn what_was_carried_here_is_emptied() {
        let folders = Folders::new();
        let name = folders.make("/p");
        folders.put(&format!("{name}/made"), "by cargo");
        folders.make("/p");
        assert!(folders.1.exists(format!("{name}/made")), "its own work stays");
        // The same files in another folder, as an archive or a layer of an image brings them.
        let said = folders.1.read(format!("{name}/{PROJECT_FILE}")).expect("a file");
        folders.1.rename(&name, &folders.1, "old").expect("a rename");
        folders.put(&format!("{name}/made"), "by somebody");
        folders.put(&format!("{name}/{PROJECT_FILE}"), said);
        folders.make("/p");
        assert!(!folders.1.exists(format!("{name}/made")));
        assert!(folders.1.exists("old/made"));
    }

    #[test]
    fn only_folders_that_host_made_for_projects_that_are_gone_are_removed() {
        let folders = Folders::new();
        let gone = folders.make("/nowhere/gone");
        let there = folders.make("/tmp");
        let own = folders.make("/nowhere/own");
        // Forged in all ways that leave a name: by hand, carried, renamed, for a project without a root.
        for (name, said) in [
            ("debug", "1 2\n/nowhere".to_owned()),
            (&name_for(b"/nowhere"), "/nowhere".to_owned()),
            (&name_for(b"/nowhere/b"), "1 2\n/nowhere/b".to_owned()),
        ] {
            folders.put(&format!("{name}/{PROJECT_FILE}"), said);
        }
        let renamed = folders.make("/nowhere/renamed");
        folders.1.rename(&renamed, &folders.1, "renamed").expect("a rename");
        let relative = folders.make("nowhere/relative");
        std::os::unix::fs::symlink("renamed", folders.0.path().join("link")).expect("a link");
        std::os::unix::fs::symlink("/tmp", folders.0.path().join("out")).expect("a link");
        let before = folders.1.entries().expect("a folder").count();
        remove_orphans(&folders.1, &own);
        assert!(!folders.1.exists(&gone));
        assert!(folders.1.exists(&there) && folders.1.exists(&own) && folders.1.exists(&relative));
        assert_eq!(folders.1.entries().expect("a folder").count(), before - 1);
        assert!(Path::new("/tmp").exists());
    }

    #[test]
    fn what_is_in_the_way_of_a_folder_is_replaced_and_nothing_behind_it() {
        let folders = Folders::new();
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("kept"), "").expect("a file");
        let name = name_for(b"/p");
        std::os::unix::fs::symlink(outside.path(), folders.0.path().join(&name)).expect("a link");
        folders.make("/p");
        assert!(folders.1.symlink_metadata(&name).expect("a folder").is_dir());
        assert!(outside.path().join("kept").exists());
    }
}
