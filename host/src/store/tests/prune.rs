//! What is removed from the build folder, and what is not.

use super::*;

fn names(folder: &TempDir) -> Vec<String> {
    let entries = folder.read_dir(BUILD_FOLDER).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn removed(store: &Store) -> Vec<String> {
    let migrations = store.scan().unwrap();
    store.remove_other_components(&migrations).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn only_components_of_revisions_that_are_gone_are_removed() {
    let (folder, store) = project(&[("migrations/1.sql", ONE.as_bytes())]);
    assert!(removed(&store).is_empty(), "there is no build folder");
    for revision in ["one", "gone", "old"] {
        let component = component(&manifest(revision, None));
        store.write_component(&RevisionId::new(revision).unwrap(), &component).unwrap();
    }
    let write = |name: &str, content: &[u8]| folder.write(format!("{BUILD_FOLDER}/{name}"), content).unwrap();
    // What an author may have put there, and a component under another one's name.
    write("notes.txt", b"x");
    write("mine.wasm", b"\0asm\x0d\0\x01\0");
    write("other.wasm", &component(&manifest("gone", None)));
    write("not a revision!.wasm", &component(&manifest("gone", None)));
    folder.create_dir(format!("{BUILD_FOLDER}/folder.wasm")).unwrap();
    store.scan().unwrap();
    assert_eq!(removed(&store), ["gone", "old"]);
    let left = [
        "folder.wasm",
        "index.bin",
        "mine.wasm",
        "not a revision!.wasm",
        "notes.txt",
        "one.seal",
        "one.wasm",
        "other.wasm",
    ];
    assert_eq!(names(&folder), left);
    assert!(removed(&store).is_empty());
}

#[cfg(unix)]
#[test]
fn nothing_is_removed_where_a_link_leads() {
    let gone = component(&manifest("gone", None));
    let (folder, store) = project(&[("migrations/1.sql", ONE.as_bytes()), ("elsewhere/gone.wasm", &gone)]);
    folder.create_dir(".host").unwrap();
    folder.symlink("../elsewhere", BUILD_FOLDER).unwrap();
    assert!(removed(&store).is_empty());
    folder.remove_file(BUILD_FOLDER).unwrap();
    folder.create_dir(BUILD_FOLDER).unwrap();
    folder.symlink("../../elsewhere/gone.wasm", format!("{BUILD_FOLDER}/gone.wasm")).unwrap();
    assert!(removed(&store).is_empty());
    assert!(folder.exists("elsewhere/gone.wasm"));
    // The state folder as a whole.
    folder.remove_dir_all(".host").unwrap();
    folder.create_dir_all("other/build").unwrap();
    folder.write("other/build/gone.wasm", &gone).unwrap();
    folder.symlink("other", ".host").unwrap();
    assert!(removed(&store).is_empty());
    assert!(folder.exists("other/build/gone.wasm"));
}
