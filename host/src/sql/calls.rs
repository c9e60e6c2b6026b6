//! What a statement calls and changes under names that mean something to the guard: functions of [`super::functions`],
//! `set_config`, and the view `pg_settings`, whose rule sets parameters.
//!
//! A name with a parenthesis behind it is a call, unless a statement defines it, drops it or lists columns for it. So is one behind
//! a value and a dot: `(value).name` calls a function of one argument where there is no such field (PostgreSQL manual, "Value
//! Expressions", "Field Selection").

use super::functions::Effect;
use super::functions::effect;
use super::names::name;
use super::names::takes_uescape;
use super::names::uescape;
use super::refusal::Reason;
use super::settings::Setting;
use super::settings::setting;
use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;
use super::words::Words;
use super::words::plain;
use crate::grant::Classes;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// What sets a parameter beside SET, and the worst that it sets.
    pub(super) setting: Option<(&'static str, Setting)>,
    /// Which parameter that is, where its name is written plainly.
    pub(super) parameter: Option<String>,
    /// What the functions need that are called.
    pub(super) classes: Classes,
    /// The first function that needs something.
    pub(super) function: Option<String>,
    /// The first function that no migration may call.
    pub(super) refused: Option<(String, Reason)>,
}

/// Words before a name and a parenthesis that make it no call: behind them stands what is defined, dropped or written to.
const NO_CALL_AFTER: [&str; 14] = [
    "AGGREGATE",
    "AS",
    "EXISTS",
    "FUNCTION",
    "INTO",
    "ONLY",
    "PROCEDURE",
    "RECURSIVE",
    "REFERENCES",
    "ROUTINE",
    "TABLE",
    "TYPE",
    "UPDATE",
    "VIEW",
];

/// A name with its schema, as far as it was read.
struct Name<'a> {
    /// The word before it.
    before: &'a str,
    /// Its last part; none for one that cannot be read.
    last: Option<String>,
    /// How its last part is written.
    written: &'a str,
    /// Whether a statement changes the rows of what it names.
    is_target: bool,
    /// Whether it stands behind a value and a dot.
    is_field: bool,
}

/// How far the words have come that say whose rows are changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    No,
    /// After INSERT or MERGE.
    Into,
    /// After DELETE.
    From,
    /// The name comes next.
    Next,
}

/// The pass over the tokens.
struct Pass<'a> {
    text: &'a str,
    calls: Calls,
    name: Option<Name<'a>>,
    /// Whether the last token was the dot of a name.
    after_dot: bool,
    /// Whether the last token was the dot behind a value.
    after_value: bool,
    /// Whether the last token was a UESCAPE behind a name.
    after_uescape: bool,
    previous: &'a str,
    target: Target,
    makes_index: bool,
    /// How far a call of set_config was read.
    argument: Argument<'a>,
}

/// The first argument of set_config.
#[derive(Clone, Copy)]
enum Argument<'a> {
    None,
    Next,
    /// A string; whether it is the whole argument shows what follows.
    String(&'a str),
}

/// Reads one statement.
pub(super) fn calls(text: &str) -> Calls {
    let words = Words::new(text);
    // They have no expressions: a name with a parenthesis is a function that they are about.
    if words.is_any(0, &["COMMENT", "DROP", "GRANT", "REVOKE"]) {
        return Calls::default();
    }
    let mut pass = Pass {
        text,
        calls: Calls::default(),
        name: None,
        after_dot: false,
        after_value: false,
        after_uescape: false,
        previous: "",
        target: Target::No,
        makes_index: words.begin_with(0, "CREATE INDEX") || words.begin_with(0, "CREATE UNIQUE INDEX"),
        argument: Argument::None,
    };
    for token in Tokens::new(text).map_while(Result::ok).filter(|token| token.kind.is_significant()) {
        pass.push(&token);
    }
    pass.end_of_name();
    pass.calls
}

impl<'a> Pass<'a> {
    fn push(&mut self, token: &Token) {
        let written = &self.text[token.bytes.clone()];
        self.argument(token.kind, written);
        let is_word = token.kind == TokenKind::Word;
        if std::mem::take(&mut self.after_uescape) {
            if let Some(known) = &mut self.name {
                known.last = uescape(written).and_then(|escape| name(known.written, Some(escape)));
            }
        } else if is_word && self.name_takes_uescape() && written.eq_ignore_ascii_case("UESCAPE") {
            self.after_uescape = true;
        } else if written == "." && self.name.is_some() {
            self.after_dot = true;
            return;
        } else if written == "." {
            self.after_value = true;
            return;
        } else if is_word || token.kind == TokenKind::QuotedIdentifier {
            self.name(written);
        } else {
            if token.kind == TokenKind::OpenParenthesis {
                self.open();
            }
            self.end_of_name();
        }
        if is_word {
            self.target(written);
        }
        self.after_dot = false;
        self.after_value = false;
        self.previous = if is_word { written } else { "" };
    }

    fn name_takes_uescape(&self) -> bool {
        !self.after_dot && self.name.as_ref().is_some_and(|known| takes_uescape(known.written))
    }

    fn name(&mut self, written: &'a str) {
        let last = name(written, None);
        if self.after_dot
            && let Some(mut known) = self.name.take()
        {
            if known.is_field {
                self.call(known.last.as_deref(), known.written);
            }
            (known.last, known.written) = (last, written);
            self.name = Some(known);
            return;
        }
        self.end_of_name();
        let is_target = self.target == Target::Next && !written.eq_ignore_ascii_case("ONLY");
        if is_target {
            self.target = Target::No;
        }
        self.name = Some(Name { before: self.previous, last, written, is_target, is_field: self.after_value });
    }

    /// A name has come to its end.
    fn end_of_name(&mut self) {
        let Some(known) = self.name.take() else { return };
        if known.is_field {
            self.call(known.last.as_deref(), known.written);
        }
        if !known.is_target {
            return;
        }
        if known.last.is_none_or(|last| last == "pg_settings") {
            let set = update_of_settings(self.text);
            let (parameter, found) = set.map_or((None, Setting::Hidden), |(name, found)| (Some(name), found));
            self.sets("UPDATE pg_settings", parameter, found);
        }
    }

    /// INSERT INTO, MERGE INTO, DELETE FROM, UPDATE.
    fn target(&mut self, word: &str) {
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        self.target = match self.target {
            _ if self.after_dot => Target::No,
            _ if is("UPDATE") => Target::Next,
            _ if is("INSERT") || is("MERGE") => Target::Into,
            _ if is("DELETE") => Target::From,
            Target::Into if is("INTO") => Target::Next,
            Target::From if is("FROM") => Target::Next,
            Target::Next if is("ONLY") => Target::Next,
            _ => Target::No,
        };
    }

    /// A parenthesis behind a name, or another one.
    fn open(&mut self) {
        let Some(known) = self.name.as_ref().filter(|known| !known.is_target) else { return };
        let no_call = |word: &&str| known.before.eq_ignore_ascii_case(word);
        if NO_CALL_AFTER.iter().any(no_call) || (self.makes_index && no_call(&"ON")) {
            return;
        }
        let (last, written) = (known.last.clone(), known.written);
        if last.as_deref() == Some("set_config") {
            self.argument = Argument::Next;
        }
        self.call(last.as_deref(), written);
    }

    /// A function of this name is called; of none if it cannot be read.
    fn call(&mut self, name: Option<&str>, written: &str) {
        let Some(name) = name else {
            self.calls.refused.get_or_insert((written.to_owned(), Reason::Hidden));
            return;
        };
        match effect(name) {
            None => {}
            Some((_, Effect::Refused(reason))) => {
                self.calls.refused.get_or_insert_with(|| (name.to_owned(), reason));
            }
            Some((_, Effect::Needs(classes))) => {
                self.calls.classes = self.calls.classes.union(classes.iter().copied().collect());
                self.calls.function.get_or_insert_with(|| name.to_owned());
            }
        }
    }

    /// `set_config('name', …`: what SET would need. Another first argument can be any name.
    fn argument(&mut self, kind: TokenKind, written: &'a str) {
        self.argument = match std::mem::replace(&mut self.argument, Argument::None) {
            Argument::None => return,
            Argument::Next if kind == TokenKind::String => Argument::String(written),
            Argument::Next => {
                self.sets("set_config", None, Setting::Hidden);
                Argument::None
            }
            Argument::String(string) => {
                let name = plain(string).filter(|_| kind == TokenKind::Comma);
                self.sets("set_config", name, name.map_or(Setting::Hidden, setting));
                Argument::None
            }
        };
    }

    fn sets(&mut self, how: &'static str, parameter: Option<&str>, found: Setting) {
        if self.calls.setting.is_none_or(|(_, worst)| worst < found) {
            self.calls.setting = Some((how, found));
            self.calls.parameter = parameter.map(str::to_ascii_lowercase);
        }
    }
}

/// What `UPDATE pg_settings SET setting = '…' WHERE name = '…'` sets; none for any other way to write it.
fn update_of_settings(text: &str) -> Option<(&str, Setting)> {
    let words = Words::new(text);
    let mut place = 1 + usize::from(words.is(1, "ONLY"));
    place = words.after_name(place)?;
    if !words.is(place, "SET") {
        place += usize::from(words.is(place, "AS"));
        place += 1;
    }
    let is_string = |place| words.kind(place) == Some(TokenKind::String);
    let assigns = words.is(0, "UPDATE")
        && words.begin_with(place, "SET setting")
        && words.raw(place + 2) == Some("=")
        && is_string(place + 3)
        && words.begin_with(place + 4, "WHERE name")
        && words.raw(place + 6) == Some("=")
        && is_string(place + 7)
        && words.kind(place + 8).is_none_or(|kind| kind == TokenKind::Semicolon);
    let name = words.raw(place + 7).filter(|_| assigns).and_then(plain)?;
    // It needs the class at least: a rule does it, not a SET.
    Some((name, setting(name).max(Setting::Other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Class;

    #[test]
    fn parameters_set_by_a_function() {
        for (statement, expected) in [
            ("SELECT set_config('search_path', 'a', true)", Some(Setting::Harmless)),
            ("SELECT pg_catalog.\"set_config\"( 'Role' , 'a', true)", Some(Setting::Identity)),
            ("SELECT SET_CONFIG('search' || '_path', 'a', true)", Some(Setting::Hidden)),
            ("SELECT set_config(name, 'a', true) FROM t", Some(Setting::Hidden)),
            ("SELECT set_config('search_path', 'a', true), set_config('role', 'a', true)", Some(Setting::Identity)),
            ("SELECT U&\"\\0073et_config\"('role', 'a', true)", Some(Setting::Identity)),
            ("SELECT pg_catalog . U&\"!0073et_config\" UESCAPE '!' ('role', 'a', true)", Some(Setting::Identity)),
            ("SELECT U&\"!0073et_config\" uescape $$!$$/**/('role', 'a', true)", Some(Setting::Identity)),
            ("SELECT 1 WHERE set_config('role', 'a', true) = 'a'", Some(Setting::Identity)),
            ("SELECT 'set_config(', a.set_config FROM a", None),
            ("CREATE FUNCTION set_config(a int) RETURNS int RETURN 1", None),
            ("DROP FUNCTION app.set_config(text, text), app.pg_notify()", None),
            ("CREATE TABLE IF NOT EXISTS set_config (a int)", None),
        ] {
            assert_eq!(calls(statement).setting.map(|(_, setting)| setting), expected, "{statement}");
        }
    }

    #[test]
    fn the_view_of_settings() {
        for (statement, expected) in [
            ("UPDATE pg_settings SET setting = 'x' WHERE name = 'work_mem'", Some(Setting::Other)),
            ("UPDATE ONLY pg_catalog.pg_settings AS s SET setting = 'x' WHERE name = 'a.b';", Some(Setting::Other)),
            ("UPDATE pg_settings s SET setting = 'x' WHERE name = 'client_encoding'", Some(Setting::Fixed)),
            ("UPDATE U&\"pg\\005fsettings\" SET setting = 'x' WHERE name = 'role'", Some(Setting::Identity)),
            ("UPDATE pg_settings SET setting = 'x' WHERE name LIKE 'r%'", Some(Setting::Hidden)),
            ("UPDATE pg_settings SET setting = 'x'", Some(Setting::Hidden)),
            ("UPDATE pg_settings SET setting = 'x' WHERE name = 'a' OR true", Some(Setting::Hidden)),
            ("WITH x AS (UPDATE \"pg_settings\" SET setting = 'x' RETURNING 1) SELECT 1", Some(Setting::Hidden)),
            ("EXPLAIN ANALYZE UPDATE pg_settings SET setting = 'x' WHERE name = 'a'", Some(Setting::Hidden)),
            ("INSERT INTO pg_settings SELECT * FROM t", Some(Setting::Hidden)),
            ("DELETE FROM ONLY pg_catalog . pg_settings", Some(Setting::Hidden)),
            ("MERGE INTO pg_settings USING t ON true WHEN MATCHED THEN DELETE", Some(Setting::Hidden)),
            ("SELECT * FROM pg_settings", None),
            ("SELECT 1 FROM pg_settings FOR UPDATE OF pg_settings", None),
            ("UPDATE t SET a = 1 FROM pg_settings", None),
            ("INSERT INTO t SELECT setting FROM pg_settings ON CONFLICT (a) DO UPDATE SET b = 1", None),
        ] {
            assert_eq!(calls(statement).setting.map(|(_, setting)| setting), expected, "{statement}");
        }
    }

    #[test]
    fn functions_only_where_they_are_called() {
        let refused = |statement| calls(statement).refused.map(|(name, reason)| format!("{name} {reason:?}"));
        for (statement, expected) in [
            ("SELECT lo_export(1, '/a')", Some("lo_export Files")),
            ("SELECT pg_catalog.pg_read_file/**/('/a')", Some("pg_read_file Files")),
            ("SELECT U&\"pg\\005fnotify\"('a', 'b')", Some("pg_notify Notification")),
            ("SELECT U&\"\\x\"('a', 'b')", Some("U&\"\\x\" Hidden")),
            ("SELECT 1 FROM a JOIN b ON pg_terminate_backend(1)", Some("pg_terminate_backend Server")),
            ("CREATE VIEW a AS SELECT pg_advisory_unlock_all()", Some("pg_advisory_unlock_all SessionState")),
            ("CREATE INDEX a ON b (pg_read_file(c))", Some("pg_read_file Files")),
            ("SELECT ('/a'::text).pg_read_file", Some("pg_read_file Files")),
            ("SELECT (a).b.pg_read_file FROM a", Some("pg_read_file Files")),
            ("SELECT (a).pg_stat_file.size FROM a", Some("pg_stat_file Files")),
            ("SELECT a[1] . \"pg_read_file\" FROM a", Some("pg_read_file Files")),
            ("SELECT $1.U&\"!0070g_terminate_backend\" UESCAPE '!', 1", Some("pg_terminate_backend Server")),
            ("SELECT now().pg_ls_dir", Some("pg_ls_dir Files")),
            ("SELECT (a).*, (a).b, 1.5, a.pg_read_file FROM a", None),
            ("CREATE INDEX ON pg_notify (a)", None),
            ("SELECT lo_export, pg_notify.pg_notify FROM pg_notify", None),
            ("INSERT INTO pg_notify (a) VALUES (1)", None),
            ("CREATE TABLE a.pg_notify (a int REFERENCES lo_import (a))", None),
            ("SELECT * FROM a AS lo_import (b)", None),
            ("COMMENT ON FUNCTION pg_notify(text, text) IS 'a'", None),
            ("SELECT 'lo_import(1)', \"pg_notify(\" FROM a -- lo_import(", None),
        ] {
            assert_eq!(refused(statement).as_deref(), expected, "{statement}");
        }
        assert_eq!(calls("SELECT (1::oid).lo_unlink").classes, Class::Data.into());
        let needs = calls("SELECT setval('a', 1), dblink('b', 'c')");
        assert_eq!(needs.classes, [Class::Data, Class::Function, Class::Foreign].into_iter().collect());
        assert_eq!(needs.function.as_deref(), Some("setval"));
    }
}
