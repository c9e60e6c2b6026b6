//! `host backfill preview`: what an upgrade would do to rows, of which nothing stays.

use crate::harness::TestProject;

const ROWS: i64 = 20_000;

fn with_guests() -> TestProject {
    let project = TestProject::with_guest("backfill");
    project.database.query(&format!(
        "CREATE TABLE guests (id bigint PRIMARY KEY, phone text NOT NULL, times integer NOT NULL DEFAULT 0); \
         INSERT INTO guests (id, phone) SELECT n * 3, '0 ' || n FROM generate_series(1, {ROWS}) AS n; ANALYZE guests"
    ));
    project
}

/// Everything that a preview could leave behind: rows, relations, types, and the host's own tables.
fn everything(project: &TestProject) -> String {
    project.database.query(
        "SELECT (SELECT md5(string_agg(g::text, ',' ORDER BY id)) FROM guests AS g), \
         (SELECT string_agg(format('%s %s %s', oid, relname, relkind), ',' ORDER BY oid) FROM pg_class), (SELECT count(*) FROM pg_type), \
         (SELECT count(*) FROM pg_attribute), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_depend), \
         (SELECT string_agg(a.pid::text, ',') FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) \
          WHERE a.pid <> pg_backend_pid() AND a.datname = current_database() AND l.locktype = 'relation')",
    )
}

/// Without what depends on the machine: times, sizes, and which ranges were taken at random.
fn stable(text: &str) -> String {
    let line = |line: &str| {
        let known = ["id = 3:", "id = 6:", "id = 59703:", "id = 59706:", "rewritten"];
        if line.trim_start().starts_with("the whole: ") {
            return Some(
                line.split(", ").map(|part| part.split_once("about").map_or(part, |_| part)).take(1).collect(),
            );
        }
        known
            .iter()
            .any(|known| line.contains(known))
            .then(|| line.rsplit_once(" in ").map_or(line, |(line, _)| line).to_owned())
    };
    text.lines().filter_map(line).collect::<Vec<String>>().join("\n")
}

#[test]
fn nothing_of_a_preview_stays() {
    let project = with_guests();
    let before = everything(&project);
    let output = project.host(&["backfill", "preview"]).success();
    assert_eq!(everything(&project), before);
    insta::assert_snapshot!(stable(&output.stdout));
    assert!(output.stdout.contains("  'times' updates public.guests: "), "{}", output.stable());
    assert!(output.stdout.contains("the whole: about 20000 rows, "), "{}", output.stable());
    assert!(output.stdout.contains(" of WAL, "), "{}", output.stable());
    // Once more with the host's tables, and a database in which the same transform runs afterwards.
    project.host(&["ensure-version"]).success();
    let before = everything(&project);
    let json = project.host(&["--json", "backfill", "preview", "--rows", "50"]).success();
    let json = json.json_lines().pop().expect("a document");
    assert_eq!(everything(&project), before);
    let transform = &json["steps"][0]["transforms"][0];
    // A range at random may lie at the end.
    assert!(transform["rows_read"].as_u64().is_some_and(|rows| (100..=250).contains(&rows)), "{transform}");
    assert!(transform["ranges"].as_u64().is_some_and(|ranges| (2..=5).contains(&ranges)), "{transform}");
    // The pages that the first one has filled count until vacuum has been there.
    assert!(transform["estimate"]["rows"].as_u64().is_some_and(|rows| (20_000..25_000).contains(&rows)), "{transform}");
    assert_eq!(transform["rows"][0]["before"]["phone"], "0 1");
    assert_eq!(transform["rows"][0]["after"][0]["phone"], "01");
    assert_eq!(project.database.query("SELECT count(*) FROM host_version, host_journal, host_log"), "0");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_preview_names_rows_that_are_rejected() {
    let project = with_guests();
    let output = project.host(&["-x", "reject-each=60", "backfill", "preview", "--rows", "100"]).with_code(3);
    assert!(output.stdout.contains("id = 60: this row is rejected"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT to_regclass('host_rejected') IS NULL"), "t");
}

/// A whole plan is tried: what stands before the transform, and what comes behind it on rows that are as they were.
#[test]
fn a_preview_tries_what_stands_around_a_transform() {
    for case in ["updates", "inserts", "upserts", "texts", "composite", "partitions"] {
        let project = TestProject::with_guest("transforms");
        let output = project.host(&["-x", &format!("case={case}"), "backfill", "preview", "--rows", "100"]).success();
        // The migration counts what it rewrote, and finds less.
        assert!(
            output.stdout.contains("what comes behind it fails on the rows as they were: "),
            "{case}: {}",
            output.stable()
        );
        assert_eq!(
            project
                .database
                .query("SELECT count(*) FROM pg_class WHERE relname IN ('guests', 'other', 'host_version')"),
            "0"
        );
        if case == "inserts" {
            assert!(
                output.stdout.contains(
                    "    id = 6: {\"id\": 6, \"phone\": \"0 2\"}\n      -> guest = '1000006', digits = '02'\n"
                ),
                "{}",
                output.stable()
            );
        }
    }
}

/// What cannot run in the transaction of a preview is named, not done.
#[test]
fn a_preview_leaves_out_what_cannot_run_in_a_transaction() {
    let project = with_guests();
    let output = project.host(&["-x", "index=1", "backfill", "preview"]).success();
    let said = "  left out, it cannot run in a transaction: CREATE INDEX CONCURRENTLY phones ON guests (phone)\n";
    assert!(output.stdout.contains(said), "{}", output.stable());
    assert_eq!(project.database.query("SELECT to_regclass('phones') IS NULL"), "t");
}

#[test]
fn an_unfinished_step_is_not_previewed() {
    let project = with_guests();
    project.host(&["-x", "reject=30003", "upgrade", "head"]).with_code(1);
    let before = everything(&project);
    let output = project.host(&["backfill", "preview"]).with_code(3);
    assert!(output.stdout.contains("it fails: it is unfinished"), "{}", output.stable());
    assert_eq!(everything(&project), before);
}

#[test]
fn an_upgrade_that_only_looks_says_that_there_is_a_preview() {
    let project = with_guests();
    let output = project.host(&["upgrade", "head", "--dry-run"]).success();
    assert!(output.stdout.contains("`host backfill preview` tries it on some rows"), "{}", output.stable());
}
