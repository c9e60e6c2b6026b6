//! What `pg_dump` writes, without what is different each time: so two dumps of the same structure are the same bytes.

/// Lines of the head that say which programs were at work.
const VERSIONS: [&str; 2] = ["-- Dumped from database version ", "-- Dumped by pg_dump version "];

/// Newer versions keep psql from following commands in a dump until this random word comes again (CVE-2025-8714). It is another
/// one each time, and only psql knows the command.
const RESTRICT: &str = "\\restrict ";
const UNRESTRICT: &str = "\\unrestrict ";

/// A parameter of PostgreSQL 17 with the value that it has anyway; servers before it refuse the line.
const NEWER_PARAMETER: &str = "SET transaction_timeout = 0;";

/// The first line of the parameters, with which the head ends.
const FIRST_PARAMETER: &str = "SET ";

/// Takes away what is different each time. Only the head and the last line are looked at: what stands between them may be
/// anything, the body of a function, for example.
pub fn normalised(dump: &str) -> String {
    let mut text = String::with_capacity(dump.len());
    let mut lines = dump.lines();
    let mut is_blank = false;
    let mut in_parameters = false;
    for line in lines.by_ref() {
        let is_parameter = line.starts_with(FIRST_PARAMETER) || line.starts_with("SELECT pg_catalog.set_config(");
        if in_parameters && !is_parameter {
            text.push_str(line);
            text.push('\n');
            break;
        }
        in_parameters = is_parameter;
        let is_left_out = line.starts_with(RESTRICT)
            || line == NEWER_PARAMETER
            || VERSIONS.iter().any(|version| line.starts_with(version));
        if is_left_out || (line.is_empty() && is_blank) {
            continue;
        }
        is_blank = line.is_empty();
        text.push_str(line);
        text.push('\n');
    }
    let rest: Vec<&str> = lines.collect();
    let mut end = rest.len();
    while end > 0 && (rest[end - 1].is_empty() || rest[end - 1].starts_with(UNRESTRICT)) {
        end -= 1;
    }
    for line in &rest[..end] {
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.8\n\
        -- Dumped by pg_dump version 15.8 (Debian)\n\nSET statement_timeout = 0;\n\
        SELECT pg_catalog.set_config('search_path', '', false);\nSET row_security = off;\n\n\
        CREATE FUNCTION f() AS $$\n-- Dumped by pg_dump version 1\n\\restrict x\nSET transaction_timeout = 0;\n\n\n\
        \\unrestrict x\n$$;\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
    const NEW: &str = "--\n-- PostgreSQL database dump\n--\n\n\\restrict b6Xq\n\n-- Dumped from database version 17.6\n\
        -- Dumped by pg_dump version 18.1\n\nSET statement_timeout = 0;\nSET transaction_timeout = 0;\n\
        SELECT pg_catalog.set_config('search_path', '', false);\nSET row_security = off;\n\n\
        CREATE FUNCTION f() AS $$\n-- Dumped by pg_dump version 1\n\\restrict x\nSET transaction_timeout = 0;\n\n\n\
        \\unrestrict x\n$$;\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict b6Xq\n\n";

    #[test]
    fn what_is_different_each_time_is_left_out_and_nothing_else() {
        let expected = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n\
            SELECT pg_catalog.set_config('search_path', '', false);\nSET row_security = off;\n\n\
            CREATE FUNCTION f() AS $$\n-- Dumped by pg_dump version 1\n\\restrict x\nSET transaction_timeout = 0;\n\n\n\
            \\unrestrict x\n$$;\n\n\n--\n-- PostgreSQL database dump complete\n--\n";
        assert_eq!(normalised(OLD), expected);
        assert_eq!(normalised(NEW), expected);
        assert_eq!(normalised(expected), expected);
        assert_eq!(normalised(""), "");
    }
}
