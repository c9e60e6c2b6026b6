//! COPY … FROM stdin with its data in a SQL file, as pg_dump writes it.

use std::fmt::Write as _;

use crate::harness::Output;
use crate::harness::TestDatabase;
use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::can_dump;

const TABLE: &str = "CREATE TABLE guests (id int PRIMARY KEY, note text)";

/// Texts that mean something to COPY, to psql or to the scanner of SQL.
const TEXTS: [&str; 12] = [
    "plain",
    "it's; \"quoted\" $$ /* (",
    "a\tb\nc\rd\\e",
    "\\N",
    "\\.",
    "\n\\.\n",
    "-- downgrade",
    "größer ☃ \u{1f600}",
    "",
    "`date`",
    "\\! touch ran",
    ":name :'name'",
];

/// A project with one migration, `migrations/a.sql`: its first statement makes a table.
fn project(metadata: &str, upgrade: &str, downgrade: &str) -> TestProject {
    let project = TestProject::new();
    project.write(
        "migrations/a.sql",
        &format!(
            "-- /// migration\n-- revision = \"a\"\n{metadata}-- ///\n-- upgrade\n{TABLE};\n{upgrade}\n-- downgrade\n{downgrade}\
             DROP TABLE guests;\n"
        ),
    );
    project
}

fn not_built(metadata: &str, upgrade: &str) -> Output {
    project(metadata, upgrade, "").refuses(1, &["build"])
}

/// Fills a table with [`TEXTS`], and gives what pg_dump writes of it.
fn dumped(database: &TestDatabase) -> String {
    database.query(TABLE);
    for (id, text) in TEXTS.iter().enumerate() {
        let tag = "$text$";
        database.query(&format!("INSERT INTO guests VALUES ({id}, {tag}{text}{tag})"));
    }
    database.query("INSERT INTO guests VALUES (99, NULL)");
    let output = std::process::Command::new("pg_dump")
        .args(["--data-only", "--no-owner", "--dbname", &database.url()])
        .output()
        .expect("pg_dump runs");
    let dump = String::from_utf8(output.stdout).expect("UTF-8");
    let start = dump.find("COPY ").expect("a COPY");
    let end = start + dump[start..].find("\n\\.\n").expect("its end") + "\n\\.\n".len();
    dump[start..end].to_owned()
}

const ROWS: &str = "SELECT md5(string_agg(id || coalesce(note, 'NULL'), ',' ORDER BY id)) FROM guests";

#[test]
fn what_pg_dump_writes_is_read() {
    if !can_dump() {
        return;
    }
    let origin = TestDatabase::new();
    let copy = dumped(&origin);
    assert!(copy.starts_with("COPY public.guests (id, note) FROM stdin;\n"), "{copy}");
    let project = project("", &copy, "");
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).success());
    assert_eq!(project.database.query(ROWS), origin.query(ROWS));
    project.host(&["downgrade", "base"]).success();

    // As a script, too, with psql.
    let script = project.host(&["upgrade", "head", "--sql"]).success().stdout;
    assert!(!script.contains("Another program can run it"), "{script}");
    project.write("script.sql", &script);
    let file = project.path("script.sql");
    let psql = project.database.psql().arg("-f").arg(&file).output().expect("psql runs");
    assert!(psql.status.success(), "{}", String::from_utf8_lossy(&psql.stderr));
    assert_eq!(project.database.query(ROWS), origin.query(ROWS));
}

/// Where somebody makes psql go on after an error, the data of a COPY that failed are its input.
#[test]
fn data_of_a_copy_that_failed_run_nothing() {
    let data = "1\t\\\\! touch ran\n2\t'; COMMIT; CREATE TABLE evil (); --\n3\t`touch ran`\n4\t\"$$ \\\\g |touch ran\n";
    let project = project("", &format!("COPY nowhere FROM stdin;\n{data}\\.\n"), "");
    project.host(&["build"]).success();
    let script = project.host(&["upgrade", "head", "--sql"]).success().stdout;
    let script = script.replace("ON_ERROR_STOP on", "ON_ERROR_STOP off");
    project.write("script.sql", &script);
    let mut psql = project.database.psql();
    let output = psql.args(["-v", "ON_ERROR_STOP=0", "-f", "script.sql"]).current_dir(project.path(".")).output();
    let said = String::from_utf8_lossy(&output.expect("psql runs").stderr).into_owned();
    assert!(said.contains("relation \"nowhere\" does not exist"), "{said}");
    assert!(!project.path("ran").exists(), "{said}");
    assert_eq!(project.database.query("SELECT to_regclass('evil') IS NULL, to_regclass('guests') IS NULL"), "t|t");
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0", "{said}");
}

#[test]
fn both_directions_csv_and_empty_data() {
    let project = project(
        "",
        "COPY guests (note, id) FROM STDIN WITH (FORMAT csv, HEADER); -- from a spreadsheet\nnote,id\n\"a, b\",1\n\"it's\n-- downgrade\",2\n\\.\n\
         COPY guests FROM stdin;\n\\.\n",
        "CREATE TABLE kept (id int);\nCOPY kept FROM stdin WHERE id > 1;\n1\n2\n\\.\n",
    );
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).success();
    assert!(output.stdout.contains("3 statements, 2 rows"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT id, note FROM guests ORDER BY id"), "1|a, b\n2|it's\n-- downgrade");
    project.host(&["downgrade", "base"]).success();
    assert_eq!(project.database.query("SELECT id FROM kept"), "2");
    // A script has data as text.
    assert_output!(project.host(&["upgrade", "head", "--sql"]).with_code(1));
}

#[test]
fn a_row_that_the_server_does_not_take() {
    let upgrade = "SELECT 'größer';\nCOPY guests (id, note) FROM stdin;\n1\tone\n2\ttwo\nthree\t3\n\\.\n";
    let project = project("", upgrade, "");
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query("SELECT to_regclass('guests') IS NULL"), "t");
    let json = project.host(&["--json", "upgrade", "head"]).with_code(1);
    assert_eq!(json.json_lines().pop().expect("a last line")["error"]["kind"], "statement-failed");
    // A correction is all that it needs.
    let text = std::fs::read_to_string(project.path("migrations/a.sql")).expect("a file").replace("three\t", "3\t");
    project.write("migrations/a.sql", &text);
    project.host(&["upgrade", "head", "--build"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM guests"), "3");
}

#[test]
fn a_copy_that_cannot_begin() {
    let project = project("", "COPY guests (id, name) FROM stdin;\n1\tone\n\\.\n", "");
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn what_is_refused_by_the_build() {
    assert_output!(not_built("", "COPY guests FROM stdin;\n1\tone\n"));
    assert_output!(not_built("", "COPY guests FROM stdin; SELECT 1;\n1\tone\n\\.\n"));
    assert_output!(not_built("-- asks = [\"schema\"]\n", "COPY guests FROM stdin;\n1\tone\n\\.\n"));
    assert_output!(not_built("", "COPY guests FROM stdin (FORMAT binary);\n1\tone\n\\.\n"));
    assert_output!(not_built("", "COPY guests FROM stdin (FORMAT csv, DELIMITER ';');\n1;one\n\\.\n"));
    assert_output!(not_built("", "COPY guests FROM '/etc/passwd';\n"));
    assert_output!(not_built("-- transaction = \"none\"\n", "COPY guests FROM stdin;\n1\tone\n\\.\n"));
}

/// The driver does not read while it sends: what a trigger says to each row would fill the way back.
#[test]
fn a_trigger_that_says_something_to_each_row() {
    let mut data = String::new();
    for id in 0..60_000 {
        let _ = writeln!(data, "{id}\tx");
    }
    let upgrade = format!(
        "CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'this is row % of many', NEW.id; RETURN NEW; \
         END $$;\nCREATE TRIGGER say BEFORE INSERT ON guests FOR EACH ROW EXECUTE FUNCTION say();\nSET client_min_messages = warning;\n\
         COPY guests FROM stdin;\n{data}\\.\n\
         CREATE TABLE level AS SELECT current_setting('client_min_messages') AS level;\n"
    );
    let project = project("-- asks = [\"data\", \"schema\", \"function\"]\n", &upgrade, "DROP TABLE level;\n");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*), (SELECT level FROM level) FROM guests"), "60000|warning");
}
