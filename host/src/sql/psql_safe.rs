//! Which statements psql reads as the server does, beyond doubt.
//!
//! psql cuts its input with a lexer of its own (`psqlscan.l`). It is made after the server's (`scan.l`), and differs from it: it
//! reads line by line, so that a token which the server continues on the next line may end there; it puts the values of variables
//! in place of `:name`, `:'name'`, `:"name"` and `:{?name}`; it takes a backslash outside of quotes for one of its commands;
//! and each version has its own rules for numbers that touch a word, for blanks, and for the bodies of SQL routines. A text that
//! is in another place of a quote for psql than for the server can make it run a program.
//!
//! So this is a list of what is allowed, not of what is known to be dangerous. Everything in it is one rule of both lexers, in
//! every version and under every setting of the session, whatever stands next to it. When in doubt, a text is not on it.

use super::reading::reads_alike;

/// What stands right before a place, with nothing between.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The beginning, a blank or a comment.
    Nothing,
    Word,
    Number,
    /// A string, a quoted identifier or a dollar quote.
    Quoted,
    /// `(`, `[` or `,`
    Open,
    /// `)` or `]`
    Close,
    Dot,
    /// `::`
    Cast,
    /// `&`, which makes something else of a quote after a `U`.
    Ampersand,
    Operator,
}

/// Reads a text that may be plain.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    before: Before,
    /// Whether the last token was a string: another one after a line's end would continue it.
    after_string: bool,
    parentheses: usize,
    /// The first word is CREATE.
    creates: bool,
    is_first: bool,
}

type Reason = &'static str;

/// Why psql might read a statement otherwise than the server. None when both read it the same, followed by a semicolon, from the
/// beginning of a line.
///
/// Plain are: words of ASCII, numbers of digits with at most one dot, `'…'` and `"…"` of printable ASCII without a backslash,
/// dollar quotes after a blank, comments after a blank, operators, balanced parentheses, and `::`. Nothing but a blank, an operator,
/// a parenthesis, a comma or a dot touches a quote or a number.
pub fn not_plain(statement: &str) -> Option<&'static str> {
    if !reads_alike(statement) {
        return Some("sessions may read it differently");
    }
    let reader = Reader {
        bytes: statement.as_bytes(),
        at: 0,
        before: Before::Nothing,
        after_string: false,
        parentheses: 0,
        creates: false,
        is_first: true,
    };
    reader.read().err()
}

impl Reader<'_> {
    fn read(mut self) -> Result<(), Reason> {
        if !matches!(self.peek(0), Some(b'A'..=b'Z' | b'a'..=b'z' | b'(')) {
            return Err("it does not begin with a word");
        }
        while let Some(byte) = self.peek(0) {
            let after_string = self.after_string;
            let is_blank = matches!(byte, b' ' | b'\t' | b'\n');
            self.before = match byte {
                _ if is_blank => self.one(Before::Nothing),
                b'-' if self.peek(1) == Some(b'-') => self.line_comment()?,
                b'/' if self.peek(1) == Some(b'*') => self.block_comment()?,
                b'\'' if after_string => return Err("a string may continue another one"),
                b'\'' => self.string()?,
                b'"' => self.quoted_identifier()?,
                b'$' => self.dollar_quote()?,
                b':' => self.cast()?,
                b'.' => self.dot()?,
                b'0'..=b'9' => self.number()?,
                b'A'..=b'Z' | b'a'..=b'z' | b'_' => self.word()?,
                b'(' => {
                    self.parentheses += 1;
                    self.one(Before::Open)
                }
                b')' => {
                    self.parentheses = self.parentheses.checked_sub(1).ok_or("its parentheses do not fit together")?;
                    self.one(Before::Close)
                }
                b'[' | b',' => self.one(Before::Open),
                b']' => self.one(Before::Close),
                b'&' => self.one(Before::Ampersand),
                b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'~' | b'!' | b'@' | b'#' | b'%' | b'^' | b'|'
                | b'?' => self.one(Before::Operator),
                b'\\' => return Err("it has a backslash"),
                b';' => return Err("it has a semicolon outside of quotes"),
                _ => return Err("it has a character that is not printable ASCII, or no part of SQL"),
            };
            self.after_string = byte == b'\'' || (after_string && self.before == Before::Nothing);
        }
        if self.parentheses > 0 { Err("its parentheses do not fit together") } else { Ok(()) }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn one(&mut self, before: Before) -> Before {
        self.at += 1;
        before
    }

    /// Whether nothing stands before that a comment or a dollar quote could become a part of.
    fn is_apart(&self) -> bool {
        matches!(self.before, Before::Nothing | Before::Open | Before::Close)
    }

    fn line_comment(&mut self) -> Result<Before, Reason> {
        if !self.is_apart() {
            return Err("a comment touches what is before it");
        }
        loop {
            match self.peek(0) {
                Some(b'\n') => return Ok(Before::Nothing),
                Some(byte) if is_inside(byte) => self.at += 1,
                Some(_) => return Err("a comment has a backslash, or a character that is not printable ASCII"),
                None => return Err("a comment takes the semicolon with it"),
            }
        }
    }

    fn block_comment(&mut self) -> Result<Before, Reason> {
        if !self.is_apart() {
            return Err("a comment touches what is before it");
        }
        self.at += 2;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'*'), Some(b'/')) => {
                    self.at += 2;
                    return Ok(Before::Nothing);
                }
                (Some(b'/'), Some(b'*')) => return Err("a comment has another one inside"),
                (Some(byte), Some(_)) if is_inside(byte) || byte == b'\n' => self.at += 1,
                (Some(_), Some(_)) => {
                    return Err("a comment has a backslash, or a character that is not printable ASCII");
                }
                _ => return Err("a comment does not end"),
            }
        }
    }

    fn string(&mut self) -> Result<Before, Reason> {
        let is_apart = matches!(self.before, Before::Nothing | Before::Open | Before::Operator);
        if !is_apart {
            return Err("a string touches what is before it, or has a prefix");
        }
        self.quoted(b'\'', true)
    }

    fn quoted_identifier(&mut self) -> Result<Before, Reason> {
        if matches!(self.before, Before::Word | Before::Number | Before::Quoted | Before::Ampersand) {
            return Err("a quoted name touches what is before it, or has a prefix");
        }
        self.quoted(b'"', false)
    }

    fn quoted(&mut self, quote: u8, has_lines: bool) -> Result<Before, Reason> {
        self.at += 1;
        loop {
            match self.peek(0) {
                Some(byte) if byte == quote && self.peek(1) == Some(quote) => self.at += 2,
                Some(byte) if byte == quote => return Ok(self.one(Before::Quoted)),
                Some(b'\n') if has_lines => self.at += 1,
                Some(byte) if is_inside(byte) => self.at += 1,
                Some(_) => return Err("a quote has a backslash, or a character that is not printable ASCII"),
                None => return Err("a quote does not end"),
            }
        }
    }

    fn dollar_quote(&mut self) -> Result<Before, Reason> {
        let is_tag = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let rest = &self.bytes[self.at + 1..];
        let tag = rest.iter().take_while(|byte| is_tag(byte)).count();
        let is_quote = rest.get(tag) == Some(&b'$') && !rest.first().is_some_and(u8::is_ascii_digit);
        if !is_quote || !matches!(self.before, Before::Nothing | Before::Open) {
            return Err("it has a dollar that may not begin a quote");
        }
        let delimiter = &self.bytes[self.at..self.at + tag + 2];
        self.at += delimiter.len();
        loop {
            match self.peek(0) {
                Some(b'$') if self.bytes[self.at..].starts_with(delimiter) => {
                    self.at += delimiter.len();
                    return Ok(Before::Quoted);
                }
                // A parameter in the body of a routine.
                Some(b'$') if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => self.at += 1,
                Some(b'$') => return Err("a dollar quote has another dollar inside"),
                Some(byte) if is_inside(byte) || byte == b'\n' => self.at += 1,
                Some(_) => return Err("a quote has a backslash, or a character that is not printable ASCII"),
                None => return Err("a quote does not end"),
            }
        }
    }

    /// `::` with a type right behind it: psql has no variable that begins so.
    fn cast(&mut self) -> Result<Before, Reason> {
        let is_cast = self.peek(1) == Some(b':')
            && self.peek(2).is_some_and(|next| next.is_ascii_alphabetic() || next == b'_' || next == b'"')
            && !matches!(self.before, Before::Cast | Before::Operator | Before::Ampersand);
        if !is_cast {
            return Err("it has a colon, which may be a variable of psql");
        }
        self.at += 2;
        Ok(Before::Cast)
    }

    fn dot(&mut self) -> Result<Before, Reason> {
        let is_between = matches!(self.before, Before::Word | Before::Quoted | Before::Close)
            && self.peek(1).is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'_' | b'"' | b'*'));
        if is_between { Ok(self.one(Before::Dot)) } else { Err("it has a dot that is not between two names") }
    }

    fn number(&mut self) -> Result<Before, Reason> {
        if !matches!(self.before, Before::Nothing | Before::Open | Before::Operator | Before::Ampersand) {
            return Err("a number touches what is before it");
        }
        self.skip(|byte| byte.is_ascii_digit());
        if self.peek(0) == Some(b'.') && self.peek(1).is_some_and(|next| next.is_ascii_digit()) {
            self.at += 1;
            self.skip(|byte| byte.is_ascii_digit());
        }
        Ok(Before::Number)
    }

    fn word(&mut self) -> Result<Before, Reason> {
        if matches!(self.before, Before::Number | Before::Quoted) {
            return Err("a word touches what is before it");
        }
        let start = self.at;
        self.skip(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let word = &self.bytes[start..self.at];
        let is = |known: &str| word.eq_ignore_ascii_case(known.as_bytes());
        if std::mem::take(&mut self.is_first) {
            self.creates = is("CREATE");
            if is("COPY") {
                return Err("psql reads data behind it");
            }
        } else if self.creates && is("BEGIN") {
            return Err("psql may wait for the END of a routine's body");
        }
        Ok(Before::Word)
    }

    fn skip(&mut self, fits: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&fits) {
            self.at += 1;
        }
    }
}

/// What may stand in quotes and comments.
fn is_inside(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t') && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sql::split;

    #[test]
    fn usual_statements_are_plain() {
        for statement in [
            "SELECT 1",
            "CREATE TABLE guests (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    name text NOT NULL -- of all\n)",
            "INSERT INTO t (a, \"B\") VALUES (-1, 'it''s; \"x\" :y $$ -- /* '), (2.5, 'two\nlines')",
            "UPDATE a.b SET c = 'x'::text||'y', d= $$a;b$$ WHERE e[1] <> ALL ('{}'::int[]) /* why */",
            "SELECT (a).b, \"c\".\"d\", t.* FROM t WHERE x @> '{\"a\": 1}' AND y&1 = 0",
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN x := $1; RETURN 1; END $f$",
            "ALTER TABLE t ALTER c TYPE \"char\" USING c::\"char\"",
            "(SELECT 1)",
        ] {
            assert_eq!(not_plain(statement), None, "{statement}");
        }
    }

    #[test]
    fn what_psql_may_read_otherwise_is_not() {
        for statement in [
            "",
            "\\! true",
            " SELECT 1",
            "SELECT E'a'\n'\\'; \\! true --'",
            "SELECT 1.e'\\'",
            "SELECT 1.e'a'",
            "SELECT 7e-- \n",
            "SELECT 7e --x\n1",
            "SELECT a[1:x]",
            "SELECT a[1:x$$]",
            "SELECT a[:NAME]",
            "SELECT :'NAME', :\"NAME\", :{?NAME}",
            "SELECT a:::NAME",
            "SELECT a:: NAME",
            "SELECT x := 1",
            "SELECT 'a'\n'b'",
            "SELECT 'a' -- c\n 'b'",
            "SELECT 'a' /* c */ 'b'",
            "SELECT e'a', b'1', x'1f', n'a'",
            "SELECT U&'a'",
            "SELECT U&\"a\"",
            "SELECT u &'a'",
            "SELECT 'größer'",
            "SELECT größe",
            "SELECT 'a\u{b}'",
            "SELECT 'a'\u{b}\n'b'",
            "SELECT 'a\r'",
            "SELECT 1\u{c}",
            "SELECT 'a'b",
            "SELECT \"a\"b",
            "SELECT a\"b\"",
            "SELECT a'b'",
            "SELECT 1'b'",
            "SELECT 1a",
            "SELECT 1e5",
            "SELECT 1.",
            "SELECT .5",
            "SELECT 1..2",
            "SELECT 0x1f",
            "SELECT a$1",
            "SELECT $1",
            "SELECT a$$b$$",
            "SELECT $$a$b$$",
            "SELECT $a$$b$",
            "SELECT $a$ $$ $a$",
            "SELECT $$a\\b$$",
            "SELECT $é$a$é$",
            "SELECT (1",
            "SELECT 1)",
            "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
            "CREATE FUNCTION f(begin int) RETURNS int RETURN 1",
            "SELECT 1 -- end",
            "SELECT 1 -- a\\b\n",
            "SELECT 1--a\n",
            "SELECT 1 +-- a\n2",
            "SELECT 1 +/* a */2",
            "SELECT 1 /* a /* b */ */",
            "SELECT 1 /*/",
            "SELECT `a`",
            "SELECT {a}",
            "COPY t FROM STDIN",
            "SELECT 'a",
            "SELECT \"a\nb\"",
            "SELECT 'U&'",
            "SELECT '&'",
        ] {
            assert!(not_plain(statement).is_some(), "{statement}");
        }
    }

    const FRAGMENTS: &str = "SELECT ((e|E|U&|x|a|1|7e|\\.|:|::|'|''|\"|\\$\\$|\\$a\\$|--|/\\*|\\*/|\\(|\\)|\\[|\\]|;|,|\n|\r|\t|\u{b}|\\\\|\\+|&|é| |begin)[ ]?){0,12}";

    proptest! {
        /// What is plain is one statement to the scanner that follows the server's, too, and reads the same in every session.
        #[test]
        fn plain_is_one_statement_that_reads_alike(statement in FRAGMENTS) {
            if not_plain(&statement).is_none() {
                prop_assert!(reads_alike(&statement), "{}", statement);
                let written = format!("{statement};SELECT 2");
                let cut: Vec<_> = split(&written).expect("it can be cut").into_iter().map(|piece| piece.bytes).collect();
                // A comment at its end is no part of it.
                let [first, second] = cut.as_slice() else { panic!("{written}: {cut:?}") };
                prop_assert!(first.start == 0 && first.end <= statement.len() && second.start == statement.len() + 1, "{written}");
            }
        }
    }
}
