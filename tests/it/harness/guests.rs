//! The guests of tests/guests. Those in Rust are built once for all tests: their compiler needs minutes, a test must not.
//! Those in WebAssembly text are put together when they are needed, which takes no time.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

static BUILT: OnceLock<PathBuf> = OnceLock::new();

/// The project in which all guests are built. It stays, so that the next run builds only what changed.
pub(crate) fn built_project() -> &'static Path {
    BUILT.get_or_init(|| {
        let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("it-guests");
        let migrations = project.join("migrations");
        // Sources are copied anew each time; cargo's own target folder below .host is what takes long.
        let _ = std::fs::remove_dir_all(&migrations);
        std::fs::create_dir_all(&migrations).expect("a folder for the guests");
        std::fs::write(project.join("host.toml"), "[default]\n").expect("settings");
        for name in names().into_iter().filter(|name| text(name).is_none()) {
            copy(&name, &migrations.join(&name));
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
        set_folders(&mut command);
        let output = command.arg("--dir").arg(&project).arg("build").output().expect("host runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        project
    })
}

/// The folder of compiled code for projects that several tests share.
pub(crate) fn shared_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("it-cache")
}

/// Gives a command folders of the user that belong to the tests.
pub(crate) fn set_folders(command: &mut Command) {
    for (variable, name) in [("HOST_STATE_DIR", "it-state"), ("HOST_CACHE_DIR", "it-cache")] {
        command.env(variable, Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
    }
}

/// Where cargo works for a project with this cache folder.
pub(crate) fn target_folder(cache: &Path, project: &Path) -> PathBuf {
    let project = project.canonicalize().expect("the project");
    let name = host::digest::Digest::of(project.as_os_str().as_encoded_bytes()).to_string();
    cache.join("target").join(&name[..16])
}

/// The names of all guests.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("tests/guests")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// The module of a guest in WebAssembly text, with the types of its world, which `host build` makes a component of. A world
/// that is more than that of a migration is in a file beside it.
pub(crate) fn module(name: &str) -> Option<Vec<u8>> {
    let module = wat::parse_str(text(name)?).unwrap_or_else(|error| panic!("{name}: {error}"));
    Some(in_world(name, module))
}

/// A core module that is a migration whose upgrade is this.
pub(crate) fn upgrading(upgrade: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            {upgrade}
            (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))"#
    );
    in_world("a migration", wat::parse_str(text).expect("valid text"))
}

/// One that does nothing, as no other one of this number does.
pub(crate) fn idle(number: u32) -> Vec<u8> {
    upgrading(&format!(
        r#"(data (i32.const 1024) "{number}")
           (func (export "host:migration/migration@0.1.0#upgrade") (result i32) (i32.const 0))"#
    ))
}

/// The same with so much text in its memory, which is part of its code.
pub(crate) fn idle_with(text: &str) -> Vec<u8> {
    let pages = text.len().div_ceil(64 << 10);
    upgrading(&format!(
        r#"(memory {pages})
           (data (memory 1) (i32.const 0) "{text}")
           (func (export "host:migration/migration@0.1.0#upgrade") (result i32) (i32.const 0))"#
    ))
}

/// A core module with the types of the world of a migration, or those of the guest of this name.
pub(crate) fn in_world(name: &str, mut module: Vec<u8>) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let mut package = resolve.push_str("migration.wit", host::bindings::CONTRACT).expect("the contract");
    let mut world = "migration-guest";
    if let Ok(text) = std::fs::read_to_string(folder().join(name).join("guest.wit")) {
        package = resolve.push_str("guest.wit", &text).unwrap_or_else(|error| panic!("{name}: {error}"));
        world = "guest";
    }
    let world = resolve.select_world(&[package], Some(world)).expect("the world of the guest");
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    module
}

/// The names of the guests in WebAssembly text.
pub(crate) fn texts() -> Vec<String> {
    names().into_iter().filter(|name| text(name).is_some()).collect()
}

/// A guest's metadata.
pub(crate) fn metadata(name: &str) -> String {
    std::fs::read_to_string(folder().join(name).join("migration.toml")).expect("metadata")
}

/// A guest's revision.
pub(crate) fn revision(name: &str) -> String {
    metadata(name).split('"').nth(1).expect("the revision comes first").to_owned()
}

/// The text of a guest that is written in WebAssembly text.
fn text(name: &str) -> Option<String> {
    std::fs::read_to_string(folder().join(name).join("guest.wat")).ok()
}

/// Copies a guest's source to where its path to the SDK would no longer be right, and rights it.
pub(crate) fn copy(name: &str, to: &Path) {
    copy_folder(&folder().join(name), to);
    let manifest = to.join("Cargo.toml");
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk/rust").canonicalize().expect("the SDK");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    let text = text.replace("../../../guest-sdk/rust", sdk.to_str().expect("UTF-8"));
    std::fs::write(&manifest, text).expect("a manifest");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/guests")
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_name() == "target" {
            continue;
        }
        if entry.file_type().expect("a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
