//! Passwords must not leave. Messages are made without them; this is the net below, for the message that nobody thought of:
//! an argument that is quoted because it stands in the wrong place, a text of the server, a panic.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use super::secret_forms::Secret;

/// What stands in the place of a password.
const MASK: &str = "***";

/// A password that is shorter is not looked for by itself: it would be found in words that have nothing to do with it.
const CHARACTERS_MIN: usize = 8;

/// What stands for a password in examples, those of hints among them.
const EXAMPLE: &str = "password";

/// The passwords of one invocation, the longest first. All copies are one.
#[derive(Clone, Default)]
pub(in crate::cli) struct Secrets(Arc<RwLock<Vec<Secret>>>);

impl Secrets {
    /// Keeps the password of a url from being printed, however it is written.
    pub(in crate::cli) fn keep(&self, url: &str) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for password in passwords(url) {
            let secret = Secret::new(&password);
            if !known.contains(&secret) {
                known.push(secret);
            }
        }
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// Whether a text has a password in it: a known one, in whatever form, or one in the url of a PostgreSQL. Also one that
    /// is too short to be looked for in messages, if it is the whole text.
    pub(in crate::cli) fn are_in(&self, text: &str) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of_database = ["postgres://", "postgresql://"].iter().any(|scheme| text.contains(scheme));
        (of_database && without_passwords_of_urls(text) != text)
            || known.iter().any(|secret| if is_long(secret) { secret.is_in(text) } else { secret.is_all_of(text) })
    }

    /// The text without the passwords of urls in it, and without the known ones.
    pub(super) fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = without_passwords_of_urls(text);
        for secret in known.iter().filter(|secret| is_long(secret)) {
            if let Cow::Owned(masked) = secret.masked(&text, MASK) {
                text = Cow::Owned(masked);
            }
        }
        text
    }
}

fn is_long(secret: &Secret) -> bool {
    secret.len() >= CHARACTERS_MIN
}

/// The password of a url as it is written and without percent-encoding. None that also names something else in the url: it could
/// not be told from that, and is no secret.
fn passwords(url: &str) -> Vec<String> {
    let Some((_, rest)) = url.split_once("://") else { return Vec::new() };
    let mut written = Vec::new();
    let mut names = rest.to_owned();
    if let Some((user, password)) = rest.rsplit_once('@').and_then(|(information, _)| information.split_once(':')) {
        written.push(password.to_owned());
        names = format!("{user} {}", rest.rsplit('@').next().unwrap_or_default());
    }
    for parameter in rest.split(['?', '&']).skip(1) {
        if let Some((_, password)) = parameter.split_once('=').filter(|(key, _)| is_password(key)) {
            written.push(password.to_owned());
            names = names.replace(parameter, "");
        }
    }
    written.retain(|password| !names.contains(password.as_str()) && !names.contains(decoded(password).as_str()));
    let forms = written.into_iter().flat_map(|password| [decoded(&password), password]);
    forms.filter(|form| form != EXAMPLE && !form.is_empty()).collect()
}

/// The parameters of a url that hold a password.
fn is_password(key: &str) -> bool {
    matches!(decoded(key).to_ascii_lowercase().as_str(), "password" | "sslpassword")
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let digit = |at: usize| others.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = &others[2..];
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Masks `scheme://user:password@` and `?password=…`. A password may have characters in it that a url should not have, so
/// it ends at the last `@` before a blank.
fn without_passwords_of_urls(text: &str) -> Cow<'_, str> {
    if !text.contains("://") && !text.contains("password=") {
        return Cow::Borrowed(text);
    }
    let words = text.split_inclusive([' ', '\t', '\n', '"', '\'', '`']);
    Cow::Owned(words.map(|word| without_parameters(&without_user_information(word))).collect())
}

fn without_user_information(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let parts = rest.rsplit_once('@').and_then(|(information, place)| Some((information.split_once(':')?, place)));
    match parts {
        Some(((user, password), place)) if password != EXAMPLE => format!("{scheme}://{user}:{MASK}@{place}"),
        _ => word.to_owned(),
    }
}

fn without_parameters(word: &str) -> String {
    let mut masked = String::with_capacity(word.len());
    for (index, part) in word.split_inclusive(['?', '&']).enumerate() {
        match part.split_once('=').filter(|(key, _)| index > 0 && is_password(key)) {
            Some((key, value)) => {
                let end = value.len() - value.trim_end_matches(['&', ' ', '\t', '\n', '"', '\'', '`']).len();
                masked.push_str(&format!("{key}={MASK}{}", &value[value.len() - end..]));
            }
            None => masked.push_str(part),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_masked() {
        for (text, masked) in [
            ("plain", "plain"),
            ("postgres://me@db/shop", "postgres://me@db/shop"),
            ("postgres://db:5432/shop", "postgres://db:5432/shop"),
            ("postgres://user:password@host:5432/database", "postgres://user:password@host:5432/database"),
            ("'postgres://me:secret@db/shop' is wrong", "'postgres://me:***@db/shop' is wrong"),
            ("a postgres://me:se/c@r:et@db b http://you:x@y", "a postgres://me:***@db b http://you:***@y"),
            ("postgres://db/shop?password=secret&sslmode=off", "postgres://db/shop?password=***&sslmode=off"),
            ("\"postgres://db/shop?a=b&pass%77ord=x\"", "\"postgres://db/shop?a=b&pass%77ord=***\""),
            ("CREATE ROLE me PASSWORD 'x' password=y", "CREATE ROLE me PASSWORD 'x' password=y"),
        ] {
            assert_eq!(without_passwords_of_urls(text), masked);
        }
    }

    #[test]
    fn the_password_of_a_url_is_found_where_it_was_meant() {
        assert_eq!(passwords("postgres://me:r%69ght+h%40rse@db/shop"), ["right+h@rse", "r%69ght+h%40rse"]);
        assert_eq!(passwords("postgres://db/shop?x=1&password=long%20one"), ["long one", "long%20one"]);
        // Cut where its writer meant, although no url is read like that.
        assert_eq!(passwords("postgres://me:right/h?rse@db/shop")[0], "right/h?rse");
    }

    #[test]
    fn what_is_no_secret_is_not_masked() {
        for url in ["local:", "postgres://db/shop", "postgres://postgres:postgres@db/shop"] {
            assert_eq!(passwords(url), [""; 0], "{url}");
        }
    }

    #[test]
    fn a_value_for_a_compiler_is_searched() {
        let secrets = Secrets::default();
        secrets.keep("postgres://me:g0t%40ls0@db/shop");
        secrets.keep("postgres://me:shrt@db/shop");
        for (text, secret) in [
            ("g0t@ls0", true),
            ("user=me password='g0t@ls0'", false),
            ("shrt", true),
            ("shrt is a word", false),
            ("postgres://you:other@db/x", true),
            ("https://user:token@proxy:3128", false),
            ("/usr/bin:/bin", false),
        ] {
            assert_eq!(secrets.are_in(text), secret, "{text}");
        }
        secrets.keep("postgres://me:l0nger'secret@db/shop");
        for text in ["password='l0nger''secret'", "postgresql://x:l0nger%27secret@y", "{\"p\":\"l0nger\\u0027secret\"}"]
        {
            assert!(secrets.are_in(text), "{text}");
        }
    }

    #[test]
    fn two_invocations_in_one_process_know_nothing_of_each_other() {
        let (first, second) = (Secrets::default(), Secrets::default());
        first.keep("postgres://me:first-horse@db/shop");
        second.keep("postgres://me:second-horse@db/shop");
        assert_eq!(first.clone().masked("first-horse second-horse"), "*** second-horse");
        assert_eq!(second.masked("first-horse second-horse"), "first-horse ***");
    }
}
