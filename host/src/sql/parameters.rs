//! The parameters of a statement: how many there are, and values in their place, for scripts.

use std::ops::Range;

use super::token::TokenKind;
use super::token::Tokens;

/// A parameter that has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the statement has a parameter ${number}, but {given} value(s) were given")]
pub struct MissingParameter {
    /// The number of the parameter, from 1.
    pub number: usize,
    /// How many values there are.
    pub given: usize,
}

/// The most parameters that the protocol can number.
const PARAMETERS_MAX: usize = 65_535;

/// How many parameters a statement has: the largest number behind a `$`. None where that is for the server to say: in the
/// definition of a routine `$1` is an argument.
pub fn parameter_count(statement: &str) -> Option<usize> {
    if !statement.contains('$') {
        return Some(0);
    }
    if defines_routine(statement) {
        return None;
    }
    let numbers = parameters(statement).map(|(number, _)| number);
    numbers.max().map_or(Some(0), |count| (count <= PARAMETERS_MAX).then_some(count))
}

/// Numbers and places of the parameters: not in strings, names or comments.
fn parameters(statement: &str) -> impl Iterator<Item = (usize, Range<usize>)> {
    // What cannot be read to its end was refused before; the rest then stays as it is.
    Tokens::new(statement).map_while(Result::ok).filter_map(|token| {
        let digits = statement[token.bytes.clone()].strip_prefix('$').filter(|digits| !digits.is_empty())?;
        (token.kind == TokenKind::Other).then(|| (digits.parse().unwrap_or(usize::MAX), token.bytes))
    })
}

/// Whether it is `CREATE [OR REPLACE] FUNCTION` or `PROCEDURE`.
fn defines_routine(statement: &str) -> bool {
    let words = Tokens::new(statement).map_while(Result::ok).filter(|token| token.kind == TokenKind::Word);
    let words: Vec<_> = words.take(4).map(|token| statement[token.bytes].to_ascii_lowercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["create", "function" | "procedure", ..] | ["create", "or", "replace", "function" | "procedure", ..]
    )
}

/// Puts SQL in the place of the parameters `$1`, `$2`, …, where they are parameters: not in strings, names or comments.
/// Each piece stands in parentheses, so that what follows a parameter (`$1[1]`, `$1::text`) means the same.
///
/// # Errors
/// [`MissingParameter`] when the statement has more parameters than there are pieces.
pub fn substitute(statement: &str, pieces: &[String]) -> Result<String, MissingParameter> {
    let mut text = String::with_capacity(statement.len());
    let mut copied = 0;
    if pieces.is_empty() && defines_routine(statement) {
        return Ok(statement.to_owned());
    }
    for (number, bytes) in parameters(statement) {
        let missing = MissingParameter { number, given: pieces.len() };
        let piece = number.checked_sub(1).and_then(|index| pieces.get(index)).ok_or(missing)?;
        text.push_str(&statement[copied..bytes.start]);
        text.push('(');
        text.push_str(piece);
        text.push(')');
        copied = bytes.end;
    }
    text.push_str(&statement[copied..]);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parameters_are_replaced() {
        let pieces: Vec<String> = ["'1'::pg_catalog.int4", "'b'"].map(str::to_owned).into();
        for (statement, expected) in [
            ("SELECT $1", "SELECT ('1'::pg_catalog.int4)"),
            ("SELECT $2,$1,$2", "SELECT ('b'),('1'::pg_catalog.int4),('b')"),
            (
                "SELECT '$1', \"$1\", $$ $1 $$, $a$ $1 $a$ -- $1\n/* $1 */",
                "SELECT '$1', \"$1\", $$ $1 $$, $a$ $1 $a$ -- $1\n/* $1 */",
            ),
            ("SELECT a$1 FROM t", "SELECT a$1 FROM t"),
            ("SELECT E'\\'$1', $1[1]", "SELECT E'\\'$1', ('1'::pg_catalog.int4)[1]"),
        ] {
            assert_eq!(substitute(statement, &pieces).as_deref(), Ok(expected), "{statement}");
        }
    }

    #[test]
    fn parameters_are_counted_by_the_largest_number() {
        for (statement, count) in [
            ("SELECT 1", Some(0)),
            ("SELECT $1, $3", Some(3)),
            ("SELECT '$1', $$ $2 $$, a$3 -- $4", Some(0)),
            ("SELECT $0", Some(0)),
            ("SELECT $70000", None),
            ("CREATE FUNCTION f(int) RETURNS int RETURN $1", None),
            ("create /* $1 */ or replace procedure p(int) begin atomic select $1; end", None),
            ("CREATE VIEW function AS SELECT $1", Some(1)),
        ] {
            assert_eq!(parameter_count(statement), count, "{statement}");
        }
    }

    #[test]
    fn arguments_of_a_routine_are_no_parameters() {
        let routine = "CREATE FUNCTION f(int) RETURNS int RETURN $1";
        assert_eq!(substitute(routine, &[]).as_deref(), Ok(routine));
    }

    #[test]
    fn a_parameter_without_a_value_is_named() {
        let error = substitute("SELECT $1, $3", &["1".to_owned()]).expect_err("no third value");
        assert_eq!(error.to_string(), "the statement has a parameter $3, but 1 value(s) were given");
        assert!(substitute("SELECT $0", &["1".to_owned()]).is_err());
    }
}
