//! SQL that says what a schema consists of, cut into statements. Pure.
//!
//! It is loaded into a database that is made for it, so it may do there what it wants, with these exceptions: rows, which are no
//! schema; transactions, which would keep statements from being tried again; and what reaches beyond that database.

use host_schema::load::Statement;
use host_schema::load::Text;

use super::error::SchemaError;
use crate::grant::Class;
use crate::sql::Refusal;
use crate::sql::SplitError;
use crate::sql::classify;
use crate::sql::place_of_byte;
use crate::sql::split;

/// Commands of psql that pg_dump writes around what it dumps. They say nothing about the schema.
const OF_PG_DUMP: [&str; 2] = ["\\restrict ", "\\unrestrict "];

/// Cuts a text into statements and looks at each of them.
///
/// # Errors
/// [`SchemaError::Text`] with file and line.
pub fn read(name: &str, content: &str) -> Result<Text, SchemaError> {
    let content = without_commands_of_pg_dump(content);
    let refuse =
        |line, what: String, hint: &str| SchemaError::Text { file: name.to_owned(), line, what, hint: hint.to_owned() };
    let cut = split(&content).map_err(|error| {
        let hint = error.hint().unwrap_or_else(|| "correct it there".to_owned());
        refuse(line_of(&error), error.to_string(), &hint)
    })?;
    let mut statements = Vec::with_capacity(cut.len());
    for statement in cut {
        let line = place_of_byte(&content, statement.bytes.start).line;
        let refuse = |what: String, hint: &str| Err(refuse(line, what, hint));
        if statement.copy_data.is_some() {
            return refuse("COPY brings rows, which are no schema".to_owned(), ROWS);
        }
        let mut sets = false;
        match classify(statement.text) {
            Ok(needs) if needs.classes.contains(Class::Role) => {
                return refuse(
                    format!("{} is about roles, which belong to the whole server", needs.command),
                    "create roles by a migration or by hand, and leave them out here",
                );
            }
            Ok(needs) if needs.command.to_string() == "CREATE SUBSCRIPTION" => {
                return refuse(
                    "CREATE SUBSCRIPTION connects to another server".to_owned(),
                    "write it into a migration by hand, and leave it out here",
                );
            }
            Ok(needs) if needs.classes.contains(Class::Data) => {
                return refuse(format!("{} changes rows, which are no schema", needs.command), ROWS);
            }
            Ok(needs) => {
                let command = needs.command.to_string();
                let first = command.split(' ').next().unwrap_or_default();
                sets = matches!(first, "SET" | "RESET") || (first == "SELECT" && statement.text.contains("set_config"));
            }
            // Only the server knows what it is.
            Err(Refusal::Unknown { .. }) => {}
            Err(refusal) => {
                let what = refusal.message().replace(" in a migration,", " here,");
                let hint = match &refusal {
                    Refusal::Forbidden { .. } => {
                        "leave it out: each statement is run for itself, in a database made for it"
                    }
                    _ => "correct it there",
                };
                return refuse(what, hint);
            }
        }
        statements.push(Statement { sql: statement.text.to_owned(), line, sets });
    }
    Ok(Text { name: name.to_owned(), statements })
}

/// Cuts a text that brings rows into statements. Of what is refused in a schema it may have all but transactions and the like.
///
/// # Errors
/// As [`read`].
pub fn read_rows(name: &str, content: &str) -> Result<Text, SchemaError> {
    let refuse = |line, what: String, hint: String| SchemaError::Text { file: name.to_owned(), line, what, hint };
    let cut = split(content).map_err(|error| {
        let hint = error.hint().unwrap_or_else(|| "correct it there".to_owned());
        refuse(line_of(&error), error.to_string(), hint)
    })?;
    let mut statements = Vec::with_capacity(cut.len());
    for statement in cut {
        let line = place_of_byte(content, statement.bytes.start).line;
        if statement.copy_data.is_some() {
            let hint = "write the rows with INSERT".to_owned();
            return Err(refuse(line, "COPY with data is not read here".to_owned(), hint));
        }
        if let Err(refusal @ Refusal::Forbidden { .. }) = classify(statement.text) {
            let hint = "leave it out: each statement is run for itself".to_owned();
            return Err(refuse(line, refusal.message().replace(" in a migration,", " here,"), hint));
        }
        statements.push(Statement { sql: statement.text.to_owned(), line, sets: false });
    }
    Ok(Text { name: name.to_owned(), statements })
}

/// What to do about rows.
const ROWS: &str = "write them into a migration, or into seeds/ for `host verify`, and leave them out here";

/// Blanks in their place, so that lines stay where they are. What stands in a string goes as well, which pg_dump never writes.
fn without_commands_of_pg_dump(content: &str) -> String {
    let is_one = |line: &str| OF_PG_DUMP.iter().any(|command| line.starts_with(command));
    if !content.lines().any(is_one) {
        return content.to_owned();
    }
    content.split_inclusive('\n').map(|line| if is_one(line) { "\n" } else { line }).collect()
}

fn line_of(error: &SplitError) -> u32 {
    match error {
        SplitError::Unterminated { place, .. }
        | SplitError::NulCharacter { place }
        | SplitError::MetaCommand { place, .. }
        | SplitError::AfterCopy { place }
        | SplitError::EndlessCopy { place } => place.line,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn statements_have_their_lines_and_settings_are_known() {
        let dump = "\\restrict abc\nSET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n\
                    CREATE TABLE a (id int);\nCOMMENT ON TABLE a IS 'x';\n\\unrestrict abc\n";
        let text = read("a.sql", dump).unwrap();
        let lines: Vec<_> = text.statements.iter().map(|statement| (statement.line, statement.sets)).collect();
        assert_eq!(lines, [(2, true), (3, true), (5, false), (6, false)]);
    }

    #[test]
    fn what_is_no_schema_is_refused_with_its_place() {
        for (sql, expected) in [
            ("CREATE TABLE a ();\nINSERT INTO a DEFAULT VALUES;", "a.sql:2: INSERT changes rows, which are no schema"),
            ("\nBEGIN;", "a.sql:2: BEGIN is not allowed here, because host owns the transaction"),
            ("COPY a FROM STDIN;\n1\n\\.\n", "a.sql:1: COPY brings rows, which are no schema"),
            ("CREATE ROLE x;", "a.sql:1: CREATE ROLE is about roles, which belong to the whole server"),
            ("CREATE DATABASE x;", "a.sql:1: CREATE DATABASE is not allowed here, because it affects the whole server"),
            (
                "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p;",
                "a.sql:1: CREATE SUBSCRIPTION connects to another server",
            ),
            ("\\i other.sql", "a.sql:1: '\\i' at line 1, column 1 is a command of psql, not SQL"),
            ("SELECT 'a", "a.sql:1: unterminated"),
        ] {
            let error = read("a.sql", sql).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
