//! Output that cannot be written: a full disk, a reader who has gone, streams that are closed. Every command is tried.

use std::fs::File;
use std::process::Command;
use std::process::Stdio;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::commands::CLUSTER;
use crate::harness::commands::Invocation;
use crate::harness::commands::for_each;

const INCOMPLETE: &str = "error: cannot write to standard output: No space left on device (os error 28); what was printed is \
                          incomplete\nhint: make room where the output goes";

/// A file that is always full.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("/dev/full").into()
}

/// A pipe whose reader has gone.
fn broken() -> Stdio {
    let (_, writer) = std::io::pipe().expect("a pipe");
    writer.into()
}

/// The same command with a stream closed, `1` or `2`.
fn closed(command: &Command, stream: u8) -> Command {
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("exec \"$@\" {stream}>&-"))
        .arg("sh")
        .arg(command.get_program())
        .args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().expect("a folder"));
    shell
}

#[track_caller]
fn assert_told(output: &Output, what: &str) {
    assert!(output.stderr.contains(INCOMPLETE), "{what}: {}", output.stable());
    assert_eq!(output.code, 1, "{what}: {}", output.stable());
}

#[test]
fn a_full_disk_fails_every_command_that_prints() {
    for_each(&[false, true], |invocation, project, json| {
        let mut command = invocation.command(project, json);
        command.stdout(full());
        let output = project.run(command);
        let what = format!("{}, json: {json}", invocation.name());
        if invocation.prints[usize::from(json)] {
            assert_told(&output, &what);
        } else {
            assert_eq!(output.code, 0, "{what}: {}", output.stable());
            assert!(!output.stderr.contains("error:"), "{what}: {}", output.stable());
        }
    });
}

#[test]
fn a_full_disk_fails_the_commands_of_the_cluster_which_do_their_work() {
    let project = TestProject::new();
    for arguments in CLUSTER {
        let mut command = project.command(arguments);
        command.stdout(full());
        assert_told(&project.run(command), &arguments.join(" "));
        let status = project.host(&["--json", "local", "status"]).success().json();
        let expected = match arguments[1] {
            "status" | "destroy" => "not-created",
            "stop" => "stopped",
            _ => "running",
        };
        assert_eq!(status["local"], expected, "{arguments:?}");
    }
}

/// What the command did is done, and what it says of the database is right.
#[test]
fn a_full_disk_changes_nothing_about_a_run() {
    for json in [&[][..], &["--json"]] {
        let project = TestProject::with_three_tables();
        let run = |arguments: &[&str]| {
            let mut command = project.command(&[json, arguments].concat());
            command.stdout(full());
            project.run(command)
        };
        assert_told(&run(&["upgrade", "head"]), "upgrade");
        assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
        assert_told(&run(&["downgrade", "base"]), "downgrade");
        assert_eq!(project.database.query("SELECT to_regclass('table_a') IS NULL"), "t");
        // A check that says no says so all the same.
        let output = run(&["current", "--check-heads"]);
        assert_eq!(output.code, 3, "{}", output.stable());
    }
}

#[test]
fn a_failure_is_told_where_its_document_cannot_be_written() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    project.database.query("CREATE TABLE table_c (id int)");
    let failing = |stdout: Stdio| {
        let mut command = project.command(&["--json", "upgrade", "head"]);
        command.stdout(stdout);
        project.run(command).with_code(1)
    };
    assert_output!(failing(full()));
    // The reader has gone, but the migration has failed for another reason.
    assert_output!(failing(broken()));
}

#[test]
fn a_reader_who_has_gone_ends_no_command_and_is_told_nothing() {
    for_each(&[false, true], |invocation, project, json| {
        let mut command = invocation.command(project, json);
        command.stdout(broken());
        let output = project.run(command);
        assert_eq!(output.code, 0, "{}: {}", invocation.name(), output.stable());
        assert!(!output.stderr.contains("error:"), "{}: {}", invocation.name(), output.stable());
        assert_done(invocation, project);
    });
}

/// A stream that is closed is one that nobody reads. Nothing that the command opens afterwards gets its number.
#[test]
fn closed_streams_end_no_command() {
    for_each(&[1, 2], |invocation, project, stream| {
        let output = project.run(closed(&invocation.command(project, false), stream));
        let what = format!("{} {stream}>&-", invocation.name());
        assert_eq!(output.code, 0, "{what}: {}", output.stable());
        assert!(!output.stderr.contains("error:"), "{what}: {}", output.stable());
        assert!(if stream == 1 { output.stdout.is_empty() } else { output.stderr.is_empty() }, "{what}");
        assert_done(invocation, project);
    });
}

#[test]
fn notes_that_nobody_can_read_end_no_command() {
    for_each(&[full, broken], |invocation, project, stderr| {
        let mut command = invocation.command(project, false);
        command.stderr(stderr());
        let output = project.run(command).success();
        assert_eq!(!output.stdout.is_empty(), invocation.prints[0], "{}: {}", invocation.name(), output.stdout);
        assert_done(invocation, project);
    });
}

/// What an upgrade was to do is done.
fn assert_done(invocation: &Invocation, project: &TestProject) {
    if invocation.arguments == ["upgrade", "heads"] {
        assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "2", "{}", invocation.name());
    }
}

/// A pipe that does not wait is waited for: what does not fit is no failure.
#[test]
fn a_pipe_that_does_not_wait_gets_everything() {
    use std::io::Read as _;

    let project = TestProject::new();
    let columns: String = (0..20_000).map(|number| format!("column_{number} int,\n")).collect();
    project.sql("a", None, &format!("CREATE TABLE wide (\n{columns}last int)"), "SELECT 1");
    project.host(&["build"]).success();
    let whole = project.host(&["upgrade", "head", "--sql"]).success().stdout;
    assert!(whole.len() > 2 * 65_536, "{} bytes fit into a pipe", whole.len());
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let flags = rustix::fs::fcntl_getfl(&writer).expect("flags");
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).expect("flags to set");
    let mut command = project.command(&["upgrade", "head", "--sql"]);
    command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::inherit());
    let mut child = command.spawn().expect("host starts");
    // It holds the writing end as well.
    drop(command);
    std::thread::sleep(std::time::Duration::from_millis(200));
    let mut read = String::new();
    reader.read_to_string(&mut read).expect("UTF-8");
    assert!(child.wait().expect("a status").success());
    assert_eq!(read, whole);
}

/// Every key of every document is written in one style; words that are values are not keys.
#[test]
fn keys_of_json_have_one_style() {
    for_each(&[()], |invocation, project, ()| {
        let output = project.run(invocation.command(project, true)).success();
        // Help and completions are no documents.
        if output.stdout.starts_with('{') {
            output.json_lines().iter().for_each(|document| assert_keys(document, &invocation.name()));
        } else {
            let is_text = matches!(invocation.arguments[0], "edit" | "completions" | "help" | "--help" | "--version");
            assert!(is_text, "{}: {}", invocation.name(), output.stdout);
        }
    });
    let project = TestProject::with_three_tables();
    project.database.query("CREATE TABLE table_b (id int)");
    let output = project.host(&["--json", "upgrade", "head"]).with_code(1);
    output.json_lines().iter().for_each(|document| assert_keys(document, "a failure"));
}

#[track_caller]
fn assert_keys(document: &serde_json::Value, what: &str) {
    match document {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
                assert!(key.bytes().all(plain), "{what}: the key {key}");
                assert_keys(value, what);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| assert_keys(value, what)),
        _ => {}
    }
}
