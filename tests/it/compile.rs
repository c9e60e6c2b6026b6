//! Components that are made to use up time and memory before a statement of them runs: they are looked into before anything
//! is locked, in a process that has limits and ends when it is told to.

use std::os::unix::fs::MetadataExt as _;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use host::worker;
use rustix::process::Pid;
use rustix::process::Signal;
use wasm_encoder::CustomSection;
use wasm_encoder::Section as _;

use crate::harness::Running;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::guests;

/// Far more than what is asked for needs on a slow machine, and far less than a component here would take.
const SOON: Duration = Duration::from_secs(15);

/// Limits that a bomb does not reach before a test is over.
const ENDLESS: &str = "compile-memory = '64GiB'\n";

/// A function that is half a megabyte long, and whose compiler needs gigabytes and minutes: each variable is another one in
/// each loop, all of which lie inside each other.
fn bomb() -> Vec<u8> {
    const VARIABLES: usize = 20_000;
    const LOOPS: usize = 2_000;
    let variables = "i64 ".repeat(VARIABLES);
    let loops = "loop ".repeat(LOOPS);
    let ends = "local.get 0 i32.wrap_i64 br_if 0 end ".repeat(LOOPS);
    let work: String = (0..VARIABLES)
        .map(|variable| format!("local.get {variable} i64.const 1 i64.add local.set {variable} "))
        .collect();
    guests::upgrading(&format!(
        r#"(func (export "host:migration/migration@0.1.0#upgrade") (result i32) (local {variables})
            {loops} {work} {ends} i32.const 0)"#
    ))
}

/// A project with one migration that is not built, and these limits.
fn project(bytes: &[u8], limits: &str) -> TestProject {
    let project = TestProject::new();
    project.write("host.toml", &format!("[default.limits]\n{limits}"));
    project.binary("a", bytes);
    project
}

/// The processes that a process has started as workers.
fn workers(parent: Pid) -> Vec<Pid> {
    let mut workers = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        let read = |file: &str| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        let is_child = read("status").lines().any(|line| {
            line.strip_prefix("PPid:").is_some_and(|number| number.trim() == parent.as_raw_nonzero().to_string())
        });
        if is_child && read("cmdline").split('\0').any(|argument| argument == worker::ARGUMENT) {
            workers.push(pid);
        }
    }
    workers
}

/// The same command as a terminal would start it: what runs in the background of a script inherits that Ctrl-C is ignored.
fn with_default_signals(command: &Command) -> Command {
    let mut with_signals = Command::new("env");
    with_signals.arg("--default-signal").arg(command.get_program()).args(command.get_args()).env_clear();
    with_signals.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    with_signals.current_dir(command.get_current_dir().expect("the project"));
    with_signals
}

/// Waits until a process has a worker.
fn worker_of(running: &Running) -> Pid {
    let started = Instant::now();
    loop {
        if let [worker] = workers(running.pid()).as_slice() {
            return *worker;
        }
        assert!(started.elapsed() < SOON, "no process was started");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a process has ended, or is only waited for.
fn assert_ends(pid: Pid) {
    let started = Instant::now();
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    while std::fs::read_to_string(&path).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(started.elapsed() < SOON, "process {pid:?} is left");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn compiling_ends_at_its_memory() {
    let limits = "compile-memory = '64MiB'\n";
    assert_output!(project(&bomb(), limits).refuses(1, &["build"]));
    let project = with_a_bomb(limits);
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.refuses(1, &["upgrade", "head", "--sql"]));
}

#[test]
fn compiling_ends_at_its_time() {
    let limits = "compile-time = '1s'\ncompile-memory = '8GiB'\n";
    let started = Instant::now();
    let built = project(&bomb(), limits);
    assert_output!(built.refuses(1, &["build"]));
    let output = built.host(&["--json", "build"]).with_code(1);
    assert_eq!(output.json_lines().last().expect("a last line")["error"]["kind"], "build-failed");
    assert_output!(with_a_bomb(limits).refuses(1, &["upgrade", "head"]));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

/// A project whose only migration is a component that is used as it is, and takes as long to compile as one waits.
fn with_a_bomb(limits: &str) -> TestProject {
    let component = host::toolchain::encode("migration-guest", &bomb()).expect("a component");
    let project = TestProject::new();
    project.prebuilt("a", None, component);
    project.write("host.toml", &format!("[default.limits]\n{limits}"));
    project
}

#[test]
fn a_signal_ends_the_compiler_and_nothing_is_locked_meanwhile() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let project = with_a_bomb(ENDLESS);
        let running = project.start(&["upgrade", "head"]);
        let worker = worker_of(&running);
        let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = \
                     (SELECT oid FROM pg_database WHERE datname = current_database())";
        assert_eq!(project.database.query(locks), "0");
        let sent = Instant::now();
        running.signal(signal);
        let output = running.wait().with_code(code);
        assert!(sent.elapsed() < SOON, "{:?}", sent.elapsed());
        assert_ends(worker);
        if signal == Signal::INT {
            assert_output!(output);
        }
        assert_eq!(project.database.query("SELECT to_regclass('host_version')"), "");
    }
}

#[test]
fn a_build_that_is_ended_leaves_no_process() {
    let project = project(&bomb(), ENDLESS);
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let running = project.start_command(with_default_signals(&project.command(&["build"])));
        let worker = worker_of(&running);
        running.signal(signal);
        let _ = running.wait();
        assert_ends(worker);
    }
}

#[test]
fn a_host_that_is_killed_leaves_no_process() {
    let project = with_a_bomb(ENDLESS);
    let running = project.start(&["upgrade", "head"]);
    let worker = worker_of(&running);
    running.signal(Signal::KILL);
    let _ = running.wait();
    assert_ends(worker);
}

#[test]
fn a_compiler_that_is_killed_is_told() {
    let project = with_a_bomb(ENDLESS);
    let running = project.start(&["upgrade", "head"]);
    rustix::process::kill_process(worker_of(&running), Signal::KILL).expect("a process to kill");
    assert_output!(running.wait().with_code(1));
    assert_eq!(project.database.query("SELECT to_regclass('host_version')"), "");
}

#[test]
fn what_was_compiled_by_a_build_is_not_compiled_by_a_run() {
    let project = project(&guests::idle(1), "");
    project.host(&["build"]).success();
    let entries = || -> Vec<_> {
        let entries = std::fs::read_dir(project.cache()).expect("the cache").map(|entry| entry.expect("an entry"));
        let metadata = entries.map(|entry| entry.metadata().expect("an entry"));
        // What cargo works in lies in a folder beside them.
        metadata.filter(|entry| entry.is_file()).map(|entry| (entry.ino(), entry.len())).collect()
    };
    let before = entries();
    assert_eq!(before.len(), 1);
    project.host(&["upgrade", "head"]).success();
    // Compiled anew it would lie in another file.
    assert_eq!(entries(), before);
}

#[test]
fn a_component_may_be_as_large_as_it_is_allowed_to_be() {
    let data = vec![b'a'; 70 << 20];
    let mut module = guests::idle(1);
    CustomSection { name: "notes".into(), data: data.as_slice().into() }.append_to(&mut module);
    let refused = project(&module, "");
    let output = refused.refuses(1, &["build"]);
    let bytes = module.len().to_string();
    assert_output!(output.replace(&[(bytes, "[bytes]")]));
    let allowed = project(&module, "component-size = '80MiB'\n");
    allowed.host(&["build"]).success();
    allowed.host(&["upgrade", "head"]).success();
}

#[test]
fn components_beyond_what_is_held_in_memory_run_and_are_proven() {
    let project = TestProject::new();
    project.sql("a", None, "SELECT pg_sleep(2)", "SELECT 1");
    let large = |parent: &str, revision: &str, filler: u8| {
        let mut component = host::toolchain::encode("migration-guest", &guests::idle(1)).expect("a component");
        let data = vec![filler; 12 << 20];
        CustomSection { name: "notes".into(), data: data.as_slice().into() }.append_to(&mut component);
        project.prebuilt(revision, Some(parent), component);
    };
    for (parent, revision) in [("a", "b"), ("b", "c"), ("c", "d")] {
        large(parent, revision, b' ');
    }
    project.host(&["build"]).success();
    let running = project.start(&["upgrade", "head"]);
    project.database.wait_for_the_long_statement();
    // The one that was checked is the one that runs, or none does.
    large("c", "d", b'x');
    assert_output!(running.wait().with_code(1));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
    project.host(&["upgrade", "head"]).success();
}

/// A component with one type of so many levels, each the type of a component in the one around it.
fn nested_types(levels: usize) -> Vec<u8> {
    let mut section = vec![1, 0x41, 1];
    section.extend([1, 0x41, 1].repeat(levels - 1));
    section.extend([1, 0x7f]);
    let mut component = wasm_encoder::Component::new();
    component.section(&wasm_encoder::RawSection { id: 7, data: &section });
    component.finish()
}

#[test]
fn types_that_lie_too_deep_inside_each_other_are_not_read() {
    let component = nested_types(170_000);
    let project = TestProject::new();
    std::fs::write(project.path("a.wasm"), &component).expect("a file");
    assert_output!(project.host(&["inspect", "a.wasm"]).with_code(1));
    project.prebuilt("a", None, component);
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.refuses(1, &["build"]));
}

#[test]
fn the_types_that_a_module_says_it_has_are_read_elsewhere() {
    let mut module = wat::parse_str("(module)").expect("valid text");
    let types = nested_types(170_000);
    CustomSection { name: "component-type:a".into(), data: types.as_slice().into() }.append_to(&mut module);
    let started = Instant::now();
    let output = project(&module, "compile-time = '5s'\n").refuses(1, &["build"]);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert_output!(output);
}

#[test]
fn a_plan_that_another_runner_changed_is_compiled_before_it_runs() {
    let project = TestProject::new();
    project.sql("a", None, "SELECT pg_sleep(2)", "SELECT 1");
    project.prebuilt(
        "b",
        Some("a"),
        host::toolchain::encode("migration-guest", &guests::idle(1)).expect("a component"),
    );
    project.host(&["build", "a"]).success();
    let first = project.start(&["upgrade", "+1"]);
    project.database.wait_for_the_long_statement();
    // It plans `a` as well, and learns that there is another step to do when it has the lock.
    let second = project.start(&["upgrade", "+1"]);
    first.wait().success();
    let output = second.wait().success();
    assert!(output.stdout.contains("Running upgrade a -> b"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
    assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "2");
}

/// What a worker reads comes from host, and from whoever starts it by hand.
#[test]
fn a_worker_that_is_told_nonsense_ends() {
    use std::io::Write as _;
    let request = |bytes: &str, numbers: &str, settings: &str| {
        let version = env!("CARGO_PKG_VERSION");
        format!(r#"{{"version":"{version}","job":"compile","settings":"{settings}","bytes":{bytes},{numbers}}}"#)
    };
    let refused = Some(r#"{"Refused":"#);
    let usual = r#""time":{"secs":5,"nanos":0},"memory":536870912,"threads":1"#;
    for (input, answers) in [
        (String::new(), None),
        ("\n\n\n".to_owned(), None),
        ("{}\n".to_owned(), None),
        ("[".repeat(1 << 20), None),
        ("x".repeat(1 << 20), None),
        (request("18446744073709551615", usual, "") + "\n", None),
        (request("-1", usual, "") + "\n", None),
        (request("10", usual, "") + "\nshort", None),
        (
            request(
                "0",
                r#""time":{"secs":18446744073709551615,"nanos":0},"memory":18446744073709551615,"threads":18446744073709551615"#,
                "",
            ) + "\n",
            refused,
        ),
        (request("0", usual, "{}") + "\n", refused),
        (request("0", usual, r#"{\"stack_bytes\":18446744073709551615}"#) + "\n", refused),
        (request("0", usual, "").replace("compile", "rm -rf") + "\n", refused),
        (request("0", usual, "").replace("0.", "9.") + "\n", Some(r#"{"OtherVersion":"#)),
    ] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_host"))
            .arg(worker::ARGUMENT)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("host starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let sent = stdin.write_all(input.as_bytes());
        // Kept open where an answer is due: the end of the pipe is the end of the worker.
        let stdin = answers.map(|_| stdin);
        let output = child.wait_with_output().expect("an end");
        drop(stdin);
        let told = &input[..input.len().min(300)];
        let (answer, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.success(), answers.is_some(), "{told}: {answer} {complaint}");
        match answers {
            Some(beginning) => assert!(answer.starts_with(beginning), "{told}: {answer}"),
            None => assert_eq!(answer, "", "{told}"),
        }
        assert!(!complaint.contains("panicked"), "{told}: {complaint}");
        assert!(
            answers.is_some()
                || sent.is_ok()
                || sent.is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        );
    }
}
