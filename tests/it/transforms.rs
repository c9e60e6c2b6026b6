//! Tables that are rewritten batch by batch in the transaction of the migration.

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

fn upgrade(case: &str) -> (TestProject, Output) {
    let project = TestProject::with_guest("transforms");
    let output = project.host(&["-x", &format!("case={case}"), "upgrade", "head"]);
    (project, output)
}

#[test]
fn what_is_rewritten_is_right() {
    for case in ["updates", "inserts", "upserts", "texts", "composite", "partitions", "nothing", "handles"] {
        let (project, output) = upgrade(case);
        let output = output.success();
        assert!(output.stderr.contains("done"), "{case}: {}", output.stable());
        project.host(&["downgrade", "base"]).success();
    }
}

/// Every one of them is refused before a row is changed, and says what to do.
#[test]
fn what_cannot_come_to_a_good_end_is_refused() {
    let cases = [
        "null key",
        "no index",
        "no index in the target",
        "duplicates",
        "computed key",
        "no key",
        "key of the target",
        "generated",
        "types",
        "view",
        "trigger",
        "own",
        "endless",
        "no table",
        "large row",
        "syntax",
        "injection",
        "writes",
        "zero",
        "identity",
        "not null",
        "narrow",
    ];
    let mut said = String::new();
    for case in cases {
        let (project, output) = upgrade(case);
        said.push_str(&format!("== {case}\n{}\n", output.with_code(1).stable()));
        assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0", "{case}");
    }
    insta::assert_snapshot!(said);
}

/// The server looks at its length and reads nothing of it.
#[test]
fn a_row_of_900_mb_is_refused_by_its_length() {
    let project = TestProject::with_guest("transforms");
    let mut command = project.command(&["-x", "case=huge row", "upgrade", "head"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut host = command.spawn().expect("host starts");
    let status = format!("/proc/{}/status", host.id());
    let mut most = 0;
    while host.try_wait().expect("host is waited for").is_none() {
        // The most memory that it had so far, where the system says so.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let output = host.wait_with_output().expect("host has ended");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the row with the key (9) is larger than batch-bytes of the plan"), "{said}");
    assert!(most < 256 << 10, "{most} kB");
}

#[test]
fn a_row_that_is_rejected_is_named() {
    let mut said = String::new();
    for case in ["rejects", "panics", "twice", "shifted", "three fields", "statements", "unknown"] {
        let (_project, output) = upgrade(case);
        said.push_str(&format!("== {case}\n{}\n", output.with_code(1).stable()));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_batch_has_the_time_of_a_guest() {
    let project = TestProject::with_guest("transforms");
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &format!("{toml}\n[default.limits]\nguest-time = \"1s\"\n"));
    let output = project.host(&["-x", "case=loops", "upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("computed for more than 1 s"), "{}", output.stable());
}

#[test]
fn a_migration_that_may_not_change_data_rewrites_nothing() {
    let project = TestProject::with_guest("transforms");
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &format!("{toml}\ngrants = [\"schema\"]\n"));
    let output = project.host(&["-x", "case=updates", "upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("data"), "{}", output.stable());
}

#[test]
fn a_script_holds_no_transform() {
    let project = TestProject::with_guest("transforms");
    assert_output!(project.host(&["-x", "case=updates", "upgrade", "head", "--sql"]).with_code(1));
}
