//! The cache of compiled code, as a user meets it: where it is, what is believed of it, and how it stays small.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::guests;

/// A project with one compiled migration, built.
fn project() -> TestProject {
    let project = TestProject::new();
    project.binary("a", &guests::idle(1));
    project.host(&["build"]).success();
    project
}

/// The files of a folder with their contents. What cargo works in lies in a folder beside them.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().expect("UTF-8");
            (name, std::fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

/// Copies files with what a checkout or an archive keeps of them, under the mode that entries have.
fn carry(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    for (name, content) in files(from) {
        std::fs::write(to.join(&name), content).expect("a file");
        std::fs::set_permissions(to.join(&name), std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
}

fn upgrades(project: &TestProject, output: Output) -> Output {
    let output = output.success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
    output
}

#[test]
fn nothing_in_a_project_is_read_as_compiled_code_or_written_as_such() {
    let project = project();
    let inside = project.path(".host/cache");
    carry(project.cache(), &inside);
    let before = files(&inside);
    assert_eq!(before.len(), 1);
    upgrades(&project, project.host(&["upgrade", "head"]));
    assert_eq!(files(&inside), before);
}

#[test]
fn a_cache_in_the_project_is_not_trusted_however_it_is_named() {
    let project = project();
    let inside = project.path(".host/cache");
    carry(project.cache(), &inside);
    let before = files(&inside);
    std::os::unix::fs::symlink(".host/cache", project.path("link")).expect("a link");
    for path in [inside.clone(), project.path("link"), project.path("new")] {
        let variable = ("HOST_CACHE_DIR", path.to_str().expect("UTF-8"));
        let output = upgrades(&project, project.host_with(variable, &["upgrade", "head"]));
        assert!(output.stderr.contains("it could come with the project"), "{}", output.stable());
        assert_eq!(files(&inside), before);
        assert!(!project.path("new").exists());
        project.host(&["downgrade", "base"]).success();
    }
    let variable = ("HOST_CACHE_DIR", inside.to_str().expect("UTF-8"));
    assert_output!(project.host_with(variable, &["upgrade", "head"]).success());
    assert_output!(project.host_with(variable, &["cache", "info"]).success());
    assert_output!(project.host_with(variable, &["cache", "prune"]).with_code(1));
    // Relative, it would be another one in each folder.
    assert_output!(project.host_with(("HOST_CACHE_DIR", ".host/cache"), &["downgrade", "base"]).success());
}

#[test]
fn both_folders_of_the_user_have_the_same_rules() {
    let project = project();
    std::os::unix::fs::symlink("migrations", project.path("link")).expect("a link");
    let open = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(open.path(), std::fs::Permissions::from_mode(0o777)).expect("a mode");
    let open = open.path().to_str().expect("UTF-8");
    for (path, why) in [
        ("relative", "it is not an absolute path"),
        (project.path("state").to_str().expect("UTF-8"), "it lies in the project's folder"),
        (project.path("link/state").to_str().expect("UTF-8"), "it lies in the project's folder"),
        (open, "others may write in "),
        (&format!("{open}/below"), "others may write in "),
    ] {
        // Without a key nothing shows later that it was built here.
        for (variable, code) in [("HOST_STATE_DIR", 1), ("HOST_CACHE_DIR", 0)] {
            let output = project.host_with((variable, path), &["build", "--force"]).with_code(code);
            let told = format!("the folder {path} (from {variable}) is not trusted: {why}");
            assert!(output.stderr.contains(&told), "{told}: {}", output.stderr);
        }
        let told = format!("earlier builds are not recognised: the folder {path} (from HOST_STATE_DIR) is not trusted");
        let output = project.host_with(("HOST_STATE_DIR", path), &["heads"]).success();
        assert!(output.stderr.contains(&told), "{}", output.stderr);
        let output = project.host_with(("HOST_STATE_DIR", path), &["local", "status"]).with_code(1);
        assert!(output.stderr.contains(&format!("(from HOST_STATE_DIR) is not trusted: {why}")), "{}", output.stderr);
        for made in ["relative", "state", "migrations/state"] {
            assert!(!project.path(made).exists(), "{made}");
        }
        assert!(!Path::new(open).join("below").exists() && files(Path::new(open)).is_empty());
    }
}

#[test]
fn code_that_was_carried_here_is_compiled_again() {
    let (project, elsewhere) = (project(), tempfile::tempdir().expect("a folder"));
    carry(project.cache(), elsewhere.path());
    let before = files(elsewhere.path());
    let variable = ("HOST_CACHE_DIR", elsewhere.path().to_str().expect("UTF-8"));
    upgrades(&project, project.host_with(variable, &["upgrade", "head"]));
    let after = files(elsewhere.path());
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert_ne!(after, before, "the seal is that of another file");
}

#[test]
fn without_a_folder_code_is_kept_in_memory() {
    let project = project();
    for variable in ["HOST_CACHE_DIR", "HOST_CACHE_SIZE"] {
        let mut command = project.command(&["upgrade", "head", "--verbose"]);
        command.env_remove("HOME").env_remove("HOST_CACHE_DIR");
        if variable == "HOST_CACHE_SIZE" {
            command.env("HOST_CACHE_DIR", project.cache()).env(variable, "0");
        }
        let output = upgrades(&project, project.run(command));
        assert!(output.stderr.contains("note: compiled code is not cached: "), "{}", output.stable());
        assert_output!(output);
        project.host(&["downgrade", "base"]).success();
    }
    // Where nothing can be made, not even root.
    for variable in [("HOST_CACHE_DIR", "/proc/host"), ("XDG_CACHE_HOME", "/dev/null"), ("HOME", "/proc/nobody")] {
        let mut command = project.command(&["upgrade", "head"]);
        command.env_remove("HOME").env_remove("HOST_CACHE_DIR").env(variable.0, variable.1);
        let output = upgrades(&project, project.run(command));
        assert!(!output.stderr.contains("compiled code"), "{}", output.stable());
        project.host(&["downgrade", "base"]).success();
    }
}

#[test]
fn what_the_cache_holds_is_told_and_pruned() {
    let project = project();
    project.binary("b", &guests::idle(2));
    project.host(&["build"]).success();
    let document = project.host(&["--json", "cache", "info"]).success().json();
    assert_eq!((&document["in_use"], &document["entries"]), (&true.into(), &2.into()));
    assert_eq!((&document["source"], &document["limit_bytes"]), (&"HOST_CACHE_DIR".into(), &(1_u64 << 30).into()));
    let bytes: usize = files(project.cache()).values().map(Vec::len).sum();
    assert_eq!(document["bytes"], bytes);
    let info = project.host(&["cache", "info"]).success();
    assert!(info.stdout.contains("entries: 2\n"), "{}", info.stable());
    project.host(&["cache", "prune"]).success();
    assert_eq!(files(project.cache()).len(), 2, "it is small enough");
    let pruned = project.host(&["--json", "cache", "prune", "--to", &format!("{}B", bytes - 1)]).success().json();
    assert_eq!((&pruned["removed"]["entries"], &pruned["left"]["entries"]), (&1.into(), &1.into()));
    assert_eq!(files(project.cache()).len(), 1);
    project.host(&["cache", "prune", "--all"]).success();
    assert_output!(project.host(&["cache", "prune", "--all"]).success());
    assert_output!(project.host(&["cache", "info"]).success());
}

#[test]
fn the_cache_stays_as_small_as_it_is_told() {
    let project = project();
    let size = files(project.cache()).values().map(Vec::len).sum::<usize>();
    let limit = format!("{}B", size + size / 2);
    for number in 2..5 {
        project.binary("a", &guests::idle(number));
        project.host_with(("HOST_CACHE_SIZE", &limit), &["build"]).success();
        assert_eq!(files(project.cache()).len(), 1);
    }
    assert_output!(project.host_with(("HOST_CACHE_SIZE", "large"), &["build"]).with_code(2));
    assert_output!(project.host_with(("HOST_CACHE_SIZE", "1000000"), &["build"]).with_code(2));
    assert_output!(project.host(&["cache", "prune", "--to", "1.5GB"]).with_code(2));
}

#[test]
fn one_component_in_several_migrations_is_compiled_once() {
    let project = project();
    project.binary("b", &guests::idle(1));
    project.write("migrations/b/migration.toml", "revision = \"b\"\nrevises = [\"a\"]\nmessage = \"another\"\n");
    project.binary("c", &guests::idle(2));
    project.write("migrations/c/migration.toml", "revision = \"c\"\nrevises = [\"b\"]\n");
    let output = project.host(&["build"]).success();
    assert_eq!(output.stderr.matches("Compiling ").count(), 1, "{}", output.stable());
    assert_eq!(files(project.cache()).len(), 2);
    project.host(&["upgrade", "head"]).success();
    // They are other components all the same, for the log and for what compares.
    let digests =
        project.database.query("SELECT count(DISTINCT component_digest) FROM host_log WHERE outcome = 'done'");
    assert_eq!(digests, "3");
    project.host(&["cache", "prune", "--all"]).success();
    project.host(&["downgrade", "base"]).success();
    assert_eq!(files(project.cache()).len(), 2);
}

#[test]
fn large_code_is_mapped_and_believed_only_as_long_as_nobody_changes_it() {
    let project = TestProject::new();
    // Bytes that do not compress away: what is zero is not in the code.
    project.binary("a", &guests::idle_with(&"large ".repeat(400_000)));
    project.host(&["build"]).success();
    let names: Vec<_> = files(project.cache()).into_keys().collect();
    let [entry] = names.as_slice() else { panic!("{names:?}") };
    let entry = project.cache().join(entry);
    let note = entry.with_extension("whole");
    let code = std::fs::read(&entry).expect("an entry");
    assert!(code.len() > 2 << 20, "{} bytes", code.len());
    let run = || {
        upgrades(&project, project.host(&["upgrade", "head"]));
        project.host(&["downgrade", "base"]).success();
    };
    run();
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    run();
    assert!(note.exists(), "it was found whole");
    let before = std::fs::read(&note).expect("a note");
    run();
    assert_eq!(
        (std::fs::read(&note).expect("a note"), std::fs::read(&entry).expect("an entry")),
        (before, code.clone())
    );
    // Another byte, cut short, nothing at all: all of it is compiled again, and nothing of it runs.
    for length in [code.len(), code.len() - 1, code.len() / 2, 0] {
        let mut changed = code[..length].to_vec();
        if let Some(byte) = changed.get_mut(code.len() / 3) {
            *byte ^= 1;
        }
        std::fs::write(&entry, changed).expect("an entry");
        run();
        let again = std::fs::read(&entry).expect("an entry");
        assert_eq!(again.len(), code.len());
    }
    project.host(&["cache", "prune", "--all"]).success();
    assert!(!note.exists() && files(project.cache()).is_empty());
}

#[test]
fn several_hosts_share_one_cache() {
    let projects: Vec<TestProject> = (0..3).map(|_| project()).collect();
    let cache = tempfile::tempdir().expect("a folder");
    for _ in 0..3 {
        let running: Vec<_> = projects
            .iter()
            .map(|project| {
                let mut command = project.command(&["upgrade", "head"]);
                command.env("HOST_CACHE_DIR", cache.path());
                project.start_command(command)
            })
            .collect();
        for (project, running) in projects.iter().zip(running) {
            upgrades(project, running.wait());
            project.host(&["downgrade", "base"]).success();
        }
        assert_eq!(files(cache.path()).len(), 1, "all of them are one component");
        std::fs::remove_dir_all(cache.path()).expect("a folder");
    }
}

#[test]
fn a_cache_that_cannot_be_written_to_costs_time_and_nothing_else() {
    // Folders of the kernel, in which not even root can make a file.
    for folder in ["/sys/kernel", "/proc/sys"] {
        let project = project();
        upgrades(&project, project.host_with(("HOST_CACHE_DIR", folder), &["upgrade", "head"]));
    }
}
