//! A parent believes nothing of what its child does. What a real child does is for the integration tests.

use super::*;

const LIMITS: Limits = Limits { time: Duration::from_secs(1), memory: 64 << 20 };

fn run(program: &str, limits: Limits, cancel: &Cancel) -> Result<Vec<u8>, WorkerError> {
    // More than a pipe holds.
    let input = vec![b'x'; 1 << 20];
    let task = Task { job: "job", settings: "", input: &input, limits, threads: 1 };
    loop {
        match Worker::new(program).run(&task, cancel) {
            // Another test starts a process of its own just now, which still has the file open in which this one was written.
            Err(WorkerError::Start { reason, .. }) if reason.contains("busy") => {}
            result => return result,
        }
    }
}

/// A program for one test, which the shell runs.
fn script(text: &str) -> (tempfile::TempDir, String) {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program");
    #[expect(clippy::disallowed_methods, reason = "a test makes a program")]
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a file");
    #[expect(clippy::disallowed_methods, reason = "a test makes a program")]
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = path.to_string_lossy().into_owned();
    (folder, path)
}

#[test]
fn a_program_that_does_not_answer_is_ended_at_its_time() {
    // It reads all and waits for more.
    let (_folder, program) = script("exec cat > /dev/null");
    assert_eq!(run(&program, LIMITS, &Cancel::default()), Err(WorkerError::Time { limit: LIMITS.time }));
    // It does not even read.
    let (_folder, program) = script("exec sleep 60");
    assert_eq!(run(&program, LIMITS, &Cancel::default()), Err(WorkerError::Time { limit: LIMITS.time }));
}

#[test]
fn a_program_that_only_closes_its_pipes_is_ended_at_its_time() {
    let (_folder, program) = script(r#"printf '{"Done":{"bytes":3}}\nsix'; exec >&- 2>&- <&-; exec sleep 60"#);
    assert_eq!(run(&program, LIMITS, &Cancel::default()), Err(WorkerError::Time { limit: LIMITS.time }));
}

#[test]
fn what_a_program_has_started_ends_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).expect("a pipe");
    // Both answers are whole, and the child of each lives on with the other end of a pipe.
    for end in ["exit 0", "exec sleep 60"] {
        let lives_on = format!("(exec >&- 2>&- <&- 3>'{}'; exec sleep 100000) &", pipe.display());
        let (_folder, program) = script(&format!(r#"{lives_on} printf '{{"Done":{{"bytes":3}}}}\nsix'; {end}"#));
        let reader = rustix::fs::open(
            &pipe,
            rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK,
            rustix::fs::Mode::empty(),
        )
        .map(std::fs::File::from)
        .expect("the pipe");
        let answer = run(&program, LIMITS, &Cancel::default());
        assert_eq!(answer.is_ok(), end == "exit 0", "{answer:?}");
        rustix::io::ioctl_fionbio(&reader, false).expect("a pipe that waits");
        // Its end comes when nobody has it open for writing.
        assert_eq!(std::io::Read::read(&mut &reader, &mut [0]).expect("the end"), 0);
    }
}

#[test]
fn an_answer_without_end_is_not_held() {
    let (_folder, program) = script("exec yes");
    let limits = Limits { time: Duration::from_secs(60), ..LIMITS };
    assert_eq!(run(&program, limits, &Cancel::default()), Err(WorkerError::Memory { limit: LIMITS.memory }));
}

#[test]
fn complaints_without_end_are_not_held() {
    let (_folder, program) = script("yes 'no way' | head -c 10000000 >&2; exit 3");
    let error =
        run(&program, Limits { time: Duration::from_secs(60), ..LIMITS }, &Cancel::default()).expect_err("no answer");
    let text = error.to_string();
    assert!(text.starts_with("its process ended without an answer: exit status: 3: "), "{text}");
    assert!(text.contains("no way no way") && text.len() < 1_000, "{text}");
}

#[test]
fn what_is_no_answer_is_none() {
    for answer in ["", "{}", "[[[", r#"{"Done":{"bytes":7}}"#, r#"{"Done":{"bytes":7}}\nsixsix"#, r#"{"Refused":7}\n"#]
    {
        let (_folder, program) = script(&format!("printf '{answer}'"));
        let error =
            run(&program, Limits { time: Duration::from_secs(60), ..LIMITS }, &Cancel::default()).expect_err(answer);
        assert!(matches!(error, WorkerError::Ended { .. }), "{answer}: {error}");
    }
    // A right answer of a process that then fails is none either.
    let (_folder, program) = script(r#"printf '{"Done":{"bytes":3}}\nsix'; exit 1"#);
    assert!(run(&program, Limits { time: Duration::from_secs(60), ..LIMITS }, &Cancel::default()).is_err());
}

#[test]
fn answers_are_told_apart() {
    let answered = |text: &str| {
        let (_folder, program) = script(&format!("printf '{text}'"));
        run(&program, Limits { time: Duration::from_secs(60), ..LIMITS }, &Cancel::default())
    };
    assert_eq!(answered(r#"{"Done":{"bytes":3}}\nsix"#), Ok(b"six".to_vec()));
    assert_eq!(answered(r#"{"Refused":"no"}\n"#), Err(WorkerError::Refused("no".to_owned())));
    let other = answered(r#"{"OtherVersion":"9.9.9"}\n"#).expect_err("another version").to_string();
    assert!(other.contains("the program was replaced by version 9.9.9"), "{other}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = run("/nowhere/host", LIMITS, &Cancel::default()).expect_err("no program");
    assert!(matches!(&error, WorkerError::Start { program, .. } if program == "/nowhere/host"), "{error}");
}

#[test]
fn what_nobody_waits_for_ends() {
    let (_folder, program) = script("exec sleep 60");
    let cancel = Cancel::default();
    let on_drop = cancel.on_drop();
    let waiting =
        std::thread::spawn(move || run(&program, Limits { time: Duration::from_secs(60), ..LIMITS }, &cancel));
    drop(on_drop);
    assert_eq!(waiting.join().expect("a thread"), Err(WorkerError::Cancelled));
}
