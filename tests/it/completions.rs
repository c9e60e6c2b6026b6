//! Completions as a shell asks for them.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::Output;
use crate::harness::TestProject;

/// Three revisions, the first one with a label, two environments, and names that a shell would run.
fn project() -> TestProject {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nurl = \"local:\"\n[prod]\nurl = \"local:\"\n[\"$(reboot)\"]\n[\"a b\"]\n");
    let migration = |id: &str, more: &str| {
        format!(
            "-- /// migration\n-- revision = \"{id}\"\n{more}-- ///\n-- upgrade\nSELECT 1;\n-- downgrade\nSELECT 1;\n"
        )
    };
    let first = "-- branch-labels = \"app\"\n-- message = \"first: a \\u001b[31mred one\"\n";
    project.write("migrations/1.sql", &migration("a1", first));
    project.write("migrations/2.sql", &migration("b2", "-- revises = \"a1\"\n-- message = \"second\"\n"));
    project.write("migrations/3.sql", &migration("$(reboot)", "-- revises = \"b2\"\n"));
    project.write("migrations/4.sql", &migration("c3", "-- revises = \"$(reboot)\"\n"));
    project
}

/// What is offered for the last of these words.
fn ask(project: &TestProject, shell: &str, words: &[&str]) -> Output {
    let mut command = project.command(&["--", "host"]);
    command.args(words).env("HOST_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command.env("_CLAP_IFS", "\n").env("HOST_DATABASE_URL", "postgres://nobody@localhost:1/nothing");
    project.run(command)
}

fn offered(project: &TestProject, shell: &str, words: &[&str]) -> Vec<String> {
    let output = ask(project, shell, words).success();
    assert_eq!(output.stderr, "", "{words:?}");
    let lines =
        output.stdout.lines().filter(|line| !(line.starts_with("--") || line.starts_with('-') && line.len() == 2));
    lines.map(str::to_owned).collect()
}

#[test]
fn targets_are_those_of_the_project() {
    let project = project();
    let targets = |words: &[&str]| offered(&project, "bash", words);
    assert_eq!(targets(&["upgrade", ""]), ["head", "heads", "+1", "app@head", "c3", "b2", "a1"]);
    assert_eq!(targets(&["upgrade", "b"]), ["b2"]);
    assert_eq!(targets(&["stamp", "a1", "ba"]), ["base"]);
    assert_eq!(targets(&["show", "cu"]), ["current"]);
    assert_eq!(targets(&["revision", "--head", "a"]), ["app@head", "a1"]);
    assert_eq!(targets(&["revision", "--lang", ""]), ["sql", "python", "javascript", "typescript", "rust", "go", "c"]);
    assert_eq!(targets(&["revision", "--lang=r"]), Vec::<String>::new());
    assert_eq!(targets(&["upgr"]), ["upgrade"]);
    assert_eq!(targets(&["-e", ""]), ["default", "prod"]);
    assert_eq!(targets(&["current", "--env", "p"]), ["prod"]);
    assert!(ask(&project, "bash", &["downgrade", ""]).success().stdout.starts_with("-1\nbase\napp@head\nc3\n"));
    assert!(ask(&project, "bash", &["revision", "--lang=r"]).success().stdout.contains("--lang=rust"));
}

#[test]
fn the_project_is_the_one_that_is_named() {
    let (project, other) = (project(), TestProject::with_three_tables());
    let folder = other.path("");
    let folder = folder.to_str().expect("UTF-8");
    assert_eq!(offered(&project, "bash", &["-C", folder, "show", ""]), ["head", "heads", "current", "c", "b", "a"]);
    // Nothing to read: what needs no project is offered all the same.
    assert_eq!(offered(&project, "bash", &["-C", "nowhere", "upgrade", "h"]), ["head", "heads"]);
    other.write("host.toml", "[default\n");
    assert_eq!(offered(&other, "bash", &["upgrade", "h"]), ["head", "heads"]);
    assert_eq!(offered(&other, "bash", &["hist"]), ["history"]);
}

#[test]
fn messages_stand_beside_revisions_and_command_no_terminal() {
    let project = project();
    let fish = offered(&project, "fish", &["show", "a1"]);
    assert_eq!(fish, ["a1\tfirst: a \\u{1b}[31mred one"]);
    let zsh = offered(&project, "zsh", &["show", "b"]);
    assert_eq!(zsh, ["b2:second"]);
}

/// Names of files go onto the command line as they are, so bash completes them itself.
#[test]
fn no_file_is_offered_to_bash() {
    let project = project();
    project.write("$(reboot).json", "");
    for words in [&["apply", ""][..], &["init", ""], &["-C", ""]] {
        assert_eq!(offered(&project, "bash", words), Vec::<String>::new(), "{words:?}");
    }
    assert!(offered(&project, "fish", &["apply", ""]).contains(&"$(reboot).json".to_owned()));
}

fn files(folder: &Path, into: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, into);
        }
        into.insert(path);
    }
}

#[test]
fn nothing_is_started_and_nothing_is_written() {
    let project = project();
    let state = tempfile::tempdir().expect("a folder");
    let all = || {
        let mut all = BTreeSet::new();
        [&project.path(""), project.cache(), state.path()].into_iter().for_each(|folder| files(folder, &mut all));
        all
    };
    let before = all();
    for words in [&["upgrade", ""][..], &["-e", "prod", "downgrade", ""], &["local", ""], &["edit", ""], &[""]] {
        let mut command = project.command(&["--", "host"]);
        command
            .args(words)
            .env("HOST_COMPLETE", "fish")
            .env_remove("HOST_DATABASE_URL")
            .env("HOST_STATE_DIR", state.path());
        assert!(!project.run(command).success().stdout.is_empty(), "{words:?}");
    }
    assert_eq!(all(), before);
}

#[test]
fn a_shell_that_does_not_ask_is_told() {
    let output = ask(&project(), "tcsh", &["upgrade", ""]).with_code(2);
    assert!(output.stderr.contains("error: HOST_COMPLETE='tcsh' is no shell"), "{}", output.stable());
}

/// The whole way in bash, for a second name of the program.
#[test]
fn bash_completes_by_the_name_that_was_called() {
    let project = project();
    let bin = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_host"), bin.path().join("hostmig")).expect("a link");
    let script = "source <(hostmig completions bash) || exit 1\n\
                  COMP_WORDS=(hostmig upgrade '') COMP_CWORD=2 COMP_TYPE=9\n\
                  _clap_complete_hostmig hostmig '' upgrade\n\
                  printf '%s\\n' \"${COMPREPLY[@]}\"\n\
                  complete -p hostmig\n";
    let host = project.command(&[]);
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", script]).current_dir(project.path("")).env_clear();
    command.envs(host.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let path = std::env::var("PATH").expect("PATH");
    command.env("PATH", format!("{}:{path}", bin.path().display()));
    let output = project.run(command).success();
    assert!(output.stdout.starts_with("head\nheads\n+1\napp@head\nc3\nb2\na1\n"), "{}", output.stable());
    assert!(output.stdout.ends_with("-F _clap_complete_hostmig hostmig\n"), "{}", output.stable());
    assert!(output.stdout.contains("-o default"), "{}", output.stable());
}

#[test]
fn a_second_name_does_the_same() {
    let project = TestProject::with_guest("logs");
    let link = project.path("hostmig");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_host"), &link).expect("a link");
    let host = project.command(&["upgrade", "head"]);
    let mut command = Command::new(&link);
    command.args(host.get_args()).current_dir(project.path("")).env_clear();
    command.envs(host.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // Compiling starts the program once more.
    command.env("HOST_CACHE_SIZE", "0");
    let output = project.run(command).success();
    assert!(output.stdout.contains("Running upgrade"), "{}", output.stable());
}
