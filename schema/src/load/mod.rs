//! Loading texts of SQL into a shadow database, in whatever order works.
//!
//! A statement that fails because something is not there yet is tried again after the others. So files need no order, and neither
//! do the statements in them. It ends when a round gets nothing further: then what is left is really wrong.
//!
//! The texts come cut into statements, with what is allowed in them checked: that is the caller's, who knows whose they are.

mod error;

pub use error::LoadError;
pub use error::NotLoaded;

use std::collections::VecDeque;

use sqlx::postgres::PgConnection;
use sqlx::postgres::PgDatabaseError;

/// A text of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Where it comes from, for messages: the path of a file.
    pub name: String,
    /// Its statements, in their order.
    pub statements: Vec<Statement>,
}

/// One statement of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Without the semicolon.
    pub sql: String,
    /// The line in which it begins, from 1.
    pub line: u32,
    /// Whether it sets a parameter of the session, which then holds for the statements below it in the same text.
    pub sets: bool,
}

/// The classes of errors that no other statement could put right: syntax (42601), rights (42501), an object that is there already
/// (42710, 42P06, 42P07, 42723, 42701), data (22).
const FINAL: [&str; 7] = ["42601", "42501", "42710", "42P06", "42P07", "42723", "42701"];
const DATA_CLASS: &str = "22";

/// Nothing that is loaded is worth waiting for the disk, and no value in the session of whoever runs this counts.
const PREPARE: &str = "SET synchronous_commit = off; SET client_min_messages = error";

/// A statement that waits, with the error of its last try.
struct Waiting<'a> {
    text: usize,
    index: usize,
    statement: &'a Statement,
    error: Option<PgDatabaseErrorText>,
}

impl Waiting<'_> {
    /// Whether a statement, in lower case, names what this one did not find.
    fn may_wait_for(&self, sql: &str) -> bool {
        let missing = self.error.as_ref().and_then(|error| missing_name(&error.message));
        missing.is_some_and(|name| has_word(sql, &name))
    }
}

/// Whether a statement makes a difference to those above it.
fn takes_away(sql: &str) -> bool {
    let sql = sql.to_lowercase();
    sql.starts_with("drop") || has_word(&sql, "rename") || has_word(&sql, "replace")
}

/// The place of a statement among the others: what others are made in, types, tables, and the rest.
fn rank(sql: &str) -> u8 {
    let sql = sql.to_lowercase();
    let mut words = sql.split_whitespace();
    match (words.next(), words.find(|word| !matches!(*word, "unlogged" | "temp" | "temporary" | "foreign"))) {
        (Some("create"), Some("schema" | "extension")) => 0,
        (Some("create"), Some("type" | "domain" | "sequence" | "collation")) => 1,
        (Some("create"), Some("table")) => 2,
        _ => 3,
    }
}

/// Whether a text has a word that is not a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part =
        |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || character == '_');
    text.match_indices(word)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next()))
}

/// The name of what a message of the server says does not exist, without its schema and in lower case: `relation "shop.orders" does not
/// exist`, `function shop.price(bigint) does not exist`. None where there is no such name, as in another language.
fn missing_name(message: &str) -> Option<String> {
    let named = match message.split('"').nth(1) {
        Some(quoted) => quoted,
        None => message.strip_prefix("function ")?.split('(').next()?,
    };
    let name = named.rsplit('.').next()?.trim();
    (!name.is_empty()).then(|| name.to_lowercase())
}

/// What the server said.
#[derive(Debug, Clone)]
struct PgDatabaseErrorText {
    sqlstate: String,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    position: Option<usize>,
}

/// Loads texts. Statements run one by one, outside of a transaction of their own. The session keeps no setting of a text.
///
/// # Errors
/// [`LoadError::Refused`] with the statements that no order makes work.
pub async fn load(connection: &mut PgConnection, texts: &[Text]) -> Result<(), LoadError> {
    run(connection, PREPARE).await?;
    let mut ready: Vec<Waiting<'_>> = texts
        .iter()
        .enumerate()
        .flat_map(|(text, content)| {
            let statements = content.statements.iter().enumerate().filter(|(_, statement)| !statement.sets);
            statements.map(move |(index, statement)| Waiting { text, index, statement, error: None })
        })
        .collect();
    // Only a first guess, which saves tries. What takes something away again must stay where it is.
    if !texts.iter().flat_map(|text| &text.statements).any(|statement| takes_away(&statement.sql)) {
        ready.sort_by_key(|waiting| rank(&waiting.statement.sql));
    }
    let mut ready = VecDeque::from(ready);
    let mut waiting: Vec<Waiting<'_>> = Vec::new();
    let mut session = Session { texts, settings: Vec::new() };
    let mut checks_bodies = true;
    loop {
        let mut got_further = false;
        while let Some(mut statement) = ready.pop_front() {
            session.prepare(connection, statement.text, statement.index, checks_bodies).await?;
            match run(connection, &statement.statement.sql).await {
                Ok(()) => {
                    got_further = true;
                    // Those that it may be what they wait for come next; otherwise a chain of them would take a round for each.
                    let sql = statement.statement.sql.to_lowercase();
                    let (next, still) =
                        waiting.into_iter().partition(|waiting: &Waiting<'_>| waiting.may_wait_for(&sql));
                    waiting = still;
                    let next: Vec<_> = next;
                    next.into_iter().rev().for_each(|statement| ready.push_front(statement));
                }
                Err(LoadError::Connection { source: sqlx::Error::Database(error) }) => {
                    let error = words(error.as_ref());
                    let is_final = FINAL.contains(&error.sqlstate.as_str()) || error.sqlstate.starts_with(DATA_CLASS);
                    statement.error = Some(error);
                    if is_final {
                        return Err(refused(texts, &[statement]));
                    }
                    waiting.push(statement);
                }
                Err(error) => return Err(error),
            }
        }
        if waiting.is_empty() {
            break;
        }
        if !got_further {
            // Functions that name each other have no order in which their bodies can be checked.
            if !checks_bodies {
                return Err(refused(texts, &waiting));
            }
            checks_bodies = false;
        }
        ready.extend(waiting.drain(..));
    }
    run(connection, "RESET ALL").await
}

/// The settings of the session, which are those of the statement that runs.
struct Session<'a> {
    texts: &'a [Text],
    settings: Vec<String>,
}

impl Session<'_> {
    /// Sets what the statements of its text above this one set.
    async fn prepare(
        &mut self,
        connection: &mut PgConnection,
        text: usize,
        index: usize,
        checks_bodies: bool,
    ) -> Result<(), LoadError> {
        let above = self.texts[text].statements[..index].iter().filter(|statement| statement.sets);
        let mut wanted: Vec<String> = above.map(|statement| statement.sql.clone()).collect();
        if !checks_bodies {
            wanted.push("SET check_function_bodies = off".to_owned());
        }
        if wanted == self.settings {
            return Ok(());
        }
        run(connection, &format!("RESET ALL; {PREPARE}")).await?;
        for sql in &wanted {
            if let Err(LoadError::Connection { source: sqlx::Error::Database(error) }) = run(connection, sql).await {
                let line = self.texts[text].statements.iter().find(|statement| statement.sql == *sql);
                let line = line.map_or(1, |statement| statement.line);
                return Err(LoadError::Refused {
                    first: Box::new(not_loaded(self.texts[text].name.clone(), line, &words(error.as_ref()), sql)),
                    others: 0,
                });
            }
        }
        self.settings = wanted;
        Ok(())
    }
}

/// The error for what is left: the first statement that does not wait for another one of them, as far as that can be told.
fn refused(texts: &[Text], left: &[Waiting<'_>]) -> LoadError {
    let error = |statement: &Waiting<'_>| statement.error.clone();
    // One that fails for another reason than something missing tells more.
    let is_about_missing = |statement: &&Waiting<'_>| {
        !error(statement).is_some_and(|error| matches!(error.sqlstate.as_str(), "42P01" | "42704" | "42883" | "3F000"))
    };
    let first = left.iter().find(is_about_missing).or_else(|| left.first());
    let Some((statement, error)) = first.and_then(|statement| Some((statement, error(statement)?))) else {
        return LoadError::Nothing;
    };
    let name = texts[statement.text].name.clone();
    let others = left.len() - 1;
    let first = not_loaded(name, statement.statement.line, &error, &statement.statement.sql);
    LoadError::Refused { first: Box::new(first), others }
}

fn not_loaded(file: String, line: u32, error: &PgDatabaseErrorText, sql: &str) -> NotLoaded {
    // The server counts characters; the line of the place is what an editor wants.
    let before =
        error.position.map(|position| sql.chars().take(position.saturating_sub(1)).filter(|c| *c == '\n').count());
    let line = line + before.and_then(|lines| u32::try_from(lines).ok()).unwrap_or_default();
    NotLoaded {
        file,
        line,
        sqlstate: error.sqlstate.clone(),
        message: error.message.clone(),
        detail: error.detail.clone(),
        hint: error.hint.clone(),
    }
}

fn words(error: &(dyn sqlx::error::DatabaseError + 'static)) -> PgDatabaseErrorText {
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else {
        return PgDatabaseErrorText {
            sqlstate: String::new(),
            message: error.message().to_owned(),
            detail: None,
            hint: None,
            position: None,
        };
    };
    PgDatabaseErrorText {
        sqlstate: error.code().to_owned(),
        message: error.message().to_owned(),
        detail: error.detail().map(str::to_owned),
        hint: error.hint().map(str::to_owned),
        position: match error.position() {
            Some(sqlx::postgres::PgErrorPosition::Original(position)) => Some(position),
            _ => None,
        },
    }
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), LoadError> {
    let query = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
    query.execute(connection).await.map(drop).map_err(|source| LoadError::Connection { source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_what_is_missing() {
        for (message, name) in [
            ("relation \"shop.Orders\" does not exist", Some("orders")),
            ("schema \"shop\" does not exist", Some("shop")),
            ("function shop.price(bigint) does not exist", Some("price")),
            ("something else", None),
        ] {
            assert_eq!(missing_name(message).as_deref(), name, "{message}");
        }
        assert!(has_word("create table app.t1 (", "t1") && !has_word("create table app.t10 (at1)", "t1"));
    }

    #[test]
    fn what_others_need_comes_first_unless_something_is_taken_away() {
        let ranks = [
            "CREATE VIEW v AS SELECT 1",
            "create unlogged  table t ()",
            "CREATE TYPE e AS ENUM ()",
            "CREATE\nSCHEMA s",
        ];
        assert_eq!(ranks.map(rank), [3, 2, 1, 0]);
        for (sql, expected) in [
            ("DROP TABLE a", true),
            ("ALTER TABLE a RENAME TO b", true),
            ("CREATE OR REPLACE FUNCTION f()", true),
            ("CREATE TABLE renamed ()", false),
        ] {
            assert_eq!(takes_away(sql), expected, "{sql}");
        }
    }
}
