//! Whatever is found in the cache but an own, whole entry of the very component is as good as nothing.

#![expect(clippy::disallowed_methods, reason = "tests make folders")]

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use super::*;

/// A project with compiled code of two components, which export a type of their name.
struct Project {
    folder: tempfile::TempDir,
    engine: Engine,
    cache: CompileCache,
}

const ONE: &str = "1111";
const OTHER: &str = "2222";

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = Engine::new(&config()).expect("an engine");
        let cache = open(folder.path()).expect("a cache");
        for digest in [ONE, OTHER] {
            cache.put(&engine, digest, &component(&engine, digest));
        }
        Self { folder, engine, cache }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.path().join(FOLDER).join(file_name(&self.engine, digest))
    }

    /// Whether there is code of this component, and of no other one.
    fn has_code(&self, digest: &str) -> bool {
        let found = self.cache.get(&self.engine, digest);
        if let Some(component) = &found {
            assert!(component.get_export_index(None, export(digest)).is_some(), "the code of another component");
        }
        found.is_some()
    }
}

fn open(folder: &Path) -> Option<CompileCache> {
    CompileCache::open(&Dir::open_ambient_dir(folder, cap_std::ambient_authority()).expect("a folder"))
}

fn config() -> wasmtime::Config {
    wasmtime::Config::new()
}

fn export(digest: &str) -> String {
    format!("of-x{digest}")
}

fn component(engine: &Engine, digest: &str) -> Component {
    let text = format!("(component (type $t string) (core module) (export \"{}\" (type $t)))", export(digest));
    Component::new(engine, wat::parse_str(text).expect("valid text")).expect("a component")
}

#[test]
fn what_was_put_is_there_again() {
    let project = Project::new();
    assert!(project.has_code(ONE) && project.has_code(OTHER));
    assert!(project.cache.has(&project.engine, ONE));
    assert!(!project.has_code("3333"));
    assert!(!project.cache.has(&project.engine, "3333"));
    let mode = |path: &Path| std::fs::metadata(path).expect("an entry").mode() & 0o777;
    assert_eq!((mode(&project.folder.path().join(FOLDER)), mode(&project.path(ONE))), (0o700, 0o600));
}

#[test]
fn changed_bytes_are_not_run() {
    let project = Project::new();
    let path = project.path(ONE);
    let whole = std::fs::read(&path).expect("an entry");
    let ends = (0..100).chain(whole.len() - 100..whole.len());
    for position in ends.chain((0..whole.len()).step_by(211)) {
        for bit in [0x01, 0x80] {
            let mut changed = whole.clone();
            changed[position] ^= bit;
            std::fs::write(&path, changed).expect("an entry");
            assert!(!project.has_code(ONE), "byte {position}");
        }
    }
    std::fs::write(&path, [&whole[..], b"\0"].concat()).expect("an entry");
    assert!(!project.has_code(ONE));
    std::fs::write(&path, &whole).expect("an entry");
    assert!(project.has_code(ONE));
}

#[test]
fn an_entry_that_was_cut_short_is_not_run() {
    let project = Project::new();
    let path = project.path(ONE);
    let whole = std::fs::read(&path).expect("an entry");
    for length in [0, 1, DIGEST_BYTES - 1, DIGEST_BYTES, DIGEST_BYTES + 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).expect("an entry");
        assert!(!project.has_code(ONE), "{length} bytes");
    }
}

#[test]
fn the_code_of_one_component_is_not_taken_for_that_of_another() {
    let project = Project::new();
    let (one, other) = (project.path(ONE), project.path(OTHER));
    let aside = one.with_extension("aside");
    std::fs::rename(&one, &aside).expect("a rename");
    std::fs::rename(&other, &one).expect("a rename");
    std::fs::rename(&aside, &other).expect("a rename");
    assert!(!project.has_code(ONE) && !project.has_code(OTHER));
}

#[test]
fn an_entry_of_another_engine_is_not_run() {
    let project = Project::new();
    // Code that differs only in how it was compiled: wasmtime would take it, so the name has to tell.
    let mut config = config();
    config.cranelift_nan_canonicalization(true);
    let engine = Engine::new(&config).expect("an engine");
    assert_ne!(file_name(&engine, ONE), file_name(&project.engine, ONE));
    config.epoch_interruption(true);
    let engine = Engine::new(&config).expect("an engine");
    assert!(project.cache.get(&engine, ONE).is_none());
    std::fs::rename(project.path(ONE), project.folder.path().join(FOLDER).join(file_name(&engine, ONE)))
        .expect("a rename");
    assert!(project.cache.get(&engine, ONE).is_none());
    // Even with a right digest in front, wasmtime itself refuses it.
    let name = file_name(&engine, ONE);
    let code = component(&project.engine, ONE).serialize().expect("code");
    let entry = [&seal(&name, &code)[..], &code].concat();
    std::fs::write(project.folder.path().join(FOLDER).join(&name), entry).expect("an entry");
    assert!(project.cache.get(&engine, ONE).is_none());
}

#[test]
fn an_entry_that_others_reach_is_not_run() {
    let project = Project::new();
    let path = project.path(ONE);
    for mode in [0o604, 0o602, 0o640, 0o620, 0o666, 0o777] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        assert!(!project.has_code(ONE), "{mode:o}");
        assert!(!project.cache.has(&project.engine, ONE), "{mode:o}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    assert!(project.has_code(ONE));
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
        assert!(!project.has_code(ONE));
        assert!(!project.cache.has(&project.engine, ONE));
    }
}

#[test]
fn what_is_no_file_is_not_run_and_is_replaced() {
    let project = Project::new();
    let path = project.path(ONE);
    let elsewhere = project.folder.path().join("elsewhere");
    std::fs::rename(&path, &elsewhere).expect("a rename");
    let links = [elsewhere.clone(), PathBuf::from("../../elsewhere"), project.path(OTHER)];
    let in_its_place: [Box<dyn Fn()>; 5] = [
        Box::new(|| std::os::unix::fs::symlink(&links[0], &path).expect("a link")),
        Box::new(|| std::os::unix::fs::symlink(&links[1], &path).expect("a link")),
        Box::new(|| std::os::unix::fs::symlink(links[2].file_name().expect("a name"), &path).expect("a link")),
        Box::new(|| std::fs::create_dir(&path).expect("a folder")),
        Box::new(|| {
            let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&path).status();
            assert!(made.expect("mkfifo runs").success());
        }),
    ];
    let before = std::fs::read(&elsewhere).expect("a file");
    for make in in_its_place {
        make();
        assert!(!project.has_code(ONE));
        assert!(!project.cache.has(&project.engine, ONE));
        project.cache.put(&project.engine, ONE, &component(&project.engine, ONE));
        assert!(project.has_code(ONE) && project.has_code(OTHER));
        std::fs::remove_file(&path).expect("a file");
    }
    assert_eq!(std::fs::read(&elsewhere).expect("a file"), before);
}

#[test]
fn a_folder_that_others_reach_is_no_cache() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join(FOLDER);
    assert!(open(folder.path()).is_some());
    for mode in [0o750, 0o705, 0o720, 0o702, 0o777] {
        std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(mode)).expect("a mode");
        assert!(open(folder.path()).is_none(), "{mode:o}");
    }
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    assert!(open(folder.path()).is_some());
    if std::os::unix::fs::chown(&cache, Some(65_534), None).is_ok() {
        assert!(open(folder.path()).is_none());
    }
}

#[test]
fn what_is_no_folder_is_no_cache() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("own");
    std::fs::create_dir(&own).expect("a folder");
    for path in [other.path(), &own] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    }
    std::fs::create_dir(folder.path().join(".host")).expect("a folder");
    let cache = folder.path().join(FOLDER);
    for target in [other.path(), &own, Path::new("../own")] {
        std::os::unix::fs::symlink(target, &cache).expect("a link");
        assert!(open(folder.path()).is_none(), "{}", target.display());
        std::fs::remove_file(&cache).expect("a link");
    }
    std::fs::write(&cache, "").expect("a file");
    assert!(open(folder.path()).is_none());
    std::fs::remove_file(&cache).expect("a file");
    std::fs::remove_dir(folder.path().join(".host")).expect("a folder");
    std::os::unix::fs::symlink(other.path(), folder.path().join(".host")).expect("a link");
    assert!(open(folder.path()).is_none());
    assert_eq!(std::fs::read_dir(other.path()).expect("a folder").count(), 0, "something was written there");
}
