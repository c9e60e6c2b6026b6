//! What statements take away, as far as their text shows it.

use super::split::split;
use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;

/// Kinds of objects of two or more words, behind DROP.
const LONG_KINDS: [&str; 11] = [
    "ACCESS METHOD",
    "EVENT TRIGGER",
    "FOREIGN DATA WRAPPER",
    "FOREIGN TABLE",
    "MATERIALIZED VIEW",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
];

/// Words that may stand between a name and what it is a name of.
const FILLERS: [&str; 3] = ["IF", "EXISTS", "CONCURRENTLY"];

/// What the statements of a script drop or empty, in their order: `table guests`, `column phone of guests`, `all rows of visits`.
/// What a function, a DO block or a cascade takes away is not in the text, and text that cannot be cut says nothing.
pub fn dropped(script: &str) -> Vec<String> {
    let statements = split(script).unwrap_or_default();
    statements.iter().flat_map(|statement| Reader::new(statement.text).dropped()).collect()
}

/// Reads a statement from its first word on.
struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let tokens = Tokens::new(text).map_while(Result::ok).filter(|token| token.kind.is_significant()).collect();
        Self { text, tokens, at: 0 }
    }

    fn dropped(mut self) -> Vec<String> {
        if self.take("DROP") {
            return self.objects();
        }
        if self.take("ALTER") {
            return self.parts();
        }
        if self.take("TRUNCATE") {
            let _ = self.take("TABLE");
            return self.names().into_iter().map(|name| format!("all rows of {name}")).collect();
        }
        if self.take("DELETE") && self.take("FROM") {
            let _ = self.take("ONLY");
            let some = self.tokens.iter().any(|token| self.written(token).eq_ignore_ascii_case("WHERE"));
            let rows = if some { "rows" } else { "all rows" };
            return self.name().map(|name| format!("{rows} of {name}")).into_iter().collect();
        }
        Vec::new()
    }

    /// Behind DROP: a kind and names.
    fn objects(&mut self) -> Vec<String> {
        if self.take("OWNED") {
            let _ = self.take("BY");
            return self.names().into_iter().map(|name| format!("everything that belongs to {name}")).collect();
        }
        let Some(kind) = self.kind() else { return Vec::new() };
        self.take_fillers();
        let names = self.names();
        // Triggers, rules and policies have a table.
        let table = if self.take("ON") { self.name() } else { None };
        let place = table.map(|table| format!(" on {table}")).unwrap_or_default();
        let cascades = self.tokens.last().is_some_and(|last| self.written(last).eq_ignore_ascii_case("CASCADE"));
        let more = if cascades { ", and what depends on it" } else { "" };
        names.into_iter().map(|name| format!("{kind} {name}{place}{more}")).collect()
    }

    /// Behind ALTER: what its actions drop of one object.
    fn parts(&mut self) -> Vec<String> {
        let Some(kind) = self.kind() else { return Vec::new() };
        self.take_fillers();
        let _ = self.take("ONLY");
        let Some(object) = self.name() else { return Vec::new() };
        let _ = self.take_written("*");
        let mut parts = Vec::new();
        loop {
            if self.take("DROP") {
                let part = ["COLUMN", "CONSTRAINT", "ATTRIBUTE"].into_iter().find(|part| self.take(part));
                // `DROP name` is a column of a table; of other objects it is something small.
                let part = part.or(kind.ends_with("table").then_some("COLUMN"));
                self.take_fillers();
                if let (Some(part), Some(name)) = (part, self.name()) {
                    parts.push(format!("{} {name} of {object}", part.to_ascii_lowercase()));
                }
            }
            if !self.skip_to_comma() {
                return parts;
            }
        }
    }

    /// The kind of object, in small letters.
    fn kind(&mut self) -> Option<String> {
        let long = LONG_KINDS
            .into_iter()
            .find(|kind| kind.split(' ').zip(self.at..).all(|(word, place)| self.is(place, word)));
        let words = long.map_or(1, |kind| kind.split(' ').count());
        let kind = match long {
            Some(kind) => kind.to_ascii_lowercase(),
            None => self
                .tokens
                .get(self.at)
                .filter(|token| token.kind == TokenKind::Word)
                .map(|token| self.written(token))?
                .to_ascii_lowercase(),
        };
        self.at += words;
        Some(kind)
    }

    /// Names, separated by commas. The types of a function's parameters belong to its name.
    fn names(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        loop {
            let _ = self.take("ONLY");
            let Some(mut name) = self.name() else { return names };
            if self.kind_at(self.at) == Some(TokenKind::OpenParenthesis) {
                name.push_str(self.parentheses());
            }
            let _ = self.take_written("*");
            names.push(name);
            if self.kind_at(self.at) != Some(TokenKind::Comma) {
                return names;
            }
            self.at += 1;
        }
    }

    /// A name with its schema, as it is written.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let token = self.tokens.get(self.at)?;
            if !matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier) {
                return None;
            }
            name.push_str(self.written(token));
            self.at += 1;
            if !self.take_written(".") {
                return Some(name);
            }
            name.push('.');
        }
    }

    /// What stands in parentheses, with them.
    fn parentheses(&mut self) -> &'a str {
        let start = self.tokens.get(self.at).map_or(self.text.len(), |token| token.bytes.start);
        let mut depth = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            match token.kind {
                TokenKind::OpenParenthesis => depth += 1,
                TokenKind::CloseParenthesis if depth <= 1 => return &self.text[start..token.bytes.end],
                TokenKind::CloseParenthesis => depth -= 1,
                _ => {}
            }
        }
        &self.text[start..]
    }

    /// Goes behind the next comma that is in no parentheses. False where there is none.
    fn skip_to_comma(&mut self) -> bool {
        while let Some(kind) = self.kind_at(self.at) {
            match kind {
                TokenKind::OpenParenthesis => {
                    self.parentheses();
                }
                TokenKind::Comma => {
                    self.at += 1;
                    return true;
                }
                _ => self.at += 1,
            }
        }
        false
    }

    fn take_fillers(&mut self) {
        while FILLERS.iter().any(|filler| self.take(filler)) {}
    }

    /// Goes behind a word, if it stands here.
    fn take(&mut self, word: &str) -> bool {
        let is_here = self.is(self.at, word);
        self.at += usize::from(is_here);
        is_here
    }

    fn take_written(&mut self, text: &str) -> bool {
        let is_here = self.tokens.get(self.at).is_some_and(|token| self.written(token) == text);
        self.at += usize::from(is_here);
        is_here
    }

    fn is(&self, place: usize, word: &str) -> bool {
        let token = self.tokens.get(place).filter(|token| token.kind == TokenKind::Word);
        token.is_some_and(|token| self.written(token).eq_ignore_ascii_case(word))
    }

    fn kind_at(&self, place: usize) -> Option<TokenKind> {
        self.tokens.get(place).map(|token| token.kind)
    }

    fn written(&self, token: &Token) -> &'a str {
        &self.text[token.bytes.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_text_shows() {
        for (script, expected) in [
            ("DROP TABLE guests;", &["table guests"][..]),
            (
                "drop table if exists a.guests, \"B\".\"C d\" cascade",
                &["table a.guests, and what depends on it", "table \"B\".\"C d\", and what depends on it"][..],
            ),
            ("DROP INDEX CONCURRENTLY IF EXISTS x; DROP SCHEMA s", &["index x", "schema s"][..]),
            (
                "DROP MATERIALIZED VIEW v; DROP TEXT SEARCH PARSER p",
                &["materialized view v", "text search parser p"][..],
            ),
            ("DROP FUNCTION f(int, numeric(10, 2)), g()", &["function f(int, numeric(10, 2))", "function g()"][..]),
            (
                "DROP TRIGGER t ON s.guests; DROP OWNED BY me",
                &["trigger t on s.guests", "everything that belongs to me"][..],
            ),
            (
                "ALTER TABLE ONLY guests DROP COLUMN IF EXISTS phone, ADD x numeric(1, 2), DROP mail CASCADE",
                &["column phone of guests", "column mail of guests"][..],
            ),
            ("ALTER TABLE guests DROP CONSTRAINT c, ALTER COLUMN x DROP NOT NULL", &["constraint c of guests"][..]),
            ("ALTER TYPE t DROP ATTRIBUTE a; ALTER DOMAIN d DROP DEFAULT", &["attribute a of t"][..]),
            (
                "TRUNCATE ONLY a, b *; TRUNCATE TABLE c CASCADE",
                &["all rows of a", "all rows of b", "all rows of c"][..],
            ),
            ("DELETE FROM a; DELETE FROM ONLY s.b WHERE true", &["all rows of a", "rows of s.b"][..]),
            ("-- DROP TABLE a\nSELECT 'DROP TABLE b'; CREATE TABLE c ()", &[][..]),
            ("DROP", &[][..]),
            ("DROP TABLE", &[][..]),
            ("ALTER TABLE", &[][..]),
            ("DROP FUNCTION f(", &["function f("][..]),
            ("'", &[][..]),
        ] {
            assert_eq!(dropped(script), expected, "{script}");
        }
    }

    proptest::proptest! {
        #[test]
        fn rubbish_never_panics(script in "(DROP |ALTER |TABLE |COLUMN |TRUNCATE |DELETE FROM |a|,|\\.|\\(|\\)|;|\"| |é|'){0,20}") {
            let _ = dropped(&script);
        }
    }
}
