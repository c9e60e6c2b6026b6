//! One statement of a script: as it is, or in a form that nobody can misread.

use std::fmt::Write as _;

use crate::revision::is_visible;
use crate::sql::READ_AS_THE_SCANNER;
use crate::sql::makes_table_of_query;
use crate::sql::not_plain;
use crate::value::quote_text;

/// How much of a statement is shown beside its other form.
const SHOWN_LINES_MAX: usize = 40;
const SHOWN_CHARACTERS_MAX: usize = 160;

/// Text that is being written. Everything in it but comments is printable ASCII.
#[derive(Debug, Default)]
pub(super) struct OfflineScript {
    text: String,
}

impl OfflineScript {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Text of the host itself, which is known to be plain, or a command of psql.
    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    pub(super) fn comment(&mut self, text: &str) {
        let _ = writeln!(self.text, "-- {}", shown(text));
    }

    /// A statement without its semicolon, the host's own or a migration's.
    ///
    /// One that psql might read otherwise goes as a block that runs it from hexadecimal digits: nothing of it stands in the
    /// script but in a comment. A block is plain SQL, so a program that sends a script whole can run it as well. What a block
    /// cannot run goes through psql's `\gexec`, which sends a query's result without reading it.
    pub(super) fn statement(&mut self, statement: &str) {
        if not_plain(statement).is_none() {
            self.line(&format!("{statement};"));
        } else if makes_table_of_query(statement) {
            self.line(READ_AS_THE_SCANNER);
            self.executed(statement);
        } else {
            self.beside(statement);
            self.line(&format!(
                "DO $host$ BEGIN PERFORM pg_catalog.set_config('standard_conforming_strings', 'on', false); EXECUTE {}; END $host$;",
                decoded(statement)
            ));
        }
    }

    /// A statement that runs by itself, also where it cannot be in a block. Settings are set before it.
    pub(super) fn statement_alone(&mut self, statement: &str) {
        if not_plain(statement).is_none() {
            self.line(&format!("{statement};"));
        } else {
            self.executed(statement);
        }
    }

    /// A block in PL/pgSQL of the host's own: declarations and statements, each with its semicolon.
    pub(super) fn block(&mut self, declarations: &[&str], body: &[String]) {
        let mut text = String::new();
        if !declarations.is_empty() {
            text.push_str(&format!("DECLARE {} ", declarations.join(" ")));
        }
        text.push_str("BEGIN\n");
        for statement in body {
            text.push_str(&format!("    {statement}\n"));
        }
        text.push_str("END");
        // A table may have any name.
        let mut quote = "$host$".to_owned();
        while text.contains(&quote) {
            quote.insert(1, '_');
        }
        let text = format!("DO {quote} {text} {quote}");
        self.statement(&text);
    }

    fn executed(&mut self, statement: &str) {
        // To a program that cuts at each semicolon, what follows one would not be a comment any more.
        self.beside(&statement.replace(';', "<U+003B>"));
        self.line(&format!("SELECT {} \\gexec", decoded(statement)));
    }

    /// A text as comments, for people.
    fn beside(&mut self, statement: &str) {
        let mut lines = statement.split('\n');
        for line in lines.by_ref().take(SHOWN_LINES_MAX) {
            self.comment(line);
        }
        let more = lines.count();
        if more > 0 {
            self.comment(&format!("({more} more lines)"));
        }
    }
}

/// An expression whose value is the text, in the encoding of the database, whatever that of the client is.
fn decoded(text: &str) -> String {
    let mut digits = String::with_capacity(2 * text.len());
    for byte in text.bytes() {
        let _ = write!(digits, "{byte:02x}");
    }
    format!("pg_catalog.convert_from(pg_catalog.decode('{digits}', 'hex'), 'UTF8')")
}

/// A text as an expression of printable ASCII without a backslash.
pub(super) fn literal(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'$'));
    if is_plain { quote_text(text) } else { decoded(text) }
}

/// Several texts as an array.
pub(super) fn literals(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| literal(text.as_ref())).collect();
    format!("ARRAY[{}]::pg_catalog.text[]", texts.join(", "))
}

/// A line as people can see it: a comment ends with its line and shows what it has.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (index, character) in text.trim_end_matches('\r').chars().enumerate() {
        match character {
            _ if index == SHOWN_CHARACTERS_MAX => {
                shown.push('…');
                break;
            }
            '\t' => shown.push(' '),
            _ if is_visible(character) => shown.push(character),
            _ => {
                let _ = write!(shown, "<U+{:04X}>", u32::from(character));
            }
        }
    }
    shown.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_stays_and_the_rest_is_digits() {
        let mut script = OfflineScript::default();
        script.statement("SELECT 1");
        script.statement("SELECT 'ä',\n\tE'\\'; \u{202e}\\! true'");
        script.statement("SELECT 'ä' INTO t");
        script.statement_alone("VACUUM \"ä\"");
        assert_eq!(
            script.into_text(),
            "SELECT 1;\n\
             -- SELECT 'ä',\n\
             --  E'\\'; <U+202E>\\! true'\n\
             DO $host$ BEGIN PERFORM pg_catalog.set_config('standard_conforming_strings', 'on', false); EXECUTE \
             pg_catalog.convert_from(pg_catalog.decode('53454c4543542027c3a4272c0a0945275c273b20e280ae5c21207472756527', 'hex'), \
             'UTF8'); END $host$;\n\
             SET standard_conforming_strings = on; SET client_encoding = UTF8;\n\
             -- SELECT 'ä' INTO t\n\
             SELECT pg_catalog.convert_from(pg_catalog.decode('53454c4543542027c3a42720494e544f2074', 'hex'), 'UTF8') \\gexec\n\
             -- VACUUM \"ä\"\n\
             SELECT pg_catalog.convert_from(pg_catalog.decode('56414355554d2022c3a422', 'hex'), 'UTF8') \\gexec\n"
        );
    }

    #[test]
    fn a_name_does_not_end_a_block() {
        let mut script = OfflineScript::default();
        script.block(&[], &["DELETE FROM \"a$host$\";".to_owned()]);
        let text = script.into_text();
        assert!(text.contains("DO $_host$ BEGIN"), "{text}");
    }

    #[test]
    fn long_statements_are_cut_in_comments() {
        let mut script = OfflineScript::default();
        script.statement(&format!("SELECT '{}\n{}ä'", "x".repeat(500), "\n".repeat(100)));
        let text = script.into_text();
        assert_eq!(text.lines().filter(|line| line.starts_with("--")).count(), SHOWN_LINES_MAX + 1);
        assert!(text.lines().filter(|line| line.starts_with("--")).all(|line| line.len() < 200), "{text}");
    }

    #[test]
    fn literals_have_no_backslash_and_nothing_beyond_ascii() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(
            literals(["a", "ä"]),
            "ARRAY['a', pg_catalog.convert_from(pg_catalog.decode('c3a4', 'hex'), 'UTF8')]::pg_catalog.text[]"
        );
    }
}
