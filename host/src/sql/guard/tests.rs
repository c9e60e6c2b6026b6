//! Every command of the PostgreSQL manual, tricks, and the words of refusals.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use squawk_syntax::SourceFile;
use squawk_syntax::ast::AstNode;

use super::super::refusal::Reason;
use super::super::split::split;
use super::*;
use crate::grant::Class;
use crate::grant::Classes;
use crate::grant::TimeLimits;

/// What each SQL command of the reference of PostgreSQL 13 to 18 needs, by one text each. `-` is query alone.
const COMMANDS: &str = include_str!("commands.txt");

/// Texts that hide what they are.
const TRICKS: &str = include_str!("tricks.txt");

/// `data+schema`, `-`, or `!Reason`, in front of a text.
fn cases(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (expected, text) = line.split_once(char::is_whitespace).unwrap_or_else(|| panic!("{line}"));
        (expected, text.trim())
    })
}

fn verdict(text: &str) -> String {
    let needs = |missing: Classes| missing.written().map(Class::word).collect::<Vec<_>>().join("+");
    match check(text, &Grant::default()) {
        Ok(()) => "-".to_owned(),
        Err(Refusal::NotAsked { missing, .. }) => needs(missing),
        Err(Refusal::Forbidden { reason, .. }) => format!("!{reason:?}"),
        Err(Refusal::Unknown { .. }) => "!Unknown".to_owned(),
        Err(Refusal::SeveralStatements { .. }) => "!Several".to_owned(),
        Err(Refusal::Unreadable { .. }) => "!Unreadable".to_owned(),
        Err(Refusal::NoCommand) => "!NoCommand".to_owned(),
        Err(Refusal::Empty) => "!Empty".to_owned(),
        Err(Refusal::CopyForm { .. }) => "!CopyForm".to_owned(),
    }
}

#[test]
fn every_command_of_the_manual_has_a_verdict() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (expected, text) in cases(COMMANDS) {
        if verdict(text) != expected {
            wrong.push(format!("{text}: {} instead of {expected}", verdict(text)));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 200, "{count} commands");
}

#[test]
fn tricks_do_not_help() {
    let wrong: Vec<_> = cases(TRICKS)
        .filter(|(expected, text)| verdict(text) != *expected)
        .map(|(expected, text)| format!("{text}: {} instead of {expected}", verdict(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is asked for is enough, and nothing less is.
#[test]
fn a_grant_is_exactly_what_a_statement_needs() {
    for (expected, text) in cases(COMMANDS).chain(cases(TRICKS)).filter(|(expected, _)| !expected.starts_with('!')) {
        let needed: Classes =
            expected.split('+').filter(|word| *word != "-").map(|word| word.parse::<Class>().unwrap()).collect();
        assert_eq!(check(text, &Grant::of_asks(needed)), Ok(()), "{text}");
        for class in needed.iter() {
            let less = Grant::of_asks(Classes::all().minus(class.into()));
            let refusal = check(text, &less).unwrap_err();
            assert!(matches!(&refusal, Refusal::NotAsked { missing, .. } if *missing == class.into()), "{text}");
        }
    }
}

#[test]
fn case_blanks_and_comments_do_not_count() {
    for (expected, text) in cases(COMMANDS) {
        // Strings and quoted names keep their case; a text with one is left as it is.
        let plain = !text.contains(['\'', '"', '$']);
        let spaced = if plain { text.to_ascii_lowercase().replace(' ', "/* ; */\n--;\n") } else { text.to_owned() };
        // psql would take what follows this one for data.
        if text == "COPY a FROM STDIN" {
            continue;
        }
        for variant in [format!(" ;; {spaced} ; -- a"), format!("\u{feff}/* /* x */ ; */{spaced};;")] {
            assert_eq!(verdict(&variant), expected, "{variant}");
        }
    }
}

/// Another parser says what kind of statement a text is, where it can read it.
#[test]
fn another_parser_sees_the_same_commands() {
    let mut seen = 0;
    for (_, text) in cases(COMMANDS).filter(|(expected, _)| !expected.starts_with('!')) {
        let parse = SourceFile::parse(text);
        if !parse.errors().is_empty() {
            continue;
        }
        let kinds: Vec<_> = parse.tree().stmts().map(|statement| format!("{:?}", statement.syntax().kind())).collect();
        let [kind] = kinds.as_slice() else { panic!("{text}: {kinds:?}") };
        let needs = super::super::classify::classify(text).unwrap();
        let ours = needs.command.to_string().to_ascii_uppercase().replace(' ', "_");
        let first = ours.split(['_', '…']).next().unwrap();
        assert!(
            kind.starts_with(first)
                || matches!(kind.as_str(), "PAREN_SELECT" | "COMPOUND_SELECT" | "SELECT_INTO")
                || first == "WITH",
            "{text}: {kind}, {ours}"
        );
        if kind.starts_with("CREATE_") || kind.starts_with("ALTER_") || kind.starts_with("DROP_") {
            // It shortens two of them, in some places.
            let theirs = kind.trim_end_matches("_AS").replace("CONFIGURATION", "CONFIG").replace("DICTIONARY", "DICT");
            let ours =
                ours.split("_…").next().unwrap().replace("CONFIGURATION", "CONFIG").replace("DICTIONARY", "DICT");
            assert_eq!(ours, theirs, "{text}");
        }
        seen += 1;
    }
    assert!(seen > 150, "{seen} texts were read by both");
}

#[test]
fn refusals_say_what_and_what_to_do() {
    let asks = Grant::of_asks(Classes::usual());
    for (text, message, hint) in [
        (
            "commit and chain",
            "COMMIT is not allowed in a migration, because host owns the transaction",
            "`savepoint` undoes a part",
        ),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
            "CREATE FUNCTION is of the class function, and the migration asks for data and schema",
            "if the migration is meant to do that, write `asks = [\"data\", \"schema\", \"function\"]` into its metadata",
        ),
        (
            "SET Lock_Timeout = 0",
            "SET lock_timeout is of the class session, and the migration asks for data and schema",
            "into its metadata; a stricter `SET LOCAL lock_timeout` needs no class",
        ),
        (
            "DO LANGUAGE plpython3u 'x'",
            "DO … LANGUAGE plpython3u is not allowed in a migration, because code in a language that is not trusted can leave \
             the database",
            "plpgsql",
        ),
        (
            "ALTER TABLE a OWNER TO b",
            "ALTER TABLE … OWNER TO is of the class privilege, and the migration asks for data and schema",
            "`asks = [\"data\", \"schema\", \"privilege\"]`",
        ),
        ("CREATE SCHEMA AUTHORIZATION a", "CREATE SCHEMA … AUTHORIZATION is of the class privilege, and", "privilege"),
        (
            "ALTER FUNCTION a() OWNER TO b",
            "ALTER FUNCTION … OWNER TO is of the classes function and privilege, and",
            "privilege",
        ),
        ("ALTER ROLE a IN DATABASE b SET work_mem = 1", "ALTER ROLE … SET is of the class role, and", "role"),
        (
            "ALTER DATABASE a SET work_mem = 1",
            "ALTER DATABASE … SET is not allowed in a migration, because it changes what every new session of the database \
             begins with",
            "ALTER ROLE … IN DATABASE … SET",
        ),
        (
            "ALTER DATABASE a RENAME TO b",
            "ALTER DATABASE is not allowed in a migration, because it is about the database as a whole",
            "administrator",
        ),
        (
            "SELECT set_config('lock_timeout', '0', true)",
            "SELECT with set_config('lock_timeout') is of the class session, and",
            "session",
        ),
        (
            "SELECT set_config('role', 'a', true)",
            "set_config('role') is not allowed in a migration, because the operator chooses the role",
            "url",
        ),
        (
            "SELECT set_config($1, 'a', true)",
            "set_config is not allowed in a migration, because host cannot tell",
            "escapes",
        ),
        (
            "UPDATE pg_settings SET setting = '0' WHERE name = 'lock_timeout'",
            "UPDATE pg_settings (lock_timeout) is of the class session, and",
            "session",
        ),
        ("SET LOCAL \"role\" TO a", "SET role is not allowed in a migration, because the operator chooses", "url"),
        ("GRANT a TO b", "GRANT of a role is of the class role, and", "role"),
        ("SELEKT 1", "unknown command SELEKT", "spelling"),
        ("CREATE ASSERTION a CHECK (true)", "unknown command CREATE ASSERTION", "newer host"),
        ("SELECT 1; COMMIT", "the text has 2 statements instead of one, the first is SELECT", "execute-script"),
        ("SELECT 'a", "the statement cannot be read", "close it"),
    ] {
        let refusal = check(text, &asks).unwrap_err();
        assert!(refusal.to_string().starts_with(message), "{refusal}");
        assert!(refusal.hint().unwrap().contains(hint), "{:?}", refusal.hint());
    }
    let query_only = check("DELETE FROM t", &Grant::default()).unwrap_err();
    assert_eq!(query_only.to_string(), "DELETE is of the class data, and the migration asks for nothing but query");
    let long = check(&"x".repeat(100_000), &asks).unwrap_err().to_string();
    assert!(long.len() < 200, "{long}");
    for nothing in ["", " ; -- a\n;"] {
        assert_eq!(check(nothing, &asks), Err(Refusal::Empty));
    }
}

#[test]
fn every_reason_has_words() {
    for reason in [
        Reason::Transaction,
        Reason::Identity,
        Reason::Copy,
        Reason::Prepared,
        Reason::Library,
        Reason::Notification,
        Reason::SessionState,
        Reason::Server,
        Reason::Database,
        Reason::Defaults,
        Reason::Language,
        Reason::HeldCursor,
        Reason::Fixed,
        Reason::Files,
        Reason::Hidden,
    ] {
        let name = format!("!{reason:?}");
        assert!(cases(COMMANDS).chain(cases(TRICKS)).any(|(expected, _)| expected == name), "no text for {name}");
        assert!(!reason.to_string().is_empty());
    }
}

/// A limit may be made stricter, where the one in force is known. Nothing else of the session may be changed.
#[test]
fn a_stricter_time_limit_needs_no_class() {
    let limits = TimeLimits { lock_milliseconds: 10_000, statement_milliseconds: 0 };
    let grant = Grant::of_asks(Classes::usual()).within(limits);
    for text in [
        "SET LOCAL lock_timeout = '2s'",
        "SET LOCAL lock_timeout TO 10000",
        "set local statement_timeout = '1 h';",
        "SET LOCAL statement_timeout = 2147483647",
    ] {
        assert_eq!(check(text, &grant), Ok(()), "{text}");
        assert!(check(text, &Grant::of_asks(Classes::usual())).is_err(), "{text}: the limit is not known");
    }
    for (text, command) in [
        ("SET LOCAL lock_timeout = '11s'", "SET LOCAL lock_timeout to more than 10 s"),
        ("SET LOCAL lock_timeout = 10001", "SET LOCAL lock_timeout to more than 10 s"),
        ("SET LOCAL lock_timeout = 0", "SET LOCAL lock_timeout to more than 10 s"),
        ("SET LOCAL lock_timeout = '400us'", "SET LOCAL lock_timeout to more than 10 s"),
        ("SET LOCAL statement_timeout = 0", "SET LOCAL statement_timeout to 0"),
        ("SET lock_timeout = '2s'", "SET lock_timeout"),
        ("SET LOCAL lock_timeout = DEFAULT", "SET lock_timeout"),
        ("SET LOCAL lock_timeout = '0x1'", "SET lock_timeout"),
        ("RESET lock_timeout", "RESET lock_timeout"),
        ("SET LOCAL idle_in_transaction_session_timeout = '2s'", "SET idle_in_transaction_session_timeout"),
    ] {
        let refusal = check(text, &grant).unwrap_err();
        let expected = format!("{command} is of the class session, and the migration asks for data and schema");
        assert_eq!(refusal.to_string(), expected, "{text}");
    }
}

const FRAGMENTS: &str = "((SELECT|WITH|a AS|INSERT|INTO|DELETE|FROM|UPDATE|SET|LOCAL|SESSION|role|CREATE|OR REPLACE|\
    FUNCTION|SCHEMA|TABLE|ALTER|OWNER TO|LANGUAGE|EXPLAIN|ANALYZE|DECLARE|CURSOR FOR|GRANT|ON|TO|set_config|\
    'role'|BEGIN|ATOMIC|END|COPY|U&\"|\"|'|\\$\\$|\\(|\\)|,|;|\\.|1|--|/\\*|\\PC)[ \n]?){0,16}";

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in FRAGMENTS) {
        let _ = check(&text, &Grant::default());
        let _ = check(&text, &Grant::of_asks(Classes::all()));
        let _ = super::super::classify::classify(&text);
    }

    /// More asks never let less pass.
    #[test]
    fn more_asks_allow_more(text in FRAGMENTS, bits in 0..512_usize) {
        let asks: Classes =
            Class::ALL.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, class)| class).collect();
        if check(&text, &Grant::of_asks(asks)).is_ok() {
            prop_assert_eq!(check(&text, &Grant::of_asks(Classes::all())), Ok(()));
            prop_assert_eq!(split(&text).unwrap().len(), 1);
        }
    }
}
