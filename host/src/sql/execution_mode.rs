//! How a statement is sent when no transaction is around its migration.

use std::collections::VecDeque;

use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;

/// PostgreSQL cuts names off here, in bytes (manual, "Identifiers and Key Words").
const NAME_BYTES_MAX: usize = 63;

/// How a statement is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutionMode {
    /// In a transaction of its own, together with the host's note that it is done: there is never a doubt.
    Atomic,
    /// It sets something for the session, so every run sends it again.
    Session,
    /// By itself, because PostgreSQL refuses it in a transaction block.
    Autocommit(AutocommitCommand),
    /// Not at all: it would have no effect, or could not be taken up after a crash. The reason is for the author.
    Refused(&'static str),
}

/// What is known about a statement that PostgreSQL refuses in a transaction block: how to find out afterwards whether it
/// was done (the manual's pages of each command say that they cannot run in one).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AutocommitCommand {
    /// `CREATE INDEX CONCURRENTLY`.
    CreateIndex {
        /// The index's name as the catalogue has it.
        name: String,
        /// The table, as the statement writes it.
        table: String,
    },
    /// `DROP INDEX CONCURRENTLY`.
    DropIndex {
        /// The index, as the statement writes it.
        index: String,
    },
    /// `REINDEX`, concurrently or not.
    Reindex,
    /// `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`.
    DetachPartition {
        /// The table, as the statement writes it.
        table: String,
        /// The partition, as the statement writes it.
        partition: String,
    },
    /// A statement that can be repeated without harm: `VACUUM`, `CLUSTER`.
    Repeatable,
    /// A statement of which it cannot be seen whether it was done: on subscriptions, which reach another server.
    Other,
}

impl AutocommitCommand {
    /// Whether it waits for other transactions by design, so that a limit on waiting would only leave a broken index or a
    /// half detached partition behind (PostgreSQL manual, "Building Indexes Concurrently").
    pub fn is_concurrent(&self) -> bool {
        matches!(self, Self::CreateIndex { .. } | Self::DropIndex { .. } | Self::Reindex | Self::DetachPartition { .. })
    }
}

/// How the one statement of a text is sent outside of a transaction.
pub fn execution_mode(statement: &str) -> ExecutionMode {
    let mut words = Words::new(statement);
    let first = words.first().map(|token| words.text(&token).to_ascii_uppercase()).unwrap_or_default();
    match first.as_str() {
        "SET" if words.skip("SET") && words.is_at("LOCAL") => {
            ExecutionMode::Refused("SET LOCAL has no effect without a transaction: write SET")
        }
        "SET" if words.is_at("CONSTRAINTS") => {
            ExecutionMode::Refused("SET CONSTRAINTS has no effect without a transaction")
        }
        "LOCK" => ExecutionMode::Refused("a lock would end with its own statement, because there is no transaction"),
        "SET" | "RESET" => ExecutionMode::Session,
        "VACUUM" | "CLUSTER" => ExecutionMode::Autocommit(AutocommitCommand::Repeatable),
        "REINDEX" => ExecutionMode::Autocommit(AutocommitCommand::Reindex),
        "CREATE" if is_temporary(Words::new(statement)) => ExecutionMode::Refused(
            "a temporary table would be gone when the migration goes on after an interruption: make an ordinary table and drop it at the end",
        ),
        "CREATE" | "DROP" | "ALTER" if words.skip(&first) && words.is_at("SUBSCRIPTION") => {
            ExecutionMode::Autocommit(AutocommitCommand::Other)
        }
        "CREATE" => create_index(Words::new(statement)),
        "DROP" => drop_index(Words::new(statement)),
        "ALTER" => detach_partition(Words::new(statement)),
        _ => ExecutionMode::Atomic,
    }
}

/// What a statement is called, for people.
pub fn name_of(statement: &str) -> String {
    match super::classify::classify(statement) {
        Ok(needs) => needs.command.to_string(),
        Err(_) => statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase(),
    }
}

/// The parameter that a SET or a RESET names, in lower case.
pub fn parameter_set(statement: &str) -> Option<String> {
    let mut words = Words::new(statement);
    if !(words.skip("SET") || words.skip("RESET")) {
        return None;
    }
    words.skip("SESSION");
    words.identifier().map(|name| name.to_ascii_lowercase())
}

/// Whether two texts of CREATE INDEX make the same index on the same table; one of them as `pg_get_indexdef` writes it.
///
/// It compares words, leaving out what the server adds or drops when it writes a definition (casts, parentheses, the
/// default method, ASC, the tablespace). So it may say no where the server would say yes, and then a human decides.
pub fn same_index(one: &str, other: &str) -> bool {
    let (one, other) = (definition(one), definition(other));
    one.is_some() && one == other
}

/// `CREATE [UNIQUE] INDEX CONCURRENTLY [IF NOT EXISTS] name ON [ONLY] table …`
fn create_index(mut words: Words<'_>) -> ExecutionMode {
    words.skip("CREATE");
    words.skip("UNIQUE");
    if !(words.skip("INDEX") && words.skip("CONCURRENTLY")) {
        return ExecutionMode::Atomic;
    }
    words.skip_all(&["IF", "NOT", "EXISTS"]);
    let name = if words.is_at("ON") { None } else { words.identifier() };
    let table = if words.skip("ON") {
        words.skip("ONLY");
        words.qualified_name()
    } else {
        None
    };
    match (name, table) {
        (Some(name), Some(table)) => {
            ExecutionMode::Autocommit(AutocommitCommand::CreateIndex { name: cut(name), table })
        }
        _ => ExecutionMode::Refused(
            "an index that is built concurrently needs a name of its own here: without one a broken build could not be recognised",
        ),
    }
}

/// `DROP INDEX CONCURRENTLY [IF EXISTS] name`; the server takes only one name.
fn drop_index(mut words: Words<'_>) -> ExecutionMode {
    words.skip("DROP");
    if !(words.skip("INDEX") && words.skip("CONCURRENTLY")) {
        return ExecutionMode::Atomic;
    }
    words.skip_all(&["IF", "EXISTS"]);
    ExecutionMode::Autocommit(
        words.qualified_name().map_or(AutocommitCommand::Other, |index| AutocommitCommand::DropIndex { index }),
    )
}

/// `ALTER TABLE [IF EXISTS] [ONLY] name DETACH PARTITION partition CONCURRENTLY`
fn detach_partition(mut words: Words<'_>) -> ExecutionMode {
    words.skip_all(&["ALTER", "TABLE"]);
    words.skip_all(&["IF", "EXISTS"]);
    words.skip("ONLY");
    let table = words.qualified_name();
    if !words.skip_all(&["DETACH", "PARTITION"]) {
        return ExecutionMode::Atomic;
    }
    let partition = words.qualified_name();
    match (table, partition) {
        (Some(table), Some(partition)) if words.skip("CONCURRENTLY") => {
            ExecutionMode::Autocommit(AutocommitCommand::DetachPartition { table, partition })
        }
        _ => ExecutionMode::Atomic,
    }
}

/// `CREATE [GLOBAL | LOCAL] {TEMP | TEMPORARY} …`
fn is_temporary(mut words: Words<'_>) -> bool {
    if !words.skip("CREATE") {
        return false;
    }
    words.skip_all(&["OR", "REPLACE"]);
    let _ = words.skip("GLOBAL") || words.skip("LOCAL");
    words.skip("TEMP") || words.skip("TEMPORARY")
}

/// What an index is, as words that both ways of writing it have in common; none for another statement.
fn definition(statement: &str) -> Option<Vec<String>> {
    let mut words = Words::new(statement);
    words.skip("CREATE");
    let mut definition = Vec::new();
    if words.skip("UNIQUE") {
        definition.push("unique".to_owned());
    }
    if !words.skip("INDEX") {
        return None;
    }
    words.skip("CONCURRENTLY");
    words.skip_all(&["IF", "NOT", "EXISTS"]);
    definition.push(words.identifier()?);
    if !words.skip("ON") {
        return None;
    }
    words.skip("ONLY");
    words.qualified_name()?;
    if !words.is_at("USING") {
        definition.extend(["using".to_owned(), "btree".to_owned()]);
    }
    while let Some(token) = words.first() {
        if words.skip("ASC") {
            continue;
        }
        if words.skip("TABLESPACE") {
            words.identifier();
        } else if words.text(&token) == ":" {
            words.skip_cast();
        } else {
            if !matches!(token.kind, TokenKind::OpenParenthesis | TokenKind::CloseParenthesis) {
                definition.push(words.normal(&token));
            }
            words.step();
        }
    }
    Some(definition)
}

/// The tokens of a statement that count, from its beginning. They are read as they are asked for: of a long statement only the
/// first ones are.
struct Words<'a> {
    statement: &'a str,
    tokens: Tokens<'a>,
    /// The tokens that were looked at and are not behind yet.
    ahead: VecDeque<Token>,
}

impl<'a> Words<'a> {
    fn new(statement: &'a str) -> Self {
        Self { statement, tokens: Tokens::new(statement), ahead: VecDeque::new() }
    }

    fn text(&self, token: &Token) -> &'a str {
        &self.statement[token.bytes.clone()]
    }

    fn at(&mut self, index: usize) -> Option<Token> {
        while self.ahead.len() <= index {
            let token = self.tokens.find_map(|token| match token {
                Ok(token) if token.kind.is_significant() && token.kind != TokenKind::Semicolon => Some(Some(token)),
                Ok(_) => None,
                Err(_) => Some(None),
            })??;
            self.ahead.push_back(token);
        }
        self.ahead.get(index).cloned()
    }

    fn first(&mut self) -> Option<Token> {
        self.at(0)
    }

    fn step(&mut self) {
        self.ahead.pop_front();
    }

    fn is_word(&mut self, index: usize, word: &str) -> bool {
        self.at(index)
            .is_some_and(|token| token.kind == TokenKind::Word && self.text(&token).eq_ignore_ascii_case(word))
    }

    fn is_at(&mut self, word: &str) -> bool {
        self.is_word(0, word)
    }

    fn skip(&mut self, word: &str) -> bool {
        self.skip_all(&[word])
    }

    /// Skips these words if all of them are there.
    fn skip_all(&mut self, words: &[&str]) -> bool {
        let there = words.iter().enumerate().all(|(index, word)| self.is_word(index, word));
        if there {
            self.ahead.drain(..words.len());
        }
        there
    }

    /// A name without a schema, as the catalogue has it. None for one that is written with `U&`.
    fn identifier(&mut self) -> Option<String> {
        let token = self.first()?;
        let text = self.text(&token);
        let name = match token.kind {
            // Only ASCII is folded (`downcase_identifier`, in UTF-8).
            TokenKind::Word => text.to_ascii_lowercase(),
            TokenKind::QuotedIdentifier => unquoted(text)?,
            _ => return None,
        };
        self.step();
        Some(name)
    }

    /// `name` or `schema.name`, as the statement writes it.
    fn qualified_name(&mut self) -> Option<String> {
        let is_name = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier);
        let mut name = String::new();
        loop {
            let part = self.first().filter(is_name)?;
            name.push_str(self.text(&part));
            self.step();
            if !self.is_written(".") {
                return Some(name);
            }
            name.push('.');
            self.step();
        }
    }

    fn is_written(&mut self, written: &str) -> bool {
        self.first().is_some_and(|token| self.text(&token) == written)
    }

    /// `::type`, with the types whose names have several words.
    fn skip_cast(&mut self) {
        while self.is_written(":") {
            self.step();
        }
        let first = self.qualified_name().unwrap_or_default().to_ascii_lowercase();
        match first.as_str() {
            "character" | "bit" => {
                self.skip("varying");
            }
            "double" => {
                self.skip("precision");
            }
            "time" | "timestamp" => {
                let _ = self.skip_all(&["with", "time", "zone"]) || self.skip_all(&["without", "time", "zone"]);
            }
            _ => {}
        }
    }

    /// A token as both ways of writing have it.
    fn normal(&self, token: &Token) -> String {
        let text = self.text(token);
        match token.kind {
            TokenKind::Word => text.to_ascii_lowercase(),
            TokenKind::QuotedIdentifier => unquoted(text).unwrap_or_else(|| text.to_owned()),
            // Storage parameters are written with quotes: fillfactor='70'.
            TokenKind::String if text.trim_matches('\'').bytes().all(|byte| byte.is_ascii_digit()) => {
                text.trim_matches('\'').to_owned()
            }
            _ => text.to_owned(),
        }
    }
}

fn unquoted(text: &str) -> Option<String> {
    Some(text.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\""))
}

/// A name as long as the catalogue can hold it.
fn cut(mut name: String) -> String {
    while name.len() > NAME_BYTES_MAX {
        name.pop();
    }
    name
}

#[cfg(test)]
mod tests;
