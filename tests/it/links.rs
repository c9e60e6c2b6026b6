//! Symbolic links: inside the project they are followed, out of it they are refused, by every command, with a message that
//! says so; and nothing is read or written outside.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// Something outside of the project that must stay as it is.
struct Outside(tempfile::TempDir);

impl Outside {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("a.sql"), text("spy7")).expect("a file");
        std::fs::write(folder.path().join("host.toml"), "[default]\nmigrations = \"elsewhere\"\n").expect("a file");
        std::fs::create_dir(folder.path().join("folder")).expect("a folder");
        Self(folder)
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn assert_untouched(&self, output: &Output) {
        let mut names: Vec<_> = std::fs::read_dir(self.0.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["a.sql", "folder", "host.toml"], "{}", output.stable());
        assert_eq!(std::fs::read_dir(self.path("folder")).expect("a folder").count(), 0, "{}", output.stable());
        assert!(!output.stable().contains("spy7"), "{}", output.stable());
    }
}

fn text(id: &str) -> String {
    format!("-- /// migration\n-- revision = \"{id}\"\n-- ///\n-- upgrade\nSELECT 1;\n-- downgrade\nSELECT 1;\n")
}

/// A project with a migration in SQL, in which a path is replaced by a link.
fn with_link(path: &str, target: &Path) -> TestProject {
    let project = TestProject::new();
    project.write("migrations/a.sql", &text("a"));
    let path = project.path(path);
    if path.is_dir() {
        std::fs::remove_dir_all(&path).expect("a folder to remove");
    } else if path.exists() {
        std::fs::remove_file(&path).expect("a file to remove");
    }
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    symlink(target, path).expect("a link");
    project
}

/// The commands that read the project, write to it, or run it.
const COMMANDS: [&[&str]; 6] = [
    &["history"],
    &["build"],
    &["upgrade", "head", "--build"],
    &["revision", "-m", "new"],
    &["show", "head"],
    &["edit", "a"],
];

#[test]
fn links_out_of_the_project_are_refused() {
    let outside = Outside::new();
    for (path, target) in [
        ("host.toml", "host.toml"),
        ("migrations", "folder"),
        ("migrations", "nowhere"),
        ("migrations/b.sql", "a.sql"),
        (".host", "folder"),
        (".host", "nowhere"),
        (".host/build", "folder"),
        (".host/build", "nowhere"),
    ] {
        let project = with_link(path, &outside.path(target));
        for arguments in COMMANDS {
            let output = project.host_with(("VISUAL", "true"), arguments);
            outside.assert_untouched(&output);
            // What only reads or writes elsewhere need not care.
            if output.code != 0 {
                let message = format!("'{path}");
                let told = output.stderr.contains(&message)
                    && output.stderr.contains("is a link that points outside of the project's folder");
                assert!(told, "{path} -> {target}, {arguments:?}: {}", output.stable());
            }
        }
        let output = project.host(&["upgrade", "head", "--build"]);
        assert_eq!(output.code, 1, "{path} -> {target}: {}", output.stable());
    }
}

#[test]
fn a_state_folder_that_is_a_link() {
    let outside = Outside::new();
    let project = with_link(".host", &outside.path("folder"));
    assert_output!(project.refuses(1, &["build"]));
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_settings_file_that_is_a_link() {
    let outside = Outside::new();
    let project = with_link("host.toml", &outside.path("host.toml"));
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_that_is_a_link() {
    let outside = Outside::new();
    let project = with_link(".host/build/a.wasm", &outside.path("a.sql"));
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.refuses(1, &["build"]));
    assert_eq!(std::fs::read_to_string(outside.path("a.sql")).expect("a file"), text("spy7"));
}

#[test]
fn what_is_only_remembered_is_not_remembered_outside() {
    let outside = Outside::new();
    let project = with_link(".host/build/index.bin", &outside.path("nowhere"));
    let output = project.host(&["upgrade", "head", "--build"]).success();
    outside.assert_untouched(&output);
}

/// Cargo would follow the link. It works in a folder of the user; where there is none, in one that is made anew.
#[test]
fn a_target_folder_that_is_a_link() {
    let outside = Outside::new();
    for target in ["folder", "nowhere"] {
        let project = with_link(".host/target", &outside.path(target));
        project.write("migrations/new/migration.toml", "revision = \"b\"\nrevises = \"a\"\n");
        project.write("migrations/new/Cargo.toml", "[package]\nname = \"new\"\n");
        project.host(&["build", "a"]).success();
        outside.assert_untouched(&project.host(&["build"]).with_code(1));
        // A folder in the project is none of the user.
        let cache = project.path("cache").to_string_lossy().into_owned();
        outside.assert_untouched(&project.host_with(("HOST_CACHE_DIR", &cache), &["build"]).with_code(1));
        let found = project.path(".host/target").symlink_metadata().expect("a target folder");
        assert!(found.is_dir() && project.path(".host/target/trial.wasm").exists());
        assert!(!project.path("cache/target").exists());
    }
}

#[test]
fn an_sdk_folder_that_is_a_link() {
    let outside = Outside::new();
    let project = with_link(".host/sdk", &outside.path("folder"));
    let output = project.host(&["revision", "--lang", "rust", "-m", "new"]).with_code(1);
    outside.assert_untouched(&output);
    assert!(output.stderr.contains("'.host/sdk"), "{}", output.stable());
    assert!(output.stderr.contains("is a link that points outside of the project's folder"), "{}", output.stable());
}

#[test]
fn links_inside_of_the_project_are_followed() {
    let project = TestProject::new();
    project.write("source/a.sql", &text("a"));
    project.write("source/folder/migration.toml", "revision = \"b\"\nrevises = \"a\"\n");
    std::fs::remove_dir(project.path("migrations")).expect("a folder to remove");
    symlink("source", project.path("migrations")).expect("a link");
    symlink("../source/a.sql", project.path("source/folder/README.sql")).expect("a link");
    std::fs::rename(project.path("host.toml"), project.path("source/_host.toml")).expect("a rename");
    symlink("source/_host.toml", project.path("host.toml")).expect("a link");
    std::fs::remove_dir_all(project.path("source/folder")).expect("a folder");
    symlink("../source/a.sql", project.path("source/_b.sql")).expect("a link");
    project.host(&["upgrade", "head", "--build"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
}

#[test]
fn an_init_beside_links_writes_nothing_outside() {
    let outside = Outside::new();
    for (path, target) in
        [("host.toml", "nowhere"), ("migrations", "nowhere"), ("migrations", "folder"), (".gitignore", "nowhere")]
    {
        let project = with_link(path, &outside.path(target));
        if path != "host.toml" {
            std::fs::remove_file(project.path("host.toml")).expect("a file to remove");
        }
        let output = project.host(&["init"]).with_code(1);
        outside.assert_untouched(&output);
        let _ = std::fs::remove_file(project.path("host.toml"));
    }
}
