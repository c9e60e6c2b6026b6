//! What a `COPY … FROM STDIN` with data below it needs.

use super::calls::calls;
use super::classify::Needs;
use super::classify::add_calls;
use super::command::Command;
use super::reading::is_one_statement;
use super::refusal::Refusal;
use super::token::Token;
use super::token::TokenKind;
use super::token::Tokens;
use crate::grant::Class;

/// What a COPY with data below it needs. `COPY [schema.]table [(column, …)] FROM STDIN [options] [WHERE …]` is what is allowed: in
/// text or CSV, in UTF-8, and of characters that let the text go to the server as it is.
///
/// # Errors
/// [`Refusal`] for another form.
pub(super) fn copy_needs(statement: &str) -> Result<Needs, Refusal> {
    if !is_one_statement(statement) {
        return Err(Refusal::CopyForm {
            reason: "its own text has a semicolon, a backslash or a character beyond ASCII",
        });
    }
    // What follows FROM STDIN are the options.
    let tokens: Vec<Token> =
        Tokens::new(statement).map_while(Result::ok).filter(|token| token.kind.is_significant()).collect();
    let text = |index: usize| tokens.get(index).map_or("", |token| &statement[token.bytes.clone()]);
    let is = |index: usize, word: &str| text(index).eq_ignore_ascii_case(word);
    let behind = (0..tokens.len()).find(|index| is(*index, "FROM")).map_or(tokens.len(), |from| from + 2);
    if is(1, "BINARY") || (behind..tokens.len()).any(|index| is(index, "BINARY")) {
        return Err(Refusal::CopyForm { reason: "its data are binary" });
    }
    if tokens.get(1).is_none_or(|token| !matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier)) {
        return Err(Refusal::CopyForm { reason: "it names no table" });
    }
    for (index, token) in tokens.iter().enumerate().skip(behind).filter(|(_, token)| token.kind != TokenKind::String) {
        let name = statement[token.bytes.clone()].trim_matches('"');
        let value = text(index + 1).trim_matches('\'');
        if name.eq_ignore_ascii_case("FORMAT") && value.eq_ignore_ascii_case("binary") {
            return Err(Refusal::CopyForm { reason: "its data are binary" });
        }
        let is_utf8 = ["UTF8", "UTF-8"].iter().any(|utf8| value.eq_ignore_ascii_case(utf8));
        if name.eq_ignore_ascii_case("ENCODING") && !is_utf8 {
            return Err(Refusal::CopyForm { reason: "its data are in another encoding than UTF-8" });
        }
    }
    add_calls(Needs { command: Command::new("COPY"), classes: Class::Data.into(), time_limit: None }, calls(statement))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Classes;

    #[test]
    fn what_is_sent() {
        for statement in [
            "COPY public.guests (id, name) FROM stdin",
            "COPY \"Guests\" FROM STDIN WITH (FORMAT csv, HEADER, DELIMITER '|', NULL '', ENCODING 'utf-8')",
            "COPY guests FROM STDIN CSV",
            "COPY guests (format, encoding) FROM STDIN WHERE id > 7",
        ] {
            let needs = copy_needs(statement).expect(statement);
            assert_eq!((needs.command.to_string(), needs.classes), ("COPY".to_owned(), Classes::from(Class::Data)));
        }
        let needs = copy_needs("COPY guests FROM STDIN WHERE query_to_xml('SELECT 1', true, true, '') IS NULL")
            .expect("it calls");
        assert!(needs.classes.contains(Class::Function));
    }

    #[test]
    fn what_is_not_sent() {
        for (statement, message) in [
            ("COPY BINARY guests FROM STDIN", "because its data are binary"),
            ("COPY guests FROM STDIN BINARY", "because its data are binary"),
            ("COPY guests FROM STDIN WITH (FORMAT 'binary')", "because its data are binary"),
            ("COPY guests FROM STDIN (\"format\" BINARY)", "because its data are binary"),
            ("COPY guests FROM STDIN (ENCODING 'latin1')", "because its data are in another encoding than UTF-8"),
            ("COPY guests FROM STDIN ENCODING 'SJIS'", "because its data are in another encoding than UTF-8"),
            ("COPY guests FROM STDIN (DELIMITER ';')", "because its own text has a semicolon"),
            ("COPY gäste FROM STDIN", "because its own text has a semicolon, a backslash or a character beyond ASCII"),
            ("COPY (SELECT 1) FROM STDIN", "because it names no table"),
            ("COPY guests FROM STDIN WHERE pg_read_file('a') = ''", "pg_read_file() is not allowed in a migration"),
        ] {
            let refusal = copy_needs(statement).expect_err(statement);
            assert!(refusal.to_string().contains(message), "{refusal}");
            assert!(refusal.hint().is_some());
        }
    }
}
