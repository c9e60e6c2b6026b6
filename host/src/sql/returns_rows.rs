//! Whether a statement may have a result.

use super::features::features;
use super::words::Words;

/// Commands that give rows.
const READING: [&str; 10] =
    ["SELECT", "WITH", "VALUES", "TABLE", "MERGE", "FETCH", "CALL", "EXECUTE", "EXPLAIN", "SHOW"];

/// Whether a statement may have a result. It never says no of one that has.
pub fn may_return_rows(statement: &str) -> bool {
    let words = Words::new(statement);
    if words.is_any(0, &["INSERT", "UPDATE", "DELETE"]) {
        return contains_word(statement, "returning");
    }
    words.at(0).is_none() || words.is_any(0, &READING)
}

/// Whether a statement may be a query that makes a table, `SELECT … INTO`, which PL/pgSQL does not run (manual, "Executing Dynamic
/// Commands"). It never says no of one that is.
pub fn makes_table_of_query(statement: &str) -> bool {
    Words::new(statement).is_any(0, &["SELECT", "WITH", "VALUES", "TABLE"]) && features(statement).into
}

fn contains_word(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_out_of_queries() {
        for (statement, expected) in [
            ("SELECT 1 INTO t", true),
            ("(WITH x AS (SELECT 1) SELECT * INTO t FROM x)", true),
            ("WITH x AS (SELECT 1) INSERT INTO t SELECT 1", false),
            ("EXPLAIN ANALYZE SELECT 1 INTO t", false),
            ("CREATE TABLE t AS SELECT 1", false),
        ] {
            assert_eq!(makes_table_of_query(statement), expected, "{statement}");
        }
    }

    #[test]
    fn results() {
        for (statement, expected) in [
            ("SELECT 1", true),
            ("( VALUES (1))", true),
            ("WITH a AS (SELECT 1) INSERT INTO b SELECT 1", true),
            ("insert into a values (1) Returning b", true),
            ("INSERT INTO a VALUES (1)", false),
            ("CREATE TABLE a ()", false),
            ("", true),
        ] {
            assert_eq!(may_return_rows(statement), expected, "{statement}");
        }
    }
}
