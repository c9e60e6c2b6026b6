//! The parameters of a url: those that have an effect, those of other drivers, and typing errors.

use std::time::Duration;

use super::UrlProblem;
use crate::config::distance::distance;

/// How many wrong characters a name may have to be taken for another one.
const TYPING_ERRORS_MAX: usize = 2;

/// What is taken and has an effect: libpq's names, which the driver reads (PostgreSQL manual, "Parameter Key Words").
const KNOWN: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "options",
    "connect_timeout",
];

/// Other names that the driver has for some of them, and a setting of its own.
const OF_THE_DRIVER: &[&str] =
    &["ssl-mode", "ssl-root-cert", "ssl-ca", "ssl-cert", "ssl-key", "statement-cache-capacity"];

/// What libpq takes and host has no use for. Passed over, because nothing is less safe and no other database is meant without it.
const HARMLESS: &[&str] = &[
    "application_name",
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "sslcompression",
    "sslsni",
    "tcp_user_timeout",
];

/// What libpq takes, host has not, and whoever wrote it relies on.
const OF_LIBPQ: &[&str] = &[
    "gsslib",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslpassword",
];

/// Of these the values that host keeps in any case. Any other one is refused.
const KEPT: &[(&str, &[&str], &str)] = &[
    (
        "channel_binding",
        &["disable", "prefer"],
        "leave it out, and write sslmode=verify-full, which makes certain who answers",
    ),
    ("gssencmode", &["disable", "prefer"], "leave it out, and write sslmode=verify-full for an encrypted connection"),
    ("sslnegotiation", &["postgres"], "leave it out: host asks for TLS as all versions of PostgreSQL know it"),
    (
        "target_session_attrs",
        &["any", "read-write", "primary"],
        "leave it out, and name the primary: host refuses a server that cannot be written to",
    ),
];

const SSL_MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
const SSL_MODES_LISTED: &str = "disable, allow, prefer, require, verify-ca or verify-full";

/// Values of a switch that turn it off.
const OFF: &[&str] = &["false", "0", "off", "no", "disable", "disabled"];

const POOL: &str = "leave it out: host opens one connection and has no pool";
const STATEMENTS: &str = "leave it out: it says how another driver prepares statements";
const SEARCH_PATH: &str = "write options=-c%20search_path%3DSCHEMA to set the schema of the session";
const TIMEOUT: &str = "write connect_timeout, in seconds";
const CHARACTERS: &str = "leave it out: host and the server talk in UTF-8";
const MIGRATION_TABLE: &str = "leave it out: `version-table` in host.toml names the table";

/// Parameters of other drivers and tools, in small letters: whose they are, and what to write.
const FOREIGN: &[(&str, &str, &str)] = &[
    ("schema", "Prisma", SEARCH_PATH),
    ("currentschema", "JDBC", SEARCH_PATH),
    ("search_path", "Go drivers", SEARCH_PATH),
    ("pgbouncer", "Prisma", "leave it out, and name the way past the pooler with `direct-url` in host.toml"),
    ("connection_limit", "Prisma", POOL),
    ("pool_timeout", "Prisma", POOL),
    ("pool_size", "SQLAlchemy and Ecto", POOL),
    ("pool", "Rails", POOL),
    ("max_overflow", "SQLAlchemy", POOL),
    ("pool_max_conns", "pgx", POOL),
    ("pool_min_conns", "pgx", POOL),
    ("pool_mode", "poolers", POOL),
    ("poolmode", "poolers", POOL),
    ("max_connections", "other drivers", POOL),
    ("sslaccept", "Prisma", "write sslmode=verify-full for strict, sslmode=require for accept_invalid_certs"),
    ("sslidentity", "Prisma", "write sslcert and sslkey with files in PEM"),
    ("sslfactory", "JDBC", "write sslmode=verify-full, or sslmode=require to encrypt without a look at who answers"),
    ("sslverify", "other drivers", "write sslmode=verify-full"),
    ("tls", "other drivers", "write sslmode=require, or sslmode=verify-full"),
    ("uselibpqcompat", "node-postgres", "leave it out: sslmode means here what it means to libpq"),
    ("sslinline", "pq for Go", "write sslrootcert, sslcert and sslkey with the paths of files"),
    ("prepared_statement_cache_size", "SQLAlchemy", STATEMENTS),
    ("statement_cache_size", "Prisma and asyncpg", STATEMENTS),
    ("preparethreshold", "JDBC", STATEMENTS),
    ("binary_parameters", "pq for Go", STATEMENTS),
    ("default_query_exec_mode", "pgx", STATEMENTS),
    ("prepared_statements", "Rails", STATEMENTS),
    ("rewritebatchedinserts", "JDBC", STATEMENTS),
    ("socket_timeout", "Prisma", "leave it out: `silence` in host.toml says how long a server may be silent"),
    ("sockettimeout", "JDBC", "leave it out: `silence` in host.toml says how long a server may be silent"),
    ("connecttimeout", "JDBC", TIMEOUT),
    ("logintimeout", "JDBC", TIMEOUT),
    ("timeout", "other drivers", TIMEOUT),
    ("statement_timeout", "node-postgres", "leave it out: host.toml has `statement-timeout` among its limits"),
    ("lock_timeout", "node-postgres", "leave it out: host.toml has `lock-timeout` among its limits"),
    ("timezone", "other drivers", "write options=-c%20TimeZone%3DUTC"),
    ("username", "other drivers", "write it before the host, or as user"),
    ("database", "other drivers", "write it behind the host and a '/', or as dbname"),
    ("passwd", "other drivers", "write it before the host, or as password"),
    ("pwd", "other drivers", "write it before the host, or as password"),
    ("charset", "other drivers", CHARACTERS),
    ("encoding", "other drivers", CHARACTERS),
    ("serverversion", "Doctrine", "leave it out: host asks the server"),
    ("x-migrations-table", "golang-migrate", MIGRATION_TABLE),
];

/// Checks each parameter behind the `?`.
pub(super) fn check(query: &str) -> Result<(), UrlProblem> {
    // Behind a password that has a '&' stands the rest of it.
    let may_name =
        !query.split('&').any(|part| decoded_key(part).is_some_and(|key| key.eq_ignore_ascii_case("password")));
    query.split('&').filter(|part| !part.is_empty()).try_for_each(|part| {
        let (key, value) = url::form_urlencoded::parse(part.as_bytes()).next().unwrap_or_default();
        if !part.contains('=') {
            return Err(UrlProblem::new(
                "one of its parameters has no value",
                format!("write parameters as name=value behind the '?'; {}", super::ENCODED),
            ));
        }
        one(&key, &value, may_name)
    })
}

/// Whether the value of a parameter may be any text, so that an '@' in it says nothing.
pub(super) fn takes_any_text(key: &str) -> bool {
    decoded_key(key).is_some_and(|key| {
        key.starts_with("options[")
            || ["sslrootcert", "sslcert", "sslkey", "host", "dbname", "user", "password", "application_name", "options"]
                .contains(&key.as_str())
    })
}

/// How long a url allows for connecting, if it says so. Zero and less are no limit of its own (PostgreSQL manual,
/// `connect_timeout`).
pub fn connect_timeout(url: &str) -> Option<Duration> {
    let (_, query) = url.split_once('?')?;
    let found = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == "connect_timeout");
    let seconds = found.last()?.1.parse::<u64>().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// Whether this is one of libpq's values for `sslmode`, which the driver also reads from `PGSSLMODE`.
pub fn is_ssl_mode(text: &str) -> bool {
    SSL_MODES.contains(&text.to_ascii_lowercase().as_str())
}

fn decoded_key(part: &str) -> Option<String> {
    url::form_urlencoded::parse(part.as_bytes()).next().map(|(key, _)| key.into_owned())
}

fn one(key: &str, value: &str, may_name: bool) -> Result<(), UrlProblem> {
    let is_setting = key.strip_prefix("options[").is_some_and(|rest| rest.len() > 1 && rest.ends_with(']'));
    if is_setting || KNOWN.contains(&key) || OF_THE_DRIVER.contains(&key) {
        return check_value(key, value);
    }
    if HARMLESS.contains(&key) {
        return Ok(());
    }
    if let Some((name, kept, hint)) = KEPT.iter().find(|(name, ..)| *name == key) {
        let is_kept = kept.contains(&value.to_ascii_lowercase().as_str());
        if is_kept {
            return Ok(());
        }
        return Err(UrlProblem::new(format!("host cannot do what its parameter {name} asks for"), *hint));
    }
    if OF_LIBPQ.contains(&key) {
        return Err(UrlProblem::new(
            format!("its parameter {key} is one of libpq's that host does not have"),
            format!("leave {key} out"),
        ));
    }
    Err(unknown(key, value, may_name))
}

/// Checks the values that the driver would refuse with the url in its message, or pass over.
fn check_value(key: &str, value: &str) -> Result<(), UrlProblem> {
    let wrong = |must_be: &str, hint: &str| Err(UrlProblem::new(format!("its parameter {key} is not {must_be}"), hint));
    match key {
        "sslmode" | "ssl-mode" if !is_ssl_mode(value) => Err(wrong_ssl_mode(value)),
        "port" if !value.parse::<u16>().is_ok_and(|port| port > 0) => {
            wrong("a number from 1 to 65535", "write port=5432")
        }
        "connect_timeout" if value.parse::<i32>().is_err() => wrong("a number of seconds", "write connect_timeout=10"),
        "statement-cache-capacity" if value.parse::<u16>().is_err() => wrong("a number", "leave it out"),
        _ => Ok(()),
    }
}

fn wrong_ssl_mode(value: &str) -> UrlProblem {
    let value = value.to_ascii_lowercase();
    let reason = format!("its parameter sslmode is not one of {SSL_MODES_LISTED}");
    let hint = match value.as_str() {
        "no-verify" => {
            "write sslmode=require, which encrypts and does not look at who answers; sslmode=verify-full does"
                .to_owned()
        }
        "true" | "1" | "on" | "yes" | "required" => "write sslmode=require, or sslmode=verify-full".to_owned(),
        off if OFF.contains(&off) => "write sslmode=disable".to_owned(),
        _ => match SSL_MODES.iter().map(|mode| (distance(&plain(&value), &plain(mode)), mode)).min() {
            Some((0..=TYPING_ERRORS_MAX, mode)) => format!("did you mean sslmode={mode}?"),
            _ => "write sslmode=verify-full for a server that is not on this machine".to_owned(),
        },
    };
    UrlProblem::new(reason, hint)
}

fn unknown(key: &str, value: &str, may_name: bool) -> UrlProblem {
    let lower = key.to_ascii_lowercase();
    if lower == "ssl" {
        let hint = match OFF.contains(&value.to_ascii_lowercase().as_str()) {
            true => "write sslmode=disable",
            false => "write sslmode=require, or sslmode=verify-full, which also makes certain who answers",
        };
        return UrlProblem::new("its parameter ssl is one of other drivers", hint);
    }
    if let Some((name, whose, hint)) = FOREIGN.iter().find(|(name, ..)| *name == lower) {
        return UrlProblem::new(format!("its parameter {name} is one of {whose}"), *hint);
    }
    if lower.starts_with("x-") {
        return UrlProblem::new("one of its parameters is golang-migrate's (x-…)", "leave it out");
    }
    let near = KNOWN.iter().chain(HARMLESS).map(|known| (distance(&plain(&lower), &plain(known)), *known)).min();
    let named = if may_name && is_plausible(key) { format!(" '{key}'") } else { String::new() };
    let reason = format!("it has a parameter{named} that host does not know");
    match near {
        Some((errors, known)) if errors <= TYPING_ERRORS_MAX && errors < known.len() / 2 => {
            UrlProblem::new(reason, format!("did you mean `{known}`?"))
        }
        _ => UrlProblem::new(reason, format!("leave it out, or write one of {}", KNOWN.join(", "))),
    }
}

/// A name without what is written in one way or another.
fn plain(name: &str) -> String {
    name.chars().filter(|character| !matches!(character, '-' | '_')).collect::<String>().to_ascii_lowercase()
}

/// Whether a key looks like the name of a parameter, and so like nothing secret.
fn is_plausible(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.'))
}
