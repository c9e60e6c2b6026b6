//! Maintenance commands that name no table, and so work on every one.

use super::token::TokenKind;
use super::words::Words;

/// What may stand between VACUUM or CLUSTER and the first table (PostgreSQL manual, the commands' pages).
const OPTIONS: [&str; 6] = ["FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE", "DISABLE_PAGE_SKIPPING"];

/// Whether a statement works on all tables of a schema or of the database, those of the host among them: VACUUM, ANALYZE or CLUSTER
/// without a table, REINDEX of a schema or more. They change how rows are stored and counted, never the rows.
pub fn works_on_every_table(statement: &str) -> bool {
    let words = Words::new(statement);
    let mut place = 1;
    if words.kind(place) == Some(TokenKind::OpenParenthesis) {
        let Some(close) = (place..)
            .take_while(|place| words.kind(*place).is_some())
            .find(|place| words.kind(*place) == Some(TokenKind::CloseParenthesis))
        else {
            // So many options that the end of the list was not read.
            return true;
        };
        place = close + 1;
    }
    if words.is(0, "REINDEX") {
        return words.is_any(place, &["SCHEMA", "DATABASE", "SYSTEM"]);
    }
    if !words.is_any(0, &["VACUUM", "CLUSTER", "ANALYZE", "ANALYSE"]) {
        return false;
    }
    while words.is_any(place, &OPTIONS) {
        place += 1;
    }
    words.kind(place).is_none_or(|kind| kind == TokenKind::Semicolon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_a_table() {
        for (statement, expected) in [
            ("VACUUM", true),
            ("vacuum full freeze verbose analyze;", true),
            ("VACUUM (ANALYZE, PARALLEL 2)", true),
            ("VACUUM (FULL) t", false),
            ("VACUUM ANALYZE t (a)", false),
            ("VACUUM \"full\"", false),
            ("CLUSTER", true),
            ("CLUSTER (VERBOSE)", true),
            ("CLUSTER t USING i", false),
            ("ANALYZE", true),
            ("ANALYZE t", false),
            ("REINDEX (VERBOSE) SCHEMA CONCURRENTLY s", true),
            ("REINDEX SYSTEM a", true),
            ("REINDEX DATABASE CONCURRENTLY", true),
            ("REINDEX TABLE schema", false),
            ("SELECT 1", false),
        ] {
            assert_eq!(works_on_every_table(statement), expected, "{statement}");
        }
    }
}
