//! Big tables: cursors and copy-in.

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

fn upgrade(case: &str) -> (TestProject, Output) {
    let project = TestProject::with_guest("bulk");
    let output = project.host(&["-x", &format!("case={case}"), "upgrade", "head"]);
    (project, output)
}

#[test]
fn what_is_read_and_written_is_right() {
    for case in ["copies", "columns", "values", "rows", "dropped", "refused", "wrong", "order", "cursors", "names"] {
        let (project, output) = upgrade(case);
        let output = output.success();
        assert!(output.stderr.contains("done"), "{case}: {}", output.stable());
        project.host(&["downgrade", "base"]).success();
    }
}

#[test]
fn a_query_that_the_server_refuses_shows_its_place() {
    assert_output!(upgrade("syntax").1.with_code(1));
}

#[test]
fn a_cursor_is_for_queries() {
    assert_output!(upgrade("insert").1.with_code(1));
}

#[test]
fn nobody_copies_into_the_tables_of_the_host() {
    let (project, output) = upgrade("own");
    let output = output.with_code(1);
    assert!(output.stderr.contains("host_version"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn a_migration_that_may_not_change_data_copies_nothing() {
    let project = TestProject::with_guest("bulk");
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &format!("{toml}\ngrants = [\"schema\"]\n"));
    let output = project.host(&["-x", "case=copies", "upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("data"), "{}", output.stable());
}

#[test]
fn a_script_holds_no_cursor() {
    let project = TestProject::with_guest("bulk");
    assert_output!(project.host(&["-x", "case=copies", "upgrade", "head", "--sql"]).with_code(1));
}

#[test]
fn without_a_transaction_there_is_no_cursor() {
    let project = TestProject::with_guest("bulk");
    let built = std::fs::read(project.path(".host/build/bulk.wasm")).expect("a component");
    let component = host::store::without_sections(&built).expect("a component");
    std::fs::remove_dir_all(project.path("migrations")).expect("the migrations");
    project.binary("bulk", &component);
    project.write("migrations/bulk/migration.toml", "revision = \"bulk\"\ntransaction = \"none\"\n");
    project.host(&["build"]).success();
    assert_output!(project.host(&["-x", "case=copies", "upgrade", "head"]).with_code(1));
}

/// What is not sent yet lies in the host's memory, whoever gathers it.
#[cfg(target_os = "linux")]
#[test]
fn many_writers_hold_no_more_than_one() {
    let project = TestProject::with_guest("bulk");
    let mut command = project.command(&["-x", "case=many", "upgrade", "head"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut host = command.spawn().expect("host starts");
    let file = format!("/proc/{}/status", host.id());
    let mut kibibytes = 0_u64;
    let status = loop {
        let status = std::fs::read_to_string(&file).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok());
        kibibytes = kibibytes.max(peak.unwrap_or(0));
        match host.try_wait().expect("host is waited for") {
            None => std::thread::sleep(std::time::Duration::from_millis(1)),
            Some(status) => break status,
        }
    };
    assert!(status.success(), "{status}");
    // A hundred times three megabytes would be more.
    assert!(kibibytes < 250 << 10, "{kibibytes} KiB");
}
