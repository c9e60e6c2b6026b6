//! The url of a database, looked at before anything is done with it: what another program reads otherwise, what the driver would
//! pass over in silence, and a password that is not percent-encoded.
//!
//! The form is that of libpq (PostgreSQL manual, "Connection URIs"). Nothing here ever repeats a part of the url that could be a
//! piece of a password.

mod defaults;
mod parameters;
mod scheme;

pub use defaults::leaves_out;
pub use defaults::same_part;
pub use defaults::with_defaults;
pub use parameters::connect_timeout;
pub use parameters::is_ssl_mode;
pub use scheme::without_driver;

/// What is wrong with a url, and what to write. Neither shows any part of it that could be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct UrlProblem {
    /// What is wrong, a sentence fragment.
    pub reason: String,
    /// What to write instead.
    pub hint: String,
}

/// The general form, for hints.
const FORM: &str = "write it as postgres://user:password@host:5432/database";

/// What to write for the characters that mean something in a url (RFC 3986, section 2.2).
const ENCODED: &str = "percent-encode the special characters of user, password and database: %40 for @, %2F for /, %3A for :, \
                       %23 for #, %3F for ?, %25 for %";

impl UrlProblem {
    fn new(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: hint.into() }
    }

    /// A password, or a name, has a character in it that ends this part of the url.
    fn not_encoded(reason: &str) -> Self {
        Self::new(reason, ENCODED)
    }
}

/// Checks a complete url: variables are expanded, `local:` is resolved.
///
/// # Errors
/// [`UrlProblem`] for a url of another program or database system, for one that cannot be taken apart in one way only, and for
/// a parameter that has no effect here.
pub fn check(url: &str) -> Result<(), UrlProblem> {
    let rest = scheme::without_scheme(url)?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (tail, fragment) = tail.split_once('#').map_or((tail, None), |(tail, fragment)| (tail, Some(fragment)));
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    if authority.matches('@').count() > 1 {
        return Err(UrlProblem::not_encoded("it has two '@' before the database: one in the user or the password"));
    }
    if path.contains('@') || fragment.is_some_and(|fragment| fragment.contains('@')) || has_stray_at(query) {
        return Err(UrlProblem::not_encoded(
            "it has an '@' where none can be: the user or the password has a character before it that ends them",
        ));
    }
    if fragment.is_some() {
        return Err(UrlProblem::not_encoded("it has a '#', behind which nothing of a url is read"));
    }
    if !percent_signs_are_codes(rest) {
        return Err(UrlProblem::not_encoded("it has a '%' without two hexadecimal digits behind it"));
    }
    check_server(authority.rsplit('@').next().unwrap_or_default())?;
    parameters::check(query)
}

/// Whether a query has an '@' that is not in the value of a parameter that has one.
fn has_stray_at(query: &str) -> bool {
    let mut parts = query.split('&').filter(|part| part.contains('@'));
    parts.any(|part| part.split_once('=').is_none_or(|(key, _)| key.contains('@') || !parameters::takes_any_text(key)))
}

/// Whether behind each percent sign two hexadecimal digits stand, and not those of NUL, which no name can have.
fn percent_signs_are_codes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let code = after.as_bytes().get(..2);
        code.is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit) && code != b"00")
    })
}

/// Checks `host:port`.
fn check_server(server: &str) -> Result<(), UrlProblem> {
    let (host, port) = match server.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((address, port)) => (address, port),
            None => return Err(UrlProblem::new("its IPv6 address has no ']' at the end", "write it as [::1]:5432")),
        },
        None => server.split_at(server.find(':').unwrap_or(server.len())),
    };
    if server.contains(',') {
        return Err(UrlProblem::new(
            "it names several servers",
            "name the one to migrate, which must be the primary: postgres://user:password@host:5432/database",
        ));
    }
    if host.is_empty() && !port.is_empty() {
        return Err(UrlProblem::new("it has a port without a host", FORM));
    }
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0));
    if is_port {
        Ok(())
    } else {
        Err(UrlProblem::new("its port is not a number from 1 to 65535", format!("{FORM}; {ENCODED}")))
    }
}

#[cfg(test)]
mod tests;
