//! Parameters of the session: what setting one of them means.

use super::token::TokenKind;
use super::words::Words;
use super::words::plain;

/// What setting a parameter means. The later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Setting {
    /// It changes how the migration's own statements are read or worked on, and is put back afterwards.
    Harmless,
    /// SET CONSTRAINTS: when constraints are checked.
    Constraints,
    /// Nothing is known about it: it is the operator's.
    Other,
    /// The host reads SQL and text under its value.
    Fixed,
    /// It is another spelling of SET TRANSACTION.
    Transaction,
    /// It changes the role that acts.
    Identity,
    /// Its name is computed, or written with escapes.
    Hidden,
}

const HARMLESS: [&str; 14] = [
    "search_path",
    "work_mem",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "check_function_bodies",
    "client_min_messages",
    "timezone",
    "datestyle",
    "intervalstyle",
    "default_tablespace",
    "temp_tablespaces",
    "default_table_access_method",
    "default_toast_compression",
    "xmloption",
];

const FIXED: [&str; 3] = ["standard_conforming_strings", "client_encoding", "backslash_quote"];
const TRANSACTION: [&str; 3] = ["transaction_isolation", "transaction_read_only", "transaction_deferrable"];
const IDENTITY: [&str; 2] = ["role", "session_authorization"];

/// What setting the parameter of that name means. The case of a parameter's name never counts.
pub(super) fn setting(name: &str) -> Setting {
    let is_any = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    match () {
        () if is_any(&HARMLESS) => Setting::Harmless,
        () if is_any(&IDENTITY) => Setting::Identity,
        () if is_any(&TRANSACTION) => Setting::Transaction,
        () if is_any(&FIXED) => Setting::Fixed,
        () => Setting::Other,
    }
}

/// Whether a fixed parameter is set to the value that it has in the host's connections.
fn is_as_it_is(words: &Words<'_>, name: &str, after: usize) -> bool {
    let values: &[&str] = if name.eq_ignore_ascii_case(FIXED[0]) {
        &["on", "true"]
    } else if name.eq_ignore_ascii_case(FIXED[1]) {
        &["UTF8", "UTF-8"]
    } else if name.eq_ignore_ascii_case(FIXED[2]) {
        &["safe_encoding"]
    } else {
        return false;
    };
    let value = words.raw(after + 1).and_then(plain).filter(|_| words.kind(after + 2).is_none());
    let assigned = words.is(after, "TO") || words.raw(after) == Some("=");
    assigned && value.is_some_and(|value| values.iter().any(|known| known.eq_ignore_ascii_case(value)))
}

/// What a SET or RESET means, and the words of what it sets, for a message.
pub(super) fn set_or_reset(words: &Words<'_>) -> (Setting, String) {
    let is_scope = words.is_any(1, &["SESSION", "LOCAL"]);
    for first in 1..=1 + usize::from(is_scope) {
        for (phrase, setting) in [
            ("TRANSACTION", Setting::Transaction),
            ("SESSION CHARACTERISTICS", Setting::Transaction),
            ("SESSION AUTHORIZATION", Setting::Identity),
            ("ROLE", Setting::Identity),
            ("TIME ZONE", Setting::Harmless),
            ("XML OPTION", Setting::Harmless),
            ("NAMES", Setting::Fixed),
        ] {
            if words.begin_with(first, phrase) {
                return (setting, phrase.to_owned());
            }
        }
    }
    if words.is(1, "CONSTRAINTS") {
        return (Setting::Constraints, "CONSTRAINTS".to_owned());
    }
    // A parameter may be called like a scope; then the word is followed by TO or `=`.
    let first = if is_scope && !words.is(2, "TO") && words.raw(2) != Some("=") { 2 } else { 1 };
    // SET SCHEMA sets the search path.
    if words.is(first, "SCHEMA") && words.kind(first + 1) == Some(TokenKind::String) {
        return (Setting::Harmless, "SCHEMA".to_owned());
    }
    let Some(after) = words.after_name(first) else { return (Setting::Other, String::new()) };
    let parts: Option<Vec<&str>> =
        (first..after).filter(|place| words.raw(*place) != Some(".")).map(|place| plain(words.raw(place)?)).collect();
    match parts.map(|parts| parts.join(".")) {
        // pg_dump writes these.
        Some(name) if is_as_it_is(words, &name, after) => (Setting::Harmless, name.to_ascii_lowercase()),
        Some(name) => (setting(&name), name.to_ascii_lowercase()),
        None => (Setting::Hidden, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set() {
        use Setting::*;
        for (statement, expected, name) in [
            ("SET search_path TO a, b", Harmless, "search_path"),
            ("SET LOCAL work_mem = '1GB'", Harmless, "work_mem"),
            ("SET SESSION \"TimeZone\" TO 'UTC'", Harmless, "timezone"),
            ("SET TIME ZONE LOCAL", Harmless, "TIME ZONE"),
            ("SET LOCAL TIME ZONE 'UTC'", Harmless, "TIME ZONE"),
            ("SET XML OPTION DOCUMENT", Harmless, "XML OPTION"),
            ("SET SCHEMA 'a'", Harmless, "SCHEMA"),
            ("SET schema TO 'a'", Other, "schema"),
            ("SET CONSTRAINTS ALL IMMEDIATE", Constraints, "CONSTRAINTS"),
            ("SET lock_timeout = 0", Other, "lock_timeout"),
            ("SET LOCAL app.\"User\" = 'a'", Other, "app.user"),
            ("SET session TO 1", Other, "session"),
            ("SET LOCAL = 1", Other, "local"),
            ("SET", Other, ""),
            ("RESET ALL", Other, "all"),
            ("SET standard_conforming_strings = off", Fixed, "standard_conforming_strings"),
            ("SET standard_conforming_strings TO 'on'", Harmless, "standard_conforming_strings"),
            ("SET client_encoding = 'UTF8'", Harmless, "client_encoding"),
            ("SET client_encoding = 'UTF8', 'SJIS'", Fixed, "client_encoding"),
            ("SET client_encoding TO DEFAULT", Fixed, "client_encoding"),
            ("SET NAMES 'SJIS'", Fixed, "NAMES"),
            ("RESET client_encoding", Fixed, "client_encoding"),
            ("SET TRANSACTION READ ONLY", Transaction, "TRANSACTION"),
            ("SET LOCAL \"Transaction_Read_Only\" = on", Transaction, "transaction_read_only"),
            ("RESET TRANSACTION ISOLATION LEVEL", Transaction, "TRANSACTION"),
            ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", Transaction, "SESSION CHARACTERISTICS"),
            ("SET ROLE a", Identity, "ROLE"),
            ("SET LOCAL ROLE NONE", Identity, "ROLE"),
            ("SET role = 'a'", Identity, "ROLE"),
            ("SET \"role\" TO a", Identity, "role"),
            ("SET LOCAL \"ROLE\" TO a", Identity, "role"),
            ("SET SESSION \"session_authorization\" TO a", Identity, "session_authorization"),
            ("SET SESSION AUTHORIZATION a", Identity, "SESSION AUTHORIZATION"),
            ("SET SESSION SESSION AUTHORIZATION DEFAULT", Identity, "SESSION AUTHORIZATION"),
            ("RESET ROLE", Identity, "ROLE"),
            ("RESET SESSION AUTHORIZATION", Identity, "SESSION AUTHORIZATION"),
            ("SET U&\"\\0072ole\" TO a", Hidden, ""),
            ("SET \"ro\"\"le\" TO a", Hidden, ""),
        ] {
            assert_eq!(set_or_reset(&Words::new(statement)), (expected, name.to_owned()), "{statement}");
        }
    }
}
