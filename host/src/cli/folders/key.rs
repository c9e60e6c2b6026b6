//! The key of this user, with which host seals what it writes into projects.
//!
//! A key that somebody else knows proves nothing. So it counts only in the very file that host wrote it into: one that came with
//! an image or an archive is replaced.

use std::io;
use std::path::Path;

use cap_std::fs::Dir;
use cap_std::fs::File;
use cap_std::fs::Metadata;
use cap_std::fs::MetadataExt as _;
use rustix::fs::Mode;
use rustix::fs::OFlags;

use super::Missing;
use super::NoFolder;
use super::Place;
use super::STATE;
use super::identity;
use crate::cli::failure::with_causes;
use crate::digest::Digest;
use crate::store::Key;

/// The file, in the folder of the state. A new key makes everything that was built before be built again.
const KEY_FILE: &str = "key";

/// The key, and the digest that binds it to its file, in hexadecimal.
const FILE_BYTES: usize = Key::BYTES + 64;

/// The key of this user, or none if there is no file for one yet.
///
/// # Errors
/// Why there can be none.
pub(in crate::cli) fn key(project: &Path) -> Result<Option<Key>, NoFolder> {
    match STATE.open(Some(project), Missing::Leave) {
        Ok(folder) => read(&folder.dir).map_err(unusable),
        Err(NoFolder::Unavailable { .. } | NoFolder::Nowhere { .. }) => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// The key of this user, made if there is none.
///
/// # Errors
/// Why there can be none.
pub(in crate::cli) fn make_key(project: &Path) -> Result<Key, NoFolder> {
    let folder = STATE.open(Some(project), Missing::Make)?.dir;
    let make = || {
        if let Some(key) = read(&folder)? {
            return Ok(key);
        }
        write(&folder)?;
        read(&folder)?.ok_or_else(|| io::Error::other("the file 'key' in it changes while it is read"))
    };
    make().map_err(unusable)
}

fn unusable(error: io::Error) -> NoFolder {
    let place = STATE.place().unwrap_or(Place { path: KEY_FILE.into(), variable: STATE.own });
    NoFolder::Unavailable { place, reason: with_causes(&error) }
}

/// None where there is no file, and where there is one that host did not write here as this user.
fn read(folder: &Dir) -> io::Result<Option<Key>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = match rustix::fs::openat(folder, KEY_FILE, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::LOOP) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    let own = metadata.is_file()
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.mode() & 0o077 == 0
        && metadata.len() == u64::try_from(FILE_BYTES).unwrap_or(u64::MAX);
    if !own {
        return Ok(None);
    }
    let mut bytes = [0; FILE_BYTES];
    io::Read::read_exact(&mut file, &mut bytes)?;
    let (random, bound) = bytes.split_at(Key::BYTES);
    let random: [u8; Key::BYTES] = random.try_into().map_err(io::Error::other)?;
    Ok((binding(&metadata, &random).as_bytes() == bound).then(|| Key::new(random)))
}

fn binding(file: &Metadata, random: &[u8; Key::BYTES]) -> String {
    Digest::of(&[b"key of host\0".as_slice(), identity(file).as_bytes(), random].concat()).to_string()
}

/// Two processes may do this at once: one of them wins, whole.
fn write(folder: &Dir) -> io::Result<()> {
    let mut random = [0; Key::BYTES];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let temporary = format!("{KEY_FILE}.{:016x}", getrandom::u64().map_err(io::Error::other)?);
    let write = || {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(
            rustix::fs::openat(folder, &temporary, flags, Mode::RUSR | Mode::WUSR).map_err(io::Error::from)?,
        );
        let bound = binding(&file.metadata()?, &random);
        io::Write::write_all(&mut file, &[random.as_slice(), bound.as_bytes()].concat())?;
        if read(folder)?.is_none() {
            // What is there is no key of this user.
            let _ = folder.remove_file(KEY_FILE);
        }
        match folder.hard_link(&temporary, folder, KEY_FILE) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            // A file system without hard links.
            Err(_) => folder.rename(&temporary, folder, KEY_FILE),
            linked => linked,
        }
    };
    let written = write();
    let _ = folder.remove_file(&temporary);
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use cap_std::ambient_authority;

    use super::*;

    fn folder() -> (tempfile::TempDir, Dir) {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("a folder");
        (folder, dir)
    }

    fn put(folder: &tempfile::TempDir, content: &[u8], mode: u32) {
        let path = folder.path().join(KEY_FILE);
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, content).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    }

    #[test]
    fn a_key_counts_only_where_it_was_written() {
        let (folder, dir) = folder();
        assert!(read(&dir).expect("nothing").is_none());
        write(&dir).expect("a key");
        let key = read(&dir).expect("a file").expect("a key");
        assert_eq!(read(&dir).expect("a file"), Some(key.clone()), "and stays the same");
        let content = std::fs::read(folder.path().join(KEY_FILE)).expect("a file");
        // As a checkout, an archive or a layer of an image brings it.
        put(&folder, &content, 0o600);
        assert!(read(&dir).expect("a file").is_none());
        write(&dir).expect("a key");
        assert_ne!(read(&dir).expect("a file").expect("a key"), key);
    }

    #[test]
    fn what_is_no_key_is_none() {
        let (folder, dir) = folder();
        for (content, mode) in [(vec![1; Key::BYTES], 0o600), (vec![], 0o600), (vec![1; FILE_BYTES], 0o600)] {
            put(&folder, &content, mode);
            assert!(read(&dir).expect("a file").is_none());
        }
        write(&dir).expect("a key");
        let path = folder.path().join(KEY_FILE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("a mode");
        assert!(read(&dir).expect("a file").is_none(), "others can read it");
        std::fs::rename(&path, folder.path().join("moved")).expect("a file");
        std::os::unix::fs::symlink("moved", &path).expect("a link");
        assert!(read(&dir).expect("a link").is_none());
        rustix::fs::unlink(&path).expect("a link");
        rustix::fs::mkfifoat(&dir, KEY_FILE, Mode::RUSR | Mode::WUSR).expect("a pipe");
        assert!(read(&dir).expect("a pipe").is_none(), "and nobody waits for it");
        write(&dir).expect("a key in its place");
        assert!(read(&dir).expect("a file").is_some());
    }

    #[test]
    fn of_several_that_make_one_all_have_the_same() {
        let (_folder, dir) = folder();
        let made: Vec<Key> = std::thread::scope(|scope| {
            let make = || {
                write(&dir).expect("a key");
                read(&dir).expect("a file").expect("a key")
            };
            let all: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            all.into_iter().map(|thread| thread.join().expect("a thread")).collect()
        });
        assert!(made.iter().all(|key| *key == made[0]));
        assert_eq!(dir.entries().expect("a folder").count(), 1, "nothing is left beside it");
    }
}
