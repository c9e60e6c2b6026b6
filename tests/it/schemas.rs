//! `host diff`, `check`, `drift`, `verify` and `revision --autogenerate`: schemas, compared on shadow databases.

use rustix::process::Signal;

use crate::harness::Output;
use crate::harness::SUPERUSER;
use crate::harness::TestDatabase;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::can_dump;

/// What the shop sells, and who buys it.
const SHOP: &str = "CREATE VIEW shop.open AS SELECT id FROM shop.orders WHERE paid IS NULL;\n\
     CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES shop.customers, paid date);\n\
     CREATE TABLE shop.customers (id bigint PRIMARY KEY, name text NOT NULL);\n\
     CREATE SCHEMA shop;\n";

/// How many shadows are on the server that nobody holds the lock of: left behind by a command that has ended. A command that is just
/// being ended drops its own in a moment.
fn left_behind(database: &TestDatabase) -> String {
    let sql = "SELECT count(*) FROM pg_database AS d WHERE d.datname LIKE 'host\\_shadow\\_%' AND d.datname NOT LIKE '%deadbeef' \
               AND NOT EXISTS (SELECT 1 FROM pg_locks AS l WHERE l.locktype = 'advisory' \
               AND lpad(to_hex(l.objid::int8), 8, '0') = right(d.datname, 8))";
    let started = std::time::Instant::now();
    loop {
        let count = database.admin(sql);
        if count == "0" || started.elapsed().as_secs() > 20 {
            return count;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// A project whose only migration, written by host, makes the shop.
fn shop() -> TestProject {
    let project = TestProject::new();
    project.compare_with("schema.sql", SHOP);
    project.host(&["revision", "--autogenerate", "-m", "the shop", "--rev-id", "shop"]).success();
    project.host(&["build"]).success();
    project
}

/// Only file of the migrations whose name ends like this.
fn migration(project: &TestProject, end: &str) -> (String, String) {
    let entries = std::fs::read_dir(project.path("migrations")).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.retain(|name| name.ends_with(end));
    assert_eq!(names.len(), 1, "{names:?}");
    let path = format!("migrations/{}", names[0]);
    let text = std::fs::read_to_string(project.path(&path)).expect("the migration");
    (path, text)
}

/// A migration in which everything is decided.
fn decided(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("-- decide:")).map(|line| format!("{line}\n")).collect()
}

/// The output without times.
fn without_times(output: Output) -> Output {
    let text = format!("{}{}", output.stdout, output.stderr);
    let times: Vec<_> = text
        .split(|character: char| !(character.is_ascii_digit() || "-:TZ_".contains(character)))
        .filter(|word| word.starts_with("20") && word.len() >= 12)
        .map(|word| (word.trim_end_matches('_').to_owned(), "[time]"))
        .collect();
    output.replace(&times)
}

#[test]
fn models_become_a_migration_that_goes_up_and_down() {
    let project = TestProject::new();
    project.compare_with("schema.sql", SHOP);
    assert_output!(project.host(&["check"]).with_code(3));
    let arguments = ["revision", "--autogenerate", "-m", "the shop", "--rev-id", "shop"];
    assert_output!(without_times(project.host(&[&arguments[..], &["--dry-run"]].concat()).success()));
    assert_eq!(std::fs::read_dir(project.path("migrations")).expect("a folder").count(), 0);
    assert_output!(without_times(project.host(&arguments).success()));
    project.host(&["build"]).success();
    assert_output!(project.host(&["check"]).success());
    // Nothing to do writes nothing.
    assert_output!(project.host(&["revision", "--autogenerate"]).success());
    assert_eq!(std::fs::read_dir(project.path("migrations")).expect("a folder").count(), 1);

    let before = can_dump().then(|| project.database.dump(&["--schema-only"]));
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("INSERT INTO shop.customers VALUES (1, 'x'); TABLE shop.open"), "");
    assert_output!(project.host(&["drift"]).success());
    project.host(&["downgrade", "base"]).success();
    let tables_of_host = ["--exclude-table=host_*"];
    if let Some(before) = before {
        assert_eq!(project.database.dump(&[&["--schema-only"][..], &tables_of_host].concat()), before);
    }
    assert_eq!(left_behind(&project.database), "0");
}

#[test]
fn programs_read_what_a_migration_does() {
    let project = shop();
    let models = SHOP.replace("paid date", "paid timestamptz").replace(", name text NOT NULL", "");
    project.write("schema.sql", &models);
    let check = project.host(&["--json", "check"]).with_code(3).json();
    let signs: Vec<_> =
        check["changes"].as_array().expect("changes").iter().map(|change| change["sign"].clone()).collect();
    assert_eq!((check["equal"].as_bool(), signs), (Some(false), vec!["removed".into(), "changed".into()]), "{check}");
    let written = project.host(&["--json", "revision", "--autogenerate", "-m", "x"]).success().json();
    let migration = &written["migrations"][0];
    assert_eq!(written["event"], "generated");
    assert_eq!(migration["unproved"].as_array().map(Vec::len), Some(0), "{written}");
    let locks: Vec<_> =
        migration["upgrade"]["locks"].as_array().expect("locks").iter().map(ToString::to_string).collect();
    assert!(locks.iter().any(|lock| lock.contains("shop.orders: ACCESS EXCLUSIVE, rewrites the table")), "{locks:?}");
    let actions = migration["upgrade"]["actions"].as_array().expect("actions");
    assert!(
        actions.iter().any(|action| action["loss"].as_str().is_some_and(|loss| loss.contains("shop.customers.name")))
    );
}

#[test]
fn two_schemas_need_no_project() {
    let project = TestProject::new();
    project.write("elsewhere/old.sql", "CREATE TABLE t (id int);\nCREATE INDEX ON t (id);\n");
    project.write(
        "elsewhere/new.sql",
        "\\restrict x\nSET search_path = public;\nCREATE TABLE t (id int NOT NULL);\n\\unrestrict x\n",
    );
    let url = project.database.url();
    let diff = |more: &[&str]| {
        let arguments = ["diff", "--from", "old.sql", "--to", "new.sql", "--shadow-url", &url];
        let mut command = project.command(&[&arguments[..], more].concat());
        std::fs::remove_file(project.path("host.toml")).ok();
        command.current_dir(project.path("elsewhere"));
        project.run(command)
    };
    assert_output!(diff(&[]).success());
    assert_output!(diff(&["--sql"]).success());
    let facts: serde_json::Value = diff(&["--json"]).success().json();
    assert_eq!(facts["changes"].as_array().map(Vec::len), Some(2), "{facts}");
    // Between databases no shadow is needed.
    project.database.query("CREATE TABLE t (id int)");
    let other = TestDatabase::new();
    let mut command = project.command(&["diff", "--from", &url, "--to", &other.url()]);
    command.current_dir(project.path("elsewhere"));
    assert_output!(project.run(command).success());
    // Without a project there is no development cluster for files.
    let mut command = project.command(&["diff", "--from", "old.sql", "--to", "new.sql"]);
    command.current_dir(project.path("elsewhere"));
    assert_output!(project.run(command).with_code(1));
}

#[test]
fn what_was_changed_by_hand_is_found_and_nothing_is_written() {
    let project = shop();
    project.host(&["upgrade", "head"]).success();
    project
        .database
        .query("CREATE INDEX by_hand ON shop.orders (paid); ALTER TABLE shop.customers ADD COLUMN note text");
    let before = project.database.query("SELECT pg_current_xact_id_if_assigned(), count(*) FROM pg_class");
    assert_output!(project.host(&["drift"]).with_code(3));
    assert_output!(project.host(&["drift", "--sql"]).with_code(3));
    let found = project.host(&["--json", "drift"]).with_code(3).json();
    assert_eq!(found["heads"], serde_json::json!(["shop"]));
    assert_eq!(project.database.query("SELECT pg_current_xact_id_if_assigned(), count(*) FROM pg_class"), before);
    // What belongs to another role than it should is told as well.
    project.database.query("DROP INDEX shop.by_hand; ALTER TABLE shop.customers DROP COLUMN note");
    project.host(&["drift"]).success();
    project.database.admin("ALTER TABLE shop.customers OWNER TO restricted");
    assert_output!(project.host(&["drift"]).with_code(3));
}

#[test]
fn a_database_that_is_ahead_of_the_project_is_told() {
    let project = shop();
    project.host(&["upgrade", "head"]).success();
    project.database.query("INSERT INTO host_version VALUES ('unknown')");
    assert_output!(project.host(&["drift"]).with_code(1));
}

#[test]
fn what_a_person_has_to_decide_stops_the_build() {
    let project = shop();
    project.write("schema.sql", &SHOP.replace("name text NOT NULL", "name text NOT NULL, born date NOT NULL"));
    assert_output!(without_times(
        project.host(&["revision", "--autogenerate", "-m", "born", "--rev-id", "born"]).success()
    ));
    let (path, text) = migration(&project, "born.sql");
    assert!(text.contains("\n-- decide: "), "{text}");
    assert_output!(without_times(project.host(&["build"]).with_code(1)));
    project.write(&path, &decided(&text));
    project.host(&["build"]).success();
    project.host(&["check"]).success();
}

#[test]
fn a_rename_is_never_guessed() {
    let project = shop();
    project.write("schema.sql", &SHOP.replace("name text", "full_name text"));
    assert_output!(without_times(
        project.host(&["revision", "--autogenerate", "-m", "x", "--rev-id", "x", "--dry-run"]).success()
    ));
    let rename =
        ["revision", "--autogenerate", "-m", "x", "--rev-id", "x", "--rename", "shop.customers.name=full_name"];
    project.host(&rename).success();
    let (_, text) = migration(&project, "_x.sql");
    assert!(
        text.contains("RENAME COLUMN name TO full_name") && text.contains("RENAME COLUMN full_name TO name"),
        "{text}"
    );
    project.host(&["build"]).success();
    project.host(&["check"]).success();
    assert_output!(project.host(&["revision", "--autogenerate", "--rename", "shop.nothing=x"]).with_code(1));
    assert_output!(project.host(&["revision", "--autogenerate", "--rename", "shop"]).with_code(2));
    assert_output!(project.host(&["revision", "--rename", "shop.a=shop.b"]).with_code(2));
}

#[test]
fn each_migration_goes_up_down_and_up() {
    let project = TestProject::with_three_tables();
    project.compare_by("");
    assert_output!(project.host(&["verify"]).success());
    assert_output!(project.host(&["verify", "b"]).success());
    assert_output!(project.host(&["verify", "b:c"]).success());
    let events = project.host(&["--json", "verify"]).success().json_lines();
    assert_eq!((events.len(), events[3]["verified"].as_u64()), (4, Some(3)));
    assert_eq!(left_behind(&project.database), "0");
}

#[test]
fn branches_and_merges_are_taken_back_one_by_one() {
    let project = TestProject::with_three_tables();
    project.compare_by("");
    project.sql("d", Some("a"), "CREATE TABLE table_d (id int)", "DROP TABLE table_d");
    project.sql("z", None, "CREATE TABLE table_z (id int)", "DROP TABLE table_z");
    project.sql("e", Some("b"), "CREATE TABLE table_e (id int)", "DROP TABLE table_e");
    project.host(&["merge", "c", "d", "--rev-id", "merge"]).success();
    project.host(&["build"]).success();
    let output = project.host(&["verify"]).success();
    assert!(output.stderr.contains("7 migrations verified\n"), "{}", output.stable());
}

#[test]
fn a_downgrade_that_forgets_something_is_named_with_it() {
    let project = TestProject::new();
    project.compare_by("");
    project.sql(
        "a",
        None,
        "CREATE TABLE t (id int);\nCREATE INDEX i ON t (id);\nCREATE TYPE e AS ENUM ('x')",
        "DROP TABLE t",
    );
    project.sql("b", Some("a"), "ALTER TABLE t ADD COLUMN n int NOT NULL", "ALTER TABLE t DROP COLUMN n");
    project.host(&["build"]).success();
    // The second upgrade fails, so nothing after it can be tried.
    assert_output!(project.host(&["verify"]).with_code(3));
    project.sql("a", None, "CREATE TABLE t (id int);\nCREATE INDEX i ON t (id)", "DROP INDEX i");
    project.host(&["build"]).success();
    assert_output!(project.host(&["verify", "a"]).with_code(3));
}

#[test]
fn rows_are_kept_and_what_fails_on_them_is_noted() {
    let project = TestProject::new();
    project.compare_by("");
    project.sql("a", None, "CREATE TABLE t (id int NOT NULL)", "DROP TABLE t");
    project.sql("b", Some("a"), "ALTER TABLE t ADD COLUMN n int NOT NULL", "ALTER TABLE t DROP COLUMN n");
    project.sql(
        "c",
        Some("b"),
        "CREATE TABLE u (id int); INSERT INTO u SELECT id FROM t; DROP TABLE t; CREATE TABLE t (id int NOT NULL, n int NOT NULL)",
        "INSERT INTO t SELECT id, 1 FROM u; DROP TABLE u",
    );
    project.sql(
        "d",
        Some("c"),
        "ALTER TABLE t ADD CHECK (n > 0)",
        "DELETE FROM t; ALTER TABLE t DROP CONSTRAINT t_n_check",
    );
    project.write("seeds/b.sql", "INSERT INTO t VALUES (1, 2), (2, 3);\n");
    project.host(&["build"]).success();
    assert_output!(project.host(&["verify"]).with_code(3));
    project.write("seeds/b.sql", "INSERT INTO nowhere VALUES (1);\n");
    let output = project.host(&["verify", "b"]).with_code(3);
    assert!(
        output.stdout.contains("seeds/b.sql:1: relation \"nowhere\" does not exist (42P01)"),
        "{}",
        output.stable()
    );
}

#[test]
fn what_cannot_be_taken_back_is_said() {
    let project = TestProject::new();
    project.compare_by("");
    project.write(
        "migrations/a.sql",
        "-- /// migration\n-- revision = \"a\"\n-- ///\n-- upgrade\nCREATE TABLE t ();\n-- downgrade: irreversible\n",
    );
    project.host(&["build"]).success();
    assert_output!(project.host(&["verify"]).success());
}

#[test]
fn models_that_do_not_load_are_told_with_their_place() {
    let project = TestProject::new();
    for (models, file) in [
        (
            "CREATE TABLE a (id int);\nCREATE TABLE b (\n    id int,\n    x nosuch\n);\nCREATE TABLE c (id int REFERENCES d);\n",
            "models.sql",
        ),
        ("CREATE TABLE a (id int);\n\nCREATE TABL b ();\n", "models.sql"),
        ("CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\n", "models.sql"),
        ("CREATE TABLE a (id int);\nBEGIN;\n", "models.sql"),
        ("CREATE TABLE a ();\nGRANT SELECT ON a TO nobody_of_this_name;\n", "models.sql"),
        ("CREATE TABLE a ();\nCREATE TABLE a ();\n", "models.sql"),
    ] {
        project.compare_with(file, models);
        assert_output!(project.host(&["check"]).with_code(1));
    }
    // The server says where its extensions are.
    project.compare_with("models.sql", "CREATE EXTENSION nosuch;\n");
    let output = project.host(&["check"]).with_code(1);
    assert!(
        output.stderr.contains("models.sql:1: extension \"nosuch\" is not available (0A000)"),
        "{}",
        output.stable()
    );
    project.compare_by("files = [\"nowhere/*.sql\"]");
    assert_output!(project.host(&["check"]).with_code(1));
    project.compare_by("");
    assert_output!(project.host(&["check"]).with_code(1));
    assert_eq!(left_behind(&project.database), "0");
}

#[test]
fn a_program_prints_the_models() {
    let project = TestProject::new();
    project.compare_by("command = [\"sh\", \"-c\", \"cat models.txt; echo to a person >&2\"]");
    project.write("models.txt", "CREATE TABLE a (id int);\n");
    assert_output!(project.host(&["check"]).with_code(3));
    project.write("models.txt", "CREATE TABLE a (\n  id nosuch);\n");
    assert_output!(project.host(&["check"]).with_code(1));
    project.compare_by("command = [\"sh\", \"-c\", \"echo no module named app >&2; exit 7\"]");
    assert_output!(project.host(&["revision", "--autogenerate"]).with_code(1));
    project.compare_by("command = [\"no-such-program\"]");
    assert_output!(project.host(&["check"]).with_code(1));
    project.compare_by("command = [\"true\"]");
    assert_output!(project.host(&["check"]).with_code(1));
    assert_eq!(std::fs::read_dir(project.path("migrations")).expect("a folder").count(), 0);
}

#[test]
fn a_shadow_that_cannot_be_made_says_which_right_is_missing() {
    let project = TestProject::new();
    project.compare_with("models.sql", "CREATE TABLE a ();\n");
    let url = project.database.url_for("restricted");
    assert_output!(project.host(&["check", "--shadow-url", &url]).with_code(1));
    assert_output!(project.host(&["check", "--shadow-url", "postgres://x@127.0.0.1:1/x"]).with_code(1));
    assert_output!(project.host(&["check", "--shadow-url", "mysql://x"]).with_code(1));
}

#[test]
fn two_heads_are_told_before_anything_is_made() {
    let project = TestProject::with_three_tables();
    project.sql("d", Some("a"), "CREATE TABLE table_d (id int)", "DROP TABLE table_d");
    project.host(&["build"]).success();
    project.compare_with("models.sql", "CREATE TABLE other ();\n");
    assert_output!(project.host(&["revision", "--autogenerate", "-m", "x"]).with_code(1));
    project.host(&["revision", "--autogenerate", "-m", "x", "--head", "c"]).success();
}

/// What is text in one language may end a text in another.
const QUOTED: &str = "CREATE TABLE things (name text DEFAULT 'a \\ `b` ${c} \"d\" \"\"\" \"#');\n\
     COMMENT ON TABLE things IS 'it''s \\n \"\"\" ??/ %d\n// \\\nü \u{feff}';\n";

#[test]
fn a_migration_may_be_in_another_language() {
    for (language, runtime) in [
        ("python", Some("python")),
        ("javascript", Some("javascript")),
        ("typescript", Some("javascript")),
        ("rust", None),
        ("go", None),
        ("c", None),
    ] {
        let project = runtime.map_or_else(TestProject::sharing_code, TestProject::with_runtime);
        project.compare_with("schema.sql", QUOTED);
        project.host(&["revision", "--autogenerate", "-m", "things", "--lang", language]).success();
        project.host(&["build"]).success();
        project.host(&["upgrade", "head"]).success();
        project.host(&["check"]).success();
        project.host(&["downgrade", "base"]).success();
        // What a person has to decide is said in SQL.
        project.host(&["upgrade", "head"]).success();
        project.write("schema.sql", "CREATE TABLE things (name text, number int NOT NULL);\n");
        let refused = project.host(&["revision", "--autogenerate", "-m", "more", "--lang", language]).with_code(1);
        assert!(refused.stderr.contains("has to be decided"), "{}", refused.stable());
    }
}

#[test]
fn what_a_killed_run_left_behind_is_dropped() {
    let project = shop();
    let old = "host_shadow_00000001_deadbeef";
    project.database.query(&format!("CREATE DATABASE {old}"));
    project.host(&["check"]).success();
    assert_eq!(project.database.query(&format!("SELECT count(*) FROM pg_database WHERE datname = '{old}'")), "0");
}

#[test]
fn a_signal_leaves_nothing_behind() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let project = TestProject::with_a_long_statement();
        project.compare_by("");
        let running = project.start(&["verify"]);
        let shadow = shadow_that_sleeps(&project, 60);
        running.signal(signal);
        let _ = running.wait().with_code(code);
        let is_there = format!("SELECT count(*) FROM pg_database WHERE datname = '{shadow}'");
        assert_eq!(project.database.admin(&is_there), "0");
    }
}

#[test]
fn a_session_that_may_not_be_ended_is_waited_for() {
    let project = TestProject::new();
    // Another number than in other tests on the same server.
    project.sql("a", None, "SELECT pg_sleep(61)", "SELECT 1");
    project.host(&["build"]).success();
    project.compare_by("");
    let running = project.start(&["verify"]);
    let shadow = shadow_that_sleeps(&project, 61);
    // As the autovacuum worker of the server is: nobody but a superuser may end it.
    let mut psql = std::process::Command::new("psql")
        .args(["-XqAt", "-d", &project.database.url_of(SUPERUSER, &shadow), "-c", "SELECT pg_sleep(2)"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("psql runs");
    project.database.wait_until(&format!(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = '{shadow}' AND usename = '{SUPERUSER}'"
    ));
    running.signal(Signal::INT);
    let _ = running.wait().with_code(130);
    assert_eq!(project.database.admin(&format!("SELECT count(*) FROM pg_database WHERE datname = '{shadow}'")), "0");
    assert!(psql.wait().expect("psql ends").success());
}

/// The name of the shadow database in which a long statement runs.
fn shadow_that_sleeps(project: &TestProject, seconds: u32) -> String {
    let is_asleep = format!(
        "SELECT datname FROM pg_stat_activity WHERE query LIKE '%pg_sleep({seconds})%' AND datname LIKE 'host\\_shadow\\_%'"
    );
    let started = std::time::Instant::now();
    loop {
        let found = project.database.admin(&is_asleep);
        if let Some(name) = found.lines().next() {
            return name.to_owned();
        }
        assert!(started.elapsed().as_secs() < 60, "the shadow was not reached");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_template_is_made_once_and_again_when_its_inputs_change() {
    let project = shop();
    // By the project's folder.
    let folder = std::fs::canonicalize(project.path(".")).expect("a folder");
    let key = host::digest::Digest::of(folder.to_string_lossy().as_bytes()).to_string();
    let kept = || {
        project.database.admin(&format!(
            "SELECT oid FROM pg_database WHERE shobj_description(oid, 'pg_database') LIKE 'host: project {}, %' ORDER BY oid",
            &key[..16]
        ))
    };
    project.write("schema.sql", &format!("{SHOP}COMMENT ON SCHEMA shop IS '{}';\n", folder.display()));
    let _ = project.host(&["check"]).with_code(3);
    let before = kept();
    assert!(!before.is_empty());
    let _ = project.host(&["check"]).with_code(3);
    assert_eq!(kept(), before);
    project.write("schema.sql", &format!("{SHOP}COMMENT ON SCHEMA shop IS '{}, again';\n", folder.display()));
    let _ = project.host(&["check"]).with_code(3);
    assert_ne!(kept(), before);
}

#[test]
fn what_runs_in_no_transaction_is_a_migration_of_its_own() {
    let project = shop();
    let models = SHOP.replace("name text NOT NULL", "name text NOT NULL, born date");
    project.write("schema.sql", &format!("{models}CREATE INDEX orders_paid ON shop.orders (paid);\n"));
    let arguments = ["--json", "revision", "--autogenerate", "-m", "born", "--rev-id", "last", "--online"];
    let written = project.host(&arguments).success().json();
    let migrations = written["migrations"].as_array().expect("migrations");
    let transactions: Vec<_> = migrations.iter().map(|migration| migration["transaction"].as_bool()).collect();
    assert!(transactions.contains(&Some(true)) && transactions.contains(&Some(false)), "{written}");
    assert_eq!(migrations.last().expect("one")["revision"], "last");
    let alone =
        migrations.iter().find(|migration| migration["transaction"] == false).expect("one without a transaction");
    let text = alone["text"].as_str().expect("a text");
    assert!(text.contains("\n-- transaction = \"none\"\n") && text.contains("CREATE INDEX CONCURRENTLY"), "{text}");
    assert!(text.contains("DROP INDEX CONCURRENTLY"), "{text}");
    project.host(&["build"]).success();
    project.host(&["check"]).success();
    project.host(&["verify"]).success();
    project.host(&["upgrade", "head"]).success();
    project.host(&["drift"]).success();
    project.host(&["downgrade", "shop"]).success();
    project.host(&["drift"]).success();
}

#[test]
fn what_needs_something_committed_before_it_comes_after_it() {
    let project = TestProject::new();
    let models = "CREATE TYPE state AS ENUM ('new');\nCREATE TABLE t (id int, state state DEFAULT 'new');\n";
    project.compare_with("schema.sql", models);
    project.host(&["revision", "--autogenerate", "-m", "first"]).success();
    project
        .write("schema.sql", &models.replace("('new')", "('new', 'done')").replace("DEFAULT 'new'", "DEFAULT 'done'"));
    project.host(&["build"]).success();
    let written = project.host(&["--json", "revision", "--autogenerate", "-m", "done"]).success().json();
    let migrations = written["migrations"].as_array().expect("migrations");
    assert_eq!(migrations.len(), 2, "{written}");
    // What a downgrade does to rows with the new value is for a person.
    for migration in migrations {
        let text = migration["text"].as_str().expect("a text");
        project.write(migration["file"].as_str().expect("a file"), &decided(text));
    }
    project.host(&["build"]).success();
    project.host(&["verify"]).success();
    project.host(&["check"]).success();
}
