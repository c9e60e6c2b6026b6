//! What a statement does, as far as its first words tell.

use std::fmt;

use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;

/// How many words of a statement's beginning are looked at.
const HEAD_WORDS_MAX: usize = 8;

/// Words between CREATE and the kind of object.
const CREATE_MODIFIERS: [&str; 12] = [
    "OR",
    "REPLACE",
    "UNIQUE",
    "TEMP",
    "TEMPORARY",
    "UNLOGGED",
    "LOCAL",
    "GLOBAL",
    "RECURSIVE",
    "TRUSTED",
    "PROCEDURAL",
    "CONSTRAINT",
];

/// Commands and kinds of objects that have more than one word.
const PHRASES: [&str; 28] = [
    "ACCESS METHOD",
    "ALTER DEFAULT PRIVILEGES",
    "COMMIT PREPARED",
    "DEFAULT PRIVILEGES",
    "EVENT TRIGGER",
    "FOREIGN DATA WRAPPER",
    "FOREIGN TABLE",
    "IMPORT FOREIGN SCHEMA",
    "LARGE OBJECT",
    "MATERIALIZED VIEW",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "PREPARE TRANSACTION",
    "REASSIGN OWNED",
    "REFRESH MATERIALIZED VIEW",
    "ROLLBACK PREPARED",
    "ROLLBACK TO",
    "SECURITY LABEL",
    "SET CONSTRAINTS",
    "SET ROLE",
    "SET SESSION AUTHORIZATION",
    "SET SESSION CHARACTERISTICS",
    "SET TRANSACTION",
    "START TRANSACTION",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER",
    "USER MAPPING",
];

/// Parameters that are another spelling of SET TRANSACTION.
const TRANSACTION_PARAMETERS: [&str; 3] = ["TRANSACTION_ISOLATION", "TRANSACTION_READ_ONLY", "TRANSACTION_DEFERRABLE"];

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementKind {
    command: String,
    class: StatementClass,
}

/// What a statement needs from whoever sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementClass {
    /// It begins, ends, cuts or configures the transaction.
    TransactionControl,
    /// `COPY … FROM STDIN`: it reads rows through the copy protocol.
    CopyIn,
    /// `COPY … TO STDOUT`: it writes rows through the copy protocol.
    CopyOut,
    /// Nothing special is known about it.
    Other,
}

impl StatementKind {
    /// The command in upper case, such as `ALTER TABLE`, `INSERT` or `ROLLBACK TO`.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// What it needs.
    pub fn class(&self) -> StatementClass {
        self.class
    }
}

impl fmt::Display for StatementKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.command)
    }
}

/// What the first statement in the text is. Comments, blanks and opening parentheses before it do not count. None where
/// there is no command.
pub fn classify(statement: &str) -> Option<StatementKind> {
    let tokens: Vec<Token> = Tokens::new(statement)
        .map_while(Result::ok)
        .filter(|token| token.kind.is_significant())
        .skip_while(|token| token.kind == TokenKind::OpenParenthesis)
        .take_while(|token| token.kind != TokenKind::Semicolon)
        .collect();
    let head: Vec<String> = tokens
        .iter()
        .take(HEAD_WORDS_MAX)
        .map_while(|token| match token.kind {
            TokenKind::Word => Some(upper(statement, token)),
            _ => None,
        })
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let first = *head.first()?;
    let other = |command: String| StatementKind { command, class: StatementClass::Other };
    let kind = match first {
        "WITH" => other(main_verb(statement, &tokens)),
        "COPY" => StatementKind { command: first.to_owned(), class: copy_class(statement, &tokens) },
        "CREATE" | "ALTER" | "DROP" => other(object_command(&head)),
        _ => match transaction_command(statement, &tokens, &head) {
            Some(command) => StatementKind { command, class: StatementClass::TransactionControl },
            None => other(phrase(&head)),
        },
    };
    Some(kind)
}

/// The command, when it controls the transaction.
fn transaction_command(statement: &str, tokens: &[Token], head: &[&str]) -> Option<String> {
    let found = match head.first()? {
        &"BEGIN" | &"START" | &"COMMIT" | &"END" | &"ABORT" | &"ROLLBACK" | &"SAVEPOINT" | &"RELEASE" => {
            rollback_to(head).unwrap_or_else(|| phrase(head))
        }
        // With a name, even if it is `transaction`, it prepares a statement.
        &"PREPARE"
            if head.get(1) == Some(&"TRANSACTION")
                && tokens.get(2).map(|token| token.kind) == Some(TokenKind::String) =>
        {
            phrase(head)
        }
        &"SET" => return set_transaction(statement, tokens, head),
        _ => return None,
    };
    Some(found)
}

/// `ROLLBACK [WORK | TRANSACTION] TO …`
fn rollback_to(head: &[&str]) -> Option<String> {
    let is_rollback_to = match head {
        ["ROLLBACK", "WORK" | "TRANSACTION", rest, ..] | ["ROLLBACK", rest, ..] => *rest == "TO",
        _ => false,
    };
    is_rollback_to.then(|| "ROLLBACK TO".to_owned())
}

/// `SET [SESSION | LOCAL] TRANSACTION …`, `… SESSION CHARACTERISTICS …`, or a parameter that does the same.
fn set_transaction(statement: &str, tokens: &[Token], head: &[&str]) -> Option<String> {
    let scope = usize::from(matches!(head.get(1), Some(&"SESSION" | &"LOCAL")));
    for skipped in [1, 1 + scope] {
        match head.get(skipped..) {
            Some(["TRANSACTION", ..]) => return Some("SET TRANSACTION".to_owned()),
            Some(["SESSION", "CHARACTERISTICS", ..]) => {
                return Some("SET SESSION CHARACTERISTICS".to_owned());
            }
            _ => {}
        }
    }
    // The name of a parameter may be quoted, and its case does not count.
    let parameter = upper(statement, tokens.get(1 + scope)?);
    TRANSACTION_PARAMETERS
        .contains(&parameter.trim_matches('"'))
        .then(|| format!("SET {}", parameter.to_ascii_lowercase()))
}

/// Where the rows come from or go to: the word after the first FROM or TO outside of parentheses. Both are reserved, so
/// that no table or column can be called so without quotes.
fn copy_class(statement: &str, tokens: &[Token]) -> StatementClass {
    let mut depth = 0_usize;
    let mut words = tokens.iter().filter_map(|token| match token.kind {
        TokenKind::OpenParenthesis => {
            depth += 1;
            None
        }
        TokenKind::CloseParenthesis => {
            depth = depth.saturating_sub(1);
            None
        }
        TokenKind::Word | TokenKind::String if depth == 0 => Some(upper(statement, token)),
        _ => None,
    });
    let direction = words.find(|word| word == "FROM" || word == "TO");
    let uses_protocol = words.next().is_some_and(|word| word == "STDIN" || word == "STDOUT");
    match direction.as_deref() {
        Some("FROM") if uses_protocol => StatementClass::CopyIn,
        Some(_) if uses_protocol => StatementClass::CopyOut,
        _ => StatementClass::Other,
    }
}

/// The command after the queries of a WITH. Their names, which may be words like `insert`, follow WITH or a comma.
fn main_verb(statement: &str, tokens: &[Token]) -> String {
    let mut depth = 0_usize;
    let mut can_be_name = true;
    for token in tokens.iter().skip(1) {
        match token.kind {
            TokenKind::OpenParenthesis => depth += 1,
            TokenKind::CloseParenthesis => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 0 => {
                let word = upper(statement, token);
                match word.as_str() {
                    "RECURSIVE" if can_be_name => continue,
                    "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "VALUES" | "TABLE" if !can_be_name => {
                        return word;
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        can_be_name = depth == 0 && token.kind == TokenKind::Comma;
    }
    "WITH".to_owned()
}

/// `CREATE`, `ALTER` or `DROP` and the kind of object.
fn object_command(head: &[&str]) -> String {
    let (verb, rest) = head.split_at(1.min(head.len()));
    let whole = phrase(head);
    if PHRASES.contains(&whole.as_str()) {
        return whole;
    }
    let object: Vec<&str> = rest.iter().copied().skip_while(|word| CREATE_MODIFIERS.contains(word)).collect();
    format!("{} {}", verb.concat(), phrase(&object)).trim_end().to_owned()
}

/// The phrase that the words begin with, or the first word.
fn phrase(words: &[&str]) -> String {
    let begins = |phrase: &&str| {
        let mut phrase_words = phrase.split(' ');
        words
            .iter()
            .map(Some)
            .chain(std::iter::repeat(None))
            .zip(phrase_words.by_ref())
            .all(|(word, expected)| word == Some(&expected))
    };
    PHRASES
        .iter()
        .find(|phrase| begins(phrase))
        .or(words.first())
        .map_or_else(String::new, |phrase| (*phrase).to_owned())
}

fn upper(statement: &str, token: &Token) -> String {
    statement[token.bytes.clone()].to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commands() {
        let cases = [
            ("select 1", "SELECT"),
            ("((SELECT 1))", "SELECT"),
            ("-- a\nINSERT INTO t VALUES (1)", "INSERT"),
            ("CREATE TABLE IF NOT EXISTS t ()", "CREATE TABLE"),
            ("CREATE UNLOGGED TABLE t ()", "CREATE TABLE"),
            ("CREATE OR REPLACE FUNCTION f()", "CREATE FUNCTION"),
            ("CREATE UNIQUE INDEX CONCURRENTLY i", "CREATE INDEX"),
            ("CREATE TEMP RECURSIVE VIEW v", "CREATE VIEW"),
            ("DROP MATERIALIZED VIEW v", "DROP MATERIALIZED VIEW"),
            ("ALTER DEFAULT PRIVILEGES GRANT", "ALTER DEFAULT PRIVILEGES"),
            ("ALTER TYPE t ADD VALUE 'a'", "ALTER TYPE"),
            ("CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER"),
            ("CREATE", "CREATE"),
            ("REFRESH MATERIALIZED VIEW v", "REFRESH MATERIALIZED VIEW"),
            ("COMMENT ON TABLE t IS 'a'", "COMMENT"),
            ("SET ROLE a", "SET ROLE"),
            ("SET a = 1", "SET"),
            ("WITH a AS (SELECT 1) INSERT INTO t SELECT 2", "INSERT"),
            ("WITH RECURSIVE insert(a) AS (SELECT 1), update AS (DELETE FROM t) SELECT 1", "SELECT"),
            ("WITH a AS MATERIALIZED (SELECT 1) TABLE a", "TABLE"),
            ("WITH a AS (SELECT 1)", "WITH"),
            ("COPY t TO STDOUT", "COPY"),
            ("FUTURE COMMAND", "FUTURE"),
        ];
        for (statement, command) in cases {
            let kind = classify(statement);
            let found = kind.as_ref().map(StatementKind::command);
            assert_eq!(found, Some(command), "{statement}");
        }
        for nothing in ["", " -- a", ";", "1", "'a'", "\"SELECT\" 1"] {
            assert_eq!(classify(nothing), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(SET|LOCAL|SESSION|WITH|COPY|FROM|ROLLBACK|CREATE|OR|\\(|\\)|,|'| |\\PC){0,12}") {
            let _ = classify(&text);
        }
    }
}
