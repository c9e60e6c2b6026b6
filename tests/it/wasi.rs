//! A guest of a stock toolchain, against the inert WASI: it loads, runs, and learns nothing about the world.

use crate::harness::TestProject;
use crate::harness::assert_output;

fn with_wasi_guest() -> TestProject {
    let project = TestProject::new();
    project.write("migrations/wasi/migration.toml", "revision = \"a1\"\nmessage = \"a guest for wasm32-wasip2\"\n");
    let component = include_bytes!("../fixtures/wasi-guest/guest.wasm");
    std::fs::write(project.path("migrations/wasi/guest.wasm"), component).expect("the component");
    project.host(&["build"]).success();
    project
}

const SEEN: &str = "SELECT what, value FROM seen WHERE what <> 'the order of a hash map' AND value <> '' \
                    AND what NOT IN ('nanoseconds', 'an address', 'a random number') ORDER BY what COLLATE \"C\"";

#[test]
fn a_guest_for_wasm32_wasip2_runs() {
    let project = with_wasi_guest();
    assert_output!(project.host(&["upgrade", "head"]));
    assert_eq!(
        project.database.query(SEEN),
        "a file in the folder|Some(NotFound)\na file to write|Some(NotFound)\na process|Some(Unsupported)\n\
         a terminal|false\na thread|Some(Unsupported)\na thread id|ThreadId(1)\nan hour of sleep is short|true\n\
         arguments|0\nenvironment|0\nfiles|Some(NotFound)\ninput|Some(\"\")\nthe clock is that of the run|true\n\
         the folder|Some(\"/\")"
    );
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn two_runs_see_the_same_randomness() {
    let order = || {
        let project = with_wasi_guest();
        project.host(&["upgrade", "head"]).success();
        project.database.query("SELECT value FROM seen WHERE what = 'the order of a hash map'")
    };
    let first = order();
    assert_eq!(first.split(' ').count(), 32);
    assert_eq!(order(), first);
}

/// As the server logged them, without the mark that tells the runs apart.
fn statements(project: &TestProject) -> Vec<String> {
    let name = project.database.name();
    project.database.admin(&format!("ALTER DATABASE {name} SET log_statement = 'all'"));
    // What a guest is given is as long in each run: it decides where things lie in its memory.
    let run = format!("{name:0>40}");
    project.host(&["-x", &format!("run={run}"), "upgrade", "head"]).success();
    let mark = format!("/* run {run} */");
    let log = crate::harness::server_log();
    let lines = log.lines().filter_map(|line| Some(line.split_once("INSERT")?.1.strip_suffix(&mark)?.to_owned()));
    lines.collect()
}

/// Random numbers, the order of hash sets, time that went by, addresses: the text of these statements is made of them.
#[test]
fn two_runs_send_the_same_statements() {
    let first = statements(&with_wasi_guest());
    assert_eq!(first.len(), 24, "{first:?}");
    assert_eq!(statements(&with_wasi_guest()), first);
    // The order is that of a hash set, not that of the numbers.
    let rows: Vec<&String> = first.iter().filter(|statement| statement.contains(": row ")).collect();
    assert!(
        rows.iter().enumerate().any(|(number, row)| !row.contains(&format!("'{number}: row {number}'"))),
        "{rows:?}"
    );
}

/// Without a server the clock is the same as well, so that two scripts are equal to the byte.
#[test]
fn two_scripts_are_equal() {
    let script = || with_wasi_guest().host(&["upgrade", "head", "--sql"]).success().stdout;
    let first = script();
    assert!(first.contains("a random number"), "{first}");
    assert_eq!(script(), first);
}

/// Also an exit that claims success is none: it has told nothing of what it did.
#[test]
fn an_exit_is_a_failure() {
    for code in ["0", "1"] {
        let project = with_wasi_guest();
        let output = project.host(&["-x", &format!("exit={code}"), "upgrade", "head"]).with_code(1);
        assert_eq!(project.database.query("SELECT to_regclass('before_the_exit') IS NULL"), "t");
        assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
        assert!(output.stderr.contains(&format!("\n  it called exit({code})\n")), "{}", output.stable());
        project.host(&["upgrade", "head"]).success();
    }
}

#[test]
fn a_core_module_that_wants_something_is_refused_by_name() {
    let imports = [
        "(import \"env\" \"foo\" (func))",
        "(import \"wasi_unstable\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))",
    ];
    for import in imports {
        let project = TestProject::new();
        project.write("migrations/wasi/migration.toml", "revision = \"a1\"\n");
        let module = wat::parse_str(format!("(module {import})")).expect("valid text");
        std::fs::write(project.path("migrations/wasi/guest.wasm"), module).expect("a module");
        assert_output!(project.refuses(1, &["build"]));
    }
}

/// What C with stdio and Go are made into: a core module for the first preview of WASI, without a word about its world.
#[test]
fn a_core_module_for_the_first_preview_of_wasi_runs() {
    let module = wat::parse_str(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "hello from a core module\n")
            ;; One buffer: where it begins, and its length.
            (data (i32.const 0) "\10\00\00\00\19\00\00\00")
            (func (export "host:migration/migration@0.1.0#upgrade") (result i32)
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.const 64))
            (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 64)))"#,
    )
    .expect("valid text");
    let project = TestProject::new();
    project.binary("a1", &module);
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).success();
    assert!(output.stdout.contains("hello from a core module"), "{}", output.stable());
    project.host(&["downgrade", "base"]).success();
}
