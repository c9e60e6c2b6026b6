//! Statements with values instead of parameters, for scripts.

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

/// Puts SQL in the place of the parameters `$1`, `$2`, …, where they are parameters: not in strings, names or comments.
/// Each piece stands in parentheses, so that what follows a parameter (`$1[1]`, `$1::text`) means the same.
///
/// # Errors
/// [`MissingParameter`] when the statement has more parameters than there are pieces.
pub fn substitute(statement: &str, pieces: &[String]) -> Result<String, MissingParameter> {
    let mut text = String::with_capacity(statement.len());
    let mut copied = 0;
    // What cannot be read to its end was refused before; the rest then stays as it is.
    for token in Tokens::new(statement).map_while(Result::ok) {
        let digits = statement[token.bytes.clone()].strip_prefix('$').filter(|digits| !digits.is_empty());
        let Some(digits) = digits.filter(|_| token.kind == TokenKind::Other) else { continue };
        let number: usize = digits.parse().unwrap_or(usize::MAX);
        let missing = MissingParameter { number, given: pieces.len() };
        let piece = number.checked_sub(1).and_then(|index| pieces.get(index)).ok_or(missing)?;
        text.push_str(&statement[copied..token.bytes.start]);
        text.push('(');
        text.push_str(piece);
        text.push(')');
        copied = token.bytes.end;
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
    fn a_parameter_without_a_value_is_named() {
        let error = substitute("SELECT $1, $3", &["1".to_owned()]).expect_err("no third value");
        assert_eq!(error.to_string(), "the statement has a parameter $3, but 1 value(s) were given");
        assert!(substitute("SELECT $0", &["1".to_owned()]).is_err());
    }
}
