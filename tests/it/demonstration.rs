//! The repository's own project: up, down to base, up again, with the same result.

use std::path::Path;
use std::process::Command;

use crate::harness::TestDatabase;
use crate::harness::guests;

/// `host` on the repository's project, on a database of the test.
fn host(database: &TestDatabase, arguments: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO_BIN_EXE_host"))
        .arg("--dir")
        .arg(root)
        .args(arguments)
        .env("HOST_DATABASE_URL", database.url())
        .env("HOST_CACHE_DIR", guests::shared_cache())
        .output()
        .expect("host runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn goes_up_down_to_base_and_up_again() {
    if !crate::harness::can_dump() {
        return;
    }
    let database = TestDatabase::new();
    host(&database, &["build"]);
    let schema =
        || database.dump(&["--exclude-table=host_version", "--exclude-table=host_log", "--exclude-table=host_journal"]);
    let empty = schema();
    host(&database, &["upgrade", "head"]);
    let first = schema();
    assert!(first.contains("CREATE TABLE public.customers"), "{first}");
    let problems = database.query("SELECT count(*) > 0 FROM phone_problems");
    assert_eq!(problems, "t");
    let wrong = "SELECT count(*) FROM customers WHERE phone !~ '^\\+[1-9][0-9]{6,14}$' AND id NOT IN (SELECT customer_id FROM phone_problems)";
    assert_eq!(database.query(wrong), "0");
    host(&database, &["downgrade", "base"]);
    assert_eq!(schema(), empty);
    host(&database, &["upgrade", "head"]);
    assert_eq!(schema(), first);
}
