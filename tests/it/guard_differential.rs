//! The guard against the server itself: what it lets pass is one statement, leaves the transaction of the run alone, and does
//! nothing of a class that it did not name. Event triggers, triggers on tables and the catalogue say what a text really did.

use std::collections::BTreeSet;

use host::grant::Class;
use host::grant::Classes;
use host::grant::Grant;

use crate::harness::TestDatabase;
use crate::harness::dice::Dice;
use crate::harness::wire::Wire;

/// Texts that stand in the unit tests with their verdicts, and what their names stand for.
const COMMANDS: &str = include_str!("../../host/src/sql/guard/commands.txt");
const TRICKS: &str = include_str!("../../host/src/sql/guard/tricks.txt");
const SETUP: &str = include_str!("guard_differential.sql");

/// Statements on the objects of the setup that all of them can do, to be taken apart and put together anew.
const SEEDS: [&str; 46] = [
    "SELECT b , c FROM a WHERE b = 1",
    "SELECT b INTO new_table FROM a",
    "SELECT 1 AS x INTO TEMP new_table FROM a",
    "SELECT insert , delete , update FROM words",
    "SELECT update FROM words FOR UPDATE OF words",
    "SELECT * FROM words FOR NO KEY UPDATE",
    "WITH x AS ( DELETE FROM b RETURNING b ) SELECT * FROM x",
    "WITH x AS ( UPDATE b SET c = 1 RETURNING b ) SELECT * FROM x",
    "WITH x AS ( INSERT INTO b VALUES ( 1 ) RETURNING b ) SELECT * FROM x",
    "WITH x AS MATERIALIZED ( SELECT 1 ) INSERT INTO b SELECT * FROM x",
    "WITH RECURSIVE x ( y ) AS ( SELECT 1 UNION ALL SELECT y + 1 FROM x WHERE y < 3 ) CYCLE y SET z USING key UPDATE b SET c = 1",
    "WITH x AS ( SELECT 1 ) , update AS ( SELECT 2 ) SELECT * FROM x , update",
    "WITH x AS ( SELECT 1 ) SELECT ( 1 ) insert INTO new_table FROM x",
    "( SELECT 1 INTO new_table ) UNION SELECT 2",
    "INSERT INTO a ( b ) VALUES ( 1 ) RETURNING c",
    "UPDATE a SET c = 2 WHERE b = 1",
    "DELETE FROM a USING b WHERE a.b = b.b",
    "MERGE INTO a USING b ON a.b = b.b WHEN MATCHED THEN DELETE",
    "TRUNCATE a , b",
    "LOCK TABLE a",
    "EXPLAIN ( COSTS off ) SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM a",
    "EXPLAIN ( ANALYZE , COSTS off ) UPDATE a SET c = 1",
    "EXPLAIN ( \"analyze\" ) INSERT INTO a VALUES ( 1 )",
    "EXPLAIN ANALYZE CREATE TABLE new_table AS SELECT 1",
    "DECLARE x CURSOR FOR SELECT * FROM a",
    "CREATE TABLE new_table ( b int )",
    "CREATE TABLE new_table AS WITH x AS ( SELECT 1 AS insert ) SELECT * FROM x",
    "CREATE SCHEMA new_schema CREATE TABLE c ( d int ) GRANT SELECT ON c TO a",
    "CREATE SCHEMA new_schema AUTHORIZATION a CREATE VIEW v AS SELECT 1 AS grant",
    "CREATE VIEW new_view AS SELECT 1 AS into",
    "ALTER TABLE a ADD COLUMN x int , OWNER TO b",
    "ALTER TABLE words RENAME owner TO x",
    "ALTER TABLE rename OWNER TO a",
    "CREATE FUNCTION new_function ( language int ) RETURNS int LANGUAGE sql RETURN 1",
    "CREATE FUNCTION new_function ( ) RETURNS int BEGIN ATOMIC SELECT 1 ; SELECT owner FROM words ; END",
    "DO $$ BEGIN NULL ; END $$",
    "CREATE RULE new_rule AS ON INSERT TO a DO ALSO DELETE FROM b",
    "GRANT SELECT ON a TO b",
    "GRANT a TO b",
    "CREATE ROLE new_role",
    "COMMENT ON TABLE a IS 'b'",
    "SET LOCAL work_mem TO '2MB'",
    "SET lock_timeout TO '2s'",
    "SELECT set_config ( 'search_path' , 'public' , true )",
    "SELECT pg_catalog.set_config ( 'lock_timeout' , '3s' , false )",
];

/// What is put between the words of a text.
const BLANKS: [&str; 5] = [" ", "\n", "\t", "/* ; ' */", " -- $$ '\n"];

/// Words that change what a text is.
const WORDS: [&str; 40] = [
    "SELECT",
    "INTO",
    "AS",
    "WITH",
    "(",
    ")",
    ",",
    ".",
    ";",
    "INSERT",
    "INSERT INTO",
    "DELETE",
    "DELETE FROM",
    "UPDATE",
    "FROM",
    "TO",
    "ON",
    "FOR",
    "SET",
    "LOCAL",
    "SESSION",
    "ROLE",
    "\"role\"",
    "EXPLAIN",
    "ANALYZE",
    "DECLARE",
    "CURSOR",
    "OWNER TO a",
    "COMMIT",
    "ROLLBACK",
    "EXECUTE",
    "1",
    "1.",
    "1e5",
    "a",
    "b",
    "'x'",
    "E'\\''",
    "$$",
    "TABLE",
];

/// A database in which what a text did can be seen.
struct Witness {
    wire: Wire,
    /// What the text would be undone from.
    frame: Vec<Vec<String>>,
    _database: TestDatabase,
}

const FRAME: &str = "SELECT current_user, session_user, txid_current(), pg_backend_pid(), \
                     current_setting('standard_conforming_strings'), current_setting('client_encoding')";

/// Owners and rights in the objects that a text can reach, and parameters that it set.
const TRACES: &str = "SELECT 'privilege' FROM pg_class WHERE relowner <> 10 AND oid >= 16384 UNION ALL \
     SELECT 'privilege' FROM pg_class WHERE relacl IS NOT NULL AND oid >= 16384 UNION ALL \
     SELECT 'privilege' FROM pg_namespace WHERE nspowner <> 10 AND oid >= 16384 UNION ALL \
     SELECT 'setting ' || name FROM pg_settings WHERE source = 'session'";

impl Witness {
    fn new() -> Self {
        let database = TestDatabase::new();
        let mut wire = Wire::connect(&database.socket_folder(), crate::harness::SUPERUSER, database.name());
        let setup = wire.simple(SETUP);
        assert!(setup.error.is_none(), "{setup:?}");
        Self { wire, frame: Vec::new(), _database: database }
    }

    /// Runs a text in a transaction that is rolled back. What it did by the server's own account, or None when the server
    /// refused it.
    fn did(&mut self, text: &str) -> Option<Did> {
        // Roles belong to the whole server: they never outlive the transaction.
        let begun =
            self.wire.simple("BEGIN; CREATE ROLE a; CREATE ROLE b; CREATE ROLE c; SET LOCAL statement_timeout = '5s'");
        assert!(begun.error.is_none(), "{begun:?}");
        self.frame = self.wire.simple(FRAME).rows;
        let before: BTreeSet<_> = self.traces();
        let answer = self.wire.extended(text);
        let still_inside = answer.status != 'I';
        let several = answer.error.as_ref().is_some_and(|(_, message)| message.contains("multiple commands"));
        assert!(still_inside, "it ended the transaction: {text}");
        assert!(!several, "it is more than one statement: {text}");
        let did = answer.error.is_none().then(|| {
            assert_eq!(
                self.wire.simple(FRAME).rows,
                self.frame,
                "it changed the transaction or the session of the run: {text}"
            );
            let [tag] = answer.tags.as_slice() else { panic!("{text}: {answer:?}") };
            let new: Vec<String> = self.traces().difference(&before).cloned().collect();
            Did { tag: tag.clone(), notices: answer.notices, traces: new }
        });
        self.wire.simple("ROLLBACK");
        did
    }

    fn traces(&mut self) -> BTreeSet<String> {
        self.wire.simple(TRACES).rows.into_iter().flatten().collect()
    }

    /// Checks that a text which the guard lets pass does nothing beyond what the guard says. Whether the server took it.
    fn check(&mut self, text: &str) -> bool {
        let statements = host::sql::split(text).expect("the guard let it pass");
        let needs = host::sql::classify(statements[0].text).expect("the guard let it pass");
        let Some(did) = self.did(text) else { return false };
        let classes = did.classes();
        let beyond = Grant::of_asks(needs.classes).missing(classes);
        assert!(beyond.is_empty(), "{text}\nis {needs:?} for the guard, but it was {beyond:?}: {did:?}");
        true
    }
}

/// What a text did.
#[derive(Debug)]
struct Did {
    tag: String,
    notices: Vec<String>,
    traces: Vec<String>,
}

impl Did {
    fn classes(&self) -> Classes {
        // What an extension brings is the extension's.
        let is_extension = self.tag.ends_with("EXTENSION");
        let tags = self.notices.iter().filter(|_| !is_extension).filter_map(|notice| notice.strip_prefix("ddl:"));
        // Event triggers see nothing of what all databases share.
        let is_shared = self.tag == "COMMENT" && self.notices.is_empty();
        let by_tags = tags.chain([if is_shared { "ALTER ROLE" } else { &self.tag }]).map(class_of_tag);
        let changed_rows = self.notices.iter().any(|notice| notice.starts_with("data:"));
        let by_traces = self.traces.iter().filter_map(|trace| match trace.strip_prefix("setting ") {
            None => Some(Class::Privilege),
            Some(name) => (!HARMLESS.contains(&name.to_ascii_lowercase().as_str())).then_some(Class::Session),
        });
        by_tags.chain(changed_rows.then_some(Class::Data)).chain(by_traces).collect::<Classes>().with(Class::Query)
    }
}

/// The parameters that docs/migrations.md lets every migration set.
const HARMLESS: [&str; 17] = [
    "search_path",
    "work_mem",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "check_function_bodies",
    "client_min_messages",
    "timezone",
    "datestyle",
    "intervalstyle",
    "default_tablespace",
    "temp_tablespaces",
    "default_table_access_method",
    "default_toast_compression",
    "xmloption",
    // The guard lets it be set to the value that it has.
    "backslash_quote",
    // What the test itself sets, and what a server sets along.
    "statement_timeout",
    "application_name",
];

/// By the command tags of the server (PostgreSQL's `cmdtaglist.h`).
fn class_of_tag(tag: &str) -> Class {
    let words = tag.trim_end_matches(|character: char| character.is_ascii_digit() || character == ' ');
    match words {
        "SELECT" | "SHOW" | "EXPLAIN" | "DECLARE CURSOR" | "CLOSE CURSOR" | "CLOSE CURSOR ALL" | "FETCH" | "MOVE"
        | "SET" | "RESET" => Class::Query,
        "INSERT"
        | "UPDATE"
        | "DELETE"
        | "MERGE"
        | "TRUNCATE TABLE"
        | "LOCK TABLE"
        | "REFRESH MATERIALIZED VIEW"
        | "SET CONSTRAINTS" => Class::Data,
        "COMMENT" | "ANALYZE" | "VACUUM" | "REINDEX" | "CLUSTER" | "SELECT INTO" | "CREATE TABLE AS" => Class::Schema,
        "DO" | "CALL" => Class::Function,
        "GRANT" | "REVOKE" | "ALTER DEFAULT PRIVILEGES" | "REASSIGN OWNED" | "DROP OWNED" | "SECURITY LABEL" => {
            Class::Privilege
        }
        "GRANT ROLE" | "REVOKE ROLE" => Class::Role,
        "IMPORT FOREIGN SCHEMA" => Class::Foreign,
        _ => class_of_object(words),
    }
}

fn class_of_object(tag: &str) -> Class {
    let (verb, object) = tag.split_once(' ').unwrap_or((tag, ""));
    assert!(["CREATE", "ALTER", "DROP"].contains(&verb), "the guard lets {tag} pass, which no migration may send");
    match object {
        "DATABASE" | "TABLESPACE" | "SYSTEM" => panic!("the guard lets {tag} pass, which no migration may send"),
        "FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE" | "OPERATOR" | "OPERATOR CLASS" | "OPERATOR FAMILY"
        | "CAST" | "CONVERSION" | "TRANSFORM" | "ACCESS METHOD" | "EVENT TRIGGER" => Class::Function,
        "EXTENSION" | "LANGUAGE" => Class::Extension,
        "ROLE" => Class::Role,
        "SERVER" | "USER MAPPING" | "FOREIGN DATA WRAPPER" | "FOREIGN TABLE" | "PUBLICATION" | "SUBSCRIPTION" => {
            Class::Foreign
        }
        "LARGE OBJECT" => Class::Data,
        _ => Class::Schema,
    }
}

/// Whether the guard lets a text pass to somebody who may do everything that can be granted.
fn passes(text: &str) -> bool {
    host::sql::check(text, &Grant::of_asks(Classes::all())).is_ok()
}

#[test]
fn every_known_text_does_what_the_guard_says() {
    let mut witness = Witness::new();
    let lines = COMMANDS.lines().chain(TRICKS.lines()).filter_map(|line| line.split_once(char::is_whitespace));
    let texts: Vec<&str> = lines.map(|(_, text)| text.trim()).chain(SEEDS).filter(|text| passes(text)).collect();
    let taken = texts.iter().filter(|text| witness.check(text)).count();
    assert!(taken > 130, "the server took only {taken} of {} texts", texts.len());
}

/// Texts that nobody wrote: words of statements, taken out, put in, exchanged, in other blanks. How many can be set with
/// HOST_GUARD_TEXTS.
#[test]
fn no_mixture_of_words_does_more_than_the_guard_says() {
    let count = std::env::var("HOST_GUARD_TEXTS").ok().and_then(|count| count.parse().ok()).unwrap_or(3000);
    let mut witness = Witness::new();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut passed, mut taken) = (0, 0);
    for _ in 0..count {
        let text = mixture(&mut dice);
        if passes(&text) {
            passed += 1;
            taken += usize::from(witness.check(&text));
        }
    }
    assert!(passed > count / 5 && taken > count / 50, "of {count} texts {passed} passed, and the server took {taken}");
}

/// A seed with a few changes.
fn mixture(dice: &mut Dice) -> String {
    let mut words: Vec<&str> = dice.pick(&SEEDS).split(' ').collect();
    for _ in 0..dice.below(4) {
        let at = dice.below(words.len());
        match dice.below(5) {
            0 if words.len() > 1 => drop(words.remove(at)),
            1 => words.insert(at, dice.pick(&WORDS)),
            2 => {
                // The beginning of one and the end of another.
                words.truncate(at);
                let other: Vec<&str> = dice.pick(&SEEDS).split(' ').collect();
                words.extend(&other[dice.below(other.len())..]);
            }
            3 => {
                let other: Vec<&str> = dice.pick(&SEEDS).split(' ').collect();
                let inside = ["(", ")"];
                words.splice(at..at, [&inside[..1], &other, &inside[1..]].concat());
            }
            _ => {
                let other = dice.below(words.len());
                words.swap(at, other);
            }
        }
        if words.is_empty() {
            words.push("SELECT");
        }
    }
    let mut text = String::new();
    for word in words {
        let lower = dice.below(4) == 0;
        text.push_str(&if lower && !word.contains(['\'', '"']) { word.to_ascii_lowercase() } else { word.to_owned() });
        text.push_str(if dice.below(8) == 0 { dice.pick(&BLANKS) } else { " " });
    }
    // Blanks may go where they are not needed: `1INTO`, `a.b`.
    if dice.below(6) == 0 { text.replace(" . ", ".").replace("1 INTO", "1INTO").replace("1. ", "1.") } else { text }
}
