//! A folder of the user in which the runtimes of projects are made, by one build at a time.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use cap_std::fs::Dir;
use cap_std::fs::OpenOptions;

/// The file whose lock a build holds. It stays: a lock on a file that is gone would keep nobody out.
const LOCK: &str = "lock";

/// Where a runtime is made: a folder of the user, which nothing but host writes into. While it is held, no other host works in it.
#[derive(Debug)]
pub struct WorkFolder {
    /// The folder.
    pub dir: Dir,
    /// Its path, for the programs.
    pub path: PathBuf,
    /// Its lock, which the system takes back when this is dropped and when the process ends.
    _lock: File,
}

impl WorkFolder {
    /// Takes the folder. While another build has it, `on_wait` is told once, and this one waits.
    ///
    /// # Errors
    /// The lock cannot be made or taken.
    pub fn take(dir: Dir, path: PathBuf, on_wait: impl FnOnce()) -> io::Result<Self> {
        let lock = dir.open_with(LOCK, OpenOptions::new().write(true).create(true))?.into_std();
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                on_wait();
                lock.lock()?;
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        Ok(Self { dir, path, _lock: lock })
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test makes a folder")]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let take = |on_wait: &mut dyn FnMut()| {
            let dir = Dir::open_ambient_dir(folder.path(), cap_std::ambient_authority()).expect("a folder");
            WorkFolder::take(dir, folder.path().to_owned(), on_wait).expect("the folder")
        };
        let first = take(&mut || panic!("nobody has it"));
        let (waits, waiting) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let second = scope.spawn(move || drop(take(&mut || waits.send(()).expect("somebody who listens"))));
            waiting.recv().expect("the second one waits");
            assert!(!second.is_finished());
            drop(first);
        });
    }
}
