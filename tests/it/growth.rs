//! What every run costs stays the same over the years: the log table and the build folder only grow otherwise.

use crate::harness::TestProject;

/// A log that is this long is read in part.
const MANY_ROWS: u32 = 100_000;

/// Rows of the log of some other revision, as if it had been upgraded to again and again.
fn age(project: &TestProject) {
    project.database.query(&format!(
        "INSERT INTO host_log (id, revision, direction, outcome, source_digest, started_at, finished_at, statements, rows, \
         database_user, host_version) SELECT id + (SELECT max(id) FROM host_log), 'x', 'upgrade', 'done', 'x', now(), now(), \
         0, 0, 'x', 'x' FROM generate_series(1, {MANY_ROWS}) AS id"
    ));
}

/// How many rows of the log the server has read so far, once no session of host is left that could count more.
fn rows_read(project: &TestProject) -> i64 {
    project.database.wait_until(
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'host %'",
    );
    let read = "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'host_log'";
    project.database.query(read).parse().expect("a number")
}

#[test]
fn a_long_log_is_not_read_to_its_end() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    age(&project);
    let mut before = rows_read(&project);
    let mut read_since = || {
        let now = rows_read(&project);
        now - std::mem::replace(&mut before, now)
    };
    for arguments in [["upgrade", "b"], ["history", "-i"]] {
        project.host(&arguments).success();
        let read = read_since();
        // The last rows, and one for each of the two that these say nothing of.
        assert!((100..150).contains(&read), "{arguments:?} read {read} rows");
    }
    // With a step, what was read before the lock is not read again under it.
    project.host(&["upgrade", "head"]).success();
    let read = read_since();
    assert!((100..150).contains(&read), "a step read {read} rows");
}

#[test]
fn a_migration_that_was_changed_is_found_in_a_long_log() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    age(&project);
    project.sql("a", None, "CREATE TABLE table_a (id bigint)", "DROP TABLE table_a");
    project.host(&["build"]).success();
    for index in [true, false] {
        let output = project.host(&["upgrade", "head"]).with_code(1);
        assert!(output.stderr.contains("migrations/a.sql"), "{}", output.stable());
        let history = project.host(&["--json", "history", "-i"]).success().json();
        let changed = history["history"].as_array().expect("revisions").iter().filter(|one| one["changed"] == true);
        assert_eq!(changed.map(|one| one["revision"].as_str().expect("an id")).collect::<Vec<_>>(), ["a"]);
        if index {
            // The same without what makes it fast.
            project.database.query("ALTER TABLE host_log DROP CONSTRAINT host_log_revision_id_key");
        }
    }
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
}

/// Columns of the indexes of the log.
const INDEXES: &str = "SELECT string_agg(regexp_replace(indexdef, '.*\\((.*)\\)', '\\1'), '; ' ORDER BY indexdef) FROM pg_indexes \
     WHERE tablename = 'host_log'";

#[test]
fn a_log_of_an_earlier_version_gets_its_index() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    assert_eq!(project.database.query(INDEXES), "id; revision, id");
    project.database.query("ALTER TABLE host_log DROP CONSTRAINT host_log_revision_id_key");
    // Whatever has its name.
    project.database.query("CREATE TABLE host_log_revision_id_idx ()");

    // Who does not own the table goes on without.
    project.database.query(
        "GRANT CREATE ON SCHEMA public TO restricted; GRANT SELECT, INSERT, DELETE ON host_version TO restricted; \
         GRANT SELECT, INSERT ON host_log TO restricted; GRANT SELECT, INSERT, UPDATE, DELETE ON host_journal TO restricted",
    );
    project.host(&["--url", &project.database.url_for("restricted"), "upgrade", "b"]).success();
    assert_eq!(project.database.query(INDEXES), "id");

    // Reading makes none.
    project.host(&["upgrade", "b"]).success();
    assert_eq!(project.database.query(INDEXES), "id");
    project.host(&["upgrade", "c"]).success();
    assert_eq!(project.database.query(INDEXES), "id; revision, id");
    project.host(&["downgrade", "base"]).success();
    assert_eq!(project.database.query(INDEXES), "id; revision, id");
}

#[test]
fn building_removes_what_was_built_of_migrations_that_are_gone() {
    let project = TestProject::with_three_tables();
    let component = |id: &str| project.path(&format!(".host/build/{id}.wasm"));
    std::fs::remove_file(project.path("migrations/c.sql")).expect("a file to remove");
    // Only a whole build looks at the others.
    project.host(&["build", "b"]).success();
    project.host(&["build", "--check"]).success();
    project.host(&["upgrade", "--build", "head"]).success();
    assert!(component("c").exists());
    let output = project.host(&["build"]).success();
    assert_eq!(
        output.stderr,
        "note: removed '.host/build/c.wasm': revision c is not among the migrations any more\n\
         note: 0 migrations built, 2 up to date\n"
    );
    assert!(component("a").exists() && component("b").exists() && !component("c").exists());
    std::fs::remove_file(project.path("migrations/b.sql")).expect("a file to remove");
    let output = project.host(&["--json", "build"]).success();
    let first = output.stdout.lines().next().expect("an event");
    let event: serde_json::Value = serde_json::from_str(first).expect("JSON");
    assert_eq!(event, serde_json::json!({"event": "removed", "revision": "b", "file": ".host/build/b.wasm"}));
}
