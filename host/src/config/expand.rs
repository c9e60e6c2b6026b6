//! Variables in a url.

/// Why a text cannot be expanded. Never carries the text or a value: both may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A variable without a default is not set, or is empty.
    #[error("the environment variable {variable} is not set or empty")]
    Unset {
        /// Its name.
        variable: String,
    },
    /// A `${` is not followed by a variable's name and a closing brace.
    #[error("a '${{' has no variable's name and '}}' after it")]
    Broken,
}

/// Puts values in the place of `${NAME}` and `${NAME:-default}`, and a dollar sign in the place of `$$`. An empty value
/// counts as none. Any other dollar sign stays; values and defaults are not expanded again.
///
/// # Errors
/// [`ExpandError`] for a variable without a value or default, and for a `${` without a name and an end.
pub fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(reference) = after.strip_prefix('{') {
            let (inside, behind) = reference.split_once('}').ok_or(ExpandError::Broken)?;
            expanded.push_str(&value(inside, lookup)?);
            rest = behind;
        } else {
            expanded.push('$');
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn value(inside: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let mut characters = name.chars();
    let starts_well = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !starts_well || !characters.all(|other| other.is_ascii_alphanumeric() || other == '_') {
        return Err(ExpandError::Broken);
    }
    lookup(name)
        .filter(|value| !value.is_empty())
        .or_else(|| default.map(str::to_owned))
        .ok_or_else(|| ExpandError::Unset { variable: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_values_in() {
        let lookup = |name: &str| match name {
            "HOST" => Some("db${X}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let unset = |name: &str| Err(ExpandError::Unset { variable: name.to_owned() });
        let broken = || Err(ExpandError::Broken);
        let text = |text: &str| Ok(text.to_owned());
        for (input, expected) in [
            ("", text("")),
            ("local:", text("local:")),
            ("postgres://${HOST}/a", text("postgres://db${X}/a")),
            ("${MISSING:-x:-y}", text("x:-y")),
            ("${MISSING:-}", text("")),
            ("${EMPTY:-x}", text("x")),
            ("${HOST:-x}", text("db${X}")),
            ("p$$a$b$", text("p$a$b$")),
            ("$${HOST}", text("${HOST}")),
            ("ä${HOST}ö", text("ädb${X}ö")),
            ("${MISSING}", unset("MISSING")),
            ("${EMPTY}", unset("EMPTY")),
            ("${HOST", broken()),
            ("${}", broken()),
            ("${a b}", broken()),
            ("${1A}", broken()),
        ] {
            assert_eq!(expand(input, &lookup), expected, "{input}");
        }
    }
}
