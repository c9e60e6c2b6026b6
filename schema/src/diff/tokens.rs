//! Names in the text of SQL, as PostgreSQL writes it.

use serde_json::Value;

/// Changes the SQL in a payload with `text`, and the names in parts (schema, table, column) with `path`.
pub(super) fn rewrite(value: &mut Value, text: &dyn Fn(&str) -> String, path: &dyn Fn(&str, &[String]) -> Vec<String>) {
    rewrite_field("", value, text, path);
}

fn rewrite_field(
    key: &str,
    value: &mut Value,
    text: &dyn Fn(&str) -> String,
    path: &dyn Fn(&str, &[String]) -> Vec<String>,
) {
    match value {
        // What people wrote is no SQL.
        Value::String(string) if !matches!(key, "text" | "values" | "roles" | "role") => *string = text(string),
        Value::Array(items) => {
            let strings: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            match strings {
                Some(strings) if matches!(key, "table" | "references" | "parent" | "column" | "columns") => {
                    *items = path(key, &strings).into_iter().map(Value::String).collect();
                }
                _ => items.iter_mut().for_each(|item| rewrite_field(key, item, text, path)),
            }
        }
        Value::Object(fields) => fields.iter_mut().for_each(|(key, item)| rewrite_field(key, item, text, path)),
        _ => {}
    }
}

/// Whether a name stands in a text, not in a string.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    split(text).contains(&name)
}

/// Replaces names joined by dots, wherever they are not the end of a longer name. Strings are left alone.
pub(super) fn replace(text: &str, old: &[String], new: &[String]) -> String {
    swap(text, &join(old, "."), &join(new, "."))
}

/// Replaces words with one space between them.
pub(super) fn replace_words(text: &str, old: &[String], new: &[String]) -> String {
    swap(text, &join(old, " "), &join(new, " "))
}

fn join(parts: &[String], by: &str) -> Vec<String> {
    let mut joined = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            joined.push(by.to_owned());
        }
        joined.push(part.clone());
    }
    joined
}

/// Replaces tokens where they do not follow a dot.
pub(super) fn swap(text: &str, old: &[String], new: &[String]) -> String {
    let tokens = split(text);
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while at < tokens.len() {
        let follows_dot = at > 0 && tokens[at - 1] == ".";
        let fits = tokens[at..].len() >= old.len() && tokens[at..].iter().zip(old).all(|(a, b)| a == b);
        if fits && !follows_dot {
            result.extend(new.iter().map(String::as_str));
            at += old.len();
        } else if let Some(name) = registered(&tokens[at..]) {
            // nextval('shop.orders_id_seq'::regclass)
            result.push_str(&format!("'{}'", swap(&name, old, new).replace('\'', "''")));
            at += 1;
        } else {
            result.push_str(tokens[at]);
            at += 1;
        }
    }
    result
}

/// The name in a string that is cast to regclass.
fn registered(tokens: &[&str]) -> Option<String> {
    let [string, ":", ":", "regclass", ..] = tokens else { return None };
    Some(string.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'"))
}

/// Words, quoted names, strings, and single characters.
fn split(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let end = rest[1..].find(first).map_or(rest.len(), |end| end + 2);
                end.min(rest.len())
            }
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = &rest[length..];
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn whole_names_are_replaced() {
        let text = "SELECT shop.orders.id, 'shop.orders' FROM shop.orders JOIN other.shop.orders, shop.orders_old";
        let expected = "SELECT shop.sales.id, 'shop.orders' FROM shop.sales JOIN other.shop.orders, shop.orders_old";
        assert_eq!(replace(text, &names("shop.orders"), &names("shop.sales")), expected);
    }

    #[test]
    fn columns_are_replaced_where_they_stand_alone() {
        assert_eq!(
            replace("CHECK ((note > 'note'::text))", &names("note"), &names("\"Note\"")),
            "CHECK ((\"Note\" > 'note'::text))"
        );
    }
}
