//! Which statements PostgreSQL refuses in a transaction, as far as their text shows it. The manual's page of each command says that
//! it cannot run in a transaction block; the server calls `PreventInTransactionBlock`.

use super::execution_mode::AutocommitCommand;
use super::execution_mode::ExecutionMode;
use super::execution_mode::execution_mode;
use super::token::TokenKind;
use super::token::Tokens;
use super::words::Words;

/// A statement that cannot run in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTransaction {
    /// What it is called.
    pub command: &'static str,
    /// What can be written instead of going without a transaction.
    pub instead: &'static str,
}

const CREATE_INDEX: NoTransaction = NoTransaction {
    command: "CREATE INDEX CONCURRENTLY",
    instead: "leave out CONCURRENTLY, which blocks writes to the table meanwhile",
};
const DROP_INDEX: NoTransaction = NoTransaction {
    command: "DROP INDEX CONCURRENTLY",
    instead: "leave out CONCURRENTLY, which locks the table for a moment",
};
const REINDEX_CONCURRENTLY: NoTransaction = NoTransaction {
    command: "REINDEX CONCURRENTLY",
    instead: "leave out CONCURRENTLY, which blocks writes to the table meanwhile",
};
const REINDEX_MANY: NoTransaction =
    NoTransaction { command: "REINDEX of more than one table", instead: "name each table: REINDEX TABLE" };
const DETACH_PARTITION: NoTransaction = NoTransaction {
    command: "DETACH PARTITION CONCURRENTLY",
    instead: "leave out CONCURRENTLY, which locks the table for a moment",
};
const VACUUM: NoTransaction = NoTransaction { command: "VACUUM", instead: "leave it to autovacuum" };
const CLUSTER: NoTransaction = NoTransaction { command: "CLUSTER without a table", instead: "name each table" };
const CREATE_SUBSCRIPTION: NoTransaction = NoTransaction {
    command: "CREATE SUBSCRIPTION that makes a replication slot",
    instead: "write WITH (create_slot = false), and make the slot on the publisher",
};
const REFRESH: NoTransaction = NoTransaction {
    command: "ALTER SUBSCRIPTION that refreshes its publications",
    instead: "write WITH (refresh = false), and refresh later",
};

/// What PostgreSQL would say to a statement in a transaction, where the text alone decides it. Whether a table is partitioned
/// (`REINDEX TABLE`, `CLUSTER t`) or a subscription has a slot (`DROP SUBSCRIPTION`), only the server knows.
pub fn refused_in_transaction(statement: &str) -> Option<NoTransaction> {
    let words = Words::new(statement);
    match words.at(0)?.to_ascii_uppercase().as_str() {
        "VACUUM" => Some(VACUUM),
        "CLUSTER" => is_cluster_of_all(&words).then_some(CLUSTER),
        "REINDEX" => reindex(&words),
        "CREATE" if words.is(1, "SUBSCRIPTION") => {
            (!is_off(statement, &["connect", "create_slot"])).then_some(CREATE_SUBSCRIPTION)
        }
        "CREATE" => {
            let at = 1 + usize::from(words.is(1, "UNIQUE"));
            words.begin_with(at, "INDEX CONCURRENTLY").then_some(CREATE_INDEX)
        }
        "DROP" => words.begin_with(1, "INDEX CONCURRENTLY").then_some(DROP_INDEX),
        "ALTER" if words.is(1, "SUBSCRIPTION") => refresh(statement, &words),
        "ALTER" => match execution_mode(statement) {
            ExecutionMode::Autocommit(AutocommitCommand::DetachPartition { .. }) => Some(DETACH_PARTITION),
            _ => None,
        },
        _ => None,
    }
}

/// `CLUSTER`, `CLUSTER VERBOSE`, `CLUSTER (VERBOSE)`
fn is_cluster_of_all(words: &Words<'_>) -> bool {
    let (mut at, _) = options(words, 1);
    at += usize::from(words.is(at, "VERBOSE"));
    words.kind(at).is_none()
}

/// `REINDEX [(option, …)] {INDEX | TABLE | SCHEMA | DATABASE | SYSTEM} [CONCURRENTLY] …`
fn reindex(words: &Words<'_>) -> Option<NoTransaction> {
    let (at, concurrently) = options(words, 1);
    if concurrently || words.is(at + 1, "CONCURRENTLY") {
        return Some(REINDEX_CONCURRENTLY);
    }
    words.is_any(at, &["SCHEMA", "DATABASE", "SYSTEM"]).then_some(REINDEX_MANY)
}

/// Where the options in parentheses end, if there are any, and whether CONCURRENTLY is one of them.
fn options(words: &Words<'_>, start: usize) -> (usize, bool) {
    if words.kind(start) != Some(TokenKind::OpenParenthesis) {
        return (start, false);
    }
    let (mut at, mut concurrently) = (start + 1, false);
    while words.kind(at).is_some_and(|kind| kind != TokenKind::CloseParenthesis) {
        concurrently |= words.is(at, "CONCURRENTLY") && !words.raw(at + 1).is_some_and(says_no);
        at += 1;
    }
    (at + 1, concurrently)
}

/// `ALTER SUBSCRIPTION name {REFRESH | {SET | ADD | DROP} PUBLICATION … [WITH (refresh = false)]}`. Since PostgreSQL 14.
fn refresh(statement: &str, words: &Words<'_>) -> Option<NoTransaction> {
    let at = words.after_name(2)?;
    let refreshes = words.begin_with(at, "REFRESH PUBLICATION")
        || (words.is_any(at, &["SET", "ADD", "DROP"])
            && words.is(at + 1, "PUBLICATION")
            && !is_off(statement, &["refresh"]));
    refreshes.then_some(REFRESH)
}

/// Whether one of these options is there and says no, as `defGetBoolean` reads it.
fn is_off(statement: &str, names: &[&str]) -> bool {
    let tokens = Tokens::new(statement).map_while(Result::ok).filter(|token| token.kind.is_significant());
    let texts: Vec<&str> = tokens.map(|token| &statement[token.bytes]).collect();
    texts.windows(3).any(|three| {
        let is_named = names.iter().any(|name| three[0].trim_matches('"').eq_ignore_ascii_case(name));
        is_named && three[1] == "=" && says_no(three[2])
    })
}

fn says_no(value: &str) -> bool {
    let value = value.trim_matches('\'');
    ["false", "off", "0"].iter().any(|no| value.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_run_in_a_transaction() {
        for (statement, expected) in [
            ("CREATE INDEX CONCURRENTLY i ON t (a)", CREATE_INDEX),
            ("create /* a */ unique index concurrently on t (a)", CREATE_INDEX),
            ("DROP INDEX CONCURRENTLY IF EXISTS i", DROP_INDEX),
            ("REINDEX TABLE CONCURRENTLY t", REINDEX_CONCURRENTLY),
            ("REINDEX (VERBOSE, CONCURRENTLY) INDEX i", REINDEX_CONCURRENTLY),
            ("REINDEX (CONCURRENTLY true) DATABASE", REINDEX_CONCURRENTLY),
            ("REINDEX DATABASE d", REINDEX_MANY),
            ("REINDEX (VERBOSE) SCHEMA s", REINDEX_MANY),
            ("reindex system", REINDEX_MANY),
            ("ALTER TABLE IF EXISTS m DETACH PARTITION m_1 CONCURRENTLY", DETACH_PARTITION),
            ("ALTER TABLE ONLY s.m DETACH PARTITION m_1 CONCURRENTLY", DETACH_PARTITION),
            ("VACUUM", VACUUM),
            ("VACUUM (ANALYZE) t", VACUUM),
            ("CLUSTER", CLUSTER),
            ("CLUSTER VERBOSE", CLUSTER),
            ("CLUSTER (VERBOSE)", CLUSTER),
            ("CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p", CREATE_SUBSCRIPTION),
            (
                "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot, slot_name = x)",
                CREATE_SUBSCRIPTION,
            ),
            ("ALTER SUBSCRIPTION s REFRESH PUBLICATION", REFRESH),
            ("ALTER SUBSCRIPTION \"S\" SET PUBLICATION p, q", REFRESH),
            ("ALTER SUBSCRIPTION s ADD PUBLICATION p WITH (refresh = true)", REFRESH),
        ] {
            assert_eq!(refused_in_transaction(statement), Some(expected), "{statement}");
        }
    }

    #[test]
    fn what_can() {
        for statement in [
            "CREATE INDEX i ON t (a)",
            "CREATE TABLE concurrently_made ()",
            "DROP INDEX i",
            "REINDEX TABLE t",
            "REINDEX (CONCURRENTLY false) TABLE t",
            "REINDEX INDEX \"concurrently\"",
            "ALTER TABLE m DETACH PARTITION m_1",
            "ALTER TABLE m DETACH PARTITION m_1 FINALIZE",
            "CLUSTER t USING i",
            "CLUSTER VERBOSE t",
            "CLUSTER (VERBOSE) t",
            "CREATE SUBSCRIPTION s CONNECTION 'a' PUBLICATION p WITH (connect = false)",
            "CREATE SUBSCRIPTION s CONNECTION 'a' PUBLICATION p WITH (slot_name = x, CREATE_SLOT = 'off')",
            "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)",
            "ALTER SUBSCRIPTION s DISABLE",
            "DROP SUBSCRIPTION s",
            "ANALYZE t",
            "",
        ] {
            assert_eq!(refused_in_transaction(statement), None, "{statement}");
        }
    }

    proptest! {
        /// Whatever is refused in a transaction can run without one.
        #[test]
        fn there_is_a_way_to_run_it(
            text in "(CREATE|INDEX|REINDEX|CLUSTER|VACUUM|CONCURRENTLY|ON|DROP|ALTER|TABLE|DETACH|PARTITION|SUBSCRIPTION|REFRESH|PUBLICATION|WITH|\\(|\\)|=|t| |\\PC){0,14}",
        ) {
            // A parenthesis before the first word belongs to a query.
            if !text.contains('(') && refused_in_transaction(&text).is_some() {
                let mode = execution_mode(&text);
                prop_assert!(matches!(mode, ExecutionMode::Autocommit(_) | ExecutionMode::Refused(_)), "{}", text);
            }
        }
    }
}
