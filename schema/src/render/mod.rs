//! Text of SQL: names, strings, lists.

pub(crate) mod normal;

use crate::quote::quote_identifier;
pub(crate) use crate::quote::quote_text as literal;

/// Words that PostgreSQL 18 and older do not take as every kind of name without quotes (`pg_get_keywords()`, all but the
/// unreserved ones). Sorted.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "absent", "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization",
    "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast", "char", "character", "check", "coalesce",
    "collate", "collation", "column", "concurrently", "constraint", "create", "cross", "current_catalog",
    "current_date", "current_role", "current_schema", "current_time", "current_timestamp", "current_user", "dec",
    "decimal", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "exists", "extract",
    "false", "fetch", "float", "for", "foreign", "freeze", "from", "full", "grant", "greatest", "group", "grouping",
    "having", "ilike", "in", "initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is",
    "isnull", "join", "json", "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg",
    "json_query", "json_scalar", "json_serialize", "json_table", "json_value", "lateral", "leading", "least", "left",
    "like", "limit", "localtime", "localtimestamp", "merge_action", "national", "natural", "nchar", "none",
    "normalize", "not", "notnull", "null", "nullif", "numeric", "offset", "on", "only", "or", "order", "out", "outer",
    "overlaps", "overlay", "placing", "position", "precision", "primary", "real", "references", "returning", "right",
    "row", "select", "session_user", "setof", "similar", "smallint", "some", "substring", "symmetric", "system_user",
    "table", "tablesample", "then", "time", "timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique",
    "user", "using", "values", "varchar", "variadic", "verbose", "when", "where", "window", "with", "xmlattributes",
    "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot",
    "xmlserialize", "xmltable",
];

/// A name as SQL, quoted where it has to be.
pub(crate) fn ident(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && KEYWORDS.binary_search(&name).is_err();
    if plain { name.to_owned() } else { quote_identifier(name) }
}

/// Names joined by dots.
pub(crate) fn qualified<S: AsRef<str>>(parts: &[S]) -> String {
    parts.iter().map(|part| ident(part.as_ref())).collect::<Vec<_>>().join(".")
}

/// Names joined by commas.
pub(crate) fn idents<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|name| ident(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A text that cannot leave the line that it stands in: names may hold line breaks, and comments end with the line.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ")
}

/// Options as `pg_class.reloptions` has them (`name=value`) for WITH and SET.
pub(crate) fn options(options: &[String]) -> String {
    options
        .iter()
        .map(|option| {
            let (name, value) = option.split_once('=').unwrap_or((option, "true"));
            let name = name.split('.').map(ident).collect::<Vec<_>>().join(".");
            let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit() || c == '.')
                || matches!(value, "true" | "false" | "on" | "off" | "auto" | "local" | "cascaded");
            if plain { format!("{name} = {value}") } else { format!("{name} = {}", literal(value)) }
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// Foreign-data options (`name=value`) for OPTIONS of a CREATE.
pub(crate) fn fdw_options(options: &[String]) -> String {
    options
        .iter()
        .map(|option| {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            format!("{} {}", ident(name), literal(value))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// The list inside OPTIONS (…) that turns `old` into `new`; none if they are equal.
pub(crate) fn fdw_options_change(old: &[String], new: &[String]) -> Option<String> {
    let split = |option: &String| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        (name.to_owned(), value.to_owned())
    };
    let old: std::collections::BTreeMap<_, _> = old.iter().map(split).collect();
    let new: std::collections::BTreeMap<_, _> = new.iter().map(split).collect();
    let mut parts = Vec::new();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        parts.push(format!("DROP {}", ident(name)));
    }
    for (name, value) in &new {
        match old.get(name) {
            None => parts.push(format!("ADD {} {}", ident(name), literal(value))),
            Some(before) if before != value => parts.push(format!("SET {} {}", ident(name), literal(value))),
            Some(_) => {}
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What SET (…) and RESET (…) have to name to turn the storage options `old` into `new`.
pub(crate) fn options_change(old: &[String], new: &[String]) -> (Vec<String>, Vec<String>) {
    let name = |option: &String| option.split_once('=').map_or(option.clone(), |(name, _)| name.to_owned());
    let set = new.iter().filter(|option| !old.contains(option)).cloned().collect();
    let kept: Vec<_> = new.iter().map(name).collect();
    let reset = old.iter().map(name).filter(|option| !kept.contains(option)).collect();
    (set, reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        assert_eq!(qualified(&["shop", "Order", "user", "a\"b", "1st"]), r#"shop."Order"."user"."a""b"."1st""#);
    }

    #[test]
    fn the_keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn strings_survive_quotes_and_backslashes() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\b"), r"E'a\\b'");
    }
}
