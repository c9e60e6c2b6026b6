//! Nasty scripts, laws, and a second opinion from another parser.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use squawk_syntax::SourceFile;
use squawk_syntax::ast::AstNode;

use super::super::token::TokenKind;
use super::super::token::Tokens;
use super::*;

fn texts(script: &str) -> Vec<&str> {
    let statements = split(script).unwrap();
    for statement in &statements {
        assert_eq!(&script[statement.bytes.clone()], statement.text);
    }
    statements.iter().map(|statement| statement.text).collect()
}

/// Scripts that every parser of PostgreSQL understands, and their statements.
const SCRIPTS: &[(&str, &[&str])] = &[
    ("", &[]),
    (" ;; -- a;\n/* b; */ ;", &[]),
    ("SELECT 1", &["SELECT 1"]),
    ("SELECT 1;;\nSELECT 2 ;", &["SELECT 1", "SELECT 2"]),
    ("-- a\nSELECT 1 -- b;\n; -- c", &["SELECT 1"]),
    ("SELECT 'a;''b;'; SELECT 2", &["SELECT 'a;''b;'", "SELECT 2"]),
    ("SELECT 'a\\'; SELECT 2", &["SELECT 'a\\'", "SELECT 2"]),
    ("SELECT E'a\\';'; SELECT 2", &["SELECT E'a\\';'", "SELECT 2"]),
    ("SELECT U&'\\0061;'; SELECT 2", &["SELECT U&'\\0061;'", "SELECT 2"]),
    ("SELECT 1 AS \"a;\"\"b\"; SELECT 2", &["SELECT 1 AS \"a;\"\"b\"", "SELECT 2"]),
    ("SELECT $$;'$$; SELECT $a$;$$;$b$;$a$", &["SELECT $$;'$$", "SELECT $a$;$$;$b$;$a$"]),
    ("SELECT 1 /* ; /* ; */ ; */ + 2; SELECT 3", &["SELECT 1 /* ; /* ; */ ; */ + 2", "SELECT 3"]),
    ("DO $$ BEGIN PERFORM 1; PERFORM 2; END $$; SELECT 1", &["DO $$ BEGIN PERFORM 1; PERFORM 2; END $$", "SELECT 1"]),
    ("BEGIN; SELECT 1; END; SELECT 2", &["BEGIN", "SELECT 1", "END", "SELECT 2"]),
    (
        "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v;); SELECT 1",
        &["CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v;)", "SELECT 1"],
    ),
    (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 2",
        &["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END", "SELECT 2"],
    ),
    (
        "create or replace procedure p() begin /* ; */ atomic end; SELECT 1",
        &["create or replace procedure p() begin /* ; */ atomic end", "SELECT 1"],
    ),
    (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1; SELECT 2",
        &["CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1", "SELECT 2"],
    ),
    (
        "CREATE FUNCTION f() RETURNS int AS 'SELECT 1;' LANGUAGE sql; SELECT 2",
        &["CREATE FUNCTION f() RETURNS int AS 'SELECT 1;' LANGUAGE sql", "SELECT 2"],
    ),
    ("SELECT a$$b; SELECT $1", &["SELECT a$$b", "SELECT $1"]),
    ("SELECT 'é;𝄞' AS ü; SELECT 2", &["SELECT 'é;𝄞' AS ü", "SELECT 2"]),
];

/// Scripts that are right, or that only the server can refuse, beyond what the other parser reads.
const HARDER_SCRIPTS: &[(&str, &[&str])] = &[
    // The second half of an escape string has escapes, too.
    ("SELECT E'a'\n'\\';'; SELECT 2", &["SELECT E'a'\n'\\';'", "SELECT 2"]),
    ("SELECT E'a' --;\n'\\';'; SELECT 2", &["SELECT E'a' --;\n'\\';'", "SELECT 2"]),
    // END and CASE as names, and the words of a body as names.
    (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT 2 end; SELECT 3 AS case; END; SELECT 4",
        &[
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT 2 end; SELECT 3 AS case; END",
            "SELECT 4",
        ],
    ),
    (
        "CREATE FUNCTION begin(begin atomic) RETURNS int AS 'x'; SELECT 1",
        &["CREATE FUNCTION begin(begin atomic) RETURNS int AS 'x'", "SELECT 1"],
    ),
    (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; END; END; SELECT 2",
        &[
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; END; END",
            "SELECT 2",
        ],
    ),
    // Only routines have bodies.
    ("CREATE TABLE t (a int); BEGIN ATOMIC; SELECT 1", &["CREATE TABLE t (a int)", "BEGIN ATOMIC", "SELECT 1"]),
    ("CREATE \"FUNCTION\" f BEGIN ATOMIC; SELECT 1", &["CREATE \"FUNCTION\" f BEGIN ATOMIC", "SELECT 1"]),
    ("\u{feff}SELECT 1;\r\nSELECT 2;\r\n", &["SELECT 1", "SELECT 2"]),
    ("FUTURE COMMAND 'a;' (b; c); SELECT 1)", &["FUTURE COMMAND 'a;' (b; c)", "SELECT 1)"]),
    ("COPY t FROM STDIN;\n\\.\n", &["COPY t FROM STDIN"]),
    ("COPY t FROM STDIN; -- a\n1\tO'Hara; SELECT 2\n\\.\nSELECT 1", &["COPY t FROM STDIN", "SELECT 1"]),
    ("COPY t FROM STDIN", &["COPY t FROM STDIN"]),
    ("COPY t FROM '/a'; SELECT 1", &["COPY t FROM '/a'", "SELECT 1"]),
];

#[test]
fn statements() {
    for (script, expected) in SCRIPTS.iter().chain(HARDER_SCRIPTS) {
        assert_eq!(&texts(script), expected, "{script}");
    }
}

#[test]
fn another_parser_finds_the_same_statements() {
    for (script, _) in SCRIPTS {
        let file = SourceFile::parse(script).tree();
        let theirs: Vec<usize> = file
            .stmts()
            .map(|statement| statement.syntax().text_range())
            .filter(|range| !script[usize::from(range.start())..].starts_with(';'))
            .map(|range| usize::from(range.start()))
            .collect();
        let ours = split(script).unwrap().into_iter();
        let ours: Vec<usize> = ours.map(|statement| statement.bytes.start).collect();
        assert_eq!(ours, theirs, "{script}");
    }
}

#[test]
fn what_cannot_be_split() {
    let cases = [
        ("SELECT 1;\n 'a", "unterminated string at line 2, column 2"),
        ("é $a$ $b$", "unterminated dollar-quoted string at line 1, column 3"),
        ("\"", "unterminated quoted identifier at line 1, column 1"),
        ("/*/**/", "unterminated block comment at line 1, column 1"),
        ("SELECT\n\0", "the text has the character NUL at line 2, column 1"),
        ("SELECT 1;\n\\i other.sql\n", "'\\i' at line 2, column 1 is a command of psql, not SQL"),
        ("\\copy t from 'a'", "'\\copy' at line 1, column 1 is a command of psql, not SQL"),
        ("SELECT 1;\nCOPY t (a) FROM stdin;\n1\n'\n", "the data of COPY … FROM STDIN at line 2, column 1 have no end"),
        ("COPY t FROM STDIN;", "the data of COPY … FROM STDIN at line 1, column 1 have no end"),
        (
            "COPY t (a) FROM stdin; SELECT 1;\n1\n\\.\n",
            "something follows COPY … FROM STDIN at line 1, column 1 on its line, and the data begin on the next one",
        ),
    ];
    for (script, message) in cases {
        let error = split(script).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().is_some());
    }
}

/// A script may have as many statements as half its bytes: only the one that is at its turn is held, and nothing is read ahead.
#[test]
fn statements_are_read_one_by_one() {
    let script = format!("{}SELECT 'a", "a;".repeat(100_000));
    let mut statements = super::statements(&script);
    assert_eq!(statements.next().unwrap().unwrap().text, "a");
    assert!(size_of_val(&statements) <= 160);
    // What cannot be read is far behind.
    assert_eq!(statements.by_ref().take_while(Result::is_ok).count(), 99_999);
    assert!(statements.next().is_none());
    // Of a statement with as many tokens only the head is held.
    let words = super::super::words::Words::new(&script);
    assert_eq!((words.at(0), words.kind(24)), (Some("a"), None));
}

proptest! {
    #[test]
    fn every_byte_is_accounted_for(
        script in "(SELECT|CREATE FUNCTION|BEGIN ATOMIC|END|COPY t FROM STDIN|E'|'|\"|\\$\\$|\\$a\\$|/\\*|\\*/|--|;|\\(|\\)| |\n|é|\\PC){0,25}",
    ) {
        let Ok(statements) = split(&script) else {
            return Ok(());
        };
        let ends = statements.iter().map(|statement| statement.bytes.end);
        let starts = statements.iter().skip(1).map(|statement| statement.bytes.start);
        prop_assert!(ends.zip(starts).all(|(end, start)| end < start));
        for token in Tokens::new(&script) {
            let token = token.unwrap();
            let inside = statements.iter().any(|statement| {
                statement.bytes.start <= token.bytes.start && token.bytes.end <= statement.bytes.end
            });
            if token.kind.is_significant() && token.kind != TokenKind::Semicolon {
                prop_assert!(inside, "{:?}", token);
            }
        }
        for statement in &statements {
            prop_assert!(!statement.text.is_empty());
            // Only these are space for PostgreSQL: a no-break space is a letter of a name.
            prop_assert_eq!(statement.text.trim_matches([' ', '\t', '\n', '\r', '\u{c}']), statement.text);
            prop_assert_eq!(split(statement.text).unwrap().len(), 1);
        }
    }
}
