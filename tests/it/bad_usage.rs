//! Commands that are typed wrongly, and failures as programs read them.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

#[test]
fn arguments_that_make_no_sense() {
    let project = TestProject::new();
    let before = project.contents();
    assert_output!(project.host(&["upgrad", "head"]).with_code(2));
    assert_output!(project.host(&["upgrade"]).with_code(2));
    assert_output!(project.host(&["-x", "novalue", "upgrade", "head"]).with_code(2));
    assert_output!(project.host(&["upgrade", "head", "--wait", "soon"]).with_code(2));
    assert_output!(project.host(&["upgrade", "head", "--lock-timeout", "600"]).with_code(2));
    assert_output!(project.host(&["revision", "-m", "x", "--lang", "cobol"]).with_code(2));
    assert_output!(project.host(&["log", "-l", "0"]).with_code(2));
    assert_output!(project.host(&["downgrade"]).with_code(2));
    assert_output!(project.host(&["rollback"]).with_code(2));
    assert_output!(project.host(&["version"]).with_code(2));
    project.contents().assert_same(&before, "");
}

#[test]
fn arguments_that_are_not_utf_8() {
    let project = TestProject::new();
    let mut command = project.command(&["upgrade"]);
    command.arg(std::os::unix::ffi::OsStrExt::from_bytes(b"caf\xE9") as &std::ffi::OsStr);
    assert_output!(project.run(command).with_code(2));
}

#[test]
fn every_class_of_failure_as_json() {
    let project = TestProject::with_three_tables();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["upgrade"], 2, "usage"),
        (&["-x", "novalue", "upgrade", "head"], 2, "usage"),
        (&["upgrade", ""], 2, "malformed-target"),
        (&["upgrade", "nothing"], 1, "unknown-revision"),
        (&["downgrade", "-1"], 1, "relative-too-far"),
        (&["show", "nothing"], 1, "unknown-revision"),
        (&["inspect", "nothing.wasm"], 1, "project-files"),
        (&["inspect", "host.toml"], 1, "unknown-revision"),
        (&["history", "-r", "a"], 2, "range-syntax"),
        (&["stamp", "nothing"], 1, "unknown-revision"),
        (&["revision", "-m", "x", "--rev-id", "a"], 1, "duplicate-revision"),
        (&["revision", "-m", "x", "--rev-id", "a-b"], 2, "usage"),
        (&["revision", "-m", "x", "--head", "a"], 1, "not-a-head"),
        (&["merge", "head"], 1, "nothing-to-merge"),
        (&["init"], 1, "project-exists"),
        (&["-e", "prod", "current"], 1, "configuration"),
        (&["-C", "nowhere", "current"], 1, "no-project"),
        (&["--url", "mysql://db/shop", "current"], 1, "database"),
        (&["--url", "postgres://me@localhost/shop?host=/nowhere", "current"], 1, "database"),
    ];
    for (arguments, code, kind) in cases {
        let contents = project.contents();
        let mut all = vec!["--json"];
        all.extend_from_slice(arguments);
        let output = project.host(&all).with_code(*code);
        assert_eq!(output.stderr, "", "{arguments:?}");
        // What writes says first which database it is.
        let lines = output.json_lines();
        let (document, before) = lines.split_last().expect("a document");
        assert!(before.iter().all(|line| line["event"] == "database"), "{before:?}");
        let error = document["error"].as_object().unwrap_or_else(|| panic!("{document}"));
        assert_eq!(error["kind"], *kind, "{document}");
        for key in ["message", "hint"] {
            assert!(error[key].as_str().is_some_and(|text| !text.is_empty()), "{document}");
        }
        assert_eq!(document.as_object().map(serde_json::Map::len), Some(1), "{document}");
        project.contents().assert_same(&contents, &format!("{arguments:?}"));
    }
}

#[test]
fn a_revision_that_does_not_exist() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["show", "nothing"]));
}

#[test]
fn base_is_no_parent_beside_others() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["revision", "-m", "x", "--head", "c", "--head", "base"]));
    assert_output!(project.refuses(1, &["merge", "c", "base"]));
}

#[test]
fn rubbish_to_inspect() {
    let project = TestProject::with_three_tables();
    project.write("rubbish.wasm", "This is no WebAssembly.\n");
    assert_output!(project.refuses(1, &["inspect", "rubbish.wasm"]));
    assert_output!(project.refuses(1, &["inspect", "nothing.wasm"]));
    assert_output!(project.refuses(1, &["inspect", "nothing"]));
    std::fs::create_dir(project.path("folder.wasm")).expect("a folder");
    assert_output!(project.refuses(1, &["inspect", "folder.wasm"]));
    assert_output!(project.refuses(1, &["inspect", "nowhere/nothing.wasm"]));
}

#[test]
fn a_second_init() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["init"]));
}

#[test]
fn an_init_over_other_files() {
    let project = TestProject::new();
    project.write("shop/migrations", "not a folder\n");
    assert_output!(project.refuses(1, &["init", "shop"]));
    assert_output!(project.refuses(1, &["init", "shop/migrations"]));
}

#[test]
fn an_empty_project_is_no_failure() {
    let project = TestProject::new();
    project.write("host.toml", "");
    assert_output!(project.host(&["upgrade", "head"]));
    assert_output!(project.host(&["build"]));
    for arguments in [&["history"][..], &["current"], &["heads"], &["branches"], &["downgrade", "base"], &["log"]] {
        project.host(arguments).success();
    }
    assert_eq!(project.contents().tables, "");
}

#[test]
fn revisions_with_odd_messages() {
    let project = TestProject::new();
    let long = "long ".repeat(2_000);
    for message in ["", "../../etc/passwd", "-- ///", "\"\"\"", "größer 🐘\n-- ///\n\\", &long] {
        let output = project.host(&["--json", "revision", "-m", message]).success();
        let file = output.json()["file"].as_str().expect("a file").to_owned();
        assert!(project.path(&file).is_file(), "{file}");
        let name = file.strip_prefix("migrations/").expect("a file among the migrations");
        assert!(!name.contains('/') && name.len() < 80, "{name}");
        let shown = project.host(&["--json", "show", "head"]).success().json();
        assert_eq!(shown["revisions"][0]["message"], message);
    }
}

#[test]
fn revisions_of_one_minute_sort_as_they_were_made() {
    let project = TestProject::new();
    let mut files = Vec::new();
    for (message, language) in [("b", "sql"), ("a", "rust"), ("b", "sql"), ("a", "sql"), ("Größe", "sql")] {
        let output = project.host(&["--json", "revision", "-m", message, "--lang", language]).success();
        files.push(output.json()["file"].as_str().expect("a file").to_owned());
    }
    assert!(files.is_sorted(), "{files:?}");
    assert!(files[4].ends_with("_grosse.sql"), "{files:?}");
    let history = project.host(&["--json", "history", "--offline"]).success().json();
    let listed: Vec<_> =
        history["history"].as_array().expect("a list").iter().rev().map(|one| one["file"].clone()).collect();
    assert_eq!(listed, files);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let project = TestProject::with_three_tables();
    let other = Other::new(&project);
    project
        .write("migrations/d.sql", "-- /// migration\n-- revision = \"d\"\n-- revises = \"c\"\n-- ///\n-- upgrade\n");
    other.may_only_read(&project);
    let output = other.refused(&project, &["revision", "-m", "add users"]);
    let end = output.stderr.find("_add_users").expect("the name of the file");
    let time = output.stderr[end - "YYYYMMDDHHMM".len()..end].to_owned();
    assert_output!(output.replace(&[(time, "[time]")]));
    assert_output!(other.refused(&project, &["build"]));
    assert_output!(other.refused(&project, &["init", "shop"]));
    std::fs::create_dir(project.path("empty")).expect("a folder");
    other.may_only_read(&project);
    assert_output!(other.refused(&project, &["init", "empty"]));
}

#[test]
fn a_project_that_can_only_be_read_can_be_applied() {
    let project = TestProject::with_three_tables();
    let other = Other::new(&project);
    other.may_only_read(&project);
    let output = project.run(other.command(&project, &["upgrade", "head"])).success();
    assert!(output.stdout.contains("Running upgrade b -> c"), "{}", output.stable());
}

#[test]
fn a_source_that_cannot_be_read() {
    let project = TestProject::with_three_tables();
    let other = Other::new(&project);
    other.may_only_read(&project);
    let path = project.path("migrations/b.sql");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("rights to set");
    // What is remembered of a file is not trusted before it has rested for two seconds.
    let index = project.path(".host/build/index.bin");
    let _ = std::fs::remove_file(index);
    assert_output!(other.refused(&project, &["history"]));
}

/// A user without rights. Whoever runs the tests, if permissions count for them; otherwise the one that the server runs as,
/// because nobody else may reach its socket.
struct Other {
    user: Option<(u32, u32)>,
    /// Where this user finds the program: the target folder may be closed to others.
    program: tempfile::TempDir,
}

impl Other {
    fn new(project: &TestProject) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let program = tempfile::tempdir().expect("a temporary folder");
        let user = rustix::process::geteuid().is_root().then(|| {
            let folder = std::fs::metadata(project.database.socket_folder()).expect("the server's folder");
            (folder.uid(), folder.gid())
        });
        let built = env!("CARGO_BIN_EXE_host");
        let path = program.path().join("host");
        std::fs::hard_link(built, &path).or_else(|_| std::fs::copy(built, &path).map(drop)).expect("a program");
        std::fs::set_permissions(program.path(), std::fs::Permissions::from_mode(0o755)).expect("rights to set");
        let state = program.path().join("state");
        std::fs::create_dir(&state).expect("a folder");
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(&state, Some(user), Some(group)).expect("a folder to give away");
        }
        Self { user, program }
    }

    /// Lets everybody read the project, and nobody write it.
    fn may_only_read(&self, project: &TestProject) {
        let status = Command::new("chmod").args(["-R", "a+rX,a-w"]).arg(project.path("")).status();
        assert!(status.expect("chmod runs").success());
    }

    fn command(&self, project: &TestProject, arguments: &[&str]) -> Command {
        let original = project.command(arguments);
        let mut command = Command::new(self.program.path().join("host"));
        command.env_clear().current_dir(project.path("")).args(arguments);
        command.envs(original.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("HOME", "/nonexistent").env("HOST_STATE_DIR", self.program.path().join("state"));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn refused(&self, project: &TestProject, arguments: &[&str]) -> Output {
        project.refuses_command(1, self.command(project, arguments))
    }
}
