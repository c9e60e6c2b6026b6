//! Large entries, which are left where they are: the same holds for them, although they are digested only once.

use std::os::unix::fs::FileExt as _;

use super::super::find::MAPPED_BYTES_MIN;
use super::*;

/// A cache with one large entry, which is known to be whole.
struct Large {
    folder: Folder,
    code: Vec<u8>,
}

const LARGE: &str = "3333-0000000000000001.cwasm";
const NOTE: &str = "3333-0000000000000001.whole";

impl Large {
    fn new() -> Self {
        let mut folder = Folder::new();
        folder.cache.limit_bytes = 1 << 30;
        // Times are kept in steps of some milliseconds here.
        folder.cache.settled = Duration::from_millis(50);
        let length = usize::try_from(MAPPED_BYTES_MIN).expect("a size") + 12_345;
        let code: Vec<u8> = (0..length).map(|index| u8::try_from(index % 251).expect("a byte")).collect();
        let large = Self { folder, code };
        large.put();
        large
    }

    /// Writes the entry, and finds it whole.
    fn put(&self) {
        self.folder.cache.put(LARGE, &self.code).expect("an entry");
        assert!(self.has_code());
        self.find_whole();
    }

    fn find_whole(&self) {
        std::thread::sleep(Duration::from_millis(100));
        assert!(self.has_code() && self.is_known());
    }

    /// Whether there is code, in a file.
    fn has_code(&self) -> bool {
        let found = self.folder.cache.get(LARGE);
        assert!(!matches!(found, Some(Code::Copy(_))));
        found.map(bytes).inspect(|found| assert!(*found == self.code, "other code")).is_some()
    }

    /// Whether it would be taken without being digested.
    fn is_known(&self) -> bool {
        let cache = &self.folder.cache;
        entry::open(&cache.folder, LARGE).is_ok_and(|(_, entry)| whole::is_known(&cache.folder, LARGE, &entry))
    }

    fn writable(&self, name: &str) -> std::fs::File {
        std::fs::File::options().write(true).open(self.folder.path(name)).expect("a file")
    }
}

#[test]
fn a_large_entry_is_digested_once() {
    let large = Large::new();
    let path = large.folder.path(LARGE);
    let times = |path| std::fs::metadata(path).map(|file| (file.mtime_nsec(), file.ctime_nsec())).expect("an entry");
    let before = times(&path);
    std::thread::sleep(Duration::from_millis(20));
    assert!(large.has_code() && large.is_known());
    assert_eq!(times(&path), before, "its own times say that it is the same");
    assert_eq!(large.folder.cache.copy(LARGE), Some(large.code.clone()));
    // What changes nothing about the content costs one more look.
    let large = Large::new();
    std::fs::set_permissions(large.folder.path(LARGE), std::fs::Permissions::from_mode(0o400)).expect("a mode");
    assert!(!large.is_known() && large.has_code());
    large.find_whole();
}

/// What is changed twice within a step of the file system's clock looks as if it had been changed once.
#[test]
fn what_was_written_just_now_is_digested_again() {
    let mut large = Large::new();
    large.folder.cache.settled = Duration::from_secs(3600);
    large.folder.cache.put(LARGE, &large.code).expect("an entry");
    assert!(large.has_code() && large.has_code() && !large.is_known());
    assert!(large.folder.names().iter().all(|name| !name.starts_with(".new")));
}

#[test]
fn a_large_entry_that_was_changed_is_not_run() {
    let large = Large::new();
    let path = large.folder.path(LARGE);
    let modified = std::fs::metadata(&path).and_then(|file| file.modified()).expect("a time");
    let length = large.code.len() + SEAL_BYTES;
    for position in [0, 1, length / 2, large.code.len() - 1, large.code.len(), length - 1] {
        let file = large.writable(LARGE);
        let place = u64::try_from(position).expect("a position");
        let old = std::fs::read(&path).expect("an entry")[position];
        file.write_all_at(&[old ^ 0x80], place).expect("a byte");
        // The time of the last write can be set, that of the last change cannot.
        file.set_modified(modified).expect("a time");
        assert!(!large.is_known() && !large.has_code(), "byte {position}");
        file.write_all_at(&[old], place).expect("a byte");
        assert!(large.has_code());
        large.find_whole();
    }
    for length in [length - 1, large.code.len(), large.code.len() / 2 + SEAL_BYTES, 100, 0] {
        let length = u64::try_from(length).expect("a size");
        large.writable(LARGE).set_len(length).expect("a size");
        assert!(!large.is_known() && large.folder.cache.get(LARGE).is_none(), "{length} bytes");
        large.put();
    }
    large.writable(LARGE).set_len(u64::try_from(length + 1).expect("a size")).expect("a size");
    assert!(!large.is_known() && !large.has_code());
}

#[test]
fn a_large_entry_of_another_name_or_place_is_not_run() {
    let large = Large::new();
    let (path, folder) = (large.folder.path(LARGE), &large.folder);
    let other = "4444-0000000000000001.cwasm";
    std::fs::rename(&path, folder.path(other)).expect("a rename");
    std::fs::copy(folder.path(NOTE), folder.path("4444-0000000000000001.whole")).expect("a copy");
    std::fs::set_permissions(folder.path("4444-0000000000000001.whole"), std::fs::Permissions::from_mode(0o600))
        .expect("a mode");
    assert!(folder.cache.get(other).is_none() && folder.cache.copy(other).is_none());
    // Carried with its note, under its own name.
    std::fs::copy(folder.path(other), &path).expect("a copy");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    assert!(!large.is_known() && !large.has_code() && folder.cache.copy(LARGE).is_none());
    large.put();
    // In reach of others.
    for (name, mode) in [(LARGE, 0o604), (LARGE, 0o620)] {
        std::fs::set_permissions(folder.path(name), std::fs::Permissions::from_mode(mode)).expect("a mode");
        assert!(!large.is_known() && !large.has_code(), "{mode:o}");
        std::fs::set_permissions(folder.path(name), std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    std::fs::hard_link(&path, folder.path("link")).expect("a link");
    assert!(!large.is_known() && !large.has_code());
    std::fs::remove_file(folder.path("link")).expect("a link");
    assert!(large.has_code());
}

#[test]
fn a_note_that_is_none_costs_time_and_nothing_else() {
    let large = Large::new();
    let (path, elsewhere) = (large.folder.path(NOTE), large.folder.path("elsewhere"));
    let whole = std::fs::read(&path).expect("a note");
    for content in [&whole[..31], &[&whole[..], b"\0"].concat(), &[0; 32], b""] {
        std::fs::write(&path, content).expect("a note");
        assert!(!large.is_known());
        large.find_whole();
    }
    std::fs::rename(&path, &elsewhere).expect("a rename");
    let in_its_place: [&dyn Fn(); 3] = [
        &|| std::os::unix::fs::symlink("elsewhere", &path).expect("a link"),
        &|| std::fs::create_dir(&path).expect("a folder"),
        &|| drop(std::fs::hard_link(&elsewhere, &path)),
    ];
    for make in in_its_place {
        make();
        assert!(!large.is_known());
        large.find_whole();
        std::fs::remove_file(&path).expect("a note");
    }
    assert_eq!(std::fs::read(&elsewhere).expect("a file"), whole);
    // Where no note can be written, nothing is known.
    std::fs::create_dir(&path).expect("a folder");
    std::fs::write(path.join("file"), "x").expect("a file");
    assert!(large.has_code() && large.has_code() && !large.is_known());
}

#[test]
fn a_note_goes_with_its_entry() {
    let large = Large::new();
    let (folder, cache) = (&large.folder, &large.folder.cache);
    let bytes = u64::try_from(large.code.len() + SEAL_BYTES).expect("a size");
    // A note says when its entry was used.
    for (name, seconds_ago) in [(ONE, 300), (OTHER, 100), (LARGE, 500), (NOTE, 200)] {
        folder.used(name, seconds_ago);
    }
    std::fs::write(folder.path("5555-0000000000000001.whole"), "of nothing").expect("a file");
    std::fs::write(folder.path("mine.whole"), "not of the cache").expect("a file");
    let kept = cache.usage().expect("a folder").bytes - 1;
    assert_eq!(cache.prune(kept).expect("a folder").removed.entries, 1);
    assert_eq!(folder.names(), [OTHER, LARGE, NOTE, "mine.whole"]);
    assert_eq!(cache.prune(bytes - 1).expect("a folder").removed, CacheUsage { entries: 1, bytes });
    assert_eq!(folder.names(), [OTHER, "mine.whole"]);
}

#[test]
fn an_entry_that_is_removed_stays_for_who_has_it() {
    let large = Large::new();
    let Some(Code::File(file)) = large.folder.cache.get(LARGE) else { panic!("a file") };
    large.folder.cache.put(LARGE, &vec![7; large.code.len()]).expect("an entry");
    large.folder.cache.prune(0).expect("a folder");
    assert!(bytes(Code::File(file)) == large.code);
}
