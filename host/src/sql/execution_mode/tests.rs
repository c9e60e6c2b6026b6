//! Which statement goes which way, and which index is which.

use proptest::prelude::*;

use super::*;

#[test]
fn what_the_server_refuses_in_a_transaction_stands_alone() {
    let create = |name: &str, table: &str| {
        ExecutionMode::Autocommit(AutocommitCommand::CreateIndex { name: name.to_owned(), table: table.to_owned() })
    };
    let cases = [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", create("i", "t")),
        ("create unique index concurrently if not exists I on only S.T using gin (a)", create("i", "S.T")),
        ("/* x */ CREATE INDEX CONCURRENTLY \"A \"\"b\"\"\" ON s . \"T\" (a)", create("A \"b\"", "s.\"T\"")),
        (
            "DROP INDEX CONCURRENTLY IF EXISTS s.i",
            ExecutionMode::Autocommit(AutocommitCommand::DropIndex { index: "s.i".to_owned() }),
        ),
        ("REINDEX TABLE CONCURRENTLY t", ExecutionMode::Autocommit(AutocommitCommand::Reindex)),
        ("REINDEX (CONCURRENTLY) INDEX i", ExecutionMode::Autocommit(AutocommitCommand::Reindex)),
        ("VACUUM (ANALYZE) t", ExecutionMode::Autocommit(AutocommitCommand::Repeatable)),
        ("CLUSTER", ExecutionMode::Autocommit(AutocommitCommand::Repeatable)),
        ("DROP SUBSCRIPTION s", ExecutionMode::Autocommit(AutocommitCommand::Other)),
        (
            "ALTER TABLE IF EXISTS m DETACH PARTITION m_1 CONCURRENTLY",
            ExecutionMode::Autocommit(AutocommitCommand::DetachPartition {
                table: "m".to_owned(),
                partition: "m_1".to_owned(),
            }),
        ),
    ];
    for (statement, expected) in cases {
        assert_eq!(execution_mode(statement), expected, "{statement}");
    }
}

#[test]
fn everything_else_is_atomic() {
    for statement in [
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX \"concurrently\" ON t (a)",
        "DROP INDEX i",
        "ALTER TYPE t ADD VALUE 'a'",
        "ALTER TABLE m DETACH PARTITION m_1",
        "ALTER TABLE m DETACH PARTITION m_1 FINALIZE",
        "UPDATE t SET a = 1",
        "ANALYZE t",
        "CALL p()",
        "DISCARD ALL",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "CREATE TABLE temp (a int)",
    ] {
        assert_eq!(execution_mode(statement), ExecutionMode::Atomic, "{statement}");
    }
    for statement in ["SET search_path = a", "RESET ALL", "set session work_mem = 1"] {
        assert_eq!(execution_mode(statement), ExecutionMode::Session, "{statement}");
    }
}

#[test]
fn what_would_have_no_effect_or_no_way_back_is_refused() {
    for statement in [
        "SET LOCAL work_mem = 1",
        "SET CONSTRAINTS ALL DEFERRED",
        "LOCK TABLE t",
        "CREATE INDEX CONCURRENTLY ON t (a)",
        "CREATE INDEX CONCURRENTLY U&\"i\" ON t (a)",
        "CREATE TEMP TABLE t (a int)",
        "CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1",
        "CREATE LOCAL TEMP TABLE t AS SELECT 1",
    ] {
        assert!(matches!(execution_mode(statement), ExecutionMode::Refused(_)), "{statement}");
    }
}

#[test]
fn the_parameter_of_a_set() {
    let cases = [
        ("SET lock_timeout = '1s'", Some("lock_timeout")),
        ("set session Statement_Timeout to 5", Some("statement_timeout")),
        ("RESET lock_timeout", Some("lock_timeout")),
        ("SELECT 1", None),
    ];
    for (statement, expected) in cases {
        assert_eq!(parameter_set(statement).as_deref(), expected, "{statement}");
    }
}

#[test]
fn definitions_are_compared_as_the_server_writes_them() {
    let same = [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i ON public.t USING btree (a)"),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS I ON t (Lower(a), b ASC) WHERE b = 'x' AND a IS NOT NULL",
            "CREATE UNIQUE INDEX i ON public.t USING btree (lower(a), b) WHERE ((b = 'x'::text) AND (a IS NOT NULL))",
        ),
        (
            "create index concurrently i on t using gin (a) with (fillfactor = 70) tablespace fast",
            "CREATE INDEX i ON t USING gin (a) WITH (fillfactor='70')",
        ),
        (
            "CREATE INDEX CONCURRENTLY i ON t (\"a\") WHERE b > '2026-01-01'",
            "CREATE INDEX i ON t USING btree (a) WHERE (b > '2026-01-01'::timestamp without time zone)",
        ),
    ];
    for (one, other) in same {
        assert!(same_index(one, other), "{:?}\n{:?}", definition(one), definition(other));
    }
    let different = [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i ON t USING btree (b)"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE UNIQUE INDEX i ON t USING btree (a)"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i ON t USING hash (a)"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i ON t USING btree (a) WHERE (a > 0)"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i ON t USING btree (a, b)"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i ON t USING btree (a) INCLUDE (b)"),
        ("SELECT 1", "SELECT 1"),
    ];
    for (one, other) in different {
        assert!(!same_index(one, other), "{one}: {other}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(CREATE|INDEX|CONCURRENTLY|ON|DROP|ALTER|TABLE|DETACH|PARTITION|SET|\\.|::|\\(|\"| |\\PC){0,14}") {
        let _ = (execution_mode(&text), parameter_set(&text), same_index(&text, &text));
    }
}
