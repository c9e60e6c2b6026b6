//! Whatever is found in the cache but an own, whole entry of the very name, written into this very file, is as good as nothing.

#![expect(clippy::disallowed_methods, reason = "tests make folders")]

use std::io::Read as _;
use std::io::Seek as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use super::entry::SEAL_BYTES;
use super::*;

mod large;

const ONE: &str = "1111-0000000000000001.cwasm";
const OTHER: &str = "2222-0000000000000001.cwasm";

/// A cache with two entries, whose code is their name again and again.
struct Folder {
    folder: tempfile::TempDir,
    cache: CompileCache,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = open(folder.path()).expect("a cache");
        for name in [ONE, OTHER] {
            cache.put(name, &code(name)).expect("an entry");
        }
        Self { folder, cache }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Whether there is code of this name, and of no other one.
    fn has_code(&self, name: &str) -> bool {
        let found = self.cache.get(name).map(bytes);
        if let Some(found) = &found {
            assert_eq!(*found, code(name), "other code");
        }
        found.is_some()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    /// Says that an entry was used so long ago.
    fn used(&self, name: &str, seconds_ago: u64) {
        let file = std::fs::File::options().write(true).open(self.path(name)).expect("an entry");
        let now = file.metadata().and_then(|metadata| metadata.modified()).expect("a time");
        file.set_modified(now - std::time::Duration::from_secs(seconds_ago)).expect("a time");
    }
}

fn open(folder: &Path) -> Result<CompileCache, CacheRefused> {
    open_with(folder, 1 << 20)
}

fn open_with(folder: &Path, limit_bytes: u64) -> Result<CompileCache, CacheRefused> {
    let folder = Dir::open_ambient_dir(folder, cap_std::ambient_authority()).expect("a folder");
    CompileCache::open(folder, limit_bytes)
}

fn code(name: &str) -> Vec<u8> {
    name.repeat(100).into_bytes()
}

/// The code of an entry, without its seal.
fn bytes(code: Code) -> Vec<u8> {
    match code {
        Code::Copy(code) => code,
        Code::File(mut file) => {
            let mut code = Vec::new();
            file.rewind().and_then(|()| file.read_to_end(&mut code)).expect("an entry");
            code.truncate(code.len() - SEAL_BYTES);
            code
        }
    }
}

#[test]
fn what_was_put_is_there_again() {
    let folder = Folder::new();
    assert!(folder.has_code(ONE) && folder.has_code(OTHER) && folder.cache.has(ONE));
    assert!(!folder.has_code("3333-0000000000000001.cwasm") && !folder.cache.has("3333-0000000000000001.cwasm"));
    assert_eq!(std::fs::metadata(folder.path(ONE)).expect("an entry").mode() & 0o777, 0o600);
    assert_eq!(folder.names(), [ONE, OTHER]);
    let size = |name| u64::try_from(SEAL_BYTES + code(name).len()).expect("a size");
    let usage = folder.cache.usage().expect("a folder");
    assert_eq!(usage, CacheUsage { entries: 2, bytes: size(ONE) + size(OTHER) });
}

#[test]
fn changed_bytes_are_not_run() {
    let folder = Folder::new();
    let path = folder.path(ONE);
    let whole = std::fs::read(&path).expect("an entry");
    // Written into the same file, as a seal of another one would be worth nothing anyway.
    for position in (0..100).chain((100..whole.len()).step_by(53)) {
        for bit in [0x01, 0x80] {
            let mut changed = whole.clone();
            changed[position] ^= bit;
            std::fs::write(&path, changed).expect("an entry");
            assert!(!folder.has_code(ONE), "byte {position}");
        }
    }
    for length in (0..100).chain((100..whole.len()).step_by(53)).chain([whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).expect("an entry");
        assert!(!folder.has_code(ONE), "{length} bytes");
    }
    std::fs::write(&path, [&whole[..], b"\0"].concat()).expect("an entry");
    assert!(!folder.has_code(ONE));
    std::fs::write(&path, &whole).expect("an entry");
    assert!(folder.has_code(ONE));
}

#[test]
fn an_entry_under_another_name_is_not_run() {
    let folder = Folder::new();
    let aside = folder.path("aside");
    std::fs::rename(folder.path(ONE), &aside).expect("a rename");
    std::fs::rename(folder.path(OTHER), folder.path(ONE)).expect("a rename");
    std::fs::rename(&aside, folder.path(OTHER)).expect("a rename");
    assert!(!folder.has_code(ONE) && !folder.has_code(OTHER));
}

/// A repository, an archive or the layer of an image carries names, contents, owners, modes and times. It cannot carry the
/// file itself.
#[test]
fn an_entry_that_was_carried_here_is_not_run() {
    let folder = Folder::new();
    let path = folder.path(ONE);
    let carried = std::fs::read(&path).expect("an entry");
    let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
    let copy = folder.path("copy");
    std::fs::write(&copy, &carried).expect("a copy");
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let file = std::fs::File::options().write(true).open(&copy).expect("a copy");
    file.set_modified(modified).expect("a time");
    std::fs::rename(&copy, &path).expect("a rename");
    assert_eq!(std::fs::read(&path).expect("an entry"), carried);
    assert!(folder.cache.has(ONE));
    assert!(!folder.has_code(ONE));
    // Neither is the whole folder.
    let elsewhere = tempfile::tempdir().expect("a folder");
    for name in [ONE, OTHER] {
        std::fs::copy(folder.path(name), elsewhere.path().join(name)).expect("a copy");
    }
    let cache = open(elsewhere.path()).expect("a cache");
    assert!(cache.get(OTHER).is_none() && cache.copy(OTHER).is_none());
    assert!(folder.has_code(OTHER));
}

#[test]
fn an_entry_that_others_reach_is_not_run() {
    let folder = Folder::new();
    let path = folder.path(ONE);
    for mode in [0o604, 0o602, 0o640, 0o620, 0o666, 0o777] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        assert!(!folder.has_code(ONE) && !folder.cache.has(ONE), "{mode:o}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    assert!(folder.has_code(ONE));
    let link = folder.path("link");
    std::fs::hard_link(&path, &link).expect("a link");
    assert!(!folder.has_code(ONE) && !folder.cache.has(ONE));
    std::fs::remove_file(&link).expect("a link");
    assert!(folder.has_code(ONE));
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
        assert!(!folder.has_code(ONE) && !folder.cache.has(ONE));
    }
}

#[test]
fn what_is_no_file_is_not_run_and_is_replaced() {
    let folder = Folder::new();
    let path = folder.path(ONE);
    let elsewhere = folder.path("elsewhere");
    std::fs::rename(&path, &elsewhere).expect("a rename");
    let in_its_place: [Box<dyn Fn()>; 6] = [
        Box::new(|| std::os::unix::fs::symlink(&elsewhere, &path).expect("a link")),
        Box::new(|| std::os::unix::fs::symlink("elsewhere", &path).expect("a link")),
        Box::new(|| std::os::unix::fs::symlink(OTHER, &path).expect("a link")),
        Box::new(|| std::os::unix::fs::symlink("nowhere", &path).expect("a link")),
        Box::new(|| std::fs::create_dir(&path).expect("a folder")),
        Box::new(|| {
            let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&path).status();
            assert!(made.expect("mkfifo runs").success());
        }),
    ];
    let before = std::fs::read(&elsewhere).expect("a file");
    for make in in_its_place {
        make();
        assert!(!folder.has_code(ONE) && !folder.cache.has(ONE));
        folder.cache.put(ONE, &code(ONE)).expect("an entry");
        assert!(folder.has_code(ONE) && folder.has_code(OTHER));
        std::fs::remove_file(&path).expect("a file");
    }
    assert_eq!(std::fs::read(&elsewhere).expect("a file"), before);
    assert!(!folder.path("nowhere").exists());
}

#[test]
fn a_file_without_end_is_not_read() {
    let folder = Folder::new();
    // Its blocks do not exist, so it takes no room.
    let file = std::fs::File::options().write(true).open(folder.path(ONE)).expect("an entry");
    file.set_len(1 << 40).expect("a size");
    assert!(!folder.has_code(ONE) && !folder.cache.has(ONE));
    folder.cache.put(ONE, &code(ONE)).expect("an entry");
    assert!(folder.has_code(ONE));
}

#[test]
fn a_folder_that_others_write_into_is_no_cache() {
    let folder = tempfile::tempdir().expect("a folder");
    for (mode, usable) in
        [(0o700, true), (0o755, true), (0o720, false), (0o702, false), (0o777, false), (0o1777, false)]
    {
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).expect("a mode");
        assert_eq!(open(folder.path()).is_ok(), usable, "{mode:o}");
    }
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).expect("a mode");
    if std::os::unix::fs::chown(folder.path(), Some(65_534), None).is_ok() {
        assert!(matches!(open(folder.path()), Err(CacheRefused::Owner)));
    }
}

#[test]
fn what_was_not_used_for_the_longest_time_goes_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let entry = |name: &str| u64::try_from(SEAL_BYTES + code(name).len()).expect("a size");
    let names = ["a1", "a2", "a3", "a4"].map(|digest| entry_name(digest, 1));
    let names = names.each_ref().map(String::as_str);
    let cache = open_with(folder.path(), 3 * entry(names[0])).expect("a cache");
    let folder = Folder { folder, cache };
    for (index, name) in names[..3].iter().enumerate() {
        folder.cache.put(name, &code(name)).expect("an entry");
        folder.used(name, 600 - 100 * u64::try_from(index).expect("a number"));
    }
    assert!(folder.has_code(names[0]), "now it is the one that was used last");
    folder.cache.put(names[3], &code(names[3])).expect("an entry");
    assert_eq!(folder.names(), [names[0], names[2], names[3]]);
    // What is larger than the whole cache is not kept, and takes nothing away.
    assert!(folder.cache.put(&entry_name("ff", 1), &vec![0; 1 << 20]).is_err());
    assert_eq!(folder.names(), [names[0], names[2], names[3]]);
    let pruned = folder.cache.prune(entry(names[0])).expect("a folder");
    assert_eq!((pruned.removed.entries, pruned.left.entries, pruned.left.bytes), (2, 1, entry(names[0])));
    assert_eq!(folder.cache.prune(0).expect("a folder").left, CacheUsage::default());
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn nothing_goes_but_entries_and_what_was_abandoned() {
    let folder = Folder::new();
    let abandoned = ".new-0000000000000001";
    // Whoever names the folder may name one that is full of something else.
    let others = [".new-0000000000000002", ".new-notes", "mine.cwasm", "notes-0000000000000001.cwasm", "notes.txt"];
    for name in others.into_iter().chain([abandoned]) {
        std::fs::write(folder.path(name), "x").expect("a file");
        folder.used(name, if name == others[0] { 0 } else { 2 * 3600 });
    }
    let directory = entry_name("ff", 1);
    std::fs::create_dir(folder.path(&directory)).expect("a folder");
    assert_eq!(folder.cache.usage().expect("a folder").entries, 2);
    folder.cache.prune(0).expect("a folder");
    let mut left = others.map(str::to_owned).to_vec();
    left.push(directory);
    left.sort();
    assert_eq!(folder.names(), left);
}

#[test]
fn several_at_once_see_whole_entries_or_none() {
    let folder = Folder::new();
    let seen = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let folder = &folder;
                scope.spawn(move || {
                    let mut seen = 0;
                    for round in 0..200 {
                        let name = if (round + number) % 2 == 0 { ONE } else { OTHER };
                        match round % 16 {
                            0 | 4 | 8 | 12 => folder.cache.put(name, &code(name)).expect("an entry"),
                            15 => drop(folder.cache.prune(0).expect("a folder")),
                            _ => seen += u32::from(folder.has_code(name)),
                        }
                    }
                    seen
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum::<u32>()
    });
    assert!(seen > 0, "nobody has ever found an entry");
    assert!(folder.names().iter().all(|name| name.ends_with(".cwasm")), "{:?}", folder.names());
}
