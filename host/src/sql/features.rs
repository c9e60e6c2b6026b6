//! What the first words do not tell: features that may stand anywhere in a statement, found in one pass without a copy.
//!
//! A word counts only where PostgreSQL could read it as a key word: not as a label (`AS into`), not as a column
//! (`t.into`). Where a feature could be two things, it counts as both, so that more is needed and not less.

use std::ops::Range;

use super::items::Item;
use super::items::keyword;
use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;
use super::trusted_languages::trusted_language;
use super::words::plain;

/// How many items before the current one are known.
const WINDOW: usize = 4;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Features {
    /// `SELECT … INTO`: it makes a table.
    pub(super) into: bool,
    /// The first part of a WITH, or the statement after it, that changes rows.
    pub(super) changes: Option<&'static str>,
    /// `… OWNER TO …`
    pub(super) owner_to: bool,
    /// GRANT after the first word.
    pub(super) grant: bool,
    /// AUTHORIZATION outside of parentheses.
    pub(super) authorization: bool,
    /// CREATE after the first word, of something that cannot stand in a CREATE SCHEMA.
    pub(super) strange_element: bool,
    /// A NOTIFY that a rule would run.
    pub(super) notify: bool,
    /// WITH HOLD, before the query of a cursor.
    pub(super) hold: bool,
    /// AS EXECUTE: what it runs stands elsewhere.
    pub(super) execute: bool,
    /// ON before the first TO or FROM: rights are on something, membership in a role is not.
    pub(super) on: bool,
    /// `ON PARAMETER …`
    pub(super) on_parameter: bool,
    /// The first language that is not known to be trusted.
    pub(super) language: Option<Range<usize>>,
    /// Where the text after the first FOR begins.
    pub(super) after_for: Option<usize>,
}

/// The pass over the tokens.
struct Pass<'a> {
    text: &'a str,
    features: Features,
    /// The items before the current one, the last one first.
    before: [Item; WINDOW],
    items: usize,
    depth: usize,
    seen_with: bool,
    /// SELECT outside of parentheses: no INSERT, UPDATE, DELETE or MERGE can be the main verb any more.
    seen_select: bool,
    seen_direction: bool,
    in_body: bool,
    /// How many AS stand outside of parentheses.
    as_words: usize,
    /// A CREATE whose object has not come yet.
    creating: bool,
}

/// Reads one statement.
pub(super) fn features(text: &str) -> Features {
    let mut pass = Pass {
        text,
        features: Features::default(),
        before: [Item::Other; WINDOW],
        items: 0,
        depth: 0,
        seen_with: false,
        seen_select: false,
        seen_direction: false,
        in_body: false,
        as_words: 0,
        creating: false,
    };
    for token in Tokens::new(text).map_while(Result::ok).filter(|token| token.kind.is_significant()) {
        pass.push(&token);
    }
    pass.features
}

impl Pass<'_> {
    fn push(&mut self, token: &Token) {
        let item = self.item(token);
        match item {
            Item::Close => self.depth = self.depth.saturating_sub(1),
            Item::Into => self.into(),
            Item::From if self.previous(0) == Item::Delete => self.changes("DELETE", 1),
            Item::Select if self.depth == 0 => self.seen_select = true,
            Item::With => self.seen_with = true,
            Item::To if self.previous(0) == Item::Owner && self.depth == 0 => self.features.owner_to = true,
            Item::Grant if self.items > 0 => self.features.grant = true,
            Item::Authorization if self.depth == 0 => self.features.authorization = true,
            Item::Notify => self.features.notify |= self.begins_action(),
            Item::Hold => self.features.hold |= self.previous(0) == Item::With && self.features.after_for.is_none(),
            Item::As if self.depth == 0 => self.as_words += 1,
            // After a later AS it is a label.
            Item::Execute => self.features.execute |= (self.previous(0), self.depth, self.as_words) == (Item::As, 0, 1),
            Item::Atomic => self.in_body |= self.previous(0) == Item::Begin && self.depth == 0,
            Item::For if self.depth == 0 => {
                self.features.after_for.get_or_insert(token.bytes.end);
            }
            _ => {}
        }
        if self.depth == 0 {
            self.direction(item);
            self.language(token);
        }
        if self.previous(0) == Item::Update && matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier) {
            self.update(item);
        }
        self.element(token, item);
        if item == Item::Open {
            self.depth += 1;
        }
        self.before.rotate_right(1);
        self.before[0] = item;
        self.items += 1;
    }

    fn previous(&self, back: usize) -> Item {
        self.before[back]
    }

    fn item(&self, token: &Token) -> Item {
        match token.kind {
            TokenKind::OpenParenthesis => Item::Open,
            TokenKind::CloseParenthesis => Item::Close,
            TokenKind::Comma => Item::Comma,
            TokenKind::Semicolon => Item::Semicolon,
            TokenKind::String => Item::String,
            TokenKind::Word => self.word(&self.text[token.bytes.clone()]),
            TokenKind::QuotedIdentifier => Item::Name,
            _ if &self.text[token.bytes.clone()] == "." => Item::Dot,
            _ => Item::Other,
        }
    }

    fn word(&self, word: &str) -> Item {
        let item = keyword(word);
        match self.previous(0) {
            // A column; a number has its own dot.
            Item::Dot => Item::Name,
            // A label. What follows the AS of another statement is none.
            Item::As if item != Item::Execute => Item::Name,
            _ => item,
        }
    }

    /// `SELECT … INTO`, or INSERT INTO and MERGE INTO with a WITH around or before them.
    fn into(&mut self) {
        let verb = match self.previous(0) {
            Item::Insert => "INSERT",
            Item::Merge => "MERGE",
            _ => {
                self.features.into = true;
                return;
            }
        };
        let is_main_verb = self.depth == 0 && !self.seen_select;
        let is_first = self.depth > 0 && self.previous(1) == Item::Open;
        if !self.seen_with || !(is_main_verb || is_first) {
            // The word before may be a column.
            self.features.into = true;
        }
        self.changes(verb, 1);
    }

    /// A verb that changes rows, unless it is a column or a label.
    fn changes(&mut self, verb: &'static str, back: usize) {
        let can_be_verb = match self.depth {
            0 => !self.seen_select,
            _ => !matches!(self.previous(back), Item::Select | Item::Filler | Item::Comma | Item::Other | Item::String),
        };
        if self.seen_with && can_be_verb {
            self.features.changes.get_or_insert(verb);
        }
    }

    /// UPDATE with a table after it; not `FOR UPDATE` and not `FOR NO KEY UPDATE`.
    fn update(&mut self, item: Item) {
        let locks = self.previous(1) == Item::For
            || (self.previous(1), self.previous(2), self.previous(3)) == (Item::Key, Item::No, Item::For);
        // AS is reserved: before it stands the name of a WITH.
        if !locks && item != Item::As {
            self.changes("UPDATE", 1);
        }
    }

    fn begins_action(&self) -> bool {
        matches!(self.previous(0), Item::Do | Item::Also | Item::Instead | Item::Open | Item::Semicolon)
    }

    fn direction(&mut self, item: Item) {
        match item {
            Item::To | Item::From => self.seen_direction = true,
            Item::On if !self.seen_direction => self.features.on = true,
            Item::Name if (self.previous(0), self.previous(1)) == (Item::Parameter, Item::On) => {
                self.features.on_parameter = true;
            }
            _ => {}
        }
    }

    /// What follows LANGUAGE. In the body of a routine the word can only be a column.
    fn language(&mut self, token: &Token) {
        let names = matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String);
        if names && self.previous(0) == Item::Language && !self.in_body && self.features.language.is_none() {
            let written = &self.text[token.bytes.clone()];
            let is_word = token.kind == TokenKind::Word;
            if !plain(written).is_some_and(|name| trusted_language(name, is_word)) {
                self.features.language = Some(token.bytes.clone());
            }
        }
    }

    /// The objects that a CREATE SCHEMA may make at once.
    fn element(&mut self, token: &Token, item: Item) {
        const MODIFIERS: [&str; 10] =
            ["OR", "REPLACE", "UNIQUE", "TEMP", "TEMPORARY", "UNLOGGED", "LOCAL", "GLOBAL", "RECURSIVE", "CONSTRAINT"];
        const OBJECTS: [&str; 5] = ["TABLE", "VIEW", "INDEX", "SEQUENCE", "TRIGGER"];
        if self.creating {
            let word = &self.text[token.bytes.clone()];
            let is_any = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
            if !is_any(&MODIFIERS) {
                self.features.strange_element |= !is_any(&OBJECTS);
                self.creating = false;
            }
        }
        if item == Item::Create && self.items > 0 {
            self.creating = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_out_of_queries() {
        for (statement, into) in [
            ("SELECT 1 INTO t", true),
            ("SELECT 1AS a INTO t", true),
            ("SELECT 1.INTO t", true),
            ("SELECT t.as INTO u FROM t", true),
            ("SELECT 1 AS as INTO u", true),
            ("SELECT insert INTO u FROM t", true),
            ("WITH x AS (SELECT 1) SELECT insert INTO u FROM t", true),
            ("WITH x AS (SELECT 1) SELECT (1) insert INTO u", true),
            ("WITH x AS (SELECT 1) (SELECT (1) insert INTO u)", true),
            ("(SELECT 1 INTO t) UNION SELECT 2", true),
            ("SELECT 1 AS into", false),
            ("SELECT t.into FROM t", false),
            ("SELECT \"into\", 'INTO' /* INTO */ FROM t", false),
            ("WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x", false),
            ("WITH x AS (SELECT 1) INSERT INTO t SELECT 1", false),
            ("WITH x AS (SELECT 1) MERGE INTO t USING x ON true WHEN MATCHED THEN DELETE", false),
        ] {
            assert_eq!(features(statement).into, into, "{statement}");
        }
    }

    #[test]
    fn changes_in_and_after_with() {
        for (statement, verb) in [
            ("WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", Some("DELETE")),
            ("WITH x AS NOT MATERIALIZED (UPDATE ONLY t SET a = 1) SELECT 1", Some("UPDATE")),
            ("WITH x AS (INSERT/**/INTO t DEFAULT VALUES) TABLE y", Some("INSERT")),
            ("WITH x AS (WITH y AS (SELECT 1) DELETE FROM t) SELECT 1", Some("DELETE")),
            ("(WITH x AS (DELETE FROM t RETURNING 1) SELECT 1)", Some("DELETE")),
            ("WITH x AS (SELECT 1) UPDATE \"t\" SET a = 1", Some("UPDATE")),
            ("WITH RECURSIVE x(a) AS (SELECT 1) CYCLE a SET b USING recursive DELETE FROM t", Some("DELETE")),
            ("WITH RECURSIVE x(a) AS (SELECT 1) CYCLE a SET b USING key UPDATE t SET a = 1", Some("UPDATE")),
            ("WITH x AS (SELECT 1), update AS (SELECT 1), delete AS (SELECT 1) SELECT 1", None),
            ("WITH RECURSIVE update AS (SELECT 1) SELECT * FROM t FOR UPDATE OF t", None),
            ("WITH x AS (SELECT 1 FOR NO KEY UPDATE OF t) SELECT delete FROM t", None),
            ("WITH x AS (SELECT delete FROM t) SELECT a, delete FROM x", None),
            ("SELECT delete FROM t FOR UPDATE", None),
        ] {
            assert_eq!(features(statement).changes, verb, "{statement}");
        }
    }

    #[test]
    fn languages() {
        for (statement, untrusted) in [
            ("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'x'", None),
            ("CREATE FUNCTION f(language text) RETURNS TABLE (language int) LANGUAGE SQL AS 'x'", None),
            ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT language FROM t; END", None),
            ("DO 'x' LANGUAGE 'plpgsql'", None),
            ("CREATE FUNCTION f() RETURNS int AS 'a', 'b' LANGUAGE C", Some("C")),
            ("CREATE FUNCTION f() RETURNS int LANGUAGE 'plpython3u' AS 'x'", Some("'plpython3u'")),
            ("CREATE FUNCTION f() RETURNS int LANGUAGE E'plpgsq\\154' AS 'x'", Some("E'plpgsq\\154'")),
            ("CREATE FUNCTION f() RETURNS int LANGUAGE \"SQL\" AS 'x'", Some("\"SQL\"")),
            ("CREATE FUNCTION f() RETURNS begin LANGUAGE c AS 'x'", Some("c")),
            ("DO LANGUAGE plperlu 'x'", Some("plperlu")),
        ] {
            let found = features(statement).language.map(|bytes| &statement[bytes]);
            assert_eq!(found, untrusted, "{statement}");
        }
    }
}
