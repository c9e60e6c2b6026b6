//! Scripts against psql itself: what it sends is what was written down, whatever the statement, the session's settings, psql's
//! variables and its start-up file are. And what runs in another form does what the statement does.

use std::path::Path;
use std::process::Command;

use host::execute::PSQL;
use host::execute::script_statement;
use host::grant::Classes;
use host::grant::Grant;

use crate::harness::TestDatabase;
use crate::harness::dice::Dice;
use crate::harness::listener::Listener;
use crate::harness::listener::Settings;
use crate::harness::wire::Wire;

const COMMANDS: &str = include_str!("../../host/src/sql/guard/commands.txt");
const TRICKS: &str = include_str!("../../host/src/sql/guard/tricks.txt");
const SETUP: &str = include_str!("guard_differential.sql");

/// Texts that made psql run its own commands, or send something else, and others of their kind. `CANARY` stands for commands that
/// leave a trace.
const ATTACKS: [&str; 42] = [
    "SELECT E'a'\n'\\'; CANARY --'",
    "SELECT E'a' -- b\n '\\'; CANARY --'",
    "SELECT E'a'\r'\\'; CANARY --'",
    "SELECT E'a'\u{b}\n'\\'; CANARY --'",
    "SELECT E'a'\u{c}\n'\\'\nCANARY\n--'",
    "SELECT 1.e'\\'; CANARY --'",
    "SELECT 1.e'\\'\nCANARY\n--'",
    "SELECT 1e'\\'\nCANARY\n--'",
    "SELECT 1.5e'\\'\nCANARY\n--'",
    "SELECT 7e-- '\n, '\nCANARY\n'",
    "SELECT 7e+-- '\n, '\nCANARY\n'",
    "SELECT 0x'\\'\nCANARY\n--'",
    "SELECT 0b'\\'\nCANARY\n--'",
    "SELECT a[1:x$$]\nCANARY\n$$]",
    "SELECT a[:NAME]",
    "SELECT a[:'NAME']",
    "SELECT a[:\"NAME\"]",
    "SELECT a[:{?NAME}]",
    "SELECT a[1:NAME]",
    "SELECT 1::NAME",
    "SELECT 1:::NAME",
    "SELECT ':NAME', \":NAME\", $$:NAME$$, 1 AS a:NAME",
    "SELECT '\\'\nCANARY\n'a'",
    "SELECT 'ぁ', '\nCANARY\n'",
    "SELECT \"ぁ\", '\nCANARY\n' -- ソ\n",
    "SELECT $ぁ$'$ぁ$, '\nCANARY\n'",
    "SELECT 'a\nCANARY\n'",
    "SELECT $$\nCANARY\n$$",
    "SELECT $a$\nCANARY\n$a$",
    "SELECT $a$ $$ ; CANARY\n$a$",
    "SELECT x$$, $$\nCANARY\n$$",
    "SELECT $1$$\nCANARY\n$$",
    "SELECT U&'\\'\nCANARY\n--'",
    "SELECT U&\"\\\"\nCANARY\n--\"",
    "SELECT u &'\\'\nCANARY\n--'",
    "SELECT 1 /* /* */\nCANARY\n*/",
    "SELECT 1 +/* '\n*/ 1, '\nCANARY\n'",
    "SELECT 1 /*/ '*/, '\nCANARY\n'",
    "SELECT 1 -- '\r, '\nCANARY\n'",
    "SELECT (1, '\nCANARY\n'",
    "CREATE FUNCTION begin() RETURNS begin LANGUAGE sql AS 'SELECT 1'",
    "SELECT 1 -- a",
];

/// Pieces of texts that a generator puts together.
const PIECES: [&str; 56] = [
    "SELECT",
    "a",
    "E",
    "e",
    "U&",
    "u&",
    "x",
    "b",
    "N",
    "1",
    "1.",
    ".5",
    "7e",
    "7e-",
    "1e5",
    "0x",
    "'",
    "''",
    "'a'",
    "\"",
    "\"a\"",
    "$$",
    "$a$",
    "$1",
    "$",
    "--",
    "--'",
    "/*",
    "*/",
    "+",
    "-",
    "&",
    "*",
    "(",
    ")",
    "[",
    "]",
    ":",
    "::",
    ":NAME",
    ":'NAME'",
    ":=",
    ";",
    ",",
    ".",
    "\n",
    "\r",
    "\t",
    "\u{b}",
    "\u{c}",
    "\\",
    "\\'",
    "\\;",
    "ぁ",
    "\nCANARY\n",
    "BEGIN",
];

/// A text of pieces. Many of them are no SQL; psql would cut them all the same.
fn mixture(dice: &mut Dice) -> String {
    let mut text = if dice.below(4) == 0 { "CREATE FUNCTION f()" } else { "SELECT" }.to_owned();
    for _ in 0..dice.below(9) + 1 {
        text.push_str(if dice.below(3) == 0 { " " } else { "" });
        text.push_str(PIECES[dice.below(PIECES.len())]);
    }
    text
}

/// Statements of the project's own migrations and examples.
fn of_files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in ["migrations", "examples", "tests/fixtures"] {
        collect(&root.join(folder), &mut found);
    }
    assert!(found.len() > 30, "only {} statements were found", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".host") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            found.extend(host::sql::split(&text).expect("a script").iter().map(|statement| statement.text.to_owned()));
        }
    }
}

fn of_tables() -> Vec<String> {
    let lines = COMMANDS.lines().chain(TRICKS.lines()).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(char::is_whitespace)).map(|(_, text)| text.trim().to_owned()).collect()
}

/// What `decode('…', 'hex')` in a text gives.
fn decoded(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("pg_catalog.decode('")?;
    let digits = rest.split_once('\'')?.0;
    let byte = |place: usize| u8::from_str_radix(digits.get(place..place + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}

/// A text without what psql may leave out: comments and blanks. Only for plain statements, in which it means the same.
fn without_blanks(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    lines.flat_map(|line| line.chars()).filter(|character| !character.is_whitespace()).collect()
}

/// Runs psql on a script. Nothing is trusted to be as usual: no -X, variables, a start-up file, single-line mode.
fn psql(socket_folder: &Path, folder: &Path, script: &str, options: &[&str]) -> std::process::Output {
    std::fs::write(folder.join("script.sql"), script).expect("written");
    std::fs::write(
        folder.join("psqlrc"),
        "\\set NAME '''; \\\\! touch canary \\n'\n\\set host_goes_on false\n\\set ON_ERROR_STOP off\n\\set ON_ERROR_ROLLBACK on\n\
         \\set SINGLELINE on\n\\set AUTOCOMMIT off\n\\set FETCH_COUNT 1\n\\set SQLSTATE 00000\n\\pset null 'SELECT 1'\n",
    )
    .expect("written");
    let mut command = Command::new("psql");
    command
        .current_dir(folder)
        .env("PSQLRC", folder.join("psqlrc"))
        .env("PGCLIENTENCODING", "SJIS")
        .args(["-q", "-S", "-v", "NAME=1]; SELECT 'a' \\; \\! touch canary", "-f", "script.sql"])
        .args(options)
        .arg(format!("host={} port=5432 user=host dbname=x", socket_folder.display()));
    command.output().expect("psql runs")
}

/// What the listener answers: the result of the query that \gexec runs.
fn answer(text: &str) -> Option<String> {
    text.starts_with("SELECT pg_catalog.convert_from(").then(|| decoded(text)).flatten()
}

/// psql sends each statement whole, by itself and unchanged, under settings that the host never asked for.
#[test]
fn psql_sends_what_was_written_down() {
    let count = std::env::var("HOST_GUARD_TEXTS").ok().and_then(|count| count.parse().ok()).unwrap_or(4000);
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let mut statements: Vec<String> = ATTACKS.iter().map(|text| (*text).to_owned()).collect();
    statements.extend(of_files());
    statements.extend(of_tables());
    statements.extend((0..count).map(|_| mixture(&mut dice)));
    let statements: Vec<String> = statements
        .iter()
        .map(|text| text.replace("CANARY", "\\! touch canary\n\\echo canary\n\\set ON_ERROR_STOP off"))
        .collect();
    let settings: [Settings; 3] = [
        [("standard_conforming_strings", "on"), ("client_encoding", "UTF8")],
        [("standard_conforming_strings", "off"), ("client_encoding", "SJIS")],
        [("standard_conforming_strings", "off"), ("client_encoding", "GB18030")],
    ];
    for settings in settings {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = Listener::start(settings, answer);
        let mut script = format!("{}\n", PSQL.join("\n"));
        for (number, statement) in statements.iter().enumerate() {
            script.push_str(&script_statement(statement));
            script.push_str(&format!("SELECT 'after {number}';\n"));
        }
        let output = psql(listener.socket_folder(), folder.path(), &script, &[]);
        let texts = listener.texts();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{shown}");
        assert!(!folder.path().join("canary").exists() && !shown.contains("canary"), "{shown}");
        let mut texts = texts
            .into_iter()
            .skip_while(|text| text.starts_with("SET ") || text.to_lowercase().contains("client_encoding"));
        let mut plain = 0;
        for (number, statement) in statements.iter().enumerate() {
            let after = format!("SELECT 'after {number}';");
            let sent: Vec<String> = texts.by_ref().take_while(|text| *text != after).collect();
            let one = match sent.as_slice() {
                [one] if one.contains("pg_catalog.decode('") => decoded(one).unwrap_or_default(),
                [one] => {
                    plain += 1;
                    assert_eq!(host::sql::not_plain(statement), None);
                    assert_eq!(without_blanks(one), without_blanks(&format!("{statement};")), "{settings:?}");
                    continue;
                }
                // The settings, the query, and what psql sends of its result.
                [one, other, _, result] if one.starts_with("SET ") && other.starts_with("SET ") => result.clone(),
                other => panic!("{statement:?} became {other:#?}"),
            };
            assert_eq!(one, *statement, "{settings:?}");
        }
        assert!(plain > 200, "only {plain} statements stand as they are");
        assert_eq!(texts.next(), None);
    }
}

/// What the database looks like: enough to see a difference between two ways to run a statement.
const STATE: &str = "SELECT md5(string_agg(x, ',' ORDER BY x)) FROM ( \
     SELECT c.relname || c.relkind || coalesce(c.relacl::text, '') || c.relowner::regrole || coalesce(a.attname, '') || coalesce(format_type(a.atttypid, NULL), '') AS x \
     FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.oid >= 16384 AND c.relname !~ '^pg_' UNION ALL \
     SELECT proname || coalesce(prosrc, '') FROM pg_proc WHERE oid >= 16384 UNION ALL \
     SELECT typname || typtype FROM pg_type WHERE oid >= 16384 UNION ALL SELECT rolname FROM pg_roles UNION ALL \
     SELECT nspname || coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname !~ '^pg_' UNION ALL \
     SELECT name || setting FROM pg_settings WHERE name <> 'standard_conforming_strings' UNION ALL SELECT name FROM pg_cursors UNION ALL \
     SELECT description FROM pg_description WHERE objoid >= 16384 UNION ALL \
     SELECT mode || relation::regclass FROM pg_locks WHERE relation >= 16384 AND pid = pg_backend_pid() AND mode ~ 'Exclusive' UNION ALL \
     SELECT a::text FROM a UNION ALL SELECT b::text FROM b UNION ALL SELECT words::text FROM words) AS t";

/// The block that runs a statement does what the statement does.
#[test]
fn the_other_form_does_the_same() {
    let database = TestDatabase::new();
    let mut wire = Wire::connect(&database.socket_folder(), crate::harness::SUPERUSER, database.name());
    assert!(wire.simple(SETUP).error.is_none());
    let everything = Grant::of_asks(Classes::all());
    let mut texts = of_tables();
    texts.extend(
        [
            "SELECT E'a'\n'\\'; COMMIT --'",
            "INSERT INTO a VALUES (length(E'\\'\\n'), length('\\'), length(U&'\\0061'))",
            "INSERT INTO words (language) VALUES ('größer\r\n\u{b}')",
            "DECLARE x CURSOR FOR SELECT 1",
            "SET LOCAL work_mem = '3MB'",
            "SELECT set_config('work_mem', '4MB', false)",
            "LOCK TABLE a IN EXCLUSIVE MODE",
            "ALTER TABLE a ADD COLUMN \"größe\" int DEFAULT 1",
            "CREATE TEMP TABLE x AS SELECT 1",
            "INSERT INTO a VALUES (1 / 0)",
            "SELECT 1 FROM no_such_table",
        ]
        .map(str::to_owned),
    );
    let (mut compared, mut failed) = (0, 0);
    for text in texts.iter().filter(|text| host::sql::check(text, &everything).is_ok()) {
        // A character beyond ASCII in a comment leaves the statement what it is.
        let block = script_statement(&format!("{} /* é */", text.trim_end_matches(';')));
        // psql runs these, which is no block.
        if block.contains("\\gexec") {
            continue;
        }
        assert!(block.contains("EXECUTE pg_catalog.convert_from"), "{block}");
        let mut did = |sent: &str| {
            wire.simple("BEGIN; CREATE ROLE a; CREATE ROLE b; CREATE ROLE c; SET LOCAL statement_timeout = '5s'");
            let error = wire.simple(sent).error;
            let state = wire.simple(STATE).rows;
            wire.simple("ROLLBACK; RESET ALL; DISCARD TEMP");
            (error, state)
        };
        // A parameter without a value fails in both, with other words.
        let (direct, other) = (did(text), did(&block));
        assert_eq!(
            direct.0.as_ref().map(|(code, _)| code),
            other.0.as_ref().map(|(code, _)| code),
            "{text}\n{direct:?}\n{other:?}"
        );
        assert_eq!(direct.1, other.1, "{text}");
        compared += 1;
        failed += usize::from(direct.0.is_some());
    }
    assert!(compared > 200 && compared - failed > 100, "{compared} were compared, of which {failed} failed");
}
